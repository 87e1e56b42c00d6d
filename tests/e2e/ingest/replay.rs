//! Poisoned store → retries → record in the destination → store mended → replay → the same totals.

use e2e::subscription::{document, event};
use platform::series_store::Rollups;
use serde_json::{Value, json};
use signals::Minute;

use super::world::{Fate, World};

const GROUP: &str = "/aws/lambda/cars";
/// 2026-11-20T22:05:00.123Z
const MILLIS: i64 = 1_795_212_300_123;
/// Minutes of a batch: more items than one `BatchWriteItem` takes (25, Amazon DynamoDB API reference).
const MINUTES: i64 = 40;

fn emf(minute: i64, latency: f64) -> String {
    json!({
        "_aws": { "Timestamp": MILLIS + minute * 60_000, "CloudWatchMetrics": [{
            "Namespace": "Cars", "Dimensions": [["service"]], "Metrics": [{ "Name": "Latency", "Unit": "Milliseconds" }],
        }] },
        "service": "cars", "Latency": latency, "user": "jane.doe@example.com",
    })
    .to_string()
}

/// Batches of three streams: one minute each, but for one that has many.
fn payloads() -> Vec<Value> {
    let batch = |stream: &str, messages: &[String]| {
        let mut document = document(GROUP, MILLIS, messages);
        document["logStream"] = json!(stream);
        event(&document)
    };
    let long: Vec<_> = (0..MINUTES).map(|minute| emf(minute, 7.0)).collect();
    vec![
        batch("2026/11/20/[1]a", &[emf(0, 20.5), emf(0, 30.25)]),
        batch("2026/11/20/[1]b", &long),
        batch("2026/11/20/[1]c", &[emf(1, 1.0), emf(0, 2.0)]),
    ]
}

async fn stored(world: &World) -> Rollups {
    let minute = Minute::from_millis(MILLIS);
    world.stored(GROUP, minute, minute.plus(MINUTES)).await
}

async fn undisturbed() -> Rollups {
    let world = World::start().await;
    let mut function = world.function().await;
    for payload in payloads() {
        assert!(world.invoke(&mut function, &payload).await);
    }
    assert_eq!(world.queued(), (0, 0));
    stored(&world).await
}

/// Refuses the writes of rollups that `refuses` names by their number; the ledger and everything else works.
fn refusing(world: &World, refuses: impl Fn(u32) -> bool + Send + Sync + 'static) {
    world.plan(move |operation, nth| {
        if operation == "BatchWriteItem" && refuses(nth) {
            Fate::Denied
        } else {
            Fate::Works
        }
    });
}

/// Nothing that a log line said may be shown.
#[track_caller]
fn discreet(output: &(i32, String, String)) {
    let (_, stdout, stderr) = output;
    assert!(
        !stdout.contains("jane") && !stderr.contains("jane"),
        "{stdout}{stderr}"
    );
}

#[tokio::test]
async fn what_a_poisoned_store_refused_is_replayed_to_the_same_totals() {
    let expected = undisturbed().await;
    let world = World::start().await;
    let mut function = world.function().await;
    refusing(&world, |_| true);
    for payload in payloads() {
        assert!(!world.invoke(&mut function, &payload).await);
    }
    assert_eq!(world.queued(), (3, 0));
    assert!(stored(&world).await.is_empty());

    // Still broken: everything stays, and is there for the next one at once.
    let output = world.replay(&[]).await;
    discreet(&output);
    let (code, stdout, stderr) = output;
    assert_eq!(code, 1, "{stdout}{stderr}");
    assert!(stderr.starts_with("outrider: ") && stderr.lines().count() == 1);
    assert_eq!(world.queued(), (3, 0));

    refusing(&world, |_| false);
    let output = world.replay(&["--dry-run"]).await;
    discreet(&output);
    assert!(output.1.contains("3 would be replayed"), "{output:?}");
    assert_eq!(world.calls("BatchWriteItem"), 0);
    assert_eq!(world.queued(), (3, 0), "a dry run takes nothing away");

    let output = world.replay(&["--json"]).await;
    discreet(&output);
    let (code, stdout, stderr) = output;
    assert_eq!((code, stderr.as_str()), (0, ""), "{stdout}");
    let told: Value = serde_json::from_str(&stdout).unwrap();
    assert_eq!(
        (&told["records"], &told["replayed"], &told["events"]),
        (&json!(3), &json!(3), &json!(2 + MINUTES + 2)),
        "{told}"
    );
    assert_eq!(world.queued(), (0, 0));
    assert_eq!(stored(&world).await, expected);
}

