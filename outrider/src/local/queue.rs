//! The SQS arrow: takes the `SendMessage` requests that the SDK really sends, and hands messages to car-api as Lambda's
//! event source does: in batches, hidden while they are worked on, again when they failed, and to the dead letters
//! after the fifth delivery.
//!
//! Time is the stack's own. Messages are kept in a file, so that a process that is killed finds them again. (The answer
//! has no MD5 of the body, which this SDK does not look at.)

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use anyhow::Context;
use axum::Json;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use platform::clock::Clock;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use tokio::sync::Notify;

use super::gateway::{Arrivals, request_id};
use super::lambda::{Function, Outcome};
use super::server::Server;

/// The queue's name in URLs and ARNs.
pub(crate) const NAME: &str = "outrider-cars";
/// How long a message that is worked on is hidden: `VisibilityTimeout` of `CarQueue` in deploy/template.yaml, six times
/// car-api's time-out of 20 s (AWS Lambda developer guide, "Using Lambda with Amazon SQS",
/// <https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-configure.html>, November 2026).
const HIDDEN: Duration = Duration::from_secs(120);
/// Deliveries before a message goes to the dead letters, as in the template.
const MOST_DELIVERIES: u32 = 5;
/// Messages of a batch: `BatchSize` of the event source in deploy/template.yaml.
const BATCH: usize = 5;

#[derive(Debug, Clone, Serialize, Deserialize)]
struct Message {
    id: String,
    body: String,
    sent_ms: i64,
    visible_ms: i64,
    deliveries: u32,
}

#[derive(Debug, Default, Serialize, Deserialize)]
struct Kept {
    /// Numbers the messages.
    sent: u64,
    waiting: Vec<Message>,
    dead: Vec<Message>,
}

/// The queue with its dead letters.
#[derive(Debug)]
pub(crate) struct Queue {
    file: PathBuf,
    clock: Arc<dyn Clock>,
    kept: Mutex<Kept>,
    arrived: Notify,
}

/// Starts the arrow; messages are kept in `file`.
///
/// # Errors
/// A file that holds something else; no free port.
pub(crate) async fn start(
    file: &Path,
    clock: Arc<dyn Clock>,
) -> anyhow::Result<(Server, Arc<Queue>)> {
    let kept = match std::fs::read(file) {
        Ok(bytes) => serde_json::from_slice(&bytes)
            .with_context(|| format!("{} is damaged; delete the file", file.display()))?,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Kept::default(),
        Err(error) => return Err(error).with_context(|| format!("cannot read {}", file.display())),
    };
    let queue = Arc::new(Queue {
        file: file.to_owned(),
        clock,
        kept: Mutex::new(kept),
        arrived: Notify::new(),
    });
    let router = axum::Router::new()
        .fallback(post(send_message))
        .with_state(queue.clone());
    Ok((Server::router(0, router).await?, queue))
}

/// The URL under which clients of the arrow at `endpoint` know the queue.
pub(crate) fn url(endpoint: &str) -> String {
    format!("{endpoint}/000000000000/{NAME}")
}

fn millis(duration: Duration) -> i64 {
    i64::try_from(duration.as_millis()).unwrap_or(i64::MAX)
}

impl Queue {
    fn kept(&self) -> MutexGuard<'_, Kept> {
        // Every change is written to the file as a whole before the lock is let go of.
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn save(&self, kept: &Kept) -> anyhow::Result<()> {
        // A process killed here leaves the file as it was.
        let part = self.file.with_extension("part");
        std::fs::write(&part, serde_json::to_vec(kept)?)
            .and_then(|()| std::fs::rename(&part, &self.file))
            .with_context(|| format!("cannot write {}", self.file.display()))
    }

    fn put(&self, body: String) -> anyhow::Result<String> {
        let now = self.clock.now().as_millisecond();
        let mut kept = self.kept();
        let number = u32::try_from(kept.sent).unwrap_or(u32::MAX);
        let id = request_id(now, number);
        kept.sent += 1;
        kept.waiting.push(Message {
            id: id.clone(),
            body,
            sent_ms: now,
            visible_ms: now,
            deliveries: 0,
        });
        self.save(&kept)?;
        drop(kept);
        self.arrived.notify_one();
        Ok(id)
    }

    /// The messages that may be worked on now, hidden from now on.
    fn receive(&self) -> anyhow::Result<Vec<Message>> {
        let now = self.clock.now().as_millisecond();
        let mut kept = self.kept();
        let visible = |message: &Message| message.visible_ms <= now;
        if !kept.waiting.iter().any(visible) {
            return Ok(Vec::new());
        }
        let (dead, waiting): (Vec<_>, Vec<_>) = std::mem::take(&mut kept.waiting)
            .into_iter()
            .partition(|message| visible(message) && message.deliveries >= MOST_DELIVERIES);
        kept.dead.extend(dead);
        kept.waiting = waiting;
        let mut batch = Vec::new();
        for message in kept
            .waiting
            .iter_mut()
            .filter(|message| visible(message))
            .take(BATCH)
        {
            message.deliveries += 1;
            message.visible_ms = now.saturating_add(millis(HIDDEN));
            batch.push(message.clone());
        }
        self.save(&kept)?;
        Ok(batch)
    }

