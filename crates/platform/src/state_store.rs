//! What the detector must remember between runs and share between retries: window claims, pointers, the record
//! of each alert group, and the outbox of messages.
//!
//! The port promises just what makes "at least once, no double incident" true: a window has one owner, a
//! transition and its messages become visible together or not at all, and a message has one sender at a time.

use std::fmt;

use async_trait::async_trait;
use jiff::Timestamp;
use signals::Minute;

pub mod dynamodb;
#[cfg(test)]
mod tests;

/// What became of an attempt to own a window.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Claim {
    /// The window is the caller's until its lease ends.
    Mine,
    /// Somebody finished it.
    Done,
    /// Somebody else is at it, and may be until then.
    Held {
        /// When the other's lease ends.
        until: Timestamp,
    },
}

/// How far a shard has come. Both only ever grow.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pointer {
    /// The newest window whose state object is committed; every minute up to it is settled.
    pub committed: Minute,
    /// The newest window whose verdicts were turned into transitions.
    pub decided: Minute,
}

/// The stored form of one alert group: the store keeps the body and knows only its identity and version.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AlertItem {
    /// The group's fingerprint.
    pub fingerprint: String,
    /// Counts the writes; 0 for a group that was never written.
    pub version: u64,
    /// The record as JSON.
    pub body: String,
}

/// A message that must be sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OutboxItem {
    /// Stable name: a replay that writes the same message again changes nothing.
    pub id: String,
    /// The incident it tells about.
    pub incident: String,
    /// The publication as JSON.
    pub body: String,
    /// How often sending it was tried.
    pub attempts: u32,
}

/// A change of one alert group with the messages that tell of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Transition {
    /// The group after the change; `version` is one more than the version it was decided on.
    pub alert: AlertItem,
    /// The incident whose history entry is written, with the minute it opened.
    pub incident: Option<(String, Minute)>,
    /// The messages.
    pub outbox: Vec<OutboxItem>,
}

/// What became of a transition.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Applied {
    /// It is stored, and so are its messages.
    Yes,
    /// The group had changed since it was read: read it again and decide anew.
    Lost,
}

/// What people and other systems tell, kept beside what the detector writes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Notes {
    /// Silences.
    Silences,
    /// What became clear about incidents afterwards.
    Verdicts,
    /// What was changed around the services; the names begin with the time.
    Changes,
}

/// One of them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Note {
    /// Its name among its kind; what is kept under the same name is replaced.
    pub id: String,
    /// What was written, as JSON.
    pub body: String,
    /// Until when it matters; the store may forget it some time afterwards.
    pub until: Timestamp,
}

/// Why the store did not do what it was asked.
#[derive(Debug, thiserror::Error)]
pub enum StateStoreError {
    /// The service refused or did not answer.
    #[error("state table {table}: {operation} failed: {message}")]
    Call {
        /// The table's name.
        table: String,
        /// The operation in DynamoDB's words.
        operation: &'static str,
        /// What the service said.
        message: String,
        /// Whether the same call may succeed later.
        retryable: bool,
    },
    /// An item is there but does not have the shape this build writes.
    #[error(
        "state table {table}: item {item} has no usable {attribute}; delete it to start that item anew"
    )]
    Damaged {
        /// The table's name.
        table: String,
        /// Partition and sort key.
        item: String,
        /// The attribute that is missing or of another type.
        attribute: &'static str,
    },
}

impl StateStoreError {
    /// Whether the same call may succeed later.
    #[must_use]
    pub fn is_retryable(&self) -> bool {
        matches!(
            self,
            Self::Call {
                retryable: true,
                ..
            }
        )
    }
}

/// The detector's memory.
#[async_trait]
pub trait StateStore: Send + Sync + fmt::Debug {
    /// Takes the window for `owner` until `lease_until`. An owner that claims its own unfinished window again
    /// gets it: an execution environment runs one invocation at a time, so its earlier attempt is over.
    async fn claim_window(
        &self,
        shard: u16,
        window: Minute,
        owner: &str,
        now: Timestamp,
        lease_until: Timestamp,
    ) -> Result<Claim, StateStoreError>;

    /// Marks the window as finished, so that nobody does it again.
    async fn finish_window(
        &self,
        shard: u16,
        window: Minute,
        owner: &str,
    ) -> Result<(), StateStoreError>;

    /// How far the shard has come; `None` before its first run.
    async fn pointer(&self, shard: u16) -> Result<Option<Pointer>, StateStoreError>;

    /// Moves the shard's pointer. A pointer that is already as far, or further, stays.
    async fn advance(&self, shard: u16, to: Pointer) -> Result<(), StateStoreError>;

    /// The group's record, read consistently; `None` when it was never written.
    async fn alert(&self, fingerprint: &str) -> Result<Option<AlertItem>, StateStoreError>;

    /// The records of several groups, read consistently, in any order; those that were never written are left out. As few calls
    /// as the service allows: 100 records each.
    async fn alerts(&self, fingerprints: &[String]) -> Result<Vec<AlertItem>, StateStoreError>;

    /// Stores the change and its messages in one transaction.
    async fn apply(&self, transition: &Transition) -> Result<Applied, StateStoreError>;

    /// Messages that wait to be sent, oldest incident first.
    async fn outbox(&self) -> Result<Vec<OutboxItem>, StateStoreError>;

    /// Takes a message for sending until `lease_until`. `false` when somebody else has it or it is gone.
    async fn lease(
        &self,
        id: &str,
        now: Timestamp,
        lease_until: Timestamp,
    ) -> Result<bool, StateStoreError>;

    /// Moves a message from the outbox to the incident's sent messages.
    async fn sent(
        &self,
        item: &OutboxItem,
        receipt: &str,
        at: Timestamp,
    ) -> Result<(), StateStoreError>;

    /// Gives a message up: it leaves the outbox for the dead ones, with the reason.
    async fn dead(
        &self,
        item: &OutboxItem,
        reason: &str,
        at: Timestamp,
    ) -> Result<(), StateStoreError>;

    /// Keeps a note.
    async fn keep(&self, notes: Notes, note: &Note) -> Result<(), StateStoreError>;

    /// Every note of a kind that is still there, by name: its name, and what was written, as JSON. Some may be over. An item
    /// without a text is left out: what somebody edited by hand must not stop the detector.
    async fn kept(&self, notes: Notes) -> Result<Vec<(String, String)>, StateStoreError>;

    /// The notes of a kind with a name from `from` to `to`, the last name first and at most `limit` of them. They may be
    /// some seconds old. An item without a text is left out, as above.
    async fn newest_kept(
        &self,
        notes: Notes,
        from: &str,
        to: &str,
        limit: u16,
    ) -> Result<Vec<(String, String)>, StateStoreError>;

    /// The records of the incidents that opened in a minute range, newest first, as JSON.
    async fn history(&self, from: Minute, to: Minute) -> Result<Vec<String>, StateStoreError>;
}
