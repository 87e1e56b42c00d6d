//! The beta-binomial: how many of `n` attempts fail when the rate itself varies around its mean.
//!
//! With mean rate p and relative variance φ of the rate it has α = p·κ and β = (1 − p)·κ with
//! κ = (1 − p)/(p·φ) − 1 (Johnson, Kemp, Kotz, *Univariate Discrete Distributions*, 3rd ed., §6.2.2). Unlike a
//! z-score on a ratio it is right for ten attempts, and unlike a negative binomial it never exceeds the attempts.

use crate::elementary::{exp, ln};
use crate::tails::{self, SMALL, Tails, whole};

/// A beta-binomial distribution of any number of attempts.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Proportion {
    rate: f64,
    alpha: f64,
    beta: f64,
    /// 1 / (κ + 1): the correlation of two attempts of a minute.
    together: f64,
    /// ln Γ(α + β) − ln Γ(β), which does not depend on the attempts.
    constant: f64,
}

impl Proportion {
    /// `rate` within 1e-9 and 1 − 1e-9, `varies` (φ) at least 1e-6.
    pub(crate) fn new(rate: f64, varies: f64) -> Self {
        let rate = rate.clamp(1e-9, 1.0 - 1e-9);
        let kappa = (1.0 - rate) / (rate * varies.max(1e-6)) - 1.0;
        // Below one pseudo-count on either side the distribution has its mode at an end: not what rates do.
        let kappa = kappa.clamp(1.0 / rate.min(1.0 - rate), 1e12);
        let [alpha, beta] = [rate * kappa, (1.0 - rate) * kappa];
        Self {
            rate,
            alpha,
            beta,
            together: 1.0 / (kappa + 1.0),
            constant: log_gamma(alpha + beta) - log_gamma(beta),
        }
    }

    pub(crate) fn rate(&self) -> f64 {
        self.rate
    }

    pub(crate) fn variance(&self, attempts: f64) -> f64 {
        let one = self.rate * (1.0 - self.rate) * attempts;
        one * (1.0 + (attempts - 1.0).max(0.0) * self.together)
    }

    /// The four tails of a count of 0 to `attempts`; fractions count as the whole numbers below them.
    #[inline]
    pub(crate) fn tails(&self, attempts: f64, count: f64) -> Tails {
        let [attempts, count] = [whole(attempts), whole(count)];
        let Self { alpha, beta, .. } = *self;
        if count > SMALL {
            return tails::of_table(count, alpha, attempts - count, beta);
        }
        let first = log_gamma(attempts + beta) - log_gamma(attempts + alpha + beta) + self.constant;
        tails::summed(count, exp(first).min(1.0), |k| {
            (attempts - k).max(0.0) * (k + alpha) / ((k + 1.0) * (attempts - k - 1.0 + beta))
        })
    }
}

/// ln Γ(z) for z above 0, by Stirling's series after moving small arguments up (Abramowitz and Stegun 6.1.41);
/// good to 1e-10 absolute.
fn log_gamma(mut z: f64) -> f64 {
    let few = z < 8.0;
    let mut product = 1.0;
    while z < 8.0 {
        product *= z;
        z += 1.0;
    }
    let inverse = 1.0 / z;
    let square = inverse * inverse;
    let series =
        inverse * (1.0 / 12.0 - square * (1.0 / 360.0 - square * (1.0 / 1260.0 - square / 1680.0)));
    let moved = if few { ln(product) } else { 0.0 };
    (z - 0.5) * ln(z) - z + 0.918_938_533_204_672_8 + series - moved
}
