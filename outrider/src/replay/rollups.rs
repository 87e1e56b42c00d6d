//! [`SeriesStore`] in memory, for one process and one replay.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use jiff::Timestamp;
use platform::series_store::{
    BatchId, Late, LateMark, LateMarks, Rollups, RollupsByVersion, SeriesRollups, SeriesStore,
    SeriesStoreError, Version, VersionsHeard, Written,
};
use signals::{Minute, SeriesKey};

/// What lies further back than this when a run has ended is forgotten: history was learned by the first run, minutes of
/// the present hour are read when it is sealed, and those of the last bake when versions are compared.
const KEPT: i64 = 180;

/// What batches say of a minute, in the order of their names.
type Batches = BTreeMap<BatchId, (Option<Version>, SeriesRollups)>;

#[derive(Debug, Default)]
struct LogGroup {
    raw: BTreeMap<Minute, Batches>,
    sealed: Rollups,
    hours: Rollups,
    registry: BTreeSet<SeriesKey>,
}

/// The rollups of a replay.
#[derive(Debug, Default)]
pub(crate) struct Stored(Mutex<BTreeMap<String, LogGroup>>);

impl Stored {
    fn all(&self) -> MutexGuard<'_, BTreeMap<String, LogGroup>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn with<T>(&self, log_group: &str, read: impl FnOnce(&mut LogGroup) -> T) -> T {
        let mut all = self.all();
        read(all.entry(log_group.to_owned()).or_default())
    }

    /// See [`SeriesStore::put_batch_of`].
    pub(crate) fn put(
        &self,
        log_group: &str,
        batch: &BatchId,
        version: Option<Version>,
        minutes: &Rollups,
    ) {
        self.with(log_group, |of| {
            for (minute, series) in minutes {
                let batches = of.raw.entry(*minute).or_default();
                batches.insert(batch.clone(), (version, series.clone()));
            }
        });
    }

    /// Forgets what nobody reads any more when `window` is decided.
    pub(crate) fn forget_before(&self, window: Minute) {
        let kept = window.plus(-KEPT);
        for of in self.all().values_mut() {
            of.raw = of.raw.split_off(&kept);
            of.sealed = of.sealed.split_off(&kept);
            of.hours = of.hours.split_off(&kept);
        }
    }
}

fn merged<'a>(batches: impl Iterator<Item = &'a SeriesRollups>) -> SeriesRollups {
    let mut whole = SeriesRollups::new();
    for (key, rollup) in batches.flatten() {
        whole.entry(key.clone()).or_default().merge(rollup);
    }
    whole
}

#[async_trait]
impl LateMarks for Stored {
    /// Nothing comes late in a recording: each minute is there before it is judged.
    async fn mark_late(
        &self,
        _log_group: &str,
        _batch: &BatchId,
        _minutes: &Rollups,
        _now: Timestamp,
    ) -> Result<u64, SeriesStoreError> {
        Ok(0)
    }

    async fn late(&self, _log_group: &str, _limit: u16) -> Result<Late, SeriesStoreError> {
        Ok(Late::default())
    }

    async fn forget_late(
        &self,
        _log_group: &str,
        _marks: &[LateMark],
    ) -> Result<u64, SeriesStoreError> {
        Ok(0)
    }
}

#[async_trait]
impl SeriesStore for Stored {
    async fn put_batch_of(
        &self,
        log_group: &str,
        batch: &BatchId,
        version: Option<Version>,
        minutes: &Rollups,
    ) -> Result<Written, SeriesStoreError> {
        self.put(log_group, batch, version, minutes);
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
        self.raw_minutes_and_versions(log_group, from, to)
            .await
            .map(|(rollups, _)| rollups)
    }

    async fn raw_minutes_and_versions(
        &self,
        log_group: &str,
        from: Minute,
        to: Minute,
    ) -> Result<(Rollups, VersionsHeard), SeriesStoreError> {
        let (mut rollups, mut versions) = (Rollups::new(), VersionsHeard::new());
        if from > to {
            return Ok((rollups, versions));
        }
        self.with(log_group, |of| {
            for (minute, batches) in of.raw.range(from..=to) {
                rollups.insert(*minute, merged(batches.values().map(|(_, series)| series)));
                let heard: BTreeSet<_> = batches
                    .values()
                    .filter_map(|(version, _)| *version)
                    .collect();
                if !heard.is_empty() {
                    versions.insert(*minute, heard);
                }
            }
        });
        Ok((rollups, versions))
    }

    async fn raw_minutes_by_version(
        &self,
        log_group: &str,
        from: Minute,
        to: Minute,
    ) -> Result<RollupsByVersion, SeriesStoreError> {
        let mut found = RollupsByVersion::new();
        if from > to {
            return Ok(found);
        }
        self.with(log_group, |of| {
            for (minute, batches) in of.raw.range(from..=to) {
                for (version, series) in batches.values() {
                    let Some(version) = version else { continue };
                    let minutes = found.entry(*version).or_default();
                    let whole = minutes.entry(*minute).or_default();
                    for (key, rollup) in series {
                        whole.entry(key.clone()).or_default().merge(rollup);
                    }
                }
            }
        });
        Ok(found)
    }

    async fn seal_minutes(
        &self,
        log_group: &str,
        sealed: &Rollups,
    ) -> Result<Written, SeriesStoreError> {
        self.with(log_group, |of| of.sealed.extend(sealed.clone()));
        Ok(Written {
            items: sealed.len() as u64,
            too_large: 0,
        })
    }

    async fn sealed_minutes(
        &self,
        log_group: &str,
        from: Minute,
        to: Minute,
    ) -> Result<Rollups, SeriesStoreError> {
        Ok(self.with(log_group, |of| within(&of.sealed, from, to)))
    }

    async fn seal_hours(
        &self,
        log_group: &str,
        sealed: &Rollups,
    ) -> Result<Written, SeriesStoreError> {
        self.with(log_group, |of| of.hours.extend(sealed.clone()));
        Ok(Written {
            items: sealed.len() as u64,
            too_large: 0,
        })
    }

    async fn hours(
        &self,
        log_group: &str,
        from: Minute,
        to: Minute,
    ) -> Result<Rollups, SeriesStoreError> {
        Ok(self.with(log_group, |of| within(&of.hours, from.hour(), to)))
    }

    async fn put_registry(
        &self,
        log_group: &str,
        series: &BTreeSet<SeriesKey>,
        _window: Minute,
    ) -> Result<(), SeriesStoreError> {
        self.with(log_group, |of| of.registry.clone_from(series));
        Ok(())
    }

    async fn registry(&self, log_group: &str) -> Result<BTreeSet<SeriesKey>, SeriesStoreError> {
        Ok(self.with(log_group, |of| of.registry.clone()))
    }
}

/// A range that is turned around holds nothing.
fn within(rollups: &Rollups, from: Minute, to: Minute) -> Rollups {
    if from > to {
        return Rollups::new();
    }
    rollups
        .range(from..=to)
        .map(|(minute, series)| (*minute, series.clone()))
        .collect()
}
