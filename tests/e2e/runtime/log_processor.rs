//! log-processor's binary on subscription payloads.

use std::collections::BTreeMap;

use bytes::Bytes;
use e2e::function::Function;
use e2e::subscription::{document, event};
use platform::series_store::SeriesStore;
use platform::series_store::dynamodb::{DynamoDbSeriesStore, create_table};
use platform::testing::Server;
use serde_json::{Value, json};
use signals::{Metric, Minute, Rollup, SeriesKey};

use super::assert_emf;

const TABLE: &str = "outrider-series";
const GROUP: &str = "/aws/lambda/cars";
/// 2026-11-20T22:05:00.123Z
const MILLIS: i64 = 1_795_212_300_123;

struct World {
    dynamodb: Server,
}

impl World {
    async fn start() -> Self {
        let dynamodb = Server::start().await;
        create_table(&dynamodb.client().await, TABLE).await.unwrap();
        Self { dynamodb }
    }

    async fn function(&self) -> Function {
        let vars = [
            ("AWS_ENDPOINT_URL_DYNAMODB", self.dynamodb.endpoint.as_str()),
            ("CAROBS_SERIES_TABLE", TABLE),
        ];
        Function::start("log-processor", &vars).await
    }

    /// What the table holds of the minute.
    async fn minute(&self, group: &str) -> BTreeMap<SeriesKey, Rollup> {
        let store = DynamoDbSeriesStore::new(self.dynamodb.client().await, TABLE);
        let minute = Minute::from_millis(MILLIS);
        store
            .raw_minutes(group, minute, minute)
            .await
            .unwrap()
            .remove(&minute)
            .unwrap_or_default()
    }
}

fn emf(latency: f64) -> String {
    json!({
        "_aws": { "Timestamp": MILLIS, "CloudWatchMetrics": [{
            "Namespace": "Cars", "Dimensions": [["service"]], "Metrics": [{ "Name": "Latency", "Unit": "Milliseconds" }],
        }] },
        "service": "cars", "Latency": latency,
    })
    .to_string()
}

fn payload(group: &str) -> Value {
    let report = json!({
        "time": "2026-11-20T22:05:00.123Z", "type": "platform.report",
        "record": { "requestId": "r", "status": "success", "metrics": {
            "durationMs": 20.0, "billedDurationMs": 20, "memorySizeMB": 128, "maxMemoryUsedMB": 40, "initDurationMs": 12.5,
        } },
    });
    event(&document(
        group,
        MILLIS,
        &[
            emf(20.0),
            emf(30.0),
            report.to_string(),
            "no JSON".to_owned(),
        ],
    ))
}

fn names(rollups: &BTreeMap<SeriesKey, Rollup>) -> Vec<String> {
    rollups.keys().map(ToString::to_string).collect()
}

#[tokio::test]
async fn a_payload_becomes_rollups_and_a_second_delivery_changes_nothing() {
    let world = World::start().await;
    let mut function = world.function().await;
    let outcome = function.invoke(&payload(GROUP)).await.response();
    assert_eq!(
        (&outcome["events"], &outcome["items_written"]),
        (&json!(4), &json!(1)),
        "{outcome}"
    );
    let stored = world.minute(GROUP).await;
    let latency = &stored[&SeriesKey::emf("Cars", "Latency", [("service", "cars")])];
    assert_eq!((latency.count(), latency.sum()), (2, 50.0));
    let platform = ["cold_starts", "duration_ms", "invocations"]
        .map(|signal| format!("lambda/cars/{signal}{{}}"));
    assert!(
        platform.iter().all(|name| names(&stored).contains(name)),
        "{:?}",
        names(&stored)
    );

    let again = function.invoke(&payload(GROUP)).await.response();
    assert_eq!(again["items_written"], outcome["items_written"]);
    assert_eq!(world.minute(GROUP).await, stored);

    let log = function.log();
    log.emf.iter().for_each(assert_emf);
    let sum = |metric: Metric| {
        log.with(metric)
            .iter()
            .filter_map(|line| line[metric.name()].as_f64())
            .sum::<f64>()
    };
    assert_eq!(format!("{}", sum(Metric::LogEvents)), "8");
}

#[tokio::test]
async fn records_of_a_kinesis_batch_are_read_as_the_subscription_wrote_them() {
    let world = World::start().await;
    let mut function = world.function().await;
    let record = |group: &str| {
        let data = &payload(group)["awslogs"]["data"];
        json!({
            "eventSource": "aws:kinesis", "eventName": "aws:kinesis:record",
            "kinesis": { "partitionKey": "p", "sequenceNumber": "1", "kinesisSchemaVersion": "1.0", "data": data },
        })
    };
    let other = "/aws/lambda/others";
    let batch = json!({ "Records": [record(GROUP), record(other)] });
    let outcome = function.invoke(&batch).await.response();
    assert_eq!(
        (&outcome["events"], &outcome["items_written"]),
        (&json!(8), &json!(2)),
        "{outcome}"
    );
    let bare = World::start().await;
    let mut function = bare.function().await;
    for group in [GROUP, other] {
        function.invoke(&payload(group)).await.response();
        assert_eq!(world.minute(group).await, bare.minute(group).await);
    }
}

