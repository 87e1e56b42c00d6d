//! What was changed around a service, as AWS itself tells it: calls of the Lambda API that CloudTrail records, and AWS
//! Health. Each becomes a marker, and a message says which markers lie near the onset.
//!
//! [`read`] takes one EventBridge event and says what changed, or why nothing did. [`told`] makes of the markers what
//! messages list, together with the version change that the logs tell of: one deploy is told once.

mod call;
mod event;
mod health;
#[cfg(test)]
mod tests;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

pub use event::{Home, InvalidEvent, NoChange, Read, read};

use crate::message::Change;

/// The version this build writes.
const SCHEMA: u32 = 1;
/// A deploy is heard of in the logs so long after its API calls at most: the first request of the new version has to
/// come, and a canary gets few.
const SAME_DEPLOY: SignedDuration = SignedDuration::from_mins(10);
/// The logs know the minute and CloudTrail the second, so a call may seem to come after the version it brought.
const ROUNDING: SignedDuration = SignedDuration::from_mins(1);
/// People and systems that are named as those who deployed.
const NAMED: usize = 3;

/// What kind of thing changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ChangeKind {
    /// New code, or a new version of it.
    Deploy,
    /// An alias points to other versions, or shares its traffic otherwise.
    Alias,
    /// Memory, timeout, environment and other settings.
    Configuration,
    /// Reserved or provisioned concurrency.
    Concurrency,
    /// Something at AWS itself.
    Health,
}

impl ChangeKind {
    /// Whether it may bring other code to the requests, so that the logs may tell of it as well.
    fn is_deploy(self) -> bool {
        matches!(self, Self::Deploy | Self::Alias)
    }
}

/// One change, as it is stored. All texts are clean, short and one line each.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChangeMarker {
    schema: u32,
    /// The event's own id: an event that comes twice is the same marker.
    pub id: String,
    /// When it happened. Of AWS Health, when the trouble began or ended, unless that is more than an hour before it was
    /// told.
    #[serde(with = "crate::wire::text")]
    pub at: Timestamp,
    /// When the event was sent, in full seconds.
    #[serde(with = "crate::wire::text")]
    pub sent: Timestamp,
    /// What kind of thing.
    pub kind: ChangeKind,
    /// The name of the function it concerns; `None`: whatever runs in the region.
    pub function: Option<String>,
    /// The versions that the event names.
    pub versions: Vec<String>,
    /// Who did it: the last part of the principal's ARN; `None`: AWS, or not said.
    pub by: Option<String>,
    /// What people read: `UpdateFunctionConfiguration car-api by ci-deploy (memory 256 MB)`.
    pub text: String,
}

/// Why a stored marker cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum InvalidMarker {
    /// Another build wrote it.
    #[error(
        "a stored change has schema {found}, this build reads {SCHEMA}: use the build that wrote it, or a newer one"
    )]
    Schema {
        /// The schema found.
        found: u32,
    },
    /// Somebody edited it.
    #[error("a stored change is damaged: {0}")]
    Damaged(#[from] serde_json::Error),
}

/// A version change that the logs tell of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Heard<'a> {
    /// The first minute of the new version.
    pub at: Timestamp,
    /// The version before.
    pub from: &'a str,
    /// The version since then.
    pub to: &'a str,
}

impl ChangeMarker {
    /// The JSON that is stored.
    #[must_use]
    pub fn to_json(&self) -> String {
        crate::wire::json(self)
    }

    /// Reads it back.
    ///
    /// # Errors
    /// A marker of another build, or one that somebody edited.
    pub fn from_json(text: &str) -> Result<Self, InvalidMarker> {
        match crate::wire::schema(text)? {
            SCHEMA => Ok(serde_json::from_str(text)?),
            found => Err(InvalidMarker::Schema { found }),
        }
    }

    /// The name it is stored under. Names sort by the time the event was sent.
    #[must_use]
    pub fn name(&self) -> String {
        format!("{}#{}", self.sent, self.id)
    }

    /// Whether it concerns this function.
    #[must_use]
    pub fn concerns(&self, function: &str) -> bool {
        self.function.as_deref().is_none_or(|name| name == function)
    }

    /// Whether the logs tell of the same deploy. Without a version in it, a deploy that came right before is meant.
    fn is_deploy_of(&self, heard: &Heard<'_>) -> bool {
        let named = if self.versions.is_empty() {
            self.kind == ChangeKind::Deploy
        } else {
            self.versions.iter().any(|version| version == heard.to)
        };
        let before = heard.at.duration_since(self.at);
        self.kind.is_deploy() && named && (-ROUNDING..=SAME_DEPLOY).contains(&before)
    }
}

/// What messages list of the changes of `function`, in any order: the markers that concern it, and the version change
/// that its logs tell of. Calls that brought this version are told with it, as who did it.
#[must_use]
pub fn told(markers: &[ChangeMarker], function: &str, heard: Option<Heard<'_>>) -> Vec<Change> {
    let mut by: Vec<&str> = Vec::new();
    let mut changes = Vec::new();
    for marker in markers.iter().filter(|marker| marker.concerns(function)) {
        if heard
            .as_ref()
            .is_some_and(|heard| marker.is_deploy_of(heard))
        {
            by.extend(marker.by.as_deref().filter(|who| !by.contains(who)));
        } else {
            changes.push(Change {
                at: marker.at,
                text: marker.text.clone(),
                ours: marker.kind != ChangeKind::Health,
            });
        }
    }
    if let Some(Heard { at, from, to }) = heard {
        by.truncate(NAMED);
        let by = if by.is_empty() {
            String::new()
        } else {
            format!(" by {}", by.join(", "))
        };
        changes.push(Change {
            at,
            text: format!("{function} version {from} -> {to}{by}"),
            ours: true,
        });
    }
    changes
}
