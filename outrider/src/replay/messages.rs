//! Messages as SNS would get them, one file each.

use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

use anyhow::{Context, bail};
use async_trait::async_trait;
use incidents::{Publication, Topic};
use platform::notifier::{Notifier, NotifyError};
use serde_json::json;

/// What was sent so far.
#[derive(Debug, Default)]
struct Sent {
    messages: u64,
    pages: u64,
}

/// Counts messages, and files them if there is a folder.
#[derive(Debug)]
pub(super) struct Inbox {
    folder: Option<PathBuf>,
    sent: Mutex<Sent>,
}

impl Inbox {
    /// # Errors
    /// A folder that cannot be made, or holds something: it would be taken for messages of this replay.
    pub(super) fn open(folder: Option<&Path>) -> anyhow::Result<Self> {
        if let Some(folder) = folder {
            let name = folder.display();
            std::fs::create_dir_all(folder)
                .with_context(|| format!("--messages {name}: cannot make this folder"))?;
            let mut entries = std::fs::read_dir(folder)
                .with_context(|| format!("--messages {name}: cannot read this folder"))?;
            if entries.next().is_some() {
                bail!("--messages {name}: it holds something; empty it, or name another folder");
            }
        }
        Ok(Self {
            folder: folder.map(Path::to_owned),
            sent: Mutex::default(),
        })
    }

    fn sent(&self) -> MutexGuard<'_, Sent> {
        self.sent.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Messages, and those of them that wake somebody.
    pub(super) fn counts(&self) -> (u64, u64) {
        let sent = self.sent();
        (sent.messages, sent.pages)
    }

    fn file(&self, number: u64, publication: &Publication) -> std::io::Result<()> {
        let Some(folder) = &self.folder else {
            return Ok(());
        };
        let topic = publication.topic.as_str();
        // The parameters of `Publish` (Amazon SNS API reference).
        let mut request = json!({
            "TopicArn": format!("arn:aws:sns:eu-west-1:000000000000:outrider-{topic}"),
            "Subject": publication.subject,
            "Message": publication.message,
        });
        if let Some(structure) = &publication.message_structure {
            request["MessageStructure"] = json!(structure);
        }
        for (name, value) in &publication.attributes {
            request["MessageAttributes"][name] =
                json!({ "DataType": "String", "StringValue": value });
        }
        let text = serde_json::to_vec_pretty(&request)?;
        std::fs::write(folder.join(format!("{number:04}-{topic}.json")), text)
    }
}

#[async_trait]
impl Notifier for Inbox {
    async fn publish(&self, publication: &Publication) -> Result<String, NotifyError> {
        let mut sent = self.sent();
        let number = sent.messages + 1;
        self.file(number, publication)
            .map_err(|error| NotifyError {
                id: publication.id.clone(),
                topic: publication.topic.as_str().to_owned(),
                message: error.to_string(),
                retryable: false,
            })?;
        sent.messages = number;
        sent.pages += u64::from(publication.topic == Topic::Page);
        Ok(number.to_string())
    }
}
