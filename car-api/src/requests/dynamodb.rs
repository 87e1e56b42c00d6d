//! [`RequestStore`] on one Amazon DynamoDB table: partition key `request_id`, expiry by `expires_at`.
//!
//! | attribute | meaning |
//! |---|---|
//! | `request_id` | the id of the status link |
//! | `request`, `car_id`, `accepted_at` | as in [`Record`] |
//! | `caller` | likewise; left out for callers without a name |
//! | `message` | likewise; the whole car with its position, so it goes when the work is done |
//! | `status` | `accepted`, `created` or `refused` |
//! | `finished_at`, `problem` | when it was worked off; why it was refused, as JSON |
//! | `expires_at` | seconds since 1970 |

use async_trait::async_trait;
use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::types::{
    AttributeValue, ReturnConsumedCapacity, ReturnValuesOnConditionCheckFailure as OnFailure,
};
use jiff::Timestamp;
use platform::dynamodb::Item;

use super::{Acceptance, Record, RequestStore, State};
use crate::car::CarId;
use crate::store::dynamodb::call::{Attempts, Units, failed, refused_condition, spent};
use crate::store::{Meter, StoreError};

const KEY: &str = "request_id";
const EXPIRES: &str = "expires_at";
const ACCEPTED: &str = "accepted";
const CREATED: &str = "created";
const REFUSED: &str = "refused";

/// The records in DynamoDB.
#[derive(Debug, Clone)]
pub struct DynamoDbRequests {
    client: Client,
    table: String,
}

fn text(value: impl Into<String>) -> AttributeValue {
    AttributeValue::S(value.into())
}

fn number(value: i64) -> AttributeValue {
    AttributeValue::N(value.to_string())
}

impl DynamoDbRequests {
    /// The records in `table`, which exists.
    #[must_use]
    pub fn new(client: Client, table: impl Into<String>) -> Self {
        Self {
            client,
            table: table.into(),
        }
    }
}

#[async_trait]
impl RequestStore for DynamoDbRequests {
    async fn accept(&self, record: &Record, meter: &Meter) -> Result<Acceptance, StoreError> {
        let attempts = Attempts::default();
        let answer = self
            .client
            .put_item()
            .table_name(&self.table)
            .set_item(Some(item_of(record)))
            .condition_expression("attribute_not_exists(request_id) OR expires_at <= :now")
            .expression_attribute_values(":now", number(record.accepted_at.as_second()))
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
                Ok(Acceptance::New)
            }
            // Also an own first attempt whose answer was lost: its record is this one.
            Err(error) => match refused_condition(&error) {
                Some(Some(found)) => match record_of(found) {
                    Some(known) => Ok(Acceptance::Known(Box::new(known))),
                    None => Err(unreadable("PutItem", &record.request_id)),
                },
                Some(None) => Err(unreadable("PutItem", &record.request_id)),
                None => Err(failed("PutItem", meter, &error)),
            },
        }
    }

    async fn get(
        &self,
        request_id: &str,
        now: Timestamp,
        meter: &Meter,
    ) -> Result<Option<Record>, StoreError> {
        let attempts = Attempts::default();
        let answer = self
            .client
            .get_item()
            .table_name(&self.table)
            .key(KEY, text(request_id))
            .consistent_read(true)
            .return_consumed_capacity(ReturnConsumedCapacity::Total)
            .customize()
            .interceptor(attempts.clone())
            .send()
            .await;
        attempts.count(meter);
        let found = answer.map_err(|error| failed("GetItem", meter, &error))?;
        spent(meter, found.consumed_capacity(), Units::Read);
        let Some(item) = found.item else {
            return Ok(None);
        };
        let record = record_of(&item).ok_or_else(|| unreadable("GetItem", request_id))?;
        // The table deletes what has expired only after hours or days.
        Ok((record.expires_at() > now).then_some(record))
    }

    async fn finish(
        &self,
        request_id: &str,
        state: &State,
        car_id: &CarId,
        now: Timestamp,
        meter: &Meter,
    ) -> Result<(), StoreError> {
        let (word, problem) = words_of(state);
        let mut set = "SET #status = :status, finished_at = :now, car_id = :car_id".to_owned();
        if problem.is_some() {
            set.push_str(", problem = :problem");
        }
        // Nobody queues it again, and it holds the car's position.
        set.push_str(" REMOVE #message");
        let attempts = Attempts::default();
        let mut update = self
            .client
            .update_item()
            .table_name(&self.table)
            .key(KEY, text(request_id))
            .update_expression(set)
            .condition_expression("#status = :accepted")
            .expression_attribute_names("#status", "status")
            .expression_attribute_names("#message", "message")
            .expression_attribute_values(":status", text(word))
            .expression_attribute_values(":accepted", text(ACCEPTED))
            .expression_attribute_values(":now", text(now.to_string()))
            .expression_attribute_values(":car_id", text(car_id.as_str()));
        if let Some(problem) = problem {
            update = update.expression_attribute_values(":problem", text(problem));
        }
        let answer = update
            .return_consumed_capacity(ReturnConsumedCapacity::Total)
            .customize()
            .interceptor(attempts.clone())
            .send()
            .await;
        attempts.count(meter);
        match answer {
            Ok(written) => {
                spent(meter, written.consumed_capacity(), Units::Write);
                Ok(())
            }
            Err(error) if refused_condition(&error).is_some() => Ok(()),
            Err(error) => Err(failed("UpdateItem", meter, &error)),
        }
    }
}

