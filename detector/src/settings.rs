//! The detector's configuration: where things are, from the environment; what is watched, from `outrider.toml` or
//! from its text in a variable.

use incidents::acknowledge_link::{Key, Links};
use platform::config::{ConfigErrors, Reader, Vars};
use platform::logging::Level;
use platform::telemetry::FUNCTION_NAME;

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
/// The text of `outrider.toml` itself, which is how a template configures it. It beats [`WATCH_FILE`]. All
/// variables of a function together may have 4 KB (AWS Lambda quotas, 2026-11-21).
pub const WATCH: &str = "CAROBS_WATCH";
/// `enabled`: EventBridge rules tell the detector of changes, and messages take their silence for an answer.
pub const CHANGE_FEED: &str = "CAROBS_CHANGE_FEED";
/// The file that says what is watched; it is packaged beside the binary.
pub const WATCH_FILE: &str = "CAROBS_WATCH_FILE";
/// Where links that acknowledge an incident begin: the address at which the responder answers. With [`ACKNOWLEDGE_KEY`],
/// or not at all.
pub const ACKNOWLEDGE_BASE: &str = "CAROBS_ACKNOWLEDGE_BASE";
/// The secret that signs them, at least 32 random bytes; the responder has the same.
pub const ACKNOWLEDGE_KEY: &str = "CAROBS_ACKNOWLEDGE_KEY";
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
    /// See [`CHANGE_FEED`].
    pub change_feed: bool,
    /// Makes the links by which people acknowledge incidents; see [`ACKNOWLEDGE_BASE`].
    pub links: Option<Links>,
    /// The name of this function on Lambda; empty elsewhere.
    pub function_name: String,
    /// Who this is, among the detectors that may run at the same time.
    pub owner: String,
    /// What is watched.
    pub watch: Watch,
}

impl Settings {
    /// Reads the environment, and the file it names unless it holds the file's text.
    ///
    /// # Errors
    /// Every variable that is missing, and everything that is wrong with the file or its text.
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
        let change_feed = reader.one_of(
            CHANGE_FEED,
            false,
            &[("enabled", true), ("disabled", false)],
        );
        let links = links(&mut reader);
        let function_name = reader.optional(FUNCTION_NAME).unwrap_or_default();
        let owner = reader
            .optional(LOG_STREAM)
            .unwrap_or_else(|| "local".to_owned());
        let watch = watch(vars, &mut reader);
        reader.finish_with(watch).map(|watch| Self {
            series_table,
            state_table,
            state_bucket,
            topics,
            change_feed,
            links,
            function_name,
            owner,
            watch,
        })
    }
}

/// Both or neither: an address without a key would sign nothing, a key without an address would lead nowhere.
fn links(reader: &mut Reader<'_>) -> Option<Links> {
    match (
        reader.optional(ACKNOWLEDGE_BASE),
        reader.optional(ACKNOWLEDGE_KEY),
    ) {
        (None, None) => None,
        (Some(base), Some(key)) => {
            let links = Key::new(key.as_bytes())
                .map_err(|error| format!("{ACKNOWLEDGE_KEY}: {error}"))
                .and_then(|key| {
                    Links::new(&base, key).map_err(|error| format!("{ACKNOWLEDGE_BASE}: {error}"))
                });
            links.map_err(|problem| reader.problem(problem)).ok()
        }
        (base, _) => {
            let (is, lacks) = if base.is_some() {
                (ACKNOWLEDGE_BASE, ACKNOWLEDGE_KEY)
            } else {
                (ACKNOWLEDGE_KEY, ACKNOWLEDGE_BASE)
            };
            reader.problem(format!(
                "{is} is set and {lacks} is not: set both, for messages with links that acknowledge, or neither"
            ));
            None
        }
    }
}

