//! car-api's binary behind every kind of gateway.

use e2e::event_bus::EventBus;
use e2e::function::Function;
use e2e::runtime_api::TRACE_ROOT;
use platform::testing::Server;
use serde_json::{Value, json};
use signals::Metric;

use super::assert_emf;

const TABLE: &str = "acm_cars";

/// Everything the function needs.
struct World {
    dynamodb: Server,
    bus: EventBus,
}

impl World {
    async fn start() -> Self {
        let dynamodb = Server::start().await;
        car_api::store::dynamodb::create_table(&dynamodb.client().await, TABLE)
            .await
            .unwrap();
        Self {
            dynamodb,
            bus: EventBus::start().await,
        }
    }

    async fn function(&self, more: &[(&str, &str)]) -> Function {
        let bus = self.bus.endpoint();
        let mut vars = vec![
            ("AWS_ENDPOINT_URL_DYNAMODB", self.dynamodb.endpoint.as_str()),
            ("AWS_ENDPOINT_URL_EVENTBRIDGE", bus.as_str()),
            ("CAR_TABLE_NAME", TABLE),
            ("CAR_EVENT_BUS", "cars"),
        ];
        vars.extend_from_slice(more);
        Function::start("car-api", &vars).await
    }
}

fn fixture(text: &str) -> Value {
    serde_json::from_str(text).unwrap()
}

/// API Gateway, REST API, payload format 1.0: POST /cars on stage `prod`.
fn rest_v1() -> Value {
    fixture(include_str!("../../fixtures/rest_v1.json"))
}

/// API Gateway, HTTP API, payload format 2.0: GET /cars/car-0001.
fn http_v2() -> Value {
    fixture(include_str!("../../fixtures/http_v2.json"))
}

/// Function URL: GET /cars?status=Available&limit=10.
fn function_url() -> Value {
    fixture(include_str!("../../fixtures/function_url.json"))
}

fn with_fault(mut event: Value, fault: &str) -> Value {
    event["headers"]["x-outrider-fault"] = json!(fault);
    event
}

fn body(answer: &Value) -> Value {
    serde_json::from_str(answer["body"].as_str().unwrap()).unwrap()
}

fn header<'a>(answer: &'a Value, name: &str) -> Option<&'a str> {
    let single = answer["headers"].get(name).and_then(Value::as_str);
    single.or_else(|| answer["multiValueHeaders"][name][0].as_str())
}

#[tokio::test]
async fn one_process_serves_a_rest_api_an_http_api_and_a_function_url() {
    let world = World::start().await;
    let mut function = world.function(&[]).await;
    let process = function.process_id();

    let created = function.invoke(&rest_v1()).await.response();
    assert_eq!(created["statusCode"], 201, "{created}");
    assert_eq!(header(&created, "location"), Some("/prod/cars/car-0001"));
    assert_eq!(header(&created, "x-correlation-id"), Some("rest-1"));
    assert_eq!(
        body(&created)["nb_passengers"],
        2,
        "a numeric string is a number"
    );

    let read = function.invoke(&http_v2()).await.response();
    assert_eq!(read["statusCode"], 200, "{read}");
    assert_eq!(
        (&body(&read)["car_id"], &body(&read)["latitude"]),
        (&json!("car-0001"), &json!("48.8566"))
    );

    let listed = function.invoke(&function_url()).await.response();
    assert_eq!(listed["statusCode"], 200, "{listed}");
    assert_eq!(body(&listed)[0]["car_id"], "car-0001");

    assert_eq!(function.process_id(), process);
    assert_eq!(
        world
            .bus
            .taken()
            .iter()
            .map(|event| &event["DetailType"])
            .collect::<Vec<_>>(),
        ["acme.acs.acm.events.CarCreated"]
    );
}

#[tokio::test]
async fn every_request_is_one_valid_metric_document_that_names_it() {
    let world = World::start().await;
    let mut function = world.function(&[]).await;
    for event in [rest_v1(), http_v2(), function_url()] {
        function.invoke(&event).await.response();
    }
    let log = function.log();
    log.emf.iter().for_each(assert_emf);
    let requests = log.with(Metric::Requests);
    let of = |name: &str| {
        requests
            .iter()
            .map(|document| document[name].clone())
            .collect::<Vec<_>>()
    };
    assert_eq!(
        of("route"),
        ["POST /cars", "GET /cars/{car_id}", "GET /cars"]
    );
    assert_eq!(
        of("request_id"),
        ["invocation-1", "invocation-2", "invocation-3"]
    );
    assert_eq!(of("correlation_id"), ["rest-1", "http-2", "url-3"]);
    assert_eq!(of("cold_start"), [1, 0, 0]);
    assert_eq!(of("function_version"), ["7", "7", "7"]);
    assert!(
        of("xray_trace_id").iter().all(|trace| trace == TRACE_ROOT),
        "{:?}",
        of("xray_trace_id")
    );
    let cold_starts = log.with(Metric::ColdStart);
    assert_eq!(cold_starts.len(), 1, "one environment starts once");
    assert_eq!(
        (&cold_starts[0]["function_name"], &cold_starts[0]["service"]),
        (&json!("under-test"), &json!("CarManager"))
    );
}

