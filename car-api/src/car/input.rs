//! From a request's JSON object to a valid [`Draft`] or [`Changes`], with every mistake named at once.

use std::fmt;
use std::ops::RangeInclusive;

use serde_json::{Map, Value};

use super::fields::{CarId, Coordinate, InvalidField, Model};
use super::status::Status;

/// Years that a car may have been built in: from the first car to a lifetime ahead.
const YEARS: RangeInclusive<u16> = 1886..=2100;
/// Passengers that a car may carry; the largest city buses carry fewer than 200.
const PASSENGERS: RangeInclusive<u16> = 0..=200;
/// Set by the service; a client that sends back what it read is not told off for them.
const READ_ONLY: [&str; 2] = ["created_at", "updated_at"];
/// Set by the client.
const WRITABLE: [&str; 9] = [
    "car_id",
    "model",
    "year",
    "status",
    "latitude",
    "longitude",
    "nb_passengers",
    "bike_rack",
    "version",
];

/// One field that is wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FieldError {
    /// Its name.
    pub field: &'static str,
    /// What it must be. Never the value that was sent: it may be a position.
    pub message: String,
}

impl fmt::Display for FieldError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.field, self.message)
    }
}

/// What a request says about one car.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Input<T> {
    /// The car's key, where the body names one.
    pub car_id: Option<CarId>,
    /// The version that the client believes is current, where the body names one.
    pub version: Option<u64>,
    /// The valid fields.
    pub fields: T,
}

/// The outcome of reading a body.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Parsed<T> {
    /// The input, or every field that is wrong.
    pub input: Result<Input<T>, Vec<FieldError>>,
    /// Members that no car has; they are kept out.
    pub unknown_fields: u64,
}

/// All fields of a car, from a request that creates or replaces it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Draft {
    pub(super) model: Model,
    pub(super) year: u16,
    pub(super) status: Status,
    pub(super) latitude: Option<Coordinate>,
    pub(super) longitude: Option<Coordinate>,
    pub(super) nb_passengers: u16,
    pub(super) bike_rack: bool,
}

/// Some fields of a car, from a request that changes it; `Some(None)` takes a coordinate away.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Changes {
    /// The new model.
    pub model: Option<Model>,
    /// The new year.
    pub year: Option<u16>,
    /// The new status.
    pub status: Option<Status>,
    /// The new latitude.
    pub latitude: Option<Option<Coordinate>>,
    /// The new longitude.
    pub longitude: Option<Option<Coordinate>>,
    /// The new number of passengers.
    pub nb_passengers: Option<u16>,
    /// Whether it now carries bicycles.
    pub bike_rack: Option<bool>,
}

impl From<Draft> for Changes {
    /// A replacement is a change of every field.
    fn from(draft: Draft) -> Self {
        Self {
            model: Some(draft.model),
            year: Some(draft.year),
            status: Some(draft.status),
            latitude: Some(draft.latitude),
            longitude: Some(draft.longitude),
            nb_passengers: Some(draft.nb_passengers),
            bike_rack: Some(draft.bike_rack),
        }
    }
}

impl Draft {
    /// Reads a whole car: model and year are required, the rest has defaults (`Available`, position 0/0, nobody
    /// aboard, no rack).
    #[must_use]
    pub fn parse(body: &Map<String, Value>) -> Parsed<Self> {
        let mut reader = FieldReader::new(body);
        let changes = reader.changes();
        let origin = || Coordinate::new("0", 0.0).ok();
        let model = reader.required("model", changes.model);
        let year = reader.required("year", changes.year);
        let fields = model.zip(year).map(|(model, year)| Self {
            model,
            year,
            status: changes.status.unwrap_or_default(),
            latitude: changes.latitude.unwrap_or_else(origin),
            longitude: changes.longitude.unwrap_or_else(origin),
            nb_passengers: changes.nb_passengers.unwrap_or(0),
            bike_rack: changes.bike_rack.unwrap_or(false),
        });
        reader.finish(fields)
    }
}

