//! Series in which nothing ever happens.

use anomaly::Kind;
use rand::RngExt as _;
use rand_chacha::ChaCha8Rng;
use rand_distr::{Binomial, Distribution as _, Gamma, Poisson, StandardNormal};

/// Who judges a law.
#[derive(Debug, Clone, Copy)]
pub(super) enum Judge {
    Model(Kind),
    Gauge,
}

impl Judge {
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Model(kind) => kind.as_str(),
            Self::Gauge => "gauge",
        }
    }
}

/// A law and who judges it.
pub(super) struct Null {
    pub(super) judge: Judge,
    pub(super) law: &'static str,
    pub(super) counts: bool,
    /// Length of a series, of minutes.
    pub(super) days: u64,
    pub(super) new: fn(&mut ChaCha8Rng) -> Law,
}

/// The law of one series, with the parameters that were drawn for it.
#[derive(Debug)]
pub(super) enum Law {
    /// exp of a normal law around a season, of a percentile of so many samples.
    LogNormal {
        mean: f64,
        sigma: f64,
        season: f64,
        samples: f64,
    },
    /// Normal.
    Normal { mean: f64, sigma: f64 },
    /// Mean, season, and the shape of the gamma law that the mean varies by: infinite for Poisson.
    Counts { mean: f64, season: f64, shape: f64 },
    /// Attempts, share, and the shape of its variation: infinite for binomial.
    Share {
        attempts: f64,
        season: f64,
        share: f64,
        shape: f64,
    },
}

/// One draw between two numbers, evenly by its logarithm.
fn between(random: &mut ChaCha8Rng, low: f64, high: f64) -> f64 {
    low * (high / low).powf(random.random::<f64>())
}

pub(super) const NULLS: [Null; 11] = [
    Null {
        judge: Judge::Model(Kind::Latency),
        law: "log-normal, flat",
        counts: false,
        days: 56,
        new: |random| log_normal(random, 0.0),
    },
    Null {
        judge: Judge::Model(Kind::Latency),
        law: "log-normal, daily season of 30 %",
        counts: false,
        days: 56,
        new: |random| log_normal(random, 0.3),
    },
    Null {
        judge: Judge::Model(Kind::Errors),
        law: "binomial, 0.1 to 3 % of 20 to 2,000 attempts",
        counts: true,
        days: 56,
        new: |random| share(random, (1e-3, 3e-2), f64::INFINITY),
    },
    Null {
        judge: Judge::Model(Kind::Errors),
        law: "the same, the share varying by a gamma law of shape 5",
        counts: true,
        days: 56,
        new: |random| share(random, (1e-3, 3e-2), 5.0),
    },
    Null {
        judge: Judge::Model(Kind::Throttles),
        law: "binomial, 0.01 to 0.5 % of 20 to 2,000 attempts",
        counts: true,
        days: 56,
        new: |random| share(random, (1e-4, 5e-3), f64::INFINITY),
    },
    Null {
        judge: Judge::Model(Kind::Traffic),
        law: "Poisson, mean 3 to 3,000, daily season of 50 %",
        counts: true,
        days: 56,
        new: |random| counts(random, f64::INFINITY),
    },
    Null {
        judge: Judge::Model(Kind::Traffic),
        law: "negative binomial, shape 30, the same",
        counts: true,
        days: 56,
        new: |random| counts(random, 30.0),
    },
    Null {
        judge: Judge::Gauge,
        law: "normal",
        counts: false,
        days: 56,
        new: normal,
    },
    Null {
        judge: Judge::Gauge,
        law: "normal",
        counts: false,
        days: 180,
        new: normal,
    },
    Null {
        judge: Judge::Gauge,
        law: "log-normal, daily season of 30 %",
        counts: false,
        days: 56,
        new: |random| log_normal(random, 0.3),
    },
    Null {
        judge: Judge::Gauge,
        law: "log-normal, daily season of 30 %",
        counts: false,
        days: 180,
        new: |random| log_normal(random, 0.3),
    },
];

fn normal(random: &mut ChaCha8Rng) -> Law {
    Law::Normal {
        mean: between(random, 1.0, 1e6),
        sigma: between(random, 0.01, 1e3),
    }
}

fn log_normal(random: &mut ChaCha8Rng, season: f64) -> Law {
    Law::LogNormal {
        mean: between(random, 5.0, 2e3),
        sigma: between(random, 0.02, 0.4),
        season,
        samples: between(random, 20.0, 2e3).floor(),
    }
}

fn counts(random: &mut ChaCha8Rng, shape: f64) -> Law {
    Law::Counts {
        mean: between(random, 3.0, 3e3),
        season: 0.5,
        shape,
    }
}

fn share(random: &mut ChaCha8Rng, (low, high): (f64, f64), shape: f64) -> Law {
    Law::Share {
        attempts: between(random, 20.0, 2e3),
        season: 0.5,
        share: between(random, low, high),
        shape,
    }
}

/// 1 on average over a day.
fn wave(minute: u64, season: f64) -> f64 {
    let day = (minute % 1_440) as f64 / 1_440.0;
    1.0 + season * (std::f64::consts::TAU * day).sin()
}

/// A factor with mean 1 and variance 1 / shape.
fn factor(shape: f64, random: &mut ChaCha8Rng) -> f64 {
    if shape.is_infinite() {
        return 1.0;
    }
    Gamma::new(shape, 1.0 / shape).map_or(1.0, |law| law.sample(random))
}

fn poisson(mean: f64, random: &mut ChaCha8Rng) -> f64 {
    Poisson::new(mean).map_or(0.0, |law| law.sample(random))
}

impl Law {
    /// The value of a minute, and its weight.
    pub(super) fn draw(&mut self, minute: u64, random: &mut ChaCha8Rng) -> (f64, f64) {
        match *self {
            Self::LogNormal {
                mean,
                sigma,
                season,
                samples,
            } => {
                let normal: f64 = StandardNormal.sample(random);
                (
                    mean * wave(minute, season) * (sigma * normal).exp(),
                    samples,
                )
            }
            Self::Normal { mean, sigma } => {
                let normal: f64 = StandardNormal.sample(random);
                (mean + sigma * normal, 1.0)
            }
            Self::Counts {
                mean,
                season,
                shape,
            } => {
                let mean = mean * wave(minute, season) * factor(shape, random);
                (poisson(mean, random), 1.0)
            }
            Self::Share {
                attempts,
                season,
                share,
                shape,
            } => {
                let attempts = poisson(attempts * wave(minute, season), random);
                let share = (share * factor(shape, random)).min(1.0);
                let failures = Binomial::new(attempts as u64, share);
                (
                    failures.map_or(0.0, |law| law.sample(random) as f64),
                    attempts,
                )
            }
        }
    }
}
