//! How Outrider's own functions speak of themselves: one document in the embedded metric format a run.
//!
//! car-api has its own, richer documents; these have a few counters and no properties, so a type for them would
//! say no more than the list of metrics does.

use jiff::Timestamp;
use serde_json::{Map, Value, json};
use signals::Metric;

/// The namespace of everything Outrider says of itself. Nothing that CloudWatch extracts already is repeated here.
pub const NAMESPACE: &str = "Outrider";

/// One EMF document with one dimension set, as one line.
#[must_use]
pub fn document(at: Timestamp, dimensions: &[(&str, &str)], metrics: &[(Metric, f64)]) -> String {
    let names: Vec<_> = dimensions.iter().map(|(name, _)| *name).collect();
    let definitions: Vec<_> = metrics
        .iter()
        .map(|(metric, _)| json!({ "Name": metric.name(), "Unit": metric.unit().as_str() }))
        .collect();
    let directive =
        json!({ "Namespace": NAMESPACE, "Dimensions": [names], "Metrics": definitions });
    let mut document = Map::new();
    document.insert(
        "_aws".to_owned(),
        json!({ "Timestamp": at.as_millisecond(), "CloudWatchMetrics": [directive] }),
    );
    for (name, value) in dimensions {
        document.insert((*name).to_owned(), json!(value));
    }
    for (metric, value) in metrics {
        document.insert(metric.name().to_owned(), json!(value));
    }
    Value::Object(document).to_string()
}
