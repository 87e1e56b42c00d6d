//! What a minute says for other rates than the normal one: likelihood ratios of counts.

use crate::elementary::{ln, ln_1p};
use crate::evidence::ALTERNATIVES;
use crate::judge::Prediction;

/// No minute counts for more (or less) than this many nats: one wild minute is no run, and single minutes have
/// their own tests.
pub(crate) const MOST_NATS: f64 = 6.0;
/// The second alternative is at least this many times as far as the first, as logarithms go: ln 5 / ln 2.5.
const FARTHER: f64 = 1.756;

/// What is looked for: as many times what is normal, nearest first, and their logarithms.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Alternatives {
    times: [f64; ALTERNATIVES],
    logs: [f64; ALTERNATIVES],
}

impl Alternatives {
    pub(crate) const fn new(times: [f64; ALTERNATIVES]) -> Self {
        Self {
            times,
            logs: [ln(times[0]), ln(times[1]), ln(times[2])],
        }
    }
}

/// The mean and the shape that the ratios are of: at the end of what is known of the mean that makes least of a minute.
#[inline]
fn cautious(prediction: &Prediction, high: bool) -> (f64, f64) {
    let margin = 1.0 + prediction.margin;
    let mean = if high {
        prediction.mean * margin
    } else {
        prediction.mean / margin
    };
    (mean / (prediction.shape + mean), prediction.shape)
}

/// ln of the likelihood ratio of a count against a negative binomial whose mean is as many times as large.
///
/// As a function of ln(times) it is concave and 0 at 1: what is against the nearest alternative is against the others
/// at least in proportion, so that most minutes are told by one logarithm.
#[inline]
pub(crate) fn against(
    value: f64,
    prediction: &Prediction,
    high: bool,
    alternatives: &Alternatives,
) -> [f64; ALTERNATIVES] {
    let (share, shape) = cautious(prediction, high);
    let Alternatives { times, logs } = alternatives;
    let nats = |at: usize| value * logs[at] - (value + shape) * ln_1p((times[at] - 1.0) * share);
    let first = nats(0);
    if first * FARTHER <= -MOST_NATS {
        return [first, -MOST_NATS, -MOST_NATS];
    }
    [first, nats(1), nats(2)]
}

/// The same of one alternative.
pub(crate) fn one(value: f64, prediction: &Prediction, high: bool, times: f64) -> f64 {
    let (share, shape) = cautious(prediction, high);
    value * ln(times) - (value + shape) * ln_1p((times - 1.0) * share)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ratios_are_those_of_the_negative_binomial_and_farther_ones_are_never_flattered() {
        for (mean, shape, margin) in [(0.05, 20.0, 0.0), (0.4, 20.0, 0.2), (40.0, 33.0, 0.05)] {
            let prediction = Prediction {
                mean,
                shape,
                margin,
                ..Prediction::unknown(None)
            };
            for (high, times) in [(true, [1.5, 3.0, 10.0]), (false, [0.66, 0.33, 0.05])] {
                let held = if high {
                    mean * (1.0 + margin)
                } else {
                    mean / (1.0 + margin)
                };
                for value in [0.0, 1.0, 7.0, 30.0, 200.0] {
                    let found = against(value, &prediction, high, &Alternatives::new(times));
                    for (found, times) in found.into_iter().zip(times) {
                        let log = |mean: f64| {
                            value * (mean / (mean + shape)).ln()
                                + shape * (shape / (mean + shape)).ln()
                        };
                        let exact = log(times * held) - log(held);
                        let close = (found - exact).abs() < 1e-7 * (1.0 + exact.abs());
                        let out = found <= -MOST_NATS && exact <= -MOST_NATS;
                        assert!(close || out, "{value} of {mean}, {times}: {found} {exact}");
                        let once = one(value, &prediction, high, times);
                        assert!((once - exact).abs() < 1e-7 * (1.0 + exact.abs()));
                    }
                }
            }
        }
    }
}
