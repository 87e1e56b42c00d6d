//! The state table.
//!
//! | item | pk | sk |
//! |---|---|---|
//! | window claim | `RUN#<shard>` | window |
//! | pointer | `POINTER` | shard |
//! | alert group | `ALERT#<fingerprint>` | `STATE` |
//! | pages of the environment, and its storm | `ALERT#storm` | `STATE` |
//! | waiting message | `OUTBOX` | message id |
//! | sent or dead message | `INCIDENT#<incident>` | message id |
//! | silence | `SILENCES` | its id |
//! | verdict | `VERDICTS` | incident |
//! | change | `CHANGES` | `<time>#<event>` |
//! | incident history | `HIST#<day opened>` | `<minute opened>#<incident>` |
//!
//! Times are compared here and never left to the table's own expiry, which may be days late.

use async_trait::async_trait;
use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_dynamodb::types::{
    AttributeValue, Delete, Put, ReturnValuesOnConditionCheckFailure, TransactWriteItem,
};
use jiff::Timestamp;
use signals::Minute;

use super::{
    AlertItem, Applied, Claim, Note, Notes, OutboxItem, Pointer, StateStore, StateStoreError,
    Transition,
};
use crate::dynamodb::{self as calls, Item};

mod alerts;
mod items;
mod notes;

use alerts::alert_key;
use items::{day, expiry, is_condition, key, number, text};

/// Claims are only asked about while a window may be retried: Lambda's asynchronous retries end after 6 hours.
const CLAIM_DAYS: i64 = 2;
/// Sent messages and history feed reports on the last year.
const HISTORY_DAYS: i64 = 396;

/// [`StateStore`] on one DynamoDB table.
#[derive(Debug, Clone)]
pub struct DynamoDbStateStore {
    client: Client,
    table: String,
}

impl DynamoDbStateStore {
    /// A store on an existing table.
    #[must_use]
    pub fn new(client: Client, table: impl Into<String>) -> Self {
        Self {
            client,
            table: table.into(),
        }
    }

