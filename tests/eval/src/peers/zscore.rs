//! Standard scores: how many standard deviations a value lies from the mean.

use std::collections::VecDeque;

use super::{Detector, standardised};
use crate::data::Row;

/// Against every row before it (Welford 1962).
#[derive(Debug, Default)]
pub(super) struct Static {
    count: f64,
    mean: f64,
    squares: f64,
}

impl Static {
    /// Mean and standard deviation so far; none of fewer than two values.
    pub(super) fn moments(&self) -> Option<(f64, f64)> {
        (self.count > 1.0).then(|| (self.mean, (self.squares / (self.count - 1.0)).sqrt()))
    }

    pub(super) fn learn(&mut self, value: f64) {
        self.count += 1.0;
        let before = value - self.mean;
        self.mean += before / self.count;
        self.squares += before * (value - self.mean);
    }
}

impl Detector for Static {
    fn step(&mut self, row: Row) -> f64 {
        let Some(value) = row.value else { return 0.0 };
        let score = self
            .moments()
            .map_or(0.0, |(mean, sd)| standardised(value - mean, sd));
        self.learn(value);
        score
    }
}

/// Against a window of rows just before it.
#[derive(Debug, Default)]
pub(super) struct Trailing {
    window: VecDeque<f64>,
}

impl Trailing {
    const ROWS: usize = 288;
}

impl Detector for Trailing {
    fn step(&mut self, row: Row) -> f64 {
        let Some(value) = row.value else { return 0.0 };
        // Anew each time: running sums of squares lose all digits on a flat line at a great height.
        let count = self.window.len() as f64;
        let mean = self.window.iter().sum::<f64>() / count;
        let squares: f64 = self.window.iter().map(|past| (past - mean).powi(2)).sum();
        let score = if self.window.len() > 1 {
            standardised(value - mean, (squares / (count - 1.0)).sqrt())
        } else {
            0.0
        };
        if self.window.len() == Self::ROWS {
            self.window.pop_front();
        }
        self.window.push_back(value);
        score
    }
}