#[tokio::test]
async fn what_car_api_writes_is_what_log_processor_counts() {
    let world = World::start().await;
    let cars = Server::start().await;
    car_api::store::dynamodb::create_table(&cars.client().await, "acm_cars")
        .await
        .unwrap();
    let vars = [
        ("AWS_ENDPOINT_URL", cars.endpoint.as_str()),
        ("CAR_TABLE_NAME", "acm_cars"),
        ("CAR_EVENT_BUS", "cars"),
    ];
    let mut api = Function::start("car-api", &vars).await;
    let request: Value = serde_json::from_str(include_str!("../../fixtures/http_v2.json")).unwrap();
    for _ in 0..3 {
        api.invoke(&request).await.response();
    }
    let log = api.log();
    let messages: Vec<String> = log
        .emf
        .iter()
        .chain(&log.lines)
        .map(Value::to_string)
        .collect();
    let millis = log.emf[0]["_aws"]["Timestamp"].as_i64().unwrap();

    let mut function = world.function().await;
    let outcome = function
        .invoke(&event(&document(GROUP, millis, &messages)))
        .await
        .response();
    assert_eq!(outcome["rejected"], json!({}), "{outcome}");
    let store = DynamoDbSeriesStore::new(world.dynamodb.client().await, TABLE);
    // Three requests may straddle a minute's end.
    let from = Minute::from_millis(millis);
    let mut requests = Rollup::default();
    for rollups in store
        .raw_minutes(GROUP, from, from.plus(1))
        .await
        .unwrap()
        .values()
    {
        let dimensions = [("service", "CarManager"), ("route", "GET /cars/{car_id}")];
        if let Some(rollup) = rollups.get(&SeriesKey::emf(
            "CarManager",
            Metric::Requests.name(),
            dimensions,
        )) {
            requests.merge(rollup);
        }
    }
    assert_eq!((requests.count(), requests.sum()), (3, 3.0));
}

#[tokio::test]
async fn its_own_log_group_is_refused() {
    let world = World::start().await;
    let mut function = world.function().await;
    let outcome = function
        .invoke(&payload("/aws/lambda/under-test"))
        .await
        .response();
    assert_eq!(
        outcome["rejected"],
        json!({ "own_log_group": 4 }),
        "{outcome}"
    );
    assert_eq!(outcome["items_written"], 0);
    assert!(world.minute("/aws/lambda/under-test").await.is_empty());
}

#[tokio::test]
async fn a_poisoned_payload_is_an_error_and_the_next_one_is_served() {
    let world = World::start().await;
    let mut function = world.function().await;
    let process = function.process_id();
    for (poison, part) in [
        (json!({ "awslogs": { "data": "bm90IGd6aXA=" } }), "not gzip"),
        (json!({ "awslogs": { "data": "H4sI" } }), "cut short"),
        (json!({ "Records": [] }), "it is empty"),
        (
            json!({ "Records": [{ "s3": {} }] }),
            "no subscription payload",
        ),
    ] {
        let error = function.invoke(&poison).await.error();
        assert_eq!(error["errorType"], "LogProcessor.Permanent", "{error}");
        assert!(
            error["errorMessage"].as_str().unwrap().contains(part),
            "{error}"
        );
    }
    let error = function.invoke_raw(Bytes::from_static(b"{")).await.error();
    assert!(
        error["errorMessage"].is_string(),
        "an event that is no JSON is an error too: {error}"
    );
    let outcome = function.invoke(&payload(GROUP)).await.response();
    assert_eq!(
        (outcome["items_written"].as_u64(), function.process_id()),
        (Some(1), process)
    );
    assert!(
        function.log().with(Metric::RejectedEvents).len() >= 3,
        "every poison is counted"
    );
}

#[tokio::test]
async fn a_table_that_is_not_there_is_an_error_that_the_retry_meets_too() {
    let empty = Server::start().await;
    let vars = [
        ("AWS_ENDPOINT_URL_DYNAMODB", empty.endpoint.as_str()),
        ("CAROBS_SERIES_TABLE", TABLE),
    ];
    let mut function = Function::start("log-processor", &vars).await;
    let error = function.invoke(&payload(GROUP)).await.error();
    assert!(
        error["errorMessage"].as_str().unwrap().contains(TABLE),
        "{error}"
    );
    let process = function.process_id();
    assert_eq!(
        function.invoke(&payload(GROUP)).await.error()["errorType"],
        error["errorType"]
    );
    assert_eq!(function.process_id(), process);
}
