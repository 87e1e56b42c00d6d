//! The real SDKs against servers that answer as AWS does, and worse.

use std::future::pending;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use aws_config::SdkConfig;
use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, Uri};
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::sync::oneshot;

use crate::deployments::codedeploy::CodeDeploy;
use crate::deployments::{Deployments, Reported};
use crate::version::lambda::{ANSWER_TIMEOUT, Lambda};
use crate::version::{InvokeError, Version};
use crate::{Hook, Verdict};

const ARN: &str = "arn:aws:lambda:eu-west-1:123456789012:function:outrider-car-api:42";

/// What a service answers: a status, its headers, a body; no body is no answer at all.
type Canned = (u16, Vec<(&'static str, &'static str)>, Option<String>);
type Seen = Arc<Mutex<Vec<(String, HeaderMap, Value)>>>;

/// A service that gives one answer to everything; it stops when this is dropped.
struct Service {
    sdk: SdkConfig,
    seen: Seen,
    _stop: oneshot::Sender<()>,
}

async fn serve(
    State((canned, seen)): State<(Canned, Seen)>,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let event = serde_json::from_slice(&body).unwrap_or_default();
    seen.lock().unwrap().push((uri.to_string(), headers, event));
    let (status, headers, Some(body)) = canned else {
        return pending().await;
    };
    let mut response = (StatusCode::from_u16(status).unwrap(), body).into_response();
    for (name, value) in headers {
        response.headers_mut().insert(name, value.parse().unwrap());
    }
    response
}

impl Service {
    #[expect(clippy::disallowed_methods, reason = "ends with the test's runtime")]
    async fn start(canned: Canned) -> Self {
        let seen = Seen::default();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let endpoint = format!("http://{}", listener.local_addr().unwrap());
        let router = Router::new()
            .fallback(serve)
            .with_state((canned, seen.clone()));
        let (stop, stopped) = oneshot::channel::<()>();
        tokio::spawn(async move {
            tokio::select! {
                _ = axum::serve(listener, router) => {}
                _ = stopped => {}
            }
        });
        Self {
            sdk: platform::aws::for_endpoint(&endpoint).await,
            seen,
            _stop: stop,
        }
    }

    fn calls(&self) -> usize {
        self.seen.lock().unwrap().len()
    }
}

fn json_answer(status: u16, headers: Vec<(&'static str, &'static str)>, body: &Value) -> Canned {
    (status, headers, Some(body.to_string()))
}

