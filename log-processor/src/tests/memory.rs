//! The series store in memory: what DynamoDB promises of single items, and nothing more.

use async_trait::async_trait;
use platform::series_store::{
    BatchId, Late, LateMark, LateMarks, Rollups, RollupsByVersion, SeriesRollups, SeriesStoreError,
    Version, VersionsHeard, Written,
};
use signals::{Minute, SeriesKey};

use super::*;

/// What batches said, by log group, minute and batch.
#[derive(Debug, Default)]
pub(super) struct MemorySeries(Mutex<BTreeMap<(String, Minute, BatchId), SeriesRollups>>);

#[async_trait]
impl LateMarks for MemorySeries {
    async fn mark_late(
        &self,
        _: &str,
        _: &BatchId,
        _: &Rollups,
        _: jiff::Timestamp,
    ) -> Result<u64, SeriesStoreError> {
        Ok(0)
    }

    async fn late(&self, _: &str, _: u16) -> Result<Late, SeriesStoreError> {
        unreachable!("the processor only marks")
    }

    async fn forget_late(&self, _: &str, _: &[LateMark]) -> Result<u64, SeriesStoreError> {
        unreachable!("the processor only marks")
    }
}

#[async_trait]
impl SeriesStore for MemorySeries {
    async fn put_batch_of(
        &self,
        log_group: &str,
        batch: &BatchId,
        _: Option<Version>,
        minutes: &Rollups,
    ) -> Result<Written, SeriesStoreError> {
        let mut items = self.0.lock().unwrap();
        for (minute, series) in minutes {
            items.insert(
                (log_group.to_owned(), *minute, batch.clone()),
                series.clone(),
            );
        }
        Ok(Written {
            items: minutes.len() as u64,
            too_large: 0,
        })
    }

    async fn raw_minutes(
        &self,
        log_group: &str,
        from: Minute,
        to: Minute,
    ) -> Result<Rollups, SeriesStoreError> {
        let mut rollups = Rollups::new();
        for ((group, minute, _), series) in &*self.0.lock().unwrap() {
            if group == log_group && (from..=to).contains(minute) {
                let merged = rollups.entry(*minute).or_default();
                for (key, rollup) in series {
                    merged.entry(key.clone()).or_default().merge(rollup);
                }
            }
        }
        Ok(rollups)
    }

    async fn raw_minutes_and_versions(
        &self,
        _: &str,
        _: Minute,
        _: Minute,
    ) -> Result<(Rollups, VersionsHeard), SeriesStoreError> {
        unreachable!("nobody asks for versions here")
    }

    async fn raw_minutes_by_version(
        &self,
        _: &str,
        _: Minute,
        _: Minute,
    ) -> Result<RollupsByVersion, SeriesStoreError> {
        unreachable!("nobody asks for versions here")
    }

    async fn seal_minutes(&self, _: &str, _: &Rollups) -> Result<Written, SeriesStoreError> {
        unreachable!("the processor does not seal")
    }

    async fn sealed_minutes(
        &self,
        _: &str,
        _: Minute,
        _: Minute,
    ) -> Result<Rollups, SeriesStoreError> {
        unreachable!("the processor does not seal")
    }

    async fn seal_hours(&self, _: &str, _: &Rollups) -> Result<Written, SeriesStoreError> {
        unreachable!("the processor does not seal")
    }

    async fn hours(&self, _: &str, _: Minute, _: Minute) -> Result<Rollups, SeriesStoreError> {
        unreachable!("the processor does not seal")
    }

    async fn put_registry(
        &self,
        _: &str,
        _: &BTreeSet<SeriesKey>,
        _: Minute,
    ) -> Result<(), SeriesStoreError> {
        unreachable!("the processor keeps no registry")
    }

    async fn registry(&self, _: &str) -> Result<BTreeSet<SeriesKey>, SeriesStoreError> {
        unreachable!("the processor keeps no registry")
    }
}
