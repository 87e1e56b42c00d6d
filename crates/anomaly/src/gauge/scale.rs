//! How far values usually lie from their forecast: a discounted mean of |error|, overall and by hour of the day.
//!
//! The mean absolute error is what the forecaster itself is judged by, and one wild value moves it less than a
//! standard deviation. Errors are winsorised (Tukey 1962, "The future of data analysis") before they are learned.
//! Night and day differ in noise as in level, so the hour speaks once it has been seen often enough; but never far
//! below the overall figure, because a quiet hour's estimate rests on few rows.

use super::LARGEST;
use super::numbers::Narrow;
use super::snapshot::{Fields, Walk};
use crate::SnapshotError;

/// Discounted sums of |error| and of rows.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Scale {
    sum: f64,
    rows: f64,
    hours: [Narrow; 24],
    hour_rows: [f32; 24],
}

/// What is kept of the sums from row to row: the last two thousand rows.
const KEEP: f64 = 0.9995;
/// The same for the sums of an hour, from row to row of that hour: eight days of five-minute rows.
const HOUR_KEEP: f64 = 0.99;
/// Rows of an hour, discounted, from which on it speaks for itself.
const HOUR_TRUSTED: f64 = 5.0;
/// The least scale of an hour, as a share of the overall one.
const HOUR_LEAST: f64 = 0.3;
/// Rows from which on errors are winsorised, at so many mean errors.
const TRUSTED: f64 = 50.0;
const WINSOR: f64 = 8.0;
/// A forecaster's loss counts at most so many mean errors.
const LOSS_CAP: f64 = 10.0;
/// No discounted number of rows is larger.
const MOST_ROWS: f64 = 1.0 / (1.0 - KEEP) + 1.0;

impl Scale {
    pub(crate) fn new() -> Self {
        Self {
            sum: 0.0,
            rows: 0.0,
            hours: [Narrow::default(); 24],
            hour_rows: [0.0; 24],
        }
    }

    /// What a forecaster's error counts at most when forecasters are compared.
    #[inline]
    pub(crate) fn loss_cap(&self) -> f64 {
        if self.rows > TRUSTED {
            LOSS_CAP * self.overall()
        } else {
            LARGEST
        }
    }

    /// The mean |error| of all hours; 0 before the first row.
    #[inline]
    pub(crate) fn overall(&self) -> f64 {
        self.sum / self.rows.max(1e-9)
    }

    /// The mean |error| to divide by at this hour; at least a share of the overall one.
    #[inline]
    pub(crate) fn at(&self, hour: usize) -> f64 {
        let overall = self.overall();
        let rows = f64::from(self.hour_rows[hour % 24]);
        let own = if rows > HOUR_TRUSTED {
            self.hours[hour % 24].get() / rows
        } else {
            overall
        };
        own.max(HOUR_LEAST * overall)
    }

    /// Learns one error.
    #[inline]
    pub(crate) fn learn(&mut self, hour: usize, error: f64) {
        let mut error = error.abs();
        if self.rows > TRUSTED {
            error = error.min(WINSOR * self.overall());
        }
        self.sum = (self.sum * KEEP + error).min(LARGEST);
        self.rows = (self.rows * KEEP + 1.0).min(MOST_ROWS);
        let hour = hour % 24;
        let sum = self.hours[hour].get() * HOUR_KEEP + error;
        self.hours[hour] = Narrow::new(sum.min(LARGEST));
        self.hour_rows[hour] = (f64::from(self.hour_rows[hour]) * HOUR_KEEP + 1.0) as f32;
    }
}

impl Fields for Scale {
    fn walk(&mut self, walk: &mut Walk<'_, '_>) -> Result<(), SnapshotError> {
        walk.f64("scale sum", &mut self.sum, 0.0..=LARGEST)?;
        walk.f64("scale rows", &mut self.rows, 0.0..=MOST_ROWS)?;
        for hour in &mut self.hours {
            walk.narrow("scale of an hour", hour)?;
        }
        for rows in &mut self.hour_rows {
            walk.f32("scale rows of an hour", rows, 0.0..=MOST_ROWS as f32)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_hour_speaks_for_itself_but_not_far_below_the_day() {
        let mut scale = Scale::new();
        for row in 0..24 * 200 {
            let hour = row / 10 % 24;
            let error = match hour {
                3 => 0.001,
                12 => 6.0,
                _ => 2.0,
            };
            scale.learn(hour, if row % 2 == 0 { error } else { -error });
        }
        assert!((scale.at(12) - 6.0).abs() < 0.5 && (scale.at(5) - 2.0).abs() < 0.2);
        let overall = scale.overall();
        assert!((scale.at(3) - HOUR_LEAST * overall).abs() < 1e-6);
    }

    #[test]
    fn one_wild_error_moves_the_scale_by_a_few_rows_at_most() {
        let mut scale = Scale::new();
        for row in 0..1_000 {
            scale.learn(row % 24, 1.0);
        }
        scale.learn(5, 1e200);
        assert!(scale.overall() < 1.02, "{}", scale.overall());
        assert!(scale.loss_cap() < 11.0);
    }

    #[test]
    fn before_the_first_row_there_is_no_scale_and_no_cap() {
        let scale = Scale::new();
        assert!(scale.at(0).abs() < f64::MIN_POSITIVE && scale.loss_cap() >= LARGEST);
    }
}
