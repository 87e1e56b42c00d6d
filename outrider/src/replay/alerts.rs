//! [`StateStore`] in memory, for one process and one replay.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use jiff::Timestamp;
use platform::state_store::{
    AlertItem, Applied, Claim, Note, Notes, OutboxItem, Pointer, StateStore, StateStoreError,
    Transition,
};
use signals::Minute;

#[derive(Debug, Default)]
struct Inner {
    finished: BTreeSet<(u16, Minute)>,
    pointers: BTreeMap<u16, Pointer>,
    alerts: BTreeMap<String, AlertItem>,
    /// Incidents by the minute they opened in and their id.
    history: BTreeMap<(Minute, String), String>,
    outbox: BTreeMap<String, OutboxItem>,
    given_up: Vec<(String, String)>,
}

/// The detector's memory during a replay.
#[derive(Debug, Default)]
pub(crate) struct Alerts(Mutex<Inner>);

impl Alerts {
    fn inner(&self) -> MutexGuard<'_, Inner> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Every incident, oldest first, as JSON.
    pub(crate) fn incidents(&self) -> Vec<String> {
        self.inner().history.values().cloned().collect()
    }

    /// The incident with this id, as JSON.
    pub(crate) fn incident(&self, id: &str) -> Option<String> {
        let inner = self.inner();
        let mut newest = inner.history.iter().rev();
        newest
            .find(|((_, of), _)| of == id)
            .map(|(_, body)| body.clone())
    }

    /// The first message that could not be handed over, and why.
    pub(crate) fn given_up(&self) -> Option<(String, String)> {
        self.inner().given_up.first().cloned()
    }
}

#[async_trait]
impl StateStore for Alerts {
    async fn claim_window(
        &self,
        shard: u16,
        window: Minute,
        _owner: &str,
        _now: Timestamp,
        _lease_until: Timestamp,
    ) -> Result<Claim, StateStoreError> {
        let done = self.inner().finished.contains(&(shard, window));
        Ok(if done { Claim::Done } else { Claim::Mine })
    }

    async fn finish_window(
        &self,
        shard: u16,
        window: Minute,
        _owner: &str,
    ) -> Result<(), StateStoreError> {
        let mut inner = self.inner();
        // Windows are decided in order: only the newest can be asked for again.
        inner.finished.clear();
        inner.finished.insert((shard, window));
        Ok(())
    }

    async fn pointer(&self, shard: u16) -> Result<Option<Pointer>, StateStoreError> {
        Ok(self.inner().pointers.get(&shard).copied())
    }

    async fn advance(&self, shard: u16, to: Pointer) -> Result<(), StateStoreError> {
        let mut inner = self.inner();
        let pointer = inner.pointers.entry(shard).or_insert(to);
        if pointer.committed <= to.committed && pointer.decided <= to.decided {
            *pointer = to;
        }
        Ok(())
    }

    async fn alert(&self, fingerprint: &str) -> Result<Option<AlertItem>, StateStoreError> {
        Ok(self.inner().alerts.get(fingerprint).cloned())
    }

    async fn alerts(&self, fingerprints: &[String]) -> Result<Vec<AlertItem>, StateStoreError> {
        let inner = self.inner();
        let stored = fingerprints.iter().filter_map(|it| inner.alerts.get(it));
        Ok(stored.cloned().collect())
    }

    async fn apply(&self, transition: &Transition) -> Result<Applied, StateStoreError> {
        let mut inner = self.inner();
        let alert = &transition.alert;
        let before = inner
            .alerts
            .get(&alert.fingerprint)
            .map_or(0, |alert| alert.version);
        let known = |message: &OutboxItem| inner.outbox.contains_key(&message.id);
        if before + 1 != alert.version || transition.outbox.iter().any(known) {
            return Ok(Applied::Lost);
        }
        inner
            .alerts
            .insert(alert.fingerprint.clone(), alert.clone());
        if let Some((incident, opened)) = &transition.incident {
            let key = (*opened, incident.clone());
            inner.history.insert(key, alert.body.clone());
        }
        for message in &transition.outbox {
            inner.outbox.insert(message.id.clone(), message.clone());
        }
        Ok(Applied::Yes)
    }

    async fn outbox(&self) -> Result<Vec<OutboxItem>, StateStoreError> {
        Ok(self.inner().outbox.values().cloned().collect())
    }

    async fn lease(
        &self,
        id: &str,
        _now: Timestamp,
        _lease_until: Timestamp,
    ) -> Result<bool, StateStoreError> {
        let mut inner = self.inner();
        let item = inner.outbox.get_mut(id);
        Ok(item.map(|item| item.attempts += 1).is_some())
    }

    async fn sent(
        &self,
        item: &OutboxItem,
        _receipt: &str,
        _at: Timestamp,
    ) -> Result<(), StateStoreError> {
        self.inner().outbox.remove(&item.id);
        Ok(())
    }

    async fn dead(
        &self,
        item: &OutboxItem,
        reason: &str,
        _at: Timestamp,
    ) -> Result<(), StateStoreError> {
        let mut inner = self.inner();
        inner.outbox.remove(&item.id);
        inner.given_up.push((item.id.clone(), reason.to_owned()));
        Ok(())
    }

    async fn keep(&self, _notes: Notes, _note: &Note) -> Result<(), StateStoreError> {
        Ok(())
    }

    /// Nobody has written anything about what is replayed.
    async fn kept(&self, _notes: Notes) -> Result<Vec<(String, String)>, StateStoreError> {
        Ok(Vec::new())
    }

    async fn newest_kept(
        &self,
        _notes: Notes,
        _from: &str,
        _to: &str,
        _limit: u16,
    ) -> Result<Vec<(String, String)>, StateStoreError> {
        Ok(Vec::new())
    }

    async fn history(&self, from: Minute, to: Minute) -> Result<Vec<String>, StateStoreError> {
        let inner = self.inner();
        let opened = inner.history.iter().rev();
        Ok(opened
            .filter(|((opened, _), _)| (from..=to).contains(opened))
            .map(|(_, body)| body.clone())
            .collect())
    }
}
