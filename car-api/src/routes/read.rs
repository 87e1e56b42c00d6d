//! `GET /cars/{car_id}` and `GET /health`.

use axum::Json;
use axum::response::{IntoResponse, Response};
use http::header::{ETAG, IF_NONE_MATCH};
use http::{HeaderMap, StatusCode};

use super::Call;
use super::openapi::{CarDocument, Health, Problem};
use super::path::Segment;
use crate::car::{Car, CarId};
use crate::problem::Failure;

/// A car with its entity tag.
pub(super) fn tagged(status: StatusCode, car: &Car) -> Response {
    (status, [(ETAG, car.etag())], Json(car)).into_response()
}

/// The key in the path. A text that can be no key is the key of no car.
pub(super) fn key(text: &str) -> Result<CarId, Failure> {
    text.parse().map_err(|_| Failure::NoCar)
}

/// Whether the client has this version already (RFC 9110, section 13.1.2: weak comparison).
fn has(headers: &HeaderMap, etag: &str) -> bool {
    let tags = headers
        .get_all(IF_NONE_MATCH)
        .iter()
        .filter_map(|value| value.to_str().ok());
    tags.flat_map(|value| value.split(','))
        .map(str::trim)
        .any(|tag| tag == "*" || tag.trim_start_matches("W/") == etag)
}

/// Read a car
#[utoipa::path(
    get, path = "/cars/{car_id}", tag = "cars",
    params(("car_id" = String, Path, description = "The car's key"), ("If-None-Match" = Option<String>, Header, description = "Entity tags that the client has")),
    responses(
        (status = 200, description = "The car", body = CarDocument, headers(("ETag" = String, description = "The car's version, quoted"))),
        (status = 304, description = "The client has this version"),
        (status = 404, description = "No such car", body = Problem, content_type = "application/problem+json"),
        (status = 503, description = "Try again after Retry-After", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(super) async fn read(
    call: Call,
    Segment(id): Segment,
    headers: HeaderMap,
) -> Result<Response, Failure> {
    let id = key(&id)?;
    call.flight.is_about(&id);
    let found = call
        .stored(call.deps().store.get(&id, &call.flight.meter))
        .await?;
    let car = found.ok_or(Failure::NoCar)?;
    if has(&headers, &car.etag()) {
        return Ok((StatusCode::NOT_MODIFIED, [(ETAG, car.etag())]).into_response());
    }
    Ok(tagged(StatusCode::OK, &car))
}

/// Whether the function runs; asks no dependency
#[utoipa::path(get, path = "/health", tag = "service", responses((status = 200, description = "It runs", body = Health)))]
pub(super) async fn health() -> Json<Health> {
    Json(Health { status: "ok" })
}
