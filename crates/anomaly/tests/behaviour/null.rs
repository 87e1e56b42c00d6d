//! Normal minutes whose distribution is known, and how often a model calls them unlikely.

use anomaly::{Alarm, Input, Kind, Model, Settings, State};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use rand_distr::{Distribution, Gamma, Poisson};
use statrs::distribution::{ContinuousCDF, Normal};

/// How a series is made.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Noise {
    /// Requests: mean a minute, extra variance, daily swing (0.4 is ±40 %).
    Requests { mean: f64, extra: f64, swing: f64 },
    /// Failures of requests: their mean, the rate of failures, and how much that rate varies.
    Failures {
        requests: f64,
        rate: f64,
        varies: f64,
    },
    /// A percentile of log-normal samples: mean samples a minute, sigma, percentile, noise of the service itself.
    Percentile {
        samples: f64,
        sigma: f64,
        quantile: f64,
        service: f64,
    },
}

/// A named distribution.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Case {
    pub(crate) name: &'static str,
    pub(crate) noise: Noise,
}

/// What calibration is asked at.
pub(crate) const NOMINAL: [f64; 3] = [1e-4, 1e-5, 1e-6];

/// Every distribution that is checked.
pub(crate) const CASES: [Case; 16] = {
    use Noise::{Failures, Percentile, Requests};
    const fn case(name: &'static str, noise: Noise) -> Case {
        Case { name, noise }
    }
    [
        case(
            "Poisson, 2 a minute",
            Requests {
                mean: 2.0,
                extra: 0.0,
                swing: 0.0,
            },
        ),
        case(
            "Poisson, 40 a minute, seasonal",
            Requests {
                mean: 40.0,
                extra: 0.0,
                swing: 0.4,
            },
        ),
        case(
            "Poisson, 1000 a minute, seasonal",
            Requests {
                mean: 1000.0,
                extra: 0.0,
                swing: 0.4,
            },
        ),
        case(
            "negative binomial, 10 a minute",
            Requests {
                mean: 10.0,
                extra: 0.1,
                swing: 0.0,
            },
        ),
        case(
            "negative binomial, 40 a minute, seasonal",
            Requests {
                mean: 40.0,
                extra: 0.02,
                swing: 0.4,
            },
        ),
        case(
            "negative binomial, 1000 a minute, seasonal",
            Requests {
                mean: 1000.0,
                extra: 0.01,
                swing: 0.4,
            },
        ),
        case(
            "beta-binomial, 1 % of 10",
            Failures {
                requests: 10.0,
                rate: 0.01,
                varies: 0.05,
            },
        ),
        case(
            "beta-binomial, 1 % of 100",
            Failures {
                requests: 100.0,
                rate: 0.01,
                varies: 0.05,
            },
        ),
        case(
            "beta-binomial, 1 % of 1000",
            Failures {
                requests: 1000.0,
                rate: 0.01,
                varies: 0.1,
            },
        ),
        case(
            "binomial, 0.2 % of 40",
            Failures {
                requests: 40.0,
                rate: 0.002,
                varies: 0.0,
            },
        ),
        case(
            "binomial, 20 % of 100",
            Failures {
                requests: 100.0,
                rate: 0.2,
                varies: 0.0,
            },
        ),
        case(
            "p90 of 40",
            Percentile {
                samples: 40.0,
                sigma: 0.35,
                quantile: 0.9,
                service: 0.0,
            },
        ),
        case(
            "p90 of 100",
            Percentile {
                samples: 100.0,
                sigma: 0.5,
                quantile: 0.9,
                service: 0.0,
            },
        ),
        case(
            "p90 of 1000",
            Percentile {
                samples: 1000.0,
                sigma: 0.5,
                quantile: 0.9,
                service: 0.05,
            },
        ),
        case(
            "p99 of 100",
            Percentile {
                samples: 100.0,
                sigma: 0.5,
                quantile: 0.99,
                service: 0.0,
            },
        ),
        case(
            "p99 of 1000",
            Percentile {
                samples: 1000.0,
                sigma: 0.5,
                quantile: 0.99,
                service: 0.03,
            },
        ),
    ]
};

impl Case {
    pub(crate) fn kind(&self) -> Kind {
        match self.noise {
            Noise::Requests { .. } => Kind::Traffic,
            Noise::Failures { .. } => Kind::Errors,
            Noise::Percentile { .. } => Kind::Latency,
        }
    }

