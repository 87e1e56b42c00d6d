//! What probably happened, from what the logs and metrics of a function say: a ranked list of causes, each with its
//! reason.
//!
//! Rules, not a model: whoever is woken must be able to check each sentence against the numbers in it. A rule
//! speaks only of what was measured; what was not measured convicts nobody, and "unknown" is an answer.
//!
//! Symptoms say how a service hurts, causes say why. Several causes can be true at once (a slow dependency drives
//! invocations into the timeout): they are ranked by how sure they are, then by how near to the root they lie, so
//! that the first one is the one to act on. Two that cannot both be true are never both said (see
//! [`CauseKind::contradicts`]).

mod blame;
mod capacity;
pub mod facts;
mod limits;
mod starts;
mod traffic;

pub(crate) use capacity::neighbours;

use std::fmt;

pub use facts::Facts;

/// What kind of thing happened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum CauseKind {
    /// No data at all: unknown, which is not zero.
    Silence,
    /// One version is worse than the one beside it, or than the one before it.
    BadVersion,
    /// Settings were changed shortly before.
    RecentChange,
    /// Invocations ended at the memory limit.
    OutOfMemory,
    /// The function's own reservation is used up.
    ReservedConcurrency,
    /// The account's concurrency is used up.
    AccountConcurrency,
    /// Refused although no limit was reached: the rate at which Lambda adds environments, or one not measured.
    ThrottledBelowLimits,
    /// The same work is asked for again and again.
    RetryStorm,
    /// A call to another service takes longer.
    SlowDependency,
    /// One route is hit and the others are not.
    BadRoute,
    /// Invocations run into the timeout.
    TimeoutWall,
    /// Many new environments, whose init phase is waited for.
    ColdStartBurst,
    /// Memory is nearly used up.
    MemoryPressure,
    /// Requests moved to what is slower or fails more; nothing got worse itself.
    MixShift,
    /// Requests do not arrive.
    TrafficLoss,
    /// More work than usual, and nothing else.
    Load,
}

/// How sure a cause is, in words.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Confidence {
    /// The platform itself says so, or it was counted.
    Certain,
    /// The numbers account for most of the change.
    Likely,
    /// It fits, and something that would prove or refute it was not measured.
    Possible,
}

/// One cause.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cause {
    /// What.
    pub kind: CauseKind,
    /// How sure.
    pub confidence: Confidence,
    /// Why, in one sentence with its numbers. One line; texts from logs in it are cleaned and cut.
    pub reason: String,
}

/// What probably happened.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Diagnosis {
    /// The one to act on first comes first; at most [`LISTED`]. Empty: unknown.
    pub causes: Vec<Cause>,
    /// What was not measured and could have told more: `limits of concurrency`. In a fixed order.
    pub not_measured: Vec<&'static str>,
}

/// Causes said at most: the fourth best guess helps nobody.
pub const LISTED: usize = 3;

impl CauseKind {
    /// Every one of them, nearest to the root first: the order among equally sure ones.
    pub const ALL: &'static [Self] = &[
        Self::Silence,
        Self::BadVersion,
        Self::RecentChange,
        Self::OutOfMemory,
        Self::ReservedConcurrency,
        Self::AccountConcurrency,
        Self::ThrottledBelowLimits,
        Self::RetryStorm,
        Self::SlowDependency,
        Self::BadRoute,
        Self::TimeoutWall,
        Self::ColdStartBurst,
        Self::MemoryPressure,
        Self::MixShift,
        Self::TrafficLoss,
        Self::Load,
    ];

    /// What people read.
    #[must_use]
    pub fn words(self) -> &'static str {
        match self {
            Self::Silence => "silence",
            Self::BadVersion => "one bad version",
            Self::RecentChange => "a change just before",
            Self::OutOfMemory => "out of memory",
            Self::ReservedConcurrency => "concurrency throttle by the reservation",
            Self::AccountConcurrency => "concurrency throttle by the account's limit",
            Self::ThrottledBelowLimits => "throttle below the limits",
            Self::RetryStorm => "retry storm",
            Self::SlowDependency => "slow dependency",
            Self::BadRoute => "one bad route",
            Self::TimeoutWall => "timeout wall",
            Self::ColdStartBurst => "cold-start burst",
            Self::MemoryPressure => "memory pressure",
            Self::MixShift => "mix shift",
            Self::TrafficLoss => "traffic loss upstream",
            Self::Load => "load",
        }
    }

    /// What programs read. Never changes.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Silence => "silence",
            Self::BadVersion => "bad-version",
            Self::RecentChange => "recent-change",
            Self::OutOfMemory => "out-of-memory",
            Self::ReservedConcurrency => "reserved-concurrency",
            Self::AccountConcurrency => "account-concurrency",
            Self::ThrottledBelowLimits => "throttled-below-limits",
            Self::RetryStorm => "retry-storm",
            Self::SlowDependency => "slow-dependency",
            Self::BadRoute => "bad-route",
            Self::TimeoutWall => "timeout-wall",
            Self::ColdStartBurst => "cold-start-burst",
            Self::MemoryPressure => "memory-pressure",
            Self::MixShift => "mix-shift",
            Self::TrafficLoss => "traffic-loss",
            Self::Load => "load",
        }
    }

    /// Whether both cannot be true of the same minutes.
    #[must_use]
    pub fn contradicts(self, other: Self) -> bool {
        use CauseKind::{
            AccountConcurrency, BadRoute, Load, MixShift, ReservedConcurrency, RetryStorm, Silence,
            ThrottledBelowLimits, TrafficLoss,
        };
        let throttles = |kind| {
            matches!(
                kind,
                ReservedConcurrency | AccountConcurrency | ThrottledBelowLimits
            )
        };
        if self == other {
            return false;
        }
        match (self, other) {
            // Of what nothing is known, nothing can be said.
            (Silence, _) | (_, Silence) => true,
            // A refusal has one reason.
            (a, b) if throttles(a) && throttles(b) => true,
            // Less cannot be more; work asked for twice is not more work; a part that got worse is not a mix.
            (TrafficLoss, RetryStorm | Load)
            | (RetryStorm | Load, TrafficLoss)
            | (RetryStorm, Load)
            | (Load, RetryStorm)
            | (MixShift, BadRoute)
            | (BadRoute, MixShift) => true,
            _ => false,
        }
    }
}