impl Changes {
    /// Reads the fields that are there; at least one must be.
    #[must_use]
    pub fn parse(body: &Map<String, Value>) -> Parsed<Self> {
        let mut reader = FieldReader::new(body);
        let changes = reader.changes();
        if reader.errors.is_empty() && changes == Self::default() {
            let names = &WRITABLE[1..WRITABLE.len() - 1];
            reader.wrong(
                "body",
                format!("must change at least one of {}", names.join(", ")),
            );
        }
        reader.finish(Some(changes))
    }
}

struct FieldReader<'a> {
    body: &'a Map<String, Value>,
    errors: Vec<FieldError>,
}

impl<'a> FieldReader<'a> {
    fn new(body: &'a Map<String, Value>) -> Self {
        Self {
            body,
            errors: Vec::new(),
        }
    }

    fn wrong(&mut self, field: &'static str, message: String) {
        self.errors.push(FieldError { field, message });
    }

    fn read<T>(
        &mut self,
        field: &'static str,
        read: impl FnOnce(&Value) -> Result<T, InvalidField>,
    ) -> Option<T> {
        match read(self.body.get(field)?) {
            Ok(value) => Some(value),
            Err(InvalidField(message)) => {
                self.wrong(field, message);
                None
            }
        }
    }

    fn required<T>(&mut self, field: &'static str, value: Option<T>) -> Option<T> {
        if value.is_none() && !self.body.contains_key(field) {
            self.wrong(field, "is required".to_owned());
        }
        value
    }

    fn changes(&mut self) -> Changes {
        Changes {
            model: self.read("model", |value| text(value)?.parse()),
            year: self.read("year", |value| number(value, &YEARS)),
            status: self.read("status", |value| text(value)?.parse()),
            latitude: self.read("latitude", |value| coordinate(value, 90.0)),
            longitude: self.read("longitude", |value| coordinate(value, 180.0)),
            nb_passengers: self.read("nb_passengers", |value| number(value, &PASSENGERS)),
            bike_rack: self.read("bike_rack", |value| {
                value
                    .as_bool()
                    .ok_or_else(|| InvalidField("must be true or false".to_owned()))
            }),
        }
    }

    fn finish<T>(mut self, fields: Option<T>) -> Parsed<T> {
        let car_id = self.read("car_id", |value| text(value)?.parse());
        let version = self.read("version", |value| number(value, &(0..=u64::MAX)));
        let known =
            |name: &String| WRITABLE.contains(&name.as_str()) || READ_ONLY.contains(&name.as_str());
        let unknown = self.body.keys().filter(|name| !known(name)).count();
        let input = match fields {
            Some(fields) if self.errors.is_empty() => Ok(Input {
                car_id,
                version,
                fields,
            }),
            _ => Err(self.errors),
        };
        Parsed {
            input,
            unknown_fields: u64::try_from(unknown).unwrap_or(u64::MAX),
        }
    }
}

fn text(value: &Value) -> Result<&str, InvalidField> {
    value
        .as_str()
        .ok_or_else(|| InvalidField("must be a string".to_owned()))
}

/// A whole number, or the decimal text of one: the service's first clients send `"2024"`.
fn number<T>(value: &Value, range: &RangeInclusive<T>) -> Result<T, InvalidField>
where
    T: TryFrom<u64> + std::str::FromStr + PartialOrd + fmt::Display,
{
    let number = match value {
        Value::Number(number) => number.as_u64().and_then(|number| T::try_from(number).ok()),
        Value::String(text) if text.bytes().all(|byte| byte.is_ascii_digit()) => text.parse().ok(),
        _ => None,
    };
    number
        .filter(|number| range.contains(number))
        .ok_or_else(|| {
            InvalidField(format!(
                "must be a whole number from {} to {}, or its digits as a string",
                range.start(),
                range.end()
            ))
        })
}

fn coordinate(value: &Value, limit: f64) -> Result<Option<Coordinate>, InvalidField> {
    match value {
        Value::Null => Ok(None),
        Value::String(text) => Coordinate::new(text, limit).map(Some),
        Value::Number(number) => Coordinate::from_number(number, limit).map(Some),
        _ => Err(InvalidField(
            "must be a string, a number or null".to_owned(),
        )),
    }
}
