//! What is stored for each alert group: enough to decide the next window, and to tell the story later.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use signals::Minute;

use crate::{Earlier, Fingerprint, Group, IncidentId, MOfN, Member, Reading};

/// The version this build writes.
const SCHEMA: u32 = 1;

/// Where the group stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Status {
    /// Nothing is wrong, or what was is over.
    Ok,
    /// Something is wrong and one more window must confirm it (tickets and informations only).
    Pending,
    /// An incident is open.
    Open,
    /// An incident is open, and its last windows were clear.
    Clearing,
    /// An incident is open that comes and goes.
    Flapping,
}

impl Status {
    /// Whether an incident is open.
    #[must_use]
    pub fn is_open(self) -> bool {
        matches!(self, Self::Open | Self::Clearing | Self::Flapping)
    }
}

/// Who has been told of the present phase of an incident, and so must be told of its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Audience {
    /// Nobody: something mutes it.
    Nobody,
    /// Only the chat: it came back shortly after its end.
    Chat,
    /// Whoever its severity calls, and the chat.
    OnCall,
}

/// A reading and its minute.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Sighting {
    /// What was measured.
    pub reading: Reading,
    /// In which minute.
    #[serde(with = "crate::wire::minute")]
    pub window: Minute,
}

/// Who took an incident on. It ends with the incident.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Acknowledgement {
    /// The person, as given.
    pub by: String,
    /// When.
    #[serde(with = "crate::wire::text")]
    pub at: Timestamp,
}

/// The open incident of a group, or its last one.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Incident {
    /// The same from open to resolve, and when it reopens.
    pub id: IncidentId,
    /// The first minute of the breach.
    #[serde(with = "crate::wire::minute")]
    pub onset: Minute,
    /// The window whose observation opened it.
    #[serde(with = "crate::wire::minute")]
    pub opened: Minute,
    /// The window that opened or last reopened it.
    #[serde(with = "crate::wire::minute")]
    pub open_since: Minute,
    /// When the run that opened it was due (its `now`).
    #[serde(with = "crate::wire::text")]
    pub detected_at: Timestamp,
    /// The last window that breached.
    #[serde(with = "crate::wire::minute")]
    pub last_breach: Minute,
    /// How many windows breached.
    pub breaches: u32,
    /// How many clear windows came in a row.
    pub clear_windows: u32,
    /// The window that resolved it; `None` while it is open.
    #[serde(with = "crate::wire::minute::option")]
    pub resolved: Option<Minute>,
    /// When the run that resolved it was due.
    #[serde(with = "crate::wire::text::option")]
    pub resolved_at: Option<Timestamp>,
    /// How many messages were decided: the last one's number. No number is left out.
    pub seq: u32,
    /// The window of the last message.
    #[serde(with = "crate::wire::minute::option")]
    pub last_notified: Option<Minute>,
    /// Who must hear of its end.
    pub audience: Audience,
    /// How often it came back after it had resolved.
    pub reopened: u32,
    /// The rule by which it opened.
    pub rule: MOfN,
    /// The worst member of the window that opened it: what subjects and pager triggers name, in OK too. `None` if
    /// the observation had no member with finite numbers.
    pub opening: Option<Sighting>,
    /// The worst member of all windows.
    pub peak: Option<Sighting>,
    /// Who took it on, if anybody.
    pub acknowledged: Option<Acknowledgement>,
    /// The window in which whoever its severity calls was first told since it opened or reopened.
    #[serde(default, with = "crate::wire::minute::option")]
    pub paged: Option<Minute>,
    /// Whether somebody silenced it after it was told: what still breaches when the silence ends is told again.
    #[serde(default)]
    pub silenced: bool,
    /// Whether it was escalated since it opened or reopened.
    #[serde(default)]
    pub escalated: bool,
}

/// What is stored for one alert group. JSON by [`Record::to_json`]; one record holds at most one open incident.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Record {
    schema: u32,
    /// Goes up by one with each write, so that the store can refuse a write that read an older record. 0: never
    /// stored.
    pub ver: u64,
    /// What it is about.
    pub group: Group,
    /// The key it is stored under.
    pub fingerprint: Fingerprint,
    /// Where it stands.
    pub status: Status,
    /// The last window that changed the record; a window up to it changes nothing any more.
    #[serde(with = "crate::wire::minute::option")]
    pub window: Option<Minute>,
    /// One bit for each of the last windows that were stored, the newest lowest: breaching. What flapping is told from.
    #[serde(default)]
    pub history: u32,
    /// The open incident, or the last one.
    pub incident: Option<Incident>,
    /// Those before it, newest first, at most [`crate::hindsight::MOST_EARLIER`].
    #[serde(default)]
    pub earlier: Vec<Earlier>,
}

