//! Median and MAD of the same hour of day.

use std::collections::VecDeque;

use super::zscore::Static;
use super::{Detector, standardised};
use crate::data::Row;

/// Twenty-four histories. The scale is 1.4826 MAD, which is the standard deviation of a normal law (Iglewicz and
/// Hoaglin 1993); it is never below a tenth of the
/// standard deviation of all rows before, because a MAD is often 0.
#[derive(Debug)]
pub(super) struct HourOfDay {
    hours: Vec<Hour>,
    past: Static,
    /// Values an hour keeps.
    keep: usize,
}

#[derive(Debug, Default)]
struct Hour {
    in_order: VecDeque<f64>,
    sorted: Vec<f64>,
}

impl HourOfDay {
    const DAYS: i64 = 28;
    /// Fewer values say nothing about a spread.
    const LEAST: usize = 5;

    pub(super) fn new(interval: i64) -> Self {
        Self {
            hours: (0..24).map(|_| Hour::default()).collect(),
            past: Static::default(),
            keep: ((3600 / interval).max(1) * Self::DAYS) as usize,
        }
    }
}

impl Hour {
    fn learn(&mut self, value: f64, keep: usize) {
        if self.in_order.len() == keep
            && let Some(old) = self.in_order.pop_front()
        {
            let at = self.sorted.partition_point(|kept| *kept < old);
            self.sorted.remove(at);
        }
        self.in_order.push_back(value);
        let at = self.sorted.partition_point(|kept| *kept < value);
        self.sorted.insert(at, value);
    }

    /// Distances from the median grow to both sides of it: two hands take the nearer one each time.
    fn median_and_mad(&self) -> (f64, f64) {
        let half = self.sorted.len() / 2;
        let median = self.sorted[half];
        let (mut low, mut high) = (half, half);
        let mut distance = 0.0;
        for _ in 0..half {
            let below = if low > 0 {
                median - self.sorted[low - 1]
            } else {
                f64::INFINITY
            };
            let above = self
                .sorted
                .get(high + 1)
                .map_or(f64::INFINITY, |value| value - median);
            if below <= above {
                low -= 1;
                distance = below;
            } else {
                high += 1;
                distance = above;
            }
        }
        (median, distance)
    }
}

impl Detector for HourOfDay {
    fn step(&mut self, row: Row) -> f64 {
        let Some(value) = row.value else { return 0.0 };
        let keep = self.keep;
        let hour = &mut self.hours[row.seconds.rem_euclid(86_400) as usize / 3600];
        let score = if hour.sorted.len() < Self::LEAST {
            0.0
        } else {
            let (median, mad) = hour.median_and_mad();
            let floor = self.past.moments().map_or(0.0, |(_, sd)| 0.1 * sd);
            standardised(value - median, (1.4826 * mad).max(floor))
        };
        hour.learn(value, keep);
        self.past.learn(value);
        score
    }
}
