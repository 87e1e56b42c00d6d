//! How the AWS SDK is set up, once for every client.

use std::time::Duration;

use aws_config::timeout::TimeoutConfig;
use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_credential_types::Credentials;

/// Longest wait for a connection. Far below any function's timeout, so that a dependency that hangs is an
/// error the function can still report.
pub const CONNECT_TIMEOUT: Duration = Duration::from_secs(1);
/// Longest wait for one operation with all its attempts.
pub const OPERATION_TIMEOUT: Duration = Duration::from_secs(2);
/// Attempts of one operation, the first included.
pub const MAX_ATTEMPTS: u32 = 3;
/// First pause between attempts; it doubles, and a random part of it is waited. The SDK's default is a second: two
/// pauses of up to 1 s and 2 s do not fit into [`OPERATION_TIMEOUT`], and a table that throttles would at random be
/// reported as one that does not answer.
pub const FIRST_PAUSE: Duration = Duration::from_millis(100);

fn timeouts() -> TimeoutConfig {
    TimeoutConfig::builder()
        .connect_timeout(CONNECT_TIMEOUT)
        .operation_attempt_timeout(OPERATION_TIMEOUT)
        .operation_timeout(OPERATION_TIMEOUT)
        .build()
}

fn retries() -> aws_config::retry::RetryConfig {
    aws_config::retry::RetryConfig::standard()
        .with_max_attempts(MAX_ATTEMPTS)
        .with_initial_backoff(FIRST_PAUSE)
}

fn loader() -> aws_config::ConfigLoader {
    aws_config::defaults(BehaviorVersion::latest())
        .timeout_config(timeouts())
        .retry_config(retries())
}

/// The configuration inside Lambda: region, credentials and, when `AWS_ENDPOINT_URL` is set, the endpoint come
/// from the environment that the platform provides.
pub async fn from_environment() -> SdkConfig {
    loader().load().await
}

/// The configuration for an AWS-compatible server at `endpoint`, with credentials that mean nothing.
pub async fn for_endpoint(endpoint: &str) -> SdkConfig {
    loader()
        .endpoint_url(endpoint)
        .region(Region::from_static("eu-west-1"))
        .credentials_provider(Credentials::new("local", "local", None, None, "outrider"))
        .load()
        .await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn every_client_fails_fast_and_tries_a_bounded_number_of_times() {
        let config = for_endpoint("http://127.0.0.1:1").await;
        let timeouts = config.timeout_config().unwrap();
        assert_eq!(timeouts.connect_timeout(), Some(CONNECT_TIMEOUT));
        assert_eq!(timeouts.operation_timeout(), Some(OPERATION_TIMEOUT));
        assert!(
            OPERATION_TIMEOUT < Duration::from_secs(3),
            "Lambda's default timeout is 3 s"
        );
        let retries = config.retry_config().unwrap();
        assert_eq!(
            (retries.max_attempts(), retries.initial_backoff()),
            (MAX_ATTEMPTS, FIRST_PAUSE)
        );
    }
}
