//! Distributions of a signal before and after, and what a minute tells between them.

use super::super::fault::Signal;
use super::Draw;

/// What never happened in the draws happens about once a week.
const RAREST: f64 = 1e-4;
/// Beyond this mean a count is as good as continuous.
const LARGE: f64 = 200_000.0;
/// Nothing tells more than this in a minute, nats: then it is certain.
const CERTAIN: f64 = 40.0;
/// Steps of the grid of a continuous signal.
const STEPS: u32 = 2_000;

/// A fitted distribution.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Distribution {
    /// Negative binomial by mean and shape; a large shape is Poisson's.
    Count { mean: f64, shape: f64 },
    /// Normal in the logarithm.
    Log { mean: f64, deviation: f64 },
}

fn moments(values: &[f64]) -> (f64, f64) {
    let count = values.len().max(1) as f64;
    let mean = values.iter().sum::<f64>() / count;
    let squares: f64 = values.iter().map(|value| (value - mean).powi(2)).sum();
    (mean, squares / (count - 1.0).max(1.0))
}

fn is_count(signal: Signal) -> bool {
    matches!(
        signal,
        Signal::Invocations
            | Signal::Errors
            | Signal::Throttles
            | Signal::ColdStarts
            | Signal::Timeouts
            | Signal::OutOfMemory
            | Signal::Concurrency
    )
}

impl Distribution {
    /// By its moments. Where the watcher knows the exposure, what varies with it alone is not counted.
    pub(super) fn fitted(signal: Signal, draws: &[Draw]) -> Self {
        let values: Vec<f64> = draws.iter().filter_map(|one| one.value).collect();
        if is_count(signal) {
            let (mean, mut variance) = moments(&values);
            if signal != Signal::Invocations && signal != Signal::Concurrency {
                let exposures: Vec<f64> = draws.iter().map(|one| one.exposure).collect();
                let (exposure, its_variance) = moments(&exposures);
                variance -= (mean / exposure.max(1e-9)).powi(2) * its_variance;
            }
            let mean = mean.max(RAREST);
            let over = variance - mean;
            // Some draws more than Poisson's variance are chance.
            let shape = if over > 0.1 * mean {
                mean * mean / over
            } else {
                1e7 * mean.max(1.0)
            };
            return Self::Count { mean, shape };
        }
        let logs: Vec<f64> = values.iter().map(|value| value.max(1e-9).ln()).collect();
        let (mean, variance) = moments(&logs);
        Self::Log {
            mean,
            deviation: variance.sqrt().max(1e-3),
        }
    }

    fn as_log(self) -> (f64, f64) {
        match self {
            Self::Log { mean, deviation } => (mean, deviation),
            Self::Count { mean, shape } => {
                let spread = (1.0 / mean + 1.0 / shape).sqrt();
                (mean.ln(), spread.max(1e-3))
            }
        }
    }

    /// The logarithm of the density on a common support of `of`: each count, or each step of a grid.
    fn densities(self, support: &Support) -> Vec<f64> {
        match (self, support) {
            (Self::Count { mean, shape }, Support::Counts(most)) => {
                let mut now = -shape * (mean / shape).ln_1p();
                let step = -(shape / mean).ln_1p();
                (0..=*most)
                    .map(|count| {
                        let here = now;
                        now += ((f64::from(count) + shape) / f64::from(count + 1)).ln() + step;
                        here
                    })
                    .collect()
            }
            (_, Support::Grid(low, width)) => {
                let (mean, deviation) = self.as_log();
                (0..=STEPS)
                    .map(|step| {
                        let z = (low + f64::from(step) * width - mean) / deviation;
                        -0.5 * z * z - (deviation * std::f64::consts::TAU.sqrt()).ln() + width.ln()
                    })
                    .collect()
            }
            // The support is made for all of them.
            (Self::Log { .. }, Support::Counts(_)) => Vec::new(),
        }
    }
}

enum Support {
    Counts(u32),
    /// First logarithm, and the step.
    Grid(f64, f64),
}

impl Support {
    fn of(all: [Distribution; 3]) -> Self {
        let mut most = 0.0_f64;
        for one in all {
            match one {
                Distribution::Count { mean, shape } if mean < LARGE => {
                    let deviation = (mean + mean * mean / shape).sqrt();
                    most = most.max(mean + 14.0 * deviation + 20.0);
                }
                _ => {
                    let logs = all.map(Distribution::as_log);
                    let low = logs.iter().map(|(mean, deviation)| mean - 8.0 * deviation);
                    let high = logs.iter().map(|(mean, deviation)| mean + 8.0 * deviation);
                    let low = low.fold(f64::INFINITY, f64::min);
                    let high = high.fold(f64::NEG_INFINITY, f64::max);
                    return Self::Grid(low, (high - low) / f64::from(STEPS));
                }
            }
        }
        Self::Counts(most as u32)
    }
}

/// What a minute adds to the sum, with its probability before the fault and while it acts.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Increments {
    /// (nats, probability before, probability now).
    pub(super) all: Vec<(f64, f64, f64)>,
}

/// The ratios of `design` to `before`, when it is `now`.
pub(super) fn increments(
    before: &Distribution,
    design: &Distribution,
    now: &Distribution,
) -> Increments {
    let support = Support::of([*before, *design, *now]);
    let [old, new, now] = [before, design, now].map(|one| one.densities(&support));
    let mut all: Vec<(f64, f64, f64)> = old
        .iter()
        .zip(&new)
        .zip(&now)
        .map(|((old, new), now)| ((new - old).clamp(-CERTAIN, CERTAIN), old.exp(), now.exp()))
        .filter(|(_, old, now)| *old > 1e-15 || *now > 1e-15)
        .collect();
    let total = |of: fn(&(f64, f64, f64)) -> f64| all.iter().map(of).sum::<f64>().max(1e-300);
    let (olds, nows) = (total(|one| one.1), total(|one| one.2));
    for one in &mut all {
        one.1 /= olds;
        one.2 /= nows;
    }
    Increments { all }
}

/// Mean increment while the fault acts.
pub(super) fn divergence(increments: &Increments) -> f64 {
    increments.all.iter().map(|(nats, _, now)| nats * now).sum()
}
