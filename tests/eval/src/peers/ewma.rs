//! Exponentially weighted moving averages.

use super::zscore::Static;
use super::{Detector, standardised};
use crate::data::Row;

/// The control chart of Roberts (1959): the average itself is compared with its limits, so that small lasting shifts
/// add up. The limits widen to sigma * sqrt(w / (2 - w)) within the first rows.
#[derive(Debug, Default)]
pub(super) struct Chart {
    past: Static,
    average: Option<f64>,
    /// (1 - w)^(2t).
    start: f64,
}

impl Chart {
    const WEIGHT: f64 = 0.2;
}

impl Detector for Chart {
    fn step(&mut self, row: Row) -> f64 {
        let Some(value) = row.value else { return 0.0 };
        let before = self.average.unwrap_or_else(|| {
            self.start = 1.0;
            value
        });
        let average = before + Self::WEIGHT * (value - before);
        self.average = Some(average);
        self.start *= (1.0 - Self::WEIGHT).powi(2);
        let score = self.past.moments().map_or(0.0, |(mean, sd)| {
            let width = (Self::WEIGHT / (2.0 - Self::WEIGHT) * (1.0 - self.start)).sqrt();
            standardised(average - mean, sd * width)
        });
        self.past.learn(value);
        score
    }
}

/// The residual of the average as a forecast, in units of its own exponentially weighted deviation (RiskMetrics 1996).
#[derive(Debug, Default)]
pub(super) struct Residual {
    average: Option<f64>,
    variance: f64,
}

impl Residual {
    const DECAY: f64 = 0.94;
}

impl Detector for Residual {
    fn step(&mut self, row: Row) -> f64 {
        let Some(value) = row.value else { return 0.0 };
        let average = *self.average.get_or_insert(value);
        let residual = value - average;
        let score = standardised(residual, self.variance.sqrt());
        self.average = Some(average + (1.0 - Self::DECAY) * residual);
        self.variance += (1.0 - Self::DECAY) * (residual * residual - self.variance);
        score
    }
}
