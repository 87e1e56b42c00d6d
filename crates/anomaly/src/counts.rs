//! The negative binomial: a Poisson count whose rate itself varies.
//!
//! With mean μ and shape r the variance is μ + μ²/r (Johnson, Kemp, Kotz, *Univariate Discrete Distributions*,
//! 3rd ed., §5). Small counts are summed exactly, larger ones go through a normal deviate (see [`crate::tails`]).

use crate::elementary::{exp, ln_1p};
use crate::tails::{self, SMALL, Tails, whole};

/// Standard deviations to the ends of the range shown as normal: the normal quantile of 0.999.
const BAND: f64 = 3.0902;

/// 1 / (k + 1), so that adding up terms needs no division.
static INVERSE: [f64; 128] = {
    let mut table = [0.0; 128];
    let mut k = 0;
    while k < table.len() {
        table[k] = 1.0 / (k as f64 + 1.0);
        k += 1;
    }
    table
};

fn inverse(k: f64) -> f64 {
    INVERSE.get(k as usize).copied().unwrap_or(1.0 / (k + 1.0))
}

/// A negative binomial distribution.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Counts {
    pub(crate) mean: f64,
    /// 1 / mean.
    inverse: f64,
    pub(crate) shape: f64,
    /// 1 / shape.
    varies: f64,
}

impl Counts {
    /// `mean` is at least 0, `varies` (1 / shape) above 0, both finite; a mean of 0 becomes the smallest that formulas
    /// hold for.
    #[inline]
    pub(crate) fn new(mean: f64, varies: f64) -> Self {
        let mean = mean.max(1e-12);
        let varies = varies.clamp(1e-9, 2.0);
        Self {
            mean,
            inverse: 1.0 / mean,
            shape: 1.0 / varies,
            varies,
        }
    }

    /// The four tails of a count of 0 or more; a fraction counts as the whole number below it.
    pub(crate) fn tails(&self, count: f64) -> Tails {
        let count = whole(count);
        if count > SMALL {
            return tails::of_count(count, self.shape, [self.inverse, self.varies], self.mean);
        }
        let share = self.mean / (self.shape + self.mean);
        let first = exp(-self.shape * ln_1p(self.mean * self.varies));
        tails::summed(count, first, |k| (k + self.shape) * share * inverse(k))
    }

    /// The coefficient of variation.
    #[inline]
    pub(crate) fn relative(&self) -> f64 {
        (self.inverse + self.varies).sqrt()
    }
}

/// The ends of the normal range of a count, by the Wilson–Hilferty cube-root approximation of the Gamma
/// distribution with this mean and coefficient of variation (PNAS 17, 1931): good to a few percent, without a logarithm.
#[inline]
pub(crate) fn band(mean: f64, relative: f64) -> (f64, f64) {
    let bias = relative * relative * (1.0 / 9.0);
    let step = BAND / 3.0 * relative;
    let cube = |x: f64| x * x * x;
    let low = cube((1.0 - bias - step).max(0.0)) * mean;
    let high = cube((1.0 - bias + step).max(0.0)) * mean;
    // A single count is normal wherever the mean is above nothing.
    (low.min(mean), high.max(mean).max(1.0))
}

#[cfg(test)]
mod tests {
    use statrs::function::beta::beta_reg;

    use super::*;

    #[test]
    fn tails_are_those_of_the_incomplete_beta_function_within_five_percent_down_to_1e_9() {
        let mut worst = 0.0_f64;
        for (mean, shape) in [
            (0.05, 10.0),
            (4.0, 20.0),
            (40.0, 50.0),
            (400.0, 10.0),
            (4_000.0, 100.0),
        ] {
            let counts = Counts::new(mean, 1.0 / shape);
            for step in 0..400 {
                let count = (mean * f64::from(step) / 40.0).floor();
                let tails = counts.tails(count);
                let share = mean / (shape + mean);
                let above = if count > 0.0 {
                    beta_reg(count, shape, share)
                } else {
                    1.0
                };
                let below = beta_reg(shape, count + 1.0, 1.0 - share);
                for (found, exact) in [(tails.at_least, above), (tails.at_most, below)] {
                    if exact > 1e-9 {
                        worst = worst.max((found / exact - 1.0).abs());
                    }
                }
            }
        }
        assert!(worst < 0.05, "{worst}");
    }
}
