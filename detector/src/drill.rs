//! What a drill writes, and what is watched of it: requests of nobody that all fail, under a service of its own. Pure.
//!
//! A drill proves the way from a log line to a message, so it must need nothing that is learned: an objective speaks
//! from its first minute on (`incidents::slo`, 50 requests of which 5 failed). It leaves nothing behind: what is known
//! of it is forgotten when it has been quiet for [`QUIET_MINUTES`], and silence is its end, so that a drill whose
//! command was killed resolves like any other.

use incidents::acknowledge_link::By;
use incidents::slo::{Definition, Objective};
use signals::{Metric, Minute, SeriesName};

use crate::groups::Recent;
use crate::objectives::Histories;

/// The log group that drills write to.
pub const LOG_GROUP: &str = "/outrider/drill";
/// The service's name in messages.
pub const SERVICE: &str = "outrider drill";
/// The namespace of a drill's metric documents.
pub(crate) const NAMESPACE: &str = "OutriderDrill";
/// The dimension that names whoever started it.
pub(crate) const STARTED_BY: &str = "started_by";
/// The log lines of a drill, one failed request each: more than the 50 (`incidents::slo::MIN_REQUESTS`) from which on an
/// objective speaks, so that it does when a batch of them comes a minute late.
pub const LINES: u32 = 60;
/// Minutes without a line after which a drill is over: the short window of the fastest burn, which is clear by then.
pub const QUIET_MINUTES: u32 = 5;

/// What is promised of requests that all fail.
pub(crate) fn objective() -> Option<Objective> {
    let definition = Definition {
        name: "drill".to_owned(),
        route: None,
        latency_ms: None,
        target: 0.99,
        days: 30,
        requests_per_minute: None,
    };
    Objective::try_from(definition).ok()
}

/// The log lines of a drill that `by` started, dated in `minute`.
#[must_use]
pub fn lines(by: &By, minute: Minute) -> Vec<String> {
    let metrics = [Metric::Requests, Metric::Faults];
    let definitions = metrics
        .map(|metric| serde_json::json!({ "Name": metric.name(), "Unit": metric.unit().as_str() }));
    let line = |number: u32| {
        let at = minute.start().as_millisecond() + i64::from(number) * 100;
        serde_json::json!({
            "_aws": { "Timestamp": at, "CloudWatchMetrics": [
                { "Namespace": NAMESPACE, "Dimensions": [[STARTED_BY]], "Metrics": definitions }
            ] },
            STARTED_BY: by.as_str(),
            Metric::Requests.name(): 1,
            Metric::Faults.name(): 1,
        })
        .to_string()
    };
    (0..LINES).map(line).collect()
}

/// Who started the newest drill that is still among the newest minutes. Somebody else's words, as they came.
pub(crate) fn started_by(recent: &Recent) -> Option<String> {
    let keys = recent.values().rev().flat_map(|series| series.keys());
    keys.filter(
        |key| matches!(&key.name, SeriesName::Emf { namespace, .. } if namespace == NAMESPACE),
    )
    .find_map(|key| key.dimensions.get(STARTED_BY).cloned())
}

/// Whether nothing was heard of a drill for long enough, up to and with `minute`.
pub(crate) fn is_over(histories: &Histories, minute: Minute) -> bool {
    histories
        .values()
        .all(|history| history.sum(minute, QUIET_MINUTES).total() == 0)
}

#[cfg(test)]
mod tests;
