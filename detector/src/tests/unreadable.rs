//! A series store that cannot say what each version said while one bakes.

use std::collections::BTreeSet;
use std::sync::Arc;

use async_trait::async_trait;
use jiff::Timestamp;
use platform::series_store::{
    BatchId, Late, LateMark, LateMarks, Rollups, RollupsByVersion, SeriesStore, SeriesStoreError,
    Version, VersionsHeard, Written,
};
use signals::{Minute, SeriesKey};
use tokio::sync::Notify;

use crate::canary::BAKE_MINUTES;

/// What becomes of such a read.
#[derive(Debug, Clone, Copy)]
pub(super) enum Read {
    Fails,
    Hangs,
}

#[derive(Debug)]
pub(super) struct Unreadable {
    inner: Arc<dyn SeriesStore>,
    read: Read,
    /// Told when a read hangs.
    pub(super) hung: Notify,
}

impl Unreadable {
    pub(super) fn new(inner: Arc<dyn SeriesStore>, read: Read) -> Self {
        Self {
            inner,
            read,
            hung: Notify::new(),
        }
    }
}

type Answer<T> = Result<T, SeriesStoreError>;

#[async_trait]
impl LateMarks for Unreadable {
    async fn mark_late(
        &self,
        log_group: &str,
        batch: &BatchId,
        minutes: &Rollups,
        now: Timestamp,
    ) -> Answer<u64> {
        self.inner.mark_late(log_group, batch, minutes, now).await
    }

    async fn late(&self, log_group: &str, limit: u16) -> Answer<Late> {
        self.inner.late(log_group, limit).await
    }

    async fn forget_late(&self, log_group: &str, marks: &[LateMark]) -> Answer<u64> {
        self.inner.forget_late(log_group, marks).await
    }
}

#[async_trait]
impl SeriesStore for Unreadable {
    async fn put_batch_of(
        &self,
        log_group: &str,
        batch: &BatchId,
        version: Option<Version>,
        minutes: &Rollups,
    ) -> Answer<Written> {
        self.inner
            .put_batch_of(log_group, batch, version, minutes)
            .await
    }

    async fn raw_minutes(&self, log_group: &str, from: Minute, to: Minute) -> Answer<Rollups> {
        self.inner.raw_minutes(log_group, from, to).await
    }

    async fn raw_minutes_and_versions(
        &self,
        log_group: &str,
        from: Minute,
        to: Minute,
    ) -> Answer<(Rollups, VersionsHeard)> {
        self.inner
            .raw_minutes_and_versions(log_group, from, to)
            .await
    }

    async fn raw_minutes_by_version(
        &self,
        log_group: &str,
        from: Minute,
        to: Minute,
    ) -> Answer<RollupsByVersion> {
        // Who compares versions reads a bake; a diagnosis reads more, has its own time, and its own tests.
        if to.since(from) + 1 != BAKE_MINUTES {
            return self.inner.raw_minutes_by_version(log_group, from, to).await;
        }
        if matches!(self.read, Read::Hangs) {
            self.hung.notify_one();
            std::future::pending::<()>().await;
        }
        Err(SeriesStoreError::Call {
            table: "series".to_owned(),
            operation: "Query",
            message: "the connection was reset".to_owned(),
            retryable: true,
        })
    }

    async fn seal_minutes(&self, log_group: &str, sealed: &Rollups) -> Answer<Written> {
        self.inner.seal_minutes(log_group, sealed).await
    }

    async fn sealed_minutes(&self, log_group: &str, from: Minute, to: Minute) -> Answer<Rollups> {
        self.inner.sealed_minutes(log_group, from, to).await
    }

    async fn seal_hours(&self, log_group: &str, sealed: &Rollups) -> Answer<Written> {
        self.inner.seal_hours(log_group, sealed).await
    }

    async fn hours(&self, log_group: &str, from: Minute, to: Minute) -> Answer<Rollups> {
        self.inner.hours(log_group, from, to).await
    }

    async fn put_registry(
        &self,
        log_group: &str,
        series: &BTreeSet<SeriesKey>,
        window: Minute,
    ) -> Answer<()> {
        self.inner.put_registry(log_group, series, window).await
    }

    async fn registry(&self, log_group: &str) -> Answer<BTreeSet<SeriesKey>> {
        self.inner.registry(log_group).await
    }
}
