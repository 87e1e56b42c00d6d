//! The handlers that change the inventory. Each validates everything before it writes anything, writes once, and
//! then tells others.

use axum::body::Body;
use axum::response::{IntoResponse, Response};
use http::header::{CONTENT_TYPE, ETAG, IF_MATCH, LOCATION};
use http::{HeaderMap, HeaderName, HeaderValue, Request, StatusCode};
use jiff::{SignedDuration, Timestamp};
use serde_json::{Map, Value};

use super::openapi::{CarChanges, CarDocument, NewCar, Problem, ReplacedCar};
use super::path::Segment;
use super::read::{key, tagged};
use super::status::RequestDocument;
use super::{Call, accept, body};
use crate::car::{Car, CarId, Changes, Draft, Input, Parsed};
use crate::creation::{self, Order};
use crate::events::{CarEvent, Happened};
use crate::ids;
use crate::problem::Failure;
use crate::queue::Creation;
use crate::store::{Answer, Deleted, ONCE, Origin, Updated, Write};

/// How long a repetition of a creation gets the first answer.
const KEY_LIFE: SignedDuration = SignedDuration::from_hours(24);
/// Longest idempotency key, in bytes.
const LONGEST_KEY: usize = 255;
/// Most entity tags in `If-Match` that are looked at.
const MOST_TAGS: usize = 10;
const IDEMPOTENCY_KEY: HeaderName = HeaderName::from_static("idempotency-key");
/// Marks an answer that was given before.
pub(super) const REPLAYED: HeaderName = HeaderName::from_static("idempotency-replayed");

impl Call {
    fn accepted<T>(&self, parsed: Parsed<T>) -> Result<Input<T>, Failure> {
        self.flight
            .count(|figures| figures.unknown_fields += parsed.unknown_fields);
        parsed.input.map_err(Failure::Invalid)
    }

    fn event(&self, happened: Happened, car: &Car, now: Timestamp) -> CarEvent {
        let id = ids::derived(&self.flight.request_id, happened.detail_type());
        CarEvent::new(happened, car, &id, now, &self.flight.correlation_id)
    }

    fn write_id(&self) -> String {
        ids::derived(&self.flight.request_id, "change")
    }
}

/// The idempotency key, hashed together with what it is a key to and whose it is.
fn idempotency_key(headers: &HeaderMap, caller: &str) -> Result<Option<String>, Failure> {
    let Some(value) = headers.get(&IDEMPOTENCY_KEY) else {
        return Ok(None);
    };
    let text = value.to_str().unwrap_or_default().trim();
    // The header's specification makes it a quoted string; most clients send it bare.
    let text = text
        .strip_prefix('"')
        .and_then(|text| text.strip_suffix('"'))
        .unwrap_or(text);
    if (1..=LONGEST_KEY).contains(&text.len()) {
        return Ok(Some(format!(
            "{ONCE}{}",
            ids::digest(&[b"POST /cars", caller.as_bytes(), text.as_bytes()])
        )));
    }
    let message = format!("must be 1 to {LONGEST_KEY} visible ASCII characters");
    Err(Failure::Header {
        name: "Idempotency-Key",
        message,
    })
}

