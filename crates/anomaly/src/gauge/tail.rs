//! How unlikely a statistic is by its own history: a histogram of logarithms that forgets, with a Pareto tail.
//!
//! Most statistics have no known distribution on a series of unknown meaning, but each has a past. Up to a
//! threshold the share of past rows at least as large is counted. Beyond it there are too few rows to count, and the
//! excess of a logarithm over the threshold is taken as exponential (Hill 1975, "A simple general approach to
//! inference about the tail of a distribution"; Siffer et al. 2017, "Anomaly detection in streams with extreme value
//! theory", do the same with a threshold that moves). What was seen often enough beyond the threshold is counted all
//! the same: a fitted tail is blind to a second hump.
//!
//! The table holds for each edge the weight of all rows at or above it. The share of a row is then one look-up, and
//! learning adds to a contiguous range, which costs the same few instructions whatever the length of the history.

use super::numbers::{LOG10_OF_2, log2, rough_log2};
use super::snapshot::{Fields, Walk};
use super::tuning::Tuning;
use crate::SnapshotError;

/// Edges of one table.
const EDGES: usize = 42;
/// Edges per factor of two: a bucket is 19 % wide, and the table ten factors of two.
const PER_OCTAVE: f32 = 4.0;
/// The threshold stays within these edges; the table moves by [`SHIFT`] when it does not. Four factors of two below
/// the threshold a statistic is unremarkable, six above it there is room for what has never been seen.
const LOWEST: usize = 8;
const HIGHEST: usize = 15;
const SHIFT: usize = 4;
/// Where the first statistic is put.
const FIRST: i32 = 12;
/// Rows before the table may move down: the first ones say nothing of the usual size.
const SETTLED: u32 = 10;
/// What this share of past rows exceeded is no surprise at all, and nothing is computed for it.
const COMMON: f32 = 0.1;
/// The tail never has fewer rows than this, at the weight of the present one.
const LEAST_ROWS: f32 = 3.0;
/// The tail begins with one row of this mean excess, in buckets: an eighth of a factor of two.
const PRIOR_EXCESS: f32 = 0.156;
/// So many past rows beyond a value are a count to go by.
const ENOUGH: f32 = 1.5;
/// Weights grow instead of the past shrinking; at this size everything is divided by it. Sums of 2²⁴ rows then
/// still count single rows in 24 bits of mantissa.
const RENEW: f32 = 1_048_576.0;
/// No statistic lies outside 2^±(RANGE/4).
const RANGE: i64 = 8_000;
/// No weight is larger.
const HEAVIEST: f32 = 1e30;

/// The weight of the present row and of all rows together, shared by the tables of a series.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Clock {
    /// Of the present row.
    weight: f32,
    /// Of all rows before.
    total: f32,
}

impl Clock {
    pub(crate) fn new() -> Self {
        Self {
            weight: 1.0,
            total: 0.0,
        }
    }

    /// One row passes. Says by what everything must be divided, if by anything.
    #[inline]
    pub(crate) fn tick(&mut self, shape: &Shape) -> Option<f32> {
        self.total += self.weight;
        self.weight *= shape.growth;
        if self.weight < RENEW {
            return None;
        }
        let by = self.weight;
        self.total /= by;
        self.weight = 1.0;
        Some(by)
    }
}

impl Fields for Clock {
    fn walk(&mut self, walk: &mut Walk<'_, '_>) -> Result<(), SnapshotError> {
        walk.f32("weight of a row", &mut self.weight, 1.0..=RENEW)?;
        walk.f32("weight of all rows", &mut self.total, 0.0..=HEAVIEST)
    }
}

/// The constants of the tables, as they are used.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Shape {
    /// 2^(1/half-life): how much heavier each row is than the one before.
    growth: f32,
    /// The share of rows beyond the threshold.
    share: f32,
    /// The most that the tail may halve per bucket: a cap on the tail index.
    most_decay: f32,
    /// No surprise is larger.
    most: f32,
    /// See [`Tuning`].
    warm_up: u32,
    cluster_from: f32,
    cluster_rows: u32,
    cluster_weight: f32,
}

impl Shape {
    pub(crate) fn new(tuning: &Tuning) -> Self {
        Self {
            growth: (1.0 / tuning.memory).exp2() as f32,
            share: tuning.tail_share as f32,
            most_decay: tuning.tail_index as f32 / PER_OCTAVE,
            most: tuning.part_cap as f32,
            warm_up: tuning.warm_up as u32,
            cluster_from: tuning.cluster_from as f32,
            cluster_rows: tuning.cluster_rows as u32,
            cluster_weight: tuning.cluster_weight as f32,
        }
    }
}

/// The past of one statistic.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Tail {
    /// Weight of the rows at or above each edge.
    above: [f32; EDGES],
    /// The logarithm at edge 0, in buckets.
    base: i32,
    /// The edge where the tail begins.
    threshold: u32,
    /// The row after the last exceedance; 0 before the first.
    exceeded: u32,
    /// Rows since a statistic above zero was seen, which gave the table its place.
    rows: u32,
}

