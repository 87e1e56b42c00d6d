//! Reports of invocations, as text and as JSON.

use std::collections::BTreeMap;

use serde_json::Value;

type Signals = Vec<(&'static str, f64)>;

/// What a report says of an invocation, by the labels of the text format.
#[derive(Default)]
struct Report<'a> {
    duration: Option<f64>,
    billed: Option<f64>,
    init: Option<f64>,
    used: Option<f64>,
    size: Option<f64>,
    status: Option<&'a str>,
    error: Option<&'a str>,
}

impl Report<'_> {
    fn signals(self) -> Signals {
        let status = self.status.unwrap_or_default();
        let mut signals = vec![("invocations", 1.0)];
        for (signal, value) in [
            ("duration_ms", self.duration),
            ("billed_ms", self.billed),
            ("init_ms", self.init),
            ("memory_used_mb", self.used),
            ("memory_size_mb", self.size),
        ] {
            signals.extend(value.map(|value| (signal, value)));
        }
        let failed = ["error", "failure"].contains(&status);
        let full = self.used.is_some() && self.size.is_some() && self.used >= self.size;
        for (signal, occurred) in [
            ("errors", failed || status == "timeout"),
            ("timeouts", status == "timeout"),
            ("cold_starts", self.init.is_some()),
            (
                "out_of_memory",
                self.error == Some("Runtime.OutOfMemory") || failed && full,
            ),
        ] {
            signals.extend(occurred.then_some((signal, 1.0)));
        }
        signals
    }
}

pub(super) fn of_text(message: &str) -> Signals {
    if !message.starts_with("REPORT RequestId: ") {
        return Vec::new();
    }
    let labels = labels(message);
    let number = |label| {
        labels
            .get(label)
            .map(|word| digits(word).ok_or(()))
            .transpose()
    };
    let read = || {
        Ok::<_, ()>(Report {
            duration: number("Duration: ")?,
            billed: number("Billed Duration: ")?,
            init: number("Init Duration: ")?,
            used: number("Max Memory Used: ")?,
            size: number("Memory Size: ")?,
            status: labels.get("Status: ").copied(),
            error: labels.get("Error Type: ").copied(),
        })
    };
    read().map(Report::signals).unwrap_or_default()
}

/// What follows each label, up to the next white space. A label begins after white space and is spelled as AWS spells
/// it; of two equal ones the first counts; one that ends like another (`Billed Duration: `) is not the other.
fn labels(message: &str) -> BTreeMap<&'static str, &str> {
    let known = [
        "Duration: ",
        "Billed Duration: ",
        "Init Duration: ",
        "Restore Duration: ",
        "Billed Restore Duration: ",
        "Max Memory Used: ",
        "Memory Size: ",
        "Status: ",
        "Error Type: ",
    ];
    let mut found = BTreeMap::new();
    let mut from = 0;
    for (at, _) in message.match_indices(char::is_whitespace) {
        let rest = message[at..].trim_start();
        let start = message.len() - rest.len();
        let label = known.iter().find(|label| rest.starts_with(**label));
        if let Some(label) = label.filter(|_| start >= from) {
            let value = rest[label.len()..]
                .split(char::is_whitespace)
                .next()
                .unwrap();
            found.entry(*label).or_insert(value);
            from = start + label.len() + value.len();
        }
    }
    found
}

/// A number that is finite and not negative.
fn digits(word: &str) -> Option<f64> {
    let value: f64 = word.parse().ok()?;
    (value.is_finite() && word.starts_with(|first: char| first.is_ascii_digit())).then_some(value)
}

pub(super) fn of_json(root: &Value) -> Signals {
    if root["type"] != "platform.report" {
        return Vec::new();
    }
    let record = &root["record"];
    let metrics = &record["metrics"];
    if !metrics.is_object() {
        return Vec::new();
    }
    // A metric is absent, null or a number that is not negative; another one makes the report none.
    let number = |name: &str| match &metrics[name] {
        Value::Null => Ok(None),
        value => value
            .as_f64()
            .filter(|value| *value >= 0.0)
            .map(Some)
            .ok_or(()),
    };
    let read = || {
        Ok::<_, ()>(Report {
            duration: number("durationMs")?,
            billed: number("billedDurationMs")?,
            init: number("initDurationMs")?,
            used: number("maxMemoryUsedMB")?,
            size: number("memorySizeMB")?,
            status: record["status"].as_str(),
            error: record["errorType"].as_str(),
        })
    };
    read().map(Report::signals).unwrap_or_default()
}
