//! The reader against the reference: whatever it is given, it says the same, to the bit.

use proptest::prelude::*;
use serde_json::{Value, json};

use super::{Reader, Tiers};
use crate::batch::{Rules, Skip, read_payload};
use crate::rollup::Limits;
use crate::testing::{EVENT, event, gzip};

mod documents;
mod hostile;
mod odd;

/// Reads a payload with a reader and with the reference; they must agree.
fn agree_with(
    reader: &mut Reader,
    event: &[u8],
    rules: &Rules,
    skip: &Skip,
) -> Result<(), TestCaseError> {
    let quick = reader
        .read(event, rules, skip)
        .map_err(|error| error.to_string());
    let plain = read_payload(event, rules, skip).map_err(|error| error.to_string());
    prop_assert_eq!(quick, plain);
    Ok(())
}

fn agree(reader: &mut Reader, event: &[u8]) {
    agree_with(reader, event, &Rules::default(), &Skip::new()).unwrap();
}

/// A document as CloudWatch Logs writes it, member by member; event ids count from `first`.
fn document(first: usize, messages: &[&str]) -> String {
    let events: Vec<_> = (first..)
        .zip(messages)
        .map(|(id, message)| {
            format!(
                r#"{{"id":"{id:056}","timestamp":{EVENT},"message":{}}}"#,
                json!(message)
            )
        })
        .collect();
    format!(
        r#"{{"messageType":"DATA_MESSAGE","owner":"123456789012","logGroup":"/aws/lambda/f","logStream":"s","subscriptionFilters":["outrider"],"logEvents":[{}]}}"#,
        events.join(",")
    )
}

/// A Lambda event around it.
fn payload(first: usize, messages: &[&str]) -> Vec<u8> {
    event(&gzip(document(first, messages).as_bytes()))
}

/// Which tiers had the word for one payload, by a reader that has seen it before.
fn tiers(event: &[u8]) -> Tiers {
    let mut reader = Reader::default();
    for _ in 0..3 {
        agree(&mut reader, event);
    }
    let before = reader.tiers();
    agree(&mut reader, event);
    let after = reader.tiers();
    Tiers {
        templates: after.templates - before.templates,
        lines: after.lines - before.lines,
        walked: after.walked - before.walked,
        reference: after.reference - before.reference,
        envelopes: after.envelopes - before.envelopes,
        payloads: after.payloads - before.payloads,
    }
}

fn emf(service: &str, value: f64) -> Value {
    json!({
        "_aws": { "Timestamp": EVENT, "CloudWatchMetrics": [
            { "Namespace": "N", "Dimensions": [["service"], []], "Metrics": [{ "Name": "M" }, { "Name": "A" }] }
        ]},
        "service": service, "M": value, "A": [1, 2.5, value], "note": "n\"ote", "context": { "a": [1, { "b": null }] },
    })
}

fn report(duration: f64) -> String {
    format!(
        "REPORT RequestId: 4d0c5a5e-1\tDuration: {duration} ms\tBilled Duration: 4 ms\tMemory Size: 256 MB\tMax Memory Used: 60 MB\t\n"
    )
}
