//! The shape of the table. On AWS the template creates it; here it serves the embedded stack and tests.

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::types::{
    AttributeDefinition, BillingMode, GlobalSecondaryIndex, KeySchemaElement, KeyType, Projection,
    ProjectionType, ScalarAttributeType, TimeToLiveSpecification,
};
use platform::dynamodb::describe;

use crate::store::StoreError;

/// Partition key of the table, sort key of the index.
pub(super) const KEY: &str = "car_id";
/// Partition key of the index. A status by name, exactly as clients write it.
pub(super) const STATUS: &str = "status";
/// When an item may be deleted, in seconds since 1970.
pub(super) const EXPIRES: &str = "expires";
/// Which write an item comes from.
pub(super) const WRITE_ID: &str = "write_id";
/// What the status was before the write that set it last.
pub(super) const STATUS_BEFORE: &str = "status_before";
/// The index that lists are read from: every car by status and key, whole.
pub const BY_STATUS: &str = "by_status";

fn refused(message: String) -> StoreError {
    StoreError::Refused {
        operation: "CreateTable",
        message,
    }
}

/// Creates the table, on demand, with its index and expiry. A table that exists stays as it is.
///
/// # Errors
/// What the service said.
pub async fn create_table(client: &Client, name: &str) -> Result<(), StoreError> {
    let attribute = |name: &str| {
        let built = AttributeDefinition::builder()
            .attribute_name(name)
            .attribute_type(ScalarAttributeType::S)
            .build();
        built.map_err(|error| refused(error.to_string()))
    };
    let key = |name: &str, kind: KeyType| {
        let built = KeySchemaElement::builder()
            .attribute_name(name)
            .key_type(kind)
            .build();
        built.map_err(|error| refused(error.to_string()))
    };
    let index = GlobalSecondaryIndex::builder()
        .index_name(BY_STATUS)
        .key_schema(key(STATUS, KeyType::Hash)?)
        .key_schema(key(KEY, KeyType::Range)?)
        .projection(
            Projection::builder()
                .projection_type(ProjectionType::All)
                .build(),
        )
        .build()
        .map_err(|error| refused(error.to_string()))?;
    let created = client
        .create_table()
        .table_name(name)
        .billing_mode(BillingMode::PayPerRequest)
        .attribute_definitions(attribute(KEY)?)
        .attribute_definitions(attribute(STATUS)?)
        .key_schema(key(KEY, KeyType::Hash)?)
        .global_secondary_indexes(index)
        .send()
        .await;
    match created {
        Ok(_) => {}
        Err(error)
            if error
                .as_service_error()
                .is_some_and(|error| error.is_resource_in_use_exception()) =>
        {
            return Ok(());
        }
        Err(error) => return Err(refused(describe(&error).0)),
    }
    let expiry = TimeToLiveSpecification::builder()
        .attribute_name(EXPIRES)
        .enabled(true)
        .build();
    client
        .update_time_to_live()
        .table_name(name)
        .time_to_live_specification(expiry.map_err(|error| refused(error.to_string()))?)
        .send()
        .await
        .map(drop)
        .map_err(|error| refused(describe(&error).0))
}
