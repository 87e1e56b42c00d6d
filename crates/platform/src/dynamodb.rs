//! What every DynamoDB adapter needs: how a failure reads, and how a table comes to be.

use std::collections::HashMap;

use aws_config::SdkConfig;
use aws_config::retry::RetryConfig;
use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::error::{DisplayErrorContext, ProvideErrorMetadata, SdkError};
use aws_sdk_dynamodb::types::{
    AttributeDefinition, AttributeValue, BillingMode, KeySchemaElement, KeyType,
    ScalarAttributeType, TimeToLiveSpecification,
};

use crate::aws;

/// An item as the SDK sees it.
pub type Item = HashMap<String, AttributeValue>;

/// Service errors that mean "not now" (Amazon DynamoDB developer guide, "Error handling").
const LATER: [&str; 6] = [
    "ProvisionedThroughputExceededException",
    "ThrottlingException",
    "RequestLimitExceeded",
    "InternalServerError",
    "ServiceUnavailable",
    "TransactionInProgressException",
];

/// Opens the connection that every client made of `sdk` will use, at most within [`aws::WARM_LIMIT`]. Never fails;
/// tries once. For a function's init.
pub async fn warm(sdk: &SdkConfig) {
    let once = aws_sdk_dynamodb::config::Builder::from(sdk)
        .retry_config(RetryConfig::disabled())
        .build();
    let call = Client::from_conf(once)
        .list_tables()
        .customize()
        .interceptor(aws::Knock)
        .send();
    aws::knock("DynamoDB", call).await;
}

/// Whether the service refused for lack of capacity.
pub fn is_throttle<E: ProvideErrorMetadata, R>(error: &SdkError<E, R>) -> bool {
    let code = error
        .as_service_error()
        .and_then(ProvideErrorMetadata::code);
    LATER[..3].iter().any(|throttle| code == Some(*throttle))
}

/// What went wrong, in one line, and whether the same call may succeed later.
pub fn describe<E, R>(error: &SdkError<E, R>) -> (String, bool)
where
    E: ProvideErrorMetadata + std::error::Error + 'static,
    R: std::fmt::Debug,
{
    let retryable = match error {
        SdkError::ServiceError(service) => LATER
            .iter()
            .any(|later| service.err().code() == Some(*later)),
        // A connection that failed, a time-out, an answer cut short: nobody knows what happened, and every
        // write here may be made twice.
        SdkError::DispatchFailure(_) | SdkError::TimeoutError(_) | SdkError::ResponseError(_) => {
            true
        }
        _ => false,
    };
    (DisplayErrorContext(error).to_string(), retryable)
}

/// Creates a table, on demand, with string keys and expiry by the attribute `expires`, seconds since 1970. A table that exists stays.
/// On AWS the template does this; here it serves the embedded stack and tests.
///
/// # Errors
/// What the service said.
pub async fn create_table(
    client: &Client,
    table: &str,
    keys: (&str, Option<&str>),
    expires: &str,
) -> Result<(), String> {
    let mut create = client
        .create_table()
        .table_name(table)
        .billing_mode(BillingMode::PayPerRequest);
    let kinds = [(Some(keys.0), KeyType::Hash), (keys.1, KeyType::Range)];
    for (name, kind) in kinds
        .into_iter()
        .filter_map(|(name, kind)| name.map(|name| (name, kind)))
    {
        let attribute = AttributeDefinition::builder()
            .attribute_name(name)
            .attribute_type(ScalarAttributeType::S);
        let element = KeySchemaElement::builder()
            .attribute_name(name)
            .key_type(kind);
        create = create
            .attribute_definitions(attribute.build().map_err(|error| error.to_string())?)
            .key_schema(element.build().map_err(|error| error.to_string())?);
    }
    match create.send().await {
        Ok(_) => {}
        Err(error)
            if error
                .as_service_error()
                .is_some_and(|e| e.is_resource_in_use_exception()) =>
        {
            return Ok(());
        }
        Err(error) => return Err(describe(&error).0),
    }
    let expiry = TimeToLiveSpecification::builder()
        .attribute_name(expires)
        .enabled(true)
        .build();
    client
        .update_time_to_live()
        .table_name(table)
        .time_to_live_specification(expiry.map_err(|error| error.to_string())?)
        .send()
        .await
        .map(drop)
        .map_err(|error| describe(&error).0)
}
