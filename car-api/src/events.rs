//! What others are told about cars: the port, and the envelope.
//!
//! The envelope is the Python service's (same source, detail types and field names) with additions. Events tell of
//! writes that have happened, so a failure to publish never fails the request: what the bus does not take is put on the
//! queue and published later, under the same `event_id`. Events come at least once; receivers know a repetition by it.

use std::fmt;

use async_trait::async_trait;
use jiff::Timestamp;
use serde::Serialize;

use crate::car::Car;

pub mod eventbridge;

/// Who the events come from.
pub const SOURCE: &str = "acs.acm";
/// Version of the envelope.
const VERSION: &str = "1.0";

/// What happened to a car.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Happened {
    /// It was created.
    Created,
    /// It was changed or replaced.
    Updated,
    /// It was deleted.
    Deleted,
    /// Its status is another than before; tells of the same change as an `Updated`.
    StatusChanged,
}

impl Happened {
    /// The detail type on the bus.
    #[must_use]
    pub fn detail_type(self) -> &'static str {
        match self {
            Self::Created => "acme.acs.acm.events.CarCreated",
            Self::Updated => "acme.acs.acm.events.CarUpdated",
            Self::Deleted => "acme.acs.acm.events.CarDeleted",
            Self::StatusChanged => "acme.acs.acm.events.CarStatusChanged",
        }
    }

    /// What happened, by the detail type on the bus; none for another type.
    #[must_use]
    pub fn of_detail_type(detail_type: &str) -> Option<Self> {
        [
            Self::Created,
            Self::Updated,
            Self::Deleted,
            Self::StatusChanged,
        ]
        .into_iter()
        .find(|happened| happened.detail_type() == detail_type)
    }
}

/// One event, ready to be sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CarEvent {
    /// What happened.
    pub happened: Happened,
    /// When.
    pub occurred_at: Timestamp,
    /// The detail as JSON: the car's fields without its times, and the envelope.
    pub detail: String,
}

#[derive(Serialize)]
struct Detail<'a> {
    car_id: &'a str,
    model: &'a str,
    year: Option<u16>,
    status: &'a str,
    latitude: Option<&'a str>,
    longitude: Option<&'a str>,
    nb_passengers: u16,
    bike_rack: bool,
    version: u64,
    event_type: &'static str,
    event_source: &'static str,
    event_version: &'static str,
    event_id: &'a str,
    occurred_at: Timestamp,
    correlation_id: &'a str,
}

impl CarEvent {
    /// Tells that something happened to `car`, which is as it was after it (before it, for a deletion).
    #[must_use]
    pub fn new(
        happened: Happened,
        car: &Car,
        event_id: &str,
        occurred_at: Timestamp,
        correlation_id: &str,
    ) -> Self {
        let detail = Detail {
            car_id: car.car_id.as_str(),
            model: &car.model,
            year: car.year,
            status: car.status.as_str(),
            latitude: car.latitude.as_deref(),
            longitude: car.longitude.as_deref(),
            nb_passengers: car.nb_passengers,
            bike_rack: car.bike_rack,
            version: car.version,
            event_type: happened.detail_type(),
            event_source: SOURCE,
            event_version: VERSION,
            event_id,
            occurred_at,
            correlation_id,
        };
        // A struct of texts and numbers always becomes JSON.
        Self {
            happened,
            occurred_at,
            detail: serde_json::to_string(&detail).unwrap_or_default(),
        }
    }
}

/// What became of a publication. `accepted` and the length of `left` add up to the number of events.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Published {
    /// Events that the bus took.
    pub accepted: u64,
    /// Events that it did not take, or of which nobody knows.
    pub left: Vec<CarEvent>,
    /// Second and later attempts.
    pub retries: u64,
    /// Why events were left, for the operator.
    pub reason: Option<String>,
}

/// The bus.
#[async_trait]
pub trait EventPublisher: Send + Sync + fmt::Debug {
    /// Sends the events, at most 10. Never fails: what could not be sent comes back.
    async fn publish(&self, events: &[CarEvent]) -> Published;
}
