//! From a function's standard output to rollups, over the emulator's own CloudWatch Logs and subscription.

use std::sync::atomic::Ordering;
use std::time::Duration;

use e2e::emulator::wait::until;
use platform::series_store::SeriesStore;
use serde_json::Value;
use signals::{Metric, SeriesKey};

use super::{World, now, tables};

/// The emulator writes the lines of an invocation in text around the function's own, whatever `LogFormat` says; on AWS
/// they are `platform.start` and `platform.report`. log-processor reads both.
pub(super) async fn standard_output_is_in_the_log_groups(world: &World) {
    let log = world.account.log(&world.log_group("CarApiFunction")).await;
    let found = |part: &str| {
        log.iter()
            .filter(|event| event.message.contains(part))
            .count()
    };
    for part in [
        "START RequestId",
        "END RequestId",
        "REPORT RequestId",
        "\"CloudWatchMetrics\"",
        "\"message\":\"request\"",
    ] {
        assert!(found(part) > 0, "no line of car-api has {part}: {log:?}");
    }
    let streams = log
        .iter()
        .filter(|event| event.log_stream_name.contains("[1]"));
    assert_eq!(
        streams.count(),
        log.len(),
        "the API and the queue invoke the published version"
    );
    assert_eq!(
        found("x-amz-security-token") + found("AWS4-HMAC"),
        0,
        "no header of a signature is logged"
    );

    let log = world
        .account
        .log(&world.log_group("LogProcessorFunction"))
        .await;
    let wrote = log
        .iter()
        .filter_map(|event| serde_json::from_str::<Value>(&event.message).ok());
    let wrote = wrote.filter_map(|line| line[Metric::RollupsWritten.name()].as_f64());
    assert!(
        wrote.sum::<f64>() > 0.0,
        "log-processor wrote rollups: {log:?}"
    );
}

/// The subscription delivers each invocation's lines once; AWS gathers more of them, and may deliver them twice.
pub(super) async fn rollups_count_every_request(world: &World) {
    let sent = world.answered.load(Ordering::Relaxed);
    let requests = SeriesKey::emf(
        "CarManager",
        Metric::Requests.name(),
        [("service", "CarManager")],
    );
    let store = tables::series(world);
    let group = world.log_group("CarApiFunction");
    let counted = until(
        "a rollup of every request",
        Duration::from_secs(60),
        async || {
            let versions = store
                .raw_minutes_by_version(&group, world.deployed, now())
                .await
                .unwrap();
            // What was loaded as history has no version.
            let names: Vec<_> = versions.keys().map(ToString::to_string).collect();
            assert!(
                names.iter().all(|name| name == "1"),
                "one version is deployed: {names:?}"
            );
            let rollups = versions.values().flat_map(|minutes| minutes.values());
            let counted: u64 = rollups
                .filter_map(|series| series.get(&requests))
                .map(signals::Rollup::count)
                .sum();
            (counted >= sent).then_some(counted)
        },
    )
    .await;
    assert_eq!(counted, sent, "requests answered, and requests counted");
}
