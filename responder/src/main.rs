//! The responder as a Lambda function.

use std::process::ExitCode;

use lambda_runtime::{LambdaEvent, service_fn};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<ExitCode, lambda_runtime::Error> {
    let Some(deps) = responder::start(&platform::config::Environment).await else {
        return Ok(ExitCode::FAILURE);
    };
    let deps = &deps;
    lambda_runtime::run(service_fn(
        async move |event: LambdaEvent<responder::Hook>| {
            responder::handle(&event.payload, event.context.deadline, deps).await
        },
    ))
    .await?;
    Ok(ExitCode::SUCCESS)
}
