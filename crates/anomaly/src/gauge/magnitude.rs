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
mod tests;
