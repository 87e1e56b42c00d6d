//! [`SeriesStore`] on one DynamoDB table; the items are described in `layout.rs`.

use std::collections::{BTreeMap, BTreeSet};

use async_trait::async_trait;
use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_dynamodb::types::AttributeValue;
use signals::{Minute, Rollup, SeriesKey, packed};

use super::layout::{self, Kind, Part};
use super::{
    BatchId, Rollups, RollupsByVersion, SeriesRollups, SeriesStore, SeriesStoreError, Version,
    VersionsHeard, Written,
};
use crate::deadline::Deadline;
use crate::dynamodb::{self as calls, Item};

mod late;
mod writing;

/// [`SeriesStore`] on one DynamoDB table.
#[derive(Debug, Clone)]
pub struct DynamoDbSeriesStore {
    client: Client,
    table: String,
}

/// Creates the table, on demand, with expiry. A table that exists stays.
///
/// # Errors
/// What the service said.
pub async fn create_table(client: &Client, table: &str) -> Result<(), SeriesStoreError> {
    calls::create_table(client, table, ("pk", Some("sk")), "expires")
        .await
        .map_err(|message| SeriesStoreError::Call {
            table: table.to_owned(),
            operation: "CreateTable",
            message,
            retryable: true,
        })
}

impl DynamoDbSeriesStore {
    /// A store on an existing table.
    #[must_use]
    pub fn new(client: Client, table: impl Into<String>) -> Self {
        Self {
            client,
            table: table.into(),
        }
    }

