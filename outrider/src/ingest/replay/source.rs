//! Where records come from.

use std::path::{Path, PathBuf};

use super::files::Files;
use super::record::Unreadable;
use super::sqs::{Message, Queue, QueueError};
use super::target::Target;

/// Why there is no next record.
#[derive(Debug, thiserror::Error)]
pub(super) enum Error {
    #[error(transparent)]
    Queue(#[from] QueueError),
    #[error(transparent)]
    Files(#[from] anyhow::Error),
}

/// One record as it is stored.
#[derive(Debug)]
pub(super) struct Stored {
    /// What to call it: a message's id, a file, a line.
    pub(super) name: String,
    pub(super) bytes: Result<Vec<u8>, Unreadable>,
    /// The message that holds it, to be deleted.
    message: Option<Message>,
}

/// Records that are read one by one.
pub(super) enum Source {
    Files(Files),
    Queue(Box<Queue>),
}

/// Whether a source is a queue.
pub(super) fn is_url(source: &Path) -> bool {
    let text = source.to_string_lossy();
    text.starts_with("https://") || text.starts_with("http://")
}

impl Source {
    /// The sources that are named; without any, the queue of the data directory.
    ///
    /// # Errors
    /// A file that is not there.
    pub(super) fn of(named: &[PathBuf], target: &Target) -> anyhow::Result<Vec<Self>> {
        let queue = |url: &str| {
            let (config, _) = target.queue()?;
            let queue = Queue::new(config, url, target.clock());
            Some(Self::Queue(Box::new(queue)))
        };
        if named.is_empty() {
            let own = target.queue().and_then(|(_, own)| own);
            return Ok(own.and_then(queue).into_iter().collect());
        }
        let mut sources = Vec::new();
        for name in named {
            if is_url(name) {
                sources.extend(queue(&name.to_string_lossy()));
            } else {
                sources.push(Self::Files(Files::of(std::slice::from_ref(name))?));
            }
        }
        Ok(sources)
    }

    /// The next record; `None` after the last.
    pub(super) async fn next(&mut self) -> Result<Option<Stored>, Error> {
        match self {
            Self::Files(files) => Ok(files.next()?.map(|record| Stored {
                name: record.name,
                bytes: record.bytes,
                message: None,
            })),
            Self::Queue(queue) => Ok(queue.next().await?.map(|mut message| Stored {
                name: format!("message {}", message.id),
                bytes: Ok(std::mem::take(&mut message.body).into_bytes()),
                message: Some(message),
            })),
        }
    }

    /// The rollups of a record are written: a message goes, a file is its owner's.
    pub(super) async fn written(&mut self, stored: &Stored) -> Result<(), QueueError> {
        match (self, &stored.message) {
            (Self::Queue(queue), Some(message)) => queue.written(message).await,
            _ => Ok(()),
        }
    }

    /// A record stays where it is.
    pub(super) fn stays(&mut self, stored: &Stored) {
        if let (Self::Queue(queue), Some(message)) = (self, &stored.message) {
            queue.stays(message);
        }
    }

    /// Nothing more is read: what stays is for everybody again.
    pub(super) async fn close(self) {
        if let Self::Queue(queue) = self {
            queue.close().await;
        }
    }
}
