//! The generalised Pareto law of peaks over a threshold, by Grimshaw's trick (Grimshaw 1993).
//!
//! Its two parameters maximise a likelihood; with x the ratio of shape to scale, only x is sought: at a maximum
//! u(x) v(x) = 1 with u = mean 1 / (1 + x y) and v = 1 + mean ln(1 + x y). The exponential law (x = 0) is one more
//! candidate.

/// Shape and scale. A shape of 0 is the exponential law.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Pareto {
    shape: f64,
    scale: f64,
}

impl Pareto {
    /// The most likely law of these peaks, all above 0; none of no peaks.
    pub(super) fn fit(peaks: &[f64]) -> Option<Self> {
        let count = peaks.len() as f64;
        let mean = peaks.iter().sum::<f64>() / count;
        let least = peaks.iter().copied().fold(f64::INFINITY, f64::min);
        let most = peaks.iter().copied().fold(0.0, f64::max);
        if !(mean.is_finite() && mean > 0.0 && least > 0.0) {
            return None;
        }
        let mut best = Self {
            shape: 0.0,
            scale: mean,
        };
        let mut likelihood = best.likelihood(peaks);
        // Where the roots lie (Siffer et al. 2017, section 3.2).
        let edge = 1e-8 / mean;
        let negative = (-1.0 / most + edge, -edge);
        let positive = (
            2.0 * (mean - least) / (mean * least),
            2.0 * (mean - least) / (least * least),
        );
        for (low, high) in [negative, (edge, positive.0), positive] {
            for x in roots(peaks, low, high) {
                let shape = v(peaks, x) - 1.0;
                let candidate = Self {
                    shape,
                    scale: shape / x,
                };
                let found = candidate.likelihood(peaks);
                if candidate.scale > 0.0 && found > likelihood {
                    (best, likelihood) = (candidate, found);
                }
            }
        }
        Some(best)
    }

    fn likelihood(self, peaks: &[f64]) -> f64 {
        let count = peaks.len() as f64;
        if self.shape.abs() < 1e-12 {
            return -count * self.scale.ln() - peaks.iter().sum::<f64>() / self.scale;
        }
        let ratio = self.shape / self.scale;
        let logs: f64 = peaks.iter().map(|peak| (1.0 + ratio * peak).ln()).sum();
        -count * self.scale.ln() - (1.0 + 1.0 / self.shape) * logs
    }

    /// log10 of the probability that a peak exceeds a height; minus infinity behind the end of the law.
    pub(super) fn log_tail(self, height: f64) -> f64 {
        let natural = if self.shape.abs() < 1e-12 {
            -height / self.scale
        } else {
            let inner = 1.0 + self.shape * height / self.scale;
            if inner > 0.0 {
                -inner.ln() / self.shape
            } else {
                f64::NEG_INFINITY
            }
        };
        natural / std::f64::consts::LN_10
    }
}

fn v(peaks: &[f64], x: f64) -> f64 {
    1.0 + peaks.iter().map(|peak| (1.0 + x * peak).ln()).sum::<f64>() / peaks.len() as f64
}

fn condition(peaks: &[f64], x: f64) -> f64 {
    let u = peaks.iter().map(|peak| 1.0 / (1.0 + x * peak)).sum::<f64>() / peaks.len() as f64;
    u * v(peaks, x) - 1.0
}

/// Sign changes on a grid, each halved until it is a point.
fn roots(peaks: &[f64], low: f64, high: f64) -> Vec<f64> {
    const CELLS: u32 = 10;
    const HALVINGS: u32 = 40;
    if !(low < high && low.is_finite() && high.is_finite()) {
        return Vec::new();
    }
    let at = |k: u32| low + (high - low) * f64::from(k) / f64::from(CELLS);
    let mut found = Vec::new();
    for k in 0..CELLS {
        let (mut a, mut b) = (at(k), at(k + 1));
        let rising = condition(peaks, a) < 0.0;
        if rising == (condition(peaks, b) < 0.0) {
            continue;
        }
        for _ in 0..HALVINGS {
            let middle = f64::midpoint(a, b);
            if (condition(peaks, middle) < 0.0) == rising {
                a = middle;
            } else {
                b = middle;
            }
        }
        found.push(f64::midpoint(a, b));
    }
    found
}
