//! For tests: a data directory in which the detector ran for a while.

use std::collections::BTreeMap;
use std::path::Path;

use detector::{Outcome, Tick};
use platform::series_store::BatchId;
use signals::Minute;
use simulator::{Fault, FaultKind, Scenario};

use crate::local::{LOG_GROUP, OpenDetector};

/// Minutes of history: enough for every model to speak.
const HISTORY: u32 = 1_440;

/// A service that answers slowly from its 20th minute to its 30th.
pub(crate) fn scenario() -> Scenario {
    let from = Minute::parse("2026-11-18T10:00:00Z").unwrap();
    let mut scenario = Scenario::demo(7, from);
    scenario.history_minutes = HISTORY;
    scenario.minutes = 60;
    scenario.faults = vec![Fault {
        kind: FaultKind::Latency,
        from: from.plus(20),
        to: from.plus(30),
        share: 0.6,
        extra_ms: 900.0,
    }];
    scenario
}

/// Stores a day of history and the minutes up to `minutes`, and runs the detector on those.
pub(crate) async fn run(data: &Path, minutes: i64) {
    let open = OpenDetector::make(data, None).await.unwrap();
    let scenario = scenario();
    let history: BTreeMap<_, _> = (-i64::from(HISTORY)..0)
        .map(|back| scenario.from.plus(back))
        .map(|minute| (minute, scenario.history(minute)))
        .collect();
    let series = &open.deps.series;
    series.seal_minutes(LOG_GROUP, &history).await.unwrap();
    let newest = history.into_iter().rev().take(15).collect();
    let batch = BatchId::of([b"history".as_slice()]);
    series.put_batch(LOG_GROUP, &batch, &newest).await.unwrap();
    go_on(&open, 0..minutes).await;
    open.close().await.unwrap();
}

/// More minutes arrive, and the detector runs on each.
pub(crate) async fn go_on(open: &OpenDetector, minutes: std::ops::Range<i64>) -> Vec<Outcome> {
    let scenario = scenario();
    let mut outcomes = Vec::new();
    for minute in minutes.map(|after| scenario.from.plus(after)) {
        let whole = BTreeMap::from([(minute, scenario.rollups(minute))]);
        let batch = BatchId::of([minute.to_string().as_bytes()]);
        let put = open.deps.series.put_batch(LOG_GROUP, &batch, &whole);
        put.await.unwrap();
        let at = minute.plus(1).start();
        let outcome = detector::handle(&Tick { at, shard: 0 }, &open.deps).await;
        outcomes.push(outcome.unwrap());
    }
    outcomes
}
