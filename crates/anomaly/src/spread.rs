//! How far a percentile of n samples scatters: variance a + b/n, both learned, and how far it leans to the right.
//!
//! The asymptotic variance of a quantile is q(1 − q)/(n·f²), so sampling noise falls with 1/n (David and Nagaraja,
//! *Order Statistics*, 3rd ed., §10.2); a is what the service itself does. Squared residuals are regressed on 1 and
//! 1/n by discounted weighted least squares (Carroll and Ruppert, *Transformation and Weighting in Regression*,
//! §3.3). A series whose n never changes cannot tell a from b: a little of the belief b = 200·a always stays.

use crate::SnapshotError;
use crate::snapshot::{MOST, Reader, put_f64};

/// What a minute keeps of the memory: 2^(−1/4,320), so that it halves in three days.
const KEEP: f64 = 0.999_839_562_135_290_2;
/// b / a before anything is learned: the sample count at which sampling noise is as large as everything else. A p90
/// of log-normal samples with σ = 0.35–0.6 has a standard error of 1.7·σ/√n, which at 200 samples is the 4–7 % that
/// quiet services still move from minute to minute.
const HALF_NOISE: f64 = 200.0;
/// a before anything is learned: 0.08², 20 % at 40 samples.
const PRIOR: f64 = 0.0064;
/// Minutes that the prior counts for, and the belief that stays.
const PRIOR_MINUTES: f64 = 30.0;
const BELIEF_MINUTES: f64 = 5.0;
/// Minutes that the prior of no lean counts for.
const LEAN_MINUTES: f64 = 100.0;
/// How much more the far tail of a percentile of log-normal samples leans than its third moment says of a Gamma
/// distribution: by numbers for p90 of 40 and 100, p99 of 100 and 1000, with 1.1 the tail at 1e-6 is right within 15 %;
/// winsorised residuals and the prior hide as much again.
const FAR: f64 = 1.25;
/// What a minute keeps of the lean: 2^(−1/10,080), a week: third moments take longer to know.
const KEEP_LEAN: f64 = 0.999_931_237_762_985;
/// Nothing leans further in log scale: an exponential distribution has 2.
const MOST_SKEW: f64 = 1.0;
/// The smallest variance that is told from none.
const LEAST: f64 = 1e-9;

/// What a minute counts for in the regression: a squared residual errs in proportion to its variance, so the inverse
/// square of that, by the prior's shape. By the shape found it would be a weight that grows when a series calms down
/// and then keeps it from being heard when it wakes up.
fn weight(once: f64) -> f64 {
    let inverse = 1.0 / (1.0 + HALF_NOISE * once);
    inverse * inverse
}

/// The regression's sums, and its solution.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Spread {
    /// Discounted and weighted sums: of minutes, of 1/n, 1/n², of r² and r²/n.
    ones: f64,
    once: f64,
    twice: f64,
    squares: f64,
    squares_once: f64,
    /// Discounted sums of cubed deviates times 1/√n, of 1/n, and of minutes.
    cubes: f64,
    inverses: f64,
    minutes: f64,
    service: f64,
    sampling: f64,
    lean: f64,
    /// Minutes since it was solved.
    age: u8,
}

/// Minutes between two solutions, once there are some.
const REFRESH: u8 = 16;
const SOME: f64 = 480.0;

impl Spread {
    pub(crate) fn new() -> Self {
        Self {
            ones: 0.0,
            once: 0.0,
            twice: 0.0,
            squares: 0.0,
            squares_once: 0.0,
            cubes: 0.0,
            inverses: 0.0,
            minutes: 0.0,
            service: PRIOR,
            sampling: PRIOR * HALF_NOISE,
            lean: 0.0,
            age: 0,
        }
    }

