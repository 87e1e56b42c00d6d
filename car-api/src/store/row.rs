//! A car as an item of the table, and back.
//!
//! Items written by the Python service are read too: `type` for the model, `nb_passenger`, numbers and truth values as
//! text, no year, times without zone (taken as UTC), no version. What is written is always today's shape.

use jiff::Timestamp;
use jiff::civil::DateTime;
use serde::{Deserialize, Serialize};

use crate::car::{Car, CarId, Status};

/// Shown for a car whose item has no model at all.
const NO_MODEL: &str = "Unknown";

#[derive(Debug, Serialize)]
pub(super) struct NewRow<'a> {
    #[serde(flatten)]
    pub(super) car: &'a Car,
    pub(super) write_id: &'a str,
}

/// No field but the key can make an item unreadable: what is not understood is as if it were not there. A write that
/// has happened must never be answered as if it had failed.
#[derive(Debug, Deserialize)]
pub(super) struct Row {
    car_id: String,
    #[serde(default)]
    model: Loose,
    #[serde(default)]
    r#type: Loose,
    #[serde(default)]
    year: Loose,
    #[serde(default)]
    status: Loose,
    #[serde(default)]
    latitude: Loose,
    #[serde(default)]
    longitude: Loose,
    #[serde(default)]
    nb_passengers: Loose,
    #[serde(default)]
    nb_passenger: Loose,
    #[serde(default)]
    bike_rack: Loose,
    #[serde(default)]
    created_at: Loose,
    #[serde(default)]
    updated_at: Loose,
    #[serde(default)]
    version: Loose,
}

impl Row {
    /// The car; none when not even its key is usable.
    pub(super) fn into_car(self) -> Option<Car> {
        let passengers = self.nb_passengers.number().or(self.nb_passenger.number());
        Some(Car {
            car_id: self.car_id.parse::<CarId>().ok()?,
            model: self
                .model
                .text()
                .or(self.r#type.text())
                .unwrap_or_else(|| NO_MODEL.to_owned()),
            year: self.year.number().and_then(|year| u16::try_from(year).ok()),
            status: self
                .status
                .text()
                .and_then(|word| word.parse().ok())
                .unwrap_or(Status::Unknown),
            latitude: self.latitude.text(),
            longitude: self.longitude.text(),
            nb_passengers: u16::try_from(passengers.unwrap_or(0)).unwrap_or(u16::MAX),
            bike_rack: self.bike_rack.truth().unwrap_or(false),
            created_at: self.created_at.time(),
            updated_at: self.updated_at.time(),
            version: self.version.number().unwrap_or(0),
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

/// A value of any type.
#[derive(Debug, Default, Deserialize)]
#[serde(untagged)]
enum Loose {
    Truth(bool),
    Whole(u64),
    Float(f64),
    Text(String),
    #[default]
    Absent,
    Other(serde::de::IgnoredAny),
}

impl Loose {
    fn number(&self) -> Option<u64> {
        match self {
            Self::Whole(number) => Some(*number),
            Self::Text(text) => text.trim().parse().ok(),
            _ => None,
        }
    }

    fn text(&self) -> Option<String> {
        match self {
            Self::Whole(number) => Some(number.to_string()),
            Self::Float(number) => Some(number.to_string()),
            Self::Text(text) => Some(text.clone()),
            Self::Truth(_) | Self::Absent | Self::Other(_) => None,
        }
    }

    fn truth(&self) -> Option<bool> {
        match self {
            Self::Truth(truth) => Some(*truth),
            Self::Whole(number) => Some(*number > 0),
            Self::Text(text) => match text.trim().to_ascii_lowercase().as_str() {
                "true" | "yes" | "y" | "1" => Some(true),
                "false" | "no" | "n" | "0" => Some(false),
                _ => None,
            },
            Self::Float(_) | Self::Absent | Self::Other(_) => None,
        }
    }

    fn time(&self) -> Option<Timestamp> {
        match self {
            Self::Text(text) => time(text),
            _ => None,
        }
    }
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

    #[test]
    fn no_field_of_any_type_makes_an_item_unreadable() {
        let odd = [
            json!(null),
            json!(true),
            json!(-1),
            json!(7),
            json!(1.5),
            json!("text"),
            json!([1]),
            json!({ "a": 1 }),
        ];
        let fields = [
            "model",
            "type",
            "year",
            "status",
            "latitude",
            "longitude",
            "nb_passengers",
            "nb_passenger",
            "bike_rack",
            "created_at",
            "updated_at",
            "version",
        ];
        for field in fields {
            for value in &odd {
                let row = serde_json::from_value::<Row>(json!({ "car_id": "7", field: value }));
                let car = row.unwrap_or_else(|error| panic!("{field} {value}: {error}"));
                assert!(car.into_car().is_some(), "{field} {value}");
            }
        }
        let rack = |value: Value| {
            let row = json!({ "car_id": "7", "bike_rack": value });
            serde_json::from_value::<Row>(row)
                .unwrap()
                .into_car()
                .unwrap()
                .bike_rack
        };
        for yes in [json!(true), json!("True"), json!("yes"), json!(1)] {
            assert!(rack(yes.clone()), "{yes}");
        }
        for no in [
            json!(false),
            json!("false"),
            json!(0),
            json!("?"),
            json!([true]),
        ] {
            assert!(!rack(no.clone()), "{no}");
        }
    }
}
