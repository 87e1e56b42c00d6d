//! When a series alarms: one minute, two of three, or a run of small ones.

use crate::evidence::{Evidence, Since};
use crate::snapshot::{Reader, put_f32};
use crate::{Kind, Settings, SnapshotError, Thresholds};

/// Which test alarmed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Alarm {
    /// One minute so far out that it needs no second.
    Extreme,
    /// Two of the last three minutes, on the same side.
    Repeated,
    /// Evidence that added up over a run of minutes, none of which need be remarkable.
    Sustained,
}

impl Alarm {
    /// Every one of them, in the order of [`Thresholds::pages_a_week`].
    pub const ALL: [Self; 3] = [Self::Extreme, Self::Repeated, Self::Sustained];

    /// The words used in messages.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Extreme => "one extreme minute",
            Self::Repeated => "two of three minutes",
            Self::Sustained => "sustained evidence",
        }
    }
}

/// Minutes in a row for which the evidence speaks.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Run {
    /// Its first minute, since the Unix epoch: the most likely one at which the change began.
    pub since: i64,
    /// Minutes of it that had a value.
    pub minutes: u32,
    /// Above what is normal, or below.
    pub high: bool,
    /// Attempts (errors, throttles), samples (latency) or minutes (traffic) in it.
    pub attempts: f64,
    /// Failures or requests in it; for latency the sum of its deviations in ln(ms).
    pub observed: f64,
    /// What was expected of it; for latency 0.
    pub expected: f64,
    /// How many times the normal rate, count or latency it is.
    pub factor: f64,
}

/// A run need not have the least traffic in each minute, but in each ten: what trickles in over days is not one
/// thing that happens.
const TEN_MINUTES: f64 = 10.0;
/// A run of traffic is twice what is expected, or a third of it: an hour at half is weather, and pages nobody.
const GAIN: f64 = 1.0;
const LOSS: f64 = 0.65;

impl Run {
    pub(crate) fn of(kind: Kind, evidence: &Evidence, high: bool) -> Option<Self> {
        let since: Since = evidence.run()?;
        Some(Self {
            since: since.start,
            minutes: since.minutes,
            high,
            attempts: since.attempts,
            observed: since.observed,
            expected: since.expected,
            factor: since.factor(kind),
        })
    }

    /// Whether the run as a whole passes the floors that a minute would have to: the same numbers, asked of its sums.
    /// `expected` is the minute's, for latency's floor in milliseconds.
    pub(crate) fn passes(&self, kind: Kind, settings: &Settings, expected: f64) -> bool {
        let (traffic, away, scale) = match kind {
            Kind::Latency => (
                self.attempts,
                (self.factor - 1.0).abs() * expected,
                expected,
            ),
            Kind::Errors | Kind::Throttles => (
                self.attempts,
                (self.observed - self.expected).abs(),
                self.attempts,
            ),
            Kind::Traffic | Kind::Gauge => (
                self.observed.max(self.expected),
                (self.observed - self.expected).abs(),
                self.expected,
            ),
        };
        let relative = match kind {
            Kind::Traffic if self.high => settings.relative_floor().max(GAIN),
            Kind::Traffic => settings.relative_floor().max(LOSS),
            _ => settings.relative_floor(),
        };
        let least = settings.min_weight() * (f64::from(self.minutes) / TEN_MINUTES).max(1.0);
        traffic >= least && away >= settings.absolute_floor() && away >= relative * scale
    }
}

/// The last minutes' tails, for two of three.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Recent {
    /// Minute, and its tail, negative on the low side; 1 for a minute that a guard kept.
    pub(crate) minutes: [(i64, f32); 2],
}

impl Recent {
    pub(crate) fn new() -> Self {
        Self {
            minutes: [(0, 1.0); 2],
        }
    }

    /// Adds a minute, and says the first minute of the two when there are two of three.
    pub(crate) fn add(
        &mut self,
        minute: i64,
        tail: f64,
        high: bool,
        thresholds: &Thresholds,
    ) -> Option<i64> {
        // A float of 32 bits cannot hold the smallest tails; 1e-30 is small enough for any threshold.
        let tail = tail.max(1e-30) as f32;
        let threshold = thresholds.repeated as f32;
        let counts = |(_, other): &(i64, f32)| other.abs() < threshold && (*other > 0.0) == high;
        let first = (tail < threshold)
            .then(|| self.minutes.iter().find(|minute| counts(minute)))
            .flatten()
            .map(|(minute, _)| *minute);
        self.minutes = [self.minutes[1], (minute, if high { tail } else { -tail })];
        first
    }

    pub(crate) fn encode(&self, out: &mut Vec<u8>) {
        for (minute, tail) in self.minutes {
            out.extend_from_slice(&minute.to_le_bytes());
            put_f32(out, tail);
        }
    }

    pub(crate) fn decode(reader: &mut Reader<'_>) -> Result<Self, SnapshotError> {
        let mut recent = Self::new();
        for (minute, tail) in &mut recent.minutes {
            *minute = reader.i64("recent minute")?;
            *tail = reader.f32_in("recent tail", -1.0, 1.0)?;
        }
        Ok(recent)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Budget;

    #[test]
    fn two_of_three_on_one_side_alarm_since_the_first_of_them() {
        let thresholds = Budget::default().thresholds(2.0, 0.0);
        let (low, high) = (thresholds.repeated / 2.0, thresholds.repeated * 2.0);
        for (name, minutes, since) in [
            ("two in a row", vec![(low, true), (low, true)], Some(0)),
            (
                "with one between",
                vec![(low, true), (high, true), (low, true)],
                Some(0),
            ),
            (
                "with two between",
                vec![(low, true), (high, true), (high, true), (low, true)],
                None,
            ),
            ("on either side", vec![(low, true), (low, false)], None),
            (
                "both below",
                vec![(high, true), (low, false), (low, false)],
                Some(1),
            ),
            (
                "the last one normal",
                vec![(low, true), (low, true), (0.5, true)],
                None,
            ),
        ] {
            let mut recent = Recent::new();
            let last = (0..)
                .zip(minutes)
                .map(|(minute, (tail, high))| recent.add(minute, tail, high, &thresholds))
                .last();
            assert_eq!(last, Some(since), "{name}");
        }
    }
}
