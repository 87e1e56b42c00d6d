//! The detector's configuration: where things are, from the environment; what is watched, from `outrider.toml`.

use platform::config::{ConfigErrors, Reader, Vars};
use platform::logging::Level;

use crate::watch::Watch;

/// The DynamoDB table of rollups.
pub const SERIES_TABLE: &str = "CAROBS_SERIES_TABLE";
/// The DynamoDB table of incidents, outbox and claims.
pub const STATE_TABLE: &str = "CAROBS_STATE_TABLE";
/// The S3 bucket of the state objects.
pub const STATE_BUCKET: &str = "CAROBS_STATE_BUCKET";
/// The SNS topic that wakes somebody.
pub const PAGE_TOPIC: &str = "CAROBS_PAGE_TOPIC_ARN";
/// The SNS topic for working hours.
pub const TICKET_TOPIC: &str = "CAROBS_TICKET_TOPIC_ARN";
/// The SNS topic that a chat channel is subscribed to.
pub const CHAT_TOPIC: &str = "CAROBS_CHAT_TOPIC_ARN";
/// The file that says what is watched; it is packaged beside the binary.
pub const WATCH_FILE: &str = "CAROBS_WATCH_FILE";
/// Lambda's own: names the execution environment, which is what owns a window.
const LOG_STREAM: &str = "AWS_LAMBDA_LOG_STREAM_NAME";

/// Everything the detector is told at its start.
#[derive(Debug, Clone)]
pub struct Settings {
    /// See [`SERIES_TABLE`].
    pub series_table: String,
    /// See [`STATE_TABLE`].
    pub state_table: String,
    /// See [`STATE_BUCKET`].
    pub state_bucket: String,
    /// See [`PAGE_TOPIC`], [`TICKET_TOPIC`] and [`CHAT_TOPIC`].
    pub topics: platform::notifier::Topics,
    /// Who this is, among the detectors that may run at the same time.
    pub owner: String,
    /// What is watched.
    pub watch: Watch,
}

impl Settings {
    /// Reads the environment and the file it names.
    ///
    /// # Errors
    /// Every variable that is missing, and everything that is wrong with the file.
    pub fn read(vars: &dyn Vars) -> Result<Self, ConfigErrors> {
        let mut reader = Reader::new(vars);
        // Logging has been set up already; here a level that is no level is reported with everything else.
        Level::read(&mut reader);
        let series_table = reader.required(SERIES_TABLE, "the DynamoDB table of rollups");
        let state_table =
            reader.required(STATE_TABLE, "the DynamoDB table of incidents and claims");
        let state_bucket = reader.required(STATE_BUCKET, "the S3 bucket of state objects");
        let topics = platform::notifier::Topics {
            page: reader.required(PAGE_TOPIC, "the SNS topic that wakes somebody"),
            ticket: reader.required(TICKET_TOPIC, "the SNS topic for working hours"),
            chat: reader.required(CHAT_TOPIC, "the SNS topic of the chat channel"),
        };
        let owner = reader
            .optional(LOG_STREAM)
            .unwrap_or_else(|| "local".to_owned());
        let file = reader
            .optional(WATCH_FILE)
            .unwrap_or_else(|| "outrider.toml".to_owned());
        let watch = reader.file(
            &file,
            &format!("{WATCH_FILE} names it; package it beside the binary"),
            Watch::parse,
        );
        reader.finish_with(watch).map(|watch| Self {
            series_table,
            state_table,
            state_bucket,
            topics,
            owner,
            watch,
        })
    }
}