#[tokio::test]
async fn the_version_s_own_number_is_invoked_and_its_payload_comes_back() {
    let service = Service::start(json_answer(200, vec![], &json!({ "statusCode": 204 }))).await;
    let lambda = Lambda::new(&service.sdk, ARN, ANSWER_TIMEOUT);
    let payload = lambda.invoke(&json!({ "rawPath": "/cars" })).await.unwrap();
    assert_eq!(payload, br#"{"statusCode":204}"#);
    let seen = service.seen.lock().unwrap();
    let (path, headers, event) = &seen[0];
    let path = path.replace("%3A", ":");
    assert!(
        path.contains(&format!("/functions/{ARN}/invocations")),
        "{path}"
    );
    assert_eq!(event["rawPath"], "/cars");
    let kind = headers.get("x-amz-invocation-type");
    assert!(
        kind.is_none_or(|kind| kind == "RequestResponse"),
        "the answer is waited for"
    );
}

/// Whether an error is the one that a row is about.
type IsThat = fn(&InvokeError) -> bool;

#[tokio::test]
async fn what_lambda_says_is_told_apart() {
    let error = |code: &'static str| vec![("x-amzn-errortype", code)];
    let rows: Vec<(&str, Canned, IsThat)> = vec![
        (
            "a crash",
            json_answer(
                200,
                vec![("x-amz-function-error", "Unhandled")],
                &json!({ "errorType": "Runtime.ExitError", "errorMessage": "exit status 101" }),
            ),
            |error| matches!(error, InvokeError::Crashed(text) if text.contains("Runtime.ExitError: exit status 101")),
        ),
        (
            "a crash that says nothing",
            (
                200,
                vec![("x-amz-function-error", "Unhandled")],
                Some(String::new()),
            ),
            |error| matches!(error, InvokeError::Crashed(_)),
        ),
        (
            "no capacity",
            json_answer(
                429,
                error("TooManyRequestsException"),
                &json!({ "Type": "User" }),
            ),
            |error| matches!(error, InvokeError::Unreachable(_)),
        ),
        (
            "not ready yet",
            json_answer(
                409,
                error("ResourceConflictException"),
                &json!({ "Type": "User" }),
            ),
            |error| matches!(error, InvokeError::Unreachable(_)),
        ),
        (
            "Lambda's own fault",
            json_answer(
                500,
                error("ServiceException"),
                &json!({ "Type": "Service" }),
            ),
            |error| matches!(error, InvokeError::Unreachable(_)),
        ),
        (
            "no such version",
            json_answer(
                404,
                error("ResourceNotFoundException"),
                &json!({ "Type": "User" }),
            ),
            |error| matches!(error, InvokeError::Refused(_)),
        ),
        (
            "no permission",
            json_answer(403, error("AccessDeniedException"), &json!({})),
            |error| matches!(error, InvokeError::Refused(_)),
        ),
    ];
    for (rule, canned, expected) in rows {
        let service = Service::start(canned).await;
        let lambda = Lambda::new(&service.sdk, ARN, ANSWER_TIMEOUT);
        let error = lambda.invoke(&json!({})).await.unwrap_err();
        assert!(expected(&error), "{rule}: {error}");
        assert_eq!(
            service.calls(),
            1,
            "{rule}: the trial itself tries again, nobody below it"
        );
    }
}

#[tokio::test]
async fn a_version_without_an_answer_in_time_is_unreachable() {
    let service = Service::start((200, vec![], None)).await;
    let lambda = Lambda::new(&service.sdk, ARN, Duration::from_millis(100));
    let error = lambda.invoke(&json!({})).await.unwrap_err();
    assert!(error.is_retryable(), "{error}");
    let nobody = platform::aws::for_endpoint("http://127.0.0.1:1").await;
    let error = Lambda::new(&nobody, ARN, ANSWER_TIMEOUT)
        .invoke(&json!({}))
        .await
        .unwrap_err();
    assert!(error.is_retryable(), "{error}");
}

#[tokio::test]
async fn codedeploy_is_told_under_the_execution_s_id() {
    let hook = Hook::new("d-ABC123", "eyJleGVjdXRpb24i").unwrap();
    for (verdict, status) in [
        (Verdict::Succeeded, "Succeeded"),
        (Verdict::Failed, "Failed"),
    ] {
        let service = Service::start(json_answer(200, vec![], &json!({}))).await;
        let client = CodeDeploy::new(aws_sdk_codedeploy::Client::new(&service.sdk));
        assert_eq!(client.report(&hook, verdict).await, Ok(Reported::Now));
        let seen = service.seen.lock().unwrap();
        let (_, headers, body) = &seen[0];
        assert_eq!(
            headers["x-amz-target"],
            "CodeDeploy_20141006.PutLifecycleEventHookExecutionStatus"
        );
        assert_eq!(
            *body,
            json!({ "deploymentId": "d-ABC123", "lifecycleEventHookExecutionId": "eyJleGVjdXRpb24i", "status": status })
        );
    }
}

#[tokio::test]
async fn what_codedeploy_says_is_told_apart() {
    let hook = Hook::new("d-ABC123", "eyJleGVjdXRpb24i").unwrap();
    let said = |status, code: &str| {
        json_answer(status, vec![], &json!({ "__type": code, "message": "no" }))
    };
    let rows = [
        (
            "answered before",
            said(400, "LifecycleEventAlreadyCompletedException"),
            Ok(Reported::Before),
        ),
        (
            "another deployment",
            said(400, "DeploymentDoesNotExistException"),
            Err(false),
        ),
        (
            "another execution",
            said(400, "InvalidLifecycleEventHookExecutionIdException"),
            Err(false),
        ),
        (
            "no permission",
            said(400, "AccessDeniedException"),
            Err(false),
        ),
        (
            "refused without a document",
            (403, vec![], Some("AccessDenied".to_owned())),
            Err(false),
        ),
        ("throttled", said(400, "ThrottlingException"), Err(true)),
        ("broken", said(500, "InternalFailure"), Err(true)),
    ];
    for (rule, canned, expected) in rows {
        let service = Service::start(canned).await;
        let client = CodeDeploy::new(aws_sdk_codedeploy::Client::new(&service.sdk));
        let found = client.report(&hook, Verdict::Failed).await;
        assert!(
            !format!("{found:?}").contains("eyJ"),
            "{rule}: the token is shown"
        );
        assert_eq!(
            found.map_err(|error| error.is_retryable()),
            expected,
            "{rule}"
        );
    }
}
