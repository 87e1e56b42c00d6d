//! The queue's reader against the embedded queue, behind a server that does what a test says instead.

use std::collections::VecDeque;
use std::sync::Mutex;
use std::time::Duration;

use aws_config::SdkConfig;
use axum::Json;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::post;

use super::super::sqs::{Message, Queue, QueueError};
use super::*;
use crate::local::failures;
use crate::local::server::Server;

/// What happens to a call instead of what it asks for.
#[derive(Debug, Clone, Copy)]
enum Fault {
    /// Refused for now.
    Throttled,
    /// Taken, and nothing is done.
    Ignored,
    /// Refused for good.
    Denied,
}

struct Front {
    behind: String,
    /// The next calls of an operation that go wrong.
    faults: Mutex<VecDeque<(&'static str, Fault)>>,
    client: reqwest::Client,
}

async fn front(State(front): State<Arc<Front>>, headers: HeaderMap, body: Bytes) -> Response {
    let target = headers["x-amz-target"].to_str().unwrap().to_owned();
    let fault = {
        let mut faults = front.faults.lock().unwrap();
        let next = faults
            .front()
            .filter(|(operation, _)| target == format!("AmazonSQS.{operation}"))
            .map(|(_, fault)| *fault);
        if next.is_some() {
            faults.pop_front();
        }
        next
    };
    let refused = |kind: &str| {
        let body = json!({ "__type": format!("com.amazonaws.sqs#{kind}"), "message": "no" });
        (StatusCode::BAD_REQUEST, Json(body)).into_response()
    };
    match fault {
        Some(Fault::Throttled) => refused("RequestThrottled"),
        Some(Fault::Denied) => refused("AccessDeniedException"),
        Some(Fault::Ignored) => Json(json!({})).into_response(),
        None => {
            let request = front
                .client
                .post(&front.behind)
                .header("x-amz-target", target);
            let answer = request.body(body).send().await.unwrap();
            let status = StatusCode::from_u16(answer.status().as_u16()).unwrap();
            (status, answer.bytes().await.unwrap()).into_response()
        }
    }
}

struct World {
    clock: Arc<ManualClock>,
    config: SdkConfig,
    url: String,
    failures: Arc<Failures>,
    front: Arc<Front>,
    _servers: [Server; 2],
    _data: TempDir,
}

impl World {
    async fn with(records: &[&str], faults: &[(&'static str, Fault)]) -> Self {
        let data = tempfile::tempdir().unwrap();
        let clock = clock();
        let failures = Arc::new(Failures::of(data.path(), clock.clone()));
        for record in records {
            failures.keep(record, record).unwrap();
        }
        let (behind, url) = failures::start(failures.clone()).await.unwrap();
        let front = Arc::new(Front {
            behind: behind.endpoint(),
            faults: Mutex::new(faults.iter().copied().collect()),
            client: reqwest::Client::new(),
        });
        let router = axum::Router::new().fallback(post(self::front));
        let server = Server::router(0, router.with_state(front.clone()))
            .await
            .unwrap();
        Self {
            clock,
            config: platform::aws::for_endpoint(&server.endpoint()).await,
            url,
            failures,
            front,
            _servers: [behind, server],
            _data: data,
        }
    }

    fn queue(&self) -> Queue {
        Queue::new(&self.config, &self.url, self.clock.clone())
    }

    fn seconds(&self) -> i64 {
        self.clock.now().as_second() - clock().now().as_second()
    }

    fn all_happened(&self) -> bool {
        self.front.faults.lock().unwrap().is_empty()
    }
}

async fn next(queue: &mut Queue) -> Option<Message> {
    queue.next().await.unwrap()
}

fn id(message: Option<Message>) -> String {
    message.map_or("none".to_owned(), |message| message.id)
}

#[tokio::test]
async fn each_message_comes_once_and_what_is_written_is_gone() {
    let world = World::with(&["a", "b"], &[]).await;
    let mut queue = world.queue();
    let a = next(&mut queue).await.unwrap();
    assert_eq!((a.id.as_str(), a.body.as_str()), ("a", "a"));
    queue.written(&a).await.unwrap();
    let b = next(&mut queue).await.unwrap();
    assert_eq!(b.id, "b");
    queue.stays(&b);
    assert_eq!(id(next(&mut queue).await), "none");
    queue.close().await;
    assert_eq!(
        id(next(&mut world.queue()).await),
        "b",
        "shown again at once"
    );
    assert_eq!(world.seconds(), 0);
}

#[tokio::test]
async fn an_empty_queue_has_nothing() {
    let world = World::with(&[], &[]).await;
    assert_eq!(id(next(&mut world.queue()).await), "none");
}

#[tokio::test]
async fn a_message_that_vanished_meanwhile_is_as_good_as_deleted() {
    let world = World::with(&["a"], &[]).await;
    let mut queue = world.queue();
    let a = next(&mut queue).await.unwrap();
    let mut other = world.queue();
    world.clock.advance(Duration::from_secs(121));
    let same = next(&mut other).await.unwrap();
    other.written(&same).await.unwrap();
    queue.written(&a).await.unwrap();
    assert_eq!(id(next(&mut queue).await), "none");
}

#[tokio::test]
async fn what_stays_and_comes_round_ends_the_run() {
    let world = World::with(&["a", "b"], &[]).await;
    let mut queue = world.queue();
    for name in ["a", "b"] {
        let message = next(&mut queue).await.unwrap();
        assert_eq!(message.id, name);
        queue.stays(&message);
        // Each takes longer than it is hidden.
        world.clock.advance(Duration::from_secs(121));
    }
    assert_eq!(id(next(&mut queue).await), "none");
}

#[tokio::test]
async fn a_message_that_is_delivered_after_it_was_deleted_is_deleted_again() {
    let world = World::with(&["a"], &[("DeleteMessage", Fault::Ignored)]).await;
    let mut queue = world.queue();
    let a = next(&mut queue).await.unwrap();
    queue.written(&a).await.unwrap();
    world.clock.advance(Duration::from_secs(121));
    assert_eq!(id(next(&mut queue).await), "none");
    world.clock.advance(Duration::from_secs(121));
    assert_eq!(
        id(next(&mut world.queue()).await),
        "none",
        "this time it went"
    );
    assert!(world.all_happened());
}

#[tokio::test]
async fn a_queue_that_throttles_is_waited_for_and_not_for_ever() {
    // The SDK tries three times of its own accord.
    let world = World::with(&["a"], &[("ReceiveMessage", Fault::Throttled); 7]).await;
    let mut queue = world.queue();
    assert_eq!(id(next(&mut queue).await), "a");
    assert_eq!(world.seconds(), 1 + 2);

    let world = World::with(&["a"], &[("ReceiveMessage", Fault::Throttled); 15]).await;
    let error: QueueError = world.queue().next().await.unwrap_err();
    assert!(error.is_retryable() && world.all_happened(), "{error}");
    assert_eq!(world.seconds(), 1 + 2 + 4 + 8);
    assert_eq!(
        error.to_string(),
        format!(
            "ReceiveMessage on {} failed: RequestThrottled: no",
            world.url
        )
    );
}

#[tokio::test]
async fn a_queue_that_refuses_is_not_asked_again() {
    let world = World::with(&["a"], &[("ReceiveMessage", Fault::Denied)]).await;
    let error = world.queue().next().await.unwrap_err();
    assert!(!error.is_retryable(), "{error}");
    let mut elsewhere = Queue::new(
        &world.config,
        "http://127.0.0.1/1/other",
        world.clock.clone(),
    );
    let error = elsewhere.next().await.unwrap_err();
    assert!(
        !error.is_retryable() && error.to_string().contains("QueueDoesNotExist"),
        "{error}"
    );
    assert_eq!(world.seconds(), 0);
}

#[tokio::test]
async fn what_is_written_and_cannot_be_deleted_stays_and_is_shown_again() {
    let world = World::with(&["a"], &[("DeleteMessage", Fault::Denied)]).await;
    let mut queue = world.queue();
    let a = next(&mut queue).await.unwrap();
    let error = queue.written(&a).await.unwrap_err();
    assert!(
        error.to_string().starts_with("DeleteMessage on "),
        "{error}"
    );
    queue.close().await;
    assert_eq!(id(next(&mut world.queue()).await), "a");
    assert!(world.failures.next_id() != "a");
}
