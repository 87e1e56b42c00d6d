//! The function's entry: start, run.

use std::process::ExitCode;

use lambda_http::lambda_runtime::{self, LambdaEvent, service_fn};
use platform::config::Environment;
use serde_json::value::RawValue;

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    let Some(service) = car_api::start(&Environment).await else {
        return ExitCode::FAILURE;
    };
    let service = &service;
    // The event stays as it came until it is known who sent it.
    let run = service_fn(async move |event: LambdaEvent<Box<RawValue>>| {
        service.handle(event.payload.get(), event.context).await
    });
    match lambda_runtime::run(run).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            tracing::error!(error_class = "Runtime", "the runtime ended: {error}");
            ExitCode::FAILURE
        }
    }
}
