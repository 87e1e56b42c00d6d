//! Writes whose answer is lost on the way: the SDK sends them again, and they happen once.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use aws_sdk_dynamodb::config::interceptors::{
    BeforeDeserializationInterceptorContextMut, BeforeTransmitInterceptorContextRef,
};
use aws_sdk_dynamodb::config::{ConfigBag, Intercept, RuntimeComponents};
use aws_sdk_dynamodb::error::BoxError;
use axum::Router;
use serde_json::json;

use super::harness::*;
use crate::store::dynamodb::DynamoDb;
use crate::{Deps, Service};

/// Replaces the first answer to an operation by that of a service that has lost its head.
#[derive(Debug, Clone)]
struct Lost {
    operation: &'static str,
    /// Whether the request that is under way is one of them.
    meant: Arc<AtomicBool>,
    left: Arc<AtomicBool>,
}

impl Intercept for Lost {
    fn name(&self) -> &'static str {
        "Lost"
    }

    fn read_before_transmit(
        &self,
        context: &BeforeTransmitInterceptorContextRef<'_>,
        _: &RuntimeComponents,
        _: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let target = context.request().headers().get("x-amz-target");
        let meant = target.is_some_and(|target| target.ends_with(self.operation));
        self.meant.store(meant, Ordering::SeqCst);
        Ok(())
    }

    fn modify_before_deserialization(
        &self,
        context: &mut BeforeDeserializationInterceptorContextMut<'_>,
        _: &RuntimeComponents,
        _: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        if self.meant.load(Ordering::SeqCst) && self.left.swap(false, Ordering::SeqCst) {
            let response = context.response_mut();
            *response.status_mut() = 500.try_into().unwrap();
            *response.body_mut() = r#"{"__type":"InternalServerError","message":"lost"}"#.into();
        }
        Ok(())
    }
}

/// The service on the world's table, behind a line that loses one answer to `operation`.
async fn behind(world: &World, operation: &'static str) -> Router {
    let aws = platform::aws::for_endpoint(&world.endpoint).await;
    let lost = Lost {
        operation,
        meant: Arc::default(),
        left: Arc::new(AtomicBool::new(true)),
    };
    let config = aws_sdk_dynamodb::config::Builder::from(&aws)
        .interceptor(lost)
        .build();
    let client = aws_sdk_dynamodb::Client::from_conf(config);
    let clock = world.deps.clock.clone();
    Service::new(Deps {
        store: Arc::new(DynamoDb::new(client, TABLE, clock)),
        ..world.deps.clone()
    })
    .router()
}

#[tokio::test]
async fn a_change_without_a_version_happens_once_and_its_news_are_told() {
    let world = World::new().await;
    world.car("c-1").await;
    let router = behind(&world, "UpdateItem").await;
    let reply = answer(
        &router,
        patch("/cars/c-1").json(json!({ "status": "Rented" })),
    )
    .await;
    assert_eq!(
        (reply.status, &reply.body["version"], &reply.body["status"]),
        (200, &json!(version(2)), &json!("Rented")),
        "{}",
        reply.text
    );
    assert_eq!(world.last()["RetryAttempts"], 1);
    assert_eq!(world.call(get("/cars/c-1")).await.body, reply.body);
    assert_eq!(
        world.bus.heard(),
        ["CarCreated", "CarUpdated", "CarStatusChanged"]
    );

    let router = behind(&world, "UpdateItem").await;
    let reply = answer(&router, patch("/cars/c-1").json(json!({ "year": 2025 }))).await;
    assert_eq!(reply.body["version"], version(3));
    assert_eq!(
        world.bus.heard()[3..],
        ["CarUpdated"],
        "a status that did not change is no news"
    );
    let same = patch("/cars/c-1").json(json!({ "status": "Rented" }));
    answer(&behind(&world, "UpdateItem").await, same).await;
    assert_eq!(world.bus.heard()[4..], ["CarUpdated"]);
}

#[tokio::test]
async fn a_guarded_change_whose_answer_is_lost_is_no_conflict_with_itself() {
    let world = World::new().await;
    world.car("c-1").await;
    let router = behind(&world, "UpdateItem").await;
    let ask = patch("/cars/c-1").header("if-match", &etag(1));
    let reply = answer(&router, ask.json(json!({ "status": "Rented" }))).await;
    assert_eq!(
        (reply.status, reply.header("etag")),
        (200, etag(2).as_str())
    );
    assert_eq!(world.bus.heard()[1..], ["CarUpdated", "CarStatusChanged"]);
}

#[tokio::test]
async fn a_deletion_whose_answer_is_lost_is_a_deletion() {
    let world = World::new().await;
    world.car("c-1").await;
    world.car("c-2").await;
    for (id, tag) in [("c-1", None), ("c-2", Some(etag(1)))] {
        let router = behind(&world, "DeleteItem").await;
        let ask = delete(&format!("/cars/{id}"));
        let ask = match &tag {
            Some(tag) => ask.header("if-match", tag),
            None => ask,
        };
        assert_eq!(answer(&router, ask).await.status, 204, "{id}");
        assert_eq!(
            world.call(get(&format!("/cars/{id}"))).await.status,
            404,
            "{id}"
        );
        let told = world.bus.details().pop().unwrap();
        assert_eq!(
            (told["car_id"].as_str(), &told["event_type"]),
            (Some(id), &json!("acme.acs.acm.events.CarDeleted"))
        );
    }
    let router = behind(&world, "DeleteItem").await;
    assert_eq!(
        answer(&router, delete("/cars/c-1")).await.status,
        404,
        "what was not there before was not deleted"
    );
}

#[tokio::test]
async fn a_creation_whose_answer_is_lost_is_a_creation() {
    for (operation, key) in [("PutItem", None), ("TransactWriteItems", Some("k-1"))] {
        let world = World::new().await;
        let router = behind(&world, operation).await;
        let ask = post("/cars");
        let ask = match key {
            Some(key) => ask.header("idempotency-key", key),
            None => ask,
        };
        let reply = answer(&router, ask.json(json!({ "model": "M", "year": 2024 }))).await;
        assert_eq!(reply.status, 201, "{operation}: {}", reply.text);
        let path = reply.header("location").to_owned();
        assert_eq!(world.call(get(&path)).await.body, reply.body, "{operation}");
        assert_eq!(world.bus.heard(), ["CarCreated"], "{operation}");
    }
}

#[tokio::test]
async fn an_invocation_that_is_repeated_later_answers_with_what_is_stored() {
    let world = World::new().await;
    let ask = || {
        post("/cars")
            .request_id("r-1")
            .json(json!({ "model": "M", "year": 2024 }))
    };
    let first = world.call(ask()).await;
    world.clock.advance(std::time::Duration::from_secs(7));
    let again = world.call(ask()).await;
    assert_eq!(
        (again.status, &again.body, again.header("etag")),
        (201, &first.body, first.header("etag"))
    );
}
