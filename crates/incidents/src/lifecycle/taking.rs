//! Somebody takes an incident on.

use jiff::Timestamp;
use signals::Minute;

use super::Action;
use crate::acknowledge_link::{By, InvalidBy};
use crate::{Acknowledgement, Audience, IncidentId, Record};

/// What became of an acknowledgement that could be given.
#[derive(Debug, Clone, PartialEq)]
pub enum Taken {
    /// It is the first: the record to store, on condition of its `ver`, and what to say, from it: nothing of an incident
    /// that nobody was told of, which is told as ever when what mutes it is over.
    Now(Box<Record>, Action),
    /// Somebody was faster; nothing changes.
    Already(Acknowledgement),
}

/// Why an incident cannot be acknowledged.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NotTaken {
    /// The group's incident is another one, or there is none.
    #[error(
        "incident {id} is not the newest one of its group: list the incidents again and choose an open one"
    )]
    Unknown {
        /// The incident that was meant.
        id: IncidentId,
    },
    /// It is over.
    #[error("incident {id} resolved at {resolved}: there is nothing left to acknowledge")]
    Over {
        /// The incident.
        id: IncidentId,
        /// The window that resolved it.
        resolved: Minute,
    },
    /// The name cannot be shown.
    #[error(transparent)]
    Name(#[from] InvalidBy),
}

/// Notes that `by` takes the incident on at `now`. It holds until the incident resolves: repeats go to the chat only,
/// and nothing escalates. Acknowledging twice changes nothing: the first name stays.
///
/// # Errors
/// An incident that is over, or is not the group's newest; a name that is empty, long or has control characters.
pub fn acknowledge(
    previous: &Record,
    id: &IncidentId,
    by: &str,
    now: Timestamp,
) -> Result<Taken, NotTaken> {
    let by = By::new(by)?;
    let Some(incident) = previous.incident.as_ref().filter(|one| one.id == *id) else {
        return Err(NotTaken::Unknown { id: id.clone() });
    };
    if let Some(resolved) = incident.resolved {
        return Err(NotTaken::Over {
            id: id.clone(),
            resolved,
        });
    }
    if let Some(first) = &incident.acknowledged {
        return Ok(Taken::Already(first.clone()));
    }
    let mut next = previous.clone();
    next.ver = previous.ver.saturating_add(1);
    let told = incident.audience != Audience::Nobody;
    if let Some(incident) = &mut next.incident {
        incident.seq = incident.seq.saturating_add(u32::from(told));
        incident.acknowledged = Some(by.at(now));
    }
    let action = if told {
        Action::Acknowledge
    } else {
        Action::None
    };
    Ok(Taken::Now(Box::new(next), action))
}
