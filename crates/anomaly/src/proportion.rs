//! The beta-binomial: how many of `n` attempts fail when the rate itself varies around its mean.
//!
//! With mean rate p and relative variance φ of the rate it has α = p·κ and β = (1 − p)·κ with
//! κ = (1 − p)/(p·φ) − 1 (Johnson, Kemp, Kotz, *Univariate Discrete Distributions*, 3rd ed., §6.2.2). Unlike a
//! z-score on a ratio it is right for ten attempts, and unlike a negative binomial it never exceeds the attempts.

use crate::elementary::{exp, ln, ln_1p};
use crate::tails::{self, SMALL, Tails, whole};

/// A beta-binomial distribution of any number of attempts.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Proportion {
    rate: f64,
    alpha: f64,
    beta: f64,
    /// 1 / (κ + 1): the correlation of two attempts of a minute.
    together: f64,
    /// ln Γ(α + β) − ln Γ(β), which does not depend on the attempts; 0 where it is not needed.
    constant: f64,
    /// For [`Self::none`]: 1 / y and α(α² − 1) / 24y², with y = β + (α − 1) / 2.
    inverse: f64,
    curve: f64,
}

/// Up to this α·(1 / y) the short series of [`Proportion::none`] holds: rates below 5 %.
const SHORT: f64 = 0.05;

impl Proportion {
    /// `rate` within 1e-9 and 1 − 1e-9, `varies` (φ) at least 1e-6.
    pub(crate) fn new(rate: f64, varies: f64) -> Self {
        let rate = rate.clamp(1e-9, 1.0 - 1e-9);
        let kappa = (1.0 - rate) / (rate * varies.max(1e-6)) - 1.0;
        // Below one pseudo-count on either side the distribution has its mode at an end: not what rates do.
        let kappa = kappa.clamp(1.0 / rate.min(1.0 - rate), 1e12);
        let [alpha, beta] = [rate * kappa, (1.0 - rate) * kappa];
        let inverse = 1.0 / (beta + 0.5 * (alpha - 1.0));
        Self {
            rate,
            alpha,
            beta,
            together: 1.0 / (kappa + 1.0),
            constant: if alpha * inverse < SHORT {
                0.0
            } else {
                log_gamma(alpha + beta) - log_gamma(beta)
            },
            inverse,
            curve: alpha * (alpha * alpha - 1.0) / 24.0 * inverse * inverse,
        }
    }

    /// The probability that none of `attempts` fails: Γ(n + β)·Γ(α + β) / (Γ(n + α + β)·Γ(β)).
    ///
    /// For small rates by the first terms of the series of a ratio of Gamma functions around the middle of their
    /// arguments (Frenzen, SIAM J. Math. Anal. 18, 1987): good to a thousandth of itself, and one logarithm instead of
    /// two with their series.
    #[inline]
    fn none(&self, attempts: f64) -> f64 {
        let Self { alpha, beta, .. } = *self;
        let log = if alpha * self.inverse < SHORT {
            let away = attempts * self.inverse;
            let back = 1.0 / (1.0 + away);
            -alpha * ln_1p(away) - self.curve * (1.0 - back * back)
        } else {
            log_gamma(attempts + beta) - log_gamma(attempts + alpha + beta) + self.constant
        };
        exp(log).min(1.0)
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
        tails::summed(count, self.none(attempts), |k| {
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_probability_of_none_is_that_of_the_product() {
        for rate in [1e-9, 1e-5, 5e-4, 0.01, 0.04, 0.06, 0.5] {
            for varies in [1e-4, 0.01, 0.05, 1.0] {
                let proportion = Proportion::new(rate, varies);
                let Proportion { alpha, beta, .. } = proportion;
                for attempts in [1_u32, 7, 40, 400, 4_000] {
                    let product: f64 = (0..attempts)
                        .map(|k| (beta + f64::from(k)) / (alpha + beta + f64::from(k)))
                        .product();
                    let found = proportion.none(f64::from(attempts));
                    assert!(
                        (found - product).abs() <= 1e-3 * product + 1e-300,
                        "{rate} {varies} {attempts}: {found} {product}"
                    );
                    // What matters for a service that hardly ever fails is the rest.
                    assert!(
                        (found - product).abs() <= 2e-3 * (1.0 - product) + 1e-12,
                        "{rate} {varies} {attempts}: {found} {product}"
                    );
                }
            }
        }
    }
}
