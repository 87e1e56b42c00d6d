use std::collections::BTreeSet;
use std::sync::Arc;

use platform::emit::{Captured, Emitter};
use platform::logging::{Level, subscriber};
use serde_json::{Value, json};
use signals::Metric;
use tracing::instrument::WithSubscriber;

use super::harness::*;
use crate::observe::{ROUTES, UNMATCHED};

/// The line as JSON, after checking that it is EMF as CloudWatch reads it and that it says only what it may.
pub(crate) fn checked(line: &str) -> Value {
    assert!(!line.contains('\n'), "one line for each document");
    let document: Value = serde_json::from_str(line).unwrap();
    if document["synthetic"] == true {
        assert!(document.get("_aws").is_none(), "no metrics: {line}");
        return document;
    }
    let meta = &document["_aws"];
    assert!(meta["Timestamp"].is_u64());
    let directives = meta["CloudWatchMetrics"].as_array().unwrap();
    assert_eq!(directives.len(), 1);
    let directive = &directives[0];
    assert_eq!(directive["Namespace"], "CarManager");
    for set in directive["Dimensions"].as_array().unwrap() {
        for dimension in set.as_array().unwrap() {
            let value = document[dimension.as_str().unwrap()].as_str().unwrap();
            assert!(
                (1..=1_024).contains(&value.len()),
                "{dimension} is {value:?}"
            );
        }
    }
    let metrics = directive["Metrics"].as_array().unwrap();
    assert!((1..=100).contains(&metrics.len()));
    let mut declared = BTreeSet::new();
    for metric in metrics {
        let name = metric["Name"].as_str().unwrap();
        let known = Metric::ALL
            .iter()
            .find(|known| known.name() == name)
            .unwrap_or_else(|| panic!("{name} is no metric of signals::Metric"));
        assert_eq!(metric["Unit"], known.unit().as_str(), "{name}");
        assert!(document[name].is_number(), "{name} is {}", document[name]);
        assert!(declared.insert(name));
    }
    if let Some(route) = document.get("route") {
        let route = route.as_str().unwrap();
        assert!(
            route == UNMATCHED || ROUTES.iter().any(|(_, _, name)| *name == route),
            "{route}"
        );
    }
    document
}

#[tokio::test]
async fn one_wide_document_tells_all_about_a_request() {
    let world = World::new().await;
    let create = post("/cars")
        .header("x-correlation-id", "order-17")
        .request_id("r-1");
    world
        .call(create.json(
            json!({ "car_id": "c-1", "model": "M", "year": "2024", "colour": "red", "wheels": 4 }),
        ))
        .await;
    let document = world.last();
    assert_eq!(
        document["_aws"]["CloudWatchMetrics"][0]["Dimensions"],
        json!([["service"], ["service", "route"]])
    );
    assert_eq!(document["_aws"]["Timestamp"], noon().as_millisecond());
    for (name, value) in [
        ("Requests", 1),
        ("ClientErrors", 0),
        ("Faults", 0),
        ("Throttled", 0),
        ("ValidationFailures", 0),
        ("UnknownFields", 2),
        ("RetryAttempts", 0),
        ("RetriesExhausted", 0),
        ("EventsPublished", 1),
        ("EventPublishFailures", 0),
        ("CarsCreated", 1),
        ("CarsUpdated", 0),
        ("CarsDeleted", 0),
        ("status", 201),
        ("cold_start", 1),
    ] {
        assert_eq!(document[name], value, "{name}");
    }
    for (name, value) in [
        ("service", "CarManager"),
        ("route", "POST /cars"),
        ("request_id", "r-1"),
        ("correlation_id", "order-17"),
        ("xray_trace_id", "1-5759e988-bd862e3fe1be46a994272793"),
        ("function_version", "7"),
        ("car_id", "c-1"),
    ] {
        assert_eq!(document[name], value, "{name}");
    }
    let directives = document["_aws"].to_string();
    assert!(!directives.contains("car_id"), "a property: {directives}");
    assert!(
        document["ConsumedWriteCapacity"].as_f64().unwrap() >= 1.0,
        "{document}"
    );
    assert!(document["DynamoDbLatency"].is_number() && document["EventBridgeLatency"].is_number());

    world.call(get("/health")).await;
    let health = world.last();
    assert_eq!(health["cold_start"], 0);
    for absent in [
        "EventsDeferred",
        "RequestsAccepted",
        "DynamoDbLatency",
        "EventBridgeLatency",
        "error_type",
        "xray_trace_id",
    ] {
        assert_eq!(
            health.get(absent),
            None,
            "{absent}: what did not happen did not take 0 ms"
        );
    }
    world.call(get("/cars/c-1")).await;
    assert!(world.last()["ConsumedReadCapacity"].as_f64().unwrap() >= 0.5);
}

