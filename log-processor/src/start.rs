//! From the environment to a processor that can run.

use std::sync::Arc;

use platform::aws;
use platform::clock::SystemClock;
use platform::config::{ConfigErrors, Vars};
use platform::dynamodb;
use platform::emit::Writer;
use platform::errors_seen::dynamodb::DynamoDbErrorsSeen;
use platform::ledger::Ledger;
use platform::ledger::dynamodb::DynamoDbLedger;
use platform::series_store::dynamodb::DynamoDbSeriesStore;

use crate::settings::Settings;
use crate::telemetry::SERVICE;
use crate::{Deps, Sightings};

/// Reads the configuration and connects the stores.
///
/// # Errors
/// Every mistake in the configuration.
pub async fn connect(vars: &dyn Vars) -> Result<Deps, ConfigErrors> {
    let settings = Settings::read(vars)?;
    let sdk = aws::from_environment().await;
    dynamodb::warm(&sdk).await;
    let client = aws_sdk_dynamodb::Client::new(&sdk);
    let errors_seen = DynamoDbErrorsSeen::new(client.clone(), settings.series_table.clone());
    Ok(Deps {
        sightings: Sightings::new(Arc::new(errors_seen), settings.function_metrics),
        ledger: ledger(&client, &settings),
        series: Arc::new(DynamoDbSeriesStore::new(client, settings.series_table)),
        emitter: Arc::new(Writer::stdout()),
        clock: Arc::new(SystemClock),
        function_name: settings.function_name,
        rules: settings.rules,
        reader: std::sync::Mutex::default(),
    })
}

/// The ledger beside the rollups, unless it is switched off.
#[must_use]
pub fn ledger(client: &aws_sdk_dynamodb::Client, settings: &Settings) -> Option<Arc<dyn Ledger>> {
    settings.ledger.then(|| -> Arc<dyn Ledger> {
        let table = settings.series_table.clone();
        Arc::new(DynamoDbLedger::new(client.clone(), table))
    })
}

/// Like [`connect`], with logging; a start that fails has said why and gives nothing.
pub async fn start(vars: &dyn Vars) -> Option<Deps> {
    platform::function::start(SERVICE, vars, connect).await
}
