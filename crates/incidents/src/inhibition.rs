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
    /// Minutes after the cause has ended for which it still mutes: a burn is counted over windows that hold what it did, and
    /// refused calls count as present for some minutes.
    pub lingers: u16,
    /// Why the second says nothing the first does not.
    pub why: &'static str,
}

/// A cause of the same service, heard by people.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Heard {
    /// What they were told of.
    pub symptom: Symptom,
    /// Minutes since it ended; 0 while it is open.
    pub ended: i64,
    /// Whether somebody was called for it, and did not silence it since.
    pub called: bool,
}

/// Minutes for which the detector counts refused calls as present (`detector/src/facts.rs`): a full reservation harms, and
/// one of a few environments is full other than by design, while there are any.
const REFUSED_LINGERS: u16 = 5;
/// The longest short window of a page, over which a burn that has ended still shows.
const FAST_LINGERS: u16 = 30;
/// A ticket's: two hours, its faster short window. Longer, one short incident a day would mute it for ever, and what it is for is
/// many of them.
const SLOW_LINGERS: u16 = 120;

/// The whole table, strongest cause first for each that is muted. It has no cycle: a pair that muted each other would
/// both be silent; and whoever mutes a cause mutes what that one mutes.
/// Errors do not mute traffic: failing requests still arrive and are counted, so a change of traffic is news.
pub const TABLE: &[Inhibition] = &[
    Inhibition {
        cause: Symptom::Throttles,
        muted: Symptom::Traffic,
        lingers: 0,
        why: "refused invocations never run, so they are missing from the requests that the service counts",
    },
    Inhibition {
        cause: Symptom::Throttles,
        muted: Symptom::Latency,
        lingers: 0,
        why: "retries and waiting for a free environment show as latency",
    },
    Inhibition {
        cause: Symptom::Errors,
        muted: Symptom::Latency,
        lingers: 0,
        why: "failing requests end at a timeout or at once, which moves latency with them",
    },
    Inhibition {
        cause: Symptom::Throttles,
        muted: Symptom::Saturation,
        lingers: REFUSED_LINGERS,
        why: "what was about to happen is happening, and its message states limit and peak",
    },
    Inhibition {
        cause: Symptom::Throttles,
        muted: Symptom::Capacity,
        lingers: REFUSED_LINGERS,
        why: "what was about to happen is happening, and its message states limit and peak",
    },
    Inhibition {
        cause: Symptom::Saturation,
        muted: Symptom::Capacity,
        lingers: 0,
        why: "the same number, at the more urgent of its two steps",
    },
    Inhibition {
        cause: Symptom::Throttles,
        muted: Symptom::ColdStarts,
        lingers: 0,
        why: "environments are added as fast as they may be, and each of them starts cold",
    },
    Inhibition {
        cause: Symptom::Errors,
        muted: Symptom::ColdStarts,
        lingers: 0,
        why: "an environment that crashed is replaced by one that starts cold",
    },
    Inhibition {
        cause: Symptom::Latency,
        muted: Symptom::ColdStarts,
        lingers: 0,
        why: "its message says whether cold starts explain it",
    },
    Inhibition {
        cause: Symptom::Throttles,
        muted: Symptom::Headroom,
        lingers: 0,
        why: "waiting for a free environment and retries take time, and the page is out already",
    },
    Inhibition {
        cause: Symptom::Errors,
        muted: Symptom::Headroom,
        lingers: 0,
        why: "what reached its limit failed, and its message says at which",
    },
    Inhibition {
        cause: Symptom::Latency,
        muted: Symptom::Headroom,
        lingers: 0,
        why: "what comes close to its timeout is slow, and the page is out already",
    },
    Inhibition {
        cause: Symptom::Throttles,
        muted: Symptom::FastBurn,
        lingers: FAST_LINGERS,
        why: "refused requests are what burns, and the page is out already",
    },
    Inhibition {
        cause: Symptom::Errors,
        muted: Symptom::FastBurn,
        lingers: FAST_LINGERS,
        why: "failed requests are what burns, and the page is out already",
    },
    Inhibition {
        cause: Symptom::Latency,
        muted: Symptom::FastBurn,
        lingers: FAST_LINGERS,
        why: "slow requests are what burns, and the page is out already",
    },
    Inhibition {
        cause: Symptom::FastBurn,
        muted: Symptom::SlowBurn,
        lingers: SLOW_LINGERS,
        why: "the same budget, at the more urgent of its two speeds",
    },
    Inhibition {
        cause: Symptom::Throttles,
        muted: Symptom::SlowBurn,
        lingers: SLOW_LINGERS,
        why: "what burned is told already",
    },
    Inhibition {
        cause: Symptom::Errors,
        muted: Symptom::SlowBurn,
        lingers: SLOW_LINGERS,
        why: "what burned is told already",
    },
    Inhibition {
        cause: Symptom::Latency,
        muted: Symptom::SlowBurn,
        lingers: SLOW_LINGERS,
        why: "what burned is told already",
    },
];

/// A burn is muted only by what somebody was called for.
///
/// The row that mutes `symptom` after the `heard` symptoms of the same service; `None`: it may speak.
#[must_use]
pub fn inhibitor(symptom: Symptom, heard: &[Heard]) -> Option<&'static Inhibition> {
    TABLE.iter().find(|row| {
        let mutes = |one: &Heard| {
            one.symptom == row.cause
                && one.ended <= i64::from(row.lingers)
                && (one.called || !symptom.is_burn())
        };
        row.muted == symptom && heard.iter().any(mutes)
    })
}

#[cfg(test)]
mod tests;
