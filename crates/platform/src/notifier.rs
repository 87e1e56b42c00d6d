//! Where messages for people go.

use std::fmt;

use async_trait::async_trait;
use incidents::Publication;

pub mod sns;

/// The three SNS topics, by ARN.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Topics {
    /// Wakes somebody.
    pub page: String,
    /// For working hours.
    pub ticket: String,
    /// A chat channel is subscribed to it.
    pub chat: String,
}

/// Why a message was not taken.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("publishing {id} to {topic} failed: {message}")]
pub struct NotifyError {
    /// The message's name.
    pub id: String,
    /// The topic's ARN.
    pub topic: String,
    /// What the service said.
    pub message: String,
    /// Whether the same call may succeed later.
    pub retryable: bool,
}

impl NotifyError {
    /// Whether the same call may succeed later.
    #[must_use]
    pub fn is_retryable(&self) -> bool {
        self.retryable
    }
}

/// Sends messages to people.
#[async_trait]
pub trait Notifier: Send + Sync + fmt::Debug {
    /// Sends one message exactly as it stands; the receipt is the service's name for it. Sending it twice gives
    /// two deliveries of one incident: the body is the same, and pagers and chats merge by its identity.
    async fn publish(&self, publication: &Publication) -> Result<String, NotifyError>;
}
