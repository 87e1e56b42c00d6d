//! What users of a service can feel, and how urgent each is.

use std::fmt;

use serde::{Deserialize, Serialize};

/// What is wrong, as a user of the service feels it. Alerts are grouped by it: causes are evidence, not alerts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Symptom {
    /// Answers take longer than normal.
    Latency,
    /// Answers are failures.
    Errors,
    /// Requests are refused for lack of capacity.
    Throttles,
    /// More or fewer requests than normal.
    Traffic,
    /// More requests than normal wait for a new environment.
    #[serde(rename = "cold-starts")]
    ColdStarts,
    /// Most of the concurrency that there may be is used: time to ask for more.
    Capacity,
    /// Nearly all of the concurrency that there may be is used: refusals are next.
    Saturation,
    /// Little room is left before a limit: the timeout, the memory, a quota.
    Headroom,
    /// The error budget of an objective is spent so fast that somebody must act now.
    #[serde(rename = "fast-burn")]
    FastBurn,
    /// The error budget of an objective is spent faster than it lasts.
    #[serde(rename = "slow-burn")]
    SlowBurn,
}

/// On which side of the normal range the values lie.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Direction {
    /// Higher than normal.
    High,
    /// Lower than normal.
    Low,
}

/// How loudly to say it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// Wakes somebody: urgent, important, actionable and real.
    Page,
    /// Somebody looks at it in working hours.
    Ticket,
    /// Only in chat.
    Info,
}

impl Symptom {
    /// Every one of them.
    pub const ALL: &'static [Self] = &[
        Self::Latency,
        Self::Errors,
        Self::Throttles,
        Self::Traffic,
        Self::ColdStarts,
        Self::Capacity,
        Self::Saturation,
        Self::Headroom,
        Self::FastBurn,
        Self::SlowBurn,
    ];

    /// The spelling in fingerprints, attributes and stored records. Changing it changes every fingerprint.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Latency => "latency",
            Self::Errors => "errors",
            Self::Throttles => "throttles",
            Self::Traffic => "traffic",
            Self::ColdStarts => "cold-starts",
            Self::Capacity => "capacity",
            Self::Saturation => "saturation",
            Self::Headroom => "headroom",
            Self::FastBurn => "fast-burn",
            Self::SlowBurn => "slow-burn",
        }
    }

    /// The file name, without `.md`, of its runbook in docs/runbooks. Both steps of capacity have the same one, and so have
    /// both speeds of a burn.
    #[must_use]
    pub fn runbook(self) -> &'static str {
        match self {
            Self::Saturation => Self::Capacity.as_str(),
            Self::FastBurn | Self::SlowBurn => "error-budget",
            other => other.as_str(),
        }
    }

    /// The alert in plain words: `high latency`, `traffic drop`.
    #[must_use]
    pub fn words(self, direction: Direction) -> &'static str {
        match (self, direction) {
            (Self::Latency, Direction::High) => "high latency",
            (Self::Latency, Direction::Low) => "low latency",
            (Self::Errors, Direction::High) => "many errors",
            (Self::Errors, Direction::Low) => "few errors",
            (Self::Throttles, Direction::High) => "many throttles",
            (Self::Throttles, Direction::Low) => "few throttles",
            (Self::Traffic, Direction::High) => "traffic rise",
            (Self::Traffic, Direction::Low) => "traffic drop",
            (Self::ColdStarts, Direction::High) => "many cold starts",
            (Self::ColdStarts, Direction::Low) => "few cold starts",
            (Self::Capacity, Direction::High) => "capacity running out",
            (Self::Saturation, Direction::High) => "capacity used up",
            (Self::Capacity | Self::Saturation, Direction::Low) => "much capacity left",
            (Self::Headroom, Direction::High) => "little headroom",
            (Self::Headroom, Direction::Low) => "much headroom",
            (Self::FastBurn, Direction::High) => "fast error budget burn",
            (Self::SlowBurn, Direction::High) => "slow error budget burn",
            (Self::FastBurn | Self::SlowBurn, Direction::Low) => "no error budget burn",
        }
    }

    /// Whether its value is the used share of a limit: then there is a limit to state, and no normal range.
    #[must_use]
    pub fn is_share_of_a_limit(self) -> bool {
        matches!(self, Self::Capacity | Self::Saturation | Self::Headroom)
    }

    /// Whether its value is a burn rate: how many times faster than allowed an error budget is spent.
    #[must_use]
    pub fn is_burn(self) -> bool {
        matches!(self, Self::FastBurn | Self::SlowBurn)
    }

    /// What one count of the symptom is called.
    #[must_use]
    pub fn counted(self) -> &'static str {
        match self {
            Self::Latency
            | Self::Traffic
            | Self::Capacity
            | Self::Saturation
            | Self::Headroom
            | Self::FastBurn
            | Self::SlowBurn => "requests",
            Self::ColdStarts => "cold starts",
            Self::Errors => "errors",
            Self::Throttles => "throttles",
        }
    }

    /// How urgent it is unless configured otherwise. Good news (fewer errors, faster answers) is never urgent; a
    /// rise of traffic alone hurts nobody yet, a drop means that users do not arrive. What comes close to a limit can
    /// wait for the morning; at 95 % of the concurrency it cannot, because refusals are next.
    #[must_use]
    pub fn severity(self, direction: Direction) -> Severity {
        match (self, direction) {
            (
                Self::Latency | Self::Errors | Self::Throttles | Self::Saturation | Self::FastBurn,
                Direction::High,
            )
            | (Self::Traffic, Direction::Low) => Severity::Page,
            (
                Self::Traffic | Self::ColdStarts | Self::Capacity | Self::Headroom | Self::SlowBurn,
                Direction::High,
            ) => Severity::Ticket,
            (_, Direction::Low) => Severity::Info,
        }
    }
}

