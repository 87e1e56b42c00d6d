//! DSPOT: peaks over a threshold, with drift (Siffer, Fouque, Termier, Largouet 2017, "Anomaly Detection in Streams with
//! Extreme Value Theory").
//!
//! A value is compared with the mean of the values before it; the differences above a high quantile follow a
//! generalised Pareto law. The score is -log10 of the probability of so great a difference. What is rarer than q is an
//! anomaly, and the law does not learn from it. In the paper the mean does not either, and never recovers from a shift of
//! level; here it goes on, which scores better everywhere.

use std::collections::VecDeque;

use super::Detector;
use super::pareto::Pareto;
use crate::data::Row;

/// Both sides.
#[derive(Debug)]
pub(super) struct Dspot {
    window: VecDeque<f64>,
    start: Vec<f64>,
    sides: Option<[Side; 2]>,
}

/// One tail. The lower one is the upper one of the differences with the other sign.
#[derive(Debug)]
struct Side {
    threshold: f64,
    peaks: Vec<f64>,
    seen: f64,
    law: Option<Pareto>,
}

/// Depth of the moving mean.
const DEPTH: usize = 10;
/// Differences that the law is first fitted to. The paper has 1,000; series here may have fewer than that in all.
const START: usize = 200;
/// Quantile of the threshold that peaks are above.
const LEVEL: f64 = 0.98;
/// -log10 of the risk: what is rarer is an anomaly.
const RISK: f64 = 4.0;

impl Dspot {
    pub(super) fn new() -> Self {
        Self {
            window: VecDeque::new(),
            start: Vec::new(),
            sides: None,
        }
    }

    fn slide(&mut self, value: f64) {
        if self.window.len() == DEPTH {
            self.window.pop_front();
        }
        self.window.push_back(value);
    }
}

impl Side {
    fn new(differences: impl Iterator<Item = f64>) -> Self {
        let mut sorted: Vec<f64> = differences.collect();
        sorted.sort_unstable_by(f64::total_cmp);
        let threshold = sorted[(LEVEL * sorted.len() as f64) as usize];
        let above = sorted.iter().filter(|&&difference| difference > threshold);
        let peaks: Vec<f64> = above.map(|difference| difference - threshold).collect();
        Self {
            threshold,
            law: Pareto::fit(&peaks),
            peaks,
            seen: sorted.len() as f64,
        }
    }

    /// -log10 of the tail probability; below the threshold 0.
    fn surprise(&self, difference: f64) -> f64 {
        /// Where the law ends or there is none: greater than what is within it, and still ordered by height.
        const BEYOND: f64 = 300.0;
        let height = difference - self.threshold;
        if height <= 0.0 {
            return 0.0;
        }
        let share = self.peaks.len().max(1) as f64 / self.seen;
        let tail = self
            .law
            .map_or(f64::NEG_INFINITY, |law| law.log_tail(height));
        let surprise = -(share.log10() + tail);
        if surprise < BEYOND {
            surprise
        } else {
            BEYOND + (height / self.threshold.abs().max(1e-9)).ln_1p()
        }
    }

    /// One more row, which is no anomaly.
    fn learn(&mut self, difference: f64) {
        self.seen += 1.0;
        if difference > self.threshold {
            self.peaks.push(difference - self.threshold);
            self.law = Pareto::fit(&self.peaks);
        }
    }
}

impl Detector for Dspot {
    fn step(&mut self, row: Row) -> f64 {
        let Some(value) = row.value else { return 0.0 };
        if self.window.len() < DEPTH {
            self.slide(value);
            return 0.0;
        }
        let difference = value - self.window.iter().sum::<f64>() / DEPTH as f64;
        let Some([up, down]) = &mut self.sides else {
            self.start.push(difference);
            if self.start.len() == START {
                let start = self.start.iter().copied();
                self.sides = Some([Side::new(start.clone()), Side::new(start.map(|x| -x))]);
            }
            self.slide(value);
            return 0.0;
        };
        let surprise = up.surprise(difference).max(down.surprise(-difference));
        if surprise < RISK {
            up.learn(difference);
            down.learn(-difference);
        }
        self.slide(value);
        surprise
    }
}
