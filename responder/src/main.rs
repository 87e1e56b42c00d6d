//! The responder as a Lambda function.

use std::process::ExitCode;

use lambda_runtime::{LambdaEvent, service_fn};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<ExitCode, lambda_runtime::Error> {
    let Some(responder) = responder::start(&platform::config::Environment).await else {
        return Ok(ExitCode::FAILURE);
    };
    let responder = &responder;
    lambda_runtime::run(service_fn(
        async move |event: LambdaEvent<serde_json::Value>| {
            responder.serve(event.payload, event.context.deadline).await
        },
    ))
    .await?;
    Ok(ExitCode::SUCCESS)
}
