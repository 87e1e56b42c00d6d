//! From the environment to a responder that can run.

use std::sync::Arc;

use platform::aws;
use platform::clock::SystemClock;
use platform::config::{ConfigErrors, Vars};
use platform::state_store::dynamodb::DynamoDbStateStore;

use crate::deployments::codedeploy::CodeDeploy;
use crate::settings::{LinkSettings, Settings};
use crate::version::lambda::{ANSWER_TIMEOUT, Lambda};
use crate::{Deps, Responder, acknowledge};

/// Reads the configuration and connects to AWS what its jobs need.
///
/// # Errors
/// Every mistake in the configuration.
pub async fn connect(vars: &dyn Vars) -> Result<Responder, ConfigErrors> {
    let settings = Settings::read(vars)?;
    let sdk = aws::from_environment().await;
    let trial = settings.version_arn.map(|arn| Deps {
        version: Arc::new(Lambda::new(&sdk, arn, ANSWER_TIMEOUT)),
        deployments: Arc::new(CodeDeploy::new(aws_sdk_codedeploy::Client::new(&sdk))),
        clock: Arc::new(SystemClock),
    });
    let links = match settings.links {
        Some(links) => {
            // Somebody at 3 am waits for it; a trial does not.
            platform::dynamodb::warm(&sdk).await;
            Some(serving(links, aws_sdk_dynamodb::Client::new(&sdk)))
        }
        None => None,
    };
    Ok(Responder { trial, links })
}

fn serving(settings: LinkSettings, client: aws_sdk_dynamodb::Client) -> acknowledge::Deps {
    acknowledge::Deps {
        keys: settings.keys,
        state: Arc::new(DynamoDbStateStore::new(client, settings.state_table)),
        place: settings.place,
        clock: Arc::new(SystemClock),
    }
}

/// Like [`connect`], with logging; a start that fails has said why and gives nothing.
pub async fn start(vars: &dyn Vars) -> Option<Responder> {
    platform::function::start("responder", vars, connect).await
}
