//! Why a decision was taken: shown by `explain`, logged with every run, asserted in tests.

use std::fmt;

use signals::Minute;

use crate::{MOfN, Mute, Status};

/// The rule that decided. `Display` is one sentence for people.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Reason {
    /// The window was applied before: a replay changes nothing.
    AlreadyApplied {
        /// The last window that was applied.
        applied: Minute,
    },
    /// The window begins after `now`: a clock jumped, and accepting it would lock out every honest window.
    FromTheFuture,
    /// Nothing is wrong and nothing was.
    Quiet,
    /// There is no data, which neither opens nor clears.
    NoData {
        /// Where the group stays.
        status: Status,
    },
    /// Breaching; one more window must confirm it, because this severity can wait.
    AwaitsConfirmation,
    /// The next window did not confirm it.
    NotConfirmed,
    /// An incident opened.
    Opened {
        /// The rule for what no other test told.
        rule: MOfN,
        /// The test that told of the worst member, where it was another one.
        test: Option<&'static str>,
    },
    /// There is something to say, and something that keeps it from being said.
    Muted(Mute),
    /// What muted it is over and it still breaches: now it is told.
    Unmuted,
    /// Still breaching; everybody knows.
    Ongoing,
    /// Still open, and the last message is old.
    RepeatDue {
        /// Minutes since the last message.
        minutes: i64,
    },
    /// It comes and goes: said once.
    Flapping {
        /// The share of changes among its last windows, 0 to 100.
        percent: f64,
    },
    /// It still does.
    StillFlapping {
        /// The same.
        percent: f64,
    },
    /// A page is open and nobody has taken it on.
    Unacknowledged {
        /// Minutes since it opened.
        minutes: i64,
    },
    /// Neither breaching nor clear: between the two thresholds.
    NotClear,
    /// Clear, but not for long enough.
    Clearing {
        /// Clear windows so far.
        clear: u32,
        /// How many it takes.
        needed: u32,
    },
    /// Clear for long enough, but open for too short a time.
    HeldOpen {
        /// Minutes open so far.
        open: i64,
        /// How many it takes.
        needed: u32,
    },
    /// The incident is over.
    Resolved {
        /// Clear windows that proved it.
        clear: u32,
    },
    /// It is over and nobody had been told of it.
    ResolvedUnsaid,
    /// It came back shortly after its end: the same incident, said in chat only.
    Reopened {
        /// Minutes since it had resolved.
        minutes: i64,
    },
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::AlreadyApplied { applied } => {
                write!(f, "window {applied} was applied before: nothing changes")
            }
            Self::FromTheFuture => {
                f.write_str("the window begins after now: check the clock; nothing changes")
            }
            Self::Quiet => f.write_str("nothing is wrong"),
            Self::NoData { status: Status::Ok } => {
                f.write_str("no data: unknown, which opens nothing")
            }
            Self::NoData { .. } => f.write_str("no data: unknown, which clears nothing"),
            Self::AwaitsConfirmation => f.write_str("breaching: one more window must confirm it"),
            Self::NotConfirmed => f.write_str("the next window did not confirm the breach"),
            Self::Opened {
                test: Some(test), ..
            } => write!(f, "opened: {test}"),
            Self::Opened {
                rule: MOfN { m, n },
                test: None,
            } => write!(f, "opened: {m} of the last {n} windows breached"),
            Self::Muted(mute) => write!(f, "muted: {mute}"),
            Self::Unmuted => f.write_str("what muted it is over and it still breaches"),
            Self::Flapping { percent } => write!(
                f,
                "comes and goes: {percent:.0} % of its last windows changed; quiet until it has settled"
            ),
            Self::StillFlapping { percent } => {
                write!(
                    f,
                    "comes and goes: {percent:.0} % of its last windows changed"
                )
            }
            Self::Unacknowledged { minutes } => {
                write!(f, "nobody has acknowledged it for {minutes} minutes")
            }
            Self::Ongoing => f.write_str("still breaching, and it has been said"),
            Self::RepeatDue { minutes } => {
                write!(f, "still open {minutes} minutes after the last message")
            }
            Self::NotClear => f.write_str("between the thresholds: neither breaching nor clear"),
            Self::Clearing { clear, needed } => write!(f, "clear for {clear} of {needed} windows"),
            Self::HeldOpen { open, needed } => write!(
                f,
                "clear, but open for only {open} of at least {needed} minutes"
            ),
            Self::Resolved { clear } => write!(f, "resolved: {clear} windows in a row were clear"),
            Self::ResolvedUnsaid => f.write_str("over before anybody had to be told"),
            Self::Reopened { minutes } => write!(
                f,
                "came back {minutes} minutes after it resolved: the same incident"
            ),
        }
    }
}
