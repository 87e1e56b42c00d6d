//! The log path of a data directory without the rest of the stack: log-processor on its store, and what it failed on.

use std::path::Path;
use std::sync::Arc;

use aws_config::SdkConfig;
use platform::aws;
use platform::clock::Clock;
use platform::emit::Emitter;

use super::failures::{self, Failures};
use super::server::Server;
use super::{Lock, dynamodb};

/// log-processor on a data directory.
#[derive(Debug)]
pub struct OpenLogs {
    /// The function, with the directory's store.
    pub processor: log_processor::Deps,
    /// How to reach the queue of what it failed on.
    pub queue: SdkConfig,
    /// The queue's URL.
    pub queue_url: String,
    servers: [Server; 2],
    _instance: Lock,
}

impl OpenLogs {
    /// Opens a directory that a demo or `up` has used. What log-processor says of itself goes to `emitter`.
    ///
    /// # Errors
    /// A directory that is in use, or that holds no database.
    pub async fn open(
        data: &Path,
        clock: Arc<dyn Clock>,
        emitter: Arc<dyn Emitter>,
    ) -> anyhow::Result<Self> {
        let file = data.join("dynamodb.sqlite");
        anyhow::ensure!(
            file.exists(),
            "{} holds no data of outrider; name the folder with --data",
            data.display()
        );
        let instance = Lock::take(data)?;
        let database = dynamodb::start(Some(&file)).await?;
        let client = aws_sdk_dynamodb::Client::new(&aws::for_endpoint(&database.endpoint()).await);
        let failures = Arc::new(Failures::of(data, clock.clone()));
        let (server, queue_url) = failures::start(failures).await?;
        Ok(Self {
            processor: super::processor(client, emitter, clock),
            queue: aws::for_endpoint(&server.endpoint()).await,
            queue_url,
            servers: [database, server],
            _instance: instance,
        })
    }

    /// Closes the database and the queue.
    ///
    /// # Errors
    /// What ended a server early.
    pub async fn close(self) -> anyhow::Result<()> {
        for server in self.servers {
            server.stop().await?;
        }
        Ok(())
    }
}
