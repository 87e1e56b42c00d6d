//! Both ports with somebody in between, who decides before and after every effect what becomes of a call.

use async_trait::async_trait;
use platform::ledger::{Claim, Link};
use platform::series_store::{
    BatchId, Late, LateMark, LateMarks, Rollups, RollupsByVersion, Version, VersionsHeard, Written,
};
use signals::{EventId, Minute, SeriesKey, StreamId};

use super::*;

/// What becomes of a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fate {
    /// It goes on.
    On,
    /// It ends with an error; what was done so far stays done.
    Fails,
    /// It ends with an error of lacking capacity; what was done so far stays done.
    Throttled,
}

/// Where a call is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    /// It has had no effect yet.
    Before,
    /// A part of it, an item of several, has had its effect.
    Half,
    /// All of it has had its effect, and the answer is on its way.
    After,
}

/// Who is in between. What never answers lets the call hang.
#[async_trait]
pub(super) trait Between: Send + Sync + std::fmt::Debug {
    /// A call has come to this place.
    async fn at(&self, place: Place) -> Fate;
}

#[derive(Debug, Clone)]
pub(super) struct Watched<T: ?Sized> {
    pub(super) inner: Arc<T>,
    pub(super) between: Arc<dyn Between>,
}

fn of_series(fate: Fate) -> Result<(), SeriesStoreError> {
    match fate {
        Fate::On => Ok(()),
        Fate::Fails => Err(SeriesStoreError::Call {
            table: "series".to_owned(),
            operation: "BatchWriteItem",
            message: "the connection broke".to_owned(),
            retryable: true,
        }),
        Fate::Throttled => Err(SeriesStoreError::Unwritten {
            table: "series".to_owned(),
            left: 1,
            of: 2,
            attempts: 9,
        }),
    }
}

fn of_ledger(fate: Fate) -> Result<(), LedgerError> {
    let message = match fate {
        Fate::On => return Ok(()),
        Fate::Fails => "the connection broke",
        Fate::Throttled => "ThrottlingException",
    };
    Err(LedgerError::Call {
        table: "series".to_owned(),
        operation: "PutItem",
        message: message.to_owned(),
        retryable: true,
    })
}

#[async_trait]
impl Ledger for Watched<dyn Ledger> {
    async fn links(
        &self,
        stream: &StreamId,
        first: &EventId,
        last: &EventId,
    ) -> Result<Vec<Link>, LedgerError> {
        of_ledger(self.between.at(Place::Before).await)?;
        let links = self.inner.links(stream, first, last).await?;
        of_ledger(self.between.at(Place::After).await)?;
        Ok(links)
    }

    async fn put(
        &self,
        stream: &StreamId,
        link: &Link,
        seen: Option<&Claim>,
        now: jiff::Timestamp,
    ) -> Result<bool, LedgerError> {
        of_ledger(self.between.at(Place::Before).await)?;
        let stored = self.inner.put(stream, link, seen, now).await?;
        of_ledger(self.between.at(Place::After).await)?;
        Ok(stored)
    }
}

#[async_trait]
impl LateMarks for Watched<dyn SeriesStore> {
    async fn mark_late(
        &self,
        log_group: &str,
        batch: &BatchId,
        minutes: &Rollups,
        now: jiff::Timestamp,
    ) -> Result<u64, SeriesStoreError> {
        of_series(self.between.at(Place::Before).await)?;
        let marked = self.inner.mark_late(log_group, batch, minutes, now).await?;
        of_series(self.between.at(Place::After).await)?;
        Ok(marked)
    }

    async fn late(&self, _: &str, _: u16) -> Result<Late, SeriesStoreError> {
        unreachable!("the processor only marks")
    }

    async fn forget_late(&self, _: &str, _: &[LateMark]) -> Result<u64, SeriesStoreError> {
        unreachable!("the processor only marks")
    }
}

#[async_trait]
impl SeriesStore for Watched<dyn SeriesStore> {
    /// Minute by minute, so that somebody can come between any two of them.
    async fn put_batch_of(
        &self,
        log_group: &str,
        batch: &BatchId,
        version: Option<Version>,
        minutes: &Rollups,
    ) -> Result<Written, SeriesStoreError> {
        let mut place = Place::Before;
        let mut written = Written::default();
        for (minute, series) in minutes {
            of_series(self.between.at(place).await)?;
            let one = Rollups::from([(*minute, series.clone())]);
            let put = self.inner.put_batch_of(log_group, batch, version, &one);
            written.items += put.await?.items;
            place = Place::Half;
        }
        of_series(self.between.at(Place::After).await)?;
        Ok(written)
    }

    async fn raw_minutes(
        &self,
        log_group: &str,
        from: Minute,
        to: Minute,
    ) -> Result<Rollups, SeriesStoreError> {
        self.inner.raw_minutes(log_group, from, to).await
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
