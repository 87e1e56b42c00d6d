//! The asynchronous write path: accepted now, created later, once.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use async_trait::async_trait;
use jiff::Timestamp;
use serde_json::{Value, json};

use super::harness::*;
use crate::car::CarId;
use crate::queue::QueueError;
use crate::requests::{Acceptance, Record, RequestStore, State};
use crate::store::{Meter, StoreError};
use crate::{Backlog, Deps, Service};

async fn world() -> World {
    World::with(&QUEUE, |store| store).await
}

fn car() -> Value {
    json!({ "model": "M", "year": 2024 })
}

fn later() -> Ask {
    post("/cars").header("prefer", "respond-async")
}

async fn status(world: &World, accepted: &Reply) -> Value {
    world.call(get(accepted.header("location"))).await.body
}

async fn cars(world: &World) -> usize {
    let list = world.call(get("/cars")).await.body;
    list.as_array().unwrap().len()
}

#[tokio::test]
async fn a_creation_is_accepted_first_and_happens_later() {
    let world = world().await;
    let accepted = world
        .call(
            later()
                .request_id("r-1")
                .header("x-correlation-id", "order-17")
                .json(car()),
        )
        .await;
    assert_eq!(
        (accepted.status, accepted.header("preference-applied")),
        (202, "respond-async")
    );
    let link = format!(
        "/requests/{}",
        accepted.body["request_id"].as_str().unwrap()
    );
    assert_eq!(accepted.header("location"), link);
    let id = accepted.body["car_id"].as_str().unwrap().to_owned();
    let expected = json!({
        "request_id": accepted.body["request_id"], "status": "accepted", "car_id": id,
        "accepted_at": "2026-11-16T12:00:00Z",
    });
    assert_eq!(accepted.body, expected);
    let document = world.last();
    assert_eq!(
        (
            &document["RequestsAccepted"],
            &document["CarsCreated"],
            &document["car_id"]
        ),
        (&json!(1), &json!(0), &json!(id))
    );
    assert_eq!(status(&world, &accepted).await, expected);
    assert_eq!(world.call(get(&format!("/cars/{id}"))).await.status, 404);
    assert!(world.bus.heard().is_empty());

    world.clock.advance(std::time::Duration::from_secs(5));
    assert!(world.deliver(&world.queue.take()).await.is_empty());
    let work = world.last();
    for (name, value) in [
        ("WorkDone", json!(1)),
        ("WorkFailed", json!(0)),
        ("WorkPoisoned", json!(0)),
        ("CarsCreated", json!(1)),
        ("EventsPublished", json!(1)),
        ("work", json!("create")),
        ("attempt", json!(2)),
        ("car_id", json!(id)),
        ("request_id", json!("batch-1")),
        ("correlation_id", json!("order-17")),
        ("message_id", json!("m-0")),
    ] {
        assert_eq!(work[name], value, "{name}");
    }
    let done = status(&world, &accepted).await;
    assert_eq!(
        (&done["status"], &done["location"], &done["finished_at"]),
        (
            &json!("created"),
            &json!(format!("/cars/{id}")),
            &json!("2026-11-16T12:00:05Z")
        )
    );
    let made = world.call(get(&format!("/cars/{id}"))).await;
    assert_eq!(
        (&made.body["created_at"], &made.body["model"]),
        (&json!("2026-11-16T12:00:00Z"), &json!("M"))
    );
    let told = world.bus.details().remove(0);
    assert_eq!(
        (&told["car_id"], &told["correlation_id"]),
        (&json!(id), &json!("order-17"))
    );
}

#[tokio::test]
async fn without_a_queue_the_preference_is_ignored() {
    let world = World::new().await;
    let reply = world.call(later().json(car())).await;
    assert_eq!(
        (reply.status, reply.header("preference-applied")),
        (201, "")
    );
    let unknown = "/requests/8e3f2c54-9ab0-8c11-8f5e-1b6f2a3c4d5e";
    assert_eq!(world.call(get(unknown)).await.status, 404);
}

#[tokio::test]
async fn what_is_not_valid_is_refused_at_once_and_leaves_nothing() {
    let world = world().await;
    for (ask, status) in [
        (later().json(json!({ "model": "M" })), 422),
        (later().header("content-type", "text/plain").text("x"), 415),
        (later().text("{"), 400),
        (later().header("idempotency-key", "").json(car()), 400),
    ] {
        assert_eq!(world.call(ask).await.status, status);
    }
    assert!(world.queue.take().is_empty());
}

