//! A series store that counts calls, fails or dies at a chosen one, or is written to by somebody else just before.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use jiff::Timestamp;
use platform::series_store::{
    BatchId, Late, LateMark, LateMarks, Rollups, RollupsByVersion, SeriesStore, SeriesStoreError,
    Version, VersionsHeard, Written,
};
use proptest::prelude::*;
use signals::{Minute, SeriesKey};

const NEVER: u32 = u32::MAX;

/// Now and then a value, mostly none.
pub(super) fn now_and_then<S: Strategy>(of: S) -> impl Strategy<Value = Option<S::Value>>
where
    S::Value: Clone,
{
    prop::option::weighted(0.4, of)
}

#[derive(Debug)]
struct Write {
    log_group: String,
    batch: BatchId,
    rollups: Rollups,
    at: Timestamp,
}

#[derive(Debug)]
pub(super) struct Shaky {
    inner: Arc<dyn SeriesStore>,
    calls: AtomicU32,
    /// The call that fails, counted from 0 when it was set; even ones before, odd ones after they were carried out.
    fails: AtomicU32,
    /// From which call on nothing is carried out any more: its caller is dead.
    dies: AtomicU32,
    /// What somebody else writes before a call.
    meanwhile: Mutex<Option<(u32, Write)>>,
    failed: AtomicU32,
}

impl Shaky {
    pub(super) fn new(inner: Arc<dyn SeriesStore>) -> Self {
        Self {
            inner,
            calls: AtomicU32::new(0),
            fails: AtomicU32::new(NEVER),
            dies: AtomicU32::new(NEVER),
            meanwhile: Mutex::new(None),
            failed: AtomicU32::new(0),
        }
    }

    pub(super) fn calls(&self) -> u32 {
        self.calls.load(Ordering::SeqCst)
    }

    pub(super) fn fail_at(&self, call: u32) {
        self.fails.store(self.calls() + call, Ordering::SeqCst);
    }

    pub(super) fn failed(&self) -> bool {
        self.failed.load(Ordering::SeqCst) > 0
    }

    pub(super) fn die_at(&self, call: u32) {
        self.dies.store(self.calls() + call, Ordering::SeqCst);
    }

    pub(super) fn write_at(
        &self,
        call: u32,
        log_group: &str,
        batch: BatchId,
        rollups: Rollups,
        at: Timestamp,
    ) {
        let write = Write {
            log_group: log_group.to_owned(),
            batch,
            rollups,
            at,
        };
        *self.meanwhile.lock().unwrap() = Some((self.calls() + call, write));
    }

    /// Nothing fails any more, nobody is dead, and nobody writes beside.
    pub(super) fn recover(&self) {
        self.fails.store(NEVER, Ordering::SeqCst);
        self.dies.store(NEVER, Ordering::SeqCst);
        *self.meanwhile.lock().unwrap() = None;
    }

    fn refusal() -> SeriesStoreError {
        SeriesStoreError::Call {
            table: "series".to_owned(),
            operation: "Injected",
            message: "the connection was reset".to_owned(),
            retryable: true,
        }
    }

    async fn pass<T>(
        &self,
        call: impl Future<Output = Result<T, SeriesStoreError>>,
    ) -> Result<T, SeriesStoreError> {
        let number = self.calls.fetch_add(1, Ordering::SeqCst);
        let write = self
            .meanwhile
            .lock()
            .unwrap()
            .take_if(|(at, _)| *at == number);
        if let Some((_, write)) = write {
            let Write {
                log_group,
                batch,
                rollups,
                at,
            } = write;
            self.inner
                .mark_late(&log_group, &batch, &rollups, at)
                .await?;
            self.inner.put_batch(&log_group, &batch, &rollups).await?;
        }
        if number >= self.dies.load(Ordering::SeqCst) {
            return Err(Self::refusal());
        }
        if number != self.fails.load(Ordering::SeqCst) {
            return call.await;
        }
        self.failed.fetch_add(1, Ordering::SeqCst);
        if number % 2 == 1 {
            call.await?;
        }
        Err(Self::refusal())
    }
}

type Answer<T> = Result<T, SeriesStoreError>;

#[async_trait]
impl LateMarks for Shaky {
    async fn mark_late(
        &self,
        log_group: &str,
        batch: &BatchId,
        minutes: &Rollups,
        now: Timestamp,
    ) -> Answer<u64> {
        self.pass(self.inner.mark_late(log_group, batch, minutes, now))
            .await
    }

    async fn late(&self, log_group: &str, limit: u16) -> Answer<Late> {
        self.pass(self.inner.late(log_group, limit)).await
    }

    async fn forget_late(&self, log_group: &str, marks: &[LateMark]) -> Answer<u64> {
        self.pass(self.inner.forget_late(log_group, marks)).await
    }
}

#[async_trait]
impl SeriesStore for Shaky {
    async fn put_batch_of(
        &self,
        log_group: &str,
        batch: &BatchId,
        version: Option<Version>,
        minutes: &Rollups,
    ) -> Answer<Written> {
        self.pass(self.inner.put_batch_of(log_group, batch, version, minutes))
            .await
    }

    async fn raw_minutes(&self, log_group: &str, from: Minute, to: Minute) -> Answer<Rollups> {
        self.pass(self.inner.raw_minutes(log_group, from, to)).await
    }

    async fn raw_minutes_and_versions(
        &self,
        log_group: &str,
        from: Minute,
        to: Minute,
    ) -> Answer<(Rollups, VersionsHeard)> {
        self.pass(self.inner.raw_minutes_and_versions(log_group, from, to))
            .await
    }

    async fn raw_minutes_by_version(
        &self,
        log_group: &str,
        from: Minute,
        to: Minute,
    ) -> Answer<RollupsByVersion> {
        self.pass(self.inner.raw_minutes_by_version(log_group, from, to))
            .await
    }

    async fn seal_minutes(&self, log_group: &str, sealed: &Rollups) -> Answer<Written> {
        self.pass(self.inner.seal_minutes(log_group, sealed)).await
    }

    async fn sealed_minutes(&self, log_group: &str, from: Minute, to: Minute) -> Answer<Rollups> {
        self.pass(self.inner.sealed_minutes(log_group, from, to))
            .await
    }

    async fn seal_hours(&self, log_group: &str, sealed: &Rollups) -> Answer<Written> {
        self.pass(self.inner.seal_hours(log_group, sealed)).await
    }

    async fn hours(&self, log_group: &str, from: Minute, to: Minute) -> Answer<Rollups> {
        self.pass(self.inner.hours(log_group, from, to)).await
    }

    async fn put_registry(
        &self,
        log_group: &str,
        series: &BTreeSet<SeriesKey>,
        window: Minute,
    ) -> Answer<()> {
        self.pass(self.inner.put_registry(log_group, series, window))
            .await
    }

    async fn registry(&self, log_group: &str) -> Answer<BTreeSet<SeriesKey>> {
        self.pass(self.inner.registry(log_group)).await
    }
}
