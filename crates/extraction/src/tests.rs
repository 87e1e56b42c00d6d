//! Extraction as a whole: tables of messages, hostile payloads, what must hold for every batch.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::*;
use crate::testing::{EVENT, document, document_from, event, gzip, payload};

mod documents;
mod emitters;
mod escapes;
mod invariants;
mod messages;
mod payloads;
mod regressions;

fn read(event: &[u8]) -> Result<(Vec<Batch>, Counts), PayloadError> {
    read_payload(event, &Rules::default(), &Skip::new())
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
