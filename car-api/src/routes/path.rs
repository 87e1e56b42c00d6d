//! What a path names. A path that is no text is a problem like any other.

use axum::extract::{FromRequestParts, Path};
use axum::http::request::Parts;

use crate::problem::Failure;

/// The one variable segment of the path, percent-decoded.
#[derive(Debug)]
pub(super) struct Segment(pub(super) String);

impl<S: Send + Sync> FromRequestParts<S> for Segment {
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Failure> {
        Path::from_request_parts(parts, state)
            .await
            .map(|Path(segment)| Self(segment))
            .map_err(|_| Failure::Path)
    }
}
