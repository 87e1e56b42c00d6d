//! The envelope that EventBridge puts around every event:
//! <https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-events-structure.html>.

use jiff::Timestamp;
use serde_json::Value;

use super::{ChangeMarker, call, health};

/// Event ids are UUIDs; the bound is for what is none.
const ID_CHARS: usize = 64;
/// What an error shows of a text that it does not know.
const SHOWN_CHARS: usize = 60;

/// Where the watched services run.
#[derive(Debug, Clone, Copy)]
pub struct Home<'a> {
    /// Account number, 12 digits.
    pub account: &'a str,
    /// Region code: `eu-west-1`.
    pub region: &'a str,
}

/// What an event says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Read {
    /// Something changed.
    Change(Box<ChangeMarker>),
    /// Nothing did.
    NoChange(NoChange),
}

/// Why an event is no change.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NoChange {
    /// The call failed.
    #[error("the call failed")]
    Failed,
    /// The call only asked whether it would work.
    #[error("the call was a dry run")]
    DryRun,
    /// A call that changes nothing that requests feel.
    #[error("the call is none of those that change how a function answers")]
    OtherCall,
    /// AWS Health tells of something to come, or of the account.
    #[error("AWS Health tells of nothing that goes on now")]
    NotNow,
    /// Another account or region.
    #[error("it happened in another account or region")]
    Elsewhere,
}

/// Why an event cannot be read. The same event will never be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvalidEvent {
    /// A member is missing or of another type.
    #[error(
        "an EventBridge event has no usable {member}: {expected}; send the event as EventBridge delivers it, without an input transformer"
    )]
    Member {
        /// Where, as a JSON pointer.
        member: &'static str,
        /// What belongs there.
        expected: &'static str,
    },
    /// An event of somebody else.
    #[error(
        "an event of {source_name:?} with the detail-type {detail_type:?} is none that is known: accepted are \"AWS API Call via CloudTrail\" of aws.lambda and \"AWS Health Event\" of aws.health; narrow the rule's pattern"
    )]
    Unknown {
        /// Its `source`.
        source_name: String,
        /// Its `detail-type`.
        detail_type: String,
    },
}

/// The parts of an envelope that every event has.
#[derive(Debug, Clone, Copy)]
pub(super) struct Envelope<'a> {
    pub(super) id: &'a str,
    /// When it was sent, in full seconds.
    pub(super) sent: Timestamp,
    pub(super) region: &'a str,
    pub(super) body: &'a Value,
}

/// Reads one event for the services at `home`.
///
/// # Errors
/// An event without the members that such events have, or of a source that is not known.
pub fn read(event: &Value, home: Home<'_>) -> Result<Read, InvalidEvent> {
    let (source, detail_type) = (
        text(event, "/source", "the name of a source")?,
        text(event, "/detail-type", "the kind of event")?,
    );
    let read = match (source, detail_type) {
        ("aws.lambda", "AWS API Call via CloudTrail") => call::read,
        ("aws.health", "AWS Health Event") => health::read,
        _ => {
            let shown = |text: &str| text.chars().take(SHOWN_CHARS).collect();
            return Err(InvalidEvent::Unknown {
                source_name: shown(source),
                detail_type: shown(detail_type),
            });
        }
    };
    let id = text(event, "/id", "the event's id")?;
    let is_id = |c: char| c.is_ascii_alphanumeric() || c == '-';
    if id.is_empty() || id.len() > ID_CHARS || !id.chars().all(is_id) {
        return Err(InvalidEvent::Member {
            member: "/id",
            expected: "1 to 64 letters, digits and hyphens",
        });
    }
    let time = "a time such as 2026-11-18T09:56:00Z";
    let sent = text(event, "/time", time)?
        .parse::<Timestamp>()
        .ok()
        .and_then(|at| Timestamp::from_second(at.as_second()).ok())
        .ok_or(InvalidEvent::Member {
            member: "/time",
            expected: time,
        })?;
    let envelope = Envelope {
        id,
        sent,
        region: text(event, "/region", "a region")?,
        body: event,
    };
    if text(event, "/account", "an account's number")? != home.account {
        return Ok(Read::NoChange(NoChange::Elsewhere));
    }
    read(&envelope, home)
}

/// A member that is a text.
pub(super) fn text<'a>(
    event: &'a Value,
    member: &'static str,
    expected: &'static str,
) -> Result<&'a str, InvalidEvent> {
    event
        .pointer(member)
        .and_then(Value::as_str)
        .ok_or(InvalidEvent::Member { member, expected })
}

/// A member that may be missing, or of another type.
pub(super) fn optional<'a>(event: &'a Value, member: &str) -> Option<&'a str> {
    event.pointer(member).and_then(Value::as_str)
}