    fn failed<E, R>(&self, operation: &'static str, error: &SdkError<E, R>) -> StateStoreError
    where
        E: ProvideErrorMetadata + std::error::Error + 'static,
        R: std::fmt::Debug,
    {
        let (message, retryable) = calls::describe(error);
        StateStoreError::Call {
            table: self.table.clone(),
            operation,
            message,
            retryable,
        }
    }

    async fn get(&self, key: Item) -> Result<Option<Item>, StateStoreError> {
        self.client
            .get_item()
            .table_name(&self.table)
            .set_key(Some(key))
            .consistent_read(true)
            .send()
            .await
            .map(|found| found.item)
            .map_err(|error| self.failed("GetItem", &error))
    }

    async fn query(&self, pk: &str, from: &str, to: &str) -> Result<Vec<Item>, StateStoreError> {
        self.client
            .query()
            .table_name(&self.table)
            .key_condition_expression("pk = :pk AND sk BETWEEN :from AND :to")
            .expression_attribute_values(":pk", text(pk))
            .expression_attribute_values(":from", text(from))
            .expression_attribute_values(":to", text(to))
            .consistent_read(true)
            .into_paginator()
            .items()
            .send()
            .collect::<Result<Vec<_>, _>>()
            .await
            .map_err(|error| self.failed("Query", &error))
    }

    fn put(&self, item: Item) -> aws_sdk_dynamodb::types::builders::PutBuilder {
        Put::builder().table_name(&self.table).set_item(Some(item))
    }

    /// One transaction. `Ok(false)` when one of its conditions did not hold.
    async fn transact(&self, writes: Vec<TransactWriteItem>) -> Result<bool, StateStoreError> {
        match self
            .client
            .transact_write_items()
            .set_transact_items(Some(writes))
            .send()
            .await
        {
            Ok(_) => Ok(true),
            Err(error) => {
                let refused = error.as_service_error().is_some_and(|refusal| {
                    matches!(
                        refusal,
                        aws_sdk_dynamodb::operation::transact_write_items::TransactWriteItemsError::TransactionCanceledException(cancelled)
                            if cancelled.cancellation_reasons().iter().any(|reason| reason.code() == Some("ConditionalCheckFailed"))
                    )
                });
                if refused {
                    Ok(false)
                } else {
                    Err(self.failed("TransactWriteItems", &error))
                }
            }
        }
    }

    /// The message's item leaves the outbox and stays under its incident with what became of it.
    async fn settle(
        &self,
        item: &OutboxItem,
        status: &str,
        detail: &str,
        at: Timestamp,
    ) -> Result<(), StateStoreError> {
        let mut kept = key(format!("INCIDENT#{}", item.incident), &item.id);
        kept.extend([
            ("incident".to_owned(), text(&item.incident)),
            ("body".to_owned(), text(&item.body)),
            ("attempts".to_owned(), number(item.attempts)),
            ("status".to_owned(), text(status)),
            ("detail".to_owned(), text(detail)),
            ("at".to_owned(), text(at.to_string())),
            ("expires".to_owned(), expiry(at, HISTORY_DAYS)),
        ]);
        let gone = Delete::builder()
            .table_name(&self.table)
            .set_key(Some(key("OUTBOX", &item.id)))
            .build();
        let writes = [
            self.put(kept)
                .build()
                .map(|put| TransactWriteItem::builder().put(put).build()),
            gone.map(|delete| TransactWriteItem::builder().delete(delete).build()),
        ];
        let writes = writes
            .into_iter()
            .collect::<Result<_, _>>()
            .map_err(|error| self.unbuilt("TransactWriteItems", &error))?;
        // Neither write has a condition, so the answer can only be yes.
        self.transact(writes).await.map(drop)
    }

    fn unbuilt(
        &self,
        operation: &'static str,
        error: &aws_sdk_dynamodb::error::BuildError,
    ) -> StateStoreError {
        StateStoreError::Call {
            table: self.table.clone(),
            operation,
            message: error.to_string(),
            retryable: false,
        }
    }
}

#[async_trait]
impl StateStore for DynamoDbStateStore {
    async fn claim_window(
        &self,
        shard: u16,
        window: Minute,
        owner: &str,
        now: Timestamp,
        lease_until: Timestamp,
    ) -> Result<Claim, StateStoreError> {
        let mut item = key(format!("RUN#{shard}"), window.to_string());
        item.extend([
            ("owner".to_owned(), text(owner)),
            ("done".to_owned(), AttributeValue::Bool(false)),
            (
                "lease_until".to_owned(),
                number(lease_until.as_millisecond()),
            ),
            ("expires".to_owned(), expiry(window.start(), CLAIM_DAYS)),
        ]);
        let attempt = self
            .client
            .put_item()
            .table_name(&self.table)
            .set_item(Some(item))
            .condition_expression(
                "attribute_not_exists(pk) OR (done = :no AND (#owner = :owner OR lease_until < :now))",
            )
            .expression_attribute_names("#owner", "owner")
            .expression_attribute_values(":no", AttributeValue::Bool(false))
            .expression_attribute_values(":owner", text(owner))
            .expression_attribute_values(":now", number(now.as_millisecond()))
            .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld)
            .send()
            .await;
        let error = match attempt {
            Ok(_) => return Ok(Claim::Mine),
            Err(error) if !is_condition(&error) => return Err(self.failed("PutItem", &error)),
            Err(error) => error,
        };
        // Not every DynamoDB-compatible server returns the old item with the refusal.
        let old = match error.into_service_error() {
            aws_sdk_dynamodb::operation::put_item::PutItemError::ConditionalCheckFailedException(refusal) => refusal.item,
            _ => None,
        };
        let old = match old {
            Some(item) => Some(item),
            None => {
                self.get(key(format!("RUN#{shard}"), window.to_string()))
                    .await?
            }
        };
        let Some(old) = old else {
            return Ok(Claim::Held { until: now });
        };
        if old.get("done").and_then(|done| done.as_bool().ok()) == Some(&true) {
            return Ok(Claim::Done);
        }
        let until = Timestamp::from_millisecond(self.number_of(&old, "lease_until")?)
            .map_err(|_| self.damaged(&old, "lease_until"))?;
        Ok(Claim::Held { until })
    }

