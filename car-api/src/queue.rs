//! Work that the service owes itself: the port. Accepted creations wait here, and events that the bus did not take.
//!
//! The same function takes the work off the queue again ([`crate::consume`]). What a message looks like is in
//! [`message`].

use std::fmt;

use async_trait::async_trait;

pub mod message;
pub mod sqs;

pub use message::{Creation, Poison, Work};

/// Why work was not put on the queue. The text is for the operator, never for the client.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum QueueError {
    /// The queue did not answer, or not in time, or has no capacity at this moment. The work may be on it all the same.
    #[error("{operation} got no answer: {message}; look at the queue's health and the way to it")]
    Unavailable {
        /// The operation.
        operation: &'static str,
        /// What happened.
        message: String,
    },
    /// It refused, and would refuse again: a missing queue, a missing permission, a bug.
    #[error("{operation} was refused: {message}; look at the queue's URL and the function's role")]
    Refused {
        /// The operation.
        operation: &'static str,
        /// What the queue said.
        message: String,
    },
}

impl QueueError {
    /// Whether the same call may succeed later.
    #[must_use]
    pub fn is_retryable(&self) -> bool {
        matches!(self, Self::Unavailable { .. })
    }
}

/// The queue.
#[async_trait]
pub trait WorkQueue: Send + Sync + fmt::Debug {
    /// Puts a message on the queue: the text that [`Work::encode`] gives. It will be delivered at least once.
    async fn send(&self, message: &str) -> Result<(), QueueError>;
}