/// A stored record that cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum RecordError {
    /// Written by another version of Outrider.
    #[error(
        "stored incident record has schema {found}, this build reads {SCHEMA}: deploy the build that wrote it, or a newer one, here too"
    )]
    Schema {
        /// The schema found.
        found: u32,
    },
    /// Not the JSON of a record.
    #[error(
        "stored incident record is damaged: {0}; restore the item from a backup or delete it to start the group afresh"
    )]
    Damaged(#[from] serde_json::Error),
    /// The group inside does not have the fingerprint it is stored under.
    #[error(
        "stored incident record says fingerprint {stored}, but its group {key:?} has {actual}: it was edited by hand; delete it to start the group afresh"
    )]
    Identity {
        /// The fingerprint in the record.
        stored: Fingerprint,
        /// The group's key.
        key: String,
        /// The fingerprint of that group.
        actual: Fingerprint,
    },
}

impl RecordError {
    /// Reading the same bytes again cannot help.
    #[must_use]
    pub fn is_retryable(&self) -> bool {
        false
    }
}

impl Sighting {
    /// The worst of the members, by distance from normal.
    pub(crate) fn worst(members: &[Member], group: &Group, window: Minute) -> Option<Self> {
        crate::member::worst_first(members, group.direction)
            .first()
            .map(|member| Self {
                reading: member.reading.clone(),
                window,
            })
    }

    /// Whether it lies farther from normal than `other`.
    pub(crate) fn is_worse(&self, other: &Self, group: &Group) -> bool {
        let (mine, my_distance) = self.reading.badness(group.direction);
        let (theirs, their_distance) = other.reading.badness(group.direction);
        theirs
            .total_cmp(&mine)
            .then(their_distance.total_cmp(&my_distance))
            .is_lt()
    }
}

impl Record {
    /// The record of a group of which nothing is stored yet.
    #[must_use]
    pub fn new(group: Group) -> Self {
        let fingerprint = group.fingerprint();
        Self {
            schema: SCHEMA,
            ver: 0,
            group,
            fingerprint,
            status: Status::Ok,
            window: None,
            history: 0,
            incident: None,
            earlier: Vec::new(),
        }
    }

    /// Keeps what was decided from those on call: an alert storm says it there, and the chat hears of it all the same. Where they
    /// were not called for the incident before, they are not told of its end either, and it does not escalate.
    pub fn hold(&mut self) {
        if let Some(incident) = &mut self.incident {
            incident.paged = incident.paged.filter(|paged| Some(*paged) != self.window);
            if incident.paged.is_none() {
                incident.audience = Audience::Chat;
            }
        }
    }

    /// Whether an incident is open.
    #[must_use]
    pub fn is_open(&self) -> bool {
        self.status.is_open()
    }

    /// The JSON that is stored.
    #[must_use]
    pub fn to_json(&self) -> String {
        crate::wire::json(self)
    }

    /// Reads what [`Record::to_json`] wrote.
    ///
    /// # Errors
    /// Another schema version, JSON that is not a record's, or a record under a foreign fingerprint.
    pub fn from_json(text: &str) -> Result<Self, RecordError> {
        let found = crate::wire::schema(text)?;
        if found != SCHEMA {
            return Err(RecordError::Schema { found });
        }
        let record: Self = serde_json::from_str(text)?;
        let actual = record.group.fingerprint();
        if actual != record.fingerprint {
            return Err(RecordError::Identity {
                stored: record.fingerprint,
                key: record.group.key(),
                actual,
            });
        }
        Ok(record)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::message::example;

    #[test]
    fn a_record_reads_back_from_its_own_json() {
        for record in [
            Record::new(example::group()),
            example::open_record(),
            example::resolved_record(),
        ] {
            assert_eq!(Record::from_json(&record.to_json()).unwrap(), record);
        }
    }

    #[test]
    fn the_stored_json_is_readable_and_stable() {
        let pretty: serde_json::Value =
            serde_json::from_str(&example::open_record().to_json()).unwrap();
        insta::assert_json_snapshot!(pretty);
    }

    #[test]
    fn what_cannot_be_read_says_what_to_do() {
        let json = example::open_record().to_json();
        for (text, says) in [
            (
                json.replace("\"schema\":1", "\"schema\":2"),
                "has schema 2, this build reads 1: deploy",
            ),
            (
                "{\"schema\":9,\"shape\":\"unknown\"}".to_owned(),
                "has schema 9",
            ),
            ("{}".to_owned(), "missing field `schema`"),
            (
                json.replace("\"status\":\"open\"", "\"status\":\"ajar\""),
                "unknown variant `ajar`",
            ),
            (
                json.replace("\"service\":\"car-api\"", "\"service\":\"other\""),
                "edited by hand",
            ),
            (json[..json.len() / 2].to_owned(), "damaged"),
        ] {
            let error = Record::from_json(&text).unwrap_err();
            assert!(
                error.to_string().contains(says) && !error.is_retryable(),
                "{error}"
            );
        }
    }

    proptest! {
        #[test]
        fn no_bit_of_a_number_is_lost_in_the_store(observed in prop::num::f64::NORMAL, low in prop::num::f64::NORMAL) {
            let mut record = example::open_record();
            if let Some(peak) = record.incident.as_mut().and_then(|incident| incident.peak.as_mut()) {
                (peak.reading.observed, peak.reading.expected_low) = (observed, low);
            }
            prop_assert_eq!(Record::from_json(&record.to_json()).unwrap(), record);
        }
    }
}