#[tokio::test]
async fn a_message_that_comes_twice_creates_one_car_and_one_event() {
    let world = world().await;
    let accepted = world.call(later().json(car())).await;
    let message = world.queue.take().remove(0);
    assert!(
        world
            .deliver(&[message.clone(), message.clone()])
            .await
            .is_empty()
    );
    // And once more after the car was changed, and after it was deleted.
    let path = format!("/cars/{}", accepted.body["car_id"].as_str().unwrap());
    world.call(patch(&path).json(json!({ "year": 2025 }))).await;
    world.deliver(std::slice::from_ref(&message)).await;
    assert_eq!(world.call(get(&path)).await.body["year"], 2025);
    world.call(delete(&path)).await;
    world.deliver(&[message]).await;
    assert_eq!(world.call(get(&path)).await.status, 404, "no ghost");
    assert_eq!(
        world.bus.heard(),
        ["CarCreated", "CarUpdated", "CarDeleted"]
    );
    assert_eq!(status(&world, &accepted).await["status"], "created");
}

#[tokio::test]
async fn a_request_that_is_repeated_under_its_key_has_one_link_and_one_car() {
    let world = world().await;
    let order = |key: &str| later().header("idempotency-key", key);
    let first = world.call(order("k-1").json(car())).await;
    world.clock.advance(std::time::Duration::from_secs(1));
    let again = world.call(order("k-1").json(car())).await;
    assert_eq!(
        (
            again.status,
            again.header("idempotency-replayed"),
            &again.body
        ),
        (202, "true", &first.body)
    );
    let messages = world.queue.take();
    assert_eq!(
        messages.len(),
        2,
        "the first may have died before it was queued"
    );
    assert_eq!(messages[0], messages[1]);
    assert!(world.deliver(&messages).await.is_empty());
    let third = world.call(order("k-1").json(car())).await;
    assert_eq!(
        (third.status, &third.body["status"]),
        (202, &json!("created"))
    );
    assert!(world.queue.take().is_empty(), "it is done");
    let other = world
        .call(order("k-1").json(json!({ "model": "N", "year": 2024 })))
        .await;
    assert_eq!(
        (other.status, &other.body["type"]),
        (422, &json!("urn:acm:problem:idempotency-key-reused"))
    );
    // A repetition that would rather wait finds the car.
    let sync = world
        .call(post("/cars").header("idempotency-key", "k-1").json(car()))
        .await;
    assert_eq!(
        (
            sync.status,
            &sync.body["car_id"],
            sync.header("idempotency-replayed")
        ),
        (201, &first.body["car_id"], "true")
    );
    assert_eq!(cars(&world).await, 1);
}

#[tokio::test]
async fn a_creation_that_was_done_meanwhile_under_its_key_is_the_one_that_is_shown() {
    let world = world().await;
    let accepted = world
        .call(later().header("idempotency-key", "k-1").json(car()))
        .await;
    let sync = world
        .call(
            post("/cars")
                .request_id("r-9")
                .header("idempotency-key", "k-1")
                .json(car()),
        )
        .await;
    assert_eq!(sync.status, 201);
    assert!(world.deliver(&world.queue.take()).await.is_empty());
    let shown = status(&world, &accepted).await;
    assert_eq!(
        (&shown["status"], &shown["car_id"]),
        (&json!("created"), &sync.body["car_id"])
    );
    assert_eq!(cars(&world).await, 1);
    let ids: Vec<_> = world
        .bus
        .details()
        .iter()
        .map(|told| told["event_id"].clone())
        .collect();
    assert!(ids.iter().all(|id| *id == ids[0]), "one event: {ids:?}");
}

#[tokio::test]
async fn a_refusal_is_final_and_no_failure() {
    let world = world().await;
    world.car("c-1").await;
    let body = json!({ "car_id": "c-1", "model": "M", "year": 2024 });
    let accepted = world
        .call(later().header("x-correlation-id", "o-1").json(body))
        .await;
    let message = world.queue.take();
    assert!(world.deliver(&message).await.is_empty());
    let expected = json!({
        "type": "urn:acm:problem:duplicate-car", "title": "The car exists", "status": 409, "instance": "/cars",
        "detail": "A car with this car_id exists; update it with PUT.", "correlation_id": "o-1",
    });
    let refused = status(&world, &accepted).await;
    assert_eq!(
        (&refused["status"], &refused["problem"]),
        (&json!("refused"), &expected)
    );
    world.call(delete("/cars/c-1")).await;
    assert!(world.deliver(&message).await.is_empty());
    assert_eq!(
        world.call(get("/cars/c-1")).await.status,
        404,
        "what was refused stays refused"
    );
}

/// Fails at one call of the records, then works.
#[derive(Debug)]
struct Flaky {
    inner: Arc<dyn RequestStore>,
    fails_at: usize,
    calls: AtomicUsize,
}

impl Flaky {
    fn suffer(&self) -> Result<(), StoreError> {
        let operation = "UpdateItem";
        let message = "cut".to_owned();
        if self.calls.fetch_add(1, Ordering::SeqCst) == self.fails_at {
            return Err(StoreError::Unavailable { operation, message });
        }
        Ok(())
    }
}

#[async_trait]
impl RequestStore for Flaky {
    async fn accept(&self, record: &Record, meter: &Meter) -> Result<Acceptance, StoreError> {
        self.suffer()?;
        self.inner.accept(record, meter).await
    }

