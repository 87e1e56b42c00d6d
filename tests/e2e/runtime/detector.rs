//! The detector's binary on ticks of the schedule.

use e2e::bucket::Bucket;
use e2e::function::Function;
use e2e::listener::Listener;
use e2e::refusal;
use platform::testing::Server;
use serde_json::{Value, json};
use signals::Metric;
use tempfile::TempDir;

use super::assert_emf;

const WATCH: &str = r#"
environment = "test"
region = "eu-west-1"
account = "000000000000"
runbooks = "https://example.com/runbooks"

[[service]]
name = "CarManager"
log_group = "/aws/lambda/cars"
owner = "team-cars"
"#;

/// The state of 2026-11-20T21:59Z, which has settled when 22:05 is over.
const SETTLED: &str = "/outrider-state/state/0/29920199";

struct World {
    dynamodb: Server,
    bucket: Bucket,
    /// Nobody gave the function the permission to read metrics.
    cloudwatch: Listener,
}

impl World {
    async fn start() -> Self {
        let dynamodb = Server::start().await;
        let client = dynamodb.client().await;
        platform::series_store::dynamodb::create_table(&client, "series")
            .await
            .unwrap();
        platform::state_store::dynamodb::create_table(&client, "state")
            .await
            .unwrap();
        Self {
            dynamodb,
            bucket: Bucket::start().await,
            cloudwatch: refusal::start().await,
        }
    }

    async fn function(&self, more: &[(&str, &str)]) -> Function {
        let (bucket, cloudwatch) = (self.bucket.endpoint(), self.cloudwatch.endpoint());
        let mut vars = vec![
            ("AWS_ALLOW_HTTP", "true"),
            ("AWS_ENDPOINT_URL_CLOUDWATCH", cloudwatch.as_str()),
            ("AWS_ENDPOINT_URL_DYNAMODB", self.dynamodb.endpoint.as_str()),
            ("AWS_ENDPOINT_URL_S3", bucket.as_str()),
            (
                "CAROBS_CHAT_TOPIC_ARN",
                "arn:aws:sns:eu-west-1:000000000000:chat",
            ),
            (
                "CAROBS_PAGE_TOPIC_ARN",
                "arn:aws:sns:eu-west-1:000000000000:page",
            ),
            ("CAROBS_SERIES_TABLE", "series"),
            ("CAROBS_STATE_BUCKET", "outrider-state"),
            ("CAROBS_STATE_TABLE", "state"),
            (
                "CAROBS_TICKET_TOPIC_ARN",
                "arn:aws:sns:eu-west-1:000000000000:ticket",
            ),
        ];
        vars.extend_from_slice(more);
        let package = TempDir::new().unwrap();
        std::fs::write(package.path().join("outrider.toml"), WATCH).unwrap();
        Function::start_in(package, "detector", &vars).await
    }
}

fn tick(at: &str) -> Value {
    json!({ "at": at })
}

#[tokio::test]
async fn a_tick_runs_its_window_once_and_tells_what_it_could_not_see() {
    let world = World::start().await;
    let mut function = world.function(&[]).await;
    let outcome = function
        .invoke(&tick("2026-11-20T22:06:00Z"))
        .await
        .response();
    assert_eq!(
        (&outcome["window"], &outcome["status"]),
        (&json!("2026-11-20T22:05:00Z"), &json!("ran")),
        "{outcome}"
    );
    assert!(
        outcome["polls_failed"].as_u64().unwrap() > 0,
        "CloudWatch refused: {outcome}"
    );
    assert_eq!(
        outcome["told"],
        json!([]),
        "unknown is no incident: {outcome}"
    );
    assert_eq!(
        world.bucket.newest(),
        Some(SETTLED.to_owned()),
        "the state of the last settled minute is an object"
    );

    let again = function
        .invoke(&tick("2026-11-20T22:06:00Z"))
        .await
        .response();
    assert_eq!(again["status"], "done", "{again}");
    let next = function
        .invoke(&tick("2026-11-20T22:07:00Z"))
        .await
        .response();
    assert_eq!(next["status"], "ran", "{next}");

    let log = function.log();
    log.emf.iter().for_each(assert_emf);
    assert_eq!(
        log.with(Metric::DetectorRun).len(),
        2,
        "a heartbeat for each run, none for a repetition"
    );
    assert!(
        log.lines.iter().any(|line| line["level"] == "WARN"),
        "the refusal is in the log"
    );
}

#[tokio::test]
async fn another_environment_goes_on_from_the_state_in_the_bucket() {
    let world = World::start().await;
    for at in ["2026-11-20T22:06:00Z", "2026-11-20T22:07:00Z"] {
        let mut function = world.function(&[]).await;
        let outcome = function.invoke(&tick(at)).await.response();
        assert_eq!(
            (&outcome["status"], &outcome["windows_decided"]),
            (&json!("ran"), &json!(1)),
            "{outcome}"
        );
    }
}

#[tokio::test]
async fn a_table_that_is_not_there_is_an_error_of_its_kind_and_the_process_lives() {
    let world = World::start().await;
    let mut function = world.function(&[("CAROBS_STATE_TABLE", "another")]).await;
    let process = function.process_id();
    let error = function.invoke(&tick("2026-11-20T22:06:00Z")).await.error();
    assert_eq!(error["errorType"], "Detector.Permanent", "{error}");
    assert!(
        error["errorMessage"].as_str().unwrap().contains("another"),
        "{error}"
    );
    let event = function.invoke(&json!({ "at": "noon" })).await.error();
    assert!(
        event["errorMessage"].is_string(),
        "a tick without a time is an error: {event}"
    );
    assert_eq!(function.process_id(), process);
    assert!(
        function.log().with(Metric::DetectorRun).is_empty(),
        "no heartbeat for a run that failed"
    );
}
