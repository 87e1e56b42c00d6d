//! The least that a function with the SDK can be: configuration and clients as their makers advise, and an empty
//! answer. Beside each shipped function stands one that makes the same clients.

use std::hint::black_box;

use aws_config::{BehaviorVersion, SdkConfig};
use lambda_runtime::{Error, LambdaEvent, service_fn};
use serde_json::Value;

/// Makes the clients and answers every event with nothing.
///
/// # Errors
/// What the runtime says.
pub async fn run<C>(clients: impl FnOnce(&SdkConfig) -> C) -> Result<(), Error> {
    let sdk = aws_config::load_defaults(BehaviorVersion::latest()).await;
    let clients = clients(&sdk);
    lambda_runtime::run(service_fn(async |_: LambdaEvent<Value>| {
        black_box(&clients);
        Ok::<_, Error>(Value::Null)
    }))
    .await
}
