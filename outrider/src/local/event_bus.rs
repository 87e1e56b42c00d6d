//! The EventBridge arrow: takes the `PutEvents` requests that the SDK really sends and appends each event to a
//! file.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::Context;
use axum::Json;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use serde_json::{Value, json};
use tokio::sync::Mutex;

use super::server::Server;

#[derive(Debug)]
struct Bus {
    file: PathBuf,
    writing: Mutex<()>,
}

/// Starts the arrow; events are appended to `file`, one JSON line each.
///
/// # Errors
/// No free port.
pub(crate) async fn start(file: &Path) -> anyhow::Result<Server> {
    let bus = Arc::new(Bus {
        file: file.to_owned(),
        writing: Mutex::new(()),
    });
    Server::router(
        0,
        axum::Router::new()
            .route("/", post(put_events))
            .with_state(bus),
    )
    .await
}

impl Bus {
    async fn append(&self, entries: &[Value]) -> anyhow::Result<()> {
        let _turn = self.writing.lock().await;
        let mut file = std::fs::OpenOptions::new()
            .create(true)
            .append(true)
            .open(&self.file)
            .with_context(|| format!("cannot write {}", self.file.display()))?;
        for entry in entries {
            file.write_all(format!("{entry}\n").as_bytes())?;
        }
        Ok(())
    }
}

async fn put_events(
    State(bus): State<Arc<Bus>>,
    headers: HeaderMap,
    body: axum::body::Bytes,
) -> Response {
    let refused = |status: StatusCode, kind: &str, message: String| {
        (status, Json(json!({ "__type": kind, "message": message }))).into_response()
    };
    if headers
        .get("x-amz-target")
        .is_none_or(|target| target != "AWSEvents.PutEvents")
    {
        return refused(
            StatusCode::BAD_REQUEST,
            "UnknownOperationException",
            "this arrow takes PutEvents".to_owned(),
        );
    }
    let entries = serde_json::from_slice::<Value>(&body)
        .ok()
        .and_then(|request| request["Entries"].as_array().cloned());
    let Some(entries) = entries else {
        return refused(
            StatusCode::BAD_REQUEST,
            "ValidationException",
            "Entries is missing".to_owned(),
        );
    };
    if let Err(error) = bus.append(&entries).await {
        return refused(
            StatusCode::INTERNAL_SERVER_ERROR,
            "InternalException",
            format!("{error:#}"),
        );
    }
    let accepted: Vec<_> = entries
        .iter()
        .enumerate()
        .map(|(position, _)| json!({ "EventId": format!("local-{position}") }))
        .collect();
    Json(json!({ "FailedEntryCount": 0, "Entries": accepted })).into_response()
}
