//! Detectors that others use, each with the constants that its source gives. All see the same rows, one at a time, and
//! the declared interval; a missing value scores 0 and changes nothing.

mod dspot;
mod ewma;
mod forest;
mod gauge;
mod holt_winters;
mod pareto;
mod refractory;
mod seasonal;
mod zscore;

pub(crate) use refractory::refractory;

use anomaly::gauge::Tuning;

pub(crate) use gauge::Ours;

use crate::data::{Row, Series};

/// Scores rows, the stranger the greater.
pub(crate) trait Detector {
    /// The score of a row: finite and at least 0. It depends on rows up to this one.
    fn step(&mut self, row: Row) -> f64;
}

/// A detector and how it is set.
pub(crate) struct Entry {
    /// As the table has it.
    pub(crate) name: &'static str,
    /// Constants and where they come from.
    pub(crate) constants: &'static str,
    /// A new one, for a series with this many seconds between rows.
    pub(crate) new: fn(i64) -> Box<dyn Detector>,
}

/// Ours first.
pub(crate) const ENTRIES: [Entry; 9] = [
    Entry {
        name: "Outrider",
        constants: "`anomaly::gauge` with `Tuning::default()`, as `outrider detect` runs it",
        new: |_| Box::new(Ours::new(&Tuning::default())),
    },
    Entry {
        name: "static z",
        constants: "|x - mean| / standard deviation, both of all rows before",
        new: |_| Box::new(zscore::Static::default()),
    },
    Entry {
        name: "trailing z",
        constants: "the same of the last 288 rows (a day at five minutes)",
        new: |_| Box::new(zscore::Trailing::default()),
    },
    Entry {
        name: "EWMA chart",
        constants: "control chart, weight 0.2 (Roberts 1959; NIST handbook 6.3.2.4), centre and sigma of all rows before",
        new: |_| Box::new(ewma::Chart::default()),
    },
    Entry {
        name: "EWMA z",
        constants: "|x - EWMA| / exponentially weighted deviation, decay 0.94 (RiskMetrics 1996)",
        new: |_| Box::new(ewma::Residual::default()),
    },
    Entry {
        name: "seasonal MAD",
        constants: "|x - median| / (1.4826 MAD) of that hour of day, up to 28 days (Iglewicz and Hoaglin 1993)",
        new: |interval| Box::new(seasonal::HourOfDay::new(interval)),
    },
    Entry {
        name: "random cut forest",
        constants: "crate krcf 0.4: 50 trees of 256, shingle 1, seed 1, the rest as the crate has it (Guha et al. 2016)",
        new: |_| Box::new(forest::Forest::new(1)),
    },
    Entry {
        name: "DSPOT",
        constants: "two-sided, depth 10, 200 rows to start, level 0.98, q 1e-4 (Siffer et al. 2017); the mean goes on during an alarm",
        new: |_| Box::new(dspot::Dspot::new()),
    },
    Entry {
        name: "Holt-Winters",
        constants: "additive, season of a day, alpha 0.1, beta 0.0035, gamma 0.1, residual / deviation of that time of day (Brutlag 2000)",
        new: |interval| Box::new(holt_winters::HoltWinters::new(interval)),
    },
];

/// The score of every row of a series, with a detector that has seen nothing else.
pub(crate) fn scores(entry: &Entry, series: &Series) -> Vec<f64> {
    let mut detector = (entry.new)(series.interval());
    series.rows.iter().map(|&row| detector.step(row)).collect()
}

/// |residual| in units of a scale; where the scale is 0, a residual of 0 is nothing and any other one is far out.
fn standardised(residual: f64, scale: f64) -> f64 {
    const FAR: f64 = 1e6;
    if scale > 0.0 {
        (residual.abs() / scale).min(FAR)
    } else if residual == 0.0 {
        0.0
    } else {
        FAR
    }
}

#[cfg(test)]
mod tests;
