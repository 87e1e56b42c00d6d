//! A few log events of a log group: what a message shows as requests to look at.

use std::fmt;
use std::time::Duration;

use async_trait::async_trait;
use jiff::Timestamp;

pub mod cloudwatch_logs;

/// What to look for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogQuery {
    /// The log group's name.
    pub log_group: String,
    /// The first instant.
    pub from: Timestamp,
    /// The end, not included.
    pub to: Timestamp,
    /// A filter pattern in CloudWatch Logs' syntax; empty matches every event.
    pub pattern: String,
    /// Events wanted; the search ends with them.
    pub limit: u16,
    /// Longest time for all pages together.
    pub time: Duration,
}

/// One log event that matches.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FoundEvent {
    /// Its own time.
    pub at: Timestamp,
    /// As it was logged. From outside: to be cleaned and redacted before anybody reads it.
    pub message: String,
}

/// Why the log events could not be read.
#[derive(Debug, thiserror::Error)]
#[error("FilterLogEvents of {log_group} from {from} to {to} failed: {message}")]
pub struct LogSearchError {
    /// Where.
    pub log_group: String,
    /// The first instant.
    pub from: Timestamp,
    /// The end.
    pub to: Timestamp,
    /// What the service said.
    pub message: String,
    /// Whether the same call may succeed later.
    pub retryable: bool,
}

impl LogSearchError {
    /// Whether the same call may succeed later.
    #[must_use]
    pub fn is_retryable(&self) -> bool {
        self.retryable
    }
}

/// Finds log events by filter pattern, in time and pages that are bounded: it is asked while somebody is to be woken.
#[async_trait]
pub trait LogSearch: Send + Sync + fmt::Debug {
    /// At most `query.limit` events that match, in the order in which the service finds them. Fewer, or none, when
    /// the time or the pages are used up: what was found until then counts.
    ///
    /// # Errors
    /// A log group that is not there, a permission that is missing, a service that does not answer, before anything
    /// was found.
    async fn find(&self, query: &LogQuery) -> Result<Vec<FoundEvent>, LogSearchError>;
}
