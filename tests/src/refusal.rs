//! A stand-in for any service that says no: nobody gave the function this permission.

use axum::Router;
use axum::http::StatusCode;

use crate::listener::Listener;

/// Refuses every call, for good: a client that would try again could not change it.
pub async fn start() -> Listener {
    Listener::serve(Router::new().fallback(async || (StatusCode::FORBIDDEN, "AccessDenied"))).await
}
