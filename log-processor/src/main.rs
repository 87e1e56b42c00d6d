//! log-processor as a Lambda function.

use std::process::ExitCode;

use lambda_runtime::{LambdaEvent, service_fn};
use serde_json::value::RawValue;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<ExitCode, lambda_runtime::Error> {
    let Some(deps) = log_processor::start(&platform::config::Environment).await else {
        return Ok(ExitCode::FAILURE);
    };
    let deps = &deps;
    // The payload stays as it came: a megabyte of base64 is decoded once, under a cap, and by nobody else.
    lambda_runtime::run(service_fn(
        async move |event: LambdaEvent<Box<RawValue>>| {
            let ends = event.context.deadline;
            log_processor::invoke(event.payload.get().as_bytes(), deps, ends).await
        },
    ))
    .await?;
    Ok(ExitCode::SUCCESS)
}
