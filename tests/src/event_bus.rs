//! A stand-in for Amazon EventBridge: takes what is put, and remembers it.

use std::sync::{Arc, Mutex, PoisonError};

use axum::Router;
use axum::extract::State;
use axum::response::IntoResponse;
use axum::routing::post;
use bytes::Bytes;
use serde_json::{Value, json};

use crate::listener::Listener;

/// The server.
#[derive(Debug)]
pub struct EventBus {
    listener: Listener,
    taken: Arc<Mutex<Vec<Value>>>,
}

impl EventBus {
    /// Starts it empty.
    pub async fn start() -> Self {
        let taken = Arc::new(Mutex::default());
        let router = Router::new()
            .route("/", post(put_events))
            .with_state(Arc::clone(&taken));
        Self {
            listener: Listener::serve(router).await,
            taken,
        }
    }

    /// Its endpoint.
    #[must_use]
    pub fn endpoint(&self) -> String {
        self.listener.endpoint()
    }

    /// The entries that were put, in order.
    #[must_use]
    pub fn taken(&self) -> Vec<Value> {
        self.taken
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }
}

/// `PutEvents` of the JSON protocol (Amazon EventBridge API reference).
async fn put_events(State(taken): State<Arc<Mutex<Vec<Value>>>>, body: Bytes) -> impl IntoResponse {
    let request: Value = serde_json::from_slice(&body).unwrap_or_default();
    let entries = request["Entries"].as_array().cloned().unwrap_or_default();
    let ids: Vec<_> = (0..entries.len())
        .map(|position| json!({ "EventId": format!("event-{position}") }))
        .collect();
    taken
        .lock()
        .unwrap_or_else(PoisonError::into_inner)
        .extend(entries);
    let answer = json!({ "FailedEntryCount": 0, "Entries": ids });
    (
        [("content-type", "application/x-amz-json-1.1")],
        answer.to_string(),
    )
}
