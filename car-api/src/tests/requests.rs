use serde_json::json;

use super::harness::*;

#[tokio::test]
async fn a_car_is_created_read_replaced_changed_and_deleted() {
    let world = World::new().await;
    let created = world
        .call(post("/cars/").json(json!({ "car_id": "c-1", "model": "Model_1", "year": "2024" })))
        .await;
    assert_eq!(
        (
            created.status,
            created.header("location"),
            created.header("etag")
        ),
        (201, "/cars/c-1", "\"1\"")
    );
    assert_eq!(created.header("content-type"), "application/json");
    let expected = json!({
        "car_id": "c-1", "model": "Model_1", "year": 2024, "status": "Available", "latitude": "0", "longitude": "0",
        "nb_passengers": 0, "bike_rack": false, "created_at": "2026-11-16T12:00:00Z",
        "updated_at": "2026-11-16T12:00:00Z", "version": 1,
    });
    assert_eq!(created.body, expected);
    assert_eq!(world.call(get("/cars/c-1")).await.body, expected);

    world.clock.advance(std::time::Duration::from_secs(60));
    let body = json!({ "model": "Model_2", "year": 2025, "latitude": 37.7, "longitude": "-122.42", "status": "Rented" });
    let replaced = world.call(put("/cars/c-1/").json(body)).await;
    assert_eq!((replaced.status, replaced.header("etag")), (200, "\"2\""));
    assert_eq!(
        replaced.body["created_at"], "2026-11-16T12:00:00Z",
        "the time of creation stays"
    );
    assert_eq!(replaced.body["updated_at"], "2026-11-16T12:01:00Z");
    assert_eq!(
        (&replaced.body["latitude"], &replaced.body["longitude"]),
        (&json!("37.7"), &json!("-122.42"))
    );
    assert_eq!(world.call(get("/cars/c-1")).await.body, replaced.body);

    let changed = world
        .call(patch("/cars/c-1").json(json!({ "nb_passengers": "4", "latitude": null })))
        .await;
    assert_eq!(
        (
            changed.status,
            &changed.body["nb_passengers"],
            &changed.body["latitude"]
        ),
        (200, &json!(4), &json!(null))
    );
    assert_eq!(
        (&changed.body["model"], &changed.body["version"]),
        (&json!("Model_2"), &json!(3))
    );
    assert_eq!(world.call(get("/cars/c-1")).await.body, changed.body);

    let named = world
        .call(put("/cars").json(json!({ "car_id": "c-1", "model": "Model_3", "year": 2026 })))
        .await;
    assert_eq!(
        (named.status, &named.body["status"], &named.body["version"]),
        (200, &json!("Available"), &json!(4))
    );

    let gone = world.call(delete("/cars/c-1")).await;
    assert_eq!((gone.status, gone.text.as_str()), (204, ""));
    assert_eq!(world.call(get("/cars/c-1")).await.status, 404);
    assert_eq!(
        world.bus.heard(),
        [
            "CarCreated",
            "CarUpdated",
            "CarStatusChanged",
            "CarUpdated",
            "CarUpdated",
            "CarStatusChanged",
            "CarDeleted"
        ]
    );
}

#[tokio::test]
async fn an_event_has_the_car_s_fields_and_the_envelope() {
    let world = World::new().await;
    let ask = post("/cars")
        .header("x-correlation-id", "order-17")
        .request_id("r-1");
    world
        .call(ask.json(json!({ "car_id": "c-1", "model": "M", "year": 2024 })))
        .await;
    let detail = world.bus.details().remove(0);
    let expected = json!({
        "car_id": "c-1", "model": "M", "year": 2024, "status": "Available", "latitude": "0", "longitude": "0",
        "nb_passengers": 0, "bike_rack": false, "version": 1,
        "event_type": "acme.acs.acm.events.CarCreated", "event_source": "acs.acm", "event_version": "1.0",
        "event_id": crate::ids::derived("r-1", "acme.acs.acm.events.CarCreated"),
        "occurred_at": "2026-11-16T12:00:00Z", "correlation_id": "order-17",
    });
    assert_eq!(detail, expected);
}

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
                .header("if-match", "\"1\"")
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
async fn a_client_that_has_the_car_gets_no_body() {
    let world = World::new().await;
    world.car("c-1").await;
    for (tags, expected) in [
        ("\"1\"", 304),
        ("\"2\", W/\"1\"", 304),
        ("*", 304),
        ("\"2\"", 200),
    ] {
        let reply = world
            .call(get("/cars/c-1").header("if-none-match", tags))
            .await;
        assert_eq!(
            (reply.status, reply.header("etag")),
            (expected, "\"1\""),
            "{tags}"
        );
    }
}

