//! A car of the inventory: what it is, and what may become of it.
//!
//! Pure. A [`Draft`] or [`Changes`] exists only when every field of it is valid, so nothing behind this module
//! checks fields again. A [`Car`] read back from the store may be older than today's rules and is more tolerant.

use jiff::Timestamp;
use serde::Serialize;

mod fields;
mod input;
mod status;
#[cfg(test)]
mod tests;

pub use fields::{CarId, Coordinate, InvalidField, Model};
pub use input::{Changes, Draft, FieldError, Input, Parsed};
pub use status::Status;

/// A car as the store knows it and clients see it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Car {
    /// Its key.
    pub car_id: CarId,
    /// Its model; `Unknown` for an item written before models were required.
    pub model: String,
    /// Year of construction; none for an item written before years were required.
    pub year: Option<u16>,
    /// What it is doing.
    pub status: Status,
    /// Latitude, decimal degrees as text.
    pub latitude: Option<String>,
    /// Longitude, decimal degrees as text.
    pub longitude: Option<String>,
    /// Passengers aboard.
    pub nb_passengers: u16,
    /// Whether it carries bicycles.
    pub bike_rack: bool,
    /// When it was created, RFC 3339 in UTC; none for an item without a usable time.
    pub created_at: Option<Timestamp>,
    /// When it was last changed.
    pub updated_at: Option<Timestamp>,
    /// Grows by 1 with each change. It begins at the time of the creation in microseconds, so that a car that is
    /// deleted and created anew has no version that its predecessor had. 0 for an item written without versions.
    pub version: u64,
}

impl Car {
    /// A new car. Its first version is `now` in microseconds: below 2^53 until the year 2255, so that every JSON reader
    /// can hold it, and never reached by an earlier car of the same key, which would need a change each microsecond.
    #[must_use]
    pub fn create(car_id: CarId, draft: Draft, now: Timestamp) -> Self {
        Self {
            car_id,
            model: draft.model.into(),
            year: Some(draft.year),
            status: draft.status,
            latitude: draft.latitude.map(Into::into),
            longitude: draft.longitude.map(Into::into),
            nb_passengers: draft.nb_passengers,
            bike_rack: draft.bike_rack,
            created_at: Some(now),
            updated_at: Some(now),
            version: u64::try_from(now.as_microsecond()).unwrap_or(1),
        }
    }

    /// The car after `changes`: what the store writes when it applies them to this car.
    #[must_use]
    pub fn changed(&self, changes: &Changes, now: Timestamp) -> Self {
        let mut car = self.clone();
        if let Some(model) = &changes.model {
            car.model = model.as_str().to_owned();
        }
        if let Some(year) = changes.year {
            car.year = Some(year);
        }
        if let Some(status) = changes.status {
            car.status = status;
        }
        if let Some(latitude) = &changes.latitude {
            car.latitude = latitude.clone().map(Into::into);
        }
        if let Some(longitude) = &changes.longitude {
            car.longitude = longitude.clone().map(Into::into);
        }
        if let Some(passengers) = changes.nb_passengers {
            car.nb_passengers = passengers;
        }
        if let Some(rack) = changes.bike_rack {
            car.bike_rack = rack;
        }
        car.updated_at = Some(now);
        car.version = self.version.saturating_add(1);
        car
    }

    /// The entity tag: the car's version, so it changes with every change and never comes back.
    #[must_use]
    pub fn etag(&self) -> String {
        format!("\"{}\"", self.version)
    }
}
