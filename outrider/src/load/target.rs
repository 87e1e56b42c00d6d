//! The service under load, as a client sees it.

use std::fmt;
use std::time::Duration;

use async_trait::async_trait;

use super::cars::Call;

/// What came back of one attempt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Answer {
    /// An HTTP answer, read to its end.
    Status {
        /// The status code.
        code: u16,
        /// What `Retry-After` asked for, where it was a number of seconds.
        retry_after: Option<Duration>,
    },
    /// Nothing in time.
    TimedOut,
    /// No connection, or one that broke; with the reason.
    Unreachable(String),
}

impl Answer {
    /// Whether the request did what it asked, at its `attempt`-th attempt. A car that was deleted by an attempt
    /// whose answer got lost is gone, as was asked.
    pub(crate) fn is_good(&self, call: &Call, attempt: u32) -> bool {
        match self {
            Self::Status {
                code: 200..=299, ..
            } => true,
            Self::Status { code: 404, .. } => {
                call.operation == simulator::Operation::Delete && attempt > 1
            }
            _ => false,
        }
    }

    /// The key it is counted under.
    pub(crate) fn label(&self) -> String {
        match self {
            Self::Status { code, .. } => code.to_string(),
            Self::TimedOut => "timed out".to_owned(),
            Self::Unreachable(_) => "unreachable".to_owned(),
        }
    }
}

impl fmt::Display for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Status { code, .. } => write!(f, "status {code}"),
            Self::TimedOut => f.write_str("no answer in time"),
            Self::Unreachable(reason) => f.write_str(reason),
        }
    }
}

/// Sends requests.
#[async_trait]
pub(crate) trait Target: Send + Sync {
    /// Sends one attempt and waits for its end, which comes in bounded time.
    async fn send(&self, call: &Call) -> Answer;
}