    async fn finish_window(
        &self,
        shard: u16,
        window: Minute,
        owner: &str,
    ) -> Result<(), StateStoreError> {
        let done = self
            .client
            .update_item()
            .table_name(&self.table)
            .set_key(Some(key(format!("RUN#{shard}"), window.to_string())))
            .update_expression("SET done = :yes")
            .condition_expression("#owner = :owner")
            .expression_attribute_names("#owner", "owner")
            .expression_attribute_values(":yes", AttributeValue::Bool(true))
            .expression_attribute_values(":owner", text(owner))
            .send()
            .await;
        match done {
            // Whoever took the window over after our lease ended will finish it.
            Err(error) if !is_condition(&error) => Err(self.failed("UpdateItem", &error)),
            _ => Ok(()),
        }
    }

    async fn pointer(&self, shard: u16) -> Result<Option<Pointer>, StateStoreError> {
        let Some(item) = self.get(key("POINTER", shard.to_string())).await? else {
            return Ok(None);
        };
        Ok(Some(Pointer {
            committed: Minute::from_index(self.number_of(&item, "committed")?),
            decided: Minute::from_index(self.number_of(&item, "decided")?),
        }))
    }

    async fn advance(&self, shard: u16, to: Pointer) -> Result<(), StateStoreError> {
        let mut item = key("POINTER", shard.to_string());
        item.extend([
            ("committed".to_owned(), number(to.committed.index())),
            ("decided".to_owned(), number(to.decided.index())),
        ]);
        let moved = self
            .client
            .put_item()
            .table_name(&self.table)
            .set_item(Some(item))
            .condition_expression(
                "attribute_not_exists(pk) OR (committed <= :committed AND decided <= :decided)",
            )
            .expression_attribute_values(":committed", number(to.committed.index()))
            .expression_attribute_values(":decided", number(to.decided.index()))
            .send()
            .await;
        match moved {
            Err(error) if !is_condition(&error) => Err(self.failed("PutItem", &error)),
            _ => Ok(()),
        }
    }

    async fn alert(&self, fingerprint: &str) -> Result<Option<AlertItem>, StateStoreError> {
        let Some(item) = self.get(alert_key(fingerprint)).await? else {
            return Ok(None);
        };
        self.alert_of(&item, fingerprint).map(Some)
    }

    async fn alerts(&self, fingerprints: &[String]) -> Result<Vec<AlertItem>, StateStoreError> {
        self.read_alerts(fingerprints).await
    }

    async fn apply(&self, transition: &Transition) -> Result<Applied, StateStoreError> {
        let alert = &transition.alert;
        let mut item = alert_key(&alert.fingerprint);
        item.extend([
            ("version".to_owned(), number(alert.version)),
            ("body".to_owned(), text(&alert.body)),
        ]);
        let mut puts = vec![
            self.put(item)
                .condition_expression(
                    "(attribute_not_exists(pk) AND :before = :never) OR version = :before",
                )
                .expression_attribute_values(":before", number(alert.version.saturating_sub(1)))
                .expression_attribute_values(":never", number(0)),
        ];
        if let Some((incident, opened)) = &transition.incident {
            let mut item = key(
                format!("HIST#{}", day(*opened)),
                format!("{opened}#{incident}"),
            );
            item.extend([
                ("body".to_owned(), text(&alert.body)),
                ("expires".to_owned(), expiry(opened.start(), HISTORY_DAYS)),
            ]);
            puts.push(self.put(item));
        }
        for message in &transition.outbox {
            let mut item = key("OUTBOX", &message.id);
            item.extend([
                ("incident".to_owned(), text(&message.incident)),
                ("body".to_owned(), text(&message.body)),
                ("attempts".to_owned(), number(0)),
                ("lease_until".to_owned(), number(0)),
            ]);
            puts.push(
                self.put(item)
                    .condition_expression("attribute_not_exists(pk)"),
            );
        }
        let writes = puts
            .into_iter()
            .map(|put| {
                put.build()
                    .map(|put| TransactWriteItem::builder().put(put).build())
            })
            .collect::<Result<_, _>>()
            .map_err(|error| self.unbuilt("TransactWriteItems", &error))?;
        Ok(if self.transact(writes).await? {
            Applied::Yes
        } else {
            Applied::Lost
        })
    }

