//! `GET /requests/{request_id}`: what became of a request that was accepted.

use axum::Json;
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use utoipa::ToSchema;

use super::Call;
use super::openapi::Problem;
use super::path::Segment;
use crate::ids;
use crate::problem::Failure;
use crate::requests::{Record, State};

/// What became of an accepted request.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Request)]
pub(super) struct RequestDocument {
    /// Names the request.
    #[schema(example = "8e3f2c54-9ab0-8c11-8f5e-1b6f2a3c4d5e")]
    request_id: String,
    /// `accepted`, then `created` or `refused`.
    #[schema(value_type = String, example = "created")]
    status: &'static str,
    /// The key of the car that it creates.
    car_id: String,
    /// When it was accepted, UTC.
    #[schema(format = DateTime)]
    accepted_at: String,
    /// When it was worked off, UTC.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(format = DateTime, nullable = false)]
    finished_at: Option<String>,
    /// The car's path, once it is created.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    location: Option<String>,
    /// Why it was refused: a problem document.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Object, nullable = false)]
    problem: Option<serde_json::Value>,
}

impl RequestDocument {
    pub(super) fn of(record: &Record, prefix: &str) -> Self {
        let car_id = record.car_id.as_str();
        let (status, location, problem) = match &record.state {
            State::Accepted => ("accepted", None, None),
            State::Created => ("created", Some(format!("{prefix}/cars/{car_id}")), None),
            State::Refused(problem) => ("refused", None, Some(problem.clone())),
        };
        Self {
            request_id: record.request_id.clone(),
            status,
            car_id: car_id.to_owned(),
            accepted_at: record.accepted_at.to_string(),
            finished_at: record.finished_at.map(|at| at.to_string()),
            location,
            problem,
        }
    }
}

/// What became of an accepted request
#[utoipa::path(
    get, path = "/requests/{request_id}", tag = "cars",
    params(("request_id" = String, Path, description = "The id in the Location of a 202")),
    responses(
        (status = 200, description = "What became of it so far", body = RequestDocument),
        (status = 400, description = "The path is not UTF-8", body = Problem, content_type = "application/problem+json"),
        (status = 404, description = "No such request of this caller, or one of more than 30 days ago", body = Problem, content_type = "application/problem+json"),
        (status = 503, description = "Try again after Retry-After", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(super) async fn read(call: Call, Segment(id): Segment) -> Result<Response, Failure> {
    // Ids are UUIDs; anything else names no request and needs no look at the table.
    let backlog = call.deps().backlog.as_ref();
    let backlog = backlog.filter(|_| ids::is_uuid(&id));
    let Some(backlog) = backlog else {
        return Err(Failure::NoRequest);
    };
    let now = call.deps().clock.now();
    let found = call
        .stored(backlog.requests.get(&id, now, &call.flight.meter))
        .await?;
    // Another caller's request is none: the answer must not say that there is one.
    let record = found
        .filter(|record| record.caller == call.flight.caller)
        .ok_or(Failure::NoRequest)?;
    call.flight.is_about(&record.car_id);
    Ok(Json(RequestDocument::of(&record, &call.flight.prefix)).into_response())
}
