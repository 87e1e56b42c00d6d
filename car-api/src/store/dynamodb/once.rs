//! Creations that happen once: the car and the answer that tells of it, in one transaction.
//!
//! There is no record of a request that is under way, so none can be left behind by a crash: of two repetitions at
//! once one wins the transaction, and the other reads its answer.

use std::time::Duration;

use aws_sdk_dynamodb::error::ProvideErrorMetadata;
use aws_sdk_dynamodb::operation::transact_write_items::TransactWriteItemsError;
use aws_sdk_dynamodb::types::{AttributeValue, Put, ReturnConsumedCapacity, TransactWriteItem};
use jiff::Timestamp;
use platform::dynamodb::Item;

use super::call::{Attempts, Units, failed, spent};
use super::{DynamoDb, new_item, table, unbuilt};
use crate::car::Car;
use crate::store::row::Row;
use crate::store::{Answer, Created, Meter, Once, Origin, StoreError, Write};

/// Attempts of a transaction that collides with another one. A collision lasts for one round trip.
const TRANSACTION_ATTEMPTS: u32 = 4;
/// First pause after a collision; it doubles.
const COLLISION_PAUSE: Duration = Duration::from_millis(20);

enum Transaction {
    Done,
    KeyTaken,
    CarTaken,
}

impl DynamoDb {
    pub(super) async fn put_once(
        &self,
        car: &Car,
        once: &Once,
        write: Write<'_>,
        meter: &Meter,
    ) -> Result<Created, StoreError> {
        let mut pause = COLLISION_PAUSE;
        for attempt in 1..=TRANSACTION_ATTEMPTS {
            match self.transact(car, once, write, meter).await? {
                Some(Transaction::Done) => return Ok(Created::New),
                Some(Transaction::CarTaken) => return Ok(Created::Duplicate),
                Some(Transaction::KeyTaken) => {
                    let record = self.read(&once.key, meter).await?;
                    if let Some(recorded) = record.and_then(|item| recorded(&item, write.now)) {
                        if recorded.request != once.request {
                            return Ok(Created::KeyReused);
                        }
                        return Ok(Created::Replayed {
                            car: car_in(&recorded.answer.body),
                            answer: recorded.answer,
                            origin: recorded.origin,
                        });
                    }
                    // It expired between the two calls: the key is free now.
                }
                None if attempt < TRANSACTION_ATTEMPTS => {
                    meter.add(|cost| cost.retries += 1);
                    self.clock.pause(pause).await;
                    pause *= 2;
                }
                None => {}
            }
        }
        meter.add(|cost| cost.exhausted += 1);
        let message = format!("another transaction on the same key, {TRANSACTION_ATTEMPTS} times");
        Err(StoreError::Unavailable {
            operation: "TransactWriteItems",
            message,
        })
    }

    /// One attempt; none when it collided with another transaction.
    async fn transact(
        &self,
        car: &Car,
        once: &Once,
        write: Write<'_>,
        meter: &Meter,
    ) -> Result<Option<Transaction>, StoreError> {
        let now = AttributeValue::N(write.now.as_second().to_string());
        let record = Put::builder()
            .table_name(&self.table)
            .set_item(Some(record_item(once)))
            .condition_expression("attribute_not_exists(car_id) OR expires <= :now")
            .expression_attribute_values(":now", now);
        let row = Put::builder()
            .table_name(&self.table)
            .set_item(Some(new_item(car, write)?))
            .condition_expression("attribute_not_exists(car_id)");
        let attempts = Attempts::default();
        let mut transaction = self.client.transact_write_items();
        for put in [record, row] {
            let put = put
                .build()
                .map_err(|error| unbuilt("TransactWriteItems", &error))?;
            transaction = transaction.transact_items(TransactWriteItem::builder().put(put).build());
        }
        let answer = transaction
            .return_consumed_capacity(ReturnConsumedCapacity::Total)
            .customize()
            .interceptor(attempts.clone())
            .send()
            .await;
        attempts.count(meter);
        let error = match answer {
            Ok(written) => {
                written
                    .consumed_capacity()
                    .iter()
                    .for_each(|used| spent(meter, Some(used), Units::Write));
                return Ok(Some(Transaction::Done));
            }
            Err(error) => error,
        };
        let reasons = match error.as_service_error() {
            Some(TransactWriteItemsError::TransactionCanceledException(canceled)) => {
                canceled.cancellation_reasons()
            }
            _ => return Err(failed("TransactWriteItems", meter, &error)),
        };
        let codes: Vec<_> = reasons
            .iter()
            .map(|reason| reason.code().unwrap_or_default())
            .collect();
        if codes
            .iter()
            .any(|code| matches!(*code, "ThrottlingError" | "ProvisionedThroughputExceeded"))
        {
            meter.add(|cost| cost.exhausted += 1);
            let message = error
                .message()
                .unwrap_or("a part of the transaction was throttled")
                .to_owned();
            return Err(StoreError::Throttled {
                operation: "TransactWriteItems",
                message,
            });
        }
        match codes.as_slice() {
            ["ConditionalCheckFailed", ..] => Ok(Some(Transaction::KeyTaken)),
            [_, "ConditionalCheckFailed", ..] => Ok(Some(Transaction::CarTaken)),
            codes if codes.contains(&"TransactionConflict") => Ok(None),
            _ => Err(failed("TransactWriteItems", meter, &error)),
        }
    }
}

struct Recorded {
    request: String,
    answer: Answer,
    origin: Option<Origin>,
}

/// The car that an answer shows: the body of a creation's answer is the car.
fn car_in(body: &str) -> Option<Box<Car>> {
    let row: Row = serde_json::from_str(body).ok()?;
    row.into_car().map(Box::new)
}

fn record_item(once: &Once) -> Item {
    let text = |value: &str| AttributeValue::S(value.to_owned());
    Item::from([
        (table::KEY.to_owned(), text(&once.key)),
        ("request".to_owned(), text(&once.request)),
        (
            "answer_status".to_owned(),
            AttributeValue::N(once.answer.status.to_string()),
        ),
        ("answer_location".to_owned(), text(&once.answer.location)),
        ("answer_etag".to_owned(), text(&once.answer.etag)),
        ("answer_body".to_owned(), text(&once.answer.body)),
        ("request_id".to_owned(), text(&once.origin.request_id)),
        (
            "correlation_id".to_owned(),
            text(&once.origin.correlation_id),
        ),
        (
            table::EXPIRES.to_owned(),
            AttributeValue::N(once.expires.as_second().to_string()),
        ),
    ])
}

/// The record, unless it has expired: the table deletes what has expired only after hours or days.
fn recorded(item: &Item, now: Timestamp) -> Option<Recorded> {
    let text = |name: &str| item.get(name)?.as_s().ok().cloned();
    let number = |name: &str| item.get(name)?.as_n().ok()?.parse::<i64>().ok();
    let answer = Answer {
        status: u16::try_from(number("answer_status")?).ok()?,
        location: text("answer_location")?,
        etag: text("answer_etag")?,
        body: text("answer_body")?,
    };
    let live = number(table::EXPIRES)? > now.as_second();
    let origin = text("request_id").zip(text("correlation_id"));
    live.then_some(Recorded {
        request: text("request")?,
        answer,
        origin: origin.map(|(request_id, correlation_id)| Origin {
            request_id,
            correlation_id,
        }),
    })
}
