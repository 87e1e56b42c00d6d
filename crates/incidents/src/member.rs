//! One series of an alert group, with the numbers that convict it.

use std::cmp::Ordering;
use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use signals::{Minute, SeriesKey, Unit};

use crate::Direction;

/// How the samples of a minute become one value, in `CloudWatch`'s spelling.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Statistic {
    /// Their sum.
    Sum,
    /// Their mean.
    Average,
    /// The largest.
    Maximum,
    /// The value below which this percentage (0 to 100) of them lie.
    Percentile(f64),
}

impl fmt::Display for Statistic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Sum => f.write_str("Sum"),
            Self::Average => f.write_str("Average"),
            Self::Maximum => f.write_str("Maximum"),
            Self::Percentile(percent) => write!(f, "p{percent}"),
        }
    }
}

/// A text that names no statistic.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "{0:?} is not a statistic: write Sum, Average, Maximum, or a percentile such as p90 or p99.9"
)]
pub struct UnknownStatistic(String);

impl FromStr for Statistic {
    type Err = UnknownStatistic;

    fn from_str(text: &str) -> Result<Self, UnknownStatistic> {
        let percentile = || {
            text.strip_prefix('p')?
                .parse()
                .ok()
                .filter(|percent| (0.0..=100.0).contains(percent))
        };
        match text {
            "Sum" => Ok(Self::Sum),
            "Average" => Ok(Self::Average),
            "Maximum" => Ok(Self::Maximum),
            _ => percentile()
                .map(Self::Percentile)
                .ok_or_else(|| UnknownStatistic(text.to_owned())),
        }
    }
}

/// What was measured in one minute, beside what is normal.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Reading {
    /// Which series.
    #[serde(with = "crate::wire::text")]
    pub series: SeriesKey,
    /// What a person calls it: `POST /cars`. May come from log data, so messages clean it.
    pub label: String,
    /// What is measured, in words: `p90 latency`.
    pub metric: String,
    /// How the minute's samples became `observed`.
    #[serde(with = "crate::wire::text")]
    pub statistic: Statistic,
    /// The unit of the three numbers below. A `Count` is per minute.
    #[serde(with = "crate::wire::text")]
    pub unit: Unit,
    /// The value of the minute.
    #[serde(with = "crate::wire::exact")]
    pub observed: f64,
    /// The lower end of the normal range.
    #[serde(with = "crate::wire::exact")]
    pub expected_low: f64,
    /// The upper end of the normal range.
    #[serde(with = "crate::wire::exact")]
    pub expected_high: f64,
}

impl Reading {
    /// The value divided by the end of the normal range that it passed: above 1 is too high, below 1 too low.
    /// `None` when that end is 0 or the quotient is not a number: there is no ratio to nothing.
    #[must_use]
    pub fn ratio(&self, direction: Direction) -> Option<f64> {
        let end = match direction {
            Direction::High => self.expected_high,
            Direction::Low => self.expected_low,
        };
        let ratio = self.observed / end;
        (end > 0.0 && ratio.is_finite()).then_some(ratio)
    }

    /// Whether all three numbers can be stored and shown.
    #[must_use]
    pub fn is_finite(&self) -> bool {
        self.observed.is_finite() && self.expected_low.is_finite() && self.expected_high.is_finite()
    }

    /// How far outside the normal range: the ratio, turned so that more is worse, then the plain distance (which
    /// also orders what has no ratio, and puts it first).
    pub(crate) fn badness(&self, direction: Direction) -> (f64, f64) {
        let ratio = self.ratio(direction);
        match direction {
            Direction::High => (
                ratio.unwrap_or(f64::INFINITY),
                self.observed - self.expected_high,
            ),
            Direction::Low => (
                ratio.map_or(f64::INFINITY, |ratio| 1.0 / ratio),
                self.expected_low - self.observed,
            ),
        }
    }
}

