//! What AWS tells of changes: EventBridge invokes the detector with it, beside the schedule.
//!
//! An event is read, and kept in the state table under its time and id, so one that comes twice is kept once. A run
//! reads what was kept within a day before it in one query, and messages and diagnoses say what lies near the onset.

use incidents::change::{ChangeKind, ChangeMarker, Home, InvalidEvent, Read, read as read_event};
use incidents::diagnosis::Facts;
use incidents::diagnosis::facts::{Changed, Deploy};
use incidents::{Change, Record, change};
use jiff::{SignedDuration, Timestamp};
use platform::state_store::{Note, Notes, StateStoreError};
use serde::Serialize;
use serde_json::Value;
use signals::Minute;

use crate::settings::CHANGE_FEED;
use crate::{Deps, Error, Outcome, Tick, handle};

/// How far back a run reads. Messages list the hour before an onset, and an incident may open long after it.
const BACK: SignedDuration = SignedDuration::from_hours(24);
/// Markers that a run reads: a pipeline that changes a function a thousand times a day costs a minute no more than
/// this, some 50 KB, and the newest ones tell.
const MOST: u16 = 100;
/// What lies so near to the onset or the end of an incident is shown with it.
const NEAR: SignedDuration = SignedDuration::from_hours(1);

/// Why an event is not taken. The same event never will be, by the same configuration.
#[derive(Debug, thiserror::Error)]
pub enum EventError {
    /// Nobody who is known sends such a thing.
    #[error(
        "the event is neither the schedule's, such as {{\"at\":\"2026-11-18T10:01:00Z\",\"shard\":0}} ({0}), nor one of EventBridge with source and detail-type"
    )]
    Unknown(String),
    /// An event of EventBridge that cannot be read.
    #[error(transparent)]
    Invalid(#[from] InvalidEvent),
    /// Messages would go on to say that no feed is connected.
    #[error(
        "an event of EventBridge came, and messages would not tell of it: set {CHANGE_FEED} to enabled, or remove the rule that sends it"
    )]
    NotConnected,
}

/// What an invocation came to.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(untagged)]
pub enum Answer {
    /// A run of the schedule.
    Run(Box<Outcome>),
    /// An event of EventBridge.
    Event(Received),
}

/// What became of an event.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "status", content = "because", rename_all = "lowercase")]
pub enum Received {
    /// It is kept: what messages will say.
    Kept(String),
    /// It is none of ours: why.
    Ignored(String),
}

/// One invocation: a tick of the schedule, or an event of EventBridge.
///
/// # Errors
/// As [`handle`]; an event that nobody who is known sends; a store that does not answer.
pub async fn receive(payload: &Value, deps: &Deps) -> Result<Answer, Error> {
    if payload.get("detail-type").is_some() {
        return Ok(Answer::Event(keep(payload, deps).await?));
    }
    let tick: Tick = serde::Deserialize::deserialize(payload)
        .map_err(|error: serde_json::Error| EventError::Unknown(error.to_string()))?;
    Ok(Answer::Run(Box::new(handle(&tick, deps).await?)))
}

async fn keep(event: &Value, deps: &Deps) -> Result<Received, Error> {
    if !deps.change_feed {
        return Err(EventError::NotConnected.into());
    }
    let home = Home {
        account: &deps.watch.account,
        region: &deps.watch.region,
    };
    let marker = match read_event(event, home).map_err(EventError::from)? {
        Read::Change(marker) => marker,
        Read::NoChange(why) => return Ok(ignored(why.to_string())),
    };
    let mut services = deps.watch.services.iter();
    if !services.any(|service| marker.concerns(service.function())) {
        let function = marker.function.as_deref().unwrap_or_default();
        return Ok(ignored(format!("{function} is not watched")));
    }
    let note = Note {
        id: marker.name(),
        body: marker.to_json(),
        until: marker.sent,
    };
    deps.state.keep(Notes::Changes, &note).await?;
    tracing::info!(change = marker.text, at = %marker.at, "a change is kept");
    Ok(Received::Kept(marker.text))
}

fn ignored(why: String) -> Received {
    tracing::info!(why, "an event of EventBridge is ignored");
    Received::Ignored(why)
}

