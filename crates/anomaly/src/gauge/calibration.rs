//! How often the combination of all statistics was at least this strong: the row-level tail.
//!
//! Statistics of one series are not independent, and how far they go together differs from series to series, so a
//! sum of their surprises has no known distribution. Its own long past tells: rows are counted where there are
//! enough, and beyond the strongest hundred and fifty the excess is taken as exponential, since a surprise is a
//! logarithm of a probability (peaks over threshold, Davison & Smith 1990, "Models for exceedances over high
//! thresholds"). The number of rows beyond the threshold is fixed, not their share, so that a longer history is
//! continued less far.
//!
//! The memory is long, up to two million rows: a probability of 1e-5 cannot be told from a few thousand. The first
//! days are forgotten as the memory grows, because a detector that does not know the days yet is surprised by them.

use super::numbers::{LOG10_OF_2, log2};
use super::snapshot::{Fields, Walk};
use crate::SnapshotError;

/// Edges of the table, from strength 0 upward; what lies beyond is above the last one.
const EDGES: usize = 64;
/// Edges per unit of strength.
const PER_UNIT: f32 = 4.0;
/// Rows beyond the threshold.
const TAIL: f32 = 150.0;
/// The tail begins with so many rows of this mean excess, in buckets: what independent normal noise gives.
const PRIOR_ROWS: f32 = 20.0;
const PRIOR_EXCESS: f32 = 1.0;
/// Rows after which all counts are halved for the first time; then at twice as many, and so on up to the most.
const FIRST: f32 = 1_000.0;
const MOST: f32 = 2_000_000.0;
/// See [`lighter`].
const HEAVIER: f32 = 0.18;
const LIGHTER: f32 = 0.115;
/// No row is rarer.
const RAREST: f32 = 12.0;

/// How much rarer a row is than the exponential says, log₂, at so many halvings beyond the threshold.
///
/// Strengths have a tail that is a little heavier at first and lighter later, because those of light-tailed noise are
/// read off a Pareto tail. Fitted once to five kinds of noise (normal, log-normal, autoregressive, seasonal,
/// Poisson), 4 million rows each; from the third factor of ten on it is continued as a line.
#[inline]
fn lighter(halvings: f32) -> f32 {
    let tens = halvings * LOG10_OF_2;
    let near = tens.min(3.0);
    let curve = near * (LIGHTER * near - HEAVIER);
    let slope = 2.0 * LIGHTER * 3.0 - HEAVIER;
    (curve + slope * (tens - near)) / LOG10_OF_2
}

/// Counts of rows by the strength of their evidence.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Calibration {
    /// Rows at or above each edge.
    above: [f32; EDGES],
    /// The edge where the tail begins.
    threshold: u32,
    /// The count at which all are halved.
    next: f32,
}

impl Calibration {
    pub(crate) fn new() -> Self {
        Self {
            above: [0.0; EDGES],
            threshold: 0,
            next: FIRST,
        }
    }

    /// −log₁₀ of the share of rows at least this strong, continued beyond what was seen.
    #[inline]
    pub(crate) fn surprise(&self, strength: f32) -> f32 {
        if strength <= 0.0 {
            return 0.0;
        }
        let at = strength * PER_UNIT;
        let whole = log2(self.above[0] + 1.0);
        let threshold = (self.threshold as usize).min(EDGES - 1);
        let edge = (at as usize).min(EDGES - 1);
        let rarity = if edge < threshold {
            // Between two edges the logarithm is straight, as it is beyond the threshold.
            let [here, next] =
                [self.above[edge], self.above[edge + 1]].map(|rows| log2(rows + 1.0));
            whole - here + (here - next) * (at - edge as f32)
        } else {
            let tail = self.above[threshold] + PRIOR_ROWS;
            let mut excess = PRIOR_EXCESS * PRIOR_ROWS;
            for above in &self.above[threshold + 1..] {
                excess += above;
            }
            let decay = log2(1.0 + tail / excess);
            let beyond = decay * (at - threshold as f32);
            whole - log2(self.above[threshold] + 1.0) + beyond + lighter(beyond)
        };
        (rarity * LOG10_OF_2).clamp(0.0, RAREST)
    }

    /// Learns a row.
    #[inline]
    pub(crate) fn learn(&mut self, strength: f32) {
        let edge = ((strength * PER_UNIT) as usize).min(EDGES - 1);
        for above in &mut self.above[..=edge] {
            *above += 1.0;
        }
        let mut threshold = (self.threshold as usize).min(EDGES - 1);
        while threshold < EDGES - 1 && self.above[threshold + 1] >= TAIL {
            threshold += 1;
        }
        while threshold > 0 && self.above[threshold] < TAIL {
            threshold -= 1;
        }
        self.threshold = threshold as u32;
        if self.above[0] >= self.next {
            for above in &mut self.above {
                *above *= 0.5;
            }
            self.next = (self.next * 2.0).min(MOST);
        }
    }
}

impl Fields for Calibration {
    fn walk(&mut self, walk: &mut Walk<'_, '_>) -> Result<(), SnapshotError> {
        for above in &mut self.above {
            walk.f32("calibration rows", above, 0.0..=MOST)?;
        }
        walk.u32(
            "calibration threshold",
            &mut self.threshold,
            EDGES as u32 - 1,
        )?;
        walk.f32("calibration next", &mut self.next, FIRST..=MOST)
    }
}

#[cfg(test)]
mod tests;
