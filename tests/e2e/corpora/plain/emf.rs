//! Documents in the embedded metric format: all of a document counts, or nothing of it.

use serde_json::Value;

use super::encoded;

/// What one series has of one document.
pub(super) struct Datum {
    pub(super) series: String,
    /// Milliseconds since 1970.
    pub(super) at: i64,
    pub(super) count: u64,
    pub(super) sum: f64,
    pub(super) min: f64,
    pub(super) max: f64,
}

/// Samples of a metric: how many, their sum, the smallest and the largest of them.
type Samples = Vec<(u64, f64, f64, f64)>;

/// Whether a line asks for metrics at all. `CloudWatchMetrics` that is no list asks, in vain.
pub(super) fn has_directives(root: &Value) -> bool {
    let directives = &root["_aws"]["CloudWatchMetrics"];
    root["_aws"].is_object()
        && !directives.is_null()
        && directives.as_array().is_none_or(|all| !all.is_empty())
}

/// What a document says; `None` when it is invalid. `event` is the timestamp of its log event.
pub(super) fn data(root: &Value, event: i64) -> Option<Vec<Datum>> {
    let metadata = &root["_aws"];
    let at = metadata["Timestamp"].as_i64()?;
    let (day, hour) = (86_400_000, 3_600_000);
    if at < event - 14 * day || at > event + 2 * hour {
        return None;
    }
    let mut data = Vec::new();
    for directive in metadata["CloudWatchMetrics"].as_array()? {
        let namespace = name(&directive["Namespace"], 1_024)?;
        let sets = directive["Dimensions"]
            .as_array()
            .filter(|sets| !sets.is_empty())?;
        let mut ends = Vec::new();
        for set in sets {
            ends.push(dimensions(root, set.as_array()?)?);
        }
        let metrics = directive["Metrics"].as_array()?;
        if metrics.is_empty() || metrics.len() > 100 {
            return None;
        }
        for metric in metrics {
            let metric = name(&metric["Name"], 1_024)?;
            let samples = samples(root.get(metric)?)?;
            for end in &ends {
                // The contract's `/` stays as it is, and so does not say where a namespace ends: a metric's own
                // is encoded, or `emf/a/b/c` would be two metrics.
                let start = format!(
                    "emf/{}/{}",
                    encoded(namespace),
                    encoded(metric).replace('/', "%2F")
                );
                data.extend(samples.iter().map(|&(count, sum, min, max)| Datum {
                    series: format!("{start}{end}"),
                    at,
                    count,
                    sum,
                    min,
                    max,
                }));
            }
        }
    }
    Some(data)
}

fn name(value: &Value, longest: usize) -> Option<&str> {
    let name = value.as_str()?;
    (1..=longest)
        .contains(&name.chars().count())
        .then_some(name)
}

/// `{name=value,…}`, sorted by name.
fn dimensions(root: &Value, set: &[Value]) -> Option<String> {
    if set.len() > 30 {
        return None;
    }
    let mut pairs = std::collections::BTreeMap::new();
    for dimension in set {
        let dimension = name(dimension, 250)?;
        pairs.insert(dimension, name(root.get(dimension)?, 1_024)?);
    }
    let pairs = pairs
        .iter()
        .map(|(name, value)| format!("{}={}", encoded(name), encoded(value)));
    Some(format!("{{{}}}", pairs.collect::<Vec<_>>().join(",")))
}

fn samples(value: &Value) -> Option<Samples> {
    let one = |value: &Value| finite(value).map(|value| (1, value, value, value));
    match value {
        Value::Number(_) => Some(vec![one(value)?]),
        Value::Array(values) if (1..=100).contains(&values.len()) => {
            values.iter().map(one).collect()
        }
        Value::Object(object) if object.contains_key("Values") || object.contains_key("Counts") => {
            let (values, counts) = (value["Values"].as_array()?, value["Counts"].as_array()?);
            if values.is_empty() || values.len() != counts.len() {
                return None;
            }
            let mut samples = Vec::new();
            for (value, count) in values.iter().zip(counts) {
                let (value, count) = (finite(value)?, whole(count)?);
                if count > 0 {
                    samples.push((count, value * count as f64, value, value));
                }
            }
            Some(samples)
        }
        Value::Object(_) => {
            let count = whole(&value["Count"])?;
            let (sum, min, max) = (
                finite(&value["Sum"])?,
                finite(&value["Min"])?,
                finite(&value["Max"])?,
            );
            if min > max {
                return None;
            }
            Some(if count > 0 {
                vec![(count, sum, min, max)]
            } else {
                Vec::new()
            })
        }
        _ => None,
    }
}

fn finite(value: &Value) -> Option<f64> {
    // A minimum of −0 and one of 0 are the same minimum.
    value
        .as_f64()
        .filter(|value| value.is_finite())
        .map(|value| value + 0.0)
}

fn whole(value: &Value) -> Option<u64> {
    let written = value.as_f64().filter(|count| {
        count.fract() == 0.0 && (0.0..18_446_744_073_709_551_616.0).contains(count)
    });
    value.as_u64().or(written.map(|count| count as u64))
}
