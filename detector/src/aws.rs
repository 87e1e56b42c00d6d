//! [`MetricSource`] on AWS: metrics from CloudWatch, limits from Lambda.

use std::collections::BTreeMap;

use async_trait::async_trait;
use aws_sdk_lambda::Client;
use aws_sdk_lambda::error::{DisplayErrorContext, ProvideErrorMetadata, SdkError};
use platform::metric_source::cloudwatch::CloudWatch;
use platform::metric_source::{
    AccountLimits, LimitError, MetricQuery, MetricSource, MetricSourceError, MetricValues,
    PastQuery, Resolution,
};
use signals::Minute;

/// CloudWatch and Lambda through the AWS SDK.
#[derive(Debug, Clone)]
pub struct Aws {
    metrics: CloudWatch,
    lambda: Client,
}

impl Aws {
    /// A source that asks through these clients.
    #[must_use]
    pub fn new(metrics: CloudWatch, lambda: Client) -> Self {
        Self { metrics, lambda }
    }
}

fn failed<E, R>(operation: &'static str, what: &str, error: &SdkError<E, R>) -> LimitError
where
    E: ProvideErrorMetadata + std::error::Error + 'static,
    R: std::fmt::Debug,
{
    let retryable = match error {
        SdkError::ServiceError(service) => matches!(
            service.err().code(),
            Some("TooManyRequestsException" | "ServiceException" | "ThrottlingException")
        ),
        SdkError::ConstructionFailure(_) => false,
        _ => true,
    };
    LimitError {
        operation,
        what: what.to_owned(),
        message: DisplayErrorContext(error).to_string(),
        retryable,
    }
}

#[async_trait]
impl MetricSource for Aws {
    async fn read(
        &self,
        queries: &[MetricQuery],
        from: Minute,
        to: Minute,
    ) -> Result<MetricValues, MetricSourceError> {
        self.metrics.read(queries, from, to).await
    }

    fn knows_silence(&self) -> bool {
        self.metrics.knows_silence()
    }

    fn past_days(&self) -> u16 {
        self.metrics.past_days()
    }

    async fn past(
        &self,
        queries: &[PastQuery],
        from: Minute,
        to: Minute,
        resolution: Resolution,
    ) -> Result<Vec<BTreeMap<Minute, f64>>, MetricSourceError> {
        self.metrics.past(queries, from, to, resolution).await
    }

    async fn account_limits(&self) -> Result<Option<AccountLimits>, LimitError> {
        let answer = self.lambda.get_account_settings().send().await;
        let answer = answer.map_err(|error| failed("GetAccountSettings", "the account", &error))?;
        Ok(answer.account_limit().map(|limit| AccountLimits {
            concurrency: f64::from(limit.concurrent_executions().max(0)),
            unreserved: f64::from(limit.unreserved_concurrent_executions().unwrap_or(0).max(0)),
        }))
    }

    async fn reserved_concurrency(&self, function: &str) -> Result<Option<f64>, LimitError> {
        let answer = self
            .lambda
            .get_function_concurrency()
            .function_name(function)
            .send()
            .await;
        let answer = answer.map_err(|error| failed("GetFunctionConcurrency", function, &error))?;
        Ok(answer
            .reserved_concurrent_executions()
            .map(|reserved| f64::from(reserved.max(0))))
    }
}
