//! The API of cars through the emulator's gateway.

use reqwest::Method;
use serde_json::json;

use super::World;

/// IAM is the authorizer. On AWS it is the gateway that says so too, before the function is invoked.
pub(super) async fn nobody_is_let_in_unsigned(world: &World) {
    let refused = world.api.call_unsigned(Method::GET, "/cars").await;
    assert_eq!(refused.status, 403, "{refused:?}");
    let unlisted = world.api.call(Method::GET, "/nothing", &[], None).await;
    assert_eq!(
        unlisted.status, 404,
        "a route that the template does not list is the gateway's to refuse: {unlisted:?}"
    );
}

/// Returns the path of the car.
pub(super) async fn a_car_is_created_read_changed_listed_and_deleted(world: &World) -> String {
    let car = json!({ "model": "X1", "year": 2024 });
    let created = world.ask(Method::POST, "/cars", &[], Some(&car)).await;
    assert_eq!(
        (created.status, created.text("model")),
        (201, "X1"),
        "{created:?}"
    );
    let path = created.header("location").to_owned();
    assert_eq!(path, format!("/cars/{}", created.text("car_id")));
    let first = created.header("etag").to_owned();

    let read = world.ask(Method::GET, &path, &[], None).await;
    assert_eq!(
        (read.status, read.header("etag")),
        (200, first.as_str()),
        "{read:?}"
    );
    assert_eq!(read.body, created.body);

    let changed = world
        .ask(
            Method::PATCH,
            &path,
            &[("if-match", &first)],
            Some(&json!({ "nb_passengers": 3 })),
        )
        .await;
    assert_eq!(
        (changed.status, &changed.body["nb_passengers"]),
        (200, &json!(3)),
        "{changed:?}"
    );
    let lost = world
        .ask(
            Method::PATCH,
            &path,
            &[("if-match", &first)],
            Some(&json!({ "nb_passengers": 4 })),
        )
        .await;
    assert_eq!(lost.status, 412, "the car has changed since: {lost:?}");

    let replaced = world
        .ask(
            Method::PUT,
            &path,
            &[],
            Some(&json!({ "model": "X2", "year": 2025 })),
        )
        .await;
    assert_eq!(
        (replaced.status, replaced.text("model")),
        (200, "X2"),
        "{replaced:?}"
    );
    let listed = world
        .ask(Method::GET, "/cars?status=Available", &[], None)
        .await;
    let models: Vec<_> = listed
        .body
        .as_array()
        .unwrap()
        .iter()
        .map(|car| &car["model"])
        .collect();
    assert_eq!(
        (listed.status, models),
        (200, vec![&json!("X2")]),
        "{listed:?}"
    );

    let deleted = world.ask(Method::DELETE, &path, &[], None).await;
    assert_eq!(deleted.status, 204, "{deleted:?}");
    let gone = world.ask(Method::GET, &path, &[], None).await;
    assert_eq!(
        (gone.status, gone.header("content-type")),
        (404, "application/problem+json"),
        "{gone:?}"
    );
    let invalid = world
        .ask(Method::POST, "/cars", &[], Some(&json!({})))
        .await;
    assert_eq!(invalid.status, 422, "{invalid:?}");
    path
}
