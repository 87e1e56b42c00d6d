//! Payloads for tests, as CloudWatch Logs would send them.
#![expect(clippy::missing_panics_doc, clippy::unwrap_used, reason = "for tests")]

use std::io::Write;

use flate2::Compression;
use flate2::write::GzEncoder;
use serde_json::{Value, json};

/// The timestamp of every log event here: 2026-11-20T18:40:00Z.
pub const EVENT: i64 = 1_795_200_000_000;

/// A gzip member around a text.
#[must_use]
pub fn gzip(text: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(text).unwrap();
    encoder.finish().unwrap()
}

/// A Lambda event around compressed bytes.
#[must_use]
pub fn event(compressed: &[u8]) -> Vec<u8> {
    let data = base64_simd::STANDARD.encode_to_string(compressed);
    json!({ "awslogs": { "data": data } })
        .to_string()
        .into_bytes()
}

/// A document of one stream; event ids count from `first`.
#[must_use]
pub fn document_from(first: usize, messages: &[&str]) -> Value {
    let events: Vec<_> = messages
        .iter()
        .enumerate()
        .map(|(i, message)| json!({ "id": format!("{:056}", first + i), "timestamp": EVENT, "message": message }))
        .collect();
    json!({
        "messageType": "DATA_MESSAGE", "owner": "123456789012", "logGroup": "/aws/lambda/f", "logStream": "s",
        "subscriptionFilters": ["outrider"], "logEvents": events,
    })
}

/// The same, counted from 0.
#[must_use]
pub fn document(messages: &[&str]) -> Value {
    document_from(0, messages)
}

/// The members of a document and of a log event in the order in which CloudWatch Logs writes them.
const ORDER: [&str; 9] = [
    "messageType",
    "owner",
    "logGroup",
    "logStream",
    "subscriptionFilters",
    "logEvents",
    "id",
    "timestamp",
    "message",
];

/// A document as CloudWatch Logs writes it. [`Value`] sorts members, and what reads the usual form quickly would leave
/// every log event to the reference. Members that CloudWatch Logs does not know come last.
#[must_use]
pub fn text(value: &Value) -> String {
    let list = |items: Vec<String>| items.join(",");
    match value {
        Value::Object(members) => {
            let mut members: Vec<_> = members.iter().collect();
            members.sort_by_key(|(name, _)| {
                ORDER
                    .iter()
                    .position(|known| known == name)
                    .unwrap_or(ORDER.len())
            });
            let write =
                |(name, value): (&String, &Value)| format!("{}:{}", json!(name), text(value));
            format!("{{{}}}", list(members.into_iter().map(write).collect()))
        }
        Value::Array(values) => format!("[{}]", list(values.iter().map(text).collect())),
        scalar => scalar.to_string(),
    }
}

/// A Lambda event around a document, as CloudWatch Logs writes it.
#[must_use]
pub fn payload(document: &Value) -> Vec<u8> {
    event(&gzip(text(document).as_bytes()))
}
