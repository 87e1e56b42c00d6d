//! [`Ledger`] on the series table.
//!
//! | item | pk | sk | expires after |
//! |---|---|---|---|
//! | the link of a claim | `ledger#<stream>` | its first id | 15 days |
//! | the link of the beginning | `ledger#<stream>` | `-`, before every digit | 15 days |
//!
//! `of`, `next` and `after` are claims, written `<first id>/<last id>/<log events>/<batch>`: 155 bytes or so each, so
//! that a link takes one write unit (1 KB) and eight of them take one read unit (4 KB).

use async_trait::async_trait;
use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_dynamodb::types::AttributeValue;
use jiff::Timestamp;
use signals::{BatchId, EventId, Run, StreamId};

use super::{Claim, Ledger, LedgerError, Link};
use crate::dynamodb::{self as calls, Item};
use crate::series_store::RAW_DAYS;

/// Sort key of the link of the beginning.
const BEGINNING: &str = "-";
/// Links of one page. A batch that continues its stream needs the first of them alone.
const PAGE: i32 = 8;
/// Claims outlive any replay, like the rollups of their batches.
const KEPT_SECONDS: i64 = RAW_DAYS * 86_400;

/// [`Ledger`] on one DynamoDB table.
#[derive(Debug, Clone)]
pub struct DynamoDbLedger {
    client: Client,
    table: String,
}

fn text(value: impl Into<String>) -> AttributeValue {
    AttributeValue::S(value.into())
}

fn partition(stream: &StreamId) -> AttributeValue {
    text(format!("ledger#{}", stream.as_str()))
}

fn written(claim: &Claim) -> AttributeValue {
    let Claim { run, owner } = claim;
    text(format!(
        "{}/{}/{}/{}",
        run.first,
        run.last,
        run.events,
        owner.as_str()
    ))
}

/// Reads what [`written`] wrote.
fn read(text: &str) -> Option<Claim> {
    let mut parts = text.split('/');
    let run = Run {
        first: EventId::parse(parts.next()?.as_bytes())?,
        last: EventId::parse(parts.next()?.as_bytes())?,
        events: parts.next()?.parse().ok()?,
    };
    let owner = BatchId::parse(parts.next()?)?;
    (run.first <= run.last && parts.next().is_none()).then_some(Claim { run, owner })
}

fn link(item: &Item) -> Result<Link, String> {
    let claim = |name: &str| match item.get(name) {
        None => Ok(None),
        Some(value) => value
            .as_s()
            .ok()
            .and_then(|text| read(text))
            .map(Some)
            .ok_or_else(|| format!("attribute {name} is no claim")),
    };
    Ok(Link {
        of: claim("of")?,
        next: claim("next")?.ok_or("it has no attribute next")?,
        after: claim("after")?,
    })
}

fn item(stream: &StreamId, link: &Link, now: Timestamp) -> Item {
    let key = link.key();
    let key = key.as_ref().map_or(BEGINNING, EventId::as_str);
    let expires = now.as_second().saturating_add(KEPT_SECONDS);
    let claims = [
        ("of", link.of.as_ref()),
        ("next", Some(&link.next)),
        ("after", link.after.as_ref()),
    ];
    let mut item = Item::from([
        ("pk".to_owned(), partition(stream)),
        ("sk".to_owned(), text(key)),
        ("expires".to_owned(), AttributeValue::N(expires.to_string())),
    ]);
    item.extend(
        claims
            .into_iter()
            .filter_map(|(name, claim)| Some((name.to_owned(), written(claim?)))),
    );
    item
}

impl DynamoDbLedger {
    /// A ledger in an existing table.
    #[must_use]
    pub fn new(client: Client, table: impl Into<String>) -> Self {
        Self {
            client,
            table: table.into(),
        }
    }

    fn failed<E, R>(&self, operation: &'static str, error: &SdkError<E, R>) -> LedgerError
    where
        E: ProvideErrorMetadata + std::error::Error + 'static,
        R: std::fmt::Debug,
    {
        let (message, retryable) = calls::describe(error);
        LedgerError::Call {
            table: self.table.clone(),
            operation,
            message,
            retryable,
        }
    }

    fn damaged(&self, item: &Item, reason: String) -> LedgerError {
        let part = |name| {
            item.get(name)
                .and_then(|value: &AttributeValue| value.as_s().ok())
                .map_or("?", String::as_str)
        };
        LedgerError::Damaged {
            table: self.table.clone(),
            item: format!("{}/{}", part("pk"), part("sk")),
            reason,
        }
    }
}

#[async_trait]
impl Ledger for DynamoDbLedger {
    async fn links(
        &self,
        stream: &StreamId,
        first: &EventId,
        last: &EventId,
    ) -> Result<Vec<Link>, LedgerError> {
        // From the end: claims do not overlap, so the first one that begins at or before `first` is the last needed.
        let mut pages = self
            .client
            .query()
            .table_name(&self.table)
            .key_condition_expression("pk = :pk AND sk <= :last")
            .expression_attribute_values(":pk", partition(stream))
            .expression_attribute_values(":last", text(last.as_str()))
            .scan_index_forward(false)
            .consistent_read(true)
            .limit(PAGE)
            .into_paginator()
            .send();
        let mut links = Vec::new();
        while let Some(page) = pages.next().await {
            let page = page.map_err(|error| self.failed("Query", &error))?;
            for item in page.items() {
                let link = link(item).map_err(|reason| self.damaged(item, reason))?;
                let enough = link.key().is_some_and(|key| key <= *first);
                links.push(link);
                if enough {
                    return Ok(links);
                }
            }
        }
        Ok(links)
    }

    async fn put(
        &self,
        stream: &StreamId,
        link: &Link,
        seen: Option<&Claim>,
        now: Timestamp,
    ) -> Result<bool, LedgerError> {
        let put = self
            .client
            .put_item()
            .table_name(&self.table)
            .set_item(Some(item(stream, link, now)));
        let put = match seen {
            None => put.condition_expression("attribute_not_exists(pk)"),
            Some(seen) => put
                .condition_expression("#next = :seen")
                .expression_attribute_names("#next", "next")
                .expression_attribute_values(":seen", written(seen)),
        };
        match put.send().await {
            Ok(_) => Ok(true),
            Err(error)
                if error
                    .as_service_error()
                    .is_some_and(|refusal| refusal.is_conditional_check_failed_exception()) =>
            {
                Ok(false)
            }
            Err(error) => Err(self.failed("PutItem", &error)),
        }
    }
}
