//! Tails of the negative binomial: a Poisson count whose rate itself varies.
//!
//! With mean μ and shape r the variance is μ + μ²/r. Both tails have a closed form in the regularised incomplete
//! beta function (Johnson, Kemp, Kotz, *Univariate Discrete Distributions*, 3rd ed., §5.6).

use statrs::function::beta::checked_beta_reg;
use statrs::function::gamma::{checked_gamma_lr, checked_gamma_ur};

/// statrs stops the continued fraction after 140 steps, and it needs about the square root of its larger
/// argument: beyond this the count is as good as continuous and the Gamma distribution takes over.
const CONTINUOUS_FROM: f64 = 1e4;
/// The normal quantile of 0.999, the ends of the range shown as normal.
const BAND_SIGMAS: f64 = 3.0902;

/// A negative binomial distribution.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Counts {
    mean: f64,
    shape: f64,
}

impl Counts {
    /// `mean` is at least 0, `shape` above 0, both finite; a mean of 0 becomes the smallest that formulas hold for.
    pub(crate) fn new(mean: f64, shape: f64) -> Self {
        Self {
            mean: mean.max(1e-12),
            shape: shape.clamp(1e-6, 1e6),
        }
    }

    fn continuous(&self, count: f64) -> bool {
        self.mean > CONTINUOUS_FROM || count > CONTINUOUS_FROM
    }

    /// The share of the mean that is Gamma's shape once Poisson noise is folded in: μ²/variance.
    fn gamma_shape(&self) -> f64 {
        1.0 / (1.0 / self.mean + 1.0 / self.shape)
    }

    /// P(X ≥ count), for a count of 0 or more.
    pub(crate) fn at_least(&self, count: f64) -> f64 {
        if count <= 0.0 {
            return 1.0;
        }
        let tail = if self.continuous(count) {
            let shape = self.gamma_shape();
            checked_gamma_ur(shape, shape * count / self.mean).ok()
        } else {
            checked_beta_reg(count, self.shape, self.mean / (self.shape + self.mean)).ok()
        };
        in_unit(tail)
    }

    /// P(X ≤ count), for a count of 0 or more.
    pub(crate) fn at_most(&self, count: f64) -> f64 {
        let tail = if self.continuous(count) {
            let shape = self.gamma_shape();
            // The gamma function refuses 0; half a request is what "none" covers.
            checked_gamma_lr(shape, shape * count.max(0.5) / self.mean).ok()
        } else {
            checked_beta_reg(
                self.shape,
                count + 1.0,
                self.shape / (self.shape + self.mean),
            )
            .ok()
        };
        in_unit(tail)
    }

    /// The ends of the normal range, by the Wilson–Hilferty cube-root approximation of the Gamma distribution
    /// (PNAS 17, 1931): good to a few percent, at a hundredth of the cost of inverting the tail.
    pub(crate) fn band(&self) -> (f64, f64) {
        let shape = self.gamma_shape();
        let bias = 1.0 / (9.0 * shape);
        let step = BAND_SIGMAS / (3.0 * shape.sqrt());
        let low = (1.0 - bias - step).max(0.0).powi(3) * self.mean;
        let high = (1.0 - bias + step).max(0.0).powi(3) * self.mean;
        // A single count is normal wherever the mean is above nothing.
        (low.min(self.mean), high.max(self.mean).max(1.0))
    }
}

/// Rounding may leave [0, 1] by a hair, and a tail of 0 has no logarithm.
fn in_unit(tail: Option<f64>) -> f64 {
    tail.filter(|tail| !tail.is_nan())
        .unwrap_or(1.0)
        .clamp(f64::MIN_POSITIVE, 1.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The same tails by adding up probabilities, from their logarithms.
    fn summed(mean: f64, shape: f64, count: u32) -> (f64, f64) {
        let success = (mean / (shape + mean)).ln();
        let mut term = shape * (shape / (shape + mean)).ln();
        let (mut above, mut at_most) = (0.0, 0.0);
        for k in 0..200_000_u32 {
            if k >= count {
                above += term.exp();
            }
            if k <= count {
                at_most += term.exp();
            }
            term += ((f64::from(k) + shape) / (f64::from(k) + 1.0)).ln() + success;
        }
        (above, at_most)
    }

    #[test]
    fn tails_equal_the_sum_of_probabilities() {
        for (mean, shape, count) in [
            (0.04, 0.5, 1),
            (0.04, 10.0, 3),
            (4.0, 20.0, 18),
            (40.0, 50.0, 0),
            (40.0, 50.0, 110),
            (40.0, 3.0, 2),
            (900.0, 100.0, 1500),
            (900.0, 100.0, 400),
            (9_000.0, 200.0, 9_900),
            (9_000.0, 200.0, 6_000),
        ] {
            let (above, at_most) = summed(mean, shape, count);
            let counts = Counts::new(mean, shape);
            let [found_above, found_at_most] = [
                counts.at_least(f64::from(count)),
                counts.at_most(f64::from(count)),
            ];
            assert!(
                (found_above / above - 1.0).abs() < 1e-6,
                "P(X >= {count} | {mean}, {shape}): {found_above} {above}"
            );
            assert!(
                (found_at_most / at_most - 1.0).abs() < 1e-6,
                "P(X <= {count} | {mean}, {shape}): {found_at_most}"
            );
        }
    }

    #[test]
    fn the_gamma_distribution_takes_over_without_a_jump() {
        for factor in [0.7, 0.9, 1.0, 1.1, 1.3] {
            let (below, above) = (Counts::new(9_999.0, 100.0), Counts::new(10_001.0, 100.0));
            let [discrete, continuous] = [
                below.at_most(9_999.0 * factor),
                above.at_most(10_001.0 * factor),
            ];
            assert!(
                (continuous / discrete - 1.0).abs() < 0.05,
                "{factor}: {discrete} then {continuous}"
            );
        }
    }

    #[test]
    fn extremes_have_an_answer_above_zero() {
        for mean in [0.0, 1e-9, 1.0, 1e9, 1e15] {
            for shape in [1e-9, 1.0, 1e12] {
                for count in [0.0, 1.0, 1e6, 1e15] {
                    let counts = Counts::new(mean, shape);
                    for tail in [counts.at_least(count), counts.at_most(count)] {
                        assert!(tail > 0.0 && tail <= 1.0, "{mean} {shape} {count}: {tail}");
                    }
                    let (low, high) = counts.band();
                    assert!(
                        low >= 0.0 && low <= high && high.is_finite(),
                        "{mean} {shape}: {low} to {high}"
                    );
                }
            }
        }
    }

    #[test]
    fn the_band_leaves_about_one_in_a_thousand_on_each_side() {
        for (mean, shape) in [(5.0, 30.0), (40.0, 50.0), (900.0, 100.0)] {
            let counts = Counts::new(mean, shape);
            let (low, high) = counts.band();
            let [below, above] = [counts.at_most(low.floor()), counts.at_least(high.ceil())];
            assert!(
                (1e-4..4e-3).contains(&above),
                "{mean}: {above} above {high}"
            );
            assert!(below < 1.2e-2, "{mean}: {below} below {low}");
        }
    }
}
