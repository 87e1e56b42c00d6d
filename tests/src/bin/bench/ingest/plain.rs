//! The same output the plain way: libdeflate, the envelope borrowed by serde, a `serde_json::Value` for each line that
//! is JSON, and a hash table. It trusts its input, because the corpus is what it must be.

use std::borrow::Cow;

use anyhow::Context;
use foldhash::fast::RandomState;
use hashbrown::{Equivalent, HashMap};
use serde::Deserialize;
use serde_json::Value;
use signals::Rollup;

use super::least::Least;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Document<'a> {
    #[serde(borrow)]
    log_group: Cow<'a, str>,
    #[serde(borrow)]
    log_events: Vec<LogEvent<'a>>,
}

#[derive(Deserialize)]
struct LogEvent<'a> {
    timestamp: i64,
    #[serde(borrow)]
    message: Cow<'a, str>,
}

/// What some payloads came to.
#[derive(Debug, Default)]
pub(super) struct Totals {
    pub(super) bytes: u64,
    pub(super) events: u64,
    series: u64,
    samples: u64,
    sum: f64,
}

impl Totals {
    pub(super) fn add<'a>(&mut self, rollups: impl Iterator<Item = &'a Rollup>) {
        for rollup in rollups {
            self.series += 1;
            self.samples += rollup.count();
            self.sum += rollup.sum();
        }
    }

    /// Whether both tell the same; sums were added in different orders.
    pub(super) fn agrees_with(&self, other: &Self) -> bool {
        let counts = |totals: &Self| (totals.bytes, totals.events, totals.series, totals.samples);
        counts(self) == counts(other) && (self.sum - other.sum).abs() <= 1e-9 * self.sum.abs()
    }
}

/// A series and its minute, without owning the name.
#[derive(Hash)]
struct Key<'a>(&'a str, i64);

impl Equivalent<(String, i64)> for Key<'_> {
    fn equivalent(&self, key: &(String, i64)) -> bool {
        self.0 == key.0 && self.1 == key.1
    }
}

/// What is kept from payload to payload.
pub(super) struct Plain {
    inflate: Least,
    series: Series,
}

#[derive(Default)]
struct Series {
    rollups: HashMap<(String, i64), Rollup, RandomState>,
    name: String,
}

impl Series {
    fn begin(&mut self, parts: [&str; 3]) {
        self.name.clear();
        for part in parts {
            self.name.push_str(part);
            self.name.push('|');
        }
    }

    /// Adds to the series whose name has been written.
    fn add(&mut self, minute: i64, value: f64) {
        match self.rollups.get_mut(&Key(&self.name, minute)) {
            Some(rollup) => rollup.add(value, 1),
            None => {
                self.rollups
                    .insert((self.name.clone(), minute), Rollup::of(value));
            }
        }
    }

    fn lambda(&mut self, function: &str, signal: &str, millis: i64, value: f64) {
        self.begin(["lambda", function, signal]);
        self.add(millis / 60_000, value);
    }

    fn report(
        &mut self,
        function: &str,
        millis: i64,
        values: [Option<f64>; 5],
        status: Option<&str>,
    ) {
        let names = ["duration", "billed", "used", "size", "init"];
        for (name, value) in names.into_iter().zip(values) {
            if let Some(value) = value {
                self.lambda(function, name, millis, value);
            }
        }
        self.lambda(function, "invocations", millis, 1.0);
        let failed = matches!(status, Some("timeout" | "error" | "failure"));
        for (name, occurred) in [
            ("errors", failed),
            ("timeouts", status == Some("timeout")),
            ("cold_starts", values[4].is_some()),
        ] {
            if occurred {
                self.lambda(function, name, millis, 1.0);
            }
        }
    }

    fn text(&mut self, function: &str, millis: i64, line: &str) {
        if !line.starts_with("REPORT RequestId: ") {
            return;
        }
        let after = |label: &str| {
            let at = memchr::memmem::find(line.as_bytes(), label.as_bytes())? + label.len();
            line[at..].split_ascii_whitespace().next()
        };
        let number = |label| after(label)?.parse().ok();
        let values = [
            number("\tDuration: "),
            number("\tBilled Duration: "),
            number("\tMax Memory Used: "),
            number("\tMemory Size: "),
            number("\tInit Duration: "),
        ];
        self.report(function, millis, values, after("\tStatus: "));
    }

    fn json(&mut self, function: &str, millis: i64, line: &Value) -> Option<()> {
        if let Some(metadata) = line.get("_aws") {
            return self.metrics(metadata, line);
        }
        if line.get("type")?.as_str()? == "platform.report" {
            let record = line.get("record")?;
            let metrics = record.get("metrics")?;
            let values = [
                "durationMs",
                "billedDurationMs",
                "maxMemoryUsedMB",
                "memorySizeMB",
                "initDurationMs",
            ];
            let values = values.map(|name| metrics.get(name).and_then(Value::as_f64));
            let status = record.get("status").and_then(Value::as_str);
            self.report(function, millis, values, status);
        }
        Some(())
    }

    fn metrics(&mut self, metadata: &Value, line: &Value) -> Option<()> {
        let minute = metadata.get("Timestamp")?.as_i64()? / 60_000;
        for directive in metadata.get("CloudWatchMetrics")?.as_array()? {
            let namespace = directive.get("Namespace")?.as_str()?;
            for set in directive.get("Dimensions")?.as_array()? {
                for metric in directive.get("Metrics")?.as_array()? {
                    let metric = metric.get("Name")?.as_str()?;
                    self.begin(["emf", namespace, metric]);
                    for dimension in set.as_array()? {
                        let dimension = dimension.as_str()?;
                        let value = line.get(dimension)?.as_str()?;
                        for part in ["|", dimension, "=", value] {
                            self.name.push_str(part);
                        }
                    }
                    match line.get(metric)? {
                        Value::Array(values) => {
                            for value in values {
                                self.add(minute, value.as_f64()?);
                            }
                        }
                        value => self.add(minute, value.as_f64()?),
                    }
                }
            }
        }
        Some(())
    }
}

impl Plain {
    pub(super) fn new() -> Self {
        Self {
            inflate: Least::new(),
            series: Series::default(),
        }
    }

    pub(super) fn read(&mut self, event: &[u8], totals: &mut Totals) -> anyhow::Result<()> {
        let text = self.inflate.text(event)?;
        totals.bytes += text.len() as u64;
        let document: Document<'_> =
            serde_json::from_slice(text).context("a payload of the corpus is no document")?;
        let function = document
            .log_group
            .strip_prefix("/aws/lambda/")
            .unwrap_or(&document.log_group);
        totals.events += document.log_events.len() as u64;
        for event in &document.log_events {
            if !event.message.starts_with('{') {
                self.series.text(function, event.timestamp, &event.message);
            } else if let Ok(line) = serde_json::from_str::<Value>(&event.message) {
                self.series.json(function, event.timestamp, &line);
            }
        }
        Ok(())
    }

    pub(super) fn rollups(&self) -> impl Iterator<Item = &Rollup> {
        self.series.rollups.values()
    }

    pub(super) fn clear(&mut self) {
        self.series.rollups.clear();
    }
}
