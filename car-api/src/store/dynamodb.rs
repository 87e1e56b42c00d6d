//! [`CarStore`] on one Amazon DynamoDB table.
//!
//! | item | `car_id` | other attributes |
//! |---|---|---|
//! | car | the car's key | the car's fields, `write_id` |
//! | answer to an idempotent request | `idempotency#<hash>` | `request`, the answer, `expires` |
//!
//! Both kinds share the table because a car and the answer that tells of it are written in one transaction. Answers
//! have no `status`, so the index does not contain them; a car's key cannot contain `#`.
//!
//! Lists query the index `by_status`, one status after the other: no scan, and no attribute that items written by
//! the Python service lack. A constant partition key for "all cars" would need such an attribute on every item. The
//! price is up to seven queries for a list that is nearly empty. A status is a hot partition only above 1,000 writes
//! a second, and DynamoDB splits such a one by its sort key, which is random.
//!
//! Each write carries an id of its own. An attempt whose answer was lost is repeated by the SDK and fails its
//! condition against its own first attempt: the id tells that apart from somebody else's write. A deletion leaves no
//! item to carry an id, so `delete.rs` reads the car first. What remains: an update whose answer was lost, and over
//! which somebody else wrote before the repetition some 100 ms later, is done a second time.

use std::sync::Arc;

use async_trait::async_trait;
use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::types::{
    AttributeValue, ReturnConsumedCapacity, ReturnValue,
    ReturnValuesOnConditionCheckFailure as OnFailure,
};
use platform::clock::Clock;
use platform::dynamodb::Item;

use super::row::{NewRow, Row};
use super::{
    CarStore, Created, Cursor, Deleted, ListQuery, Meter, Once, Page, StoreError, Updated, Write,
};
use crate::car::{Car, CarId, Changes, Status};

pub(crate) mod call;
mod delete;
mod expression;
mod once;
mod table;
#[cfg(test)]
mod tests;

use call::{Attempts, failed, spent};
use expression::Expression;
pub use table::{BY_STATUS, create_table};

/// The inventory in DynamoDB.
#[derive(Debug, Clone)]
pub struct DynamoDb {
    client: Client,
    table: String,
    clock: Arc<dyn Clock>,
}

impl DynamoDb {
    /// The inventory in `table`, which exists.
    #[must_use]
    pub fn new(client: Client, table: impl Into<String>, clock: Arc<dyn Clock>) -> Self {
        Self {
            client,
            table: table.into(),
            clock,
        }
    }

    async fn read(&self, key: &str, meter: &Meter) -> Result<Option<Item>, StoreError> {
        let attempts = Attempts::default();
        let answer = self
            .client
            .get_item()
            .table_name(&self.table)
            .key(table::KEY, AttributeValue::S(key.to_owned()))
            .consistent_read(true)
            .return_consumed_capacity(ReturnConsumedCapacity::Total)
            .customize()
            .interceptor(attempts.clone())
            .send()
            .await;
        attempts.count(meter);
        let found = answer.map_err(|error| failed("GetItem", meter, &error))?;
        spent(meter, found.consumed_capacity(), call::Units::Read);
        Ok(found.item)
    }

    async fn put_new(
        &self,
        car: &Car,
        write: Write<'_>,
        meter: &Meter,
    ) -> Result<Created, StoreError> {
        let attempts = Attempts::default();
        let answer = self
            .client
            .put_item()
            .table_name(&self.table)
            .set_item(Some(new_item(car, write)?))
            .condition_expression("attribute_not_exists(car_id)")
            .return_values_on_condition_check_failure(OnFailure::AllOld)
            .return_consumed_capacity(ReturnConsumedCapacity::Total)
            .customize()
            .interceptor(attempts.clone())
            .send()
            .await;
        attempts.count(meter);
        match answer {
            Ok(written) => {
                spent(meter, written.consumed_capacity(), call::Units::Write);
                Ok(Created::New)
            }
            Err(error) => match call::refused_condition(&error) {
                Some(Some(found)) if is_own(found, write) => Ok(Created::Again(Box::new(
                    car_of(found.clone()).ok_or_else(|| unreadable("PutItem", &car.car_id))?,
                ))),
                Some(_) => Ok(Created::Duplicate),
                None => Err(failed("PutItem", meter, &error)),
            },
        }
    }

    /// One query of one status; the items, and whether there are more.
    async fn page(
        &self,
        status: Status,
        after: Option<Item>,
        limit: i32,
        meter: &Meter,
    ) -> Result<(Vec<Item>, Option<Item>), StoreError> {
        let attempts = Attempts::default();
        let answer = self
            .client
            .query()
            .table_name(&self.table)
            .index_name(BY_STATUS)
            .key_condition_expression("#status = :status")
            .expression_attribute_names("#status", table::STATUS)
            .expression_attribute_values(":status", AttributeValue::S(status.as_str().to_owned()))
            .set_exclusive_start_key(after)
            .limit(limit)
            .return_consumed_capacity(ReturnConsumedCapacity::Total)
            .customize()
            .interceptor(attempts.clone())
            .send()
            .await;
        attempts.count(meter);
        let found = answer.map_err(|error| failed("Query", meter, &error))?;
        spent(meter, found.consumed_capacity(), call::Units::Read);
        Ok((found.items.unwrap_or_default(), found.last_evaluated_key))
    }
}

#[async_trait]
impl CarStore for DynamoDb {
    async fn get(&self, id: &CarId, meter: &Meter) -> Result<Option<Car>, StoreError> {
        Ok(self.read(id.as_str(), meter).await?.and_then(car_of))
    }

