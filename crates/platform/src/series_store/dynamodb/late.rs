//! Marks of late data as items of the series table.
//!
//! | item | pk | sk | expires after |
//! |---|---|---|---|
//! | late minutes of an hour | `g#<log group>` | `late#<at>#<first minute of the hour>#<batch>` | 15 days |
//!
//! `at` is the instant it was written, in milliseconds since 1970 with 15 digits, so that marks sort by age and the
//! same batch marks anew whenever it is written anew. `minutes` has a bit for each minute of the hour, the lowest
//! for the first. A mark's expiry counts from when it was written: it is of use as long as there is work to do, and
//! minutes that are too old for it are to be named, not forgotten.

use std::collections::BTreeSet;

use async_trait::async_trait;
use aws_sdk_dynamodb::types::{AttributeValue, DeleteRequest, WriteRequest};
use jiff::Timestamp;
use signals::Minute;

use super::super::late::{Late, LateMark, LateMarks, marks_of};
use super::writing::PUTS;
use super::{BatchId, DynamoDbSeriesStore, Rollups, SeriesStoreError, layout};
use crate::dynamodb::Item;

/// Seconds a mark is kept: as long as the raw rollups that it asks to be read.
const KEPT_SECONDS: i64 = super::super::RAW_DAYS * 86_400;

fn sort_key(mark: &LateMark) -> String {
    let at = mark.at.as_millisecond().max(0);
    format!("late#{at:015}#{}#{}", mark.hour, mark.batch)
}

fn key(log_group: &str, mark: &LateMark) -> Item {
    Item::from([
        ("pk".to_owned(), layout::partition(log_group)),
        ("sk".to_owned(), AttributeValue::S(sort_key(mark))),
    ])
}

fn item(log_group: &str, mark: &LateMark) -> Item {
    let bit = |minute: &Minute| 1_u64 << minute.since(mark.hour).clamp(0, 59);
    let bits = mark.minutes.iter().map(bit).fold(0, |all, bit| all | bit);
    let expires = mark.at.as_second().saturating_add(KEPT_SECONDS);
    let mut item = key(log_group, mark);
    item.extend([
        ("minutes".to_owned(), AttributeValue::N(bits.to_string())),
        ("expires".to_owned(), AttributeValue::N(expires.to_string())),
    ]);
    item
}

/// Reads what [`item`] wrote, or says what is wrong with it.
fn mark(item: &Item) -> Result<LateMark, String> {
    let key = item
        .get("sk")
        .and_then(|value| value.as_s().ok())
        .ok_or("its sort key is no string")?;
    let mut parts = key.split('#').skip(1);
    let mut part = |what: &str| parts.next().ok_or(format!("its sort key has no {what}"));
    let at = part("instant")?;
    let at = at
        .parse()
        .ok()
        .and_then(|millis| Timestamp::from_millisecond(millis).ok())
        .ok_or_else(|| format!("its sort key has {at:?} for an instant in milliseconds"))?;
    let hour = Minute::parse(part("hour")?).map_err(|error| error.to_string())?;
    let batch = part("batch")?.to_owned();
    let bits: u64 = item
        .get("minutes")
        .and_then(|value| value.as_n().ok())
        .and_then(|bits| bits.parse().ok())
        .ok_or("attribute minutes is no number of 64 bits")?;
    let set = |offset: &i64| bits >> offset & 1 == 1;
    let minutes: BTreeSet<Minute> = (0..60)
        .filter(set)
        .map(|offset| hour.plus(offset))
        .collect();
    Ok(LateMark {
        at,
        hour,
        batch,
        minutes,
    })
}

#[async_trait]
impl LateMarks for DynamoDbSeriesStore {
    async fn mark_late(
        &self,
        log_group: &str,
        batch: &BatchId,
        minutes: &Rollups,
        now: Timestamp,
    ) -> Result<u64, SeriesStoreError> {
        let marks = marks_of(batch, minutes, now);
        if marks.is_empty() {
            return Ok(0);
        }
        let items = marks.iter().map(|mark| vec![item(log_group, mark)]);
        self.write(items.collect()).await
    }

    async fn late(&self, log_group: &str, limit: u16) -> Result<Late, SeriesStoreError> {
        let mut late = Late::default();
        let mut next = None;
        loop {
            let left = usize::from(limit).saturating_sub(late.marks.len());
            let page = self
                .client
                .query()
                .table_name(&self.table)
                .key_condition_expression("pk = :pk AND begins_with(sk, :late)")
                .expression_attribute_values(":pk", layout::partition(log_group))
                .expression_attribute_values(":late", AttributeValue::S("late#".to_owned()))
                .consistent_read(true)
                .limit(i32::try_from(left.max(1)).unwrap_or(i32::MAX))
                .set_exclusive_start_key(next)
                .send()
                .await
                .map_err(|error| self.failed("Query", &error))?;
            for item in page.items() {
                let mark = mark(item).map_err(|reason| self.damaged(item, reason))?;
                late.marks.push(mark);
            }
            next = page.last_evaluated_key;
            late.more = next.is_some();
            if !late.more || late.marks.len() >= usize::from(limit) {
                return Ok(late);
            }
        }
    }

    async fn forget_late(
        &self,
        log_group: &str,
        marks: &[LateMark],
    ) -> Result<u64, SeriesStoreError> {
        let mut forgotten = 0;
        for chunk in marks.chunks(PUTS) {
            let requests = chunk.iter().map(|mark| {
                // `key` is the one required member of a DeleteRequest, so this has no error to report.
                let delete = DeleteRequest::builder().set_key(Some(key(log_group, mark)));
                WriteRequest::builder()
                    .set_delete_request(delete.build().ok())
                    .build()
            });
            let answer = self
                .client
                .batch_write_item()
                .request_items(&self.table, requests.collect())
                .send()
                .await
                .map_err(|error| self.failed("BatchWriteItem", &error))?;
            // What was left out is not tried again here: it stays, and the next run comes by in a minute.
            let left = answer.unprocessed_items.unwrap_or_default();
            let left = left.get(&self.table).map_or(0, Vec::len);
            forgotten += (chunk.len() - left.min(chunk.len())) as u64;
        }
        Ok(forgotten)
    }
}
