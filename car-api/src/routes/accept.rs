//! `Prefer: respond-async` (RFC 7240): a creation is accepted now and happens later.
//!
//! The record is written first, then the message is queued, then the client is told. The other way round the work could
//! be done before there is a record, and *accepted* would be written over its outcome. A crash after the record leaves
//! one that nobody was told of: it expires, and a repetition with the same `Idempotency-Key` finds it and queues its
//! message again. The message is in the record, so that the repetition creates the very car that was accepted.

use axum::Json;
use axum::response::{IntoResponse, Response};
use http::header::LOCATION;
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode};

use super::Call;
use super::status::RequestDocument;
use super::write::REPLAYED;
use crate::Backlog;
use crate::ids;
use crate::problem::Failure;
use crate::queue::{Creation, Work};
use crate::requests::{Acceptance, Record, State};

const PREFER: HeaderName = HeaderName::from_static("prefer");
const APPLIED: HeaderName = HeaderName::from_static("preference-applied");
const RESPOND_ASYNC: &str = "respond-async";

/// Whether the client would rather not wait. A header that cannot be read asks for nothing: a preference is never an
/// error.
pub(super) fn is_preferred(headers: &HeaderMap) -> bool {
    let values = headers
        .get_all(PREFER)
        .iter()
        .filter_map(|value| value.to_str().ok());
    values.flat_map(|value| value.split(',')).any(|preference| {
        let name = preference.split([';', '=']).next().unwrap_or_default();
        name.trim().eq_ignore_ascii_case(RESPOND_ASYNC)
    })
}

/// The id of the status link: the same for a repetition under the same key, or of the same invocation. The key is hashed
/// together with its caller, so that nobody gets at another caller's link by guessing keys.
pub(super) fn request_id(call: &Call, key: Option<&str>) -> String {
    ids::derived(key.unwrap_or(&call.flight.request_id), "accepted")
}

/// Records and queues a creation whose every field is valid.
pub(super) async fn accept(
    call: &Call,
    backlog: &Backlog,
    creation: Creation,
) -> Result<Response, Failure> {
    let asked = Record {
        request_id: creation.request_id.clone(),
        request: creation.request.clone(),
        car_id: creation.car.car_id.clone(),
        accepted_at: creation.accepted_at,
        finished_at: None,
        state: State::Accepted,
        caller: call.flight.caller.clone(),
        message: Some(Work::Create(Box::new(creation)).encode()),
    };
    let accepted = call
        .stored(backlog.requests.accept(&asked, &call.flight.meter))
        .await?;
    let (record, replayed) = match accepted {
        Acceptance::New => (asked, false),
        Acceptance::Known(known) if known.request != asked.request => {
            return Err(Failure::KeyReused);
        }
        // An own first attempt whose answer was lost is no repetition.
        Acceptance::Known(known) => {
            let own = known.message == asked.message;
            (*known, !own)
        }
    };
    call.flight.is_about(&record.car_id);
    if let Some(message) = record
        .message
        .as_deref()
        .filter(|_| record.state == State::Accepted)
    {
        call.queued(message).await?;
    }
    if !replayed {
        call.flight.count(|figures| figures.accepted += 1);
    }
    let prefix = &call.flight.prefix;
    let link = format!("{prefix}/requests/{}", record.request_id);
    let body = Json(RequestDocument::of(&record, prefix));
    let applied = HeaderValue::from_static(RESPOND_ASYNC);
    let mut response = (StatusCode::ACCEPTED, [(APPLIED, applied)], body).into_response();
    // Our own path is always a header's value.
    if let Ok(link) = HeaderValue::from_str(&link) {
        response.headers_mut().insert(LOCATION, link);
    }
    if replayed {
        response
            .headers_mut()
            .insert(REPLAYED, HeaderValue::from_static("true"));
    }
    Ok(response)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_preference_itself_asks_for_an_answer_before_the_work() {
        let cases = [
            ("alone", vec!["respond-async"], true),
            ("in capitals", vec!["Respond-Async"], true),
            ("among others", vec!["wait=10, respond-async"], true),
            ("with a parameter", vec!["respond-async; foo=bar"], true),
            ("with an empty value", vec!["respond-async=\"\""], true),
            (
                "in a second header",
                vec!["return=minimal", "respond-async"],
                true,
            ),
            ("another one", vec!["return=minimal"], false),
            ("a longer word", vec!["respond-asynchronously"], false),
            ("as a parameter", vec!["foo; respond-async"], false),
            ("not text", vec!["respond-async\u{e9}"], false),
            ("nothing", vec![], false),
        ];
        for (rule, values, expected) in cases {
            let mut headers = HeaderMap::new();
            for value in values {
                let value = HeaderValue::from_bytes(value.as_bytes()).unwrap();
                headers.append(PREFER, value);
            }
            assert_eq!(is_preferred(&headers), expected, "{rule}");
        }
    }
}
