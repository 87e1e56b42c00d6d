//! The Lambda Runtime API: hands out events and takes what the function made of them.
//!
//! AWS Lambda developer guide, "Using the Lambda runtime API", version 2018-06-01. Why not an emulator's: a test
//! wants to hold the event until it is asked for, to count what was asked, and to see the raw answer.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex as StdMutex, PoisonError};
use std::time::Duration;

use axum::Router;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::IntoResponse;
use axum::routing::{get, post};
use bytes::Bytes;
use platform::clock::{Clock, SystemClock};
use serde_json::Value;
use tokio::sync::{Mutex, mpsc, oneshot, watch};

use crate::listener::Listener;

/// The function that every invocation is for.
pub const FUNCTION_ARN: &str = "arn:aws:lambda:eu-west-1:000000000000:function:under-test";
/// The trace that every invocation belongs to.
pub const TRACE_ROOT: &str = "1-5759e988-bd862e3fe1be46a994272793";
/// The time-out of the functions that divide the time they have. Long, because a machine that tests may be slow.
const TIMEOUT: Duration = Duration::from_secs(60);

/// What a function made of an event.
#[derive(Debug, Clone, PartialEq)]
pub enum Answer {
    /// It answered.
    Response(Value),
    /// It failed, or could not start.
    Error {
        /// The header `Lambda-Runtime-Function-Error-Type`.
        kind: String,
        /// The error document.
        body: Value,
    },
}

impl Answer {
    /// The response.
    ///
    /// # Panics
    /// When the function failed.
    pub fn response(self) -> Value {
        match self {
            Self::Response(value) => value,
            Self::Error { kind, body } => panic!("the function failed with {kind}: {body}"),
        }
    }

    /// The error document.
    ///
    /// # Panics
    /// When the function answered.
    #[must_use]
    pub fn error(self) -> Value {
        match self {
            Self::Error { body, .. } => body,
            Self::Response(value) => panic!("the function answered {value}"),
        }
    }
}

#[derive(Debug)]
struct Invocation {
    id: String,
    event: Bytes,
}

#[derive(Debug)]
struct Shared {
    queue: Mutex<mpsc::UnboundedReceiver<Invocation>>,
    pending: StdMutex<BTreeMap<String, oneshot::Sender<Answer>>>,
    polls: watch::Sender<u64>,
}

/// The server.
#[derive(Debug)]
pub struct RuntimeApi {
    listener: Listener,
    shared: Arc<Shared>,
    send: mpsc::UnboundedSender<Invocation>,
    polls: watch::Receiver<u64>,
    next: AtomicU64,
}

impl RuntimeApi {
    /// Starts it with nothing to hand out.
    pub async fn start() -> Self {
        let (send, receive) = mpsc::unbounded_channel();
        let (counted, polls) = watch::channel(0);
        let shared = Arc::new(Shared {
            queue: Mutex::new(receive),
            pending: StdMutex::default(),
            polls: counted,
        });
        let router = Router::new()
            .route("/2018-06-01/runtime/invocation/next", get(next))
            .route(
                "/2018-06-01/runtime/invocation/{id}/response",
                post(response),
            )
            .route("/2018-06-01/runtime/invocation/{id}/error", post(error))
            .with_state(shared.clone());
        Self {
            listener: Listener::serve(router).await,
            shared,
            send,
            polls,
            next: AtomicU64::new(1),
        }
    }

    /// What `AWS_LAMBDA_RUNTIME_API` is to be.
    #[must_use]
    pub fn authority(&self) -> String {
        self.listener.authority()
    }

    /// Waits until the function has asked for its first event: its start is over.
    pub async fn first_poll(&self) {
        // The sender lives as long as this does.
        let _ = self.polls.clone().wait_for(|polls| *polls > 0).await;
    }

    /// How often a function asked for an event.
    #[must_use]
    pub fn polls(&self) -> u64 {
        *self.polls.borrow()
    }

    /// Hands out an event and waits for what becomes of it. Invocations are named `invocation-1`, `invocation-2`…
    ///
    /// # Panics
    /// When the server has gone.
    pub async fn invoke(&self, event: Bytes) -> Answer {
        let id = format!("invocation-{}", self.next.fetch_add(1, Ordering::SeqCst));
        let (answer, answered) = oneshot::channel();
        self.shared
            .pending
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .insert(id.clone(), answer);
        assert!(
            self.send.send(Invocation { id, event }).is_ok(),
            "the Runtime API has stopped"
        );
        answered
            .await
            .unwrap_or_else(|_| panic!("the Runtime API has stopped"))
    }
}

impl Shared {
    fn answer(&self, id: &str, answer: Answer) -> StatusCode {
        let waiting = self
            .pending
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .remove(id);
        // Lambda refuses an answer to what it did not ask, and a second one.
        waiting.map_or(StatusCode::BAD_REQUEST, |waiting| {
            let _ = waiting.send(answer);
            StatusCode::ACCEPTED
        })
    }
}

/// The document, or the text itself when it is none: the test shall see it.
fn document(body: &Bytes) -> Value {
    serde_json::from_slice(body)
        .unwrap_or_else(|_| Value::from(String::from_utf8_lossy(body).into_owned()))
}

async fn next(State(shared): State<Arc<Shared>>) -> impl IntoResponse {
    shared.polls.send_modify(|polls| *polls += 1);
    let invocation = shared
        .queue
        .lock()
        .await
        .recv()
        .await
        .ok_or(StatusCode::GONE)?;
    let deadline = SystemClock.now() + TIMEOUT;
    let headers = [
        ("lambda-runtime-aws-request-id", invocation.id),
        (
            "lambda-runtime-deadline-ms",
            deadline.as_millisecond().to_string(),
        ),
        (
            "lambda-runtime-invoked-function-arn",
            FUNCTION_ARN.to_owned(),
        ),
        (
            "lambda-runtime-trace-id",
            format!("Root={TRACE_ROOT};Parent=53995c3f42cd8ad8;Sampled=1"),
        ),
        ("content-type", "application/json".to_owned()),
    ];
    Ok::<_, StatusCode>((headers, invocation.event))
}

async fn response(
    State(shared): State<Arc<Shared>>,
    Path(id): Path<String>,
    body: Bytes,
) -> StatusCode {
    shared.answer(&id, Answer::Response(document(&body)))
}

async fn error(
    State(shared): State<Arc<Shared>>,
    Path(id): Path<String>,
    headers: HeaderMap,
    body: Bytes,
) -> StatusCode {
    let kind = headers
        .get("lambda-runtime-function-error-type")
        .and_then(|kind| kind.to_str().ok());
    let kind = kind.unwrap_or_default().to_owned();
    shared.answer(
        &id,
        Answer::Error {
            kind,
            body: document(&body),
        },
    )
}
