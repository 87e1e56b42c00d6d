//! The CloudWatch Logs arrow: answers `FilterLogEvents` from the journal, over the wire that the SDK speaks.
//!
//! Filter patterns are understood as far as this system writes them (see [`pattern`]); another one is refused as the
//! service refuses a pattern it cannot read, so that a pattern which only works here cannot be written.

use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use serde::Deserialize;
use serde_json::{Value, json};
use signals::Minute;

use super::journal::Journal;
use super::server::Server;

mod pattern;

use pattern::Pattern;

/// Events of a page, unless the request wants fewer (API reference, `FilterLogEvents`).
const PAGE: usize = 10_000;

#[derive(Debug)]
struct Logs {
    log_group: String,
    journal: Arc<Journal>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Request {
    #[serde(alias = "logGroupIdentifier")]
    log_group_name: String,
    start_time: Option<i64>,
    end_time: Option<i64>,
    filter_pattern: Option<String>,
    next_token: Option<String>,
    limit: Option<usize>,
}

/// Starts the arrow for the log group of a journal.
///
/// # Errors
/// No free port.
pub(crate) async fn start(log_group: &str, journal: Arc<Journal>) -> anyhow::Result<Server> {
    let logs = Arc::new(Logs {
        log_group: log_group.to_owned(),
        journal,
    });
    let router = axum::Router::new()
        .route("/", post(answer))
        .with_state(logs);
    Server::router(0, router).await
}

async fn answer(State(logs): State<Arc<Logs>>, headers: HeaderMap, body: Bytes) -> Response {
    let target = headers
        .get("x-amz-target")
        .and_then(|target| target.to_str().ok());
    if target != Some("Logs_20140328.FilterLogEvents") {
        return refusal(
            "UnknownOperationException",
            "this arrow only filters log events",
        );
    }
    let request: Request = match serde_json::from_slice(&body) {
        Ok(request) => request,
        Err(error) => return refusal("SerializationException", &error.to_string()),
    };
    if request.log_group_name != logs.log_group {
        return refusal(
            "ResourceNotFoundException",
            "The specified log group does not exist.",
        );
    }
    match logs.find(&request) {
        Ok(page) => json_of(StatusCode::OK, &page),
        Err(Refused::Pattern(why)) => refusal("InvalidParameterException", &why),
        Err(Refused::Journal(error)) => json_of(
            StatusCode::INTERNAL_SERVER_ERROR,
            &json!({"__type": "ServiceUnavailableException", "message": format!("{error:#}")}),
        ),
    }
}

enum Refused {
    /// A pattern or token that is none.
    Pattern(String),
    /// A journal that cannot be read.
    Journal(anyhow::Error),
}

impl Logs {
    fn find(&self, request: &Request) -> Result<Value, Refused> {
        let pattern = Pattern::parse(request.filter_pattern.as_deref().unwrap_or_default())
            .map_err(Refused::Pattern)?;
        // A token is the number of events that earlier pages had: the journal only grows at its end.
        let skipped: usize = match &request.next_token {
            None => 0,
            Some(token) => token.parse().map_err(|_| {
                Refused::Pattern(format!("The specified nextToken is invalid: {token}"))
            })?,
        };
        let limit = request.limit.unwrap_or(PAGE).clamp(1, PAGE);
        let from = request.start_time.unwrap_or(0);
        // Included, as theirs is.
        let to = request.end_time.unwrap_or(i64::MAX);
        let mut events = Vec::new();
        let mut more = false;
        let mut seen = 0;
        // An invocation is filed in the minute of its request, and its last lines may be of the next one.
        let first = Minute::from_millis(from).plus(-1);
        let minutes = self.journal.minutes().map_err(Refused::Journal)?;
        'minutes: for minute in minutes.into_iter().filter(|minute| *minute >= first) {
            if minute.start_millis() > to {
                break;
            }
            for entry in self
                .journal
                .read(minute)
                .map_err(Refused::Journal)?
                .into_values()
            {
                for event in entry.events {
                    let is_in = (from..=to).contains(&event.timestamp);
                    if !is_in || !pattern.matches(&event.message) {
                        continue;
                    }
                    seen += 1;
                    if seen <= skipped {
                        continue;
                    }
                    if events.len() == limit {
                        more = true;
                        break 'minutes;
                    }
                    events.push(json!({
                        "eventId": event.id,
                        "logStreamName": "local",
                        "timestamp": event.timestamp,
                        "ingestionTime": event.timestamp,
                        "message": event.message,
                    }));
                }
            }
        }
        let mut page = json!({ "events": events, "searchedLogStreams": [] });
        if more {
            page["nextToken"] = json!((skipped + events.len()).to_string());
        }
        Ok(page)
    }
}

fn refusal(kind: &str, message: &str) -> Response {
    json_of(
        StatusCode::BAD_REQUEST,
        &json!({"__type": kind, "message": message}),
    )
}

fn json_of(status: StatusCode, body: &Value) -> Response {
    (
        status,
        [(header::CONTENT_TYPE, "application/x-amz-json-1.1")],
        body.to_string(),
    )
        .into_response()
}

#[cfg(test)]
mod tests;