#[tokio::test]
async fn every_route_has_a_template_and_made_up_paths_share_one() {
    let world = World::new().await;
    world.car("c-1").await;
    let change = || json!({ "model": "M", "year": 2024 });
    let cases = [
        (get("/cars"), "GET /cars"),
        (get("/cars/"), "GET /cars"),
        (
            put("/cars").json(json!({ "car_id": "c-1", "model": "M", "year": 2024 })),
            "PUT /cars",
        ),
        (get("/cars/c-1"), "GET /cars/{car_id}"),
        (get("/cars/c-1/"), "GET /cars/{car_id}"),
        (get("/cars/no-such-car"), "GET /cars/{car_id}"),
        (put("/cars/c-1").json(change()), "PUT /cars/{car_id}"),
        (patch("/cars/c-1").json(change()), "PATCH /cars/{car_id}"),
        (delete("/cars/c-1"), "DELETE /cars/{car_id}"),
        (get("/requests/r-1"), "GET /requests/{request_id}"),
        (get("/health"), "GET /health"),
        (get("/openapi.json"), "GET /openapi.json"),
        (get("/wp-admin.php"), UNMATCHED),
        (get("/cars/c-1/rides/7"), UNMATCHED),
        (post("/health"), UNMATCHED),
    ];
    for (ask, expected) in cases {
        let path = ask.path.clone();
        world.call(ask).await;
        assert_eq!(world.last()["route"], expected, "{path}");
    }
}

#[tokio::test]
async fn an_answer_is_an_error_of_the_client_or_of_the_service_or_a_throttle_and_never_two() {
    let world = World::with(&[("CAROBS_FAULT_INJECTION", "enabled")], |store| store).await;
    let cases = [
        ("found", get("/health"), [0, 0, 0, 0]),
        ("unknown car", get("/cars/none"), [1, 0, 0, 0]),
        ("invalid", post("/cars").json(json!({})), [1, 0, 0, 1]),
        (
            "error",
            get("/health").header("x-outrider-fault", "error"),
            [0, 1, 0, 0],
        ),
        (
            "throttle",
            get("/health").header("x-outrider-fault", "throttle"),
            [0, 0, 1, 0],
        ),
    ];
    for (rule, ask, expected) in cases {
        world.call(ask).await;
        let document = world.last();
        let counted = ["ClientErrors", "Faults", "Throttled", "ValidationFailures"]
            .map(|name| document[name].as_u64().unwrap());
        assert_eq!(counted, expected, "{rule}");
    }
}

#[tokio::test]
async fn latency_and_timestamp_are_the_clock_s_and_the_end_s() {
    let world = World::with(&[("CAROBS_FAULT_INJECTION", "enabled")], |store| store).await;
    world
        .call(get("/health").header("x-outrider-fault", "latency=800"))
        .await;
    assert_eq!(world.last()["Latency"].as_f64(), Some(800.0));
    assert_eq!(
        world.last()["_aws"]["Timestamp"],
        noon().as_millisecond() + 800
    );
}

