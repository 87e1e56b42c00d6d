//! The handler, with the store on a real DynamoDB API.

use async_trait::async_trait;
use platform::clock::ManualClock;
use platform::emit::Captured;
use platform::ledger::dynamodb::DynamoDbLedger;
use platform::series_store::dynamodb::{DynamoDbSeriesStore, create_table};
use platform::series_store::{
    BatchId, Late, LateMark, LateMarks, Rollups, RollupsByVersion, SeriesStoreError, Version,
    VersionsHeard, Written,
};
use signals::{Minute, SeriesKey};

use super::*;

struct World {
    deps: Deps,
    lines: Arc<Captured>,
    _stop: tokio::sync::oneshot::Sender<()>,
}

#[expect(
    clippy::disallowed_methods,
    reason = "a test's server ends with the test's runtime"
)]
async fn world() -> World {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let endpoint = format!("http://{}", listener.local_addr().unwrap());
    let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
    let database = dynoxide::Database::memory().unwrap();
    tokio::spawn(dynoxide::server::serve_with_shutdown(
        listener,
        database,
        async { drop(stopped.await) },
    ));
    let client = aws_sdk_dynamodb::Client::new(&platform::aws::for_endpoint(&endpoint).await);
    create_table(&client, "series").await.unwrap();
    let lines = Arc::new(Captured::default());
    let ledger = DynamoDbLedger::new(client.clone(), "series");
    let deps = Deps {
        ledger: Some(Arc::new(ledger)),
        ..deps(
            Arc::new(DynamoDbSeriesStore::new(client, "series")),
            lines.clone(),
        )
    };
    World {
        deps,
        lines,
        _stop: stop,
    }
}

fn deps(series: Arc<dyn SeriesStore>, lines: Arc<Captured>) -> Deps {
    let clock = ManualClock::at(jiff::Timestamp::from_millisecond(EVENT).unwrap());
    let own_log_groups = BTreeSet::from(["/aws/lambda/log-processor".to_owned()]);
    Deps {
        series,
        ledger: None,
        emitter: lines,
        clock: Arc::new(clock),
        function_name: "outrider-log-processor".to_owned(),
        rules: Rules {
            own_log_groups,
            ..Rules::default()
        },
        reader: std::sync::Mutex::default(),
        sightings: Sightings::default(),
    }
}

fn minute() -> Minute {
    Minute::from_millis(EVENT)
}

/// The processor's own metrics, read by the processor: `metric{dimensions} value`.
fn metrics(lines: &Captured) -> Vec<String> {
    let mut found = Vec::new();
    for line in lines.lines() {
        let document = signals::emf::decode(&line, EVENT).unwrap().unwrap();
        for (key, observations) in document.data() {
            let mut rollup = signals::Rollup::default();
            observations
                .iter()
                .for_each(|observation| observation.add_to(&mut rollup));
            found.push(format!("{key} {}", rollup.sum()));
        }
    }
    found
}

#[tokio::test]
async fn a_payload_becomes_rollups_and_a_line_about_itself() {
    let world = world().await;
    let event = payload(&document(&[
        &report(1.5),
        &report(2.5),
        r#"{"_aws":{"CloudWatchMetrics":[7]}}"#,
    ]));
    let outcome = handle(&event, &world.deps).await.unwrap();
    let again = handle(&event, &world.deps).await.unwrap();
    assert_eq!(outcome, again);
    assert_eq!(
        (
            outcome.events,
            outcome.samples,
            outcome.series,
            outcome.minutes,
            outcome.items_written
        ),
        (3, 10, 5, 1, 1)
    );
    assert_eq!(outcome.rejected, BTreeMap::from([("directives", 1)]));
    let stored = world
        .deps
        .series
        .raw_minutes("/aws/lambda/f", minute(), minute())
        .await
        .unwrap();
    let duration = &stored[&minute()][&"lambda/f/duration_ms{}".parse::<SeriesKey>().unwrap()];
    assert_eq!(
        (duration.count(), duration.sum()),
        (2, 4.0),
        "delivered twice, counted once"
    );
    let expected = [
        "emf/Outrider/LogEvents{function_name=outrider-log-processor,service=log-processor} 3",
        "emf/Outrider/Samples{function_name=outrider-log-processor,service=log-processor} 10",
        "emf/Outrider/RejectedEvents{function_name=outrider-log-processor,service=log-processor} 1",
        "emf/Outrider/RollupsWritten{function_name=outrider-log-processor,service=log-processor} 1",
        "emf/Outrider/RejectedEvents{function_name=outrider-log-processor,reason=directives,service=log-processor} 1",
    ];
    // The rest is told in telemetry/tests.rs.
    let mut told = metrics(&world.lines);
    told.retain(|line| expected.contains(&line.as_str()));
    assert_eq!(told, [expected, expected].concat());
}