    async fn outbox(&self) -> Result<Vec<OutboxItem>, StateStoreError> {
        let items = self.query("OUTBOX", " ", "~").await?;
        items.iter().map(|item| self.message_of(item)).collect()
    }

    async fn lease(
        &self,
        id: &str,
        now: Timestamp,
        lease_until: Timestamp,
    ) -> Result<bool, StateStoreError> {
        let leased = self
            .client
            .update_item()
            .table_name(&self.table)
            .set_key(Some(key("OUTBOX", id)))
            .update_expression("SET lease_until = :until, attempts = attempts + :one")
            .condition_expression("attribute_exists(pk) AND lease_until < :now")
            .expression_attribute_values(":until", number(lease_until.as_millisecond()))
            .expression_attribute_values(":now", number(now.as_millisecond()))
            .expression_attribute_values(":one", number(1))
            .send()
            .await;
        match leased {
            Ok(_) => Ok(true),
            Err(error) if is_condition(&error) => Ok(false),
            Err(error) => Err(self.failed("UpdateItem", &error)),
        }
    }

    async fn sent(
        &self,
        item: &OutboxItem,
        receipt: &str,
        at: Timestamp,
    ) -> Result<(), StateStoreError> {
        self.settle(item, "SENT", receipt, at).await
    }

    async fn dead(
        &self,
        item: &OutboxItem,
        reason: &str,
        at: Timestamp,
    ) -> Result<(), StateStoreError> {
        self.settle(item, "DEAD", reason, at).await
    }

    async fn keep(&self, notes: Notes, note: &Note) -> Result<(), StateStoreError> {
        self.keep_note(notes, note).await
    }

    async fn kept(&self, notes: Notes) -> Result<Vec<(String, String)>, StateStoreError> {
        self.notes(notes).await
    }

    async fn newest_kept(
        &self,
        notes: Notes,
        from: &str,
        to: &str,
        limit: u16,
    ) -> Result<Vec<(String, String)>, StateStoreError> {
        self.newest_notes(notes, from, to, limit).await
    }

    async fn history(&self, from: Minute, to: Minute) -> Result<Vec<String>, StateStoreError> {
        let mut bodies = Vec::new();
        let mut today = Minute::from_index(to.index().div_euclid(1_440) * 1_440);
        while today.plus(1_440) > from {
            let items = self
                .query(
                    &format!("HIST#{}", day(today)),
                    &from.to_string(),
                    &format!("{to}~"),
                )
                .await?;
            for item in items.iter().rev() {
                bodies.push(self.text_of(item, "body")?);
            }
            today = today.plus(-1_440);
        }
        Ok(bodies)
    }
}

/// Creates the table, on demand, with its expiry. For the embedded stack and tests; on AWS the template does it.
///
/// # Errors
/// What the service said, unless the table exists already.
pub async fn create_table(client: &Client, table: &str) -> Result<(), StateStoreError> {
    calls::create_table(client, table, ("pk", Some("sk")), "expires")
        .await
        .map_err(|message| StateStoreError::Call {
            table: table.to_owned(),
            operation: "CreateTable",
            message,
            retryable: false,
        })
}
