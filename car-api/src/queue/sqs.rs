//! [`WorkQueue`] on an Amazon SQS standard queue. Order means nothing here, and a FIFO queue would cost more.

use async_trait::async_trait;
use aws_sdk_sqs::Client;
use aws_sdk_sqs::error::{DisplayErrorContext, ProvideErrorMetadata, SdkError};

use super::{QueueError, WorkQueue};

/// Refusals that mean "not now" (Amazon SQS API reference, "Common errors" and "SendMessage",
/// <https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SendMessage.html>, November 2026).
const LATER: [&str; 7] = [
    "RequestThrottled",
    "ThrottlingException",
    "KmsThrottled",
    "KMS.ThrottlingException",
    "InternalFailure",
    "InternalError",
    "ServiceUnavailable",
];

/// The queue at a URL.
#[derive(Debug, Clone)]
pub struct Sqs {
    client: Client,
    url: String,
}

impl Sqs {
    /// Sends to the queue at `url`.
    #[must_use]
    pub fn new(client: Client, url: impl Into<String>) -> Self {
        Self {
            client,
            url: url.into(),
        }
    }
}

#[async_trait]
impl WorkQueue for Sqs {
    async fn send(&self, message: &str) -> Result<(), QueueError> {
        let sent = self
            .client
            .send_message()
            .queue_url(&self.url)
            .message_body(message)
            .send()
            .await;
        let Err(error) = sent else { return Ok(()) };
        let later = match &error {
            SdkError::ServiceError(service) => {
                service.raw().status().as_u16() >= 500
                    || service
                        .err()
                        .code()
                        .is_some_and(|code| LATER.iter().any(|later| code.ends_with(later)))
            }
            // A connection that failed, a time-out, an answer cut short: nobody knows what happened.
            SdkError::DispatchFailure(_)
            | SdkError::TimeoutError(_)
            | SdkError::ResponseError(_) => true,
            _ => false,
        };
        let operation = "SendMessage";
        let message = DisplayErrorContext(error).to_string();
        Err(if later {
            QueueError::Unavailable { operation, message }
        } else {
            QueueError::Refused { operation, message }
        })
    }
}
