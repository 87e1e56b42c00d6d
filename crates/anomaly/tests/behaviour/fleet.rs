//! Normal minutes of simulated series, from a seed.

use anomaly::{Input, Kind};
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use rand_distr::{Distribution, Gamma, LogNormal, Poisson};

/// A series that is always normal.
pub(crate) struct Normal {
    pub(crate) kind: Kind,
    /// Mean requests a minute.
    pub(crate) rate: f64,
    /// Extra variance of the traffic, and of the error rate.
    pub(crate) dispersion: f64,
    rng: ChaCha8Rng,
}

impl Normal {
    pub(crate) fn new(kind: Kind, rate: f64, dispersion: f64, seed: u64) -> Self {
        Self {
            kind,
            rate,
            dispersion,
            rng: ChaCha8Rng::seed_from_u64(seed),
        }
    }

    fn count(&mut self, mean: f64) -> f64 {
        let mean = if self.dispersion > 0.0 && mean > 0.0 {
            Gamma::new(1.0 / self.dispersion, mean * self.dispersion)
                .unwrap()
                .sample(&mut self.rng)
        } else {
            mean
        };
        if mean > 0.0 {
            Poisson::new(mean).unwrap().sample(&mut self.rng)
        } else {
            0.0
        }
    }

    /// The next minute, with a daily and a weekly season.
    pub(crate) fn minute(&mut self, minute: i64) -> Input {
        let day = (minute as f64 / 1440.0 * std::f64::consts::TAU).sin();
        let weekend = if minute.div_euclid(1440).rem_euclid(7) < 2 {
            0.8
        } else {
            1.0
        };
        let requests = self.count(self.rate * (1.0 + 0.4 * day) * weekend);
        let (value, weight) = match self.kind {
            Kind::Traffic | Kind::Gauge => (Some(requests), 1.0),
            Kind::Errors => (Some(self.count(requests * 0.002).min(requests)), requests),
            Kind::Throttles => (Some(0.0), requests),
            Kind::Latency => {
                let shape = LogNormal::new(4.0 + 0.1 * day, 0.35).unwrap();
                let mut samples: Vec<f64> = (0..requests as usize)
                    .map(|_| shape.sample(&mut self.rng))
                    .collect();
                samples.sort_by(f64::total_cmp);
                let rank = (0.9 * requests).ceil() as usize;
                (rank.checked_sub(1).map(|rank| samples[rank]), requests)
            }
        };
        Input {
            minute,
            value,
            weight,
        }
    }
}