    /// The next minute.
    pub(crate) fn minute(&self, minute: i64, random: &mut ChaCha8Rng) -> Input {
        let day = (minute as f64 / 1440.0 * std::f64::consts::TAU).sin();
        let (value, weight) = match self.noise {
            Noise::Requests { mean, extra, swing } => {
                (count(mean * (1.0 + swing * day), extra, random), 1.0)
            }
            Noise::Failures {
                requests,
                rate,
                varies,
            } => {
                let attempts = count(requests * (1.0 + 0.3 * day), 0.01, random);
                let rate = if varies > 0.0 {
                    let kappa = (1.0 - rate) / (rate * varies) - 1.0;
                    let [a, b] =
                        [rate * kappa, (1.0 - rate) * kappa].map(|shape| gamma(shape, random));
                    a / (a + b)
                } else {
                    rate
                };
                let failures = (0..attempts as u64)
                    .filter(|_| random.random::<f64>() < rate)
                    .count();
                (failures as f64, attempts)
            }
            Noise::Percentile {
                samples,
                sigma,
                quantile,
                service,
            } => {
                let n = count(samples * (1.0 + 0.3 * day), 0.01, random).max(10.0);
                let rank = (quantile * n).ceil();
                // The rank-th of n uniform numbers.
                let [a, b] = [rank, n - rank + 1.0].map(|shape| gamma(shape, random));
                let normal = Normal::standard();
                let log = sigma * -normal.inverse_cdf(b / (a + b));
                let weather = service * normal.inverse_cdf(random.random());
                ((4.0 + 0.1 * day + log + weather).exp(), n)
            }
        };
        Input {
            minute,
            value: Some(value),
            weight,
        }
    }
}

fn gamma(shape: f64, random: &mut ChaCha8Rng) -> f64 {
    Gamma::new(shape, 1.0).unwrap().sample(random)
}

fn count(mean: f64, extra: f64, random: &mut ChaCha8Rng) -> f64 {
    let mean = if extra > 0.0 {
        gamma(1.0 / extra, random) * mean * extra
    } else {
        mean
    };
    if mean > 0.0 {
        Poisson::new(mean).unwrap().sample(random)
    } else {
        0.0
    }
}

/// How often it happened.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Realised {
    pub(crate) points: u64,
    /// Randomised tails below each nominal one.
    pub(crate) randomised: [u64; 3],
    /// Tails below each nominal one, as a verdict says them.
    pub(crate) plain: [u64; 3],
    /// False pages: alarms after an hour without one, by test, with all floors off.
    pub(crate) pages: [u64; 3],
}

/// Eight weeks a series, of which the first two teach and are not counted.
const MINUTES: i64 = 8 * 10_080;
const TAUGHT: i64 = 2 * 10_080;

/// Series of a case from `seed` on, until `points` were judged.
pub(crate) fn realised(case: &Case, points: u64, seed: u64) -> Realised {
    let mut sum = Realised::default();
    let settings = Settings::for_kind(case.kind())
        .with_absolute_floor(0.0)
        .and_then(|settings| settings.with_relative_floor(0.0))
        .and_then(|settings| settings.with_min_weight(0.0))
        .unwrap();
    for seed in seed.. {
        let mut random = ChaCha8Rng::seed_from_u64(seed);
        let mut model = Model::new(case.kind(), settings);
        let mut alarmed = i64::MIN;
        for minute in 0..MINUTES {
            if sum.points >= points {
                return sum;
            }
            let verdict = model.step(&case.minute(minute, &mut random));
            if let Some(alarm) = verdict.alarm {
                if minute >= TAUGHT && minute.saturating_sub(alarmed) > 60 {
                    sum.pages[Alarm::ALL.iter().position(|one| *one == alarm).unwrap()] += 1;
                }
                alarmed = minute;
            }
            if minute < TAUGHT || verdict.state != State::Ready {
                continue;
            }
            sum.points += 1;
            let uniform: f64 = random.random();
            let tail = verdict.beyond + uniform * (verdict.tail - verdict.beyond);
            for (index, nominal) in NOMINAL.into_iter().enumerate() {
                sum.randomised[index] += u64::from(tail < nominal);
                sum.plain[index] += u64::from(verdict.tail < nominal);
            }
        }
    }
    sum
}