fn watch(vars: &dyn Vars, reader: &mut Reader<'_>) -> Option<Watch> {
    // As it stands: with its first empty lines cut off, the lines that an error names would be others.
    let text = vars.get(WATCH).filter(|text| !text.trim().is_empty());
    if let Some(text) = text {
        return Watch::parse(&text)
            .map_err(|error| reader.problem(format!("{WATCH}: {error}")))
            .ok();
    }
    let file = reader
        .optional(WATCH_FILE)
        .unwrap_or_else(|| "outrider.toml".to_owned());
    let hint =
        format!("{WATCH_FILE} names it; package it beside the binary, or set {WATCH} to its text");
    reader.file(&file, &hint, Watch::parse)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    const TEXT: &str = include_str!("../../outrider.toml");

    fn read(pairs: &[(&str, &str)]) -> Result<Settings, String> {
        let places = [
            (SERIES_TABLE, "series"),
            (STATE_TABLE, "state"),
            (STATE_BUCKET, "bucket"),
            (PAGE_TOPIC, "page"),
            (TICKET_TOPIC, "ticket"),
            (CHAT_TOPIC, "chat"),
        ];
        let vars: BTreeMap<String, String> = places
            .iter()
            .chain(pairs)
            .map(|(key, value)| ((*key).to_owned(), (*value).to_owned()))
            .collect();
        Settings::read(&vars).map_err(|errors| errors.to_string())
    }

    #[test]
    fn the_text_itself_beats_the_file() {
        let settings = read(&[(WATCH, TEXT), (WATCH_FILE, "/nowhere/outrider.toml")]).unwrap();
        assert_eq!(settings.watch.services[0].function(), "car-api");
    }

    #[test]
    fn links_need_a_base_and_a_key_that_cannot_be_guessed() {
        let key = "k".repeat(32);
        let base = "https://ack.example.com/";
        let watched = (WATCH, TEXT);
        let good = [watched, (ACKNOWLEDGE_BASE, base), (ACKNOWLEDGE_KEY, &key)];
        assert!(read(&good).unwrap().links.is_some());
        assert!(read(&[watched]).unwrap().links.is_none());
        let empty = [watched, (ACKNOWLEDGE_BASE, ""), (ACKNOWLEDGE_KEY, " ")];
        assert!(read(&empty).unwrap().links.is_none());
        for (rule, pairs, says) in [
            (
                "no key",
                vec![(ACKNOWLEDGE_BASE, base)],
                "CAROBS_ACKNOWLEDGE_BASE is set and CAROBS_ACKNOWLEDGE_KEY is not",
            ),
            (
                "no base",
                vec![(ACKNOWLEDGE_KEY, key.as_str())],
                "CAROBS_ACKNOWLEDGE_KEY is set and CAROBS_ACKNOWLEDGE_BASE is not",
            ),
            (
                "a short key",
                vec![(ACKNOWLEDGE_BASE, base), (ACKNOWLEDGE_KEY, "hunter2")],
                "CAROBS_ACKNOWLEDGE_KEY: the key that signs acknowledgement links has 7 bytes",
            ),
            (
                "in the clear",
                vec![
                    (ACKNOWLEDGE_BASE, "http://ack.example.com"),
                    (ACKNOWLEDGE_KEY, key.as_str()),
                ],
                "CAROBS_ACKNOWLEDGE_BASE: the base of acknowledgement links",
            ),
        ] {
            let error = read(&[&[watched], &pairs[..]].concat()).unwrap_err();
            assert!(
                error.contains(says) && !error.contains("hunter2") && !error.contains(&key),
                "{rule}: {error}"
            );
        }
    }

    #[test]
    fn an_empty_text_is_none() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("outrider.toml");
        std::fs::write(&file, TEXT).unwrap();
        let file = file.to_str().unwrap();
        for empty in ["", " \n "] {
            assert!(read(&[(WATCH, empty), (WATCH_FILE, file)]).is_ok());
        }
    }

    #[test]
    fn a_feed_of_changes_is_there_when_somebody_says_so() {
        assert!(!read(&[(WATCH, TEXT)]).unwrap().change_feed);
        assert!(
            !read(&[(WATCH, TEXT), (CHANGE_FEED, "disabled")])
                .unwrap()
                .change_feed
        );
        assert!(
            read(&[(WATCH, TEXT), (CHANGE_FEED, "enabled")])
                .unwrap()
                .change_feed
        );
        let wrong = read(&[(WATCH, TEXT), (CHANGE_FEED, "on")]).unwrap_err();
        assert!(
            wrong.contains("CAROBS_CHANGE_FEED is \"on\": write one of enabled, disabled"),
            "{wrong}"
        );
    }

    #[test]
    fn mistakes_name_the_variable_and_the_line() {
        for (name, text, parts) in [
            (
                "no TOML",
                "\n\nenvironment = 'prod\n".to_owned(),
                vec!["CAROBS_WATCH: ", "line 3"],
            ),
            (
                "an unknown key",
                format!("{TEXT}\nretention = 3\n"),
                vec!["CAROBS_WATCH: ", "line ", "retention"],
            ),
            (
                "a number out of range",
                format!("{TEXT}\n").replace("[detector]", "[detector]\nhistory_days = 0 #"),
                vec!["CAROBS_WATCH: ", "history_days is 0", "1 to 35"],
            ),
            (
                "nothing watched",
                TEXT.split("[[service]]").next().unwrap().to_owned(),
                vec!["CAROBS_WATCH: ", "no [[service]]"],
            ),
        ] {
            let error = read(&[(WATCH, &text)]).unwrap_err();
            assert!(
                parts.iter().all(|part| error.contains(part)),
                "{name}: {error}"
            );
        }
    }

    #[test]
    fn every_variable_that_is_missing_is_named_and_so_is_the_text_that_could_be() {
        let errors = Settings::read(&BTreeMap::new()).unwrap_err().to_string();
        for name in [
            SERIES_TABLE,
            STATE_TABLE,
            STATE_BUCKET,
            PAGE_TOPIC,
            TICKET_TOPIC,
            CHAT_TOPIC,
            WATCH_FILE,
            WATCH,
        ] {
            assert!(errors.contains(name), "{name}: {errors}");
        }
    }
}
