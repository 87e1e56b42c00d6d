//! How Outrider's own functions speak of themselves: one document in the embedded metric format a run.
//!
//! car-api has its own, richer documents; these have a few counters and no properties, so a type for them would
//! say no more than the list of metrics does.

use jiff::Timestamp;
use serde_json::{Map, Value, json};
use signals::Metric;

/// The namespace of everything Outrider says of itself. Nothing that CloudWatch extracts already is repeated here.
pub const NAMESPACE: &str = "Outrider";

/// Lambda's own variable: the name of the function. Several stacks in one account have a detector each; without the
/// name as a dimension the heartbeat of one would hide that another is dead.
pub const FUNCTION_NAME: &str = "AWS_LAMBDA_FUNCTION_NAME";

/// The dimensions of what one of Outrider's functions says of itself. A function outside Lambda has no name but its
/// service's.
#[must_use]
pub fn own<'a>(function_name: &'a str, service: &'a str) -> [(&'static str, &'a str); 2] {
    let name = if function_name.is_empty() {
        service
    } else {
        function_name
    };
    [("function_name", name), ("service", service)]
}

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