    fn delete(&self, done: &[&str]) -> anyhow::Result<()> {
        let mut kept = self.kept();
        kept.waiting
            .retain(|message| !done.contains(&message.id.as_str()));
        self.save(&kept)
    }

    /// Delivers what may be delivered now, and says how many messages were worked off.
    ///
    /// # Errors
    /// A file that cannot be written; a journal that cannot.
    pub(crate) async fn deliver(
        &self,
        function: &Function,
        arrivals: &dyn Arrivals,
    ) -> anyhow::Result<usize> {
        let mut worked_off = 0;
        loop {
            let batch = self.receive()?;
            if batch.is_empty() {
                return Ok(worked_off);
            }
            let arrival = arrivals.next();
            let id = request_id(self.clock.now().as_millisecond(), arrival.request);
            let outcome = function.invoke(arrival, &id, &event_of(&batch)).await?;
            let failed = match outcome {
                Outcome::Answered(answer) => failures(&answer),
                Outcome::Failed | Outcome::Throttled => None,
            };
            // An answer that cannot be read fails the whole batch, and so does a function that fails.
            let Some(failed) = failed else { continue };
            let done: Vec<_> = batch
                .iter()
                .map(|message| message.id.as_str())
                .filter(|id| !failed.iter().any(|failed| failed == id))
                .collect();
            worked_off += done.len();
            self.delete(&done)?;
        }
    }

    /// Ends when there is something to deliver.
    pub(crate) async fn is_due(&self) {
        loop {
            let next = self.kept().waiting.iter().map(|one| one.visible_ms).min();
            let now = self.clock.now().as_millisecond();
            match next.map(|next| u64::try_from(next.saturating_sub(now)).unwrap_or(0)) {
                Some(0) => return,
                Some(left) => {
                    tokio::select! {
                        () = self.arrived.notified() => {}
                        () = self.clock.pause(Duration::from_millis(left)) => {}
                    }
                }
                None => self.arrived.notified().await,
            }
        }
    }
}

/// The ids of `batchItemFailures`; none when the answer has no such list, or an item without an id.
fn failures(answer: &Value) -> Option<Vec<String>> {
    let items = answer["batchItemFailures"].as_array()?;
    items
        .iter()
        .map(|item| item["itemIdentifier"].as_str().map(str::to_owned))
        .collect()
}

fn event_of(batch: &[Message]) -> Value {
    let record = |message: &Message| {
        json!({
            "messageId": message.id,
            "receiptHandle": message.id,
            "body": message.body,
            "attributes": {
                "ApproximateReceiveCount": message.deliveries.to_string(),
                "SentTimestamp": message.sent_ms.to_string(),
                "SenderId": "000000000000",
            },
            "messageAttributes": {},
            "eventSource": "aws:sqs",
            "eventSourceARN": format!("arn:aws:sqs:eu-west-1:000000000000:{NAME}"),
            "awsRegion": "eu-west-1",
        })
    };
    json!({ "Records": batch.iter().map(record).collect::<Vec<_>>() })
}

async fn send_message(
    State(queue): State<Arc<Queue>>,
    headers: HeaderMap,
    body: axum::body::Bytes,
) -> Response {
    let refused = |status: StatusCode, kind: &str, message: &str| {
        let kind = format!("com.amazonaws.sqs#{kind}");
        (status, Json(json!({ "__type": kind, "message": message }))).into_response()
    };
    let bad = StatusCode::BAD_REQUEST;
    if headers
        .get("x-amz-target")
        .is_none_or(|target| target != "AmazonSQS.SendMessage")
    {
        return refused(bad, "UnsupportedOperation", "this arrow takes SendMessage");
    }
    let request: Value = serde_json::from_slice(&body).unwrap_or_default();
    let named = request["QueueUrl"]
        .as_str()
        .and_then(|url| url.rsplit('/').next());
    if named != Some(NAME) {
        return refused(
            bad,
            "QueueDoesNotExist",
            "there is one queue, outrider-cars",
        );
    }
    let Some(body) = request["MessageBody"]
        .as_str()
        .filter(|body| !body.is_empty())
    else {
        return refused(bad, "InvalidMessageContents", "MessageBody is missing");
    };
    match queue.put(body.to_owned()) {
        Ok(id) => Json(json!({ "MessageId": id })).into_response(),
        Err(error) => refused(
            StatusCode::INTERNAL_SERVER_ERROR,
            "InternalFailure",
            &format!("{error:#}"),
        ),
    }
}

#[cfg(test)]
mod tests;
