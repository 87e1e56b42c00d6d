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

/// The whole table, strongest cause first for each that is muted. It has no cycle: a pair that muted each other would
/// both be silent; and whoever mutes a cause mutes what that one mutes.
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
    Inhibition {
        cause: Symptom::Throttles,
        muted: Symptom::Saturation,
        why: "what was about to happen is happening, and its message states limit and peak",
    },
    Inhibition {
        cause: Symptom::Throttles,
        muted: Symptom::Capacity,
        why: "what was about to happen is happening, and its message states limit and peak",
    },
    Inhibition {
        cause: Symptom::Saturation,
        muted: Symptom::Capacity,
        why: "the same number, at the more urgent of its two steps",
    },
    Inhibition {
        cause: Symptom::Throttles,
        muted: Symptom::ColdStarts,
        why: "environments are added as fast as they may be, and each of them starts cold",
    },
    Inhibition {
        cause: Symptom::Errors,
        muted: Symptom::ColdStarts,
        why: "an environment that crashed is replaced by one that starts cold",
    },
    Inhibition {
        cause: Symptom::Latency,
        muted: Symptom::ColdStarts,
        why: "its message says whether cold starts explain it",
    },
    Inhibition {
        cause: Symptom::Throttles,
        muted: Symptom::Headroom,
        why: "waiting for a free environment and retries take time, and the page is out already",
    },
    Inhibition {
        cause: Symptom::Errors,
        muted: Symptom::Headroom,
        why: "what reached its limit failed, and its message says at which",
    },
    Inhibition {
        cause: Symptom::Latency,
        muted: Symptom::Headroom,
        why: "what comes close to its timeout is slow, and the page is out already",
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
mod tests;
