//! The detector as a Lambda function.

use std::process::ExitCode;

use lambda_runtime::{LambdaEvent, service_fn};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<ExitCode, lambda_runtime::Error> {
    let Some(deps) = detector::start(&platform::config::Environment).await else {
        return Ok(ExitCode::FAILURE);
    };
    let deps = &deps;
    lambda_runtime::run(service_fn(
        async move |event: LambdaEvent<serde_json::Value>| {
            detector::receive(&event.payload, deps).await
        },
    ))
    .await?;
    Ok(ExitCode::SUCCESS)
}