#[tokio::test]
async fn a_cold_start_is_one_document_for_each_environment_as_powertools_writes_it() {
    let world = World::new().await;
    world.call(get("/health")).await;
    world.call(get("/health")).await;
    let cold: Vec<_> = world
        .documents()
        .into_iter()
        .filter(|document| document.get("ColdStart").is_some())
        .collect();
    assert_eq!(cold.len(), 1);
    assert_eq!(
        cold[0]["_aws"]["CloudWatchMetrics"][0]["Dimensions"],
        json!([["function_name", "service"]])
    );
    assert_eq!(
        (&cold[0]["ColdStart"], &cold[0]["function_name"]),
        (&json!(1), &json!("car-api"))
    );
}

#[tokio::test]
async fn an_environment_started_ahead_has_no_cold_start() {
    let world = World::with(
        &[("AWS_LAMBDA_INITIALIZATION_TYPE", "provisioned-concurrency")],
        |store| store,
    )
    .await;
    world.call(get("/health")).await;
    assert_eq!(world.documents().len(), 1);
    assert_eq!(world.last()["cold_start"], 0);
}

async fn lines_at(level: &str, ask: Ask) -> (World, Vec<Value>) {
    let world = World::with(&[("CAROBS_FAULT_INJECTION", "enabled")], |store| store).await;
    let log = Arc::new(Captured::default());
    let identity = settings(&[]).identity;
    let lines = subscriber(
        log.clone() as Arc<dyn Emitter>,
        world.clock.clone(),
        &identity,
        &Level::named(level).unwrap(),
    );
    world.call(ask).with_subscriber(lines).await;
    let lines = log
        .lines()
        .iter()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    (world, lines)
}

#[tokio::test]
async fn a_request_has_one_line_in_the_log_with_everything_that_names_it() {
    let ask = get("/cars/none")
        .header("x-correlation-id", "order-17")
        .request_id("r-1");
    let (_world, lines) = lines_at("INFO", ask).await;
    assert_eq!(lines.len(), 1, "{lines:?}");
    let expected = json!({
        "level": "INFO", "message": "request", "timestamp": "2026-11-16T12:00:00.000Z", "service": "CarManager",
        "function_name": "car-api", "function_version": "7", "function_request_id": "r-1", "correlation_id": "order-17",
        "xray_trace_id": "1-5759e988-bd862e3fe1be46a994272793", "cold_start": true, "route": "GET /cars/{car_id}",
        "status": 404, "latency_ms": 0.0, "error_class": "no-such-car",
    });
    assert_eq!(lines[0], expected);
}

#[tokio::test]
async fn at_warn_the_line_is_gone_and_the_document_is_not() {
    let (world, lines) = lines_at("WARN", get("/health")).await;
    assert_eq!(lines, Vec::<Value>::new());
    assert_eq!(world.last()["Requests"], 1);
}

#[tokio::test]
async fn an_error_says_inside_what_it_hides_outside() {
    let ask = get("/health")
        .header("x-outrider-fault", "error")
        .request_id("r-9");
    let (_world, lines) = lines_at("WARN", ask).await;
    assert_eq!(lines.len(), 1);
    assert_eq!(
        (&lines[0]["level"], &lines[0]["message"]),
        (&json!("ERROR"), &json!("injected fault: error"))
    );
    assert_eq!(lines[0]["function_request_id"], "r-9");
}

#[tokio::test]
async fn no_position_reaches_the_log() {
    let ask = post("/cars").json(
        json!({ "model": "M", "year": 2024, "latitude": "48.85837", "longitude": "2.29448" }),
    );
    let (_world, lines) = lines_at("TRACE", ask).await;
    let log = format!("{lines:?}");
    assert!(
        !lines.is_empty() && !log.contains("48.85837") && !log.contains("2.29448"),
        "{log}"
    );
}

#[tokio::test]
async fn a_configuration_that_is_refused_is_a_metric() {
    let emitter = Arc::new(Captured::default());
    let vars = std::collections::BTreeMap::new();
    let errors = crate::Settings::read(&vars).unwrap_err();
    crate::refuse_to_start(
        &errors,
        &vars,
        &platform::clock::ManualClock::at(noon()),
        emitter.clone(),
    );
    let document = checked(&emitter.lines()[0]);
    assert_eq!(
        (&document["ConfigError"], &document["service"]),
        (&json!(1), &json!("CarManager"))
    );
}