/// One series of the group in the window of a decision, with its evidence.
#[derive(Debug, Clone, PartialEq)]
pub struct Member {
    /// Value and normal range.
    pub reading: Reading,
    /// How probable a value at least this far out is while all is well, 0 to 1.
    pub tail: f64,
    /// How many earlier minutes the normal range was learned from.
    pub baseline_samples: u64,
    /// In how many of the last `windows` minutes it breached.
    pub breaches: u32,
    /// How many minutes were looked at (N of M-of-N).
    pub windows: u32,
    /// Requests in the 5 minutes up to and with the window; `None`: not measured for this series.
    pub requests: Option<u64>,
    /// How many of those were slow, failed or refused; `None`: not measured.
    pub affected: Option<u64>,
    /// The first minute of this breach.
    pub started: Minute,
    /// Which test convicts it, in words: `one extreme minute`, `sustained evidence`; `None`: `breaches` of `windows`.
    pub test: Option<&'static str>,
    /// The minutes together that convict it, where it is not the window's own: many small deviations in a row.
    pub stretch: Option<Stretch>,
}

/// A run of minutes that are remarkable together.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Stretch {
    /// How many minutes with a value.
    pub minutes: u32,
    /// How many times what is normal they are: 1.4; below 1 for a drop.
    pub times: f64,
    /// Healthy minutes in which chance does as much once: 2.6e6.
    pub once_in: f64,
}

impl Stretch {
    fn is_finite(&self) -> bool {
        self.times.is_finite() && self.once_in.is_finite()
    }
}

impl Member {
    /// The stretch, if it can be shown.
    pub(crate) fn stretch(&self) -> Option<&Stretch> {
        self.stretch.as_ref().filter(|stretch| stretch.is_finite())
    }

    /// Worst first: the least probable, then the farthest out, then by name, so that the order never depends on
    /// the order in which series were scored.
    #[must_use]
    pub fn worst_first(&self, other: &Self, direction: Direction) -> Ordering {
        let ((mine, my_distance), (theirs, their_distance)) = (
            self.reading.badness(direction),
            other.reading.badness(direction),
        );
        self.tail
            .total_cmp(&other.tail)
            .then(theirs.total_cmp(&mine))
            .then(their_distance.total_cmp(&my_distance))
            .then_with(|| self.reading.series.cmp(&other.reading.series))
            .then_with(|| self.reading.metric.cmp(&other.reading.metric))
    }
}

/// The members whose numbers can be shown, worst first.
pub(crate) fn worst_first(members: &[Member], direction: Direction) -> Vec<&Member> {
    let mut sorted: Vec<&Member> = members
        .iter()
        .filter(|member| member.reading.is_finite())
        .collect();
    sorted.sort_by(|a, b| a.worst_first(b, direction));
    sorted
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::message::example::member;

    #[test]
    fn statistics_read_back_from_their_own_spelling() {
        for text in ["Sum", "Average", "Maximum", "p90", "p99.9"] {
            assert_eq!(text.parse::<Statistic>().unwrap().to_string(), text);
        }
        for text in ["sum", "p101", "90", "pNaN"] {
            assert!(
                text.parse::<Statistic>()
                    .unwrap_err()
                    .to_string()
                    .contains("p99.9"),
                "{text}"
            );
        }
    }

    #[test]
    fn a_ratio_is_taken_to_the_end_that_was_passed_and_never_to_zero() {
        let mut reading = member("POST /cars").reading;
        for (observed, low, high, direction, ratio) in [
            (1_040.0, 380.0, 520.0, Direction::High, Some(2.0)),
            (95.0, 380.0, 520.0, Direction::Low, Some(0.25)),
            (7.0, 0.0, 0.0, Direction::High, None),
            (f64::INFINITY, 1.0, 2.0, Direction::High, None),
        ] {
            (
                reading.observed,
                reading.expected_low,
                reading.expected_high,
            ) = (observed, low, high);
            assert_eq!(
                reading.ratio(direction),
                ratio,
                "{observed} against {low} to {high}"
            );
        }
    }

    #[test]
    fn the_worst_comes_first_whatever_the_order_of_scoring() {
        let (mut improbable, mut far, near) = (member("a"), member("b"), member("c"));
        improbable.tail = 1e-12;
        far.reading.observed *= 2.0;
        let mut broken = member("d");
        broken.reading.observed = f64::NAN;
        let forward = [
            near.clone(),
            far.clone(),
            broken.clone(),
            improbable.clone(),
        ];
        let backward = [improbable, broken, far, near];
        for members in [&forward, &backward] {
            let labels: Vec<_> = worst_first(members, Direction::High)
                .iter()
                .map(|member| member.reading.label.as_str())
                .collect();
            assert_eq!(
                labels,
                ["a", "b", "c"],
                "what is not a number cannot be shown"
            );
        }
    }
}
