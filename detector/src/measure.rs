//! Which number of a series is scored, and how a message names it. Pure.

use incidents::{Statistic, Symptom};
use serde::{Deserialize, Serialize};
use signals::Unit;

/// The percentile that stands for latency. p99 of forty requests is their maximum; p90 moves when a tenth of
/// the users wait, and is there at any traffic worth judging.
pub const LATENCY_PERCENTILE: u8 = 90;

/// Which number of a series is scored.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Measure {
    /// The value, in the series' unit, below which this percentage (1 to 99) of the samples lie.
    Percentile(u8),
    /// How many there were: requests, failures, refusals, cold starts.
    Count,
    /// Environments in use, in percent of how many there may be.
    OfLimit,
    /// The fastest rise of environments in use within ten seconds, in percent of what Lambda allows.
    OfScaling,
    /// Environments in use as they will be when the trend of the days goes on, in percent of how many there may be.
    Projected,
    /// The 99th percentile of the duration, in percent of the timeout.
    OfTimeout,
    /// The most memory used, in percent of what the function has.
    OfMemory,
}

impl Measure {
    /// What tells it apart in the name of a subject; empty for the one measure that a symptom had first.
    #[must_use]
    pub fn suffix(self) -> String {
        match self {
            Self::Percentile(LATENCY_PERCENTILE) | Self::Count => String::new(),
            Self::Percentile(percent) => format!(".p{percent}"),
            Self::OfLimit => ".of_limit".to_owned(),
            Self::OfScaling => ".of_scaling".to_owned(),
            Self::Projected => ".projected".to_owned(),
            Self::OfTimeout => ".of_timeout".to_owned(),
            Self::OfMemory => ".of_memory".to_owned(),
        }
    }

    /// What a message calls it.
    #[must_use]
    pub fn words(self, symptom: Symptom) -> String {
        match self {
            Self::Percentile(percent) if symptom == Symptom::ColdStarts => {
                format!("p{percent} init time")
            }
            Self::Percentile(percent) => format!("p{percent} latency"),
            Self::Count => match symptom {
                Symptom::Errors => "errors",
                Symptom::Throttles => "throttles",
                Symptom::ColdStarts => "cold starts",
                _ => "requests",
            }
            .to_owned(),
            Self::OfLimit => "concurrency, of its limit".to_owned(),
            Self::OfScaling => "rise of concurrency in 10 s, of the scaling rate".to_owned(),
            Self::Projected => format!(
                "concurrency expected in {} days, of its limit",
                crate::forecast::HORIZON_DAYS
            ),
            Self::OfTimeout => "p99 duration, of the timeout".to_owned(),
            Self::OfMemory => "memory used, of its size".to_owned(),
        }
    }

    /// How the samples of a minute become the number.
    #[must_use]
    pub fn statistic(self) -> Statistic {
        match self {
            Self::Percentile(percent) => Statistic::Percentile(f64::from(percent)),
            Self::Count => Statistic::Sum,
            Self::OfTimeout => Statistic::Percentile(99.0),
            Self::OfLimit | Self::OfScaling | Self::Projected | Self::OfMemory => {
                Statistic::Maximum
            }
        }
    }

    /// The number's unit.
    #[must_use]
    pub fn unit(self) -> Unit {
        match self {
            Self::Percentile(_) => Unit::Milliseconds,
            Self::Count => Unit::Count,
            _ => Unit::Percent,
        }
    }
}

#[cfg(test)]
mod tests;
