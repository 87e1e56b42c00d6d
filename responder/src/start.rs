//! From the environment to a responder that can run.

use std::sync::Arc;

use platform::aws;
use platform::clock::SystemClock;
use platform::config::{ConfigErrors, Vars};

use crate::Deps;
use crate::deployments::codedeploy::CodeDeploy;
use crate::settings::Settings;
use crate::version::lambda::{ANSWER_TIMEOUT, Lambda};

/// Reads the configuration and connects both ports to AWS.
///
/// # Errors
/// Every mistake in the configuration.
pub async fn connect(vars: &dyn Vars) -> Result<Deps, ConfigErrors> {
    let settings = Settings::read(vars)?;
    let sdk = aws::from_environment().await;
    Ok(Deps {
        version: Arc::new(Lambda::new(&sdk, settings.version_arn, ANSWER_TIMEOUT)),
        deployments: Arc::new(CodeDeploy::new(aws_sdk_codedeploy::Client::new(&sdk))),
        clock: Arc::new(SystemClock),
    })
}

/// Like [`connect`], with logging; a start that fails has said why and gives nothing.
pub async fn start(vars: &dyn Vars) -> Option<Deps> {
    platform::function::start("responder", vars, connect).await
}
