//! What log lines say: a subscription payload in, rollups out.
//!
//! Payload → documents → messages → samples → rollups by minute and series. A line that cannot be read is counted with
//! its reason and never fails the batch; a payload that cannot be read is an error. Pure: the same bytes under the
//! same rules give the same answer.

pub mod application;
pub mod batch;
pub mod counts;
mod envelope;
mod extract;
mod members;
pub mod payload;
mod platform_records;
pub mod reader;
pub mod rollup;
pub mod runs;
mod stream;
#[cfg(any(test, feature = "testing"))]
pub mod testing;
#[cfg(test)]
mod tests;

pub use batch::{Batch, Rules, Skip, read_payload};
pub use counts::{Counts, Reason};
pub use payload::PayloadError;
pub use reader::{Reader, Reading};
