//! Ours.

use anomaly::gauge::{Gauge, Tuning};

use super::Detector;
use crate::data::Row;

/// The detector of `outrider detect`.
#[derive(Debug)]
pub(crate) struct Ours(Gauge);

impl Ours {
    pub(crate) fn new(tuning: &Tuning) -> Self {
        Self(Gauge::new(tuning))
    }
}

impl Detector for Ours {
    fn step(&mut self, row: Row) -> f64 {
        self.0.step(row.seconds, row.value).score
    }
}