impl Direction {
    /// The spelling in fingerprints and stored records.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::High => "high",
            Self::Low => "low",
        }
    }
}

impl Severity {
    /// The spelling in message attributes.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Page => "page",
            Self::Ticket => "ticket",
            Self::Info => "info",
        }
    }
}

impl fmt::Display for Symptom {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_users_feel_pages() {
        for (symptom, direction, severity) in [
            (Symptom::Latency, Direction::High, Severity::Page),
            (Symptom::Errors, Direction::High, Severity::Page),
            (Symptom::Throttles, Direction::High, Severity::Page),
            (Symptom::Traffic, Direction::Low, Severity::Page),
            (Symptom::Traffic, Direction::High, Severity::Ticket),
            (Symptom::Saturation, Direction::High, Severity::Page),
            (Symptom::Capacity, Direction::High, Severity::Ticket),
            (Symptom::ColdStarts, Direction::High, Severity::Ticket),
            (Symptom::Headroom, Direction::High, Severity::Ticket),
            (Symptom::FastBurn, Direction::High, Severity::Page),
            (Symptom::SlowBurn, Direction::High, Severity::Ticket),
            (Symptom::Saturation, Direction::Low, Severity::Info),
            (Symptom::Latency, Direction::Low, Severity::Info),
            (Symptom::Errors, Direction::Low, Severity::Info),
        ] {
            assert_eq!(
                symptom.severity(direction),
                severity,
                "{}",
                symptom.words(direction)
            );
        }
    }

    #[test]
    fn stored_spellings_are_the_same_as_spoken_ones() {
        for symptom in Symptom::ALL {
            assert_eq!(
                serde_json::to_string(symptom).unwrap(),
                format!("\"{symptom}\"")
            );
        }
        assert_eq!(
            serde_json::to_string(&Direction::Low).unwrap(),
            format!("\"{}\"", Direction::Low.as_str())
        );
        assert_eq!(
            serde_json::to_string(&Severity::Info).unwrap(),
            format!("\"{}\"", Severity::Info.as_str())
        );
    }

    #[test]
    fn every_symptom_has_its_runbook() {
        let runbooks = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/runbooks");
        for symptom in Symptom::ALL {
            let file = runbooks.join(format!("{}.md", symptom.runbook()));
            assert!(file.is_file(), "{} is missing", file.display());
        }
    }
}
