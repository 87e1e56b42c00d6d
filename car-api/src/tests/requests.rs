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
        (201, "/cars/c-1", etag(1).as_str())
    );
    assert_eq!(created.header("content-type"), "application/json");
    let expected = json!({
        "car_id": "c-1", "model": "Model_1", "year": 2024, "status": "Available", "latitude": "0", "longitude": "0",
        "nb_passengers": 0, "bike_rack": false, "created_at": "2026-11-16T12:00:00Z",
        "updated_at": "2026-11-16T12:00:00Z", "version": version(1),
    });
    assert_eq!(created.body, expected);
    assert_eq!(world.call(get("/cars/c-1")).await.body, expected);

    world.clock.advance(std::time::Duration::from_secs(60));
    let body = json!({ "model": "Model_2", "year": 2025, "latitude": 37.7, "longitude": "-122.42", "status": "Rented" });
    let replaced = world.call(put("/cars/c-1/").json(body)).await;
    assert_eq!(
        (replaced.status, replaced.header("etag")),
        (200, etag(2).as_str())
    );
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
        (&json!("Model_2"), &json!(version(3)))
    );
    assert_eq!(world.call(get("/cars/c-1")).await.body, changed.body);

    let named = world
        .call(put("/cars").json(json!({ "car_id": "c-1", "model": "Model_3", "year": 2026 })))
        .await;
    assert_eq!(
        (named.status, &named.body["status"], &named.body["version"]),
        (200, &json!("Available"), &json!(version(4)))
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
        "nb_passengers": 0, "bike_rack": false, "version": version(1),
        "event_type": "acme.acs.acm.events.CarCreated", "event_source": "acs.acm", "event_version": "1.0",
        "event_id": crate::ids::derived("r-1", "acme.acs.acm.events.CarCreated"),
        "occurred_at": "2026-11-16T12:00:00Z", "correlation_id": "order-17",
    });
    assert_eq!(detail, expected);
}

#[tokio::test]
async fn a_client_that_has_the_car_gets_no_body() {
    let world = World::new().await;
    world.car("c-1").await;
    let current = etag(1);
    for (tags, expected) in [
        (current.clone(), 304),
        (format!("\"2\", W/{current}"), 304),
        ("*".to_owned(), 304),
        ("\"2\"".to_owned(), 200),
    ] {
        let reply = world
            .call(get("/cars/c-1").header("if-none-match", &tags))
            .await;
        assert_eq!(
            (reply.status, reply.header("etag")),
            (expected, current.as_str()),
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

#[tokio::test]
async fn a_car_that_is_created_anew_is_not_mistaken_for_its_predecessor() {
    let world = World::new().await;
    let first = world.car("c-1").await;
    let old = world.call(get("/cars/c-1")).await.header("etag").to_owned();
    world.call(delete("/cars/c-1")).await;
    world.clock.advance(std::time::Duration::from_millis(1));
    let second = world.car("c-1").await;
    assert_ne!(first["version"], second["version"]);
    let change = || json!({ "year": 2025 });
    let stale = world
        .call(patch("/cars/c-1").header("if-match", &old).json(change()))
        .await;
    assert_eq!(stale.status, 412);
    let cached = world
        .call(get("/cars/c-1").header("if-none-match", &old))
        .await;
    assert_eq!(cached.status, 200);
    let mut body = change();
    body["version"] = first["version"].clone();
    assert_eq!(world.call(patch("/cars/c-1").json(body)).await.status, 412);
    assert!(
        second["version"].as_u64().unwrap() < 1 << 53,
        "every JSON reader can hold it"
    );
}

#[tokio::test]
async fn a_path_that_is_no_text_is_a_problem_like_any_other() {
    let world = World::new().await;
    for ask in [
        get("/cars/%ff"),
        put("/cars/%ff").json(json!({ "model": "M", "year": 2024 })),
        patch("/cars/%ff/").json(json!({ "year": 2024 })),
        delete("/cars/%C3%28"),
        get("/requests/%ff"),
    ] {
        let reply = world.call(ask).await;
        assert_eq!(
            (reply.status, &reply.body["type"]),
            (400, &json!("urn:acm:problem:bad-path"))
        );
    }
    assert_eq!(world.last()["ClientErrors"], 1);
}
