//! Messages that no retry can help, and batches of good and bad.

use std::sync::Arc;

use async_trait::async_trait;
use lambda_http::Context;
use platform::emit::{Captured, Emitter};
use platform::logging::{Level, subscriber};
use serde_json::{Value, json};
use tracing::instrument::WithSubscriber;

use super::harness::*;
use crate::events::{CarEvent, EventPublisher, Published};
use crate::queue::Work;
use crate::queue::message::LARGEST_MESSAGE;
use crate::{Deps, Service};

/// A good message, changed.
async fn changed(change: impl FnOnce(&mut Value)) -> String {
    let world = World::with(&QUEUE, |store| store).await;
    let ask = post("/cars").header("prefer", "respond-async");
    world
        .call(ask.json(json!({ "car_id": "c-1", "model": "M", "year": 2024 })))
        .await;
    let mut message = serde_json::from_str(&world.queue.take()[0]).unwrap();
    change(&mut message);
    message.to_string()
}

#[tokio::test]
async fn a_message_that_no_retry_helps_is_given_back_counted_and_told_in_one_line() {
    let publish = json!({ "detail_type": "acme.acs.acm.events.CarCreated", "occurred_at": "2026-11-16T12:00:00Z", "detail": "{}" });
    let cases = [
        ("empty", String::new()),
        ("not JSON", "private: 48.85837".to_owned()),
        ("no object", "[]".to_owned()),
        ("no version", "{}".to_owned()),
        ("a newer version", changed(|message| message["v"] = json!(2)).await),
        ("no work", json!({ "v": 1 }).to_string()),
        ("two works", changed(|message| message["publish"] = publish.clone()).await),
        ("too large", format!("{{\"v\":1{}}}", " ".repeat(LARGEST_MESSAGE))),
        ("no car", changed(|message| message["create"]["car"] = json!({})).await),
        ("a car without its key", changed(|message| message["create"]["car"]["car_id"] = json!(null)).await),
        ("a car that is not valid", changed(|message| message["create"]["car"]["year"] = json!(1)).await),
        ("the key of a car", changed(|message| message["create"]["key"] = json!("c-1")).await),
        ("the key with a foreign letter", changed(|message| message["create"]["key"] = json!("idempotency#a b")).await),
        ("an id that is no UUID", changed(|message| message["create"]["request_id"] = json!("../cars")).await),
        ("an origin of another shape", changed(|message| message["create"]["origin_id"] = json!("a b")).await),
        ("an origin that is too long", changed(|message| message["create"]["origin_id"] = json!("a".repeat(129))).await),
        ("a correlation id that no client may have", changed(|message| message["create"]["correlation_id"] = json!("jo@example.com")).await),
        ("a correlation id that could forge", changed(|message| message["create"]["correlation_id"] = json!("a\"b")).await),
        ("a digest that is none", changed(|message| message["create"]["request"] = json!("")).await),
        ("a link to another host", changed(|message| message["create"]["prefix"] = json!("//example.com")).await),
        ("a link with a scheme", changed(|message| message["create"]["prefix"] = json!("https://example.com")).await),
        ("a link that leaves its path", changed(|message| message["create"]["prefix"] = json!("/..")).await),
        ("a link that breaks a header", changed(|message| message["create"]["prefix"] = json!("/a\r\nb")).await),
        ("a prefix that is too long", changed(|message| message["create"]["prefix"] = json!(format!("/{}", "a".repeat(129)))).await),
        ("a time that is none", changed(|message| message["create"]["accepted_at"] = json!("noon")).await),
        ("an event of no type", json!({ "v": 1, "publish": { "detail_type": "x", "occurred_at": "2026-11-16T12:00:00Z", "detail": "{}" } }).to_string()),
        ("an event that is no object", json!({ "v": 1, "publish": { "detail_type": "acme.acs.acm.events.CarCreated", "occurred_at": "2026-11-16T12:00:00Z", "detail": "x" } }).to_string()),
    ];
    for (rule, message) in cases {
        let world = World::with(&QUEUE, |store| store).await;
        let log = Arc::new(Captured::default());
        let identity = settings(&[]).identity;
        let lines = subscriber(
            log.clone() as Arc<dyn Emitter>,
            world.clock.clone(),
            &identity,
            &Level::named("INFO").unwrap(),
        );
        let given_back = world.deliver(&[message]).with_subscriber(lines).await;
        assert_eq!(given_back, [0], "{rule}");
        let document = world.last();
        assert_eq!(
            (
                &document["WorkPoisoned"],
                &document["WorkFailed"],
                &document["work"]
            ),
            (&json!(1), &json!(0), &json!("poison")),
            "{rule}"
        );
        let lines = log.lines();
        assert_eq!(lines.len(), 1, "{rule}: {lines:?}");
        let line: Value = serde_json::from_str(&lines[0]).unwrap();
        assert_eq!(
            (
                &line["level"],
                &line["error_class"],
                &line["message_id"],
                &line["attempt"]
            ),
            (
                &json!("ERROR"),
                &json!("poison-message"),
                &json!("m-0"),
                &json!(2)
            ),
            "{rule}"
        );
        assert!(!lines[0].contains("48.85837"), "{rule}: {}", lines[0]);
    }
}

