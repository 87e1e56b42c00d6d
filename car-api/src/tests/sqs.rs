//! The queue's adapter, against a server that answers as it is told.

use std::sync::{Arc, Mutex};

use axum::Router;
use axum::extract::State;
use http::{HeaderMap, StatusCode};
use serde_json::{Value, json};

use super::harness::Server;
use crate::queue::sqs::Sqs;
use crate::queue::{QueueError, WorkQueue};

#[derive(Debug)]
struct Script {
    status: u16,
    answer: Value,
    received: Mutex<Vec<(String, Value)>>,
}

async fn send_message(
    State(script): State<Arc<Script>>,
    headers: HeaderMap,
    body: String,
) -> (StatusCode, String) {
    let target = headers["x-amz-target"].to_str().unwrap().to_owned();
    let request = serde_json::from_str(&body).unwrap();
    script.received.lock().unwrap().push((target, request));
    let status = StatusCode::from_u16(script.status).unwrap();
    (status, script.answer.to_string())
}

async fn send(status: u16, answer: Value) -> (Result<(), QueueError>, Vec<(String, Value)>) {
    let script = Arc::new(Script {
        status,
        answer,
        received: Mutex::default(),
    });
    let router = Router::new()
        .fallback(send_message)
        .with_state(script.clone());
    let server = Server::router(router).await;
    let aws = platform::aws::for_endpoint(&server.endpoint).await;
    let queue = Sqs::new(aws_sdk_sqs::Client::new(&aws), "https://sqs/1/cars");
    let sent = queue.send("{\"v\":1}").await;
    let received = std::mem::take(&mut *script.received.lock().unwrap());
    (sent, received)
}

#[tokio::test]
async fn a_message_goes_to_the_queue_as_it_is() {
    let (sent, received) = send(200, json!({ "MessageId": "m-1" })).await;
    assert_eq!(sent, Ok(()));
    let expected = json!({ "QueueUrl": "https://sqs/1/cars", "MessageBody": "{\"v\":1}" });
    assert_eq!(received, [("AmazonSQS.SendMessage".to_owned(), expected)]);
}

#[tokio::test]
async fn each_refusal_says_whether_it_may_pass() {
    let kind =
        |name: &str| json!({ "__type": format!("com.amazonaws.sqs#{name}"), "message": "no" });
    let cases = [
        ("a throttle", 400, kind("RequestThrottled"), true, 3),
        (
            "a fault of the service",
            500,
            kind("InternalFailure"),
            true,
            3,
        ),
        ("a missing queue", 400, kind("QueueDoesNotExist"), false, 1),
        ("a missing permission", 403, kind("AccessDenied"), false, 1),
        (
            "a message that is too long",
            400,
            kind("InvalidMessageContents"),
            false,
            1,
        ),
    ];
    for (rule, status, answer, retryable, attempts) in cases {
        let (sent, received) = send(status, answer).await;
        let error = sent.unwrap_err();
        assert_eq!(
            (error.is_retryable(), received.len()),
            (retryable, attempts),
            "{rule}: {error}"
        );
    }
}

#[tokio::test]
async fn a_queue_that_cannot_be_reached_may_come_back() {
    let aws = platform::aws::for_endpoint("http://127.0.0.1:1").await;
    let queue = Sqs::new(aws_sdk_sqs::Client::new(&aws), "https://sqs/1/cars");
    let error = queue.send("{}").await.unwrap_err();
    assert!(matches!(error, QueueError::Unavailable { .. }), "{error}");
}