impl Confidence {
    /// What people read.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Certain => "certain",
            Self::Likely => "likely",
            Self::Possible => "possible",
        }
    }
}

impl fmt::Display for Cause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (words, sure) = (self.kind.words(), self.confidence.as_str());
        write!(f, "{words} ({sure}): {}", self.reason)
    }
}

impl Diagnosis {
    /// The cause to act on; `None`: unknown.
    #[must_use]
    pub fn first(&self) -> Option<&Cause> {
        self.causes.first()
    }

    /// One line for each cause, or one that says that it is unknown, and what would have helped.
    #[must_use]
    pub fn lines(&self) -> Vec<String> {
        if !self.causes.is_empty() {
            return self.causes.iter().map(ToString::to_string).collect();
        }
        let missing = if self.not_measured.is_empty() {
            String::new()
        } else {
            format!("; not measured: {}", self.not_measured.join(", "))
        };
        vec![format!("unknown: no known cause fits the numbers{missing}")]
    }
}

/// A finding of one rule.
type Found = Option<(CauseKind, Confidence, String)>;

/// Every rule. The order does not matter: what they find is ranked.
const RULES: &[fn(&Facts) -> Found] = &[
    traffic::silence,
    traffic::loss,
    traffic::load,
    traffic::retry_storm,
    capacity::throttled,
    limits::timeout_wall,
    limits::memory,
    starts::cold_start_burst,
    blame::slow_dependency,
    blame::bad_route,
    blame::mix_shift,
    blame::bad_version,
    blame::recent_change,
];

/// Says what probably happened.
#[must_use]
pub fn diagnose(facts: &Facts) -> Diagnosis {
    let mut found: Vec<Cause> = RULES
        .iter()
        .filter_map(|rule| rule(facts))
        .map(|(kind, confidence, reason)| Cause {
            kind,
            confidence,
            reason,
        })
        .collect();
    // What is only possible comes after what is likely; likely and certain are ranked by their root.
    found.sort_by_key(|cause| (cause.confidence == Confidence::Possible, cause.kind));
    let mut causes: Vec<Cause> = Vec::new();
    for cause in found {
        if causes.len() < LISTED && !causes.iter().any(|it| it.kind.contradicts(cause.kind)) {
            causes.push(cause);
        }
    }
    Diagnosis {
        causes,
        not_measured: not_measured(facts),
    }
}

fn not_measured(facts: &Facts) -> Vec<&'static str> {
    let limits = &facts.concurrency;
    [
        ("requests", facts.requests.is_none()),
        ("latency", facts.latency_ms.is_none()),
        ("the platform's reports", facts.runs.is_none()),
        ("calls to other services", facts.dependencies.is_empty()),
        (
            "concurrency and its limits",
            limits.peak.is_none() || (limits.reserved.is_none() && limits.account_limit.is_none()),
        ),
    ]
    .into_iter()
    .filter_map(|(name, missing)| missing.then_some(name))
    .collect()
}

/// A text from logs or other systems inside a reason.
fn name(text: &str) -> String {
    crate::message::untrusted::cut(&crate::message::untrusted::tame(text), 60)
}

/// A number of a reason.
fn n(value: f64) -> String {
    crate::message::number::number(value)
}

/// A count of a reason.
fn count(value: u64) -> String {
    crate::message::number::count(value)
}

/// A share of a reason: `31%`.
fn percent(share: f64) -> String {
    format!("{}%", n(100.0 * share))
}

#[expect(clippy::cast_precision_loss, reason = "counts of some minutes")]
fn share(part: u64, whole: u64) -> f64 {
    if whole == 0 {
        0.0
    } else {
        part as f64 / whole as f64
    }
}

#[cfg(test)]
pub(crate) mod tests;
