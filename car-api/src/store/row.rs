//! A car as an item of the table, and back.
//!
//! Items written by the Python service are read too: `type` for the model, `nb_passenger`, numbers as text, no
//! year, times without zone (taken as UTC), no version. What is written is always today's shape.

use jiff::Timestamp;
use jiff::civil::DateTime;
use serde::{Deserialize, Deserializer, Serialize};

use crate::car::{Car, CarId, Status};

/// Shown for a car whose item has no model at all.
const NO_MODEL: &str = "Unknown";

#[derive(Debug, Serialize)]
pub(super) struct NewRow<'a> {
    #[serde(flatten)]
    pub(super) car: &'a Car,
    pub(super) write_id: &'a str,
}

#[derive(Debug, Deserialize)]
pub(super) struct Row {
    car_id: String,
    model: Option<String>,
    r#type: Option<String>,
    #[serde(default, deserialize_with = "lenient_number")]
    year: Option<u64>,
    status: Option<String>,
    #[serde(default, deserialize_with = "lenient_text")]
    latitude: Option<String>,
    #[serde(default, deserialize_with = "lenient_text")]
    longitude: Option<String>,
    #[serde(default, deserialize_with = "lenient_number")]
    nb_passengers: Option<u64>,
    #[serde(default, deserialize_with = "lenient_number")]
    nb_passenger: Option<u64>,
    bike_rack: Option<bool>,
    created_at: Option<String>,
    updated_at: Option<String>,
    #[serde(default, deserialize_with = "lenient_number")]
    version: Option<u64>,
}

impl Row {
    /// The car; none when not even its key is usable.
    pub(super) fn into_car(self) -> Option<Car> {
        let passengers = self.nb_passengers.or(self.nb_passenger).unwrap_or(0);
        Some(Car {
            car_id: self.car_id.parse::<CarId>().ok()?,
            model: self
                .model
                .or(self.r#type)
                .unwrap_or_else(|| NO_MODEL.to_owned()),
            year: self.year.and_then(|year| u16::try_from(year).ok()),
            status: self
                .status
                .and_then(|word| word.parse().ok())
                .unwrap_or(Status::Unknown),
            latitude: self.latitude,
            longitude: self.longitude,
            nb_passengers: u16::try_from(passengers).unwrap_or(u16::MAX),
            bike_rack: self.bike_rack.unwrap_or(false),
            created_at: self.created_at.as_deref().and_then(time),
            updated_at: self.updated_at.as_deref().and_then(time),
            version: self.version.unwrap_or(0),
        })
    }
}

fn time(text: &str) -> Option<Timestamp> {
    let zoneless = || {
        text.parse::<DateTime>()
            .ok()?
            .to_zoned(jiff::tz::TimeZone::UTC)
            .ok()
    };
    text.parse().ok().or_else(|| Some(zoneless()?.timestamp()))
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Loose {
    Whole(u64),
    Float(f64),
    Text(String),
    #[serde(skip_deserializing)]
    Absent,
    Other(serde::de::IgnoredAny),
}

fn lenient_number<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<u64>, D::Error> {
    Ok(
        match Option::deserialize(deserializer)?.unwrap_or(Loose::Absent) {
            Loose::Whole(number) => Some(number),
            Loose::Text(text) => text.trim().parse().ok(),
            Loose::Float(_) | Loose::Absent | Loose::Other(_) => None,
        },
    )
}

fn lenient_text<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
    Ok(
        match Option::deserialize(deserializer)?.unwrap_or(Loose::Absent) {
            Loose::Whole(number) => Some(number.to_string()),
            Loose::Float(number) => Some(number.to_string()),
            Loose::Text(text) => Some(text),
            Loose::Absent | Loose::Other(_) => None,
        },
    )
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    #[test]
    fn items_of_every_generation_are_read() {
        let read = |item: Value| {
            serde_json::from_value::<Row>(item)
                .unwrap()
                .into_car()
                .map(|car| serde_json::to_value(car).unwrap())
        };
        let old = json!({
            "car_id": "7", "type": "Model_3", "nb_passenger": "4", "status": "Free", "latitude": 37.7,
            "created_at": "2024-05-01T10:00:00.123456",
        });
        let expected = json!({
            "car_id": "7", "model": "Model_3", "year": null, "status": "Free", "latitude": "37.7", "longitude": null,
            "nb_passengers": 4, "bike_rack": false, "created_at": "2024-05-01T10:00:00.123456Z", "updated_at": null,
            "version": 0,
        });
        assert_eq!(read(old), Some(expected));
        let odd = read(json!({ "car_id": "8", "status": "On fire", "year": [1], "version": null }))
            .unwrap();
        assert_eq!(
            (&odd["model"], &odd["status"], &odd["year"], &odd["version"]),
            (
                &json!("Unknown"),
                &json!("Unknown"),
                &json!(null),
                &json!(0)
            )
        );
        assert_eq!(read(json!({ "car_id": "idempotency#1" })), None);
    }
}
