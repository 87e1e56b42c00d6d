//! What a payload is about, for people who want to know before it is replayed: no line of it is looked at. Pure.

use std::borrow::Cow;

use extraction::{PayloadError, Rules, payload};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::shown::shown;

/// One document of a payload.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(super) struct Contents {
    log_group: String,
    log_stream: String,
    events: u64,
    /// The earliest log event, RFC 3339.
    #[serde(skip_serializing_if = "Option::is_none")]
    from: Option<String>,
    /// The latest.
    #[serde(skip_serializing_if = "Option::is_none")]
    to: Option<String>,
}

#[derive(Deserialize)]
struct Document<'a> {
    #[serde(rename = "messageType", borrow)]
    message_type: Cow<'a, str>,
    #[serde(rename = "logGroup", borrow)]
    log_group: Cow<'a, str>,
    #[serde(rename = "logStream", borrow)]
    log_stream: Cow<'a, str>,
    #[serde(rename = "logEvents", default)]
    log_events: Vec<Event>,
}

#[derive(Deserialize)]
struct Event {
    /// Milliseconds since the epoch.
    timestamp: i64,
}

impl Contents {
    /// The documents of a payload, but for those by which CloudWatch Logs only asks whether anybody is there.
    ///
    /// # Errors
    /// A payload that cannot be decoded.
    pub(super) fn of(event: &[u8]) -> Result<Vec<Self>, PayloadError> {
        let text = payload::text(event, Rules::default().inflate_cap)?;
        let mut documents = Vec::new();
        for document in serde_json::Deserializer::from_str(&text).into_iter::<Document<'_>>() {
            // serde's own words could hold what stands there.
            let document = document.map_err(|error| {
                let (line, column) = (error.line(), error.column());
                PayloadError::NotADocument(format!("line {line} column {column}"))
            })?;
            if document.message_type != "CONTROL_MESSAGE" {
                documents.push(Self::of_document(&document));
            }
        }
        Ok(documents)
    }

    fn of_document(document: &Document<'_>) -> Self {
        let times = || document.log_events.iter().map(|event| event.timestamp);
        let moment = |millis: i64| Some(Timestamp::from_millisecond(millis).ok()?.to_string());
        Self {
            log_group: shown(&document.log_group),
            log_stream: shown(&document.log_stream),
            events: document.log_events.len() as u64,
            from: times().min().and_then(moment),
            to: times().max().and_then(moment),
        }
    }
}

impl std::fmt::Display for Contents {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self {
            log_group,
            log_stream,
            events,
            ..
        } = self;
        write!(f, "{log_group} {log_stream}, {events} log events")?;
        match (&self.from, &self.to) {
            (Some(from), Some(to)) => write!(f, " from {from} to {to}"),
            _ => Ok(()),
        }
    }
}
