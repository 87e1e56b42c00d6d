//! What became of requests that were accepted and are worked off later: the port.
//!
//! A record is written before the work is queued and changes once, from accepted to created or refused. It is what
//! the status link shows, and what makes a repetition of the request find the first one.

use std::fmt;

use async_trait::async_trait;
use jiff::{SignedDuration, Timestamp};
use serde_json::Value;

use crate::car::CarId;
use crate::store::{Meter, StoreError};

pub mod dynamodb;

/// How long a request is known, and how long its creation happens once.
///
/// The template keeps a message 4 days on the queue and 14 among the dead letters, but a message may live longer than
/// any of it: each redrive gives it a new time (Amazon SQS developer guide, "Learn how to configure a dead-letter queue
/// redrive", <https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-configure-dead-letter-queue-redrive.html>,
/// November 2026). So the message's own time decides: see [`WORK_LIFE`].
pub const REQUEST_LIFE: SignedDuration = SignedDuration::from_hours(30 * 24);
/// How long after its acceptance a request is worked off. An hour less than it is known, so that neither work that takes
/// its time nor clocks that differ find the record gone that says whether the car was created.
pub const WORK_LIFE: SignedDuration = SignedDuration::from_hours(30 * 24 - 1);

/// What has become of a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum State {
    /// It waits to be worked off.
    Accepted,
    /// The car is there, and others were told or will be.
    Created,
    /// It was refused for good; an RFC 9457 problem says why.
    Refused(Value),
}

/// One accepted request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Record {
    /// Names it in the status link: a UUID.
    pub request_id: String,
    /// What was asked for, hashed.
    pub request: String,
    /// Who asked, hashed; empty where callers have no names. Nobody else is shown the record.
    pub caller: String,
    /// The message that does it, as it was queued: a repetition of the request queues the same again. None once it is
    /// done.
    pub message: Option<String>,
    /// The car that it creates.
    pub car_id: CarId,
    /// When it was accepted.
    pub accepted_at: Timestamp,
    /// When it was worked off.
    pub finished_at: Option<Timestamp>,
    /// What has become of it.
    pub state: State,
}

impl Record {
    /// When it may be forgotten.
    #[must_use]
    pub fn expires_at(&self) -> Timestamp {
        self.accepted_at
            .saturating_add(REQUEST_LIFE)
            .unwrap_or(Timestamp::MAX)
    }
}

/// Where a request stands once it is accepted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Acceptance {
    /// It is recorded now.
    New,
    /// It was recorded before; this is the record.
    Known(Box<Record>),
}

/// The records.
#[async_trait]
pub trait RequestStore: Send + Sync + fmt::Debug {
    /// Records a request, unless one of its id is known and alive.
    async fn accept(&self, record: &Record, meter: &Meter) -> Result<Acceptance, StoreError>;

    /// The record, read consistently; none for one that is not known or has expired by `now`.
    async fn get(
        &self,
        request_id: &str,
        now: Timestamp,
        meter: &Meter,
    ) -> Result<Option<Record>, StoreError>;

    /// Says what became of a request. A record that is final already, or gone, stays as it is.
    async fn finish(
        &self,
        request_id: &str,
        state: &State,
        car_id: &CarId,
        now: Timestamp,
        meter: &Meter,
    ) -> Result<(), StoreError>;
}
