//! The wire formats of API Gateway (REST v1, HTTP v2) and Function URLs: an event's JSON in, a response's JSON out.
//!
//! On Lambda `lambda_http::run` does this. [`handle`] does the same for one event, so that a local gateway and tests
//! go through the very formats that AWS uses.

use std::convert::Infallible;
use std::future::{Future, poll_fn};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::task::Poll;

use axum::Router;
use axum::extract::Request;
use http::Uri;
use http::uri::PathAndQuery;
use http_body_util::{BodyExt, Collected};
use lambda_http::request::{LambdaRequest, RequestContext};
use lambda_http::{Adapter, Body, Context, LambdaEvent, RequestExt, Service};
use tower::ServiceExt;

/// Why an invocation ended without a response.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvocationError {
    /// The event is none that a gateway sends.
    #[error("the event is no API Gateway or Function URL event: {0}")]
    Event(String),
    /// The function crashed. On Lambda this counts in `Errors`, and the gateway answers 502.
    #[error("the function crashed: {0}")]
    Crashed(String),
    /// The response is no JSON, which cannot be.
    #[error("the response could not be written: {0}")]
    Response(String),
}

impl InvocationError {
    /// The same event ends the same way, except that a crash may have been a one-off.
    #[must_use]
    pub fn is_retryable(&self) -> bool {
        matches!(self, Self::Crashed(_))
    }
}

/// Runs one event through the service, as Lambda would.
///
/// # Errors
/// Whatever makes an invocation fail.
pub async fn handle(
    event: &str,
    context: Context,
    router: &Router,
) -> Result<String, InvocationError> {
    let payload: LambdaRequest =
        serde_json::from_str(event).map_err(|error| InvocationError::Event(error.to_string()))?;
    // A body that is whole may cross threads with the response; axum's own may not.
    let mut adapter = Adapter::from(ServiceExt::<lambda_http::Request>::and_then(
        router.clone(),
        whole,
    ));
    let mut answer = Box::pin(adapter.call(LambdaEvent { payload, context }));
    // As the Lambda runtime does: a crash ends the invocation, not the caller.
    let answered =
        poll_fn(
            |task| match catch_unwind(AssertUnwindSafe(|| answer.as_mut().poll(task))) {
                Ok(poll) => poll.map(Ok),
                Err(panic) => Poll::Ready(Err(panic)),
            },
        );
    match answered.await {
        Ok(Ok(response)) => serde_json::to_string(&response)
            .map_err(|error| InvocationError::Response(error.to_string())),
        Ok(Err(never)) => match never {},
        Err(panic) => {
            let text = panic.downcast_ref::<&str>().map(|text| (*text).to_owned());
            let text = text.or_else(|| panic.downcast_ref::<String>().cloned());
            Err(InvocationError::Crashed(
                text.unwrap_or_else(|| "a panic without a text".to_owned()),
            ))
        }
    }
}

async fn whole(response: axum::response::Response) -> Result<http::Response<Body>, Infallible> {
    let (parts, body) = response.into_parts();
    // The service's own bodies are in memory already and cannot fail.
    let bytes = body
        .collect()
        .await
        .map(Collected::to_bytes)
        .unwrap_or_default();
    let body = String::from_utf8(bytes.into())
        .map_or_else(|error| Body::from(error.into_bytes()), Body::from);
    Ok(http::Response::from_parts(parts, body))
}

/// Takes the stage off the request's path, so that routes are the same on every stage; returns it for links.
///
/// `lambda_http` puts the stage of a REST API in front of the path; an HTTP API with a named stage sends it in
/// front. A REST API's own path may begin with a word that is also its stage's name, and keeps it.
pub fn strip_stage(request: &mut Request) -> String {
    let stage = match request.extensions().get::<RequestContext>() {
        Some(RequestContext::ApiGatewayV1(context)) => {
            let stage = context.stage.clone();
            stage.filter(|stage| !request.raw_http_path().starts_with(&format!("/{stage}/")))
        }
        Some(RequestContext::ApiGatewayV2(context)) => {
            context.stage.clone().filter(|stage| stage != "$default")
        }
        _ => None,
    };
    let Some(stage) = stage else {
        return String::new();
    };
    let prefix = format!("/{stage}");
    let uri = request.uri();
    let Some(rest) = uri
        .path()
        .strip_prefix(&prefix)
        .filter(|rest| rest.is_empty() || rest.starts_with('/'))
    else {
        return String::new();
    };
    let rest = if rest.is_empty() { "/" } else { rest };
    let path = uri
        .query()
        .map_or_else(|| rest.to_owned(), |query| format!("{rest}?{query}"));
    let mut parts = uri.clone().into_parts();
    // A part of a valid path, from a slash on, is a valid path.
    if let Ok(path) = path.parse::<PathAndQuery>() {
        parts.path_and_query = Some(path);
        if let Ok(uri) = Uri::from_parts(parts) {
            *request.uri_mut() = uri;
            return prefix;
        }
    }
    String::new()
}
