//! The same lifecycle event twice: one after the other, after a crash, and at the same time.

use super::world::{Act, World};
use crate::Verdict;
use crate::deployments::Reported;

#[tokio::test]
async fn the_same_event_again_finds_codedeploy_told_and_leaves_nothing() {
    let world = World::new();
    world.run().await.unwrap();
    world.advance(70);
    let outcome = world.run().await.unwrap();
    assert_eq!(
        (outcome.verdict, outcome.reported),
        (Verdict::Succeeded, Reported::Before)
    );
    assert_eq!(world.told(), [Verdict::Succeeded]);
    assert!(world.cars().is_empty());
}

#[tokio::test]
async fn a_run_that_could_not_report_is_made_up_for_by_the_next() {
    let world = World::new();
    world.refuse(3, true);
    world.run().await.unwrap_err();
    world.advance(60);
    let outcome = world.run().await.unwrap();
    assert_eq!(
        (outcome.verdict, outcome.reported),
        (Verdict::Succeeded, Reported::Now)
    );
    assert!(world.cars().is_empty());
}

/// Runs until the call hangs, and drops the run there: what a crash or a time-out of the function does.
async fn killed_at(world: &World, call: usize) {
    world.plan(&[(call, Act::Hangs)]);
    tokio::select! {
        _ = world.run() => panic!("call {call} did not hang"),
        () = world.model.hangs.notified() => {}
    }
    world.plan(&[]);
}

#[tokio::test]
async fn a_run_that_was_killed_anywhere_reported_nothing_and_the_next_one_tries_and_cleans_up() {
    for call in 1..=6 {
        let world = World::new();
        killed_at(&world, call).await;
        assert!(world.told().is_empty(), "killed at call {call}");
        world.advance(61);
        let outcome = world.run().await.unwrap();
        assert_eq!(
            world.told(),
            [Verdict::Succeeded],
            "killed at call {call}: {outcome:?}"
        );
        assert!(
            world.cars().is_empty(),
            "killed at call {call} leaves {:?}",
            world.cars()
        );
    }
}

#[tokio::test]
async fn a_run_beside_another_leaves_the_other_s_car_alone() {
    let world = World::new();
    killed_at(&world, 3).await;
    let other = world.cars();
    // As far as this run knows, the other one is still at it.
    world.advance(5);
    let outcome = world.run().await.unwrap();
    assert_eq!(outcome.verdict, Verdict::Succeeded, "{outcome:?}");
    assert_eq!(world.cars(), other);
}

#[tokio::test]
async fn an_event_that_never_ends_well_stops_making_cars() {
    let world = World::new();
    for run in 1..=8 {
        // Each run finds the cars of all before it, and is killed when it has created its own.
        killed_at(&world, run).await;
        assert_eq!(world.cars().len(), run);
    }
    let complaint = world.run().await.unwrap().complaint.unwrap();
    assert!(complaint.reason.contains("8 runs"), "{complaint:?}");
    assert_eq!(
        (world.told(), world.cars().len()),
        (vec![Verdict::Failed], 8)
    );
}
