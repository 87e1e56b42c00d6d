//! How large a deviation is, beside how unusual: what pages somebody must be both.
//!
//! A surprise counts rows and is blind to size: after a week of silence the smallest rise is as surprising as an
//! outage. Three factors hold it back. The first compares the value with a running median in units of a running
//! median deviation; both are moved a fixed step towards each new value, whatever its distance, which estimates
//! quantiles without storing values (Robbins & Monro 1951, "A stochastic approximation method"; Huber 1964, "Robust
//! estimation of a location parameter", for the bounded step). The second is the size of the change as a share of
//! the usual size. The third is for sparse counts: where most rows are 0, one more than nothing is no incident.

use super::LARGEST;
use super::numbers::{exp2, log2};
use super::snapshot::{Fields, Walk};
use super::statistics::Change;
use super::tuning::Tuning;
use crate::SnapshotError;

/// A running median, how far values usually lie from it, and the smallest change ever seen.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Magnitude {
    median: f64,
    /// The median distance from the median.
    deviation: f64,
    /// The mean distance, which unlike the median one sees rare large values.
    mean_deviation: f64,
    /// The smallest difference between two rows that was not 0; 0 before the first.
    quantum: f64,
}

/// Share of a (bounded) new value in the median, and the step of the deviation: the last fifty rows.
const STEP: f64 = 0.02;
/// The median moves at most so many deviations times its share.
const BOUND: f64 = 1.5;
/// Share of a new distance in the mean distance: the last five hundred rows.
const MEAN: f64 = 0.002;
/// The mean distance counts this much beside the median one: a series at rest has none of the latter.
const MEAN_COUNTS: f64 = 0.1;
/// A value farther than so many deviations is not larger than that.
const MOST: f32 = 10.0;
/// Rows before the deviation means something.
const YOUNG: f64 = 1.0 / 21.0;

impl Magnitude {
    pub(crate) fn new() -> Self {
        Self {
            median: 0.0,
            deviation: 0.0,
            mean_deviation: 0.0,
            quantum: 0.0,
        }
    }

    /// The strength with the size of the deviation taken into account. `young` is 1 over the number of rows.
    #[inline]
    pub(crate) fn weigh(
        &mut self,
        strength: f32,
        value: f64,
        change: Change,
        young: f64,
        tuning: &Tuning,
    ) -> f32 {
        if change.step > 0.0 && (self.quantum <= 0.0 || change.step < self.quantum) {
            self.quantum = change.step;
        }
        let distance = value - self.median;
        let size = distance.abs();
        let usual = self.deviation + MEAN_COUNTS * self.mean_deviation;
        let weighed = if strength > 0.0 {
            let times = if young >= YOUNG {
                0.0
            } else if usual > 0.0 {
                ((size / usual) as f32).min(MOST)
            } else {
                // After a flat line every change is as large as can be.
                MOST
            };
            let large = 2.0 * log2(1.0 + times) * std::f32::consts::LN_2;
            let balance = if large > 0.0 {
                exp2(tuning.magnitude as f32 * log2(large / strength))
            } else {
                0.0
            };
            let grain = self.quantum * self.quantum
                / (self.quantum + tuning.quantum * change.size + f64::MIN_POSITIVE);
            let least = tuning.relative * change.size + f64::MIN_POSITIVE;
            let share = change.far / (change.far + least)
                * (change.far / (change.far + tuning.quantum * grain + f64::MIN_POSITIVE));
            strength * balance * share as f32
        } else {
            0.0
        };

        self.mean_deviation =
            (self.mean_deviation + MEAN.max(young) * (size - self.mean_deviation)).min(LARGEST);
        let bound = if self.deviation > 0.0 {
            BOUND * self.deviation
        } else {
            f64::MAX
        };
        self.median += STEP.max(young) * distance.clamp(-bound, bound);
        if self.deviation <= 0.0 {
            self.deviation = 0.5 * size;
        } else {
            let step = 1.0 + STEP.max(0.7 * young);
            self.deviation = if size > self.deviation {
                (self.deviation * step).min(LARGEST)
            } else {
                self.deviation / step
            };
        }
        weighed
    }
}

impl Fields for Magnitude {
    fn walk(&mut self, walk: &mut Walk<'_, '_>) -> Result<(), SnapshotError> {
        walk.value("magnitude median", &mut self.median)?;
        walk.f64("magnitude deviation", &mut self.deviation, 0.0..=LARGEST)?;
        walk.f64(
            "magnitude mean deviation",
            &mut self.mean_deviation,
            0.0..=LARGEST,
        )?;
        walk.f64("magnitude quantum", &mut self.quantum, 0.0..=LARGEST)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The strength 5 of a last value, weighed after a past.
    fn weighed(past: impl Iterator<Item = f64>, last: f64) -> f32 {
        let tuning = Tuning::default();
        let mut magnitude = Magnitude::new();
        let mut before = 0.0;
        let mut found = 0.0;
        for (row, value) in past.chain([last]).enumerate() {
            let step = f64::abs(value - before);
            let change = Change {
                far: step,
                step,
                size: 10.0,
            };
            found = magnitude.weigh(5.0, value, change, 1.0 / (row as f64 + 1.0), &tuning);
            before = value;
        }
        found
    }

    fn noise() -> impl Iterator<Item = f64> {
        (0..500).map(|row| 10.0 + f64::from(row * 37 % 101) * 0.01)
    }

    #[test]
    fn the_larger_of_two_equally_surprising_values_is_stronger() {
        let found = [11.2, 12.0, 13.0, 15.0, 20.0].map(|value| weighed(noise(), value));
        assert!(found.is_sorted(), "{found:?}");
        assert!(found[4] > found[0] * 1.1 && found[4] < 6.0, "{found:?}");
    }

    #[test]
    fn a_change_after_a_flat_line_is_as_large_as_can_be() {
        let flat = weighed((0..5_000).map(|_| 0.0), 1.0);
        assert!(flat > 3.0 && flat.is_finite(), "{flat}");
    }

    #[test]
    fn one_more_than_nothing_is_weak_where_values_are_whole_and_rare() {
        let sparse = || (0..2_000).map(|row| if row % 40 == 0 { 10.0 } else { 0.0 });
        let [one, many] = [10.0, 200.0].map(|value| weighed(sparse(), value));
        assert!(one < 0.9 * many, "{one} {many}");
    }

    #[test]
    fn nothing_stays_nothing() {
        let mut magnitude = Magnitude::new();
        let change = Change {
            far: 5.0,
            step: 5.0,
            size: 1.0,
        };
        for row in 1..100 {
            let found = magnitude.weigh(0.0, f64::from(row), change, 0.01, &Tuning::default());
            assert!(found.abs() < f32::MIN_POSITIVE);
        }
    }
}