impl Tail {
    pub(crate) fn new() -> Self {
        Self {
            above: [0.0; EDGES],
            base: 0,
            threshold: 1,
            exceeded: 0,
            rows: 0,
        }
    }

    /// The surprise of a statistic, which is then learned: less if it belongs to an incident under way, so that an
    /// incident does not teach that it is normal. `clock` is the one of this row, before it ticks.
    #[inline]
    pub(crate) fn step(&mut self, statistic: f64, row: u32, clock: &Clock, shape: &Shape) -> f32 {
        let log = rough_log2(statistic) * f64::from(PER_OCTAVE);
        let first = self.rows == 0 && statistic > 0.0;
        if first {
            // Zeros before the first size do not say where the table should lie.
            self.base = log.floor() as i32 - FIRST;
            self.rows = 1;
        } else if self.rows > 0 {
            self.rows = self.rows.saturating_add(1);
        }
        let at = (log - f64::from(self.base)) as f32;
        let known = statistic > 0.0 && at >= 0.0;
        let edge = if known {
            (at as usize).min(EDGES - 1)
        } else {
            0
        };
        let mut weight = clock.weight;
        let mut surprise = 0.0;
        if known && row >= shape.warm_up {
            surprise = if first {
                // After nothing but zeros no size is known, so it is not the size that surprises.
                (log2(1.0 + clock.total / clock.weight) * LOG10_OF_2).min(shape.most)
            } else {
                self.surprise(at, edge, clock, shape)
            };
            if surprise > shape.cluster_from {
                if self.exceeded > 0 && row.saturating_sub(self.exceeded - 1) <= shape.cluster_rows
                {
                    weight *= shape.cluster_weight;
                }
                self.exceeded = row.saturating_add(1);
            }
        }
        self.learn(edge, weight, clock, shape);
        surprise
    }

    /// −log₁₀ of the share of the past that was at least as large.
    #[inline]
    fn surprise(&self, at: f32, edge: usize, clock: &Clock, shape: &Shape) -> f32 {
        let whole = clock.total + clock.weight;
        let threshold = (self.threshold as usize).min(EDGES - 1);
        if edge < threshold {
            let [here, next] = [self.above[edge], self.above[edge + 1]];
            let beyond = next + (here - next) * (edge as f32 + 1.0 - at);
            if beyond > COMMON * whole {
                return 0.0;
            }
            return -log2((beyond + clock.weight) / whole) * LOG10_OF_2;
        }
        let tail = self.above[threshold] + clock.weight;
        // The sum of weights at or above all later edges is the sum of weight times excess.
        let mut excess = PRIOR_EXCESS * clock.weight;
        for above in &self.above[threshold + 1..] {
            excess += above;
        }
        let decay = log2(1.0 + tail / excess).min(shape.most_decay);
        let fitted = decay * (at - threshold as f32) - log2((tail / whole).min(1.0));
        let seen = self.above[edge];
        let counted = if seen > ENOUGH * clock.weight {
            -log2((seen / whole).min(1.0))
        } else {
            f32::MAX
        };
        (fitted.min(counted) * LOG10_OF_2).clamp(0.0, shape.most)
    }

    #[inline]
    fn learn(&mut self, edge: usize, weight: f32, clock: &Clock, shape: &Shape) {
        // All edges are written, so that the loop has a fixed length.
        for (above, place) in self.above.iter_mut().zip(0_i32..) {
            *above += if place <= edge as i32 { weight } else { 0.0 };
        }
        let target = (shape.share * clock.total).max(LEAST_ROWS * clock.weight);
        let mut threshold = (self.threshold as usize).min(EDGES - 1);
        while threshold < EDGES - 1 && self.above[threshold + 1] >= target {
            threshold += 1;
        }
        while threshold > 1 && self.above[threshold] < target {
            threshold -= 1;
        }
        if threshold > HIGHEST {
            threshold = self.shift_up(threshold);
        } else if threshold < LOWEST && self.rows > SETTLED {
            threshold = self.shift_down(threshold);
        }
        self.threshold = threshold as u32;
    }

    /// Divides every weight.
    pub(crate) fn renew(&mut self, by: f32) {
        for above in &mut self.above {
            *above /= by;
        }
    }

    /// Moves the table up: what falls off its lower end stays above edge 0.
    fn shift_up(&mut self, mut threshold: usize) -> usize {
        let all = self.above[0];
        while threshold > HIGHEST && i64::from(self.base) < RANGE - SHIFT as i64 {
            self.above.copy_within(SHIFT.., 0);
            self.above[EDGES - SHIFT..].fill(0.0);
            self.base += SHIFT as i32;
            threshold -= SHIFT;
        }
        self.above[0] = all;
        threshold
    }

