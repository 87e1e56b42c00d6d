//! Looks whose reads fail, hang or have no time left.

use std::sync::Arc;
use std::time::Duration;

use simulator::FaultKind;

use super::super::unreadable::{Read, Unreadable};
use super::{Rollout, Serving, both_heard, canary, serving};
use crate::Outcome;
use crate::canary::{Limits, look_within};

#[tokio::test]
async fn a_read_that_fails_costs_the_look_and_not_the_run() {
    let mut rollout = Rollout::of(60.0).await;
    let versions = canary(|new| new.with(FaultKind::Error, 0.6));
    rollout.pass(0..8, &versions).await;
    let store = rollout.world.deps.series.clone();
    rollout.world.deps.series = Arc::new(Unreadable::new(store.clone(), Read::Fails));
    let failed = rollout.pass(8..9, &versions).await.remove(0);
    assert_eq!((failed.status, failed.version_reads_failed), ("ran", 1));
    assert!(
        failed.verdicts.is_empty(),
        "unknown is neither worse nor not"
    );
    rollout.world.deps.series = store;
    let again = rollout.pass(9..10, &versions).await.remove(0);
    assert!(again.verdicts[0].worse);
}

#[tokio::test]
async fn a_read_that_hangs_or_fails_keeps_no_message_waiting() {
    for how in [Read::Hangs, Read::Fails] {
        let mut rollout = Rollout::of(60.0).await;
        let store = Arc::new(Unreadable::new(rollout.world.deps.series.clone(), how));
        rollout.world.deps.series = store.clone();
        let ill = |serving: Serving| serving.with(FaultKind::Error, 0.6);
        let mut versions = vec![serving("41", -5..0, 1.0)];
        versions.extend([("41", 0.9), ("42", 0.1)].map(|(it, part)| ill(serving(it, 0..60, part))));
        for after in -2..8 {
            rollout.arrives(after, &versions).await;
            // The run dies over a read that hangs, as it would at the function's deadline.
            tokio::select! {
                biased;
                outcome = rollout.world.tick(after) => assert_eq!(outcome.unwrap().status, "ran"),
                () = store.hung.notified() => {}
            }
            let waiting = rollout.world.deps.state.outbox().await.unwrap();
            assert!(waiting.is_empty(), "{how:?}, minute {after}: {waiting:?}");
        }
        assert!(!rollout.world.inbox.ids().is_empty(), "{how:?}");
    }
}

#[tokio::test]
async fn looks_end_when_their_time_is_over_and_say_how_many_are_left() {
    let mut rollout = Rollout::of(60.0).await;
    let store = rollout.world.deps.series.clone();
    rollout.world.deps.series = Arc::new(Unreadable::new(store, Read::Hangs));
    let second = Duration::from_secs(1);
    for (name, all, one, expected) in [
        (
            "a hanging read costs itself",
            second,
            Duration::ZERO,
            (1, 1, 0),
        ),
        ("no time at all", Duration::ZERO, second, (0, 0, 1)),
    ] {
        let mut outcome = Outcome::default();
        let at = rollout.world.minute(9).start();
        let deps = &rollout.world.deps;
        look_within(&Limits { all, one }, deps, at, &both_heard(), &mut outcome).await;
        let found = (
            outcome.version_reads,
            outcome.version_reads_failed,
            outcome.version_reads_postponed,
        );
        assert_eq!(found, expected, "{name}");
        assert!(outcome.verdicts.is_empty(), "{name}");
    }
}
