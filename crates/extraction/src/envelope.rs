//! The JSON documents of a payload: one or several, each with the log events of one stream.
//!
//! Members come in any order and unknown ones (`policyLevel` of account-level policies, `extractedFields`) are
//! skipped. Everything is read in passes over the text, one log event at a time: a hostile payload cannot make
//! this hold more than the text itself.

use std::borrow::Cow;
use std::fmt;

use serde::Deserializer as _;
use serde::de::{SeqAccess, Visitor};
use serde_json::value::RawValue;

use crate::members::{integer, members, text};
use crate::payload::{Misread, PayloadError};

/// Longest name of a log group (`CreateLogGroup` in the CloudWatch Logs API reference).
pub(crate) const MAX_LOG_GROUP: usize = 512;
/// First millisecond of year 9999: minutes beyond have no RFC 3339 name.
const END_OF_TIME: i64 = 253_370_764_800_000;
/// Largest message: what PutLogEvents takes (Amazon CloudWatch Logs quotas, "Event size").
pub(crate) const MAX_MESSAGE: usize = 1024 * 1024;

/// Elements of one `logEvents`. With an id of 56 digits a log event takes 110 bytes at least, so that a payload at
/// the default inflate cap holds 610,000 of them; whoever sends more sends no log events.
pub(crate) const MAX_EVENTS: usize = 610_000;

members! {
    /// A document as CloudWatch Logs sends it.
    Envelope {
        message_type = "messageType",
        owner = "owner",
        log_group = "logGroup",
        log_stream = "logStream",
        log_events = "logEvents",
    }
}

members! {
    /// One element of `logEvents`.
    Record { id = "id", timestamp = "timestamp", message = "message" }
}

/// What a document is.
#[derive(Debug)]
pub(crate) enum Document<'a> {
    /// CloudWatch Logs asks whether anybody is there.
    Control,
    /// Log events of one stream.
    Data(Stream<'a>),
    /// A type that did not exist when this was written.
    Unknown,
}

/// Where log events come from, and the events.
#[derive(Debug)]
pub(crate) struct Stream<'a> {
    pub(crate) owner: Cow<'a, str>,
    pub(crate) log_group: Cow<'a, str>,
    pub(crate) log_stream: Cow<'a, str>,
    pub(crate) events: &'a RawValue,
}

/// One log event.
#[derive(Debug)]
pub(crate) struct LogEvent<'a> {
    pub(crate) id: Cow<'a, str>,
    /// Milliseconds since 1970; a year before 9999.
    pub(crate) millis: i64,
    pub(crate) message: Cow<'a, str>,
}

/// Why an element of `logEvents` is no log event.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum BadRecord {
    /// No object with a string `id`, an integer `timestamp` and a string `message`.
    Shape,
    /// A timestamp before 1970 or after 9998.
    Timestamp,
    /// A message larger than any that CloudWatch Logs takes.
    TooLong,
}

fn wrong(what: impl Into<String>) -> PayloadError {
    PayloadError::NotADocument(what.into())
}

/// Hands over every document of a payload, in order.
///
/// # Errors
/// A document that is not JSON, or lacks a member it must have; what `take` says.
pub(crate) fn documents<'a>(
    payload: &'a str,
    mut take: impl FnMut(Document<'a>) -> Result<(), PayloadError>,
) -> Result<(), PayloadError> {
    let mut any = false;
    for envelope in serde_json::Deserializer::from_str(payload).into_iter::<Envelope<'a>>() {
        any = true;
        take(document(
            &envelope.map_err(|error| wrong(Misread::of(&error).to_string()))?,
        )?)?;
    }
    if any {
        Ok(())
    } else {
        Err(wrong("it is empty"))
    }
}

pub(crate) fn document<'a>(envelope: &Envelope<'a>) -> Result<Document<'a>, PayloadError> {
    match text(envelope.message_type).as_deref() {
        Some("DATA_MESSAGE") => {}
        Some("CONTROL_MESSAGE") => return Ok(Document::Control),
        Some(_) => return Ok(Document::Unknown),
        None => {
            return Err(wrong(
                "messageType is no string; expected DATA_MESSAGE or CONTROL_MESSAGE",
            ));
        }
    }
    let part = |member, name| text(member).ok_or_else(|| wrong(format!("{name} is no string")));
    let log_group = part(envelope.log_group, "logGroup")?;
    if log_group.is_empty() || log_group.len() > MAX_LOG_GROUP {
        return Err(wrong(format!(
            "logGroup has {} bytes, not 1 to {MAX_LOG_GROUP}",
            log_group.len()
        )));
    }
    let events = envelope
        .log_events
        .filter(|events| events.get().starts_with('['));
    Ok(Document::Data(Stream {
        owner: part(envelope.owner, "owner")?,
        log_group,
        log_stream: part(envelope.log_stream, "logStream")?,
        events: events.ok_or_else(|| wrong("logEvents is no array"))?,
    }))
}

impl<'a> Stream<'a> {
    /// Hands over every element of `logEvents` as it is written and as what it was read as, in order.
    pub(crate) fn events(
        &self,
        take: impl FnMut(&'a str, Result<LogEvent<'a>, BadRecord>),
    ) -> Result<(), PayloadError> {
        serde_json::Deserializer::from_str(self.events.get())
            .deserialize_seq(Each(take))
            .map_err(|error| wrong(format!("logEvents: {error}")))
    }
}

struct Each<F>(F);

impl<'de, F: FnMut(&'de str, Result<LogEvent<'de>, BadRecord>)> Visitor<'de> for Each<F> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an array of log events")
    }

    fn visit_seq<A: SeqAccess<'de>>(mut self, mut events: A) -> Result<(), A::Error> {
        let mut left = MAX_EVENTS;
        while let Some(raw) = events.next_element::<&'de RawValue>()? {
            left = left.checked_sub(1).ok_or_else(|| {
                serde::de::Error::custom(format_args!(
                    "more than {MAX_EVENTS} elements, which no batch has"
                ))
            })?;
            (self.0)(raw.get(), log_event(raw));
        }
        Ok(())
    }
}

pub(crate) fn log_event(raw: &RawValue) -> Result<LogEvent<'_>, BadRecord> {
    let record: Record<'_> = serde_json::from_str(raw.get()).map_err(|_| BadRecord::Shape)?;
    let id = text(record.id).ok_or(BadRecord::Shape)?;
    let millis = integer(record.timestamp).ok_or(BadRecord::Shape)?;
    if !(0..END_OF_TIME).contains(&millis) {
        return Err(BadRecord::Timestamp);
    }
    let message = text(record.message).ok_or(BadRecord::Shape)?;
    if message.len() > MAX_MESSAGE {
        return Err(BadRecord::TooLong);
    }
    Ok(LogEvent {
        id,
        millis,
        message,
    })
}
