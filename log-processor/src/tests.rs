//! The handler on a real DynamoDB API.

use extraction::testing::{EVENT, document, event, gzip, payload};
use serde_json::json;

use super::*;

mod calls;
mod faults;
mod handler;
mod interleaved;
mod memory;
mod replays;
mod streams;

fn report(duration: f64) -> String {
    format!(
        "REPORT RequestId: r\tDuration: {duration} ms\tBilled Duration: 4 ms\tMemory Size: 256 MB\tMax Memory Used: 60 MB\t\n"
    )
}
