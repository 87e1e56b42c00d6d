//! What a function's own log says and CloudWatch has no metric of: memory, init time, cold starts, and how invocations
//! ended. Under Outrider's namespace, with the watched function as the one dimension, and dated like what it tells of.
//!
//! A retry tells it again, as any document may come twice: nothing is billed or sealed by these. The exact numbers are
//! in the series store.

use std::collections::BTreeMap;

use extraction::Batch;
use platform::telemetry::NAMESPACE;
use serde_json::{Map, Value, json};
use signals::{LambdaSignal, Metric, Minute, Rollup, SeriesKey, SeriesName};

use super::{Speaker, number};

/// Documents of one invocation. A payload is of one function and of a few minutes; what is more has come late, and
/// nobody looks at it on a graph.
const MAX_DOCUMENTS: usize = 32;
/// CloudWatch takes what is two weeks old at most (EMF specification, "Timestamp").
const MAX_AGE_SECONDS: i64 = 13 * 86_400;

type Signals = BTreeMap<LambdaSignal, Rollup>;

/// Tells of the watched functions, a document a minute.
pub(super) fn emit(speaker: &Speaker<'_>, batches: &[Batch]) {
    let mut functions: BTreeMap<(Minute, &str), Signals> = BTreeMap::new();
    let all = batches.iter().flat_map(|batch| &batch.rollups);
    for (minute, series) in all {
        for (SeriesKey { name, .. }, rollup) in series {
            if let SeriesName::Lambda { function, signal } = name {
                let signals = functions.entry((*minute, function)).or_default();
                signals.entry(*signal).or_default().merge(rollup);
            }
        }
    }
    for ((minute, function), signals) in functions.iter().rev().take(MAX_DOCUMENTS) {
        if !speaker.sightings.guard().admits_function(function) {
            let said = ["", function, "functions"];
            if speaker.sightings.guard().says(speaker.at, said) {
                tracing::warn!(
                    function,
                    "no metrics are made of this function: 100 others have some already. Set \
                     CAROBS_FUNCTION_METRICS to disabled, or attach Outrider to fewer log groups"
                );
            }
            continue;
        }
        let age = (speaker.at.as_millisecond() - minute.start_millis()) / 1000;
        if age < MAX_AGE_SECONDS
            && let Some(line) = document(*minute, function, signals)
        {
            speaker.emitter.emit(&line);
        }
    }
}

fn document(minute: Minute, function: &str, signals: &Signals) -> Option<String> {
    // Without a report nobody knows that there were none.
    signals.get(&LambdaSignal::Invocations)?;
    let count = |signal| {
        json!(
            signals
                .get(&signal)
                .map_or(0.0, |rollup| number(rollup.count()))
        )
    };
    let mut metrics = vec![
        (Metric::ColdStarts, count(LambdaSignal::ColdStarts)),
        (Metric::Timeouts, count(LambdaSignal::Timeouts)),
        (Metric::OutOfMemory, count(LambdaSignal::OutOfMemory)),
    ];
    let used = signals.get(&LambdaSignal::MemoryUsedMb);
    let size = signals
        .get(&LambdaSignal::MemorySizeMb)
        .and_then(Rollup::max);
    metrics.extend(used.and_then(|used| Some((Metric::MaxMemoryUsed, statistics(used, 1.0)?))));
    // The size changes with a deployment only: in the one minute of it this is too low.
    let percent = size.filter(|size| *size > 0.0).map(|size| 100.0 / size);
    metrics.extend(
        used.zip(percent).and_then(|(used, percent)| {
            Some((Metric::MemoryUtilization, statistics(used, percent)?))
        }),
    );
    let init = signals.get(&LambdaSignal::InitMs);
    metrics.extend(init.and_then(|init| Some((Metric::InitDuration, statistics(init, 1.0)?))));
    let definitions: Vec<_> = metrics
        .iter()
        .map(|(metric, _)| json!({ "Name": metric.name(), "Unit": metric.unit().as_str() }))
        .collect();
    let directive = json!({
        "Namespace": NAMESPACE, "Dimensions": [["function_name"]], "Metrics": definitions,
    });
    let mut document = Map::new();
    document.insert(
        "_aws".to_owned(),
        json!({ "Timestamp": minute.start_millis(), "CloudWatchMetrics": [directive] }),
    );
    document.insert("function_name".to_owned(), json!(function));
    for (metric, value) in metrics {
        document.insert(metric.name().to_owned(), value);
    }
    Some(Value::Object(document).to_string())
}

/// A statistic set, every number times `factor`.
fn statistics(rollup: &Rollup, factor: f64) -> Option<Value> {
    Some(json!({
        "Max": rollup.max()? * factor,
        "Min": rollup.min()? * factor,
        "Sum": rollup.sum() * factor,
        "Count": rollup.count(),
    }))
}
