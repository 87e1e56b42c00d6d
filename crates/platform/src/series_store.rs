//! Where rollups live: raw as each batch wrote them, sealed by minute and by hour, and the registry of series.
//!
//! Rollups are written, never updated. A batch is named by its content's identity, so a redelivered batch
//! overwrites itself; readers merge. That is why there is no `add`, no counter and no transaction here, and why
//! any write may be made twice.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use async_trait::async_trait;
use signals::{Minute, Rollup, SeriesKey};

use crate::deadline::Deadline;

pub mod dynamodb;
pub mod late;
mod layout;
#[cfg(test)]
mod tests;
pub use late::{Late, LateMark, LateMarks};
pub use signals::{BatchId, BatchIdentity, Version};

/// Days that what a batch said is kept, from its minute on: longer than any replay from a dead-letter queue, which
/// keeps messages 14 days (Amazon SQS quotas). A minute that is older cannot be told from its batches any more.
pub const RAW_DAYS: i64 = 15;

/// The rollups of one minute (or hour), by series.
pub type SeriesRollups = BTreeMap<SeriesKey, Rollup>;
/// Rollups by the minute (or the first minute of the hour) and by series.
pub type Rollups = BTreeMap<Minute, SeriesRollups>;
/// The versions that were heard, by the minute they were heard in; minutes without any are absent.
pub type VersionsHeard = BTreeMap<Minute, BTreeSet<Version>>;
/// Rollups by the version that said them.
pub type RollupsByVersion = BTreeMap<Version, Rollups>;

/// What a write came to.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Written {
    /// Items stored.
    pub items: u64,
    /// Series left out because one alone is larger than an item can be: its dimension values are hundreds of
    /// kilobytes. Writing them again cannot help, so they are counted and not an error.
    pub too_large: u64,
}

/// Why the store did not do what it was asked.
#[derive(Debug, thiserror::Error)]
pub enum SeriesStoreError {
    /// The service refused or did not answer.
    #[error("series table {table}: {operation} failed: {message}")]
    Call {
        /// The table's name.
        table: String,
        /// The operation in DynamoDB's words.
        operation: &'static str,
        /// What the service said.
        message: String,
        /// Whether the same call may succeed later.
        retryable: bool,
    },
    /// The service took the call and left items out, time and again: the table has no capacity for them now.
    #[error(
        "series table {table}: {left} of {of} items were not written in {attempts} attempts; \
         write the same batch again, which is safe, or raise the table's capacity"
    )]
    Unwritten {
        /// The table's name.
        table: String,
        /// Items that were not written.
        left: usize,
        /// Items there were to write.
        of: usize,
        /// How often the last of them were tried.
        attempts: u32,
    },
    /// An item is there but does not have the shape this build writes.
    #[error(
        "series table {table}: item {item} is unreadable: {reason}; delete it to do without it"
    )]
    Damaged {
        /// The table's name.
        table: String,
        /// Partition and sort key.
        item: String,
        /// What is wrong with it.
        reason: String,
    },
}

impl SeriesStoreError {
    /// Whether the same call may succeed later. Every write may be made twice.
    #[must_use]
    pub fn is_retryable(&self) -> bool {
        match self {
            Self::Call { retryable, .. } => *retryable,
            Self::Unwritten { .. } => true,
            Self::Damaged { .. } => false,
        }
    }
}

/// Rollups by log group. Ranges include both ends; minutes without rollups are absent from the answers.
#[async_trait]
pub trait SeriesStore: LateMarks + fmt::Debug {
    /// Stores what one batch says of each minute, in place of what an earlier write of the same batch said;
    /// `version` is the one version whose log events it is made of, when that is known. Whoever may write minutes
    /// that are sealed by then calls [`LateMarks::mark_late`] before.
    async fn put_batch_of(
        &self,
        log_group: &str,
        batch: &BatchId,
        version: Option<Version>,
        minutes: &Rollups,
    ) -> Result<Written, SeriesStoreError>;

    /// The same while there is time: what the store has no room for is tried again until shortly before the deadline.
    async fn put_batch_until(
        &self,
        log_group: &str,
        batch: &BatchId,
        version: Option<Version>,
        minutes: &Rollups,
        _deadline: &Deadline,
    ) -> Result<Written, SeriesStoreError> {
        self.put_batch_of(log_group, batch, version, minutes).await
    }

    /// The same for a batch that no version is known of.
    async fn put_batch(
        &self,
        log_group: &str,
        batch: &BatchId,
        minutes: &Rollups,
    ) -> Result<Written, SeriesStoreError> {
        self.put_batch_of(log_group, batch, None, minutes).await
    }

    /// What all batches together say, merged in the order of their names, so that two readers of the same
    /// batches get the same bits.
    async fn raw_minutes(
        &self,
        log_group: &str,
        from: Minute,
        to: Minute,
    ) -> Result<Rollups, SeriesStoreError>;

    /// What [`SeriesStore::raw_minutes`] says, to the same bits and in the same read, and the versions heard in it.
    async fn raw_minutes_and_versions(
        &self,
        log_group: &str,
        from: Minute,
        to: Minute,
    ) -> Result<(Rollups, VersionsHeard), SeriesStoreError>;

    /// What each version says: batches of the same version merged in the order of their names, those that no
    /// version is known of left out. Raw rollups only: what is sealed is the whole.
    async fn raw_minutes_by_version(
        &self,
        log_group: &str,
        from: Minute,
        to: Minute,
    ) -> Result<RollupsByVersion, SeriesStoreError>;

    /// Stores the whole of some minutes, in place of what was sealed for them before. A minute without series
    /// is stored too: sealed and silent is not the same as never sealed.
    async fn seal_minutes(
        &self,
        log_group: &str,
        sealed: &Rollups,
    ) -> Result<Written, SeriesStoreError>;

    /// The minutes that were sealed.
    async fn sealed_minutes(
        &self,
        log_group: &str,
        from: Minute,
        to: Minute,
    ) -> Result<Rollups, SeriesStoreError>;

    /// Stores the whole of some hours, by their first minute, in place of what was sealed for them before.
    async fn seal_hours(
        &self,
        log_group: &str,
        sealed: &Rollups,
    ) -> Result<Written, SeriesStoreError>;

    /// The hours that were sealed, by their first minute, from the hour of `from` to the hour of `to`.
    async fn hours(
        &self,
        log_group: &str,
        from: Minute,
        to: Minute,
    ) -> Result<Rollups, SeriesStoreError>;

    /// Stores the list of the log group's series as of `window`, in place of the earlier list.
    async fn put_registry(
        &self,
        log_group: &str,
        series: &BTreeSet<SeriesKey>,
        window: Minute,
    ) -> Result<(), SeriesStoreError>;

    /// The list of the log group's series; empty when nobody stored one.
    async fn registry(&self, log_group: &str) -> Result<BTreeSet<SeriesKey>, SeriesStoreError>;
}
