//! What AWS tells of changes, from the event to the page.

use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use platform::state_store::{Note, Notes};
use serde_json::{Value, json};
use simulator::FaultKind;

use super::faulty::Faulty;
use super::world::{World, fault};
use crate::change_feed::Feed;
use crate::{Answer, Error, Received, around, receive};

const CALL: &str = include_str!("../../../crates/incidents/src/change/fixtures/call.json");
const HEALTH: &str = include_str!("../../../crates/incidents/src/change/fixtures/health.json");

/// An event of the account and region of the test, at a time.
fn event(text: &str, at: Timestamp) -> Value {
    let mut event: Value = serde_json::from_str(text).unwrap();
    event["account"] = json!("000000000000");
    event["time"] = json!(at.to_string());
    event["detail"]["eventTime"] = json!(at.to_string());
    event["detail"]["startTime"] = json!(null);
    event["detail"]["affectedAccount"] = json!("000000000000");
    event
}

/// A service that fails from minute 10 on, and a feed of changes.
async fn world() -> World {
    let mut world = World::with_history(120, vec![fault(FaultKind::Error, 10, 20)]).await;
    world.deps.change_feed = true;
    world
}

async fn kept(world: &World, event: &Value) -> String {
    match receive(event, &world.deps).await.unwrap() {
        Answer::Event(Received::Kept(text)) => text,
        other => panic!("{other:?}"),
    }
}

/// The page of the incident, once it is open.
async fn page(world: &World) -> String {
    world.pass(0..14).await;
    let sent = world.inbox.all();
    let page = sent.iter().find(|sent| sent.email.contains("[PAGE]"));
    page.expect("the fault is noticed").email.clone()
}

async fn stored(world: &World) -> Vec<(String, String)> {
    let state = &world.deps.state;
    state
        .newest_kept(Notes::Changes, " ", "~", 1_000)
        .await
        .unwrap()
}

#[tokio::test]
async fn a_change_four_minutes_before_the_onset_stands_in_the_page_once_however_often_it_is_told() {
    let world = world().await;
    let event = event(CALL, world.minute(6).start());
    for _ in 0..3 {
        let text = kept(&world, &event).await;
        assert!(text.starts_with("UpdateFunctionConfiguration car-api by ci-deploy/build-812"));
    }
    assert_eq!(stored(&world).await.len(), 1);
    let page = page(&world).await;
    let done =
        "UpdateFunctionConfiguration car-api by ci-deploy/build-812 (memory 128 MB, environment)";
    for part in [
        format!("\nChanged   2026-11-18 10:06 UTC {done} (4 min before the start)"),
        format!("a change just before (possible): {done} came 4 min before the start"),
        "if they fit, roll that change back".to_owned(),
    ] {
        assert!(page.contains(&part), "{part} is missing in\n{page}");
    }
    assert_eq!(page.matches("\nChanged").count(), 1);

    let record = world.incidents().await.pop().unwrap();
    let found = around(&world.deps, &record).await.unwrap();
    let ids: Vec<_> = found.iter().map(|marker| marker.id.as_str()).collect();
    assert_eq!(ids, ["6a7e8feb-b491-4cf7-a9f1-bf3703467718"]);
}

#[tokio::test]
async fn what_goes_on_at_aws_stands_in_the_page_of_every_service() {
    let world = world().await;
    kept(&world, &event(HEALTH, world.minute(8).start())).await;
    let text = "AWS Health: LAMBDA operational issue open in eu-west-1";
    let feed = Feed::read(&world.deps, world.minute(12).start())
        .await
        .unwrap();
    for function in ["car-api", "orders", ""] {
        let told = feed.told(function, None);
        assert_eq!(told.len(), 1);
        assert_eq!(told[0].text, text);
    }
    let page = page(&world).await;
    let line = format!("\nChanged   2026-11-18 10:08 UTC {text} (2 min before the start)");
    assert!(page.contains(&line), "{page}");
    assert!(!page.contains("roll that change back"), "{page}");
}

#[tokio::test]
async fn without_a_feed_nothing_is_known_and_with_a_silent_one_nothing_was_changed() {
    for (feed, said) in [
        (
            false,
            "\nChanged   unknown: no feed of deploys and changes is connected",
        ),
        (
            true,
            "\nChanged   none found (the feed told nothing for a day; it knows calls of the Lambda API only with a CloudTrail trail)",
        ),
    ] {
        let mut world = world().await;
        world.deps.change_feed = feed;
        let page = page(&world).await;
        assert!(page.contains(said), "{said} is missing in\n{page}");
    }
}