#[tokio::test]
async fn what_is_stored_carries_the_version_that_the_stream_names() {
    let world = world().await;
    for (stream, duration) in [
        ("2026/11/20/[41]0a", 1.0),
        ("2026/11/20/[42]0b", 2.0),
        ("2026/11/20/[$LATEST]0c", 4.0),
    ] {
        let mut document = document(&[&report(duration)]);
        document["logStream"] = json!(stream);
        handle(&payload(&document), &world.deps).await.unwrap();
    }
    let series = &world.deps.series;
    let duration: SeriesKey = "lambda/f/duration_ms{}".parse().unwrap();
    let by_version = series
        .raw_minutes_by_version("/aws/lambda/f", minute(), minute())
        .await
        .unwrap();
    let found: Vec<_> = by_version
        .iter()
        .map(|(version, minutes)| (version.to_string(), minutes[&minute()][&duration].sum()))
        .collect();
    assert_eq!(found, [("41".to_owned(), 1.0), ("42".to_owned(), 2.0)]);
    let whole = series
        .raw_minutes("/aws/lambda/f", minute(), minute())
        .await
        .unwrap();
    let all = &whole[&minute()][&duration];
    assert_eq!((all.count(), all.sum()), (3, 7.0));
}

#[tokio::test]
async fn its_own_log_group_is_refused_with_one_line_however_much_it_logged() {
    let world = world().await;
    let mut document = document(&vec!["x"; 500]);
    document["logGroup"] = json!("/aws/lambda/log-processor");
    document["logEvents"][0]["message"] = json!(report(1.0));
    let outcome = handle(&payload(&document), &world.deps).await.unwrap();
    assert_eq!((outcome.events, outcome.items_written), (500, 0));
    assert_eq!(outcome.rejected, BTreeMap::from([("own_log_group", 500)]));
    let stored = world
        .deps
        .series
        .raw_minutes("/aws/lambda/log-processor", minute(), minute())
        .await
        .unwrap();
    assert!(stored.is_empty());
    assert_eq!(
        world.lines.lines().len(),
        2,
        "the totals and the one reason"
    );
}

#[tokio::test]
async fn a_payload_that_cannot_be_read_is_an_error_for_the_failure_destination() {
    let world = world().await;
    let error = handle(&event(b"plain"), &world.deps).await.unwrap_err();
    assert!(!error.is_retryable());
    let told = lambda_runtime::Diagnostic::from(error);
    assert_eq!(told.error_type, "LogProcessor.Permanent");
    assert!(told.error_message.contains("not gzip"));
    assert_eq!(
        metrics(&world.lines),
        [
            "emf/Outrider/RejectedEvents{function_name=outrider-log-processor,service=log-processor} 1",
            "emf/Outrider/RejectedEvents{function_name=outrider-log-processor,reason=payload_not_gzip,service=log-processor} 1",
        ]
    );
}

#[tokio::test]
async fn a_control_message_succeeds_and_writes_nothing() {
    let world = world().await;
    let control = event(&gzip(include_bytes!(
        "../../../crates/extraction/fixtures/control-message.json"
    )));
    let outcome = handle(&control, &world.deps).await.unwrap();
    assert_eq!(
        outcome,
        Outcome {
            control_messages: 1,
            bytes: outcome.bytes,
            ..Outcome::default()
        }
    );
}