    async fn get(
        &self,
        id: &str,
        now: Timestamp,
        meter: &Meter,
    ) -> Result<Option<Record>, StoreError> {
        self.suffer()?;
        self.inner.get(id, now, meter).await
    }

    async fn finish(
        &self,
        id: &str,
        state: &State,
        car: &CarId,
        now: Timestamp,
        meter: &Meter,
    ) -> Result<(), StoreError> {
        self.suffer()?;
        self.inner.finish(id, state, car, now, meter).await
    }
}

#[tokio::test]
async fn a_store_that_fails_between_any_two_steps_gives_the_message_back_and_the_next_delivery_ends_it()
 {
    for (step, fails_at) in [("the status is read", 0), ("the status is written", 1)] {
        let world = world().await;
        let accepted = world.call(later().json(car())).await;
        let backlog = world.deps.backlog.clone().unwrap();
        let flaky = Backlog {
            requests: Arc::new(Flaky {
                inner: backlog.requests,
                fails_at,
                calls: AtomicUsize::new(0),
            }),
            queue: backlog.queue,
        };
        let service = Service::new(Deps {
            backlog: Some(flaky),
            ..world.deps.clone()
        });
        let message = world.queue.take();
        assert_eq!(deliver(&service, &message).await, [0], "{step}");
        assert_eq!(
            (&world.last()["WorkFailed"], &world.last()["error_type"]),
            (&json!(1), &json!("unavailable"))
        );
        assert!(deliver(&service, &message).await.is_empty(), "{step}");
        assert_eq!(
            status(&world, &accepted).await["status"],
            "created",
            "{step}"
        );
        assert_eq!(cars(&world).await, 1, "{step}");
        let mut ids: Vec<_> = world
            .bus
            .details()
            .iter()
            .map(|told| told["event_id"].to_string())
            .collect();
        ids.dedup();
        assert_eq!(ids.len(), 1, "{step}: the same event, once or twice");
    }
}

#[tokio::test]
async fn a_queue_that_fails_is_told_to_the_client_and_a_repetition_under_the_key_is_queued() {
    let operation = "SendMessage";
    let message = "no answer from sqs at 127.0.0.1".to_owned();
    let cases = [
        (
            QueueError::Unavailable {
                operation,
                message: message.clone(),
            },
            503,
            "unavailable",
        ),
        (
            QueueError::Refused { operation, message },
            500,
            "internal-error",
        ),
    ];
    for (error, status_code, class) in cases {
        let world = world().await;
        let order = || later().header("idempotency-key", "k-1").json(car());
        *world.queue.refuse.lock().unwrap() = Some(error);
        let reply = world.call(order()).await;
        assert_eq!(
            (reply.status, reply.body["type"].as_str()),
            (
                status_code,
                Some(format!("urn:acm:problem:{class}").as_str())
            )
        );
        *world.queue.refuse.lock().unwrap() = None;
        let accepted = world.call(order()).await;
        assert_eq!(accepted.status, 202);
        assert!(world.deliver(&world.queue.take()).await.is_empty());
        assert_eq!(status(&world, &accepted).await["status"], "created");
        assert_eq!(cars(&world).await, 1);
    }
}

#[tokio::test]
async fn a_request_is_forgotten_after_its_life_whether_or_not_the_table_has_cleaned_up() {
    let world = world().await;
    let accepted = world.call(later().json(car())).await;
    world
        .clock
        .advance(std::time::Duration::from_hours(30 * 24));
    let gone = world.call(get(accepted.header("location"))).await;
    assert_eq!(
        (gone.status, &gone.body["type"]),
        (404, &json!("urn:acm:problem:no-such-request"))
    );
    for odd in ["/requests/none", "/requests/"] {
        assert_eq!(world.call(get(odd)).await.status, 404, "{odd}");
    }
}

#[tokio::test]
async fn links_have_the_stage_that_the_client_sees() {
    let world = world().await;
    let mut event: Value =
        serde_json::from_str(include_str!("fixtures/rest_v1_post.json")).unwrap();
    event["headers"]["prefer"] = json!("respond-async");
    event["multiValueHeaders"]["prefer"] = json!(["respond-async"]);
    let context = lambda_http::Context::default();
    let answer = world
        .service
        .handle(&event.to_string(), context)
        .await
        .unwrap();
    let answer: Value = serde_json::from_str(answer.get()).unwrap();
    assert_eq!(answer["statusCode"], 202, "{answer}");
    let link = answer["multiValueHeaders"]["location"][0].as_str().unwrap();
    assert!(link.starts_with("/dev/requests/"), "{link}");
    assert!(world.deliver(&world.queue.take()).await.is_empty());
    let status = world.call(get(link.strip_prefix("/dev").unwrap())).await;
    assert_eq!(
        status.body["location"], "/cars/c-1",
        "the stage of whoever asks"
    );
}