#[tokio::test]
async fn metrics_survive_a_log_level_at_which_nothing_is_said() {
    let world = World::start().await;
    let mut loud = world.function(&[]).await;
    loud.invoke(&rest_v1()).await.response();
    assert!(
        !loud.log().lines.is_empty(),
        "at INFO a request is a log line"
    );
    let mut quiet = world.function(&[("AWS_LAMBDA_LOG_LEVEL", "WARN")]).await;
    quiet.invoke(&http_v2()).await.response();
    let log = quiet.log();
    assert!(log.lines.is_empty(), "{:?}", log.lines);
    assert_eq!(log.with(Metric::Requests).len(), 1);
}

#[tokio::test]
async fn a_panic_is_an_error_of_the_invocation_and_the_next_one_is_served() {
    let world = World::start().await;
    let mut function = world
        .function(&[("CAROBS_FAULT_INJECTION", "enabled")])
        .await;
    function.invoke(&rest_v1()).await.response();
    let process = function.process_id();
    let error = function
        .invoke(&with_fault(http_v2(), "panic"))
        .await
        .error();
    assert!(
        error["errorMessage"]
            .as_str()
            .unwrap()
            .contains("injected fault: panic"),
        "{error}"
    );
    assert!(error["errorType"].is_string(), "{error}");
    let after = function.invoke(&http_v2()).await.response();
    assert_eq!(
        (after["statusCode"].as_u64(), function.process_id()),
        (Some(200), process)
    );
    let log = function.log();
    assert_eq!(
        log.with(Metric::Requests).len(),
        2,
        "a request that crashed is counted by Lambda, in Errors"
    );
    assert!(
        log.lines.iter().any(|line| line["error_class"] == "Panic"),
        "the crash is a JSON line"
    );
}

#[tokio::test]
async fn an_injected_error_and_a_throttle_are_answers_and_no_errors() {
    let world = World::start().await;
    let mut function = world
        .function(&[("CAROBS_FAULT_INJECTION", "enabled")])
        .await;
    let error = function
        .invoke(&with_fault(http_v2(), "error"))
        .await
        .response();
    assert_eq!(error["statusCode"], 500);
    let throttle = function
        .invoke(&with_fault(http_v2(), "throttle"))
        .await
        .response();
    assert_eq!(
        (
            throttle["statusCode"].as_u64(),
            header(&throttle, "retry-after").is_some()
        ),
        (Some(503), true)
    );
    let log = function.log();
    let sum = |metric: Metric| {
        log.with(metric)
            .iter()
            .filter_map(|document| document[metric.name()].as_f64())
            .sum::<f64>()
    };
    assert_eq!(
        (
            sum(Metric::Requests),
            sum(Metric::Faults),
            sum(Metric::Throttled)
        ),
        (2.0, 1.0, 1.0)
    );
}

#[tokio::test]
async fn a_fault_header_is_nothing_where_faults_are_not_allowed() {
    let world = World::start().await;
    let mut function = world.function(&[]).await;
    let answer = function
        .invoke(&with_fault(http_v2(), "panic"))
        .await
        .response();
    assert_eq!(answer["statusCode"], 404, "{answer}");
}

#[tokio::test]
async fn a_table_that_is_not_there_is_an_answer_that_tells_nothing_of_the_inside() {
    let world = World::start().await;
    let mut function = world.function(&[("CAR_TABLE_NAME", "another_table")]).await;
    let answer = function.invoke(&http_v2()).await.response();
    assert!(answer["statusCode"].as_u64().unwrap() >= 500, "{answer}");
    assert!(
        !answer["body"].as_str().unwrap().contains("another_table"),
        "{answer}"
    );
    assert_eq!(body(&answer)["correlation_id"], "http-2");
    assert!(
        function
            .log()
            .lines
            .iter()
            .any(|line| line["level"] == "ERROR"),
        "the log says what it was"
    );
}

#[tokio::test]
async fn an_event_that_no_gateway_sends_is_an_error_and_the_next_one_is_served() {
    let world = World::start().await;
    let mut function = world.function(&[]).await;
    let error = function
        .invoke(&json!({ "detail-type": "Scheduled Event" }))
        .await
        .error();
    assert!(error["errorMessage"].is_string(), "{error}");
    let answer = function.invoke(&http_v2()).await.response();
    assert_eq!(answer["statusCode"], 404);
}
