//! Events that the bus does not take wait on the queue; only when that fails too is one lost, and then it is counted.

use std::sync::Arc;

use serde_json::json;

use super::harness::*;
use crate::events::eventbridge::EventBridge;
use crate::queue::QueueError;
use crate::{Deps, Service};

fn rented() -> Ask {
    patch("/cars/c-1").json(json!({ "status": "Rented" }))
}

#[tokio::test]
async fn an_event_that_the_bus_refuses_is_published_later_as_the_same_event() {
    let world = World::with(&QUEUE, |store| store).await;
    world.car("c-1").await;
    *world.bus.refuse.lock().unwrap() = 1;
    assert_eq!(world.call(rented().request_id("r-1")).await.status, 200);
    let document = world.last();
    let counted = [
        "EventsPublished",
        "EventsDeferred",
        "EventPublishFailures",
        "RetriesExhausted",
        "Faults",
    ]
    .map(|name| document[name].as_u64().unwrap());
    assert_eq!(counted, [1, 1, 0, 1, 0]);
    assert_eq!(world.bus.heard(), ["CarCreated", "CarStatusChanged"]);

    let waiting = world.queue.take();
    assert_eq!(world.deliver(&waiting).await, [0], "the bus still refuses");
    assert!(world.queue.take().is_empty(), "it waits once");
    *world.bus.refuse.lock().unwrap() = 0;
    assert!(world.deliver(&waiting).await.is_empty());
    assert_eq!(
        world.bus.heard(),
        ["CarCreated", "CarStatusChanged", "CarUpdated"]
    );
    let told = world.bus.details().pop().unwrap();
    assert_eq!(
        (&told["event_id"], &told["occurred_at"]),
        (
            &json!(crate::ids::derived("r-1", "acme.acs.acm.events.CarUpdated")),
            &json!("2026-11-16T12:00:00Z")
        )
    );
}

#[tokio::test]
async fn a_bus_that_cannot_be_reached_costs_no_event() {
    let world = World::with(&QUEUE, |store| store).await;
    let aws = platform::aws::for_endpoint("http://127.0.0.1:1").await;
    let nowhere = aws_sdk_eventbridge::Client::new(&aws);
    let clock = world.deps.clock.clone();
    let service = Service::new(Deps {
        events: Arc::new(EventBridge::new(nowhere, "cars", clock)),
        ..world.deps.clone()
    });
    let body = json!({ "car_id": "c-1", "model": "M", "year": 2024 });
    let reply = answer(&service.router(), post("/cars").json(body)).await;
    assert_eq!(reply.status, 201);
    assert_eq!(
        (
            &world.last()["EventsDeferred"],
            &world.last()["EventPublishFailures"]
        ),
        (&json!(1), &json!(0))
    );
    assert!(world.deliver(&world.queue.take()).await.is_empty());
    assert_eq!(world.bus.heard(), ["CarCreated"]);
}

#[tokio::test]
async fn an_event_that_the_queue_refuses_too_is_counted_and_fails_no_request() {
    let world = World::with(&QUEUE, |store| store).await;
    world.car("c-1").await;
    *world.bus.refuse.lock().unwrap() = 2;
    let (operation, message) = ("SendMessage", "no".to_owned());
    *world.queue.refuse.lock().unwrap() = Some(QueueError::Refused { operation, message });
    assert_eq!(world.call(rented()).await.status, 200);
    let document = world.last();
    assert_eq!(
        (
            &document["EventsDeferred"],
            &document["EventPublishFailures"]
        ),
        (&json!(null), &json!(2))
    );
}

#[tokio::test]
async fn an_accepted_creation_is_not_done_before_its_event_is_in_good_hands() {
    let world = World::with(&QUEUE, |store| store).await;
    let ask = post("/cars").header("prefer", "respond-async");
    let accepted = world
        .call(ask.json(json!({ "model": "M", "year": 2024 })))
        .await;
    let message = world.queue.take();
    *world.bus.refuse.lock().unwrap() = 1;
    let (operation, text) = ("SendMessage", "no".to_owned());
    *world.queue.refuse.lock().unwrap() = Some(QueueError::Unavailable {
        operation,
        message: text,
    });
    assert_eq!(world.deliver(&message).await, [0]);
    let status = world.call(get(accepted.header("location"))).await;
    assert_eq!(status.body["status"], "accepted");
    *world.queue.refuse.lock().unwrap() = None;
    assert!(world.deliver(&message).await.is_empty(), "the queue has it");
    *world.bus.refuse.lock().unwrap() = 0;
    assert!(world.deliver(&world.queue.take()).await.is_empty());
    assert_eq!(world.bus.heard(), ["CarCreated"]);
    let status = world.call(get(accepted.header("location"))).await;
    assert_eq!(status.body["status"], "created");
}

#[tokio::test]
async fn a_creation_that_is_repeated_tells_the_same_event_again_in_case_the_first_attempt_could_not()
 {
    let world = World::new().await;
    let ask = |request: &str| {
        let ask = post("/cars")
            .request_id(request)
            .header("idempotency-key", "k-1");
        ask.header("x-correlation-id", request)
            .json(json!({ "model": "M", "year": 2024 }))
    };
    // The first attempt died before it told anybody.
    *world.bus.refuse.lock().unwrap() = 1;
    world.call(ask("r-1")).await;
    assert!(world.bus.heard().is_empty());
    *world.bus.refuse.lock().unwrap() = 0;
    world.clock.advance(std::time::Duration::from_secs(9));
    world.call(ask("r-2")).await;
    world.call(ask("r-3")).await;
    let told = world.bus.details();
    assert_eq!(told.len(), 2);
    assert_eq!(told[0], told[1], "to the last byte");
    assert_eq!(
        (
            &told[0]["event_id"],
            &told[0]["correlation_id"],
            &told[0]["occurred_at"]
        ),
        (
            &json!(crate::ids::derived("r-1", "acme.acs.acm.events.CarCreated")),
            &json!("r-1"),
            &json!("2026-11-16T12:00:00Z")
        )
    );
}
