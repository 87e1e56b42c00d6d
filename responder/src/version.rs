//! The version to try, as a port.

use async_trait::async_trait;
use serde_json::Value;

pub mod lambda;

/// Why an invocation gave no answer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvokeError {
    /// The version ran and failed: a crash, its own time-out, a start that was refused.
    #[error("the function failed: {0}")]
    Crashed(String),
    /// Nobody knows whether it ran: throttled, not ready yet, no answer in time.
    #[error("the function could not be reached: {0}")]
    Unreachable(String),
    /// Lambda does not let this function invoke it, or knows no such version. It did not run.
    #[error("Lambda refuses to invoke the function: {0}")]
    Refused(String),
}

impl InvokeError {
    /// Whether the same invocation may succeed later. A crash is not tried again: a version that crashes once in six
    /// requests is not to get traffic.
    #[must_use]
    pub fn is_retryable(&self) -> bool {
        matches!(self, Self::Unreachable(_))
    }
}

/// Invokes one version of one function.
#[async_trait]
pub trait Version: Send + Sync + std::fmt::Debug {
    /// Has it handle `event`, and waits for its payload.
    async fn invoke(&self, event: &Value) -> Result<Vec<u8>, InvokeError>;
}