    async fn list(&self, query: &ListQuery, meter: &Meter) -> Result<Page, StoreError> {
        let limit = usize::from(query.limit);
        let mut cars: Vec<(Status, Car)> = Vec::with_capacity(limit + 1);
        let mut status = query
            .after
            .as_ref()
            .map(|cursor| cursor.status)
            .or(query.status)
            .unwrap_or_default();
        let mut after = query.after.as_ref().map(|cursor| {
            let text = |value: &str| AttributeValue::S(value.to_owned());
            let key = text(cursor.car_id.as_str());
            Item::from([
                (table::KEY.to_owned(), key),
                (table::STATUS.to_owned(), text(cursor.status.as_str())),
            ])
        });
        loop {
            // One more than asked for tells whether there is a next page.
            let missing = i32::try_from(limit + 1 - cars.len()).unwrap_or(i32::MAX);
            let (items, more) = self.page(status, after.take(), missing, meter).await?;
            cars.extend(
                items
                    .into_iter()
                    .filter_map(car_of)
                    .map(|car| (status, car)),
            );
            if cars.len() > limit {
                cars.truncate(limit);
                let next = cars.last().map(|(status, car)| Cursor {
                    filter: query.status,
                    status: *status,
                    car_id: car.car_id.clone(),
                });
                return Ok(Page {
                    cars: cars.into_iter().map(|(_, car)| car).collect(),
                    next,
                });
            }
            after = more;
            if after.is_none() {
                match status.next().filter(|_| query.status.is_none()) {
                    Some(next) => status = next,
                    None => {
                        return Ok(Page {
                            cars: cars.into_iter().map(|(_, car)| car).collect(),
                            next: None,
                        });
                    }
                }
            }
        }
    }

    async fn create(
        &self,
        car: &Car,
        once: Option<&Once>,
        write: Write<'_>,
        meter: &Meter,
    ) -> Result<Created, StoreError> {
        match once {
            Some(once) => self.put_once(car, once, write, meter).await,
            None => self.put_new(car, write, meter).await,
        }
    }

    async fn update(
        &self,
        id: &CarId,
        changes: &Changes,
        write: Write<'_>,
        meter: &Meter,
    ) -> Result<Updated, StoreError> {
        let change = Expression::of(changes, write);
        let condition = Expression::condition(write);
        let attempts = Attempts::default();
        let answer = self
            .client
            .update_item()
            .table_name(&self.table)
            .key(table::KEY, AttributeValue::S(id.as_str().to_owned()))
            .update_expression(change.text)
            .condition_expression(condition.text)
            .set_expression_attribute_names(Some(
                change.names.into_iter().chain(condition.names).collect(),
            ))
            .set_expression_attribute_values(Some(
                change.values.into_iter().chain(condition.values).collect(),
            ))
            .return_values(ReturnValue::AllOld)
            .return_values_on_condition_check_failure(OnFailure::AllOld)
            .return_consumed_capacity(ReturnConsumedCapacity::Total)
            .customize()
            .interceptor(attempts.clone())
            .send()
            .await;
        attempts.count(meter);
        match answer {
            Ok(written) => {
                spent(meter, written.consumed_capacity(), call::Units::Write);
                let before = written
                    .attributes
                    .and_then(car_of)
                    .ok_or_else(|| unreadable("UpdateItem", id))?;
                let car = Box::new(before.changed(changes, write.now));
                Ok(Updated::Yes {
                    car,
                    was: before.status,
                })
            }
            Err(error) => match call::refused_condition(&error) {
                Some(None) => Ok(Updated::Absent),
                Some(Some(found)) if is_own(found, write) => {
                    let car = car_of(found.clone()).ok_or_else(|| unreadable("UpdateItem", id))?;
                    let was = match changes.status {
                        Some(_) => status_before(found),
                        None => car.status,
                    };
                    Ok(Updated::Yes {
                        car: Box::new(car),
                        was,
                    })
                }
                Some(Some(_)) => Ok(Updated::Stale),
                None => Err(failed("UpdateItem", meter, &error)),
            },
        }
    }

    async fn delete(
        &self,
        id: &CarId,
        write: Write<'_>,
        meter: &Meter,
    ) -> Result<Deleted, StoreError> {
        self.delete_as_read(id, write, meter).await
    }
}

fn unbuilt(operation: &'static str, error: &dyn std::fmt::Display) -> StoreError {
    StoreError::Refused {
        operation,
        message: error.to_string(),
    }
}

fn unreadable(operation: &'static str, id: &CarId) -> StoreError {
    StoreError::Refused {
        operation,
        message: format!("item {} is no car", id.as_str()),
    }
}

fn new_item(car: &Car, write: Write<'_>) -> Result<Item, StoreError> {
    serde_dynamo::to_item(NewRow {
        car,
        write_id: write.id,
    })
    .map_err(|error| unbuilt("PutItem", &error))
}

fn car_of(item: Item) -> Option<Car> {
    let car = serde_dynamo::from_item::<_, Row>(item)
        .ok()
        .and_then(Row::into_car);
    if car.is_none() {
        tracing::warn!(
            error_class = "UnreadableItem",
            "an item of the table is no car and was left out"
        );
    }
    car
}

/// Whether the item is there because of this very write.
fn is_own(found: &Item, write: Write<'_>) -> bool {
    mark_of(found).is_some_and(|id| id == write.id)
}

/// The id of the write that the item comes from; none for an item of the Python service.
fn mark_of(item: &Item) -> Option<&String> {
    item.get(table::WRITE_ID)?.as_s().ok()
}

fn status_before(item: &Item) -> Status {
    let word = item.get(table::STATUS_BEFORE);
    word.and_then(|word| word.as_s().ok()?.parse().ok())
        .unwrap_or(Status::Unknown)
}
