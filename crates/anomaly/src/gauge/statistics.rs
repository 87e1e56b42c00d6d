//! What is measured of every row: nine distances between the present and the past, at several time scales.
//!
//! An incident is a spike, a shift, a drift, a broken rhythm or a change of noise, and a series of unknown meaning may
//! suffer any of them. Each statistic is large for one of these and costs a handful of additions. None is a test on
//! its own: [`super::tail`] says how unusual its value is by its own history, so that units and shapes drop out.
//!
//! Differences of exponentially weighted means at two speeds are the oldest change detectors (Roberts 1959, "Control
//! chart tests based on geometric moving averages"); several speeds at once catch fast and slow changes alike, as the
//! multi-scale sums of Lorden (1971) do for a shift of unknown size. Differences from the same time of day see what a
//! level cannot: a quiet noon. Logarithms see a drop of a large value as well as a rise of a small one.

use super::numbers::{asinh, log2_wide};
use super::snapshot::{Fields, Walk};
use super::tuning::Tuning;
use super::{LARGEST, Row};
use crate::SnapshotError;

/// How many statistics there are.
pub(crate) const COUNT: usize = 9;

/// What each statistic tells, in the order of [`super::Reading::parts`].
pub const STATISTICS: [&str; COUNT] = [
    "far from the level of the last hundred rows",
    "far from the level of the last twenty rows",
    "the last ten rows against the last hundred",
    "as a ratio, far from the level of all rows",
    "as a ratio, far from the level of the last hundred rows",
    "as a ratio, the last ten rows against the last hundred",
    "other than at this time of day",
    "three forecasts wrong on one side",
    "noisier or quieter than usual",
];

/// How large the change of a row is, in the unit of the series.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Change {
    /// From the last row or the level of the last hundred, whichever is more.
    pub(crate) far: f64,
    /// From the last row.
    pub(crate) step: f64,
    /// The usual size of values.
    pub(crate) size: f64,
}

/// Exponentially weighted means of the values (from the origin), of their logarithms and of changes.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Statistics {
    rows: u32,
    /// Of values, by [`SHARES`].
    values: [f64; 3],
    /// Of logarithms, by [`SHARES`] without the second, and over all rows.
    logs: [f64; 3],
    /// Of |value|: what logarithms are relative to.
    size: f64,
    /// Of differences from the slot of the day.
    rhythm: f64,
    /// The last two errors, in mean errors.
    errors: [f32; 2],
    /// Of |change|: quick and slow.
    changes: [f64; 2],
    last: f64,
}

/// Shares of a new row in the three means: the last ten, twenty and hundred rows.
const SHARES: [f64; 3] = [0.1, 0.05, 0.01];
/// Share of a new row in the mean of differences from the time of day: the last four rows.
const RHYTHM: f64 = 0.25;
/// A change of noise is measured with this share of the usual noise added: below it nothing gets quieter.
const FLOOR: f64 = 0.05;
/// A logarithm bends into a line below this share of the usual size.
const BEND: f64 = 0.1;
/// An error is never divided by less than this share of the usual size: on a flat line the last digit is no event.
const LEAST_SCALE: f64 = 1e-5;
/// Errors beyond so many mean errors grow like their logarithm, as three such errors would drown what follows.
const SOFT: f64 = 20.0;

/// Linear up to [`SOFT`], then three times the logarithm.
#[inline]
fn soft(error: f64) -> f32 {
    let size = error.abs();
    if size <= SOFT {
        return error as f32;
    }
    let grown =
        SOFT + 3.0 * std::f64::consts::LN_2 * f64::from(log2_wide(size.min(LARGEST) - SOFT + 1.0));
    grown.copysign(error) as f32
}

fn toward(mean: &mut f64, value: f64, share: f64) {
    *mean += share * (value - *mean);
}

impl Statistics {
    pub(crate) fn new() -> Self {
        Self {
            rows: 0,
            values: [0.0; 3],
            logs: [0.0; 3],
            size: 0.0,
            rhythm: 0.0,
            errors: [0.0; 2],
            changes: [0.0; 2],
            last: 0.0,
        }
    }

    /// Takes a row. A statistic that has no meaning yet is `NaN`, neither judged nor learned. The second is
    /// what [`super::magnitude`] needs.
    #[inline]
    pub(crate) fn step(&mut self, row: &Row, tuning: &Tuning) -> ([f64; COUNT], Change) {
        let young = 1.0 / (f64::from(self.rows) + 1.0);
        self.rows = self.rows.saturating_add(1);
        let value = row.value;
        // A single row is held against means that do not know it yet.
        let far = [self.values[2], self.values[1]].map(|mean| (value - mean).abs());
        for (mean, share) in self.values.iter_mut().zip(SHARES) {
            toward(mean, value, share.max(young));
        }
        let run = (self.values[0] - self.values[2]).abs();

        toward(
            &mut self.size,
            row.given.abs(),
            tuning.size_share.max(young),
        );
        let log = if self.size > 0.0 {
            asinh(row.given / (self.size * BEND))
        } else {
            0.0
        };
        let [quick, slow, all] = &mut self.logs;
        toward(quick, log, SHARES[0].max(young));
        let log_run = (*quick - *slow).abs();
        let log_far = (log - *slow).abs();
        toward(slow, log, SHARES[2].max(young));
        toward(all, log, tuning.long_share.max(young));
        let log_odd = (log - *all).abs();

        let rhythm = row.usual.map_or(f64::NAN, |usual| {
            toward(&mut self.rhythm, value - usual, RHYTHM);
            self.rhythm.abs()
        });

        let error = if self.rows > 2 {
            soft(row.error / (row.scale + LEAST_SCALE * self.size + f64::MIN_POSITIVE))
        } else {
            0.0
        };
        let three = f64::from((error + self.errors[0] + self.errors[1]).abs());
        self.errors = [self.errors[1], error];

        let change = (value - self.last).abs();
        self.last = value;
        let [quick, slow] = &mut self.changes;
        toward(quick, change, SHARES[0]);
        toward(slow, change, tuning.long_share.max(young));
        let noise = if *slow > 0.0 {
            f64::from(log2_wide((*quick + FLOOR * *slow) / ((1.0 + FLOOR) * *slow)).abs())
        } else {
            0.0
        };
        let change = Change {
            far: far[0].max(change),
            step: if self.rows > 1 { change } else { 0.0 },
            size: self.size,
        };
        let statistics = [
            far[0], far[1], run, log_odd, log_far, log_run, rhythm, three, noise,
        ];
        (statistics, change)
    }
}

impl Fields for Statistics {
    fn walk(&mut self, walk: &mut Walk<'_, '_>) -> Result<(), SnapshotError> {
        walk.u32("statistics rows", &mut self.rows, u32::MAX)?;
        for mean in self.values.iter_mut().chain(&mut self.logs) {
            walk.value("statistics mean", mean)?;
        }
        walk.f64("statistics size", &mut self.size, 0.0..=LARGEST)?;
        walk.value("statistics rhythm", &mut self.rhythm)?;
        for error in &mut self.errors {
            walk.f32("statistics error", error, -1e4..=1e4)?;
        }
        for change in &mut self.changes {
            walk.f64("statistics change", change, 0.0..=LARGEST)?;
        }
        walk.value("statistics last", &mut self.last)
    }
}
