//! [`Deployments`] on AWS CodeDeploy.

use async_trait::async_trait;
use aws_sdk_codedeploy::Client;
use aws_sdk_codedeploy::error::{DisplayErrorContext, SdkError};
use aws_sdk_codedeploy::operation::put_lifecycle_event_hook_execution_status::PutLifecycleEventHookExecutionStatusError as ServiceError;
use aws_sdk_codedeploy::types::LifecycleEventStatus;

use super::{Deployments, ReportError, Reported};
use crate::Verdict;
use crate::answer::one_line;
use crate::hook::Hook;

/// CodeDeploy through the AWS SDK.
#[derive(Debug, Clone)]
pub struct CodeDeploy(Client);

impl CodeDeploy {
    /// Reports through `client`.
    #[must_use]
    pub fn new(client: Client) -> Self {
        Self(client)
    }
}

/// A throttled or broken service recovers; an event that it does not know, or a permission that is missing, does not.
fn is_retryable(error: &SdkError<ServiceError>) -> bool {
    let code = error
        .as_service_error()
        .and_then(|error| error.meta().code());
    let throttled = matches!(code, Some("ThrottlingException" | "Throttling"));
    match error
        .raw_response()
        .map(|response| response.status().as_u16())
    {
        Some(400..500) => throttled,
        Some(_) => true,
        // Nothing came back, unless nothing could be sent.
        None => !matches!(error, SdkError::ConstructionFailure(_)),
    }
}

#[async_trait]
impl Deployments for CodeDeploy {
    async fn report(&self, hook: &Hook, verdict: Verdict) -> Result<Reported, ReportError> {
        let status = match verdict {
            Verdict::Succeeded => LifecycleEventStatus::Succeeded,
            Verdict::Failed => LifecycleEventStatus::Failed,
        };
        let answer = self
            .0
            .put_lifecycle_event_hook_execution_status()
            .deployment_id(hook.deployment_id())
            .lifecycle_event_hook_execution_id(hook.execution_id())
            .status(status)
            .send()
            .await;
        match answer {
            Ok(_) => Ok(Reported::Now),
            Err(error)
                if error
                    .as_service_error()
                    .is_some_and(ServiceError::is_lifecycle_event_already_completed_exception) =>
            {
                Ok(Reported::Before)
            }
            Err(error) => Err(ReportError {
                deployment: hook.deployment_id().to_owned(),
                verdict,
                message: one_line(&DisplayErrorContext(&error).to_string()),
                retryable: is_retryable(&error),
            }),
        }
    }
}