#[tokio::test]
async fn a_list_is_a_bare_array_in_pages_that_leave_nothing_out() {
    let world = World::new().await;
    assert_eq!(world.call(get("/cars")).await.body, json!([]));
    for number in 0..7 {
        world.car(&format!("c-{number}")).await;
    }
    for number in [1, 4] {
        world
            .call(patch(&format!("/cars/c-{number}")).json(json!({ "status": "Rented" })))
            .await;
    }
    let all = world.call(get("/cars/")).await;
    assert!(!all.headers.contains_key("x-next-cursor"));
    let ids = |reply: &Reply| {
        reply
            .body
            .as_array()
            .unwrap()
            .iter()
            .map(|car| car["car_id"].as_str().unwrap().to_owned())
            .collect::<Vec<_>>()
    };
    assert_eq!(
        ids(&all),
        ["c-0", "c-2", "c-3", "c-5", "c-6", "c-1", "c-4"],
        "by status, then by key"
    );

    for limit in 1..=8 {
        let mut path = format!("/cars?limit={limit}");
        let mut seen = Vec::new();
        loop {
            let page = world.call(get(&path)).await;
            assert!(ids(&page).len() <= limit);
            seen.extend(ids(&page));
            let link = page.header("link").to_owned();
            let Some(next) = link
                .strip_prefix('<')
                .and_then(|link| link.split('>').next())
            else {
                break;
            };
            assert!(next.contains(page.header("x-next-cursor")));
            path = format!("/cars{next}");
        }
        assert_eq!(seen, ids(&all), "in pages of {limit}");
    }
    assert_eq!(
        ids(&world.call(get("/cars?status=Rented")).await),
        ["c-1", "c-4"]
    );
    assert_eq!(
        ids(&world.call(get("/cars?status=Free")).await),
        Vec::<String>::new()
    );
    let page = world.call(get("/cars?status=Rented&limit=1")).await;
    let cursor = page.header("x-next-cursor");
    assert_eq!(
        ids(&world
            .call(get(&format!("/cars?status=Rented&cursor={cursor}")))
            .await),
        ["c-4"]
    );
    assert_eq!(
        world
            .call(get(&format!("/cars?cursor={cursor}")))
            .await
            .status,
        400,
        "a cursor belongs to its filter"
    );
}

#[tokio::test]
async fn a_correlation_id_is_taken_over_or_made() {
    let world = World::new().await;
    let long = "x".repeat(129);
    let cases = [
        ("the client's", Some("order-17"), "order-17"),
        ("none", None, "r-1"),
        ("too long", Some(long.as_str()), "r-1"),
        ("with a character that could forge", Some("a\"b"), "r-1"),
        ("that is an address", Some("jo@example.com"), "r-1"),
        ("that is a secret", Some("AKIAIOSFODNN7EXAMPLE"), "r-1"),
    ];
    for (rule, given, expected) in cases {
        let ask = get("/health").request_id("r-1");
        let ask = match given {
            Some(id) => ask.header("x-correlation-id", id),
            None => ask,
        };
        assert_eq!(
            world.call(ask).await.header("x-correlation-id"),
            expected,
            "{rule}"
        );
    }
}
