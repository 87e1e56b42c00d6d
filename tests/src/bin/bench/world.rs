//! What each function needs to start and to answer its first event.

use std::path::Path;

use e2e::bucket::Bucket;
use e2e::event_bus::EventBus;
use e2e::function::Function;
use e2e::listener::Listener;
use e2e::{refusal, subscription};
use platform::testing::Server;
use serde_json::{Value, json};
use tempfile::TempDir;

const TOPIC: &str = "arn:aws:sns:eu-west-1:000000000000:outrider";
const CAR_API: &str = "arn:aws:lambda:eu-west-1:000000000000:function:car-api:7";
const WATCH: &str = "environment='bench'\nregion='eu-west-1'\naccount='000000000000'\nrunbooks='r'\n\
                     [[service]]\nname='cars'\nlog_group='/aws/lambda/cars'\nowner='o'\n";
/// 2026-11-20T22:05:00.123Z
const MILLIS: i64 = 1_795_212_300_123;

/// The services of AWS that the functions call.
pub(crate) struct World {
    dynamodb: Server,
    bus: EventBus,
    bucket: Bucket,
    /// Whatever else is called says no.
    others: Listener,
}

/// What car-api is told of a request to its HTTP API.
pub(crate) fn request(method: &str, path: &str, body: Option<&Value>) -> Value {
    let template: Value = serde_json::from_str(include_str!("../../../fixtures/http_v2.json"))
        .unwrap_or_else(|error| panic!("the fixture is no JSON: {error}"));
    let mut event = template;
    event["rawPath"] = json!(path);
    event["requestContext"]["http"]["path"] = json!(path);
    event["requestContext"]["http"]["method"] = json!(method);
    if let Some(body) = body {
        event["headers"]["content-type"] = json!("application/json");
        event["body"] = json!(body.to_string());
    }
    event
}

fn log_events() -> Value {
    let metric = json!({
        "_aws": { "Timestamp": MILLIS, "CloudWatchMetrics": [{
            "Namespace": "Cars", "Dimensions": [["service"]], "Metrics": [{ "Name": "Latency", "Unit": "Milliseconds" }],
        }] },
        "service": "cars", "Latency": 20.0,
    });
    let messages = vec![metric.to_string(); 10];
    subscription::event(&subscription::document(
        "/aws/lambda/cars",
        MILLIS,
        &messages,
    ))
}

impl World {
    pub(crate) async fn start() -> anyhow::Result<Self> {
        let dynamodb = Server::start().await;
        let client = dynamodb.client().await;
        car_api::store::dynamodb::create_table(&client, "cars")
            .await
            .map_err(anyhow::Error::msg)?;
        platform::series_store::dynamodb::create_table(&client, "series")
            .await
            .map_err(anyhow::Error::msg)?;
        platform::state_store::dynamodb::create_table(&client, "state")
            .await
            .map_err(anyhow::Error::msg)?;
        Ok(Self {
            dynamodb,
            bus: EventBus::start().await,
            bucket: Bucket::start().await,
            others: refusal::start().await,
        })
    }

    /// Starts a binary with everything that `function` is told.
    pub(crate) async fn function(
        &self,
        function: &str,
        binary: &Path,
        more: &[(&str, &str)],
    ) -> Function {
        let endpoints = [
            ("AWS_ENDPOINT_URL", self.others.endpoint()),
            ("AWS_ENDPOINT_URL_DYNAMODB", self.dynamodb.endpoint.clone()),
            ("AWS_ENDPOINT_URL_EVENTBRIDGE", self.bus.endpoint()),
            ("AWS_ENDPOINT_URL_S3", self.bucket.endpoint()),
        ];
        let mut vars: Vec<(&str, &str)> = endpoints
            .iter()
            .map(|(name, value)| (*name, value.as_str()))
            .collect();
        vars.push(("AWS_ALLOW_HTTP", "true"));
        vars.extend_from_slice(settings(function));
        vars.extend_from_slice(more);
        Function::start_binary(package(), binary, &vars).await
    }

    /// An event that the function answers; none when it can answer only with the whole of AWS around it.
    pub(crate) fn first_event(function: &str) -> Option<Value> {
        match function {
            "car-api" => Some(request("GET", "/cars/car-0001", None)),
            "log-processor" => Some(log_events()),
            "detector" => Some(json!({ "at": "2026-11-20T22:06:00Z" })),
            _ => None,
        }
    }
}

fn settings(function: &str) -> &'static [(&'static str, &'static str)] {
    match function {
        "car-api" => &[("CAR_TABLE_NAME", "cars"), ("CAR_EVENT_BUS", "cars")],
        "log-processor" => &[("CAROBS_SERIES_TABLE", "series")],
        "detector" => &[
            ("CAROBS_CHAT_TOPIC_ARN", TOPIC),
            ("CAROBS_PAGE_TOPIC_ARN", TOPIC),
            ("CAROBS_SERIES_TABLE", "series"),
            ("CAROBS_STATE_BUCKET", "outrider-state"),
            ("CAROBS_STATE_TABLE", "state"),
            ("CAROBS_TICKET_TOPIC_ARN", TOPIC),
        ],
        _ => &[("CAR_API_VERSION_ARN", CAR_API)],
    }
}

/// The folder of a function, with the file that the detector's package holds.
fn package() -> TempDir {
    let folder = tempfile::tempdir().unwrap_or_else(|error| panic!("no folder: {error}"));
    std::fs::write(folder.path().join("outrider.toml"), WATCH)
        .unwrap_or_else(|error| panic!("no file: {error}"));
    folder
}
