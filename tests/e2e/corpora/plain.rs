//! What payloads say, read the plainest way there is: `serde_json::Value`, one map, no shared code.
//!
//! Written from the contract ("Series names", "EMF samples: what counts") and from what AWS documents, not from
//! `crates/extraction`: where the two disagree, one of them is wrong. It is slow, it trusts the size of its input,
//! and it says nothing about why a line makes no samples.

#![expect(
    clippy::disallowed_types,
    reason = "what it reads is the size that a test made it"
)]

use std::collections::{BTreeMap, BTreeSet};
use std::io::Read;

use flate2::read::MultiGzDecoder;
use serde_json::Value;

mod emf;
mod report;

/// What there is to know of one series in one minute.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Figures {
    pub(super) count: u64,
    pub(super) sum: f64,
    /// What the sum has lost to rounding.
    pub(super) lost: f64,
    /// The sum of the samples' magnitudes: what the error of a sum is measured by.
    pub(super) magnitude: f64,
    pub(super) min: f64,
    pub(super) max: f64,
}

impl Figures {
    /// As the output of `outrider ingest` has it.
    pub(super) fn printed(count: u64, sum: f64, min: f64, max: f64) -> Self {
        Self {
            count,
            sum,
            lost: 0.0,
            magnitude: sum.abs(),
            min,
            max,
        }
    }

    fn add(&mut self, count: u64, sum: f64, min: f64, max: f64) {
        self.count = self.count.saturating_add(count);
        self.magnitude += sum.abs();
        let (sum, before) = (sum - self.lost, self.sum);
        let total = (before + sum).clamp(-f64::MAX, f64::MAX);
        self.lost = if total.abs() < f64::MAX {
            (total - before) - sum
        } else {
            0.0
        };
        self.sum = total;
        self.min = self.min.min(min);
        self.max = self.max.max(max);
    }
}

/// Series and minute.
pub(super) type Name = (String, String);

/// Everything that was read.
#[derive(Debug, Default)]
pub(super) struct Reading {
    pub(super) events: u64,
    pub(super) series: BTreeMap<Name, Figures>,
    batches: BTreeSet<String>,
}

impl Reading {
    /// Adds a Lambda event.
    pub(super) fn payload(&mut self, event: &str) {
        let event: Value = serde_json::from_str(event).unwrap();
        let compressed = base64(event["awslogs"]["data"].as_str().unwrap());
        let mut text = String::new();
        MultiGzDecoder::new(&compressed[..])
            .read_to_string(&mut text)
            .unwrap();
        for document in serde_json::Deserializer::from_str(&text).into_iter::<Value>() {
            self.document(&document.unwrap());
        }
    }

    fn document(&mut self, document: &Value) {
        if document["messageType"] != "DATA_MESSAGE" {
            return;
        }
        let events = document["logEvents"].as_array().unwrap();
        self.events += events.len() as u64;
        let group = document["logGroup"].as_str().unwrap();
        // A batch that is there twice counts once. Its name is where it comes from and all its ids.
        let ids: Vec<_> = events.iter().map(|event| &event["id"]).collect();
        let name = format!(
            "{:?}",
            (&document["owner"], group, &document["logStream"], ids)
        );
        if !self.batches.insert(name) {
            return;
        }
        let function = group.strip_prefix("/aws/lambda/").unwrap_or(group);
        for event in events {
            let at = event["timestamp"].as_i64().unwrap();
            self.message(function, at, event["message"].as_str().unwrap());
        }
    }

    fn message(&mut self, function: &str, at: i64, message: &str) {
        let Some(root) = json(message) else {
            for (signal, value) in report::of_text(message) {
                self.signal(function, at, signal, value);
            }
            return;
        };
        if emf::has_directives(&root) {
            for datum in emf::data(&root, at).unwrap_or_default() {
                self.add(
                    datum.series,
                    datum.at,
                    datum.count,
                    datum.sum,
                    datum.min,
                    datum.max,
                );
            }
            return;
        }
        for (signal, value) in report::of_json(&root) {
            self.signal(function, at, signal, value);
        }
    }

    fn signal(&mut self, function: &str, at: i64, signal: &str, value: f64) {
        let series = format!("lambda/{}/{signal}{{}}", encoded(function));
        self.add(series, at, 1, value, value, value);
    }

    fn add(&mut self, series: String, at: i64, count: u64, sum: f64, min: f64, max: f64) {
        let minute = at.div_euclid(60_000) * 60;
        let minute = jiff::Timestamp::from_second(minute).unwrap().to_string();
        let nothing = Figures {
            count: 0,
            sum: 0.0,
            lost: 0.0,
            magnitude: 0.0,
            min: f64::INFINITY,
            max: f64::NEG_INFINITY,
        };
        let figures = self.series.entry((series, minute)).or_insert(nothing);
        figures.add(count, sum, min, max);
    }
}

/// The JSON object that a message is, or that follows the tab-separated words that Lambda's runtimes put before it.
fn json(message: &str) -> Option<Value> {
    let text = message.trim_start();
    let at = text.find('{')?;
    let document = match &text[..at] {
        "" => text,
        words if words.ends_with('\t') && text[at..].contains("\"_aws\"") => &text[at..],
        _ => return None,
    };
    serde_json::from_str(document).ok()
}

/// Percent-encoded outside `[A-Za-z0-9_.:/-]`.
fn encoded(text: &str) -> String {
    let mut encoded = String::new();
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"_.:/-".contains(&byte) {
            encoded.push(char::from(byte));
        } else {
            encoded.push_str(&format!("%{byte:02X}"));
        }
    }
    encoded
}

fn base64(text: &str) -> Vec<u8> {
    let digits = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let (mut bytes, mut bits, mut held) = (Vec::new(), 0_u32, 0);
    for byte in text.bytes().filter(|byte| *byte != b'=') {
        let digit = digits.iter().position(|digit| *digit == byte).unwrap();
        bits = bits << 6 | u32::try_from(digit).unwrap();
        held += 6;
        if held >= 8 {
            held -= 8;
            bytes.push(u8::try_from(bits >> held & 0xff).unwrap());
        }
    }
    bytes
}
