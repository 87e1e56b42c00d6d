//! From the environment to a detector that can run.

use std::sync::Arc;

use platform::aws as sdk_setup;
use platform::checkpoints::Checkpoints;
use platform::clock::SystemClock;
use platform::config::{ConfigErrors, Vars};
use platform::emit::Writer;
use platform::log_search::cloudwatch_logs::CloudWatchLogs;
use platform::metric_source::cloudwatch::CloudWatch;
use platform::notifier::sns::Sns;
use platform::series_store::dynamodb::DynamoDbSeriesStore;
use platform::state_store::dynamodb::DynamoDbStateStore;

use crate::aws::Aws;
use crate::settings::Settings;
use crate::{Deps, Warm};

/// Why the function cannot start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The configuration.
    #[error(transparent)]
    Config(#[from] ConfigErrors),
    /// The bucket's name.
    #[error(transparent)]
    Checkpoints(#[from] platform::checkpoints::CheckpointError),
}

/// Reads the configuration and connects every port to AWS.
///
/// # Errors
/// Every mistake in the configuration; a bucket name that S3 does not take.
pub async fn connect(vars: &dyn Vars) -> Result<Deps, StartError> {
    let settings = Settings::read(vars)?;
    let sdk = sdk_setup::from_environment().await;
    platform::dynamodb::warm(&sdk).await;
    let dynamodb = aws_sdk_dynamodb::Client::new(&sdk);
    Ok(Deps {
        watch: settings.watch,
        series: Arc::new(DynamoDbSeriesStore::new(
            dynamodb.clone(),
            settings.series_table,
        )),
        state: Arc::new(DynamoDbStateStore::new(dynamodb, settings.state_table)),
        checkpoints: Checkpoints::bucket(&settings.state_bucket)?,
        metrics: Arc::new(Aws::new(
            CloudWatch::new(aws_sdk_cloudwatch::Client::new(&sdk)),
            aws_sdk_lambda::Client::new(&sdk),
        )),
        logs: Some(Arc::new(CloudWatchLogs::new(
            aws_sdk_cloudwatchlogs::Client::new(&sdk),
        ))),
        links: settings.links,
        notifier: Arc::new(Sns::new(aws_sdk_sns::Client::new(&sdk), settings.topics)),
        clock: Arc::new(SystemClock),
        emitter: Arc::new(Writer::stdout()),
        change_feed: settings.change_feed,
        function_name: settings.function_name,
        owner: settings.owner,
        warm: Warm::default(),
    })
}

/// Like [`connect`], with logging; a start that fails has said why and gives nothing.
pub async fn start(vars: &dyn Vars) -> Option<Deps> {
    platform::function::start("detector", vars, connect).await
}