    /// Keeps what was found and listens to new minutes as at the beginning.
    pub(crate) fn forget(&mut self) {
        let share = (PRIOR_MINUTES / self.minutes.max(1.0)).min(1.0);
        for sum in [
            &mut self.ones,
            &mut self.once,
            &mut self.twice,
            &mut self.squares,
            &mut self.squares_once,
            &mut self.cubes,
            &mut self.inverses,
            &mut self.minutes,
        ] {
            *sum *= share;
        }
    }

    /// The variance of a percentile of `samples` samples.
    #[inline]
    pub(crate) fn variance(&self, samples: f64) -> f64 {
        self.service + self.sampling / samples.max(1.0)
    }

    /// How far the deviates of such a percentile lean to the right: their third moment, at least 0. Of a sum of n parts
    /// it falls with 1/√n.
    #[inline]
    pub(crate) fn skew(&self, samples: f64) -> f64 {
        (self.lean / samples.max(1.0).sqrt()).clamp(0.0, MOST_SKEW)
    }

    /// Learns a residual (winsorised by the caller) of a percentile of `samples` samples.
    #[inline]
    pub(crate) fn learn(&mut self, residual: f64, samples: f64) {
        let once = 1.0 / samples.max(1.0);
        let inverse = 1.0 / (self.service + self.sampling * once).max(LEAST);
        let square = residual * residual;
        // The cubed deviate over the root of the samples.
        let cube = square * residual * inverse * (inverse * once).sqrt();
        self.cubes = self.cubes * KEEP_LEAN + cube;
        self.inverses = self.inverses * KEEP_LEAN + once;
        self.minutes = self.minutes * KEEP + 1.0;
        let weight = weight(once);
        self.ones = self.ones * KEEP + weight;
        self.once = self.once * KEEP + once * weight;
        self.twice = self.twice * KEEP + once * once * weight;
        self.squares = self.squares * KEEP + square * weight;
        self.squares_once = self.squares_once * KEEP + square * once * weight;
        self.age = self.age.saturating_add(1);
        if self.age >= REFRESH || self.minutes < SOME {
            self.age = 0;
            self.solve();
        }
    }

    fn solve(&mut self) {
        // Imagined minutes at the prior's variance, of few and of many samples, fade as real ones come.
        let imagined = 0.5 * PRIOR_MINUTES * PRIOR_MINUTES / (PRIOR_MINUTES + self.minutes);
        let (few, many) = (1.0 / 20.0, 1.0 / 500.0);
        let at = |once: f64| PRIOR * (1.0 + HALF_NOISE * once);
        let [v, w] = [imagined * weight(few), imagined * weight(many)];
        let belief = BELIEF_MINUTES * self.ones / self.minutes.max(1.0);
        let ones = self.ones + v + w + belief;
        let once = self.once + v * few + w * many - belief / HALF_NOISE;
        let twice =
            self.twice + v * few * few + w * many * many + belief / (HALF_NOISE * HALF_NOISE);
        let squares = self.squares + v * at(few) + w * at(many);
        let squares_once = self.squares_once + v * at(few) * few + w * at(many) * many;
        let inverse = 1.0 / (ones * twice - once * once);
        let mut service = (squares * twice - squares_once * once) * inverse;
        let mut sampling = (ones * squares_once - once * squares) * inverse;
        if sampling < 0.0 || !sampling.is_finite() {
            (service, sampling) = (squares / ones, 0.0);
        } else if service < 0.0 {
            (service, sampling) = (0.0, squares_once / twice);
        }
        // The prior of no lean counts for as many minutes like the mean one.
        let mean = self.inverses / self.minutes.max(1.0);
        self.lean = FAR * self.cubes / (self.inverses + LEAN_MINUTES * mean).max(1e-12);
        self.service = service.clamp(0.0, 1e6);
        self.sampling = sampling.clamp(0.0, 1e9);
    }

    pub(crate) fn encode(&self, out: &mut Vec<u8>) {
        for number in [
            self.ones,
            self.once,
            self.twice,
            self.squares,
            self.squares_once,
            self.cubes,
            self.inverses,
            self.minutes,
            self.service,
            self.sampling,
            self.lean,
        ] {
            put_f64(out, number);
        }
        out.push(self.age);
    }

