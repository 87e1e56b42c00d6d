//! [`ErrorsSeen`] on the series table.
//!
//! | item | pk | sk | expires after |
//! |---|---|---|---|
//! | an error of a log group | `errors#<log group>` | its fingerprint | 30 days without it |
//!
//! It is one write unit, made when the error is new to a processor and once on each further day.

use async_trait::async_trait;
use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::types::{AttributeValue, ReturnValue};
use jiff::Timestamp;

use super::{ErrorSeen, ErrorsSeen, ErrorsSeenError, KNOWN_DAYS, Novelty};
use crate::dynamodb as calls;

/// [`ErrorsSeen`] on one DynamoDB table.
#[derive(Debug, Clone)]
pub struct DynamoDbErrorsSeen {
    client: Client,
    table: String,
}

impl DynamoDbErrorsSeen {
    /// What is known, in an existing table.
    #[must_use]
    pub fn new(client: Client, table: impl Into<String>) -> Self {
        Self {
            client,
            table: table.into(),
        }
    }
}

fn text(value: impl Into<String>) -> AttributeValue {
    AttributeValue::S(value.into())
}

fn number(value: i64) -> AttributeValue {
    AttributeValue::N(value.to_string())
}

#[async_trait]
impl ErrorsSeen for DynamoDbErrorsSeen {
    async fn see(&self, error: &ErrorSeen, now: Timestamp) -> Result<Novelty, ErrorsSeenError> {
        let day = now.as_second().div_euclid(86_400);
        let update = self
            .client
            .update_item()
            .table_name(&self.table)
            .key("pk", text(format!("errors#{}", error.log_group)))
            .key("sk", text(&error.fingerprint))
            .update_expression(
                "SET first_seen = if_not_exists(first_seen, :at), last_day = :day, expires = :expires, \
                 #class = :class, #kind = :kind, #message = :message, \
                 request_id = if_not_exists(request_id, :request)",
            )
            // Somebody else may have been here today; then there is nothing to write.
            .condition_expression("attribute_not_exists(pk) OR last_day < :day")
            .expression_attribute_names("#class", "class")
            .expression_attribute_names("#kind", "kind")
            .expression_attribute_names("#message", "message")
            .expression_attribute_values(":at", text(error.at.to_string()))
            .expression_attribute_values(":day", number(day))
            .expression_attribute_values(
                ":expires",
                number(now.as_second().saturating_add(KNOWN_DAYS * 86_400)),
            )
            .expression_attribute_values(":class", text(&error.class))
            .expression_attribute_values(":kind", text(&error.kind))
            .expression_attribute_values(":message", text(&error.message))
            .expression_attribute_values(
                ":request",
                text(error.request_id.as_deref().unwrap_or_default()),
            )
            .return_values(ReturnValue::AllOld);
        match update.send().await {
            Ok(answer) => {
                // DynamoDB deletes an expired item within days: until then it is there, and stands for nothing.
                let expires = answer.attributes().and_then(|old| old.get("expires"));
                let expires = expires.and_then(|value| value.as_n().ok()?.parse::<i64>().ok());
                Ok(match expires {
                    Some(expires) if expires >= now.as_second() => Novelty::Known,
                    _ => Novelty::New,
                })
            }
            Err(refusal)
                if refusal
                    .as_service_error()
                    .is_some_and(|error| error.is_conditional_check_failed_exception()) =>
            {
                Ok(Novelty::Known)
            }
            Err(failure) => {
                let (message, retryable) = calls::describe(&failure);
                Err(ErrorsSeenError {
                    table: self.table.clone(),
                    message,
                    retryable,
                })
            }
        }
    }
}
