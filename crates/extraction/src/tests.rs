//! Extraction as a whole: tables of messages, hostile payloads, what must hold for every batch.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::*;
use crate::testing::{EVENT, document, document_from, event, gzip, payload, text};

mod documents;
mod emitters;
mod escapes;
mod invariants;
mod messages;
mod payloads;
mod regressions;

/// What the reference says; the reader must say the same, also when it has learned all that the payload can teach.
fn read(event: &[u8]) -> Result<(Vec<Batch>, Counts), PayloadError> {
    let (rules, skip) = (Rules::default(), Skip::new());
    let expected = read_payload(event, &rules, &skip);
    let mut reader = Reader::default();
    for _ in 0..3 {
        match (&expected, reader.read(event, &rules, &skip)) {
            (Ok(expected), Ok(found)) => assert_eq!(*expected, found),
            (Err(expected), Err(found)) => assert_eq!(expected.to_string(), found.to_string()),
            (expected, found) => panic!("the reference says {expected:?}, the reader {found:?}"),
        }
    }
    expected
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
