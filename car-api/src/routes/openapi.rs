//! `GET /openapi.json`: the interface as OpenAPI 3.1, derived from the handlers.
//!
//! The schemas of bodies stand here and not on the domain's types: a body accepts more forms (digits as strings,
//! numbers as coordinates) than a car has. A test keeps their field names equal.

use axum::Json;
use serde::Serialize;
use utoipa::openapi::schema::{ObjectBuilder, Schema, Type};
use utoipa::openapi::{OpenApi as Document, RefOr};
use utoipa::{OpenApi, PartialSchema, ToSchema};

use crate::car::Status;
pub(super) use crate::problem::Problem;

impl PartialSchema for Status {
    /// The words that clients may send. (`Unknown` is only ever read, from an item with another word.)
    fn schema() -> RefOr<Schema> {
        let words = Self::ALL.map(Self::as_str);
        ObjectBuilder::new()
            .schema_type(Type::String)
            .description(Some("What a car is doing."))
            .enum_values(Some(words))
            .into()
    }
}

impl ToSchema for Status {}

/// A car as clients see it.
#[derive(Debug, ToSchema)]
#[expect(
    dead_code,
    reason = "only describes a body: the domain reads and writes it"
)]
#[schema(as = Car)]
pub(super) struct CarDocument {
    /// Its key: letters, digits and `. _ ~ -`.
    #[schema(max_length = 64, example = "8e3f2c54-9ab0-8c11-8f5e-1b6f2a3c4d5e")]
    car_id: String,
    /// Its model.
    #[schema(example = "Model_1")]
    model: String,
    /// Year of construction; null for a car stored without one.
    #[schema(required = true, example = 2024)]
    year: Option<u16>,
    /// What it is doing: a `Status`, or `Unknown` for a car stored with a word that is none.
    #[schema(value_type = String, example = "Available")]
    status: Status,
    /// Latitude, decimal degrees as text.
    #[schema(required = true, example = "37.7")]
    latitude: Option<String>,
    /// Longitude, decimal degrees as text.
    #[schema(required = true, example = "-122.42")]
    longitude: Option<String>,
    /// Passengers aboard.
    nb_passengers: u16,
    /// Whether it carries bicycles.
    bike_rack: bool,
    /// When it was created, UTC.
    #[schema(required = true, format = DateTime)]
    created_at: Option<String>,
    /// When it was last changed, UTC.
    #[schema(required = true, format = DateTime)]
    updated_at: Option<String>,
    /// Grows with each change; begins at the time of the creation in microseconds, so that it never comes back.
    version: u64,
}

/// A whole number, or its digits as a string.
#[derive(Debug, ToSchema)]
#[expect(
    dead_code,
    reason = "only describes a body: the domain reads and writes it"
)]
#[serde(untagged)]
pub(super) enum Digits {
    Number(u16),
    Text(String),
}

/// Decimal degrees, as a string or a number.
#[derive(Debug, ToSchema)]
#[expect(
    dead_code,
    reason = "only describes a body: the domain reads and writes it"
)]
#[serde(untagged)]
pub(super) enum Degrees {
    Text(String),
    Number(f64),
}

/// A car to be created, or to take another's place. Other members are ignored and counted.
#[derive(Debug, ToSchema)]
#[expect(
    dead_code,
    reason = "only describes a body: the domain reads and writes it"
)]
pub(super) struct NewCar {
    /// The car's key; a UUID when absent.
    #[schema(max_length = 64, nullable = false)]
    car_id: Option<String>,
    /// Its model.
    #[schema(min_length = 1, max_length = 100)]
    model: String,
    /// Year of construction, 1886 to 2100.
    #[schema(inline)]
    year: Digits,
    /// What it is doing; `Available` when absent.
    #[schema(nullable = false)]
    status: Option<Status>,
    /// Latitude, -90 to 90; `0` when absent.
    #[schema(inline)]
    latitude: Option<Degrees>,
    /// Longitude, -180 to 180; `0` when absent.
    #[schema(inline)]
    longitude: Option<Degrees>,
    /// Passengers aboard, 0 to 200; 0 when absent.
    #[schema(inline, nullable = false)]
    nb_passengers: Option<Digits>,
    /// Whether it carries bicycles; false when absent.
    #[schema(nullable = false)]
    bike_rack: Option<bool>,
    /// The version that the car must have, like `If-Match`; ignored on creation.
    #[schema(nullable = false)]
    version: Option<u64>,
}

/// A car that takes the place of the one with its key.
#[derive(Debug, ToSchema)]
#[expect(
    dead_code,
    reason = "only describes a body: the domain reads and writes it"
)]
pub(super) struct ReplacedCar {
    /// The car's key.
    car_id: String,
    #[serde(flatten)]
    car: NewCar,
}

/// The fields that change; the others stay.
#[derive(Debug, ToSchema)]
#[expect(
    dead_code,
    reason = "only describes a body: the domain reads and writes it"
)]
pub(super) struct CarChanges {
    /// The key in the path, or absent.
    #[schema(nullable = false)]
    car_id: Option<String>,
    /// Its model.
    #[schema(min_length = 1, max_length = 100, nullable = false)]
    model: Option<String>,
    /// Year of construction.
    #[schema(inline, nullable = false)]
    year: Option<Digits>,
    /// What it is doing.
    #[schema(nullable = false)]
    status: Option<Status>,
    /// Latitude; null takes it away.
    #[schema(inline)]
    latitude: Option<Degrees>,
    /// Longitude; null takes it away.
    #[schema(inline)]
    longitude: Option<Degrees>,
    /// Passengers aboard.
    #[schema(inline, nullable = false)]
    nb_passengers: Option<Digits>,
    /// Whether it carries bicycles.
    #[schema(nullable = false)]
    bike_rack: Option<bool>,
    /// The version that the car must have, like `If-Match`.
    #[schema(nullable = false)]
    version: Option<u64>,
}

/// The function runs.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Health {
    /// Always `ok`.
    pub(super) status: &'static str,
}

#[derive(OpenApi)]
#[openapi(
    info(title = "Cars", description = "The inventory of autonomous robot cars.", license(name = "MIT OR Apache-2.0")),
    paths(
        super::list::list, super::write::create, super::write::replace_named, super::read::read,
        super::write::replace, super::write::change, super::write::delete, super::status::read, super::read::health, serve
    ),
    tags((name = "cars", description = "The inventory"), (name = "service", description = "The service itself"))
)]
struct Api;

/// The document.
#[must_use]
pub fn document() -> Document {
    Api::openapi()
}

/// This document
#[utoipa::path(get, path = "/openapi.json", tag = "service", responses((status = 200, description = "OpenAPI 3.1")))]
pub(super) async fn serve() -> Json<Document> {
    Json(document())
}
