//! The SNS arrow: takes the `Publish` requests that the SDK really sends and keeps each as a file.
//!
//! In the data directory: `inbox/` holds the requests as sent, `email/` what a mail reader would show and
//! `chat/` the body that a chat channel would get.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::Context;
use axum::extract::{Form, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use tokio::sync::Mutex;

use super::server::Server;

#[derive(Debug)]
struct Inbox {
    folder: PathBuf,
    /// One request is filed at a time, so that numbers have no holes and a repeated request finds its first.
    filing: Mutex<()>,
}

/// Starts the arrow; messages land below `folder`.
///
/// # Errors
/// Folders that cannot be made; no free port.
pub(crate) async fn start(folder: &Path) -> anyhow::Result<Server> {
    for name in ["inbox", "email", "chat"] {
        let folder = folder.join(name);
        std::fs::create_dir_all(&folder)
            .with_context(|| format!("cannot make the folder {}", folder.display()))?;
    }
    let inbox = Arc::new(Inbox {
        folder: folder.to_owned(),
        filing: Mutex::new(()),
    });
    Server::router(
        0,
        axum::Router::new()
            .route("/", post(publish))
            .with_state(inbox),
    )
    .await
}

/// The parameters of the query protocol as the JSON that the API reference documents.
fn request_of(form: &BTreeMap<String, String>) -> Value {
    let mut request = serde_json::Map::new();
    let mut attributes = serde_json::Map::new();
    for (name, value) in form {
        if let Some(position) = name
            .strip_prefix("MessageAttributes.entry.")
            .and_then(|rest| rest.strip_suffix(".Name"))
        {
            let part = |field: &str| {
                form.get(&format!("MessageAttributes.entry.{position}.Value.{field}"))
            };
            attributes.insert(
                value.clone(),
                json!({ "DataType": part("DataType"), "StringValue": part("StringValue") }),
            );
        } else if !name.contains('.') && name != "Action" && name != "Version" {
            request.insert(name.clone(), Value::String(value.clone()));
        }
    }
    request.insert("MessageAttributes".to_owned(), Value::Object(attributes));
    Value::Object(request)
}

/// The topic's short name: `outrider-page` is `page`.
fn topic_of(request: &Value) -> &str {
    let arn = request["TopicArn"].as_str().unwrap_or_default();
    let name = arn.rsplit(':').next().unwrap_or_default();
    name.strip_prefix("outrider-").unwrap_or(name)
}

impl Inbox {
    /// Files a request once: a repeated one, equal to the letter, keeps its first file.
    async fn file(&self, request: &Value) -> anyhow::Result<String> {
        let _turn = self.filing.lock().await;
        let bytes = serde_json::to_vec_pretty(request)?;
        let digest: String = Sha256::digest(&bytes)
            .iter()
            .take(6)
            .map(|byte| format!("{byte:02x}"))
            .collect();
        let inbox = self.folder.join("inbox");
        let mut count = 0;
        for entry in std::fs::read_dir(&inbox)? {
            let name = entry?.file_name().to_string_lossy().into_owned();
            if name.ends_with(&format!("{digest}.json")) {
                return Ok(digest);
            }
            count += usize::from(name.ends_with(".json"));
        }
        let topic: String = topic_of(request)
            .chars()
            .filter(|c| c.is_ascii_alphanumeric() || *c == '-')
            .collect();
        let stem = format!("{:04}-{topic}-{digest}", count + 1);
        let message = request["Message"].as_str().unwrap_or_default();
        if request["MessageStructure"] == "json" {
            let parts: BTreeMap<String, String> = serde_json::from_str(message)?;
            let body = parts
                .get("email")
                .or_else(|| parts.get("default"))
                .map_or("", String::as_str);
            let mail = format!(
                "Subject: {}\n\n{body}\n",
                request["Subject"].as_str().unwrap_or("(none)")
            );
            std::fs::write(self.folder.join("email").join(format!("{stem}.txt")), mail)?;
        } else {
            std::fs::write(
                self.folder.join("chat").join(format!("{stem}.json")),
                message,
            )?;
        }
        // A reader of the inbox never sees half a file, and a process killed here leaves none.
        let part = inbox.join(format!(".{stem}"));
        std::fs::write(&part, &bytes)?;
        std::fs::rename(part, inbox.join(format!("{stem}.json")))?;
        Ok(digest)
    }
}

async fn publish(
    State(inbox): State<Arc<Inbox>>,
    Form(form): Form<BTreeMap<String, String>>,
) -> Response {
    if form.get("Action").map(String::as_str) != Some("Publish") {
        let action = form.get("Action").map_or("nothing", String::as_str);
        return refusal(
            StatusCode::BAD_REQUEST,
            "InvalidAction",
            &format!("this arrow publishes, it cannot {action}"),
        );
    }
    match inbox.file(&request_of(&form)).await {
        Ok(id) => xml(
            StatusCode::OK,
            format!(
                "<PublishResponse xmlns=\"http://sns.amazonaws.com/doc/2010-03-31/\"><PublishResult><MessageId>{id}</MessageId></PublishResult></PublishResponse>"
            ),
        ),
        Err(error) => refusal(
            StatusCode::INTERNAL_SERVER_ERROR,
            "InternalError",
            &format!("{error:#}"),
        ),
    }
}

fn refusal(status: StatusCode, code: &str, message: &str) -> Response {
    let message = message.replace('&', "&amp;").replace('<', "&lt;");
    xml(
        status,
        format!(
            "<ErrorResponse><Error><Code>{code}</Code><Message>{message}</Message></Error></ErrorResponse>"
        ),
    )
}

fn xml(status: StatusCode, body: String) -> Response {
    (status, [(header::CONTENT_TYPE, "text/xml")], body).into_response()
}
