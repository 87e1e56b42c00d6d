//! [`Version`] on AWS Lambda.

use std::time::Duration;

use async_trait::async_trait;
use aws_config::SdkConfig;
use aws_sdk_lambda::Client;
use aws_sdk_lambda::config::retry::RetryConfig;
use aws_sdk_lambda::config::timeout::TimeoutConfig;
use aws_sdk_lambda::error::{DisplayErrorContext, SdkError};
use aws_sdk_lambda::operation::invoke::InvokeError as ServiceError;
use aws_sdk_lambda::primitives::Blob;
use serde_json::Value;

use super::{InvokeError, Version};
use crate::answer::one_line;

/// Longest wait for one answer: car-api's own time-out, which is its cold start and every dependency at its slowest. The
/// limit that other clients have, 2 s (`platform::aws`), is below a function's.
pub const ANSWER_TIMEOUT: Duration = Duration::from_secs(10);

/// A version through the AWS SDK.
#[derive(Debug, Clone)]
pub struct Lambda {
    client: Client,
    arn: String,
}

impl Lambda {
    /// The version `arn`, which waits for each answer for at most `longest`. It never tries again by itself: an attempt
    /// whose answer was lost may have been done, and the trial has to know.
    #[must_use]
    pub fn new(sdk: &SdkConfig, arn: impl Into<String>, longest: Duration) -> Self {
        let timeouts = TimeoutConfig::builder()
            .connect_timeout(platform::aws::CONNECT_TIMEOUT)
            .read_timeout(longest)
            .operation_attempt_timeout(longest)
            .operation_timeout(longest)
            .build();
        let config = aws_sdk_lambda::config::Builder::from(sdk)
            .timeout_config(timeouts)
            .retry_config(RetryConfig::disabled())
            .build();
        Self {
            client: Client::from_conf(config),
            arn: arn.into(),
        }
    }
}

/// By the HTTP status, because Lambda has some forty errors and gives each kind its own (AWS Lambda API reference,
/// Invoke, November 2026): 429 no capacity, 409 and 502 not ready yet, 5xx Lambda's own.
fn failed(error: &SdkError<ServiceError>) -> InvokeError {
    let message = one_line(&DisplayErrorContext(error).to_string());
    match error
        .raw_response()
        .map(|response| response.status().as_u16())
    {
        Some(409 | 429 | 500..) => InvokeError::Unreachable(message),
        Some(_) => InvokeError::Refused(message),
        None if matches!(error, SdkError::ConstructionFailure(_)) => InvokeError::Refused(message),
        None => InvokeError::Unreachable(message),
    }
}

/// What a function that failed says of it: `errorType` and `errorMessage`.
fn crash(kind: &str, payload: &[u8]) -> InvokeError {
    let said: Value = serde_json::from_slice(payload).unwrap_or_default();
    let text = |member: &str| said[member].as_str().unwrap_or("?").to_owned();
    InvokeError::Crashed(one_line(&format!(
        "{kind}, {}: {}",
        text("errorType"),
        text("errorMessage")
    )))
}

#[async_trait]
impl Version for Lambda {
    async fn invoke(&self, event: &Value) -> Result<Vec<u8>, InvokeError> {
        let answer = self
            .client
            .invoke()
            .function_name(&self.arn)
            .payload(Blob::new(event.to_string()))
            .send()
            .await
            .map_err(|error| failed(&error))?;
        let payload = answer.payload.map(Blob::into_inner).unwrap_or_default();
        match answer.function_error {
            Some(kind) => Err(crash(&kind, &payload)),
            None => Ok(payload),
        }
    }
}
