//! Null calibration: how often a minute looks this strange when nothing is the matter.
//!
//! Series whose law is known and does not change, long after warm-up. A tail of 1e-5 has to come once in 1e5 minutes.
//! Counts are discrete, so their tails cannot be uniform by themselves: what the value itself weighs is split by a
//! random number (randomised probability integral transform; Smith 1985, Czado, Gneiting and Held 2009). Without that
//! a tail is too great, never too small.

mod null;

use anomaly::gauge::{Gauge, Tuning};
use anomaly::{Input, Model, Settings};
use rand::{RngExt as _, SeedableRng as _};
use rand_chacha::ChaCha8Rng;

use crate::progress::Progress;
use crate::workers;
use null::{Judge, NULLS, Null};

/// The tails that are counted.
pub(crate) const LEVELS: [f64; 3] = [1e-4, 1e-5, 1e-6];
/// A quarter of each series is history, and not counted: two weeks of eight are what the detector learns from at its
/// start.
const HISTORY: u64 = 4;
const DAY: u64 = 1_440;

/// One law, judged by one model.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Row {
    pub(crate) judge: &'static str,
    pub(crate) law: &'static str,
    /// Length of each series.
    pub(crate) days: u64,
    /// Whether values are counts.
    pub(crate) counts: bool,
    pub(crate) points: u64,
    /// Points below each level, with the random number and without.
    pub(crate) randomised: [u64; 3],
    pub(crate) plain: [u64; 3],
}

impl Row {
    /// The standard error of a ratio of 1 at a level.
    pub(crate) fn error(&self, level: usize) -> f64 {
        (self.points as f64 * LEVELS[level]).powf(-0.5)
    }

    /// How many times too often.
    pub(crate) fn ratio(&self, level: usize, randomised: bool) -> f64 {
        let below = if randomised {
            self.randomised
        } else {
            self.plain
        };
        below[level] as f64 / (self.points as f64 * LEVELS[level])
    }
}

/// So many counted points of continuous laws, shared among them, and as many of counts.
pub(crate) fn calibration(points: u64, progress: &Progress) -> Vec<Row> {
    NULLS
        .iter()
        .map(|null| {
            let sharing = NULLS.iter().filter(|other| other.counts == null.counts);
            let counted = null.days * DAY - null.days * DAY / HISTORY;
            let series = points.div_ceil(sharing.count() as u64 * counted);
            let seeds: Vec<u64> = (1..=series).collect();
            let parts = workers::map(&seeds, |&seed| {
                progress.tick("null calibration");
                part(null, seed)
            });
            let mut row = Row {
                judge: null.judge.name(),
                law: null.law,
                days: null.days,
                counts: null.counts,
                points: series * counted,
                randomised: [0; 3],
                plain: [0; 3],
            };
            for (randomised, plain) in parts {
                for level in 0..LEVELS.len() {
                    row.randomised[level] += randomised[level];
                    row.plain[level] += plain[level];
                }
            }
            row
        })
        .collect()
}

/// The rows of one class as one: at the rarest level a law alone has too few minutes.
pub(crate) fn pooled(rows: &[Row], counts: bool) -> Row {
    let mut all = Row {
        judge: "all",
        law: if counts { "counts" } else { "continuous" },
        days: 0,
        counts,
        points: 0,
        randomised: [0; 3],
        plain: [0; 3],
    };
    for row in rows.iter().filter(|row| row.counts == counts) {
        all.points += row.points;
        for level in 0..LEVELS.len() {
            all.randomised[level] += row.randomised[level];
            all.plain[level] += row.plain[level];
        }
    }
    all
}

/// One series: minutes below each level, with the random number and without.
fn part(null: &Null, seed: u64) -> ([u64; 3], [u64; 3]) {
    let mut random = ChaCha8Rng::seed_from_u64(seed);
    let mut law = (null.new)(&mut random);
    // Its own stream, so that what is judged does not depend on how.
    let mut split = ChaCha8Rng::seed_from_u64(seed ^ 0x5eed);
    let (mut randomised, mut plain) = ([0; 3], [0; 3]);
    let mut judge = null.judge.start();
    for minute in 0..null.days * DAY {
        let (value, weight) = law.draw(minute, &mut random);
        let (tail, beyond) = judge.step(minute as i64, value, weight);
        if minute < null.days * DAY / HISTORY {
            continue;
        }
        let between = beyond + split.random::<f64>() * (tail - beyond);
        for (level, threshold) in LEVELS.into_iter().enumerate() {
            randomised[level] += u64::from(between < threshold);
            plain[level] += u64::from(tail < threshold);
        }
    }
    (randomised, plain)
}

/// What judges: a model of its kind, or the gauge.
enum Judging {
    Model(Box<Model>),
    Gauge(Box<Gauge>),
}

impl Judge {
    fn start(self) -> Judging {
        match self {
            Self::Model(kind) => {
                Judging::Model(Box::new(Model::new(kind, Settings::for_kind(kind))))
            }
            Self::Gauge => Judging::Gauge(Box::new(Gauge::new(&Tuning::default()))),
        }
    }
}

impl Judging {
    /// The tail of a value at least as strange, and of a stranger one.
    fn step(&mut self, minute: i64, value: f64, weight: f64) -> (f64, f64) {
        match self {
            Self::Model(model) => {
                let verdict = model.step(&Input {
                    minute,
                    value: Some(value),
                    weight,
                });
                (verdict.tail, verdict.beyond)
            }
            Self::Gauge(gauge) => {
                let tail = 10f64.powf(-gauge.step(minute * 60, Some(value)).surprise);
                (tail, tail)
            }
        }
    }
}