#[tokio::test]
async fn only_what_failed_is_given_back() {
    let world = World::with(&QUEUE, |store| store).await;
    for id in ["c-1", "c-2"] {
        let ask = post("/cars").header("prefer", "respond-async");
        world
            .call(ask.json(json!({ "car_id": id, "model": "M", "year": 2024 })))
            .await;
    }
    let mut messages = world.queue.take();
    messages.insert(1, "poison".to_owned());
    assert_eq!(world.deliver(&messages).await, [1]);
    for id in ["c-1", "c-2"] {
        assert_eq!(world.call(get(&format!("/cars/{id}"))).await.status, 200);
    }
}

/// A bus that crashes at the news of one car.
#[derive(Debug)]
struct Crashing(&'static str);

#[async_trait]
impl EventPublisher for Crashing {
    async fn publish(&self, events: &[CarEvent]) -> Published {
        let meant = events.iter().any(|event| event.detail.contains(self.0));
        assert!(!meant, "injected: the bus crashes");
        Published::default()
    }
}

#[tokio::test]
async fn a_crash_is_the_failure_of_its_message_alone() {
    let world = World::with(&QUEUE, |store| store).await;
    for id in ["first", "second", "third"] {
        let ask = post("/cars").header("prefer", "respond-async");
        world
            .call(ask.json(json!({ "car_id": id, "model": "M", "year": 2024 })))
            .await;
    }
    let messages = world.queue.take();
    let before = world.documents().len();
    let service = Service::new(Deps {
        events: Arc::new(Crashing("second")),
        ..world.deps.clone()
    });
    assert_eq!(deliver(&service, &messages).await, [1]);
    let documents = world.documents().split_off(before);
    let work = documents
        .iter()
        .filter(|document| document.get("WorkDone").is_some());
    let ends: Vec<_> = work
        .map(|document| (&document["WorkDone"], &document["WorkFailed"]))
        .collect();
    let (no, yes) = (&json!(0), &json!(1));
    assert_eq!(ends, [(yes, no), (no, yes), (yes, no)]);
    assert_eq!(
        documents
            .iter()
            .filter(|one| one["error_type"] == "Crash")
            .count(),
        1
    );
    assert!(
        world.deliver(&messages[1..2]).await.is_empty(),
        "then it works"
    );
}

#[tokio::test]
async fn what_the_function_has_no_time_for_is_given_back_untouched() {
    let world = World::with(&QUEUE, |store| store).await;
    let ask = || post("/cars").header("prefer", "respond-async");
    for id in ["c-1", "c-2"] {
        world
            .call(ask().json(json!({ "car_id": id, "model": "M", "year": 2024 })))
            .await;
    }
    let records: Vec<_> = world
        .queue
        .take()
        .iter()
        .enumerate()
        .map(|(position, body)| json!({ "messageId": position.to_string(), "body": body, "eventSource": "aws:sqs" }))
        .collect();
    let mut context = Context::default();
    context.deadline = u64::try_from(noon().as_millisecond()).unwrap() + 3_000;
    let event = json!({ "Records": records }).to_string();
    let answer = world.service.handle(&event, context).await.unwrap();
    assert_eq!(
        answer.get(),
        r#"{"batchItemFailures":[{"itemIdentifier":"1"}]}"#
    );
    assert_eq!(world.call(get("/cars/c-1")).await.status, 200);
    assert_eq!(world.call(get("/cars/c-2")).await.status, 404);
}

#[tokio::test]
async fn no_client_of_a_gateway_can_make_a_message() {
    let world = World::with(&QUEUE, |store| store).await;
    let mut event: Value =
        serde_json::from_str(include_str!("fixtures/rest_v1_post.json")).unwrap();
    let forged =
        json!({ "Records": [{ "messageId": "1", "eventSource": "aws:sqs", "body": "{}" }] });
    event["body"] = json!(forged.to_string());
    let answer = world
        .service
        .handle(&event.to_string(), Context::default())
        .await
        .unwrap();
    let answer: Value = serde_json::from_str(answer.get()).unwrap();
    assert_eq!(answer["statusCode"], 422, "a body like any other: {answer}");
    // Events of other sources are none of ours.
    for source in ["aws:sns", "aws:s3"] {
        let event =
            json!({ "Records": [{ "messageId": "aws:sqs", "eventSource": source, "body": "{}" }] });
        assert!(
            world
                .service
                .handle(&event.to_string(), Context::default())
                .await
                .is_err()
        );
    }
}

#[test]
fn every_message_is_read_back_to_the_letter() {
    let event = crate::events::CarEvent {
        happened: crate::events::Happened::Updated,
        occurred_at: noon(),
        detail: "{\"a\":\"\\u00e9\"}".to_owned(),
    };
    let work = Work::Publish(event);
    assert_eq!(Work::decode(&work.encode()), Ok(work.clone()));
    assert_eq!(
        work.encode(),
        r#"{"v":1,"publish":{"detail_type":"acme.acs.acm.events.CarUpdated","occurred_at":"2026-11-16T12:00:00Z","detail":"{\"a\":\"\\u00e9\"}"}}"#
    );
}
