//! Records of incidents in the state store: read, changed together with their messages, and taken on by somebody.
//!
//! The detector and whoever serves people use the same steps, so an acknowledgement is stored and told alike, wherever
//! it comes from.

use incidents::{
    Acknowledgement, Action, Context, Fingerprint, IncidentId, NotTaken, Publication, Record,
    RecordError, Taken, acknowledge, render,
};
use jiff::Timestamp;

use crate::state_store::{AlertItem, Applied, OutboxItem, StateStore, StateStoreError, Transition};

/// Why a record was not read or changed.
#[derive(Debug, thiserror::Error)]
pub enum IncidentStoreError {
    /// The store.
    #[error(transparent)]
    State(#[from] StateStoreError),
    /// A stored record that cannot be read.
    #[error(transparent)]
    Record(#[from] RecordError),
    /// A message that cannot be stored.
    #[error("message {id} cannot be stored: {message}")]
    Message {
        /// Its name.
        id: String,
        /// What is wrong.
        message: String,
    },
}

impl IncidentStoreError {
    /// Whether the same call may succeed later.
    #[must_use]
    pub fn is_retryable(&self) -> bool {
        match self {
            Self::State(error) => error.is_retryable(),
            Self::Record(error) => error.is_retryable(),
            Self::Message { .. } => false,
        }
    }
}

/// Why an incident was not taken on.
#[derive(Debug, thiserror::Error)]
pub enum TakeError {
    /// It cannot be.
    #[error(transparent)]
    NotTaken(#[from] NotTaken),
    /// It was not stored, or nobody knows whether it was.
    #[error(transparent)]
    Store(#[from] IncidentStoreError),
}

/// What became of one attempt to take an incident on.
#[derive(Debug, Clone, PartialEq)]
pub enum Attempt {
    /// It is stored, with what the chat is told: [`Action::None`] of an incident that nobody was told of.
    Taken(Box<Record>, Action),
    /// Somebody was first, and stays.
    Already(Acknowledgement),
    /// The record had changed since it was read: read it again.
    Lost,
}

/// The stored record of a group, read consistently; `None` when it was never written.
///
/// # Errors
/// A store that does not answer, or holds what this build cannot read.
pub async fn record(
    state: &dyn StateStore,
    fingerprint: &Fingerprint,
) -> Result<Option<Record>, IncidentStoreError> {
    let item = state.alert(fingerprint.as_str()).await?;
    Ok(item.map(|item| Record::from_json(&item.body)).transpose()?)
}

/// The transition to `next`, with its messages.
///
/// # Errors
/// A message that is no JSON.
pub fn transition(
    next: &Record,
    publications: &[Publication],
) -> Result<Transition, IncidentStoreError> {
    let incident = next
        .incident
        .as_ref()
        .map(|incident| (incident.id.to_string(), incident.opened));
    let name = incident
        .as_ref()
        .map_or_else(String::new, |(id, _)| id.clone());
    let outbox = waiting(&name, publications)?;
    let alert = AlertItem {
        fingerprint: next.fingerprint.to_string(),
        version: next.ver,
        body: next.to_json(),
    };
    Ok(Transition {
        alert,
        incident,
        outbox,
    })
}

/// Messages as they wait to be sent, under the name of their incident.
///
/// # Errors
/// A message that is no JSON.
pub fn waiting(
    incident: &str,
    publications: &[Publication],
) -> Result<Vec<OutboxItem>, IncidentStoreError> {
    let item = |publication: &Publication| {
        let body =
            serde_json::to_string(publication).map_err(|error| IncidentStoreError::Message {
                id: publication.id.clone(),
                message: error.to_string(),
            })?;
        Ok(OutboxItem {
            id: publication.id.clone(),
            incident: incident.to_owned(),
            body,
            attempts: 0,
        })
    };
    publications.iter().map(item).collect()
}

/// Notes that `by` takes the incident on at `now`, on condition that the record is still `previous`. The chat is told in
/// the same transaction, and hears it from the detector's next run.
///
/// # Errors
/// An incident that is over or is another one by now, a name that cannot be shown; a store that does not answer.
pub async fn take(
    state: &dyn StateStore,
    place: &Context,
    previous: &Record,
    id: &IncidentId,
    by: &str,
    now: Timestamp,
) -> Result<Attempt, TakeError> {
    let (next, action) = match acknowledge(previous, id, by, now)? {
        Taken::Already(first) => return Ok(Attempt::Already(first)),
        Taken::Now(next, action) => (next, action),
    };
    let publications = render(
        place,
        &incidents::Transition {
            action,
            at: now,
            record: &next,
            members: &[],
            unaffected: &[],
            also_seen: &[],
            examples: &[],
        },
    );
    let transition = transition(&next, &publications)?;
    let applied = state.apply(&transition).await;
    Ok(match applied.map_err(IncidentStoreError::from)? {
        Applied::Yes => Attempt::Taken(next, action),
        Applied::Lost => Attempt::Lost,
    })
}