    pub(crate) fn decode(reader: &mut Reader<'_>) -> Result<Self, SnapshotError> {
        Ok(Self {
            ones: reader.f64_in("spread weight", 0.0, MOST)?,
            once: reader.f64_in("spread by samples", 0.0, MOST)?,
            twice: reader.f64_in("spread by squared samples", 0.0, MOST)?,
            squares: reader.f64_in("spread squares", 0.0, MOST)?,
            squares_once: reader.f64_in("spread squares by samples", 0.0, MOST)?,
            cubes: reader.f64_in("lean", -MOST, MOST)?,
            inverses: reader.f64_in("inverse samples", 0.0, MOST)?,
            minutes: reader.f64_in("spread minutes", 0.0, MOST)?,
            service: reader.f64_in("spread of the service", 0.0, 1e6)?,
            sampling: reader.f64_in("spread of sampling", 0.0, 1e9)?,
            lean: reader.f64_in("lean by samples", -MOST, MOST)?,
            age: reader.byte("age of the spread")?,
        })
    }
}

#[cfg(test)]
mod tests {
    use rand::{RngExt, SeedableRng};
    use rand_chacha::ChaCha8Rng;
    use rand_distr::{Distribution, StandardNormal};

    use super::*;

    #[test]
    fn the_memory_halves_in_three_days() {
        assert!((KEEP.powi(4_320) - 0.5).abs() < 1e-9);
    }

    #[test]
    fn sampling_noise_and_the_service_are_told_apart_when_the_samples_vary() {
        let mut random = ChaCha8Rng::seed_from_u64(4);
        for (service, sampling) in [(0.0025, 0.1), (0.0, 0.5), (0.01, 0.0), (0.04, 2.0)] {
            let mut spread = Spread::new();
            for _ in 0..20_000 {
                let samples: f64 = random.random_range(20.0..200.0);
                let deviate: f64 = StandardNormal.sample(&mut random);
                let variance: f64 = service + sampling / samples;
                spread.learn(deviate.clamp(-3.5, 3.5) * variance.sqrt(), samples);
            }
            for samples in [30.0, 60.0, 180.0] {
                let ratio = spread.variance(samples) / (service + sampling / samples);
                assert!(
                    (0.85..1.17).contains(&ratio),
                    "{service} {sampling} {samples}: {ratio}"
                );
            }
        }
    }

    #[test]
    fn the_lean_of_a_skewed_residual_is_found_and_falls_with_the_samples() {
        let mut random = ChaCha8Rng::seed_from_u64(6);
        let gamma = rand_distr::Gamma::new(40.0, 1.0).unwrap();
        let mut spread = Spread::new();
        for _ in 0..20_000 {
            let deviate: f64 = (gamma.sample(&mut random) - 40.0) / 40.0_f64.sqrt();
            spread.learn(deviate.clamp(-4.0, 4.0) * 0.1, 50.0);
        }
        // 1.25 times 2 / √40, and half of it for four times the samples.
        let [few, many] = [50.0, 200.0].map(|samples| spread.skew(samples));
        assert!(
            (0.3..0.42).contains(&few) && (many - few / 2.0).abs() < 1e-9,
            "{few} {many}"
        );
    }

    #[test]
    fn a_series_whose_samples_never_vary_keeps_the_belief_and_its_level() {
        let mut random = ChaCha8Rng::seed_from_u64(5);
        let mut spread = Spread::new();
        for _ in 0..20_000 {
            let deviate: f64 = StandardNormal.sample(&mut random);
            spread.learn(deviate * 0.1, 50.0);
        }
        let [few, same, many] =
            [10.0, 50.0, 5_000.0].map(|samples| spread.variance(samples).sqrt());
        assert!(
            (same - 0.1).abs() < 0.01 && few > 1.5 * same && many < 0.7 * same,
            "{few} {same} {many}"
        );
    }
}