/// A store that takes nothing.
#[derive(Debug)]
struct Refusing {
    retryable: bool,
}

#[async_trait]
impl LateMarks for Refusing {
    async fn mark_late(
        &self,
        _: &str,
        _: &BatchId,
        _: &Rollups,
        _: jiff::Timestamp,
    ) -> Result<u64, SeriesStoreError> {
        Ok(0)
    }

    async fn late(&self, _: &str, _: u16) -> Result<Late, SeriesStoreError> {
        unreachable!("the processor only writes")
    }

    async fn forget_late(&self, _: &str, _: &[LateMark]) -> Result<u64, SeriesStoreError> {
        unreachable!("the processor only writes")
    }
}

#[async_trait]
impl SeriesStore for Refusing {
    async fn put_batch_of(
        &self,
        _: &str,
        _: &BatchId,
        _: Option<Version>,
        _: &Rollups,
    ) -> Result<Written, SeriesStoreError> {
        Err(SeriesStoreError::Call {
            table: "series".to_owned(),
            operation: "BatchWriteItem",
            message: "no".to_owned(),
            retryable: self.retryable,
        })
    }

    async fn raw_minutes(
        &self,
        _: &str,
        _: Minute,
        _: Minute,
    ) -> Result<Rollups, SeriesStoreError> {
        unreachable!("the processor only writes")
    }

    async fn raw_minutes_and_versions(
        &self,
        _: &str,
        _: Minute,
        _: Minute,
    ) -> Result<(Rollups, VersionsHeard), SeriesStoreError> {
        unreachable!("the processor only writes")
    }

    async fn raw_minutes_by_version(
        &self,
        _: &str,
        _: Minute,
        _: Minute,
    ) -> Result<RollupsByVersion, SeriesStoreError> {
        unreachable!("the processor only writes")
    }

    async fn seal_minutes(&self, _: &str, _: &Rollups) -> Result<Written, SeriesStoreError> {
        unreachable!("the processor only writes")
    }

    async fn sealed_minutes(
        &self,
        _: &str,
        _: Minute,
        _: Minute,
    ) -> Result<Rollups, SeriesStoreError> {
        unreachable!("the processor only writes")
    }

    async fn seal_hours(&self, _: &str, _: &Rollups) -> Result<Written, SeriesStoreError> {
        unreachable!("the processor only writes")
    }

    async fn hours(&self, _: &str, _: Minute, _: Minute) -> Result<Rollups, SeriesStoreError> {
        unreachable!("the processor only writes")
    }

    async fn put_registry(
        &self,
        _: &str,
        _: &BTreeSet<SeriesKey>,
        _: Minute,
    ) -> Result<(), SeriesStoreError> {
        unreachable!("the processor only writes")
    }

    async fn registry(&self, _: &str) -> Result<BTreeSet<SeriesKey>, SeriesStoreError> {
        unreachable!("the processor only writes")
    }
}

#[tokio::test]
async fn a_store_that_refuses_fails_the_invocation_so_that_lambda_retries() {
    for (retryable, kind) in [
        (true, "LogProcessor.Retryable"),
        (false, "LogProcessor.Permanent"),
    ] {
        let lines = Arc::new(Captured::default());
        let deps = deps(Arc::new(Refusing { retryable }), lines.clone());
        let error = handle(&payload(&document(&[&report(1.0)])), &deps)
            .await
            .unwrap_err();
        assert_eq!(error.is_retryable(), retryable);
        let told = lambda_runtime::Diagnostic::from(error);
        assert_eq!(told.error_type, kind);
        assert!(
            told.error_message
                .starts_with("rollups of /aws/lambda/f were not written: series table series:")
        );
        assert!(
            lines.lines().is_empty(),
            "nothing is said of what was not done"
        );
    }
}
