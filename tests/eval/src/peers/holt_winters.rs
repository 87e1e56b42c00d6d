//! Additive Holt-Winters with a daily season, and the deviation of each time of day beside it.

use super::{Detector, standardised};
use crate::data::Row;

/// Brutlag (2000), "Aberrant Behavior Detection in Time Series for Network Monitoring": level, trend, one seasonal
/// coefficient and one deviation for each row of a day.
#[derive(Debug)]
pub(super) struct HoltWinters {
    interval: i64,
    level: Option<f64>,
    trend: f64,
    /// Mean |residual|.
    usual: f64,
    rows: f64,
    season: Vec<f64>,
    deviation: Vec<Option<f64>>,
}

impl HoltWinters {
    const ALPHA: f64 = 0.1;
    const BETA: f64 = 0.0035;
    const GAMMA: f64 = 0.1;

    pub(super) fn new(interval: i64) -> Self {
        let rows = (86_400 / interval).max(1) as usize;
        Self {
            interval,
            level: None,
            trend: 0.0,
            usual: 0.0,
            rows: 0.0,
            season: vec![0.0; rows],
            deviation: vec![None; rows],
        }
    }
}

impl Detector for HoltWinters {
    fn step(&mut self, row: Row) -> f64 {
        let Some(value) = row.value else { return 0.0 };
        let slot = (row.seconds.div_euclid(self.interval)).rem_euclid(self.season.len() as i64);
        let slot = slot as usize;
        let level = *self.level.get_or_insert(value);
        let season = self.season[slot];
        let residual = value - (level + self.trend + season);
        // The first day has no deviations yet, and no scores.
        let floor = self.usual * 0.5;
        let score =
            self.deviation[slot].map_or(0.0, |scale| standardised(residual, scale.max(floor)));
        self.rows += 1.0;
        self.usual += (residual.abs() - self.usual) / self.rows;
        let now = Self::ALPHA * (value - season) + (1.0 - Self::ALPHA) * (level + self.trend);
        self.trend = Self::BETA * (now - level) + (1.0 - Self::BETA) * self.trend;
        self.season[slot] = Self::GAMMA * (value - now) + (1.0 - Self::GAMMA) * season;
        self.level = Some(now);
        let deviation = self.deviation[slot].get_or_insert(residual.abs());
        *deviation += Self::GAMMA * (residual.abs() - *deviation);
        score
    }
}
