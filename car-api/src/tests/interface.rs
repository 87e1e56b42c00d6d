use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::harness::*;
use crate::observe::ROUTES;

fn names(object: &Value) -> BTreeSet<String> {
    object.as_object().unwrap().keys().cloned().collect()
}

#[tokio::test]
async fn the_interface_is_described_as_it_is() {
    let world = World::new().await;
    let served = world.call(get("/openapi.json")).await;
    assert_eq!(served.body["openapi"], "3.1.0");
    insta::assert_json_snapshot!("openapi", served.body);

    let mut described = BTreeSet::new();
    for (path, operations) in served.body["paths"].as_object().unwrap() {
        described.extend(
            operations
                .as_object()
                .unwrap()
                .keys()
                .map(|method| format!("{} {path}", method.to_uppercase())),
        );
    }
    let routes: BTreeSet<_> = ROUTES
        .iter()
        .map(|(_, _, name)| (*name).to_owned())
        .collect();
    assert_eq!(described, routes);

    let schemas = &served.body["components"]["schemas"];
    let car = world.car("c-1").await;
    assert_eq!(
        names(&schemas["Car"]["properties"]),
        names(&car),
        "a car has the fields that the document says"
    );
    let writable: BTreeSet<_> = names(&car)
        .into_iter()
        .filter(|name| !name.ends_with("_at"))
        .collect();
    assert_eq!(names(&schemas["NewCar"]["properties"]), writable);
    assert_eq!(names(&schemas["CarChanges"]["properties"]), writable);
    let problem = world.call(post("/cars").json(json!({}))).await;
    assert_eq!(
        names(&schemas["Problem"]["properties"]),
        names(&problem.body)
    );
}

#[tokio::test]
async fn health_asks_nobody() {
    let world = World::new().await;
    let reply = world.call(get("/health")).await;
    assert_eq!((reply.status, reply.body), (200, json!({ "status": "ok" })));
    assert_eq!(world.last().get("DynamoDbLatency"), None);
}
