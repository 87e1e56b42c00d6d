//! Why a request was not answered with what it asked for, and how the client is told: RFC 9457 problem documents.
//!
//! The one place where errors become HTTP. A client reads what it did wrong or when to come back; what went wrong
//! inside is in the [`Failure`]'s own text, which only the log sees.

use axum::response::{IntoResponse, Response};
use http::header::{CONTENT_TYPE, RETRY_AFTER};
use http::{HeaderValue, StatusCode};
use serde::Serialize;

use crate::car::FieldError;
use crate::fault::UnknownFault;
use crate::queue::QueueError;
use crate::store::{BadCursor, StoreError};

/// Seconds after which a client may try again. A throttled table and a broken connection both recover within
/// seconds, and the client's own backoff adds to it.
pub const RETRY_AFTER_SECONDS: u32 = 1;

/// Why a request failed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Failure {
    /// No such path.
    #[error("no such path")]
    NoRoute,
    /// The path does not know the method.
    #[error("method not allowed")]
    NoMethod,
    /// The path is no text.
    #[error("a part of the path is not UTF-8")]
    Path,
    /// No car of that key.
    #[error("no such car")]
    NoCar,
    /// No accepted request of that id.
    #[error("no such request")]
    NoRequest,
    /// The body is no JSON.
    #[error("body is no JSON: {message}, line {line}, column {column}")]
    Malformed {
        /// What the parser says, without its position.
        message: String,
        /// Line of the first byte that cannot be, counted from 1.
        line: usize,
        /// Column of that byte, counted from 1; 0 at the end of an empty body.
        column: usize,
    },
    /// The body stopped arriving.
    #[error("body could not be read: {0}")]
    Unread(String),
    /// The body is larger than [`crate::routes::LARGEST_BODY`].
    #[error("body is too large")]
    TooLarge,
    /// The body is said to be something other than JSON.
    #[error("content type is not JSON")]
    MediaType,
    /// Fields or parameters are wrong.
    #[error("{} field(s) are wrong: {}", .0.len(), .0.iter().map(|error| error.field).collect::<Vec<_>>().join(", "))]
    Invalid(Vec<FieldError>),
    /// The cursor is not good.
    #[error("{0}")]
    Cursor(#[from] BadCursor),
    /// A header means nothing.
    #[error("header {name} {message}")]
    Header {
        /// Its name.
        name: &'static str,
        /// What it must be.
        message: String,
    },
    /// The fault header means nothing.
    #[error("{0}")]
    Fault(#[from] UnknownFault),
    /// A car of that key exists.
    #[error("the car exists")]
    Duplicate,
    /// The car has changed since the client read it.
    #[error("the car has another version")]
    Stale,
    /// The idempotency key was used for another request.
    #[error("the idempotency key belongs to another request")]
    KeyReused,
    /// The store failed.
    #[error("{0}")]
    Store(#[from] StoreError),
    /// The queue failed.
    #[error("{0}")]
    Queue(#[from] QueueError),
    /// A throttle was asked for.
    #[error("injected fault: throttle")]
    InjectedThrottle,
    /// An error was asked for.
    #[error("injected fault: error")]
    InjectedError,
}

struct Public {
    status: StatusCode,
    slug: &'static str,
    title: &'static str,
    detail: String,
}

fn public(
    status: StatusCode,
    slug: &'static str,
    title: &'static str,
    detail: impl Into<String>,
) -> Public {
    Public {
        status,
        slug,
        title,
        detail: detail.into(),
    }
}

impl Failure {
    /// A failure that names one field.
    #[must_use]
    pub fn field(field: &'static str, message: impl Into<String>) -> Self {
        Self::Invalid(vec![FieldError {
            field,
            message: message.into(),
        }])
    }

    /// Whether the same request may succeed later.
    #[must_use]
    pub fn is_retryable(&self) -> bool {
        match self {
            Self::Store(error) => error.is_retryable(),
            Self::Queue(error) => error.is_retryable(),
            Self::InjectedThrottle => true,
            _ => false,
        }
    }

    /// Whether a dependency had no capacity left.
    #[must_use]
    pub fn is_throttle(&self) -> bool {
        matches!(
            self,
            Self::InjectedThrottle | Self::Store(StoreError::Throttled { .. })
        )
    }

    /// Whether validation refused the request.
    #[must_use]
    pub fn is_validation(&self) -> bool {
        matches!(
            self,
            Self::Malformed { .. }
                | Self::Path
                | Self::TooLarge
                | Self::MediaType
                | Self::Invalid(_)
                | Self::Cursor(_)
                | Self::Header { .. }
        )
    }

    /// A short word for logs and metrics.
    #[must_use]
    pub fn class(&self) -> &'static str {
        self.public().slug
    }

    /// The HTTP status.
    #[must_use]
    pub fn status(&self) -> StatusCode {
        self.public().status
    }

    fn public(&self) -> Public {
        match self {
            Self::NoRoute => public(
                StatusCode::NOT_FOUND,
                "no-such-path",
                "No such path",
                "See /openapi.json for the paths there are.",
            ),
            Self::NoMethod => public(
                StatusCode::METHOD_NOT_ALLOWED,
                "method-not-allowed",
                "Method not allowed",
                "See the Allow header for the methods of this path.",
            ),
            Self::Path => public(
                StatusCode::BAD_REQUEST,
                "bad-path",
                "The path is not valid",
                "Percent-encode UTF-8; see /openapi.json for the paths there are.",
            ),
            Self::NoRequest => public(
                StatusCode::NOT_FOUND,
                "no-such-request",
                "No such request",
                "No request of this id was accepted in the last 30 days.",
            ),
            Self::NoCar => public(
                StatusCode::NOT_FOUND,
                "no-such-car",
                "No such car",
                "There is no car with this car_id.",
            ),
            Self::Malformed {
                message,
                line,
                column,
            } => public(
                StatusCode::BAD_REQUEST,
                "malformed-json",
                "The body is not valid JSON",
                format!("{message} at line {line}, column {column}"),
            ),
            Self::Unread(_) => public(
                StatusCode::BAD_REQUEST,
                "unreadable-body",
                "The body could not be read",
                "Send the request again.",
            ),
            Self::TooLarge => public(
                StatusCode::PAYLOAD_TOO_LARGE,
                "body-too-large",
                "The body is too large",
                format!(
                    "A body may have at most {} bytes.",
                    crate::routes::LARGEST_BODY
                ),
            ),
            Self::MediaType => public(
                StatusCode::UNSUPPORTED_MEDIA_TYPE,
                "unsupported-media-type",
                "The body's type is not supported",
                "Send Content-Type: application/json.",
            ),
            Self::Invalid(_) => public(
                StatusCode::UNPROCESSABLE_ENTITY,
                "invalid-fields",
                "Some fields are not valid",
                "See errors for each field and what it must be.",
            ),
            Self::Cursor(error) => public(
                StatusCode::BAD_REQUEST,
                "bad-cursor",
                "The cursor is not valid",
                error.to_string(),
            ),
            Self::Header { name, message } => public(
                StatusCode::BAD_REQUEST,
                "bad-header",
                "A header is not valid",
                format!("{name} {message}"),
            ),
            Self::Fault(error) => public(
                StatusCode::BAD_REQUEST,
                "bad-header",
                "A header is not valid",
                error.to_string(),
            ),
            Self::Duplicate => public(
                StatusCode::CONFLICT,
                "duplicate-car",
                "The car exists",
                "A car with this car_id exists; update it with PUT.",
            ),
            Self::Stale => public(
                StatusCode::PRECONDITION_FAILED,
                "stale-version",
                "The car has changed",
                "Read the car again and repeat the change with its new ETag.",
            ),
            Self::KeyReused => public(
                StatusCode::UNPROCESSABLE_ENTITY,
                "idempotency-key-reused",
                "The idempotency key was used before",
                "This Idempotency-Key was sent with another body; use a new one for a new request.",
            ),
            Self::Store(StoreError::Throttled { .. }) | Self::InjectedThrottle => public(
                StatusCode::SERVICE_UNAVAILABLE,
                "throttled",
                "Too many requests at this moment",
                "Nothing was changed; try again after Retry-After.",
            ),
            Self::Store(StoreError::Unavailable { .. })
            | Self::Queue(QueueError::Unavailable { .. }) => public(
                StatusCode::SERVICE_UNAVAILABLE,
                "unavailable",
                "The service cannot answer at this moment",
                "Try again after Retry-After, with the same Idempotency-Key or version.",
            ),
            Self::Store(StoreError::Refused { .. })
            | Self::Queue(QueueError::Refused { .. })
            | Self::InjectedError => public(
                StatusCode::INTERNAL_SERVER_ERROR,
                "internal-error",
                "The service failed",
                "Quote the correlation_id when you report this.",
            ),
        }
    }

    /// Whether it says something of the request that another attempt will not change.
    #[must_use]
    pub fn is_final(&self) -> bool {
        matches!(self, Self::Duplicate | Self::KeyReused)
    }

    /// The problem document, JSON.
    #[must_use]
    pub fn document(&self, instance: &str, correlation_id: &str) -> String {
        let Public {
            status,
            slug,
            title,
            detail,
        } = self.public();
        let errors = match self {
            Self::Invalid(errors) => errors
                .iter()
                .map(|error| Field {
                    field: error.field,
                    message: &error.message,
                })
                .collect(),
            _ => Vec::new(),
        };
        let problem = Problem {
            r#type: format!("urn:acm:problem:{slug}"),
            title,
            status: status.as_u16(),
            detail: &detail,
            instance,
            correlation_id,
            errors,
        };
        // A struct of texts and numbers always becomes JSON.
        serde_json::to_string(&problem).unwrap_or_default()
    }

    /// The response with the problem document.
    #[must_use]
    pub fn render(&self, instance: &str, correlation_id: &str) -> Response {
        let mut response = (self.status(), self.document(instance, correlation_id)).into_response();
        response.headers_mut().insert(
            CONTENT_TYPE,
            HeaderValue::from_static("application/problem+json"),
        );
        if self.is_retryable() {
            response
                .headers_mut()
                .insert(RETRY_AFTER, HeaderValue::from(RETRY_AFTER_SECONDS));
        }
        response
    }
}

/// An RFC 9457 problem.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct Problem<'a> {
    /// What kind of problem, as a URN that does not change.
    r#type: String,
    /// The kind in words.
    title: &'a str,
    /// The HTTP status.
    status: u16,
    /// What to do about it.
    detail: &'a str,
    /// The path of the request.
    instance: &'a str,
    /// Names this request in the service's logs.
    correlation_id: &'a str,
    /// Each field that is wrong.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    errors: Vec<Field<'a>>,
}

/// One field that is wrong.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct Field<'a> {
    /// Its name.
    field: &'a str,
    /// What it must be.
    message: &'a str,
}

impl IntoResponse for Failure {
    /// A response that carries the failure; [`crate::observe`] renders it, because the document names the request.
    fn into_response(self) -> Response {
        let mut response = self.status().into_response();
        response.extensions_mut().insert(self);
        response
    }
}
