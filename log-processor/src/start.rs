//! From the environment to a processor that can run.

use std::sync::Arc;

use platform::aws;
use platform::clock::{Clock, SystemClock};
use platform::config::{ConfigErrors, Reader, Vars};
use platform::emit::{Emitter, Writer};
use platform::logging::{self, Identity, Level};
use platform::series_store::dynamodb::DynamoDbSeriesStore;
use platform::telemetry::document;
use signals::Metric;

use crate::Deps;
use crate::settings::Settings;
use crate::telemetry::SERVICE;

/// Reads the configuration and connects the store.
///
/// # Errors
/// Every mistake in the configuration.
pub async fn connect(vars: &dyn Vars) -> Result<Deps, ConfigErrors> {
    let settings = Settings::read(vars)?;
    let client = aws_sdk_dynamodb::Client::new(&aws::from_environment().await);
    Ok(Deps {
        series: Arc::new(DynamoDbSeriesStore::new(client, settings.series_table)),
        emitter: Arc::new(Writer::stdout()),
        clock: Arc::new(SystemClock),
        rules: settings.rules,
    })
}

/// Like [`connect`], with logging; a start that fails says why, once in words and once as a metric, and gives
/// nothing.
pub async fn start(vars: &dyn Vars) -> Option<Deps> {
    let emitter: Arc<dyn Emitter> = Arc::new(Writer::stdout());
    let mut reader = Reader::new(vars);
    let identity = Identity {
        service: SERVICE.to_owned(),
        function_name: reader
            .optional("AWS_LAMBDA_FUNCTION_NAME")
            .unwrap_or_default(),
        function_version: reader
            .optional("AWS_LAMBDA_FUNCTION_VERSION")
            .unwrap_or_default(),
    };
    let level = Level::read(&mut reader);
    logging::init(emitter.clone(), Arc::new(SystemClock), &identity, &level);
    let started = match reader.finish() {
        Ok(()) => connect(vars).await,
        Err(problems) => Err(problems),
    };
    match started {
        Ok(deps) => Some(deps),
        Err(error) => {
            tracing::error!(%error, "log-processor cannot start");
            let at = SystemClock.now();
            emitter.emit(&document(
                at,
                &[("service", SERVICE)],
                &[(Metric::ConfigError, 1.0)],
            ));
            None
        }
    }
}