    /// Moves the table down: what lay below edge 0 is still below the new one, as far as anyone knows.
    fn shift_down(&mut self, threshold: usize) -> usize {
        if i64::from(self.base) < SHIFT as i64 - RANGE {
            return threshold;
        }
        let [all, above] = [self.above[0], self.above[1]];
        self.above.copy_within(..EDGES - SHIFT, SHIFT);
        self.above[..=SHIFT].fill(above);
        self.above[0] = all;
        self.base -= SHIFT as i32;
        threshold + SHIFT
    }
}

impl Fields for Tail {
    fn walk(&mut self, walk: &mut Walk<'_, '_>) -> Result<(), SnapshotError> {
        for above in &mut self.above {
            walk.f32("histogram weight", above, 0.0..=HEAVIEST)?;
        }
        let mut base = i64::from(self.base);
        walk.i64("histogram base", &mut base, -RANGE..=RANGE)?;
        self.base = base as i32;
        walk.u32("histogram threshold", &mut self.threshold, EDGES as u32 - 1)?;
        walk.u32("histogram exceedance", &mut self.exceeded, u32::MAX)?;
        walk.u32("histogram rows", &mut self.rows, u32::MAX)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Feeds statistics and returns their surprises.
    fn surprises(statistics: impl IntoIterator<Item = f64>) -> Vec<f32> {
        let shape = Shape::new(&Tuning::default());
        let mut clock = Clock::new();
        let mut tail = Tail::new();
        statistics
            .into_iter()
            .zip(0..)
            .map(|(statistic, row)| {
                let surprise = tail.step(statistic, row, &clock, &shape);
                if let Some(by) = clock.tick(&shape) {
                    tail.renew(by);
                }
                surprise
            })
            .collect()
    }

    /// Numbers whose share above x is x^−index, in a scattered order.
    fn pareto(count: u32, index: f64) -> impl Iterator<Item = f64> {
        (0..count).map(move |row| {
            let share = (f64::from(row) * 0.618_033_988_75).fract().max(1e-9);
            share.powf(-1.0 / index)
        })
    }

    #[test]
    fn a_surprise_is_the_logarithm_of_the_share_at_least_as_large() {
        for unit in [1e-200, 1.0, 1e200] {
            for index in [2.0, 6.0] {
                for expected in [1.5_f64, 2.5, 3.5] {
                    // A size that this share of the rows exceed.
                    let size = 10_f64.powf(expected / index);
                    let rows = pareto(20_000, index).chain([size]);
                    let found = f64::from(surprises(rows.map(|value| value * unit))[20_000]);
                    assert!(
                        (found - expected).abs() < 0.4,
                        "index {index}, unit {unit}: {found} instead of {expected}"
                    );
                }
            }
        }
    }

    #[test]
    fn a_larger_statistic_is_never_less_surprising() {
        let past: Vec<f64> = pareto(5_000, 4.0).collect();
        let mut last = 0.0;
        for step in 0..200 {
            let size = 1.03_f64.powi(step);
            let found = surprises(past.iter().copied().chain([size]))[past.len()];
            assert!(found >= last - 1e-4, "{size}: {found} after {last}");
            last = found;
        }
        assert!(last > 6.0);
    }

    #[test]
    fn what_has_happened_often_is_not_rare_however_far_it_lies() {
        // One row in fifty is a thousand times as large as the rest.
        let humps = (0..6_000).map(|row| match row % 50 {
            49 => 1e3,
            _ => 1.0 + f64::from(row % 10) * 0.01,
        });
        let last = surprises(humps)[5_999];
        assert!(last < 2.2, "{last}");
    }

    #[test]
    fn nothing_is_said_before_the_warm_up_and_of_nothing() {
        let found = surprises((0..200).map(|row| if row % 2 == 0 { 0.0 } else { 5.0 }));
        let warm = Tuning::default().warm_up as usize;
        let silent = |surprise: &f32| surprise.abs() < f32::MIN_POSITIVE;
        assert!(found[..warm].iter().all(silent));
        assert!(found.iter().step_by(2).all(silent));
    }

    #[test]
    fn an_incident_teaches_less_than_as_many_rows_apart() {
        let after = |together: bool| {
            let rows = (0..3_000_u32).map(move |row| {
                let odd = match together {
                    true => (2_000..2_040).contains(&row),
                    false => row >= 1_000 && row % 50 == 0,
                };
                if odd {
                    100.0
                } else {
                    1.0 + f64::from(row * 7 % 11) * 0.1
                }
            });
            surprises(rows.chain([100.0]))[3_000]
        };
        let [together, apart] = [after(true), after(false)];
        assert!(together > apart + 0.2, "{together} {apart}");
    }

    #[test]
    fn old_rows_are_forgotten() {
        let rows = (0..60_000_u32).map(|row| {
            if row < 2_000 && row % 20 == 0 {
                50.0
            } else {
                1.0 + f64::from(row * 7 % 11) * 0.1
            }
        });
        let early = surprises(rows.clone().take(2_000).chain([50.0]))[2_000];
        let late = surprises(rows.chain([50.0]))[60_000];
        assert!(early < 2.0 && late > 4.0, "{early} {late}");
    }
}
