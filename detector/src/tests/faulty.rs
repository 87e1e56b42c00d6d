//! A state store that fails, before or after it did what it was asked, at a chosen call.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use async_trait::async_trait;
use jiff::Timestamp;
use platform::state_store::{
    AlertItem, Applied, Claim, Note, Notes, OutboxItem, Pointer, StateStore, StateStoreError,
    Transition,
};
use signals::Minute;
use simulator::FaultKind;

use super::world::{World, fault};

#[derive(Debug)]
pub(super) struct Faulty {
    inner: Arc<dyn StateStore>,
    calls: AtomicU32,
    /// The call that fails; even ones before, odd ones after they were carried out.
    fails: u32,
}

impl Faulty {
    /// The same store, whose call of this number fails.
    pub(super) fn at(inner: Arc<dyn StateStore>, fails: u32) -> Self {
        Self {
            inner,
            calls: AtomicU32::new(0),
            fails,
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

    async fn pass<T>(
        &self,
        call: impl Future<Output = Result<T, StateStoreError>>,
    ) -> Result<T, StateStoreError> {
        let number = self.calls.fetch_add(1, Ordering::SeqCst);
        if number != self.fails {
            return call.await;
        }
        if number % 2 == 1 {
            call.await?;
        }
        Err(Self::refusal())
    }
}

#[async_trait]
impl StateStore for Faulty {
    async fn claim_window(
        &self,
        shard: u16,
        window: Minute,
        owner: &str,
        now: Timestamp,
        lease_until: Timestamp,
    ) -> Result<Claim, StateStoreError> {
        self.pass(
            self.inner
                .claim_window(shard, window, owner, now, lease_until),
        )
        .await
    }

    async fn finish_window(
        &self,
        shard: u16,
        window: Minute,
        owner: &str,
    ) -> Result<(), StateStoreError> {
        self.pass(self.inner.finish_window(shard, window, owner))
            .await
    }

    async fn pointer(&self, shard: u16) -> Result<Option<Pointer>, StateStoreError> {
        self.pass(self.inner.pointer(shard)).await
    }

    async fn advance(&self, shard: u16, to: Pointer) -> Result<(), StateStoreError> {
        self.pass(self.inner.advance(shard, to)).await
    }

    async fn alert(&self, fingerprint: &str) -> Result<Option<AlertItem>, StateStoreError> {
        self.pass(self.inner.alert(fingerprint)).await
    }

    async fn alerts(&self, fingerprints: &[String]) -> Result<Vec<AlertItem>, StateStoreError> {
        self.pass(self.inner.alerts(fingerprints)).await
    }

    async fn apply(&self, transition: &Transition) -> Result<Applied, StateStoreError> {
        self.pass(self.inner.apply(transition)).await
    }

    async fn outbox(&self) -> Result<Vec<OutboxItem>, StateStoreError> {
        self.pass(self.inner.outbox()).await
    }

    async fn lease(
        &self,
        id: &str,
        now: Timestamp,
        lease_until: Timestamp,
    ) -> Result<bool, StateStoreError> {
        self.pass(self.inner.lease(id, now, lease_until)).await
    }

    async fn sent(
        &self,
        item: &OutboxItem,
        receipt: &str,
        at: Timestamp,
    ) -> Result<(), StateStoreError> {
        self.pass(self.inner.sent(item, receipt, at)).await
    }

    async fn dead(
        &self,
        item: &OutboxItem,
        reason: &str,
        at: Timestamp,
    ) -> Result<(), StateStoreError> {
        self.pass(self.inner.dead(item, reason, at)).await
    }

    async fn keep(&self, notes: Notes, note: &Note) -> Result<(), StateStoreError> {
        self.pass(self.inner.keep(notes, note)).await
    }

    async fn kept(&self, notes: Notes) -> Result<Vec<(String, String)>, StateStoreError> {
        self.pass(self.inner.kept(notes)).await
    }

    async fn newest_kept(
        &self,
        notes: Notes,
        from: &str,
        to: &str,
        limit: u16,
    ) -> Result<Vec<(String, String)>, StateStoreError> {
        self.pass(self.inner.newest_kept(notes, from, to, limit))
            .await
    }

    async fn history(&self, from: Minute, to: Minute) -> Result<Vec<String>, StateStoreError> {
        self.inner.history(from, to).await
    }
}

const MINUTES: i64 = 9;

/// Two hours are enough to judge errors by, and the latency of the same requests is not needed here.
async fn world() -> World {
    let mut world = World::with_history(120, vec![fault(FaultKind::Error, 3, 5)]).await;
    world.deps.change_feed = true;
    world
}

#[tokio::test]
async fn a_failure_at_any_call_loses_no_incident_and_opens_none_twice() {
    let undisturbed = world().await;
    undisturbed.pass(0..MINUTES).await;
    let expected = (undisturbed.incidents().await, undisturbed.inbox.all());
    assert_eq!(expected.0.len(), 1, "{expected:?}");

    for fails in (0..).step_by(7) {
        let mut world = world().await;
        let faulty = Arc::new(Faulty::at(world.deps.state.clone(), fails));
        world.deps.state = faulty.clone();
        let mut errors = 0;
        for after in 0..MINUTES {
            world.arrives(after).await;
            errors += u32::from(world.tick(after).await.is_err());
        }
        if faulty.calls.load(Ordering::SeqCst) <= fails {
            assert_eq!(errors, 0);
            assert!(fails > 60, "the test ended after {fails} calls");
            return;
        }
        assert_eq!(errors, 1, "call {fails}");
        // What the last run left undone, its retry does; a lease that it held has ended by then.
        world.tick(MINUTES - 1).await.unwrap();
        world.clock.set(world.minute(MINUTES).plus(1).start());
        crate::outbox::send(&world.deps, &mut crate::Outcome::default())
            .await
            .unwrap();
        assert_eq!(world.incidents().await, expected.0, "call {fails}");
        let mut sent = world.inbox.all();
        sent.dedup();
        assert_eq!(sent, expected.1, "call {fails}");
        assert!(
            world.deps.state.outbox().await.unwrap().is_empty(),
            "call {fails}"
        );
    }
}
