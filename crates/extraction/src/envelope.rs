//! The JSON documents of a payload: one or several, each with the log events of one stream.
//!
//! Members come in any order and unknown ones (`policyLevel` of account-level policies, `extractedFields`) are
//! skipped. Everything is read in passes over the text, one log event at a time: a hostile payload cannot make
//! this hold more than the text itself.

use std::borrow::Cow;

use signals::emf::Raw;
use signals::emf::json::space;

use crate::members::{integer, members, text};
use crate::payload::PayloadError;

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
    /// An array.
    pub(crate) events: Raw<'a>,
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
    let mut place = space(payload.as_bytes(), 0);
    if place == payload.len() {
        return Err(wrong("it is empty"));
    }
    while place < payload.len() {
        let (envelope, end) =
            Envelope::at(payload, place).map_err(|at| wrong(broken(payload, at)))?;
        take(document(&envelope)?)?;
        place = space(payload.as_bytes(), end);
    }
    Ok(())
}

/// What is to be said of a document that is no JSON object from a place on.
fn broken(payload: &str, at: usize) -> String {
    let before = payload.as_bytes().get(..at).unwrap_or_default();
    let line = 1 + memchr::memchr_iter(b'\n', before).count();
    let column = at - memchr::memrchr(b'\n', before).map_or(0, |newline| newline + 1) + 1;
    format!("no JSON object, or cut short, at line {line} column {column}")
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
        mut take: impl FnMut(&'a str, Result<LogEvent<'a>, BadRecord>),
    ) -> Result<(), PayloadError> {
        let text = self.events.get();
        let mut place = space(text.as_bytes(), 1);
        let mut left = MAX_EVENTS;
        while text.as_bytes().get(place) != Some(&b']') {
            left = left.checked_sub(1).ok_or_else(|| {
                wrong(format!(
                    "logEvents: more than {MAX_EVENTS} elements, which no batch has"
                ))
            })?;
            let (raw, event, end) = log_event_at(text, place)
                .ok_or_else(|| wrong(format!("logEvents: no JSON at byte {place}")))?;
            take(raw, event);
            // A comma, or the bracket: it was an array when it was found.
            place = space(text.as_bytes(), end);
            if text.as_bytes().get(place) == Some(&b',') {
                place = space(text.as_bytes(), place + 1);
            }
        }
        Ok(())
    }
}

/// What [`log_event_at`] finds: an element as it is written, what it was read as, and the place behind it.
type Element<'a> = (&'a str, Result<LogEvent<'a>, BadRecord>, usize);

/// The element of `logEvents` at `place`. `None` when no JSON begins there.
pub(crate) fn log_event_at(text: &str, place: usize) -> Option<Element<'_>> {
    if let Ok((record, end)) = Record::at(text, place) {
        return Some((text.get(place..end)?, event_of(&record), end));
    }
    let (raw, end) = Raw::at(text, place)?;
    Some((raw.get(), Err(BadRecord::Shape), end))
}

fn event_of<'a>(record: &Record<'a>) -> Result<LogEvent<'a>, BadRecord> {
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
