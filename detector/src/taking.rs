//! People act on incidents: acknowledge one, say afterwards what it was.

use incidents::{
    Acknowledgement, Action, IncidentId, InvalidJudgement, Judgement, NotTaken, Record,
};
use platform::incident_store::{Attempt, TakeError, take};
use platform::state_store::{Note, Notes};
use signals::Minute;

use crate::{Deps, Error, decisions};

/// Days of history in which an incident can be named.
pub const DAYS: i64 = 35;
/// Days that a judgement is kept at least: as long as the incident it is about.
const JUDGED_DAYS: i64 = 396;
/// How often it is tried again when the detector changed the same incident in between.
const ATTEMPTS: u32 = 5;

/// Why an action on an incident failed.
#[derive(Debug, thiserror::Error)]
pub enum TakingError {
    /// No incident has such an id.
    #[error(
        "no incident of the last {DAYS} days has the id {0:?}; `outrider incidents list` names them"
    )]
    Unknown(String),
    /// Several have.
    #[error("the id {given:?} is the beginning of {count} incidents; write more of it")]
    Ambiguous {
        /// What was written.
        given: String,
        /// How many begin so.
        count: usize,
    },
    /// It cannot be acknowledged.
    #[error(transparent)]
    NotTaken(#[from] NotTaken),
    /// The judgement cannot be kept.
    #[error(transparent)]
    Judgement(#[from] InvalidJudgement),
    /// The incident is of a service that is no longer watched.
    #[error("service {0:?} is not watched any more: name the configuration that watches it")]
    Unwatched(String),
    /// The store.
    #[error(transparent)]
    Store(#[from] Error),
}

impl From<TakeError> for TakingError {
    fn from(error: TakeError) -> Self {
        match error {
            TakeError::NotTaken(error) => Self::NotTaken(error),
            TakeError::Store(error) => Self::Store(error.into()),
        }
    }
}

/// What became of an acknowledgement.
#[derive(Debug, Clone, PartialEq)]
pub enum Acknowledged {
    /// It is the first, and the chat is told by the detector's next run.
    Now(IncidentId),
    /// It is the first, of an incident that nobody was told of: it is muted.
    Untold(IncidentId),
    /// Somebody was faster.
    Already(IncidentId, Acknowledgement),
}

/// The incidents that opened in the last days up to `newest`, newest first.
///
/// # Errors
/// A store that does not answer, or holds what this build cannot read.
pub async fn history(deps: &Deps, newest: Minute) -> Result<Vec<Record>, Error> {
    let from = newest.plus(-DAYS * 1_440);
    let bodies = deps.state.history(from, newest).await?;
    let records = bodies.iter().map(|body| Record::from_json(body));
    Ok(records.collect::<Result<_, _>>()?)
}

/// The incident whose id begins with `given`.
async fn find(deps: &Deps, given: &str) -> Result<(Record, IncidentId), TakingError> {
    // A demo lies in another time than the one that the clock shows.
    let pointer = deps.state.pointer(0).await.map_err(Error::from)?;
    let newest = pointer.map_or_else(
        || Minute::containing(deps.clock.now()),
        |pointer| pointer.decided,
    );
    let history = history(deps, newest).await?;
    let mut found: Vec<_> = history
        .into_iter()
        .filter_map(|record| {
            let id = record.incident.as_ref()?.id.clone();
            (!given.is_empty() && id.as_str().starts_with(given)).then_some((record, id))
        })
        .collect();
    let count = found.len();
    match (found.pop(), count) {
        (Some(found), 1) => Ok(found),
        (None, _) => Err(TakingError::Unknown(given.to_owned())),
        (Some(_), count) => Err(TakingError::Ambiguous {
            given: given.to_owned(),
            count,
        }),
    }
}

/// Notes that `by` takes on the incident whose id begins with `given`. The chat is told by the detector's next run.
///
/// # Errors
/// An id that names no open incident; a name that cannot be shown; a store that does not answer.
pub async fn acknowledge(deps: &Deps, given: &str, by: &str) -> Result<Acknowledged, TakingError> {
    let now = deps.clock.now();
    let (record, id) = find(deps, given).await?;
    let service = deps
        .watch
        .watched()
        .find(|service| service.name == record.group.service)
        .ok_or_else(|| TakingError::Unwatched(record.group.service.clone()))?;
    let place = decisions::place(&deps.watch, service);
    for _ in 0..ATTEMPTS {
        let record = decisions::record_of(deps, record.group.clone()).await?;
        match take(deps.state.as_ref(), &place, &record, &id, by, now).await? {
            Attempt::Already(first) => return Ok(Acknowledged::Already(id, first)),
            Attempt::Taken(_, Action::None) => return Ok(Acknowledged::Untold(id)),
            Attempt::Taken(..) => return Ok(Acknowledged::Now(id)),
            Attempt::Lost => {}
        }
    }
    Err(TakingError::Store(Error::Contended {
        fingerprint: record.fingerprint.to_string(),
        attempts: ATTEMPTS,
    }))
}

/// Keeps what somebody says of an incident.
///
/// # Errors
/// An id that names no incident; texts that cannot be shown; a store that does not answer.
pub async fn judge(
    deps: &Deps,
    given: &str,
    verdict: incidents::Verdict,
    by: &str,
    note: Option<&str>,
) -> Result<Judgement, TakingError> {
    let now = deps.clock.now();
    let (_, id) = find(deps, given).await?;
    let judgement = Judgement::new(id, verdict, by, note, now)?;
    let until = now
        .saturating_add(jiff::SignedDuration::from_hours(24 * JUDGED_DAYS))
        .unwrap_or(now);
    let note = Note {
        id: judgement.incident.to_string(),
        body: judgement.to_json(),
        until,
    };
    deps.state
        .keep(Notes::Verdicts, &note)
        .await
        .map_err(Error::from)?;
    Ok(judgement)
}

/// What people said of incidents. What this build cannot read is left out, and logged.
///
/// # Errors
/// A store that does not answer.
pub async fn judgements(deps: &Deps) -> Result<Vec<Judgement>, Error> {
    let notes = deps.state.kept(Notes::Verdicts).await?;
    Ok(notes
        .iter()
        .filter_map(|(id, body)| {
            Judgement::from_json(body)
                .inspect_err(|error| tracing::warn!(id, %error, "a judgement is left out"))
                .ok()
        })
        .collect())
}
