//! A state store in memory: it counts, fails as ordered, and lets others write in between.

use std::sync::Mutex;
use std::sync::atomic::{AtomicU32, Ordering};

use async_trait::async_trait;
use incidents::Record;
use jiff::Timestamp;
use platform::state_store::{
    AlertItem, Applied, Claim, Note, Notes, OutboxItem, Pointer, StateStore, StateStoreError,
    Transition,
};
use signals::Minute;
use tokio::sync::Barrier;

/// What becomes of one call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fault {
    /// It is not done, and fails.
    Fails,
    /// It is done, and fails.
    Loses,
    /// It is done, and is told as refused: the client asked again after an answer was lost.
    Repeats,
}

#[derive(Debug, Default)]
pub(super) struct Store {
    alert: Mutex<Option<AlertItem>>,
    pub(super) outbox: Mutex<Vec<OutboxItem>>,
    /// Calls so far: reads and writes.
    pub(super) calls: AtomicU32,
    /// Writes that were asked for.
    pub(super) writes: AtomicU32,
    /// The call, counted from 0, that does not go as it should.
    pub(super) fault: Mutex<Option<(u32, Fault)>>,
    /// So many writes find that the detector has written in between.
    pub(super) contended: AtomicU32,
    /// The first two who read wait here for each other.
    pub(super) meet: Option<Barrier>,
}

impl Store {
    pub(super) fn holding(record: &Record) -> Self {
        let store = Self::default();
        store.put(record);
        store
    }

    pub(super) fn put(&self, record: &Record) {
        *self.alert.lock().unwrap() = Some(AlertItem {
            fingerprint: record.fingerprint.to_string(),
            version: record.ver,
            body: record.to_json(),
        });
    }

    pub(super) fn record(&self) -> Record {
        let alert = self.alert.lock().unwrap();
        Record::from_json(&alert.as_ref().unwrap().body).unwrap()
    }

    pub(super) fn written(&self) -> u32 {
        self.writes.load(Ordering::SeqCst)
    }

    /// What is to become of this call.
    fn call(&self) -> Result<Option<Fault>, StateStoreError> {
        let number = self.calls.fetch_add(1, Ordering::SeqCst);
        let fault = self
            .fault
            .lock()
            .unwrap()
            .filter(|(call, _)| *call == number);
        match fault {
            Some((_, Fault::Fails)) => Err(refusal()),
            other => Ok(other.map(|(_, fault)| fault)),
        }
    }
}

fn refusal() -> StateStoreError {
    StateStoreError::Call {
        table: "state".to_owned(),
        operation: "Injected",
        message: "the connection was reset".to_owned(),
        retryable: true,
    }
}

const NOBODY: &str = "a link reads one record and applies one transition";

#[async_trait]
impl StateStore for Store {
    async fn alert(&self, fingerprint: &str) -> Result<Option<AlertItem>, StateStoreError> {
        let fault = self.call()?;
        let alert = self.alert.lock().unwrap().clone();
        if let Some(meet) = &self.meet
            && self.calls.load(Ordering::SeqCst) <= 2
        {
            meet.wait().await;
        }
        match fault {
            Some(_) => Err(refusal()),
            None => Ok(alert.filter(|alert| alert.fingerprint == fingerprint)),
        }
    }

    async fn alerts(&self, _: &[String]) -> Result<Vec<AlertItem>, StateStoreError> {
        unreachable!("{NOBODY}")
    }

    async fn newest_kept(
        &self,
        _: Notes,
        _: &str,
        _: &str,
        _: u16,
    ) -> Result<Vec<(String, String)>, StateStoreError> {
        unreachable!("{NOBODY}")
    }

    async fn apply(&self, transition: &Transition) -> Result<Applied, StateStoreError> {
        self.writes.fetch_add(1, Ordering::SeqCst);
        let fault = self.call()?;
        let left = self
            .contended
            .fetch_update(Ordering::SeqCst, Ordering::SeqCst, |left| {
                left.checked_sub(1)
            });
        if left.is_ok() {
            let mut record = self.record();
            record.ver += 1;
            self.put(&record);
        }
        {
            let mut alert = self.alert.lock().unwrap();
            let version = alert.as_ref().map_or(0, |alert| alert.version);
            if version + 1 != transition.alert.version {
                return Ok(Applied::Lost);
            }
            *alert = Some(transition.alert.clone());
        }
        let mut outbox = self.outbox.lock().unwrap();
        outbox.extend(transition.outbox.iter().cloned());
        match fault {
            Some(Fault::Repeats) => Ok(Applied::Lost),
            Some(_) => Err(refusal()),
            None => Ok(Applied::Yes),
        }
    }

    async fn claim_window(
        &self,
        _shard: u16,
        _window: Minute,
        _owner: &str,
        _now: Timestamp,
        _lease_until: Timestamp,
    ) -> Result<Claim, StateStoreError> {
        unreachable!("{NOBODY}")
    }

    async fn finish_window(
        &self,
        _shard: u16,
        _window: Minute,
        _owner: &str,
    ) -> Result<(), StateStoreError> {
        unreachable!("{NOBODY}")
    }

    async fn pointer(&self, _shard: u16) -> Result<Option<Pointer>, StateStoreError> {
        unreachable!("{NOBODY}")
    }

    async fn advance(&self, _shard: u16, _to: Pointer) -> Result<(), StateStoreError> {
        unreachable!("{NOBODY}")
    }

    async fn outbox(&self) -> Result<Vec<OutboxItem>, StateStoreError> {
        unreachable!("{NOBODY}")
    }

    async fn lease(
        &self,
        _id: &str,
        _now: Timestamp,
        _lease_until: Timestamp,
    ) -> Result<bool, StateStoreError> {
        unreachable!("{NOBODY}")
    }

    async fn sent(
        &self,
        _item: &OutboxItem,
        _receipt: &str,
        _at: Timestamp,
    ) -> Result<(), StateStoreError> {
        unreachable!("{NOBODY}")
    }

    async fn dead(
        &self,
        _item: &OutboxItem,
        _reason: &str,
        _at: Timestamp,
    ) -> Result<(), StateStoreError> {
        unreachable!("{NOBODY}")
    }

    async fn keep(&self, _notes: Notes, _note: &Note) -> Result<(), StateStoreError> {
        unreachable!("{NOBODY}")
    }

    async fn kept(&self, _notes: Notes) -> Result<Vec<(String, String)>, StateStoreError> {
        unreachable!("{NOBODY}")
    }

    async fn history(&self, _from: Minute, _to: Minute) -> Result<Vec<String>, StateStoreError> {
        unreachable!("{NOBODY}")
    }
}
