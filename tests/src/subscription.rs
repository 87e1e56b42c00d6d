//! The events that a subscription filter of CloudWatch Logs sends, written independently of the local stack.

use std::io::Write;

use flate2::Compression;
use flate2::write::GzEncoder;
use serde_json::{Value, json};

/// The event of the developer guide ("Subscription filters with AWS Lambda"): the document as gzip as base64.
///
/// # Panics
/// When memory cannot be written.
#[must_use]
pub fn event(document: &Value) -> Value {
    let mut gzip = GzEncoder::new(Vec::new(), Compression::default());
    let written = gzip
        .write_all(document.to_string().as_bytes())
        .and_then(|()| gzip.finish());
    let bytes = written.unwrap_or_else(|error| panic!("memory cannot be written: {error}"));
    json!({ "awslogs": { "data": base64_simd::STANDARD.encode_to_string(bytes) } })
}

/// A document with one log event for each message, all at `millis`.
#[must_use]
pub fn document(log_group: &str, millis: i64, messages: &[String]) -> Value {
    let events: Vec<_> = messages
        .iter()
        .enumerate()
        .map(|(position, message)| json!({ "id": format!("{position:056}"), "timestamp": millis, "message": message }))
        .collect();
    json!({
        "messageType": "DATA_MESSAGE",
        "owner": "000000000000",
        "logGroup": log_group,
        "logStream": "2026/11/20/[7]0123456789abcdef",
        "subscriptionFilters": ["outrider"],
        "logEvents": events,
    })
}
