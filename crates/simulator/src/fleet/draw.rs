//! Random numbers of the distributions that a fleet needs. A parameter out of range gives the nearest answer that
//! makes sense, so that no minute can fail.

use rand::RngExt;
use rand_chacha::ChaCha8Rng;
use rand_distr::{Beta, Binomial, Distribution, Gamma, Poisson, StandardNormal};

/// Beyond this many invocations a minute nothing is simulated.
const MOST: f64 = 1e6;

pub(crate) fn normal(random: &mut ChaCha8Rng) -> f64 {
    StandardNormal.sample(random)
}

pub(crate) fn poisson(random: &mut ChaCha8Rng, mean: f64) -> u32 {
    if mean > 0.0 {
        Poisson::new(mean.min(MOST)).map_or(0, |of| of.sample(random) as u32)
    } else {
        0
    }
}

pub(crate) fn binomial(random: &mut ChaCha8Rng, n: u32, p: f64) -> u32 {
    if n == 0 || p <= 0.0 {
        0
    } else if p >= 1.0 {
        n
    } else if f64::from(n) * p < 1e-3 {
        // Two of them at once do not happen.
        u32::from(random.random::<f64>() < f64::from(n) * p)
    } else {
        Binomial::new(u64::from(n), p)
            .map_or(0, |of| of.sample(random))
            .try_into()
            .unwrap_or(n)
    }
}

/// The `k`-th smallest of `n` uniform numbers; 1 ≤ k ≤ n.
pub(crate) fn order_statistic(random: &mut ChaCha8Rng, k: u32, n: u32) -> f64 {
    Beta::new(f64::from(k), f64::from(n - k + 1)).map_or(0.5, |of| of.sample(random))
}

/// A factor with mean 1 and this variance.
pub(crate) fn gamma_factor(random: &mut ChaCha8Rng, variance: f64) -> f64 {
    if variance > 0.0 {
        Gamma::new(1.0 / variance, variance).map_or(1.0, |of| of.sample(random))
    } else {
        1.0
    }
}
