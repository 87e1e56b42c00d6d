//! From a request's body to a JSON object.

use axum::body::Body;
use http::header::{CONTENT_LENGTH, CONTENT_TYPE};
use http::{HeaderMap, Request};
use http_body_util::{BodyExt, LengthLimitError, Limited};
use serde_json::{Map, Value};

use crate::problem::Failure;

/// Largest body, in bytes. A car has less than 1 KB.
pub const LARGEST_BODY: usize = 64 * 1024;

/// The body's object.
///
/// # Errors
/// A body that is too large, said to be no JSON, not JSON, or no object.
pub(super) async fn object(request: Request<Body>) -> Result<Map<String, Value>, Failure> {
    let (parts, body) = request.into_parts();
    let declared = parts
        .headers
        .get(CONTENT_LENGTH)
        .and_then(|length| length.to_str().ok()?.parse::<usize>().ok());
    if declared.is_some_and(|length| length > LARGEST_BODY) {
        return Err(Failure::TooLarge);
    }
    if !is_json(&parts.headers) {
        return Err(Failure::MediaType);
    }
    let bytes = Limited::new(body, LARGEST_BODY)
        .collect()
        .await
        .map_err(|error| {
            if error.is::<LengthLimitError>() {
                Failure::TooLarge
            } else {
                Failure::Unread(error.to_string())
            }
        })?;
    match serde_json::from_slice(&bytes.to_bytes()) {
        Ok(Value::Object(object)) => Ok(object),
        Ok(_) => Err(Failure::field("body", "must be a JSON object")),
        Err(error) => {
            let text = error.to_string();
            let message = text
                .split(" at line ")
                .next()
                .unwrap_or("not JSON")
                .to_owned();
            Err(Failure::Malformed {
                message,
                line: error.line(),
                column: error.column(),
            })
        }
    }
}

/// JSON by its media type; a client that names none (the service's first clients) is taken to send JSON.
fn is_json(headers: &HeaderMap) -> bool {
    let Some(value) = headers.get(CONTENT_TYPE) else {
        return true;
    };
    let essence = value
        .to_str()
        .unwrap_or_default()
        .split(';')
        .next()
        .unwrap_or_default()
        .trim()
        .to_ascii_lowercase();
    essence == "application/json"
        || (essence.starts_with("application/") && essence.ends_with("+json"))
}