#[tokio::test]
async fn what_concerns_nobody_here_is_ignored_and_says_why() {
    let world = world().await;
    for (member, value, why) in [
        ("functionName", json!("orders"), "orders is not watched"),
        ("dryRun", json!(true), "the call was a dry run"),
    ] {
        let mut event = event(CALL, world.minute(1).start());
        event["detail"]["requestParameters"][member] = value;
        let answer = receive(&event, &world.deps).await.unwrap();
        assert_eq!(answer, Answer::Event(Received::Ignored(why.to_owned())));
        let json = serde_json::to_value(&answer).unwrap();
        assert_eq!(json, json!({"status": "ignored", "because": why}));
    }
    assert_eq!(stored(&world).await, []);
}

#[tokio::test]
async fn what_is_neither_a_tick_nor_an_event_is_refused_and_never_tried_again_with_hope() {
    let mut world = world().await;
    let mut strange = event(CALL, world.minute(1).start());
    strange["id"] = json!("a b");
    let refused = async |world: &World, payload: Value| -> String {
        let error = receive(&payload, &world.deps).await.unwrap_err();
        assert!(
            matches!(error, Error::Event(_)) && !error.is_retryable(),
            "{error}"
        );
        error.to_string()
    };
    for (payload, part) in [
        (json!(null), "neither the schedule's"),
        (json!({"at": "tomorrow"}), "neither the schedule's"),
        (json!({"shard": 0}), "missing field `at`"),
        (
            json!({"Records": []}),
            "nor one of EventBridge with source and detail-type",
        ),
        (
            json!({"detail-type": "AWS API Call via CloudTrail", "source": "aws.s3"}),
            "accepted are",
        ),
        (strange, "no usable /id"),
    ] {
        let said = refused(&world, payload).await;
        assert!(said.contains(part), "{said}");
    }
    world.deps.change_feed = false;
    let said = refused(&world, event(CALL, world.minute(1).start())).await;
    assert!(said.contains("set CAROBS_CHANGE_FEED to enabled"), "{said}");
    assert_eq!(stored(&world).await, []);
}

#[tokio::test]
async fn a_tick_is_a_run() {
    let world = world().await;
    world.arrives(0).await;
    let tick = json!({"at": world.minute(1).start().to_string(), "shard": 0});
    let answer = receive(&tick, &world.deps).await.unwrap();
    let Answer::Run(outcome) = &answer else {
        panic!("{answer:?}");
    };
    assert_eq!(outcome.status, "ran");
    assert_eq!(serde_json::to_value(&answer).unwrap()["status"], "ran");
}

#[tokio::test]
async fn a_store_that_fails_is_tried_again_and_the_second_time_changes_nothing() {
    // The first call is refused before it is carried out, the second one afterwards.
    for fails in [0, 1] {
        let mut world = world().await;
        let inner = world.deps.state.clone();
        world.deps.state = Arc::new(Faulty::at(inner, fails));
        let event = event(CALL, world.minute(1).start());
        let mut retryable = 0;
        for _ in 0..3 {
            if let Err(error) = receive(&event, &world.deps).await {
                assert!(error.is_retryable(), "{error}");
                retryable += 1;
            }
        }
        assert_eq!((retryable, stored(&world).await.len()), (1, 1));
    }
}

#[tokio::test]
async fn a_flood_costs_no_more_than_the_newest_hundred_and_what_cannot_be_read_is_left_out() {
    let world = world().await;
    let from = world.minute(0).start();
    for second in 0..130 {
        let at = from + SignedDuration::from_secs(second);
        kept(&world, &event(CALL, at)).await;
    }
    let damaged = Note {
        id: format!("{}#damaged", world.minute(4).start()),
        body: "{\"schema\":99}".to_owned(),
        until: from,
    };
    world
        .deps
        .state
        .keep(Notes::Changes, &damaged)
        .await
        .unwrap();
    let due = world.minute(5).start();
    let feed = Feed::read(&world.deps, due).await.unwrap();
    assert_eq!(feed.told("car-api", None).len(), 99);
    assert_eq!(
        feed.last_seen(),
        Some(from + SignedDuration::from_secs(129))
    );
    // What is to come is not known yet, and what is older than a day does not matter any more.
    let early = Feed::read(&world.deps, from).await.unwrap();
    assert_eq!(early.told("car-api", None).len(), 1);
    let late = Feed::read(&world.deps, due + SignedDuration::from_hours(25))
        .await
        .unwrap();
    assert_eq!(
        (late.told("car-api", None).len(), late.last_seen()),
        (0, None)
    );
}
