//! The on-failure destination of log-processor: what Lambda gave up lies here, and whoever speaks SQS receives and
//! deletes it.
//!
//! A record is a file, as it is an object in a bucket, so that a process that is killed finds it again and anybody can
//! look at it. Which of them somebody works on is known to this process alone.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use anyhow::Context;
use axum::Json;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use platform::clock::Clock;
use serde_json::{Value, json};

use super::gateway::request_id;
use super::server::Server;

/// The queue's name in URLs.
const NAME: &str = "outrider-log-processor-failures";
/// Its folder in the data directory.
const FOLDER: &str = "log-processor-failures";

/// Records of invocations that failed for good.
#[derive(Debug)]
pub struct Failures {
    folder: PathBuf,
    clock: Arc<dyn Clock>,
    /// Until when a record is hidden, milliseconds since the epoch.
    hidden: Mutex<BTreeMap<String, i64>>,
}

impl Failures {
    /// The records of a data directory; their folder is made when there is a first one.
    #[must_use]
    pub fn of(data: &Path, clock: Arc<dyn Clock>) -> Self {
        Self {
            folder: data.join(FOLDER),
            clock,
            hidden: Mutex::default(),
        }
    }

    /// Keeps a record under its invocation's id; when this returns, a killed process would find it again.
    ///
    /// # Errors
    /// A disk that is full or gone.
    pub fn keep(&self, id: &str, record: &str) -> anyhow::Result<()> {
        let path = self.file(id);
        // Hidden from whoever lists the folder until it is whole.
        let part = self.folder.join(format!(".{id}"));
        std::fs::create_dir_all(&self.folder)
            .and_then(|()| std::fs::write(&part, record))
            .and_then(|()| std::fs::rename(&part, &path))
            .with_context(|| format!("cannot write {}", path.display()))
    }

    /// An id for the next invocation that is told of: the same in each repetition of a run.
    #[must_use]
    pub fn next_id(&self) -> String {
        let now = self.clock.now().as_millisecond();
        let mut number = 0;
        loop {
            let id = request_id(now, number);
            if !self.file(&id).exists() {
                return id;
            }
            number += 1;
        }
    }

    fn file(&self, id: &str) -> PathBuf {
        self.folder.join(format!("{id}.json"))
    }

    fn ids(&self) -> std::io::Result<Vec<String>> {
        let entries = match std::fs::read_dir(&self.folder) {
            Ok(entries) => entries.collect::<Result<Vec<_>, _>>()?,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Vec::new(),
            Err(error) => return Err(error),
        };
        let names = entries.iter().map(|entry| entry.file_name());
        let mut ids: Vec<_> = names
            .filter_map(|name| Some(name.to_str()?.strip_suffix(".json")?.to_owned()))
            .filter(|id| !id.starts_with('.'))
            .collect();
        ids.sort();
        Ok(ids)
    }

    fn receive(&self, hide_for_seconds: i64) -> std::io::Result<Option<(String, String)>> {
        let now = self.clock.now().as_millisecond();
        let mut hidden = self.hidden.lock().unwrap_or_else(PoisonError::into_inner);
        for id in self.ids()? {
            if hidden.get(&id).is_some_and(|until| now < *until) {
                continue;
            }
            let record = std::fs::read_to_string(self.file(&id))?;
            hidden.insert(id.clone(), now.saturating_add(hide_for_seconds * 1_000));
            return Ok(Some((id, record)));
        }
        Ok(None)
    }

    fn answer(&self, operation: &str, request: &Value) -> Result<Value, Refused> {
        let named = request["QueueUrl"].as_str().unwrap_or_default();
        if named.rsplit('/').next() != Some(NAME) {
            return Err(Refused::bad(
                "QueueDoesNotExist",
                format!("there is one queue, {NAME}"),
            ));
        }
        let seconds = request["VisibilityTimeout"].as_i64().unwrap_or(30);
        // The receipt is the id: one process has the data directory, so nobody else can have received it since.
        let receipt = request["ReceiptHandle"].as_str().unwrap_or_default();
        match operation {
            "ReceiveMessage" => {
                let received = self.receive(seconds)?;
                let message = received.map(
                    |(id, body)| json!({ "MessageId": id, "ReceiptHandle": id, "Body": body }),
                );
                Ok(json!({ "Messages": message.into_iter().collect::<Vec<_>>() }))
            }
            "DeleteMessage" if self.is_one(receipt) => {
                match std::fs::remove_file(self.file(receipt)) {
                    Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(error.into()),
                    // One that is gone is deleted, as on AWS.
                    _ => Ok(json!({})),
                }
            }
            "ChangeMessageVisibility" if self.is_one(receipt) => {
                let until = self.clock.now().as_millisecond() + seconds * 1_000;
                let mut hidden = self.hidden.lock().unwrap_or_else(PoisonError::into_inner);
                hidden.insert(receipt.to_owned(), until);
                Ok(json!({}))
            }
            "DeleteMessage" | "ChangeMessageVisibility" => Err(Refused::bad(
                "ReceiptHandleIsInvalid",
                "it was not received from this queue".to_owned(),
            )),
            _ => Err(Refused::bad(
                "UnsupportedOperation",
                "this arrow takes ReceiveMessage, DeleteMessage and ChangeMessageVisibility"
                    .to_owned(),
            )),
        }
    }

    /// Whether a receipt was given by [`Self::receive`]: nothing else becomes a path.
    fn is_one(&self, receipt: &str) -> bool {
        let hidden = self.hidden.lock().unwrap_or_else(PoisonError::into_inner);
        hidden.contains_key(receipt)
    }
}

/// Why a request is refused.
#[derive(Debug)]
struct Refused {
    status: StatusCode,
    kind: &'static str,
    message: String,
}

impl Refused {
    fn bad(kind: &'static str, message: String) -> Self {
        Self {
            status: StatusCode::BAD_REQUEST,
            kind,
            message,
        }
    }
}

impl From<std::io::Error> for Refused {
    fn from(error: std::io::Error) -> Self {
        Self {
            status: StatusCode::INTERNAL_SERVER_ERROR,
            kind: "InternalFailure",
            message: error.to_string(),
        }
    }
}

impl IntoResponse for Refused {
    fn into_response(self) -> Response {
        let kind = format!("com.amazonaws.sqs#{}", self.kind);
        let body = json!({ "__type": kind, "message": self.message });
        (self.status, Json(body)).into_response()
    }
}

/// Serves the records of a data directory as a queue, and says its URL.
///
/// # Errors
/// No free port.
pub(crate) async fn start(failures: Arc<Failures>) -> anyhow::Result<(Server, String)> {
    let router = axum::Router::new()
        .fallback(post(serve))
        .with_state(failures);
    let server = Server::router(0, router).await?;
    let url = format!("{}/000000000000/{NAME}", server.endpoint());
    Ok((server, url))
}

async fn serve(
    State(failures): State<Arc<Failures>>,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Json<Value>, Refused> {
    let target = headers
        .get("x-amz-target")
        .and_then(|target| target.to_str().ok());
    let operation = target.and_then(|target| target.strip_prefix("AmazonSQS."));
    let request: Value = serde_json::from_slice(&body).unwrap_or_default();
    failures
        .answer(operation.unwrap_or_default(), &request)
        .map(Json)
}
