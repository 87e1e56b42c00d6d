//! Which errors each log group has told of before: so that one nobody has seen yet can be announced, once.
//!
//! An item per log group and fingerprint, for 30 days after the error was last seen. Whether it is new is decided by
//! the store in the one write that records it: of several processors, and of an event that is delivered again, one is
//! told that the error is new.

use std::fmt;

use async_trait::async_trait;
use jiff::Timestamp;

pub mod dynamodb;
#[cfg(test)]
mod tests;

/// How long an error is known after it was last seen. One that comes back later is announced again.
pub const KNOWN_DAYS: i64 = 30;

/// An error in a log group. Everything in it may be shown: messages are normalised before they come here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ErrorSeen {
    /// The log group.
    pub log_group: String,
    /// Its fingerprint, 16 hexadecimal digits.
    pub fingerprint: String,
    /// Its class: `timeout`, `logged` and so on.
    pub class: String,
    /// Its type.
    pub kind: String,
    /// Its normalised message.
    pub message: String,
    /// An invocation that tells of it, if one is known.
    pub request_id: Option<String>,
    /// When it was seen: the first time that the caller knows of.
    pub at: Timestamp,
}

/// Whether an error is new.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Novelty {
    /// Nobody has recorded it within [`KNOWN_DAYS`]: announce it.
    New,
    /// It is known.
    Known,
}

/// Why an error could not be recorded.
#[derive(Debug, thiserror::Error)]
#[error(
    "errors seen in table {table}: UpdateItem failed: {message}; the error is recorded when it is seen again"
)]
pub struct ErrorsSeenError {
    /// The table's name.
    pub table: String,
    /// What the service said.
    pub message: String,
    /// Whether the same call may succeed later.
    pub retryable: bool,
}

impl ErrorsSeenError {
    /// Whether the same call may succeed later. It may be made twice.
    #[must_use]
    pub fn is_retryable(&self) -> bool {
        self.retryable
    }
}

/// The errors that are known.
#[async_trait]
pub trait ErrorsSeen: Send + Sync + fmt::Debug {
    /// Records that an error was seen, at most once a day, and says whether it is new. `now` is the wall clock's
    /// time: it dates the expiry and the day.
    async fn see(&self, error: &ErrorSeen, now: Timestamp) -> Result<Novelty, ErrorsSeenError>;
}
