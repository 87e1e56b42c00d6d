//! Where replayed payloads go: the same log-processor, on the store of a data directory, an endpoint or AWS.

use std::path::Path;
use std::sync::Arc;

use anyhow::Context;
use aws_config::SdkConfig;
use log_processor::settings::Settings;
use log_processor::{Deps, Sightings};
use platform::clock::{Clock, SystemClock};
use platform::config::Environment;
use platform::errors_seen::dynamodb::DynamoDbErrorsSeen;
use platform::series_store::dynamodb::DynamoDbSeriesStore;

use crate::local::{OpenLogs, Silent};

/// What is needed to replay, open until it is closed.
pub(super) enum Target {
    /// A data directory.
    Data(Box<OpenLogs>),
    /// An endpoint, or AWS.
    Aws {
        /// log-processor on its store; none for a dry run, which needs no table.
        processor: Option<Box<Deps>>,
        /// How to reach a queue.
        queue: Box<SdkConfig>,
    },
    /// Nothing: for a dry run on files.
    Nowhere,
}

impl Target {
    /// A data directory, which nobody else may be using.
    pub(super) async fn data(folder: &Path) -> anyhow::Result<Self> {
        let open = OpenLogs::open(folder, Arc::new(SystemClock), Arc::new(Silent)).await?;
        Ok(Self::Data(Box::new(open)))
    }

    /// An AWS-compatible server, or AWS itself, configured as the function is: by its environment.
    pub(super) async fn aws(endpoint: Option<&str>, dry_run: bool) -> anyhow::Result<Self> {
        let config = match endpoint {
            Some(endpoint) => platform::aws::for_endpoint(endpoint).await,
            None => platform::aws::from_environment().await,
        };
        let processor = if dry_run {
            None
        } else {
            Some(Box::new(processor(&config)?))
        };
        Ok(Self::Aws {
            processor,
            queue: Box::new(config),
        })
    }

    /// log-processor; none when nothing is to be written.
    pub(super) fn processor(&self) -> Option<&Deps> {
        match self {
            Self::Data(open) => Some(&open.processor),
            Self::Aws { processor, .. } => processor.as_deref(),
            Self::Nowhere => None,
        }
    }

    /// How to reach queues, and the queue that a data directory has itself.
    pub(super) fn queue(&self) -> Option<(&SdkConfig, Option<&str>)> {
        match self {
            Self::Data(open) => Some((&open.queue, Some(&open.queue_url))),
            Self::Aws { queue, .. } => Some((queue, None)),
            Self::Nowhere => None,
        }
    }

    /// The time by which messages are waited for.
    pub(super) fn clock(&self) -> Arc<dyn Clock> {
        Arc::new(SystemClock)
    }

    /// # Errors
    /// What ended a server of a data directory early.
    pub(super) async fn close(self) -> anyhow::Result<()> {
        match self {
            Self::Data(open) => open.close().await,
            Self::Aws { .. } | Self::Nowhere => Ok(()),
        }
    }
}

/// log-processor as its environment says, on the services of `config`.
fn processor(config: &SdkConfig) -> anyhow::Result<Deps> {
    let settings = Settings::read(&Environment)
        .context("set the environment of the log-processor that failed")?;
    let dynamodb = aws_sdk_dynamodb::Client::new(config);
    let table = settings.series_table.clone();
    let errors_seen = DynamoDbErrorsSeen::new(dynamodb.clone(), table.clone());
    Ok(Deps {
        // Metrics of the watched functions would be those of now, and nobody reads them here.
        sightings: Sightings::new(Arc::new(errors_seen), false),
        ledger: log_processor::ledger(&dynamodb, &settings),
        series: Arc::new(DynamoDbSeriesStore::new(dynamodb, table)),
        emitter: Arc::new(Silent),
        clock: Arc::new(SystemClock),
        function_name: settings.function_name,
        rules: settings.rules,
        reader: std::sync::Mutex::default(),
    })
}
