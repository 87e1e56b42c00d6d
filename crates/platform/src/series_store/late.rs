//! Marks of late data: which hours must be sealed again because rollups came after their minutes were sealed.
//!
//! Whoever writes rollups marks first and writes then ([`LateMarks::mark_late`]), so a crash between the two leaves
//! a mark too many and never one too few; a retry marks again. Nobody can tell from a mark whether its rollups are
//! there yet, or whether somebody who read before they were there is still about to seal. Time can: a mark is
//! removed only when it has rested for [`REST_SECONDS`], and by then all of them are done or dead. A mark that is
//! written while another one is worked off has another instant in its name, so it survives the other's removal.

use std::collections::{BTreeMap, BTreeSet};

use async_trait::async_trait;
use jiff::Timestamp;
use signals::Minute;

use super::{BatchId, Rollups, SeriesStoreError};

/// Minutes from a minute to the one in which rollups of it are late: from then on the detector may seal the minute
/// before they are there. It does so 7 minutes after the minute began at the earliest (the 6 minutes that
/// `settle_minutes` has at least, and the minute itself). One minute less for the writer, which its time-out ends
/// after 60 seconds (`deploy/template.yaml`), and one for clocks that disagree. Data that are late by this and not
/// sealed yet cost one mark and nothing else.
pub const LATE_AFTER_MINUTES: i64 = 5;

/// How long a mark stays at least. An invocation lives for 15 minutes at most (AWS Lambda quotas, "Function
/// timeout", read 2026-11-21): after 15 the rollups are there or their writer is dead, after 15 more whoever read
/// before they were there has sealed or is dead, and one is for clocks that disagree.
pub const REST_SECONDS: i64 = 31 * 60;

/// That some minutes of an hour were written by a batch when they were late.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct LateMark {
    /// When it was written, to the millisecond, by the writer's clock.
    pub at: Timestamp,
    /// The first minute of the hour.
    pub hour: Minute,
    /// The name of the batch, which keeps the marks of several batches apart.
    pub batch: String,
    /// The minutes, all of that hour.
    pub minutes: BTreeSet<Minute>,
}

/// The marks of a log group, those that were written first before the others.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Late {
    /// The oldest ones.
    pub marks: Vec<LateMark>,
    /// Whether there are more of them.
    pub more: bool,
}

/// The marks that writing `minutes` at `now` calls for, one for each hour; none when nothing is late.
#[must_use]
pub fn marks_of(batch: &BatchId, minutes: &Rollups, now: Timestamp) -> Vec<LateMark> {
    let at = Timestamp::from_millisecond(now.as_millisecond()).unwrap_or(now);
    let newest = Minute::containing(now).plus(-LATE_AFTER_MINUTES);
    let mut hours: BTreeMap<Minute, BTreeSet<Minute>> = BTreeMap::new();
    for minute in minutes.range(..=newest).map(|(minute, _)| *minute) {
        hours.entry(minute.hour()).or_default().insert(minute);
    }
    let mark = |(hour, minutes)| LateMark {
        at,
        hour,
        batch: batch.as_str().to_owned(),
        minutes,
    };
    hours.into_iter().map(mark).collect()
}

/// Where marks are kept. Part of every [`SeriesStore`](super::SeriesStore): a store that keeps rollups and no marks
/// would lose what comes late.
#[async_trait]
pub trait LateMarks: Send + Sync {
    /// To be called before rollups are written at `now`: marks those `minutes` that may be sealed by then. Without
    /// any, it asks the store nothing. Returns the number of marks.
    async fn mark_late(
        &self,
        log_group: &str,
        batch: &BatchId,
        minutes: &Rollups,
        now: Timestamp,
    ) -> Result<u64, SeriesStoreError>;

    /// At most `limit` marks of a log group, oldest first.
    async fn late(&self, log_group: &str, limit: u16) -> Result<Late, SeriesStoreError>;

    /// Removes exactly these marks. Returns how many it removed: what the service left out is still there, and is
    /// worked off once more.
    async fn forget_late(
        &self,
        log_group: &str,
        marks: &[LateMark],
    ) -> Result<u64, SeriesStoreError>;
}