/// The versions that the client expects: those of `If-Match`, and the body's, which must agree.
///
/// # Errors
/// [`Failure::Header`] for a header that cannot be read: ignoring it would turn a guarded write into an unguarded
/// one. [`Failure::Stale`] when no version can match.
fn expected(headers: &HeaderMap, of_body: Option<u64>) -> Result<Option<Vec<u64>>, Failure> {
    let values = headers.get_all(IF_MATCH).iter().map(HeaderValue::to_str);
    let unreadable = || Failure::Header {
        name: "If-Match",
        message: "must be up to 10 tags in quotes, such as \"3\", or *".to_owned(),
    };
    let Ok(values) = values.collect::<Result<Vec<_>, _>>() else {
        return Err(unreadable());
    };
    let tags: Vec<_> = values
        .iter()
        .flat_map(|value| value.split(','))
        .map(str::trim)
        .collect();
    if tags.len() > MOST_TAGS {
        return Err(unreadable());
    }
    let mut expected = (!tags.is_empty() && !tags.contains(&"*")).then(|| {
        let version = |tag: &&str| {
            tag.strip_prefix('"')?
                .strip_suffix('"')?
                .parse::<u64>()
                .ok()
        };
        tags.iter().filter_map(version).collect::<Vec<_>>()
    });
    if let Some(version) = of_body {
        let versions = expected.get_or_insert_with(|| vec![version]);
        versions.retain(|expected| *expected == version);
    }
    if expected.as_ref().is_some_and(Vec::is_empty) {
        return Err(Failure::Stale);
    }
    Ok(expected)
}

