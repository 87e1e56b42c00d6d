//! Which symptom explains which: while the cause is open, the consequence of the same service keeps its state
//! but sends no message.

use crate::Symptom;

/// One row: while `cause` is open, `muted` says nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Inhibition {
    /// The symptom that is heard.
    pub cause: Symptom,
    /// The symptom of the same service that it mutes.
    pub muted: Symptom,
    /// Why the second says nothing the first does not.
    pub why: &'static str,
}

/// The whole table, strongest cause first. It has no cycle: a pair that muted each other would both be silent.
/// Errors do not mute traffic: failing requests still arrive and are counted, so a change of traffic is news.
pub const TABLE: &[Inhibition] = &[
    Inhibition {
        cause: Symptom::Throttles,
        muted: Symptom::Traffic,
        why: "refused invocations never run, so they are missing from the requests that the service counts",
    },
    Inhibition {
        cause: Symptom::Throttles,
        muted: Symptom::Latency,
        why: "retries and waiting for a free environment show as latency",
    },
    Inhibition {
        cause: Symptom::Errors,
        muted: Symptom::Latency,
        why: "failing requests end at a timeout or at once, which moves latency with them",
    },
];

/// The row that mutes `symptom` while `active` symptoms of the same service are open; `None`: it may speak.
#[must_use]
pub fn inhibitor(symptom: Symptom, active: &[Symptom]) -> Option<&'static Inhibition> {
    TABLE
        .iter()
        .find(|row| row.muted == symptom && active.contains(&row.cause))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cause_mutes_its_consequences_and_nothing_else() {
        use Symptom::{Errors, Latency, Throttles, Traffic};
        for (symptom, active, cause) in [
            (Latency, &[Throttles, Errors][..], Some(Throttles)),
            (Latency, &[Errors][..], Some(Errors)),
            (Traffic, &[Throttles][..], Some(Throttles)),
            (Traffic, &[Errors, Latency][..], None),
            (Errors, &[Throttles, Latency, Traffic][..], None),
            (Throttles, Symptom::ALL, None),
            (Latency, &[][..], None),
        ] {
            assert_eq!(
                inhibitor(symptom, active).map(|row| row.cause),
                cause,
                "{symptom} while {active:?}"
            );
        }
    }

    #[test]
    fn no_cause_is_itself_muted_so_somebody_always_speaks() {
        for row in TABLE {
            assert!(
                TABLE.iter().all(|other| other.muted != row.cause),
                "{} is cause and muted",
                row.cause
            );
        }
    }
}
