//! The detector of a data directory without the rest of the stack: for those who ask it, and never run it.

use std::path::Path;
use std::sync::Arc;

use anyhow::Context;
use async_trait::async_trait;
use detector::watch::Watch;
use incidents::Publication;
use platform::aws;
use platform::checkpoints::Checkpoints;
use platform::clock::SystemClock;
use platform::metric_source::{MetricQuery, MetricSource, MetricSourceError, MetricValues};
use platform::notifier::{Notifier, NotifyError};
use platform::series_store::dynamodb::{DynamoDbSeriesStore, create_table as create_series_table};
use platform::state_store::dynamodb::{DynamoDbStateStore, create_table as create_state_table};
use signals::Minute;

use super::server::Server;
use super::{Lock, SERIES, STATE, Silent, WATCH, dynamodb};

/// The detector's stores in a data directory, and what it watches.
#[derive(Debug)]
pub(crate) struct OpenDetector {
    /// Everything the detector has. It asks no metrics, and tells nobody.
    pub(crate) deps: detector::Deps,
    database: Server,
    _instance: Lock,
}

impl OpenDetector {
    /// Opens a directory that a demo or `up` has used; `config` is what is watched there, if not what `up` watches.
    ///
    /// # Errors
    /// A directory that is in use, or that holds no database; a configuration that is wrong.
    pub(crate) async fn open(data: &Path, config: Option<&Path>) -> anyhow::Result<Self> {
        anyhow::ensure!(
            data.join("dynamodb.sqlite").exists(),
            "{} holds no data of outrider; name the folder with --data, or AWS with --aws",
            data.display()
        );
        Self::make(data, config).await
    }

    /// The same, and makes the directory if it is not there.
    ///
    /// # Errors
    /// A directory that is in use or cannot be made; a configuration that is wrong.
    pub(crate) async fn make(data: &Path, config: Option<&Path>) -> anyhow::Result<Self> {
        let watch = match config {
            Some(path) => configured(path)?,
            None => Watch::parse(WATCH).context("the embedded watch.toml")?,
        };
        let instance = Lock::take(data)?;
        let database = dynamodb::start(Some(&data.join("dynamodb.sqlite"))).await?;
        let client = aws_sdk_dynamodb::Client::new(&aws::for_endpoint(&database.endpoint()).await);
        create_series_table(&client, SERIES).await?;
        create_state_table(&client, STATE).await?;
        let deps = detector::Deps {
            watch,
            series: Arc::new(DynamoDbSeriesStore::new(client.clone(), SERIES)),
            state: Arc::new(DynamoDbStateStore::new(client, STATE)),
            checkpoints: Checkpoints::folder(&data.join("state"))?,
            metrics: Arc::new(Nobody),
            logs: None,
            links: None,
            notifier: Arc::new(Nobody),
            clock: Arc::new(SystemClock),
            emitter: Arc::new(Silent),
            change_feed: false,
            function_name: String::new(),
            owner: "local".to_owned(),
            warm: detector::Warm::default(),
        };
        Ok(Self {
            deps,
            database,
            _instance: instance,
        })
    }

    /// Closes the database.
    ///
    /// # Errors
    /// What ended its server early.
    pub(crate) async fn close(self) -> anyhow::Result<()> {
        self.database.stop().await
    }
}

/// Reads what is watched, `--config FILE`.
///
/// # Errors
/// A file that cannot be read, or is wrong.
pub(crate) fn configured(path: &Path) -> anyhow::Result<Watch> {
    let name = path.display();
    let text = std::fs::read_to_string(path).with_context(|| format!("--config {name}"))?;
    Watch::parse(&text).with_context(|| format!("--config {name}"))
}

/// Nobody is asked, and nobody is told.
#[derive(Debug)]
pub(crate) struct Nobody;

#[async_trait]
impl MetricSource for Nobody {
    async fn read(
        &self,
        _queries: &[MetricQuery],
        _from: Minute,
        _to: Minute,
    ) -> Result<MetricValues, MetricSourceError> {
        Ok(MetricValues::new())
    }
}

#[async_trait]
impl Notifier for Nobody {
    async fn publish(&self, publication: &Publication) -> Result<String, NotifyError> {
        Err(NotifyError {
            id: publication.id.clone(),
            topic: publication.topic.as_str().to_owned(),
            message: "this command tells nobody".to_owned(),
            retryable: true,
        })
    }
}
