//! A series store that cannot say what each version said.

use std::collections::BTreeSet;
use std::sync::Arc;

use async_trait::async_trait;
use platform::series_store::{
    BatchId, Rollups, RollupsByVersion, SeriesStore, SeriesStoreError, Version, VersionsHeard,
    Written,
};
use signals::{Minute, SeriesKey};

#[derive(Debug)]
pub(super) struct Unreadable(pub(super) Arc<dyn SeriesStore>);

type Answer<T> = Result<T, SeriesStoreError>;

#[async_trait]
impl SeriesStore for Unreadable {
    async fn put_batch_of(
        &self,
        log_group: &str,
        batch: &BatchId,
        version: Option<Version>,
        minutes: &Rollups,
    ) -> Answer<Written> {
        self.0
            .put_batch_of(log_group, batch, version, minutes)
            .await
    }

    async fn raw_minutes(&self, log_group: &str, from: Minute, to: Minute) -> Answer<Rollups> {
        self.0.raw_minutes(log_group, from, to).await
    }

    async fn raw_minutes_and_versions(
        &self,
        log_group: &str,
        from: Minute,
        to: Minute,
    ) -> Answer<(Rollups, VersionsHeard)> {
        self.0.raw_minutes_and_versions(log_group, from, to).await
    }

    async fn raw_minutes_by_version(
        &self,
        _: &str,
        _: Minute,
        _: Minute,
    ) -> Answer<RollupsByVersion> {
        Err(SeriesStoreError::Call {
            table: "series".to_owned(),
            operation: "Query",
            message: "the connection was reset".to_owned(),
            retryable: true,
        })
    }

    async fn seal_minutes(&self, log_group: &str, sealed: &Rollups) -> Answer<Written> {
        self.0.seal_minutes(log_group, sealed).await
    }

    async fn sealed_minutes(&self, log_group: &str, from: Minute, to: Minute) -> Answer<Rollups> {
        self.0.sealed_minutes(log_group, from, to).await
    }

    async fn seal_hours(&self, log_group: &str, sealed: &Rollups) -> Answer<Written> {
        self.0.seal_hours(log_group, sealed).await
    }

    async fn hours(&self, log_group: &str, from: Minute, to: Minute) -> Answer<Rollups> {
        self.0.hours(log_group, from, to).await
    }

    async fn put_registry(
        &self,
        log_group: &str,
        series: &BTreeSet<SeriesKey>,
        window: Minute,
    ) -> Answer<()> {
        self.0.put_registry(log_group, series, window).await
    }

    async fn registry(&self, log_group: &str) -> Answer<BTreeSet<SeriesKey>> {
        self.0.registry(log_group).await
    }
}
