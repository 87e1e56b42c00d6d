//! How Outrider's own functions start.

use std::fmt::Display;
use std::sync::Arc;

use signals::Metric;

use crate::clock::{Clock, SystemClock};
use crate::config::{Reader, Vars};
use crate::emit::{Emitter, Writer};
use crate::logging::{self, Identity, Level};
use crate::telemetry::{self, document};

/// Sets up logging as the environment says, then connects. A start that fails says why, once in words and once as a
/// metric, and gives nothing: the process is to end.
pub async fn start<D, E: Display>(
    service: &str,
    vars: &dyn Vars,
    connect: impl AsyncFnOnce(&dyn Vars) -> Result<D, E>,
) -> Option<D> {
    let emitter: Arc<dyn Emitter> = Arc::new(Writer::stdout());
    let mut reader = Reader::new(vars);
    let identity = Identity {
        service: service.to_owned(),
        function_name: reader
            .optional(telemetry::FUNCTION_NAME)
            .unwrap_or_default(),
        function_version: reader
            .optional("AWS_LAMBDA_FUNCTION_VERSION")
            .unwrap_or_default(),
    };
    // A level that is no level is reported with everything else that is wrong, by the function's own settings.
    let level = Level::read(&mut reader);
    logging::init(emitter.clone(), Arc::new(SystemClock), &identity, &level);
    match connect(vars).await {
        Ok(connected) => Some(connected),
        Err(error) => {
            tracing::error!(%error, "{service} cannot start");
            let metrics = [(Metric::ConfigError, 1.0)];
            emitter.emit(&document(
                SystemClock.now(),
                &telemetry::own(&identity.function_name, service),
                &metrics,
            ));
            None
        }
    }
}