#[tokio::test]
async fn half_a_batch_that_was_written_is_completed_and_not_counted_twice() {
    let expected = undisturbed().await;
    let [one, long, other] = &payloads()[..] else {
        panic!("three payloads")
    };
    let mut halves = 0;
    // The store refuses after each number of writes there is, marks of late minutes among them.
    for taken in 0.. {
        let world = World::start().await;
        let mut function = world.function().await;
        refusing(&world, move |nth| nth >= taken);
        if world.invoke(&mut function, long).await {
            assert!(
                taken > 1,
                "a batch of {MINUTES} minutes takes several writes"
            );
            break;
        }
        let half = stored(&world).await.len();
        halves += usize::from((1..expected.len()).contains(&half));
        refusing(&world, |_| false);
        for payload in [one, other] {
            assert!(world.invoke(&mut function, payload).await);
        }
        let (code, stdout, stderr) = world.replay(&[]).await;
        assert_eq!((code, stderr.as_str()), (0, ""), "{taken}: {stdout}");
        assert_eq!(stored(&world).await, expected, "{taken} writes were taken");
    }
    assert!(halves > 0, "some of a batch was there, some was not");
}

#[tokio::test]
async fn a_replay_that_ends_between_write_and_delete_is_done_again_without_harm() {
    let expected = undisturbed().await;
    let world = World::start().await;
    let mut function = world.function().await;
    refusing(&world, |_| true);
    for payload in payloads() {
        world.invoke(&mut function, &payload).await;
    }
    world.plan(|operation, _| match operation {
        "DeleteMessage" => Fate::Denied,
        _ => Fate::Works,
    });
    let (code, stdout, stderr) = world.replay(&[]).await;
    assert_eq!(code, 1, "{stdout}{stderr}");
    assert!(
        stdout.contains("written, and not deleted: DeleteMessage"),
        "{stdout}"
    );
    assert_eq!(world.queued(), (3, 0));
    assert_eq!(stored(&world).await, expected);

    // A delete that was done and whose answer was lost is done again, which is none of anybody's business.
    world.plan(|operation, nth| match operation {
        "DeleteMessage" if nth == 0 => Fate::AnswerLost,
        _ => Fate::Works,
    });
    let (code, stdout, stderr) = world.replay(&[]).await;
    assert_eq!((code, stderr.as_str()), (0, ""), "{stdout}");
    assert_eq!(world.queued(), (0, 0));
    assert_eq!(stored(&world).await, expected);
}

#[tokio::test]
async fn poison_stays_and_costs_no_other() {
    let expected = undisturbed().await;
    let world = World::start().await;
    let mut function = world.function().await;
    let poison = json!({ "awslogs": { "data": "bm90IGd6aXA=" } });
    assert!(!world.invoke(&mut function, &poison).await);
    world.send("{\"user\":\"jane.doe@example.com\"");
    refusing(&world, |_| true);
    for payload in payloads() {
        world.invoke(&mut function, &payload).await;
    }
    refusing(&world, |_| false);
    let output = world.replay(&[]).await;
    discreet(&output);
    let (code, stdout, stderr) = output;
    assert_eq!(code, 2, "{stdout}{stderr}");
    assert!(
        stderr.starts_with(
            "outrider: message m-0: awslogs.data is base64 of something that is not gzip"
        ),
        "{stderr}"
    );
    assert!(
        stdout.contains("unreadable: message m-1: the record is no JSON object"),
        "{stdout}"
    );
    assert!(
        stdout.ends_with("3 replayed (44 log events, 43 rollup items), 0 left, 2 unreadable\n"),
        "{stdout}"
    );
    assert_eq!(world.queued(), (2, 0), "it is for somebody to look at");
    assert_eq!(stored(&world).await, expected);
}

#[tokio::test]
async fn a_queue_that_throttles_at_first_is_worked_off() {
    let expected = undisturbed().await;
    let world = World::start().await;
    let mut function = world.function().await;
    refusing(&world, |_| true);
    for payload in payloads() {
        world.invoke(&mut function, &payload).await;
    }
    world.plan(|operation, nth| match operation {
        "ReceiveMessage" | "DeleteMessage" if nth < 2 => Fate::Throttled,
        _ => Fate::Works,
    });
    let (code, stdout, stderr) = world.replay(&[]).await;
    assert_eq!((code, stderr.as_str()), (0, ""), "{stdout}");
    assert_eq!((world.queued(), stored(&world).await), ((0, 0), expected));
}
