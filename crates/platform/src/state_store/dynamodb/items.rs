//! How the state table's items are written and read.

use std::collections::HashMap;

use aws_sdk_dynamodb::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_dynamodb::types::AttributeValue;
use jiff::{SignedDuration, Timestamp};
use signals::Minute;

use super::{DynamoDbStateStore, OutboxItem, StateStoreError};
use crate::dynamodb::Item;

pub(super) fn text(value: impl Into<String>) -> AttributeValue {
    AttributeValue::S(value.into())
}

pub(super) fn number(value: impl std::fmt::Display) -> AttributeValue {
    AttributeValue::N(value.to_string())
}

pub(super) fn expiry(from: Timestamp, days: i64) -> AttributeValue {
    number(
        from.saturating_add(SignedDuration::from_hours(24 * days))
            .unwrap_or(Timestamp::MAX)
            .as_second(),
    )
}

pub(super) fn key(pk: impl Into<String>, sk: impl Into<String>) -> Item {
    HashMap::from([("pk".to_owned(), text(pk)), ("sk".to_owned(), text(sk))])
}

pub(super) fn is_condition<E: ProvideErrorMetadata, R>(error: &SdkError<E, R>) -> bool {
    error
        .as_service_error()
        .and_then(ProvideErrorMetadata::code)
        == Some("ConditionalCheckFailedException")
}

/// The first millisecond of the day, as `2026-11-20`.
pub(super) fn day(minute: Minute) -> String {
    minute.to_string().chars().take(10).collect()
}

impl DynamoDbStateStore {
    pub(super) fn damaged(&self, item: &Item, attribute: &'static str) -> StateStoreError {
        let part = |name| {
            item.get(name)
                .and_then(|value: &AttributeValue| value.as_s().ok())
                .map_or("?", String::as_str)
        };
        StateStoreError::Damaged {
            table: self.table.clone(),
            item: format!("{}/{}", part("pk"), part("sk")),
            attribute,
        }
    }

    pub(super) fn text_of(
        &self,
        item: &Item,
        attribute: &'static str,
    ) -> Result<String, StateStoreError> {
        item.get(attribute)
            .and_then(|value| value.as_s().ok())
            .cloned()
            .ok_or_else(|| self.damaged(item, attribute))
    }

    pub(super) fn number_of(
        &self,
        item: &Item,
        attribute: &'static str,
    ) -> Result<i64, StateStoreError> {
        item.get(attribute)
            .and_then(|value| value.as_n().ok()?.parse().ok())
            .ok_or_else(|| self.damaged(item, attribute))
    }

    pub(super) fn message_of(&self, item: &Item) -> Result<OutboxItem, StateStoreError> {
        Ok(OutboxItem {
            id: self.text_of(item, "sk")?,
            incident: self.text_of(item, "incident")?,
            body: self.text_of(item, "body")?,
            attempts: u32::try_from(self.number_of(item, "attempts")?)
                .map_err(|_| self.damaged(item, "attempts"))?,
        })
    }
}
