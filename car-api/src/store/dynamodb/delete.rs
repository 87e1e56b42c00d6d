//! Deletions: the car is read first, then exactly the car that was read is deleted.
//!
//! A deletion leaves nothing behind that could say whose it was. If the answer of a first attempt is lost, the
//! repetition only finds that there is no car. Who has read the car before can tell: it was there, nobody answered, and
//! now it is gone, so the client gets its 204 and the event has a car to tell of. The read costs half as much as the
//! smallest write.

use aws_sdk_dynamodb::types::{
    AttributeValue, ReturnConsumedCapacity, ReturnValuesOnConditionCheckFailure as OnFailure,
};
use jiff::Timestamp;
use platform::dynamodb::Item;

use super::call::{Attempts, Units, failed, refused_condition, spent};
use super::{DynamoDb, car_of, mark_of, table, unreadable};
use crate::car::CarId;
use crate::store::{Deleted, Meter, StoreError, Write};

/// How often a deletion without an expected version meets a change before it gives up.
const ROUNDS: u32 = 4;

enum Round {
    Gone,
    /// Somebody else has deleted it since.
    Absent,
    /// Somebody else has changed it since.
    Changed(Item),
}

impl DynamoDb {
    pub(super) async fn delete_as_read(
        &self,
        id: &CarId,
        write: Write<'_>,
        meter: &Meter,
    ) -> Result<Deleted, StoreError> {
        let mut found = self.read(id.as_str(), meter).await?;
        for _ in 0..ROUNDS {
            let Some(item) = found else {
                return Ok(Deleted::Absent);
            };
            let mark = mark_of(&item).cloned();
            let car = car_of(item).ok_or_else(|| unreadable("DeleteItem", id))?;
            if write
                .expected
                .is_some_and(|expected| !expected.contains(&car.version))
            {
                return Ok(Deleted::Stale);
            }
            match self.delete_marked(id, mark, car.created_at, meter).await? {
                Round::Gone => return Ok(Deleted::Yes(Box::new(car))),
                Round::Absent => return Ok(Deleted::Absent),
                Round::Changed(item) => found = Some(item),
            }
        }
        meter.add(|cost| cost.exhausted += 1);
        Err(StoreError::Unavailable {
            operation: "DeleteItem",
            message: format!("the car changed {ROUNDS} times while it was to be deleted"),
        })
    }

    /// Deletes the item that the write `mark` made, of a car that was created at `created_at`.
    async fn delete_marked(
        &self,
        id: &CarId,
        mark: Option<String>,
        created_at: Option<Timestamp>,
        meter: &Meter,
    ) -> Result<Round, StoreError> {
        let attempts = Attempts::default();
        let delete = self
            .client
            .delete_item()
            .table_name(&self.table)
            .key(table::KEY, AttributeValue::S(id.as_str().to_owned()));
        let delete = match mark {
            Some(mark) => delete
                .condition_expression("write_id = :mark")
                .expression_attribute_values(":mark", AttributeValue::S(mark)),
            None => delete.condition_expression(
                "attribute_exists(car_id) AND attribute_not_exists(write_id)",
            ),
        };
        let answer = delete
            .return_values_on_condition_check_failure(OnFailure::AllOld)
            .return_consumed_capacity(ReturnConsumedCapacity::Total)
            .customize()
            .interceptor(attempts.clone())
            .send()
            .await;
        attempts.count(meter);
        match answer {
            Ok(written) => {
                spent(meter, written.consumed_capacity(), Units::Write);
                Ok(Round::Gone)
            }
            Err(error) => match refused_condition(&error) {
                Some(None) if attempts.may_have_written() => Ok(Round::Gone),
                Some(None) => Ok(Round::Absent),
                // The car that was read is gone, and this is another one of its key, which nobody asked to delete. The
                // time of creation tells them apart: no change touches it.
                Some(Some(item))
                    if attempts.may_have_written()
                        && car_of(item.clone()).is_some_and(|car| car.created_at != created_at) =>
                {
                    Ok(Round::Gone)
                }
                Some(Some(item)) => Ok(Round::Changed(item.clone())),
                None => Err(failed("DeleteItem", meter, &error)),
            },
        }
    }
}
