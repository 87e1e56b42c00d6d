//! How much more a count varies than chance alone would, learned from its own history.
//!
//! The moment estimator of φ in variance = chance + φ·μ²: the mean of ((x − μ)² − chance) / μ², each minute weighted
//! by how much it can tell (Breslow, *Extra-Poisson variation in log-linear models*, Applied Statistics 33, 1984).

use crate::SnapshotError;
use crate::snapshot::{MOST, Reader, put_f64};

/// What a minute keeps of the memory: 2^(−1/10,080), so that it halves in a week.
const KEEP: f64 = 0.999_931_237_762_985;
/// A minute's weight is 1 / (1/μ + this)²: the estimator's inverse variance, up to a constant. A mean of 0.04
/// errors tells next to nothing about φ, and a very large one no more than this allows.
const SOFTENING: f64 = 0.02;
/// The weight of the prior: two and a half hours at a mean of 10 requests, ten minutes at 100.
const PRIOR_WEIGHT: f64 = 10_000.0;

/// A running estimate of φ.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Dispersion {
    excess: f64,
    weight: f64,
}

/// What φ may be.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Allowance {
    /// Before anything is learned.
    pub(crate) prior: f64,
    /// Never less.
    pub(crate) least: f64,
    /// Never more.
    pub(crate) most: f64,
}

impl Dispersion {
    pub(crate) fn new() -> Self {
        Self {
            excess: 0.0,
            weight: 0.0,
        }
    }

    pub(crate) fn get(&self, allowance: Allowance) -> f64 {
        let phi = (self.excess + PRIOR_WEIGHT * allowance.prior) / (self.weight + PRIOR_WEIGHT);
        phi.clamp(allowance.least, allowance.most)
    }

    /// Learns from a count (winsorised by the caller), what was expected of it, and the variance that chance alone
    /// gives it.
    pub(crate) fn learn(&mut self, count: f64, mean: f64, chance: f64) {
        if mean <= 1e-9 {
            return;
        }
        // The weight is (mean · soft)², and what is divided by the mean and weighted is multiplied by soft.
        let soft = 1.0 / (1.0 + SOFTENING * mean);
        let away = (count - mean) * soft;
        let weight = mean * soft * mean * soft;
        self.excess = self.excess * KEEP + (away * away - chance * soft * soft);
        self.weight = self.weight * KEEP + weight;
    }

    pub(crate) fn encode(&self, out: &mut Vec<u8>) {
        put_f64(out, self.excess);
        put_f64(out, self.weight);
    }

    pub(crate) fn decode(reader: &mut Reader<'_>) -> Result<Self, SnapshotError> {
        Ok(Self {
            excess: reader.f64_in("dispersion", -MOST, MOST)?,
            weight: reader.f64_in("dispersion weight", 0.0, MOST)?,
        })
    }
}

#[cfg(test)]
mod tests {
    use rand::SeedableRng;
    use rand_chacha::ChaCha8Rng;
    use rand_distr::{Distribution, Gamma, Poisson};

    use super::*;

    const ALLOWANCE: Allowance = Allowance {
        prior: 0.05,
        least: 0.0,
        most: 10.0,
    };

    #[test]
    fn the_memory_halves_in_a_week() {
        assert!((KEEP.powi(10_080) - 0.5).abs() < 1e-9);
    }

    #[test]
    fn the_extra_variance_is_found() {
        let mut rng = ChaCha8Rng::seed_from_u64(1);
        for (mean, phi) in [(40.0, 0.02), (40.0, 0.2), (1_000.0, 0.01), (5.0, 0.3)] {
            let mut dispersion = Dispersion::new();
            let rate = Gamma::new(1.0 / phi, mean * phi).unwrap();
            for _ in 0..10_000 {
                let count = Poisson::new(rate.sample(&mut rng))
                    .unwrap()
                    .sample(&mut rng);
                dispersion.learn(count, mean, mean);
            }
            let found = dispersion.get(ALLOWANCE);
            assert!(
                (found / phi - 1.0).abs() < 0.2,
                "mean {mean}: {found} instead of {phi}"
            );
        }
    }

    #[test]
    fn rare_counts_leave_the_prior_alone() {
        let mut dispersion = Dispersion::new();
        for minute in 0..10_000 {
            dispersion.learn(if minute % 25 == 0 { 1.0 } else { 0.0 }, 0.04, 0.04);
        }
        let found = dispersion.get(ALLOWANCE);
        assert!((found - 0.05).abs() < 0.01, "{found}");
    }
}