/// Create a car
#[utoipa::path(
    post, path = "/cars", tag = "cars", request_body = NewCar,
    params(
        ("Idempotency-Key" = Option<String>, Header, description = "Makes a repetition by the same caller within 24 hours (30 days with respond-async) return the first answer"),
        ("Prefer" = Option<String>, Header, description = "respond-async: answer 202 once the request is valid and recorded, create the car later; a service without a queue ignores it. Send an Idempotency-Key with it: without one, a request that was answered 503 may have been accepted all the same, and its repetition creates a second car"),
    ),
    responses(
        (status = 201, description = "The car", body = CarDocument, headers(
            ("Location" = String, description = "The car's path"), ("ETag" = String, description = "The car's version, quoted"),
            ("Idempotency-Replayed" = bool, description = "true when this answer was given before"),
        )),
        (status = 202, description = "Accepted: the car will be created, or the status says why not", body = RequestDocument, headers(
            ("Location" = String, description = "The path of the request's status"), ("Preference-Applied" = String, description = "respond-async"),
            ("Idempotency-Replayed" = bool, description = "true when the request was accepted before"),
        )),
        (status = 400, description = "Malformed JSON or header", body = Problem, content_type = "application/problem+json"),
        (status = 409, description = "A car of this key exists", body = Problem, content_type = "application/problem+json"),
        (status = 413, description = "Body over 64 KB", body = Problem, content_type = "application/problem+json"),
        (status = 415, description = "Body is not JSON", body = Problem, content_type = "application/problem+json"),
        (status = 422, description = "Fields are not valid, or the key belongs to another body", body = Problem, content_type = "application/problem+json"),
        (status = 503, description = "Try again after Retry-After", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(super) async fn create(call: Call, request: Request<Body>) -> Result<Response, Failure> {
    let idempotency = idempotency_key(request.headers(), &call.flight.caller)?;
    let preferred = accept::is_preferred(request.headers());
    let object = body::object(request).await?;
    let input = call.accepted(Draft::parse(&object))?;
    let id = match input.car_id {
        Some(id) => id,
        // A UUID is a valid key.
        None => key(&ids::derived(&call.flight.request_id, "car"))?,
    };
    let asked = ids::digest(&[Value::Object(object).to_string().as_bytes()]);
    let now = call.deps().clock.now();
    let car = Car::create(id, input.fields, now);
    let origin = Origin {
        request_id: call.flight.request_id.clone(),
        correlation_id: call.flight.correlation_id.clone(),
    };
    let prefix = call.flight.prefix.clone();
    if let Some(backlog) = call.deps().backlog.as_ref().filter(|_| preferred) {
        let request_id = accept::request_id(&call, idempotency.as_deref());
        let creation = Creation {
            // Without a key of the client's the request's own: a message that comes twice creates once.
            key: idempotency.unwrap_or_else(|| format!("{ONCE}{request_id}")),
            request_id,
            origin,
            accepted_at: now,
            request: asked,
            prefix,
            synthetic: call.flight.synthetic,
            car,
        };
        return accept::accept(&call, backlog, creation).await;
    }
    let expires = now.saturating_add(KEY_LIFE).unwrap_or(Timestamp::MAX);
    let order = Order {
        car,
        origin,
        prefix,
        once: idempotency.map(|key| (key, asked, expires)),
    };
    let made = creation::make(&call, order).await?;
    if let Some(event) = made.event {
        call.publish(&[event]).await;
    }
    let mut response = answered(made.answer);
    if made.replayed {
        response
            .headers_mut()
            .insert(REPLAYED, HeaderValue::from_static("true"));
    }
    Ok(response)
}

fn answered(answer: Answer) -> Response {
    let status = StatusCode::from_u16(answer.status).unwrap_or(StatusCode::CREATED);
    let json = HeaderValue::from_static("application/json");
    let mut response = (status, [(CONTENT_TYPE, json)], answer.body).into_response();
    for (name, value) in [(LOCATION, answer.location), (ETAG, answer.etag)] {
        // Our own path and version are always a header's value.
        if let Ok(value) = HeaderValue::from_str(&value) {
            response.headers_mut().insert(name, value);
        }
    }
    response
}

async fn update(
    call: &Call,
    id: CarId,
    named: Option<&CarId>,
    changes: Changes,
    expected: Option<Vec<u64>>,
) -> Result<Response, Failure> {
    if named.is_some_and(|named| *named != id) {
        return Err(Failure::field(
            "car_id",
            "must be the key in the path, or be left out",
        ));
    }
    call.flight.is_about(&id);
    let now = call.deps().clock.now();
    let write_id = call.write_id();
    let write = Write {
        id: &write_id,
        expected: expected.as_deref(),
        now,
    };
    match call
        .stored(
            call.deps()
                .store
                .update(&id, &changes, write, &call.flight.meter),
        )
        .await?
    {
        Updated::Yes { car, was } => {
            call.flight.count(|figures| figures.updated += 1);
            let mut events = vec![call.event(Happened::Updated, &car, now)];
            if was != car.status {
                events.push(call.event(Happened::StatusChanged, &car, now));
            }
            call.publish(&events).await;
            Ok(tagged(StatusCode::OK, &car))
        }
        Updated::Absent => Err(Failure::NoCar),
        Updated::Stale => Err(Failure::Stale),
    }
}

async fn replacement(
    call: &Call,
    headers: &HeaderMap,
    object: &Map<String, Value>,
) -> Result<(Input<Draft>, Option<Vec<u64>>), Failure> {
    let input = call.accepted(Draft::parse(object))?;
    let expected = expected(headers, input.version)?;
    Ok((input, expected))
}

/// Replace a car: fields that are left out get their defaults
#[utoipa::path(
    put, path = "/cars/{car_id}", tag = "cars", request_body = NewCar,
    params(("car_id" = String, Path, description = "The car's key"), ("If-Match" = Option<String>, Header, description = "The ETag that the car must have")),
    responses(
        (status = 200, description = "The car", body = CarDocument, headers(("ETag" = String, description = "The car's version, quoted"))),
        (status = 400, description = "Malformed JSON", body = Problem, content_type = "application/problem+json"),
        (status = 404, description = "No such car", body = Problem, content_type = "application/problem+json"),
        (status = 412, description = "The car has another version", body = Problem, content_type = "application/problem+json"),
        (status = 422, description = "Fields are not valid", body = Problem, content_type = "application/problem+json"),
        (status = 503, description = "Try again after Retry-After", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(super) async fn replace(
    call: Call,
    Segment(id): Segment,
    request: Request<Body>,
) -> Result<Response, Failure> {
    let id = key(&id)?;
    let headers = request.headers().clone();
    let object = body::object(request).await?;
    let (input, expected) = replacement(&call, &headers, &object).await?;
    update(
        &call,
        id,
        input.car_id.as_ref(),
        input.fields.into(),
        expected,
    )
    .await
}

/// Replace the car that the body names
#[utoipa::path(
    put, path = "/cars", tag = "cars", request_body = ReplacedCar,
    params(("If-Match" = Option<String>, Header, description = "The ETag that the car must have")),
    responses(
        (status = 200, description = "The car", body = CarDocument, headers(("ETag" = String, description = "The car's version, quoted"))),
        (status = 404, description = "No such car", body = Problem, content_type = "application/problem+json"),
        (status = 412, description = "The car has another version", body = Problem, content_type = "application/problem+json"),
        (status = 422, description = "Fields are not valid", body = Problem, content_type = "application/problem+json"),
        (status = 503, description = "Try again after Retry-After", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(super) async fn replace_named(call: Call, request: Request<Body>) -> Result<Response, Failure> {
    let headers = request.headers().clone();
    let object = body::object(request).await?;
    let (input, expected) = replacement(&call, &headers, &object).await?;
    let id = input
        .car_id
        .ok_or_else(|| Failure::field("car_id", "is required: it names the car to replace"))?;
    update(&call, id, None, input.fields.into(), expected).await
}

/// Change some fields of a car
#[utoipa::path(
    patch, path = "/cars/{car_id}", tag = "cars", request_body = CarChanges,
    params(("car_id" = String, Path, description = "The car's key"), ("If-Match" = Option<String>, Header, description = "The ETag that the car must have")),
    responses(
        (status = 200, description = "The car", body = CarDocument, headers(("ETag" = String, description = "The car's version, quoted"))),
        (status = 400, description = "Malformed JSON", body = Problem, content_type = "application/problem+json"),
        (status = 404, description = "No such car", body = Problem, content_type = "application/problem+json"),
        (status = 412, description = "The car has another version", body = Problem, content_type = "application/problem+json"),
        (status = 422, description = "Fields are not valid", body = Problem, content_type = "application/problem+json"),
        (status = 503, description = "Try again after Retry-After", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(super) async fn change(
    call: Call,
    Segment(id): Segment,
    request: Request<Body>,
) -> Result<Response, Failure> {
    let id = key(&id)?;
    let headers = request.headers().clone();
    let object = body::object(request).await?;
    let input = call.accepted(Changes::parse(&object))?;
    let expected = expected(&headers, input.version)?;
    update(&call, id, input.car_id.as_ref(), input.fields, expected).await
}

/// Delete a car
#[utoipa::path(
    delete, path = "/cars/{car_id}", tag = "cars",
    params(("car_id" = String, Path, description = "The car's key"), ("If-Match" = Option<String>, Header, description = "The ETag that the car must have")),
    responses(
        (status = 204, description = "It is gone"),
        (status = 404, description = "No such car", body = Problem, content_type = "application/problem+json"),
        (status = 412, description = "The car has another version", body = Problem, content_type = "application/problem+json"),
        (status = 503, description = "Try again after Retry-After", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(super) async fn delete(
    call: Call,
    Segment(id): Segment,
    headers: HeaderMap,
) -> Result<Response, Failure> {
    let id = key(&id)?;
    let expected = expected(&headers, None)?;
    call.flight.is_about(&id);
    let now = call.deps().clock.now();
    let write_id = call.write_id();
    let write = Write {
        id: &write_id,
        expected: expected.as_deref(),
        now,
    };
    match call
        .stored(call.deps().store.delete(&id, write, &call.flight.meter))
        .await?
    {
        Deleted::Yes(car) => {
            call.flight.count(|figures| figures.deleted += 1);
            call.publish(&[call.event(Happened::Deleted, &car, now)])
                .await;
            Ok(StatusCode::NO_CONTENT.into_response())
        }
        Deleted::Absent => Err(Failure::NoCar),
        Deleted::Stale => Err(Failure::Stale),
    }
}
