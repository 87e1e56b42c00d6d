//! The function's entry: logging, configuration, connections, run.

use std::process::ExitCode;
use std::sync::Arc;

use car_api::{Deps, Settings, refuse_to_start, router};
use platform::clock::SystemClock;
use platform::config::{Environment, Reader};
use platform::emit::Writer;
use platform::logging::{self, Level};

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    let (clock, emitter) = (Arc::new(SystemClock), Arc::new(Writer::stdout()));
    let level = Level::read(&mut Reader::new(&Environment));
    logging::init(
        emitter.clone(),
        clock.clone(),
        &car_api::settings::identity(&Environment),
        &level,
    );
    let settings = match Settings::read(&Environment) {
        Ok(settings) => settings,
        Err(errors) => {
            refuse_to_start(&errors, &Environment, clock.as_ref(), emitter);
            return ExitCode::FAILURE;
        }
    };
    let aws = platform::aws::from_environment().await;
    match lambda_http::run(router(Deps::connect(settings, &aws, clock, emitter))).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            tracing::error!(error_class = "Runtime", "the runtime ended: {error}");
            ExitCode::FAILURE
        }
    }
}
