use std::time::Duration;

use serde_json::json;

use super::harness::*;

#[tokio::test]
async fn of_two_changes_of_one_version_one_wins() {
    let world = World::new().await;
    world.car("c-1").await;
    // Not through `call`, which counts documents: these run at the same time.
    let ask = |passengers| {
        patch("/cars/c-1")
            .header("if-match", &etag(1))
            .json(json!({ "nb_passengers": passengers }))
    };
    let (one, two) = tokio::join!(answer(&world.router, ask(1)), answer(&world.router, ask(2)));
    let mut statuses = [one.status, two.status];
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 412]);
    let winner = if one.status == 200 { one } else { two };
    assert_eq!(world.call(get("/cars/c-1")).await.body, winner.body);
}

#[tokio::test]
async fn changes_without_a_version_all_happen_one_after_the_other() {
    let world = World::new().await;
    world.car("c-1").await;
    let ask = |passengers| {
        answer(
            &world.router,
            patch("/cars/c-1").json(json!({ "nb_passengers": passengers })),
        )
    };
    let (one, two, three) = tokio::join!(ask(1), ask(2), ask(3));
    let mut versions = [one, two, three].map(|reply| reply.body["version"].as_u64().unwrap());
    versions.sort_unstable();
    assert_eq!(versions, [version(2), version(3), version(4)]);
}

#[tokio::test]
async fn any_of_several_tags_or_a_star_will_do() {
    let world = World::new().await;
    world.car("c-1").await;
    for tags in [format!("\"9\", {}", etag(1)), "*".to_owned()] {
        let reply = world
            .call(
                patch("/cars/c-1")
                    .header("if-match", &tags)
                    .json(json!({ "year": 2025 })),
            )
            .await;
        assert_eq!(reply.status, 200, "{tags}");
    }
}

/// Each answer may tell the event again, because whoever gave the one before may have died before it could: to receivers
/// it is the same event.
#[track_caller]
fn one_event(world: &World) {
    let told = world.bus.details();
    assert!(
        !told.is_empty() && told.iter().all(|event| *event == told[0]),
        "{told:?}"
    );
}

fn order(key: &str) -> Ask {
    post("/cars").header("idempotency-key", key)
}

#[tokio::test]
async fn a_creation_that_is_repeated_gets_the_first_answer_and_happens_once() {
    let world = World::new().await;
    let car = || json!({ "model": "M", "year": 2024 });
    let first = world.call(order("k-1").json(car())).await;
    assert_eq!(
        (first.status, first.header("idempotency-replayed")),
        (201, "")
    );
    world.clock.advance(Duration::from_secs(60));
    // The same body in another spelling, the key as a quoted string.
    let again = world
        .call(order("\"k-1\"").text("{ \"year\": 2024, \"model\": \"M\" }"))
        .await;
    assert_eq!(
        (again.status, again.header("idempotency-replayed")),
        (201, "true")
    );
    assert_eq!(
        (&again.body, again.header("location"), again.header("etag")),
        (&first.body, first.header("location"), first.header("etag"))
    );
    assert_eq!(world.last()["CarsCreated"], 0);
    one_event(&world);

    let other = world
        .call(order("k-1").json(json!({ "model": "N", "year": 2024 })))
        .await;
    assert_eq!(
        (other.status, other.body["type"].as_str()),
        (422, Some("urn:acm:problem:idempotency-key-reused"))
    );
    let second = world.call(order("k-2").json(car())).await;
    assert_ne!(second.body["car_id"], first.body["car_id"]);
    assert_eq!(
        world
            .call(get("/cars"))
            .await
            .body
            .as_array()
            .unwrap()
            .len(),
        2,
        "answers are not cars"
    );
}

#[tokio::test]
async fn a_key_is_free_again_after_a_day_whether_or_not_the_table_has_cleaned_up() {
    let world = World::new().await;
    world
        .call(order("k-1").json(json!({ "model": "M", "year": 2024 })))
        .await;
    world.clock.advance(Duration::from_hours(24));
    let reply = world
        .call(order("k-1").json(json!({ "model": "N", "year": 2025 })))
        .await;
    assert_eq!(
        (
            reply.status,
            &reply.body["model"],
            reply.header("idempotency-replayed")
        ),
        (201, &json!("N"), "")
    );
}

#[tokio::test]
async fn of_many_repetitions_at_once_one_creates_and_all_get_its_answer() {
    let world = World::new().await;
    let ask = || {
        answer(
            &world.router,
            order("k-1").json(json!({ "model": "M", "year": 2024 })),
        )
    };
    let (a, b, c, d) = tokio::join!(ask(), ask(), ask(), ask());
    let replies = [a, b, c, d];
    assert!(
        replies.iter().all(|reply| reply.status == 201),
        "{:?}",
        replies.iter().map(|reply| &reply.text).collect::<Vec<_>>()
    );
    assert!(replies.iter().all(|reply| reply.body == replies[0].body));
    assert_eq!(
        replies
            .iter()
            .filter(|reply| reply.header("idempotency-replayed").is_empty())
            .count(),
        1
    );
    assert_eq!(
        world
            .call(get("/cars"))
            .await
            .body
            .as_array()
            .unwrap()
            .len(),
        1
    );
    one_event(&world);
}

#[tokio::test]
async fn a_duplicate_leaves_no_answer_behind() {
    let world = World::new().await;
    world.car("c-1").await;
    let body = json!({ "car_id": "c-1", "model": "M", "year": 2024 });
    assert_eq!(
        world.call(order("k-1").json(body.clone())).await.status,
        409
    );
    world.call(delete("/cars/c-1")).await;
    let reply = world.call(order("k-1").json(body)).await;
    assert_eq!(
        (reply.status, reply.header("idempotency-replayed")),
        (201, ""),
        "the key is still free"
    );
}

#[tokio::test]
async fn a_request_that_lambda_repeats_makes_the_same_car() {
    let world = World::new().await;
    let ask = || {
        post("/cars")
            .request_id("r-1")
            .json(json!({ "model": "M", "year": 2024 }))
    };
    let first = world.call(ask()).await;
    let again = world.call(ask()).await;
    assert_eq!(
        (again.status, &again.body["car_id"]),
        (201, &first.body["car_id"])
    );
    assert_eq!(
        world
            .call(get("/cars"))
            .await
            .body
            .as_array()
            .unwrap()
            .len(),
        1
    );
}
