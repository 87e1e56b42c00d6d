//! The processor as a whole: tables of messages, hostile payloads, and the handler on a real DynamoDB API.

use std::io::Write;

use flate2::Compression;
use flate2::write::GzEncoder;
use serde_json::{Value, json};

use super::*;

mod documents;
mod handler;
mod invariants;
mod messages;
mod payloads;

/// The timestamp of every log event here: 2026-11-20T18:40:00Z.
const EVENT: i64 = 1_795_200_000_000;

fn gzip(text: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(text).unwrap();
    encoder.finish().unwrap()
}

/// A Lambda event around compressed bytes.
fn event(compressed: &[u8]) -> Vec<u8> {
    let data = base64_simd::STANDARD.encode_to_string(compressed);
    json!({ "awslogs": { "data": data } })
        .to_string()
        .into_bytes()
}

/// A document of one stream; event ids count from `first`.
fn document_from(first: usize, messages: &[&str]) -> Value {
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

fn document(messages: &[&str]) -> Value {
    document_from(0, messages)
}

fn payload(document: &Value) -> Vec<u8> {
    event(&gzip(document.to_string().as_bytes()))
}

fn read(event: &[u8]) -> Result<(Vec<Batch>, Counts), PayloadError> {
    read_payload(event, &Rules::default())
}

fn report(duration: f64) -> String {
    format!(
        "REPORT RequestId: r\tDuration: {duration} ms\tBilled Duration: 4 ms\tMemory Size: 256 MB\tMax Memory Used: 60 MB\t\n"
    )
}

fn rejected(counts: &Counts) -> Vec<(&'static str, u64)> {
    counts
        .rejected
        .iter()
        .map(|(reason, times)| (reason.as_str(), *times))
        .collect()
}