/// What is known of changes.
#[derive(Debug, Default)]
pub(crate) struct Feed {
    connected: bool,
    /// The newest first.
    markers: Vec<ChangeMarker>,
}

impl Feed {
    /// What was kept within a day before the run that is due then, where AWS tells of changes at all.
    pub(crate) async fn read(deps: &Deps, due: Timestamp) -> Result<Self, StateStoreError> {
        if !deps.change_feed {
            return Ok(Self::default());
        }
        Ok(Self {
            connected: true,
            markers: markers(deps, due.saturating_sub(BACK).unwrap_or(due), due).await?,
        })
    }

    /// Whether AWS tells of changes.
    pub(crate) fn is_connected(&self) -> bool {
        self.connected
    }

    /// When it last told anything.
    pub(crate) fn last_seen(&self) -> Option<Timestamp> {
        self.markers.iter().map(|marker| marker.sent).max()
    }

    /// What messages of a function list, with the version change that its logs tell of.
    pub(crate) fn told(&self, function: &str, heard: Option<change::Heard<'_>>) -> Vec<Change> {
        change::told(&self.markers, function, heard)
    }

    /// Adds to the facts of an incident what was last done to the function before it began. A deploy that the logs
    /// tell of says more than the calls that brought it.
    pub(crate) fn add_to(&self, facts: &mut Facts, function: &str, began: Minute) {
        let began = began.start();
        let last = |kinds: &[ChangeKind]| {
            let done = self.markers.iter().filter(|marker| {
                kinds.contains(&marker.kind) && marker.concerns(function) && marker.at <= began
            });
            done.max_by_key(|marker| marker.at)
                .map(|marker| (began.duration_since(marker.at).as_mins(), marker))
        };
        facts.changed = last(&[ChangeKind::Configuration, ChangeKind::Concurrency]).map(
            |(minutes_before, marker)| Changed {
                minutes_before,
                what: marker.text.clone(),
            },
        );
        if facts.deploy.is_none() {
            facts.deploy =
                last(&[ChangeKind::Deploy, ChangeKind::Alias]).map(|(minutes_before, marker)| {
                    Deploy {
                        minutes_before,
                        version: marker.versions.last().cloned(),
                    }
                });
        }
    }
}

/// What was kept between two times, the newest first. One that another build wrote, or somebody edited, is left out.
async fn markers(
    deps: &Deps,
    from: Timestamp,
    to: Timestamp,
) -> Result<Vec<ChangeMarker>, StateStoreError> {
    // Behind every id of that second.
    let to = format!("{}~", seconds(to));
    let kept = deps
        .state
        .newest_kept(Notes::Changes, &seconds(from), &to, MOST)
        .await?;
    let readable = kept.iter().filter_map(|(id, body)| {
        ChangeMarker::from_json(body)
            .inspect_err(|error| tracing::warn!(id, %error, "a change is left out"))
            .ok()
    });
    Ok(readable.collect())
}

/// A time as the names of markers begin.
fn seconds(at: Timestamp) -> String {
    Timestamp::from_second(at.as_second())
        .unwrap_or(at)
        .to_string()
}

/// What was changed around an incident: from an hour before its onset to an hour after its end, or until now. The
/// earliest first, at most 100.
///
/// # Errors
/// A store that does not answer.
pub async fn around(deps: &Deps, record: &Record) -> Result<Vec<ChangeMarker>, Error> {
    let Some(incident) = &record.incident else {
        return Ok(Vec::new());
    };
    let mut services = deps.watch.watched();
    let Some(service) = services.find(|service| service.name == record.group.service) else {
        return Ok(Vec::new());
    };
    let from = incident.onset.start().saturating_sub(NEAR);
    let to = incident
        .resolved
        .map_or(Ok(Timestamp::MAX), |end| end.start().saturating_add(NEAR));
    let (from, to) = (from.unwrap_or(Timestamp::MIN), to.unwrap_or(Timestamp::MAX));
    let mut found = markers(deps, from, to).await?;
    found.retain(|marker| marker.concerns(service.function()));
    found.sort_by(|a, b| (a.at, &a.id).cmp(&(b.at, &b.id)));
    Ok(found)
}
