//! How the AWS SDK is set up, once for every client.

use std::time::Duration;

use aws_config::environment::{
    EnvironmentVariableCredentialsProvider, EnvironmentVariableRegionProvider,
};
use aws_config::timeout::TimeoutConfig;
use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_credential_types::Credentials;
use aws_runtime::env_config::file::{EnvConfigFileKind, EnvConfigFiles};

use crate::config::Environment;

#[cfg(test)]
mod tests;
mod trust;
mod warm;

pub(crate) use trust::roots;
pub use warm::{Knock, LIMIT as WARM_LIMIT, knock};

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
    let no_files = EnvConfigFiles::builder()
        .with_contents(EnvConfigFileKind::Config, "")
        .build();
    let loader = aws_config::defaults(BehaviorVersion::latest())
        .timeout_config(timeouts())
        .retry_config(retries())
        .profile_files(no_files);
    match trust::http_client(&Environment) {
        Ok(client) => loader.http_client(client),
        // The SDK's own client then: slower to start, and it works.
        Err(error) => {
            tracing::warn!(%error, "the connections to AWS trust the system's certificates");
            loader
        }
    }
}

/// The configuration inside Lambda: region, credentials and, when `AWS_ENDPOINT_URL` is set, the endpoint come
/// from the environment that the platform provides, and from nowhere else: no file is read and no metadata service
/// is asked, neither of which Lambda has.
pub async fn from_environment() -> SdkConfig {
    loader()
        .region(EnvironmentVariableRegionProvider::new())
        .credentials_provider(EnvironmentVariableCredentialsProvider::new())
        .load()
        .await
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
