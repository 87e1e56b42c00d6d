use serde_json::json;

use super::harness::*;

#[tokio::test]
async fn every_failure_of_every_route_says_what_to_do() {
    let world = World::new().await;
    world.car("c-1").await;
    let car = || json!({ "model": "M", "year": 2024 });
    let large = format!(
        "{{\"model\":\"{}\"}}",
        "x".repeat(crate::routes::LARGEST_BODY)
    );
    let cases = [
        (
            "unknown car: read",
            get("/cars/none"),
            404,
            "no-such-car",
            vec![],
        ),
        (
            "unknown car: a key that cannot be",
            get("/cars/idempotency%23x"),
            404,
            "no-such-car",
            vec![],
        ),
        (
            "unknown car: replace",
            put("/cars/none").json(car()),
            404,
            "no-such-car",
            vec![],
        ),
        (
            "unknown car: replace by body",
            put("/cars").json(json!({ "car_id": "none", "model": "M", "year": 2024 })),
            404,
            "no-such-car",
            vec![],
        ),
        (
            "unknown car: change",
            patch("/cars/none").json(car()),
            404,
            "no-such-car",
            vec![],
        ),
        (
            "unknown car: delete",
            delete("/cars/none"),
            404,
            "no-such-car",
            vec![],
        ),
        ("unknown path", get("/boats"), 404, "no-such-path", vec![]),
        (
            "path below a car",
            get("/cars/c-1/rides"),
            404,
            "no-such-path",
            vec![],
        ),
        (
            "method of the list",
            delete("/cars"),
            405,
            "method-not-allowed",
            vec![],
        ),
        (
            "method of a car",
            post("/cars/c-1").json(car()),
            405,
            "method-not-allowed",
            vec![],
        ),
        (
            "duplicate key",
            post("/cars").json(json!({ "car_id": "c-1", "model": "M", "year": 2024 })),
            409,
            "duplicate-car",
            vec![],
        ),
        (
            "stale: replace",
            put("/cars/c-1").header("if-match", "\"7\"").json(car()),
            412,
            "stale-version",
            vec![],
        ),
        (
            "stale: change",
            patch("/cars/c-1").header("if-match", "\"7\"").json(car()),
            412,
            "stale-version",
            vec![],
        ),
        (
            "stale: delete",
            delete("/cars/c-1").header("if-match", "\"7\""),
            412,
            "stale-version",
            vec![],
        ),
        (
            "stale: by the body's version",
            put("/cars/c-1").json(json!({ "model": "M", "year": 2024, "version": 7 })),
            412,
            "stale-version",
            vec![],
        ),
        (
            "stale: header and body disagree",
            patch("/cars/c-1")
                .header("if-match", &etag(1))
                .json(json!({ "year": 2024, "version": 2 })),
            412,
            "stale-version",
            vec![],
        ),
        (
            "stale: a tag that is none of ours",
            delete("/cars/c-1").header("if-match", "\"abc\""),
            412,
            "stale-version",
            vec![],
        ),
        (
            "a tag that cannot be read must not make the write unguarded",
            delete("/cars/c-1").header("if-match", "\"7\u{e9}\""),
            400,
            "bad-header",
            vec![],
        ),
        (
            "more tags than are looked at",
            delete("/cars/c-1").header("if-match", &"\"1\",".repeat(11)),
            400,
            "bad-header",
            vec![],
        ),
        (
            "stale: a weak tag",
            delete("/cars/c-1").header("if-match", "W/\"1\""),
            412,
            "stale-version",
            vec![],
        ),
        (
            "too large",
            post("/cars")
                .header("content-type", "application/json")
                .text(&large),
            413,
            "body-too-large",
            vec![],
        ),
        (
            "too large by its own account",
            post("/cars").header("content-length", "70000").json(car()),
            413,
            "body-too-large",
            vec![],
        ),
        (
            "another type",
            post("/cars")
                .header("content-type", "text/plain")
                .text("{}"),
            415,
            "unsupported-media-type",
            vec![],
        ),
        (
            "a form",
            put("/cars/c-1")
                .header("content-type", "application/x-www-form-urlencoded")
                .text("model=M"),
            415,
            "unsupported-media-type",
            vec![],
        ),
        (
            "malformed",
            post("/cars").text("{\"model\":\n  oops}"),
            400,
            "malformed-json",
            vec![],
        ),
        (
            "empty",
            patch("/cars/c-1").text(""),
            400,
            "malformed-json",
            vec![],
        ),
        (
            "no UTF-8 escape",
            post("/cars").text("{\"model\":\"\\ud800\"}"),
            400,
            "malformed-json",
            vec![],
        ),
        (
            "too deep",
            post("/cars").text(&"[".repeat(10_000)),
            400,
            "malformed-json",
            vec![],
        ),
        (
            "a list",
            post("/cars").json(json!([1])),
            422,
            "invalid-fields",
            vec!["body"],
        ),
        (
            "nothing",
            post("/cars").json(json!({})),
            422,
            "invalid-fields",
            vec!["model", "year"],
        ),
        (
            "wrong types",
            put("/cars/c-1").json(json!({ "model": 1, "year": "x", "bike_rack": "yes" })),
            422,
            "invalid-fields",
            vec!["model", "year", "bike_rack"],
        ),
        (
            "wrong ranges",
            patch("/cars/c-1").json(json!({ "year": 1800, "latitude": "91" })),
            422,
            "invalid-fields",
            vec!["year", "latitude"],
        ),
        (
            "no change",
            patch("/cars/c-1").json(json!({ "colour": "red" })),
            422,
            "invalid-fields",
            vec!["body"],
        ),
        (
            "another key than the path's",
            put("/cars/c-1").json(json!({ "car_id": "c-2", "model": "M", "year": 2024 })),
            422,
            "invalid-fields",
            vec!["car_id"],
        ),
        (
            "no key at all",
            put("/cars").json(car()),
            422,
            "invalid-fields",
            vec!["car_id"],
        ),
        (
            "status that is none",
            get("/cars?status=Gone"),
            422,
            "invalid-fields",
            vec!["status"],
        ),
        (
            "no page",
            get("/cars?limit=0"),
            422,
            "invalid-fields",
            vec!["limit"],
        ),
        (
            "page too large",
            get("/cars?limit=101"),
            422,
            "invalid-fields",
            vec!["limit"],
        ),
        (
            "both at once",
            get("/cars?limit=x&status=y"),
            422,
            "invalid-fields",
            vec!["limit", "status"],
        ),
        (
            "cursor made up",
            get("/cars?cursor=AAAA"),
            400,
            "bad-cursor",
            vec![],
        ),
        (
            "idempotency key empty",
            post("/cars").header("idempotency-key", "").json(car()),
            400,
            "bad-header",
            vec![],
        ),
        (
            "idempotency key too long",
            post("/cars")
                .header("idempotency-key", &"k".repeat(256))
                .json(car()),
            400,
            "bad-header",
            vec![],
        ),
    ];
    let told = world.bus.heard();
    let before = world.call(get("/cars")).await.body;
    for (rule, ask, status, class, fields) in cases {
        let reply = world.call(ask).await;
        assert_eq!(
            (reply.status, reply.body["type"].as_str()),
            (status, Some(format!("urn:acm:problem:{class}").as_str())),
            "{rule}: {}",
            reply.text
        );
        assert_eq!(reply.fields(), fields, "{rule}");
        assert_eq!(world.last()["ClientErrors"], 1, "{rule}");
    }
    assert_eq!(
        world.call(get("/cars")).await.body,
        before,
        "nothing was written"
    );
    assert_eq!(world.bus.heard(), told, "nobody was told");
}

#[tokio::test]
async fn malformed_json_is_answered_with_its_position() {
    let world = World::new().await;
    let reply = world.call(post("/cars").text("{\"model\":\n  oops}")).await;
    assert_eq!(reply.body["detail"], "expected value at line 2, column 3");
}

#[tokio::test]
async fn a_method_that_is_not_allowed_is_answered_with_those_that_are() {
    let world = World::new().await;
    let reply = world.call(delete("/cars")).await;
    assert_eq!(reply.header("allow"), "GET,HEAD,POST,PUT");
}

#[tokio::test]
async fn head_is_answered_like_get_without_a_body() {
    let world = World::new().await;
    world.car("c-1").await;
    for (path, status) in [("/cars/c-1", 200), ("/cars/none", 404)] {
        let reply = answer(&world.router, head(path)).await;
        assert_eq!((reply.status, reply.text.as_str()), (status, ""), "{path}");
        assert_eq!(world.last()["route"], "GET /cars/{car_id}");
    }
}