    fn failed<E, R>(&self, operation: &'static str, error: &SdkError<E, R>) -> SeriesStoreError
    where
        E: ProvideErrorMetadata + std::error::Error + 'static,
        R: std::fmt::Debug,
    {
        let (message, retryable) = calls::describe(error);
        SeriesStoreError::Call {
            table: self.table.clone(),
            operation,
            message,
            retryable,
        }
    }

    fn damaged(&self, item: &Item, reason: String) -> SeriesStoreError {
        let part = |name| {
            item.get(name)
                .and_then(|value: &AttributeValue| value.as_s().ok())
                .map_or("?", String::as_str)
        };
        SeriesStoreError::Damaged {
            table: self.table.clone(),
            item: format!("{}/{}", part("pk"), part("sk")),
            reason,
        }
    }

    async fn put_rollups(
        &self,
        kind: Kind,
        log_group: &str,
        (batch, version): (Option<&BatchId>, Option<Version>),
        rollups: &Rollups,
        deadline: &Deadline,
    ) -> Result<Written, SeriesStoreError> {
        let mut written = Written::default();
        let mut writes = Vec::with_capacity(rollups.len());
        for (minute, series) in rollups {
            let (items, too_large) =
                layout::items(kind, log_group, *minute, batch, version, series);
            written.too_large += too_large;
            writes.push(items);
        }
        written.items = self.write_until(writes, deadline).await?;
        Ok(written)
    }

    /// Reads page after page and hands over every part that counts, in the order of the sort keys.
    async fn read(
        &self,
        kind: Kind,
        log_group: &str,
        (from, to): (Minute, Minute),
        mut take: impl FnMut(&Part<'_>) -> Result<(), String> + Send,
    ) -> Result<(), SeriesStoreError> {
        let (low, high) = kind.range(from, to);
        let mut pages = self
            .client
            .query()
            .table_name(&self.table)
            .key_condition_expression("pk = :pk AND sk BETWEEN :low AND :high")
            .expression_attribute_values(":pk", layout::partition(log_group))
            .expression_attribute_values(":low", AttributeValue::S(low))
            .expression_attribute_values(":high", AttributeValue::S(high))
            .consistent_read(true)
            .into_paginator()
            .send();
        // Which write the parts belong to: what part 0 says.
        let mut current: Option<(String, String)> = None;
        while let Some(page) = pages.next().await {
            let page = page.map_err(|error| self.failed("Query", &error))?;
            for item in page.items() {
                let part = layout::part(item).map_err(|reason| self.damaged(item, reason))?;
                if part.number == 0 {
                    current = Some((part.write.to_owned(), part.content.to_owned()));
                }
                let counts = current
                    .as_ref()
                    .is_some_and(|(write, content)| write == part.write && content == part.content);
                if counts {
                    take(&part).map_err(|reason| self.damaged(item, reason))?;
                }
            }
        }
        Ok(())
    }

    async fn read_rollups(
        &self,
        kind: Kind,
        log_group: &str,
        range: (Minute, Minute),
    ) -> Result<Rollups, SeriesStoreError> {
        let mut rollups = Rollups::new();
        self.read(kind, log_group, range, |part| {
            merge(rollups.entry(minute(part)?).or_default(), part.data)
        })
        .await?;
        Ok(rollups)
    }
}

fn minute(part: &Part<'_>) -> Result<Minute, String> {
    part.minute
        .ok_or_else(|| "its sort key has no minute".to_owned())
}

fn merge(series: &mut SeriesRollups, data: &[u8]) -> Result<(), String> {
    if data.is_empty() {
        return Ok(());
    }
    packed::merge_into(series, data).map_err(|error| error.to_string())
}

#[async_trait]
impl SeriesStore for DynamoDbSeriesStore {
    async fn put_batch_of(
        &self,
        log_group: &str,
        batch: &BatchId,
        version: Option<Version>,
        minutes: &Rollups,
    ) -> Result<Written, SeriesStoreError> {
        self.put_batch_until(log_group, batch, version, minutes, &Deadline::default())
            .await
    }

    async fn put_batch_until(
        &self,
        log_group: &str,
        batch: &BatchId,
        version: Option<Version>,
        minutes: &Rollups,
        deadline: &Deadline,
    ) -> Result<Written, SeriesStoreError> {
        let of = (Some(batch), version);
        self.put_rollups(Kind::Raw, log_group, of, minutes, deadline)
            .await
    }

    async fn raw_minutes(
        &self,
        log_group: &str,
        from: Minute,
        to: Minute,
    ) -> Result<Rollups, SeriesStoreError> {
        self.read_rollups(Kind::Raw, log_group, (from, to)).await
    }

    async fn raw_minutes_and_versions(
        &self,
        log_group: &str,
        from: Minute,
        to: Minute,
    ) -> Result<(Rollups, VersionsHeard), SeriesStoreError> {
        let (mut rollups, mut heard) = (Rollups::new(), VersionsHeard::new());
        self.read(Kind::Raw, log_group, (from, to), |part| {
            let minute = minute(part)?;
            if let Some(version) = part.version {
                heard.entry(minute).or_default().insert(version);
            }
            merge(rollups.entry(minute).or_default(), part.data)
        })
        .await?;
        Ok((rollups, heard))
    }

    async fn raw_minutes_by_version(
        &self,
        log_group: &str,
        from: Minute,
        to: Minute,
    ) -> Result<RollupsByVersion, SeriesStoreError> {
        let mut rollups = RollupsByVersion::new();
        self.read(Kind::Raw, log_group, (from, to), |part| {
            let Some(version) = part.version else {
                return Ok(());
            };
            let minutes = rollups.entry(version).or_default();
            merge(minutes.entry(minute(part)?).or_default(), part.data)
        })
        .await?;
        Ok(rollups)
    }

    async fn seal_minutes(
        &self,
        log_group: &str,
        sealed: &Rollups,
    ) -> Result<Written, SeriesStoreError> {
        let deadline = Deadline::default();
        self.put_rollups(Kind::Sealed, log_group, (None, None), sealed, &deadline)
            .await
    }

    async fn sealed_minutes(
        &self,
        log_group: &str,
        from: Minute,
        to: Minute,
    ) -> Result<Rollups, SeriesStoreError> {
        self.read_rollups(Kind::Sealed, log_group, (from, to)).await
    }

    async fn seal_hours(
        &self,
        log_group: &str,
        sealed: &Rollups,
    ) -> Result<Written, SeriesStoreError> {
        let deadline = Deadline::default();
        self.put_rollups(Kind::Hour, log_group, (None, None), sealed, &deadline)
            .await
    }

    async fn hours(
        &self,
        log_group: &str,
        from: Minute,
        to: Minute,
    ) -> Result<Rollups, SeriesStoreError> {
        self.read_rollups(Kind::Hour, log_group, (from.hour(), to.hour()))
            .await
    }

    async fn put_registry(
        &self,
        log_group: &str,
        series: &BTreeSet<SeriesKey>,
        window: Minute,
    ) -> Result<(), SeriesStoreError> {
        // A registry is a list of names, so its parts are packed like rollups that hold nothing.
        let named: BTreeMap<_, _> = series
            .iter()
            .map(|key| (key.clone(), Rollup::default()))
            .collect();
        let (items, _) = layout::items(Kind::Registry, log_group, window, None, None, &named);
        self.write(vec![items]).await.map(drop)
    }

    async fn registry(&self, log_group: &str) -> Result<BTreeSet<SeriesKey>, SeriesStoreError> {
        let mut named = SeriesRollups::new();
        let any = Minute::from_index(0);
        self.read(Kind::Registry, log_group, (any, any), |part| {
            merge(&mut named, part.data)
        })
        .await?;
        Ok(named.into_keys().collect())
    }
}
