//! Idempotency keys and status links belong to whom the authorizer names.

use lambda_http::Context;
use serde_json::{Value, json};

use super::harness::*;

/// An event of an HTTP API, as its authorizer completes it.
fn http(method: &str, path: &str, authorizer: &Value, body: &Value) -> String {
    json!({
        "version": "2.0", "routeKey": "$default", "rawPath": path, "rawQueryString": "",
        "headers": { "content-type": "application/json", "prefer": body["prefer"], "idempotency-key": "order-1" },
        "requestContext": { "accountId": "1", "apiId": "a", "stage": "$default", "requestId": "x", "authorizer": authorizer,
            "time": "12/Mar/2020:19:03:58 +0000", "timeEpoch": 1,
            "http": { "method": method, "path": path, "protocol": "HTTP/1.1", "sourceIp": "192.0.2.1", "userAgent": "test" } },
        "body": body["car"].to_string(), "isBase64Encoded": false,
    })
    .to_string()
}

/// The same of a REST API: `who` becomes part of the context.
fn rest(method: &str, path: &str, who: &Value, body: &Value) -> String {
    let mut event: Value =
        serde_json::from_str(include_str!("fixtures/rest_v1_post.json")).unwrap();
    event["httpMethod"] = json!(method);
    event["path"] = json!(path);
    event["requestContext"]["httpMethod"] = json!(method);
    event["requestContext"]["authorizer"] = who["authorizer"].clone();
    event["requestContext"]["identity"]["userArn"] = who["userArn"].clone();
    for (name, value) in [
        ("prefer", &body["prefer"]),
        ("idempotency-key", &json!("order-1")),
    ] {
        event["headers"][name] = value.clone();
        event["multiValueHeaders"][name] = json!([value]);
    }
    event["body"] = json!(body["car"].to_string());
    event.to_string()
}

async fn invoke(world: &World, event: &str) -> (Value, Value) {
    let answer = world
        .service
        .handle(event, Context::default())
        .await
        .unwrap();
    let answer: Value = serde_json::from_str(answer.get()).unwrap();
    let body = serde_json::from_str(answer["body"].as_str().unwrap()).unwrap();
    (answer["statusCode"].clone(), body)
}

type Event = fn(&str, &str, &Value, &Value) -> String;

#[tokio::test]
async fn neither_keys_nor_links_of_one_caller_are_another_s() {
    let jwt = |sub: &str| json!({ "jwt": { "claims": { "sub": sub }, "scopes": null } });
    let iam = |arn: &str| json!({ "iam": { "userArn": arn } });
    let arn = |name: &str| format!("arn:aws:iam::123456789012:{name}");
    let session = |name: &str| format!("arn:aws:sts::123456789012:assumed-role/{name}");
    let (http, rest): (Event, Event) = (http, rest);
    let cases = [
        ("two subjects of tokens", http, jwt("a"), jwt("b"), true),
        (
            "two users",
            http,
            iam(&arn("user/a")),
            iam(&arn("user/b")),
            true,
        ),
        (
            "two roles",
            http,
            iam(&session("a/s")),
            iam(&session("b/s")),
            true,
        ),
        (
            "two sessions of a role",
            http,
            iam(&session("a/s")),
            iam(&session("a/t")),
            false,
        ),
        (
            "a subject that is named like a user",
            http,
            jwt(&arn("user/a")),
            iam(&arn("user/a")),
            true,
        ),
        ("a caller and nobody", http, jwt("a"), json!(null), true),
        ("nobody twice", http, json!(null), json!(null), false),
        (
            "two users of a REST API",
            rest,
            json!({ "userArn": arn("user/a") }),
            json!({ "userArn": arn("user/b") }),
            true,
        ),
        (
            "two principals of a REST API",
            rest,
            json!({ "authorizer": { "principalId": "a" } }),
            json!({ "authorizer": { "principalId": "b" } }),
            true,
        ),
        (
            "two users of a pool",
            rest,
            json!({ "authorizer": { "claims": { "sub": "a" } } }),
            json!({ "authorizer": { "claims": { "sub": "b" } } }),
            true,
        ),
    ];
    let later = json!({ "prefer": "respond-async", "car": { "model": "M", "year": 2024 } });
    let now = json!({ "prefer": "", "car": later["car"] });
    for (rule, event, a, b, strangers) in cases {
        let world = World::with(&QUEUE, |store| store).await;
        let (accepted, of_a) = invoke(&world, &event("POST", "/cars", &a, &later)).await;
        assert_eq!(accepted, 202, "{rule}: {of_a}");
        let link = format!("/requests/{}", of_a["request_id"].as_str().unwrap());
        let (own, shown) = invoke(&world, &event("GET", &link, &a, &now)).await;
        assert_eq!((&own, &shown), (&json!(200), &of_a), "{rule}");
        let (status, refused) = invoke(&world, &event("GET", &link, &b, &now)).await;
        assert_eq!(status, if strangers { 404 } else { 200 }, "{rule}");
        if strangers {
            let unknown = "/requests/8e3f2c54-9ab0-8c11-8f5e-1b6f2a3c4d5e";
            let (_, none) = invoke(&world, &event("GET", unknown, &b, &now)).await;
            let told = |body: &Value| (body["type"].clone(), body["detail"].clone());
            assert_eq!(
                told(&refused),
                told(&none),
                "{rule}: no hint that there is one"
            );
        }
        let (_, of_b) = invoke(&world, &event("POST", "/cars", &b, &later)).await;
        for field in ["request_id", "car_id"] {
            assert_eq!(of_a[field] != of_b[field], strangers, "{rule}: {field}");
        }
        // Likewise for those who wait for the car.
        let (_, of_a) = invoke(&world, &event("POST", "/cars", &a, &now)).await;
        let (status, of_b) = invoke(&world, &event("POST", "/cars", &b, &now)).await;
        assert_eq!(status, 201, "{rule}");
        assert_eq!(of_a["car_id"] != of_b["car_id"], strangers, "{rule}");
    }
}
