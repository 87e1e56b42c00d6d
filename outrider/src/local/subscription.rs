//! The CloudWatch Logs arrow: the log events of a minute as subscription payloads, really gzipped and encoded,
//! handed to log-processor.

use std::io::Write;

use anyhow::Context;
use flate2::Compression;
use flate2::write::GzEncoder;
use serde_json::json;
use signals::Minute;

use super::journal::{Journal, LogEvent};

/// Events of one payload. CloudWatch Logs batches by time and size; any cut gives the same rollups.
const EVENTS_PER_PAYLOAD: usize = 500;

/// One payload as Lambda would receive it.
///
/// # Errors
/// Never for log events that are text.
pub fn payload(log_group: &str, stream: &str, events: &[LogEvent]) -> anyhow::Result<Vec<u8>> {
    let document = json!({
        "messageType": "DATA_MESSAGE",
        "owner": "000000000000",
        "logGroup": log_group,
        "logStream": stream,
        "subscriptionFilters": ["outrider"],
        "logEvents": events,
    });
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(document.to_string().as_bytes())?;
    let data = base64_simd::STANDARD.encode_to_string(encoder.finish()?);
    Ok(json!({ "awslogs": { "data": data } })
        .to_string()
        .into_bytes())
}

/// What one minute's delivery came to.
#[derive(Debug, Clone, Copy, Default)]
pub struct Delivered {
    /// Log events.
    pub events: u64,
    /// Rollup items written.
    pub items: u64,
}

/// Delivers everything the function logged in a minute. Delivering it again changes nothing.
///
/// # Errors
/// A journal that cannot be read; a log-processor that failed, as Lambda would retry it.
pub async fn deliver(
    journal: &Journal,
    log_group: &str,
    minute: Minute,
    processor: &log_processor::Deps,
) -> anyhow::Result<Delivered> {
    let events: Vec<_> = journal
        .read(minute)?
        .into_values()
        .flat_map(|entry| entry.events)
        .collect();
    let stream = format!("{}/[$LATEST]local", minute.start().strftime("%Y/%m/%d"));
    let mut delivered = Delivered::default();
    for batch in events.chunks(EVENTS_PER_PAYLOAD) {
        let payload = payload(log_group, &stream, batch)?;
        let outcome = log_processor::handle(&payload, processor)
            .await
            .with_context(|| format!("log-processor failed on the log events of {minute}"))?;
        delivered.events += batch.len() as u64;
        delivered.items += outcome.items_written;
    }
    Ok(delivered)
}
