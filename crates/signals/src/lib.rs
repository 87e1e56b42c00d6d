//! The vocabulary every other crate speaks: what a metric, a unit, a series, a minute and a rollup are.
//!
//! Pure: no I/O, no clock, no randomness. Everything that travels between Outrider's functions (the key of a
//! series, the bytes of a rollup) has exactly one spelling, and it is here.

pub mod batch;
pub mod emf;
pub mod event_id;
pub mod histogram;
pub mod metric;
pub mod minute;
pub mod packed;
pub mod rollup;
pub mod series;
pub mod unit;
mod varint;
pub mod version;

pub use batch::{BatchId, BatchIdentity, StreamId};
pub use event_id::{EventId, Run};
pub use histogram::Histogram;
pub use metric::Metric;
pub use minute::Minute;
pub use rollup::Rollup;
pub use series::{AwsSignal, LambdaSignal, SeriesKey, SeriesName};
pub use unit::Unit;
pub use version::Version;

/// The bytes of a stored value do not have the shape their version promises.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DecodeError {
    /// The bytes end before the value does.
    #[error("stored {what} ends after {len} bytes, before its {field}")]
    Truncated {
        /// What was being read.
        what: &'static str,
        /// The field that is missing.
        field: &'static str,
        /// How many bytes there were.
        len: usize,
    },
    /// A version this build does not know: written by a newer Outrider.
    #[error(
        "stored {what} has version {found}, this build reads version {expected}: deploy the newer build here too"
    )]
    Version {
        /// What was being read.
        what: &'static str,
        /// The version found.
        found: u8,
        /// The version this build writes.
        expected: u8,
    },
    /// The bytes are there but mean nothing.
    #[error("stored {what} is damaged: {reason}")]
    Damaged {
        /// What was being read.
        what: &'static str,
        /// What is wrong with it.
        reason: String,
    },
}

impl DecodeError {
    /// Reading the same bytes again cannot help.
    #[must_use]
    pub fn is_retryable(&self) -> bool {
        false
    }
}
