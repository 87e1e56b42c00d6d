//! The CloudWatch Logs arrow: the log events of a minute as subscription payloads, really gzipped and encoded,
//! handed to log-processor as Lambda does with asynchronous invocations: twice more when it failed, and then to its
//! on-failure destination.

use std::io::Write;

use anyhow::Context;
use flate2::Compression;
use flate2::write::GzEncoder;
use lambda_http::lambda_runtime::Diagnostic;
use serde_json::json;
use serde_json::value::RawValue;
use signals::Minute;

use super::failures::Failures;
use super::journal::{Journal, LogEvent};

/// Events of one payload. CloudWatch Logs batches by time and size; any cut gives the same rollups.
const EVENTS_PER_PAYLOAD: usize = 500;
/// Runs of one invocation: `MaximumRetryAttempts` of `LogProcessor` in deploy/template.yaml, and the first. They follow
/// each other at once: what is down for a minute is down for all three, and the destination keeps the payload.
const RUNS: u32 = 3;

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
    /// Log events, those put aside included.
    pub events: u64,
    /// Rollup items written.
    pub items: u64,
    /// Payloads that log-processor failed on: they lie in its on-failure destination.
    pub put_aside: u64,
}

/// Delivers everything the function logged in a minute. Delivering it again changes nothing.
///
/// # Errors
/// A journal that cannot be read; an on-failure destination that cannot be written.
pub async fn deliver(
    journal: &Journal,
    log_group: &str,
    minute: Minute,
    processor: &log_processor::Deps,
    failures: &Failures,
) -> anyhow::Result<Delivered> {
    let events: Vec<_> = journal
        .read(minute)?
        .into_values()
        .flat_map(|entry| entry.events)
        .collect();
    deliver_events(log_group, minute, &events, processor, failures).await
}

/// Delivers log events of a minute, whoever wrote them.
///
/// # Errors
/// An on-failure destination that cannot be written.
pub(super) async fn deliver_events(
    log_group: &str,
    minute: Minute,
    events: &[LogEvent],
    processor: &log_processor::Deps,
    failures: &Failures,
) -> anyhow::Result<Delivered> {
    let stream = format!("{}/[$LATEST]local", minute.start().strftime("%Y/%m/%d"));
    let mut delivered = Delivered::default();
    for batch in events.chunks(EVENTS_PER_PAYLOAD) {
        let payload = payload(log_group, &stream, batch)?;
        delivered.events += batch.len() as u64;
        match invoke(&payload, processor).await {
            Ok(outcome) => delivered.items += outcome.items_written,
            Err(error) => {
                tracing::warn!(%minute, %error, "log-processor failed for good");
                let id = failures.next_id();
                failures
                    .keep(&id, &record(&id, &payload, error, processor)?)
                    .with_context(|| format!("log events of {minute} are not in the store"))?;
                delivered.put_aside += 1;
            }
        }
    }
    Ok(delivered)
}

/// One asynchronous invocation, with its retries.
async fn invoke(
    payload: &[u8],
    processor: &log_processor::Deps,
) -> Result<log_processor::Outcome, log_processor::Error> {
    let mut run = 1;
    loop {
        match log_processor::handle(payload, processor).await {
            Err(_) if run < RUNS => run += 1,
            ended => return ended,
        }
    }
}

/// What Lambda writes to an on-failure destination (AWS Lambda developer guide, "Capturing records of Lambda
/// asynchronous invocations", November 2026).
fn record(
    id: &str,
    payload: &[u8],
    error: log_processor::Error,
    processor: &log_processor::Deps,
) -> anyhow::Result<String> {
    let error = Diagnostic::from(error);
    let function = "arn:aws:lambda:eu-west-1:000000000000:function:outrider-log-processor:$LATEST";
    let payload: &RawValue = serde_json::from_slice(payload)?;
    Ok(json!({
        "version": "1.0",
        "timestamp": processor.clock.now().to_string(),
        "requestContext": {
            "requestId": id,
            "functionArn": function,
            "condition": "RetriesExhausted",
            "approximateInvokeCount": RUNS,
        },
        "requestPayload": payload,
        "responseContext": { "statusCode": 200, "executedVersion": "$LATEST", "functionError": "Unhandled" },
        "responsePayload": { "errorType": error.error_type, "errorMessage": error.error_message },
    })
    .to_string())
}
