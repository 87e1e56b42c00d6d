//! Where cars are kept: the port, in the service's own words.
//!
//! What a caller must decide on is an outcome ([`Created`], [`Updated`], [`Deleted`]); a [`StoreError`] is only
//! ever a failure of the store. Every operation either happens whole or leaves nothing behind.

use std::fmt;
use std::sync::{Mutex, PoisonError};

use async_trait::async_trait;
use jiff::Timestamp;

use crate::car::{Car, CarId, Changes, Status};

pub mod cursor;
pub mod dynamodb;
mod row;

pub use cursor::{BadCursor, Cursor};

/// What every [`Once::key`] begins with; a car's key cannot.
pub const ONCE: &str = "idempotency#";

/// A question for a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListQuery {
    /// Only cars of this status.
    pub status: Option<Status>,
    /// At most so many, 1..=100.
    pub limit: u16,
    /// Where the previous page ended.
    pub after: Option<Cursor>,
}

/// One page of a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page {
    /// The cars, by status in the order of [`Status::ALL`], then by key.
    pub cars: Vec<Car>,
    /// Where the next page begins; none on the last.
    pub next: Option<Cursor>,
}

/// Makes a creation happen once however often it is sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Once {
    /// The client's key, hashed: it may be anything, and it is nobody's business.
    pub key: String,
    /// What was asked for, hashed: a key names one request.
    pub request: String,
    /// The answer that a repetition gets.
    pub answer: Answer,
    /// The request that the car comes from.
    pub origin: Origin,
    /// When the key may be used for something else.
    pub expires: Timestamp,
}

/// What names the event of a creation: whoever publishes it again publishes the same.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Origin {
    /// The request's id at the function that took it.
    pub request_id: String,
    /// The client's id for it.
    pub correlation_id: String,
}

/// An answer that was given before.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// The HTTP status.
    pub status: u16,
    /// The `Location` header.
    pub location: String,
    /// The `ETag` header.
    pub etag: String,
    /// The body, as it was sent.
    pub body: String,
}

/// What became of a creation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Created {
    /// The car is stored.
    New,
    /// An earlier attempt of this very write has stored it; this is what it stored, perhaps a moment ago.
    Again(Box<Car>),
    /// A car of that key was there before; it is as it was.
    Duplicate,
    /// The same request succeeded before.
    Replayed {
        /// Its answer.
        answer: Answer,
        /// The car that it created, as it then was; none when the answer shows none.
        car: Option<Box<Car>>,
        /// Where it came from; none for an answer that was kept without.
        origin: Option<Origin>,
    },
    /// The idempotency key was used for another request; nothing was stored.
    KeyReused,
}

/// What became of a change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Updated {
    /// It is stored.
    Yes {
        /// The car after the change.
        car: Box<Car>,
        /// Its status before.
        was: Status,
    },
    /// There is no such car.
    Absent,
    /// The car has another version than the client expects.
    Stale,
}

/// What became of a deletion.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Deleted {
    /// It is gone; this is what it was.
    Yes(Box<Car>),
    /// There is no such car.
    Absent,
    /// The car has another version than the client expects.
    Stale,
}

/// One write, as the store needs it.
#[derive(Debug, Clone, Copy)]
pub struct Write<'a> {
    /// Unique to the request: a write that is repeated after a lost answer finds its own mark, is not done a second
    /// time, and is a success.
    pub id: &'a str,
    /// The versions, one of which the client expects; none = any.
    pub expected: Option<&'a [u64]>,
    /// The time of the change.
    pub now: Timestamp,
}

/// Why the store did not do what it was asked. The text is for the operator, never for the client.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum StoreError {
    /// It refused for lack of capacity; nothing was written.
    #[error("{operation} was throttled: {message}; raise the table's limits or spread its keys")]
    Throttled {
        /// The operation.
        operation: &'static str,
        /// What the store said.
        message: String,
    },
    /// It did not answer, or not in time.
    #[error("{operation} got no answer: {message}; look at the store's health and the way to it")]
    Unavailable {
        /// The operation.
        operation: &'static str,
        /// What happened.
        message: String,
    },
    /// It refused, and would refuse again: a missing table, a missing permission, a bug.
    #[error(
        "{operation} was refused: {message}; look at the table's name, its index and the function's role"
    )]
    Refused {
        /// The operation.
        operation: &'static str,
        /// What the store said.
        message: String,
    },
}

impl StoreError {
    /// Whether the same call may succeed later.
    #[must_use]
    pub fn is_retryable(&self) -> bool {
        !matches!(self, Self::Refused { .. })
    }
}

/// What calls have cost.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Cost {
    /// Read capacity units.
    pub read_units: f64,
    /// Write capacity units.
    pub write_units: f64,
    /// Second and later attempts.
    pub retries: u64,
    /// Calls that failed after their last attempt.
    pub exhausted: u64,
}

/// Counts the cost of one request's calls, those that fail or are abandoned included.
#[derive(Debug, Default)]
pub struct Meter(Mutex<Cost>);

impl Meter {
    /// Counts.
    pub fn add(&self, count: impl FnOnce(&mut Cost)) {
        // Four numbers cannot be left half-written in a way that matters.
        count(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner));
    }

    /// What was counted so far.
    #[must_use]
    pub fn total(&self) -> Cost {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The inventory.
#[async_trait]
pub trait CarStore: Send + Sync + fmt::Debug {
    /// The car, read consistently.
    async fn get(&self, id: &CarId, meter: &Meter) -> Result<Option<Car>, StoreError>;

    /// One page of the list. It may lag behind the latest writes by a moment.
    async fn list(&self, query: &ListQuery, meter: &Meter) -> Result<Page, StoreError>;

    /// Stores a car that must be new; with `once`, together with the answer in one transaction.
    async fn create(
        &self,
        car: &Car,
        once: Option<&Once>,
        write: Write<'_>,
        meter: &Meter,
    ) -> Result<Created, StoreError>;

    /// Changes a car that must exist.
    async fn update(
        &self,
        id: &CarId,
        changes: &Changes,
        write: Write<'_>,
        meter: &Meter,
    ) -> Result<Updated, StoreError>;

    /// Deletes a car that must exist.
    async fn delete(
        &self,
        id: &CarId,
        write: Write<'_>,
        meter: &Meter,
    ) -> Result<Deleted, StoreError>;
}
