//! [`Ledger`] in memory, for tests: what DynamoDB promises of single items, and nothing more.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use jiff::Timestamp;
use signals::{EventId, StreamId};

use super::{Claim, Ledger, LedgerError, Link};

type Links = BTreeMap<Option<EventId>, Link>;

/// A ledger that ends with the process.
#[derive(Debug, Default)]
pub struct MemoryLedger(Mutex<BTreeMap<StreamId, Links>>);

impl MemoryLedger {
    fn streams(&self) -> MutexGuard<'_, BTreeMap<StreamId, Links>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[async_trait]
impl Ledger for MemoryLedger {
    async fn links(
        &self,
        stream: &StreamId,
        first: &EventId,
        last: &EventId,
    ) -> Result<Vec<Link>, LedgerError> {
        let streams = self.streams();
        let Some(links) = streams.get(stream) else {
            return Ok(Vec::new());
        };
        let from = links.range(..=Some(*first)).next_back();
        let from = from.and_then(|(key, _)| *key);
        let found = links.range(from..=Some(*last));
        Ok(found.map(|(_, link)| link.clone()).collect())
    }

    async fn put(
        &self,
        stream: &StreamId,
        link: &Link,
        seen: Option<&Claim>,
        _now: Timestamp,
    ) -> Result<bool, LedgerError> {
        let mut streams = self.streams();
        let links = streams.entry(stream.clone()).or_default();
        let stored = links.get(&link.key()).map(|link| &link.next);
        let as_seen = stored == seen;
        if as_seen {
            links.insert(link.key(), link.clone());
        }
        Ok(as_seen)
    }
}
