//! From the environment to a processor that can run.

use std::sync::Arc;

use platform::aws;
use platform::clock::SystemClock;
use platform::config::{ConfigErrors, Vars};
use platform::dynamodb;
use platform::emit::Writer;
use platform::series_store::dynamodb::DynamoDbSeriesStore;

use crate::Deps;
use crate::settings::Settings;
use crate::telemetry::SERVICE;

/// Reads the configuration and connects the store.
///
/// # Errors
/// Every mistake in the configuration.
pub async fn connect(vars: &dyn Vars) -> Result<Deps, ConfigErrors> {
    let settings = Settings::read(vars)?;
    let sdk = aws::from_environment().await;
    dynamodb::warm(&sdk).await;
    let client = aws_sdk_dynamodb::Client::new(&sdk);
    Ok(Deps {
        series: Arc::new(DynamoDbSeriesStore::new(client, settings.series_table)),
        emitter: Arc::new(Writer::stdout()),
        clock: Arc::new(SystemClock),
        function_name: settings.function_name,
        rules: settings.rules,
        reader: std::sync::Mutex::default(),
    })
}

/// Like [`connect`], with logging; a start that fails has said why and gives nothing.
pub async fn start(vars: &dyn Vars) -> Option<Deps> {
    platform::function::start(SERVICE, vars, connect).await
}