fn unreadable(operation: &'static str, request_id: &str) -> StoreError {
    StoreError::Refused {
        operation,
        message: format!("item {request_id} is no record of a request"),
    }
}

fn words_of(state: &State) -> (&'static str, Option<String>) {
    match state {
        State::Accepted => (ACCEPTED, None),
        State::Created => (CREATED, None),
        State::Refused(problem) => (REFUSED, Some(problem.to_string())),
    }
}

fn item_of(record: &Record) -> Item {
    let (word, problem) = words_of(&record.state);
    let mut item = Item::from([
        (KEY.to_owned(), text(&record.request_id)),
        ("request".to_owned(), text(&record.request)),
        ("car_id".to_owned(), text(record.car_id.as_str())),
        (
            "accepted_at".to_owned(),
            text(record.accepted_at.to_string()),
        ),
        ("status".to_owned(), text(word)),
        (EXPIRES.to_owned(), number(record.expires_at().as_second())),
    ]);
    if let Some(message) = &record.message {
        item.insert("message".to_owned(), text(message));
    }
    if !record.caller.is_empty() {
        item.insert("caller".to_owned(), text(&record.caller));
    }
    if let Some(finished) = record.finished_at {
        item.insert("finished_at".to_owned(), text(finished.to_string()));
    }
    if let Some(problem) = problem {
        item.insert("problem".to_owned(), text(problem));
    }
    item
}

fn record_of(item: &Item) -> Option<Record> {
    let text = |name: &str| item.get(name)?.as_s().ok().cloned();
    let state = match text("status")?.as_str() {
        ACCEPTED => State::Accepted,
        CREATED => State::Created,
        REFUSED => State::Refused(serde_json::from_str(&text("problem")?).ok()?),
        _ => return None,
    };
    let message = text("message");
    // Nobody could do what it promises.
    if state == State::Accepted && message.is_none() {
        return None;
    }
    Some(Record {
        request_id: text(KEY)?,
        request: text("request")?,
        caller: text("caller").unwrap_or_default(),
        message,
        car_id: text("car_id")?.parse().ok()?,
        accepted_at: text("accepted_at")?.parse().ok()?,
        finished_at: text("finished_at").and_then(|at| at.parse().ok()),
        state,
    })
}

/// Creates the table, on demand, with its expiry. A table that exists stays as it is. On AWS the template creates it;
/// here it serves the embedded stack and tests.
///
/// # Errors
/// What the service said.
pub async fn create_table(client: &Client, name: &str) -> Result<(), StoreError> {
    platform::dynamodb::create_table(client, name, (KEY, None), EXPIRES)
        .await
        .map_err(|message| StoreError::Refused {
            operation: "CreateTable",
            message,
        })
}
