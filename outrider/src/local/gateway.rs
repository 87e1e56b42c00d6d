//! The API Gateway arrow: a real HTTP server that turns requests into payload format 2.0 events.

use std::sync::Arc;

use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::http::request::Parts;
use axum::http::{HeaderName, HeaderValue, Request, StatusCode};
use axum::response::{IntoResponse, Response};
use platform::clock::Clock;
use serde_json::{Map, Value, json};
use sha2::{Digest, Sha256};

use super::lambda::{Arrival, Function, Outcome};
use super::server::Server;

/// The function's answers are capped at 6 MB and so are its events (AWS Lambda quotas); API Gateway takes 10 MB.
pub(super) const BODY_LIMIT: usize = 6 * 1024 * 1024;

/// Says what is to happen to the next request.
pub trait Arrivals: Send + Sync + std::fmt::Debug {
    /// Called once for each request, in order.
    fn next(&self) -> Arrival;
}

#[derive(Debug)]
struct Gateway {
    function: Arc<Function>,
    arrivals: Arc<dyn Arrivals>,
    clock: Arc<dyn Clock>,
}

/// Starts the gateway on `port` (0 = any), with what serves links beside the API.
///
/// # Errors
/// A port that is taken.
pub async fn start(
    port: u16,
    links: Option<axum::Router>,
    function: Arc<Function>,
    arrivals: Arc<dyn Arrivals>,
    clock: Arc<dyn Clock>,
) -> anyhow::Result<Server> {
    let gateway = Arc::new(Gateway {
        function,
        arrivals,
        clock,
    });
    let router = axum::Router::new().fallback(forward).with_state(gateway);
    Server::router(port, router.merge(links.unwrap_or_default())).await
}

async fn forward(State(gateway): State<Arc<Gateway>>, request: Request<Body>) -> Response {
    let (parts, body) = request.into_parts();
    let Ok(body) = axum::body::to_bytes(body, BODY_LIMIT).await else {
        return message(StatusCode::PAYLOAD_TOO_LARGE, "Request Too Long");
    };
    let arrival = gateway.arrivals.next();
    let now = gateway.clock.now();
    let request_id = request_id(now.as_millisecond(), arrival.request);
    let event = event_of(&parts, &body, &request_id, now);
    match gateway.function.invoke(arrival, &request_id, &event).await {
        Ok(Outcome::Answered(answer)) => response_of(&answer),
        // What an HTTP API says of a function that failed. Of one that was throttled, Lambda says 429, which gateways
        // pass on or turn into a 5xx; a client can do most with the 429.
        Ok(Outcome::Failed) => message(StatusCode::BAD_GATEWAY, "Internal server error"),
        Ok(Outcome::Throttled) => message(StatusCode::TOO_MANY_REQUESTS, "Too Many Requests"),
        Err(error) => message(
            StatusCode::SERVICE_UNAVAILABLE,
            &format!("local stack: {error:#}"),
        ),
    }
}

pub(super) fn message(status: StatusCode, text: &str) -> Response {
    (status, axum::Json(json!({ "message": text }))).into_response()
}

/// A UUID made from the time and the request's number, so that a repeated run has the same ids.
pub(super) fn request_id(millis: i64, request: u32) -> String {
    let digest = Sha256::digest(format!("{millis}/{request}"));
    let hex: String = digest
        .iter()
        .take(16)
        .map(|byte| format!("{byte:02x}"))
        .collect();
    format!(
        "{}-{}-4{}-a{}-{}",
        &hex[..8],
        &hex[8..12],
        &hex[13..16],
        &hex[17..20],
        &hex[20..32]
    )
}

/// The event of payload format 2.0 (API Gateway developer guide, "Lambda integrations for HTTP APIs").
pub(super) fn event_of(
    parts: &Parts,
    body: &Bytes,
    request_id: &str,
    now: jiff::Timestamp,
) -> Value {
    let mut headers = Map::new();
    for (name, value) in &parts.headers {
        let value = String::from_utf8_lossy(value.as_bytes()).into_owned();
        let joined = match headers.get(name.as_str()).and_then(Value::as_str) {
            Some(before) => format!("{before},{value}"),
            None => value,
        };
        headers.insert(name.as_str().to_owned(), Value::String(joined));
    }
    let path = parts.uri.path();
    let (text, encoded) = match std::str::from_utf8(body) {
        Ok(text) => (text.to_owned(), false),
        Err(_) => (base64_simd::STANDARD.encode_to_string(body), true),
    };
    json!({
        "version": "2.0",
        "routeKey": "$default",
        "rawPath": path,
        "rawQueryString": parts.uri.query().unwrap_or_default(),
        "headers": headers,
        "requestContext": {
            "accountId": "000000000000",
            "apiId": "local",
            "domainName": "127.0.0.1",
            "domainPrefix": "127",
            "http": {
                "method": parts.method.as_str(),
                "path": path,
                "protocol": "HTTP/1.1",
                "sourceIp": "127.0.0.1",
                "userAgent": headers.get("user-agent").and_then(Value::as_str).unwrap_or_default(),
            },
            "requestId": request_id,
            "routeKey": "$default",
            "stage": "$default",
            "time": now.strftime("%d/%b/%Y:%H:%M:%S +0000").to_string(),
            "timeEpoch": now.as_millisecond(),
        },
        "body": if body.is_empty() { Value::Null } else { Value::String(text) },
        "isBase64Encoded": encoded,
    })
}

/// The HTTP response that an answer of format 2.0 asks for; an answer that is none is the function's fault.
pub(super) fn response_of(answer: &Value) -> Response {
    let status = answer["statusCode"]
        .as_u64()
        .and_then(|code| StatusCode::from_u16(u16::try_from(code).ok()?).ok());
    let text = answer["body"].as_str().unwrap_or_default();
    let body = if answer["isBase64Encoded"] == true {
        base64_simd::STANDARD.decode_to_vec(text).ok()
    } else {
        Some(text.as_bytes().to_vec())
    };
    let (Some(status), Some(body)) = (status, body) else {
        return message(StatusCode::BAD_GATEWAY, "Internal server error");
    };
    let mut response = Response::new(Body::from(body));
    *response.status_mut() = status;
    let single = answer["headers"]
        .as_object()
        .into_iter()
        .flatten()
        .map(|(name, value)| (name, vec![value]));
    let multiple = answer["multiValueHeaders"]
        .as_object()
        .into_iter()
        .flatten();
    let multiple =
        multiple.map(|(name, values)| (name, values.as_array().into_iter().flatten().collect()));
    for (name, values) in single.chain(multiple) {
        let Ok(name) = HeaderName::try_from(name.as_str()) else {
            continue;
        };
        response.headers_mut().remove(&name);
        for value in values
            .into_iter()
            .filter_map(|value| HeaderValue::from_str(value.as_str()?).ok())
        {
            response.headers_mut().append(name.clone(), value);
        }
    }
    response
}
