//! The wire formats of API Gateway (REST v1, HTTP v2) and Function URLs: an event's JSON in, a response's JSON out.
//!
//! [`handle`] does for one event what `lambda_http::run` does for all, so that the function can take events of a queue
//! too, and a local gateway and tests go through the very formats that AWS uses.

use std::convert::Infallible;

use axum::Router;
use axum::extract::Request;
use http::Uri;
use http::uri::PathAndQuery;
use http_body_util::{BodyExt, Collected};
use lambda_http::aws_lambda_events::apigw::ApiGatewayRequestAuthorizer;
use lambda_http::lambda_runtime::Diagnostic;
use lambda_http::request::{LambdaRequest, RequestContext};
use lambda_http::{Adapter, Body, Context, LambdaEvent, RequestExt, Service};
use serde_json::Value;
use serde_json::value::{RawValue, to_raw_value};
use tower::ServiceExt;

use crate::ids;

/// The API id that the pre-traffic hook gives its events. AWS sets it for every client of an API, so only who may invoke
/// the function itself can say this.
pub const PRE_TRAFFIC: &str = "outrider-pre-traffic";

/// Why an invocation ended without a response.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvocationError {
    /// The event is none that a gateway sends.
    #[error("the event is no API Gateway, Function URL or SQS event: {0}")]
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

impl From<InvocationError> for Diagnostic {
    fn from(error: InvocationError) -> Self {
        let error_type = match error {
            InvocationError::Event(_) => "CarApi.Event",
            InvocationError::Crashed(_) => "CarApi.Crashed",
            InvocationError::Response(_) => "CarApi.Response",
        };
        Self {
            error_type: error_type.to_owned(),
            error_message: error.to_string(),
        }
    }
}

/// Runs one event through the service, as Lambda would.
///
/// # Errors
/// An event that is none of a gateway.
pub async fn handle(
    event: &str,
    context: Context,
    router: &Router,
) -> Result<Box<RawValue>, InvocationError> {
    let payload: LambdaRequest =
        serde_json::from_str(event).map_err(|error| InvocationError::Event(error.to_string()))?;
    // A body that is whole may cross threads with the response; axum's own may not.
    let mut adapter = Adapter::from(ServiceExt::<lambda_http::Request>::and_then(
        router.clone(),
        whole,
    ));
    match adapter.call(LambdaEvent { payload, context }).await {
        Ok(response) => {
            to_raw_value(&response).map_err(|error| InvocationError::Response(error.to_string()))
        }
        Err(never) => match never {},
    }
}

/// Whether the request only tries this version out.
#[must_use]
pub fn is_pre_traffic(request: &Request) -> bool {
    let context = request.extensions().get::<RequestContext>();
    matches!(context, Some(RequestContext::ApiGatewayV2(context)) if context.apiid.as_deref() == Some(PRE_TRAFFIC))
}

/// Who asks, as the gateway's authorizer has found out, hashed; empty when nothing authorizes, as locally.
///
/// Idempotency keys and status links belong to their caller. Sessions of one role are one caller: the SDKs name a session
/// anew with each process and each renewal, and a client must find its own requests again after a restart.
#[must_use]
pub fn caller(request: &Request) -> String {
    let name = match request.extensions().get::<RequestContext>() {
        Some(RequestContext::ApiGatewayV1(context)) => {
            let arn = context.identity.user_arn.as_deref();
            arn.map(role_of).or_else(|| custom(&context.authorizer))
        }
        Some(RequestContext::ApiGatewayV2(context)) => {
            context.authorizer.as_ref().and_then(|who| {
                let subject = who.jwt.as_ref().and_then(|jwt| jwt.claims.get("sub"));
                let arn = who.iam.as_ref().and_then(|iam| iam.user_arn.as_deref());
                let subject = subject.map(|subject| ("sub", subject.as_str()));
                subject.or(arn.map(role_of)).or_else(|| custom(who))
            })
        }
        _ => None,
    };
    let name = name.filter(|(_, name)| !name.is_empty());
    name.map_or_else(String::new, |(kind, name)| {
        ids::digest(&[b"caller", kind.as_bytes(), name.as_bytes()])
    })
}

/// What a Lambda authorizer, or one of Cognito user pools, says.
fn custom(who: &ApiGatewayRequestAuthorizer) -> Option<(&'static str, &str)> {
    let principal = who.fields.get("principalId").and_then(Value::as_str);
    let subject = who
        .fields
        .get("claims")
        .and_then(|claims| claims["sub"].as_str());
    let principal = principal.map(|principal| ("principal", principal));
    principal.or(subject.map(|subject| ("sub", subject)))
}

/// Without the session: `arn:aws:sts::ACCOUNT:assumed-role/ROLE/SESSION` (IAM user guide, "IAM identifiers",
/// <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_identifiers.html>, November 2026).
fn role_of(arn: &str) -> (&'static str, &str) {
    let session = arn
        .rsplit_once('/')
        .filter(|(role, _)| role.contains(":assumed-role/"));
    ("arn", session.map_or(arn, |(role, _)| role))
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
