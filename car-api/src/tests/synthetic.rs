//! Requests that only try a version out, and a service that tells nothing of itself.

use std::sync::Arc;

use lambda_http::Context;
use platform::emit::{Captured, Emitter};
use platform::logging::{Level, subscriber};
use serde_json::{Value, json};
use tracing::instrument::WithSubscriber;

use super::harness::*;
use crate::gateway::PRE_TRAFFIC;

fn event(api: &str, method: &str, path: &str, headers: Value, body: &Value) -> String {
    json!({
        "version": "2.0", "routeKey": "$default", "rawPath": path, "rawQueryString": "", "headers": headers,
        "requestContext": { "accountId": "1", "apiId": api, "stage": "$default", "requestId": "x",
            "time": "12/Mar/2020:19:03:58 +0000", "timeEpoch": 1,
            "http": { "method": method, "path": path, "protocol": "HTTP/1.1", "sourceIp": "192.0.2.1", "userAgent": "test" } },
        "body": body.to_string(), "isBase64Encoded": false,
    })
    .to_string()
}

async fn invoke(world: &World, event: &str) -> (Value, Vec<Value>) {
    let log = Arc::new(Captured::default());
    let identity = settings(&[]).identity;
    let lines = subscriber(
        log.clone() as Arc<dyn Emitter>,
        world.clock.clone(),
        &identity,
        &Level::named("INFO").unwrap(),
    );
    let answer = world.service.handle(event, Context::default());
    let answer = answer.with_subscriber(lines).await.unwrap();
    let lines = log.lines();
    let lines = lines.iter().map(|line| serde_json::from_str(line).unwrap());
    (serde_json::from_str(answer.get()).unwrap(), lines.collect())
}

#[tokio::test]
async fn trying_a_version_out_is_answered_as_usual_and_heard_of_nowhere() {
    let world = World::with(&QUEUE, |store| store).await;
    let car = json!({ "car_id": "c-1", "model": "M", "year": 2024 });
    let later = json!({ "prefer": "respond-async" });
    let steps = [
        ("POST", "/cars", json!({}), &car, 201),
        ("GET", "/cars/c-1", json!({}), &json!(null), 200),
        (
            "PATCH",
            "/cars/c-1",
            json!({}),
            &json!({ "status": "Rented" }),
            200,
        ),
        ("DELETE", "/cars/c-1", json!({}), &json!(null), 204),
        ("POST", "/cars", later, &car, 202),
    ];
    for (method, path, headers, body, status) in steps {
        let event = event(PRE_TRAFFIC, method, path, headers, body);
        let (answer, lines) = invoke(&world, &event).await;
        assert_eq!(answer["statusCode"], status, "{method} {path}: {answer}");
        assert_eq!(lines.last().unwrap()["synthetic"], true, "{lines:?}");
        let document = world.last();
        assert!(document.get("_aws").is_none(), "{document}");
        assert_eq!(
            (
                &document["synthetic"],
                &document["status"],
                &document["Requests"]
            ),
            (&json!(true), &json!(status), &json!(1))
        );
    }
    assert_eq!(world.documents().len(), 5, "no cold start either");
    let waiting = world.queue.take();
    assert_eq!(waiting.len(), 1);
    assert!(world.deliver(&waiting).await.is_empty());
    assert_eq!(world.documents().len(), 5, "nor of what it left to do");
    assert_eq!(world.call(get("/cars/c-1")).await.status, 200);
    assert!(world.bus.heard().is_empty());
}

#[tokio::test]
async fn no_client_of_an_api_can_say_so() {
    let world = World::new().await;
    let headers = json!({
        "apiid": PRE_TRAFFIC, "x-apigateway-context": PRE_TRAFFIC, "x-amzn-request-context": format!("{{\"apiId\":\"{PRE_TRAFFIC}\"}}"),
        "x-outrider-synthetic": "true", "synthetic": "true",
    });
    let body = json!({ "model": "M", "year": 2024, "requestContext": { "apiId": PRE_TRAFFIC }, "synthetic": true });
    let (answer, lines) = invoke(&world, &event("a1b2c3", "POST", "/cars", headers, &body)).await;
    assert_eq!(answer["statusCode"], 201);
    assert!(lines.iter().all(|line| line.get("synthetic").is_none()));
    assert!(world.last().get("_aws").is_some());
    assert_eq!(world.bus.heard(), ["CarCreated"]);
}

#[tokio::test]
async fn with_telemetry_switched_off_nothing_is_told_but_errors() {
    let vars = [
        QUEUE[0],
        QUEUE[1],
        ("CAROBS_TELEMETRY", "disabled"),
        ("CAROBS_FAULT_INJECTION", "enabled"),
    ];
    let world = World::with(&vars, |store| store).await;
    let car = json!({ "model": "M", "year": 2024 });
    let (answer, lines) = invoke(&world, &event("a", "POST", "/cars", json!({}), &car)).await;
    assert_eq!((answer["statusCode"].as_u64(), lines.len()), (Some(201), 0));
    let later = json!({ "prefer": "respond-async" });
    let (answer, lines) = invoke(&world, &event("a", "POST", "/cars", later, &car)).await;
    assert_eq!((answer["statusCode"].as_u64(), lines.len()), (Some(202), 0));
    world.deliver(&world.queue.take()).await;
    assert!(
        world.emitter.lines().is_empty(),
        "{:?}",
        world.emitter.lines()
    );
    let fault = json!({ "x-outrider-fault": "error" });
    let (_, lines) = invoke(&world, &event("a", "GET", "/health", fault, &json!(null))).await;
    assert_eq!(lines.len(), 1, "{lines:?}");
    assert_eq!(lines[0]["level"], "ERROR");
}
