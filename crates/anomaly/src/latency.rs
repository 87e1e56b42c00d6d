//! Latency: a percentile of few or many samples, in log scale.
//!
//! ln(ms) = profile of the week + slow level + noise. The noise has the variance a + b/n for a percentile of n
//! samples: sampling noise falls with 1/n, what is left is the service itself; both are learned (see
//! [`crate::spread`]). High percentiles of few samples lean to the right even in log scale, so the tail is that of a
//! Gamma distribution with the learned skewness (Pearson's type III), through Wilson and Hilferty's cube root
//! (PNAS 17, 1931); what real services do beyond that is learned by [`crate::calibration`].

use crate::SnapshotError;
use crate::elementary::exp;
use crate::input::Point;
use crate::judge::{Baseline, Prediction, Sums};
use crate::normal::upper;
use crate::season::Season;
use crate::shift::Accepted;
use crate::snapshot::{MOST, Reader, put_f64};
use crate::spread::Spread;
use crate::start::Start;
use crate::tails::Tails;

/// The normal quantile of 0.999: the ends of the range shown as normal.
const BAND: f64 = 3.0902;
/// No spread is smaller: half a bucket of the histogram that percentiles are read from (1/64).
const LEAST_SPREAD: f64 = 1.0 / 64.0;
/// Residuals beyond this many spreads count as this many, for the spread and for the level.
const WINSOR: f64 = 4.0;
/// What a minute moves the level: 1 − 2^(−1/360), half-life six hours: slower than any incident, quicker than a week.
const LEVEL_STEP: f64 = 0.001_923_556_424_371_3;
/// A percentile of this many samples tells half as much as one of very many.
const HALF_INFORMATION: f64 = 20.0;
/// How far neighbouring slots of the profile lie apart, squared: 5 %.
const BETWEEN_SLOTS: f64 = 0.0025;
/// A minute of an hour of the week that is new counts as at most twice (or half) what was expected: ln 2.
const NEWS: f64 = std::f64::consts::LN_2;
/// What evidence looks for: as many times slower (or quicker).
const SLOWER: [f64; 3] = [
    0.262_364_264_467_491_06,
    0.470_003_629_245_735_5,
    0.916_290_731_874_155,
];
/// An alternative is at least and at most this many spreads away: nearer it takes for ever, farther one minute does.
const NEAREST: f64 = 0.5;
const FARTHEST: f64 = 4.0;

/// The state of one latency series; values are logarithms of milliseconds.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Latency {
    start: Start,
    season: Season,
    /// How far the last hours lie above the profile.
    level: f64,
    spread: Spread,
    held: Sums,
}

/// The normal deviate of a Gamma-distributed one with skewness `skew`.
fn straightened(z: f64, skew: f64) -> f64 {
    if skew < 0.01 {
        return z;
    }
    let u = 0.5 * skew * z;
    let root = if u.abs() < 0.3 {
        // The binomial series of (1 + u)^(1/3), to 4e-6 here.
        1.0 + u
            * (1.0 / 3.0
                - u * (1.0 / 9.0
                    - u * (5.0 / 81.0
                        - u * (10.0 / 243.0 - u * (22.0 / 729.0 - u * (154.0 / 6561.0))))))
    } else {
        (1.0 + u).max(0.0).cbrt()
    };
    (root - 1.0 + skew * skew / 36.0) * 6.0 / skew
}

/// e to the power of a spread, for the range shown: to 3e-4 of itself by six terms where it is below e, as most are.
#[inline]
fn times(x: f64) -> f64 {
    if x.abs() > 1.0 {
        return exp(x);
    }
    let square = x * x;
    let low = (1.0 + x) + square * (0.5 + x * (1.0 / 6.0));
    low + square * square * (1.0 / 24.0 + x * (1.0 / 120.0) + square * (1.0 / 720.0))
}

/// The other way round.
fn bent(z: f64, skew: f64) -> f64 {
    if skew < 0.01 {
        return z;
    }
    let root = (1.0 + z * skew / 6.0 - skew * skew / 36.0).max(0.0);
    (root * root * root - 1.0) * 2.0 / skew
}

impl Latency {
    pub(crate) fn new() -> Self {
        Self {
            start: Start::new(),
            season: Season::flat(0.0, 0.0),
            level: 0.0,
            spread: Spread::new(),
            held: Sums::default(),
        }
    }

    fn centre(&self, minute: i64) -> f64 {
        self.season.at(minute) + self.level
    }

    pub(crate) fn encode(&self, out: &mut Vec<u8>) {
        self.start.encode(out);
        self.season.encode(out);
        put_f64(out, self.level);
        self.spread.encode(out);
        self.held.encode(out);
    }

    pub(crate) fn decode(reader: &mut Reader<'_>) -> Result<Self, SnapshotError> {
        Ok(Self {
            start: Start::decode(reader)?,
            season: Season::decode(reader)?,
            level: reader.f64_in("level", -MOST, MOST)?,
            spread: Spread::decode(reader)?,
            held: Sums::decode(reader)?,
        })
    }
}

impl Baseline for Latency {
    fn turn_to(&mut self, minute: i64) {
        if self.season.is_at(minute) {
            return;
        }
        let variance = self.spread.variance(40.0);
        self.season.turn_to(minute, |_| variance / BETWEEN_SLOTS);
    }

    #[inline]
    fn predict(&self, point: &Point) -> Prediction {
        if !self.start.is_done() {
            return Prediction::unknown(point.given);
        }
        let centre = self.centre(point.minute);
        let [margin, uncertain] = self.season.margin();
        let variance = self.spread.variance(point.weight) * (1.0 + margin);
        let flat = variance < LEAST_SPREAD * LEAST_SPREAD;
        let spread = variance.sqrt().max(LEAST_SPREAD);
        let skew = if flat {
            0.0
        } else {
            self.spread.skew(point.weight)
        };
        let deviate = point.value.map_or(0.0, |value| (value - centre) / spread);
        let z = straightened(deviate, skew);
        let tails = point.value.map_or(Tails::UNKNOWN, |_| {
            let far = upper(z.abs());
            let near = (1.0 - far).max(f64::MIN_POSITIVE);
            let (above, below) = if z >= 0.0 { (far, near) } else { (near, far) };
            Tails {
                at_least: above,
                more: above,
                at_most: below,
                fewer: below,
            }
        });
        let expected = exp(centre);
        Prediction {
            expected,
            low: expected * times(bent(-BAND, skew).min(0.0) * spread),
            high: (expected * times(bent(BAND, skew).max(0.0) * spread)).min(f64::MAX),
            tails,
            deviate: z,
            mean: centre,
            shape: spread,
            margin: 0.5 * uncertain,
            flat,
            irregular: false,
            samples: self.season.samples(),
        }
    }

    #[inline]
    fn ratios(&self, _point: &Point, _value: f64, prediction: &Prediction, high: bool) -> [f64; 3] {
        let z = if high {
            prediction.deviate
        } else {
            -prediction.deviate
        };
        let z = (z - prediction.margin).clamp(-8.0, 8.0);
        let inverse = 1.0 / prediction.shape;
        SLOWER.map(|away| {
            let away = (away * inverse).clamp(NEAREST, FARTHEST);
            away * (z - 0.5 * away)
        })
    }

    fn learn(&mut self, point: &Point, value: f64, prediction: &Prediction) {
        if point.weight <= 0.0 {
            return;
        }
        if !self.start.is_done() {
            if let Some(median) = self.start.add(value) {
                self.season = Season::flat(median, Start::MINUTES);
                self.turn_to(point.minute);
            }
            return;
        }
        let bound = WINSOR * prediction.shape;
        let residual = (value - prediction.mean).clamp(-bound, bound);
        let information = point.weight / (point.weight + HALF_INFORMATION);
        self.spread.learn(residual, point.weight);
        let season = self.season.at(point.minute);
        let given = value;
        let value = prediction.mean + residual;
        self.level += information * LEVEL_STEP * (value - season - self.level);
        let value = if self.season.is_new(point.minute) {
            prediction.mean + (given - prediction.mean).clamp(-NEWS, NEWS)
        } else {
            value
        };
        self.season.learn(point.minute, value, information);
    }

    fn acquaint(&mut self, point: &Point, value: f64, prediction: &Prediction) {
        if self.start.is_done() && self.season.is_new(point.minute) && point.weight > 0.0 {
            let information = point.weight / (point.weight + HALF_INFORMATION);
            let away = (value - prediction.mean).clamp(-NEWS, NEWS);
            self.season
                .take_notice(point.minute, prediction.mean + away, information);
        }
    }

    fn hold(&mut self, _point: &Point, value: f64, prediction: &Prediction) {
        let bound = WINSOR * prediction.shape;
        self.held
            .add((value - prediction.mean).clamp(-bound, bound), 1.0);
    }

    fn release(&mut self) {
        if self.held.bottom > 0.0 {
            let share = (LEVEL_STEP * self.held.minutes).min(0.5);
            self.level += share * self.held.top / self.held.bottom;
        }
        self.held = Sums::default();
    }

    fn held(&mut self) -> &mut Sums {
        &mut self.held
    }

    fn evidence(&self, point: &Point, value: f64) -> (f64, f64) {
        if self.start.is_done() {
            (value - self.centre(point.minute), 1.0)
        } else {
            (0.0, 0.0)
        }
    }

    fn accept(&mut self, run: Accepted) {
        if self.start.is_done() && run.bottom > 0.0 {
            let moved = run.top / run.bottom + self.level;
            self.season.rebase(|value| value + moved);
            self.level = 0.0;
            self.spread.forget();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_level_halves_in_six_hours() {
        assert!(((1.0 - LEVEL_STEP).powi(360) - 0.5).abs() < 1e-9);
    }

    #[test]
    fn what_evidence_looks_for_is_thirty_sixty_and_a_hundred_and_fifty_percent() {
        for (log, times) in SLOWER.into_iter().zip([1.3_f64, 1.6, 2.5]) {
            assert!((log - times.ln()).abs() < 1e-12, "{times}");
        }
    }

    #[test]
    fn straight_and_bent_are_inverses() {
        for skew in [0.0, 0.1, 0.5, 1.0] {
            for z in [-2.0, 0.0, 1.0, 5.0] {
                let back = straightened(bent(z, skew), skew);
                assert!((back - z).abs() < 1e-3, "{skew} {z}: {back}");
            }
        }
    }

    #[test]
    fn fewer_samples_allow_a_wider_range() {
        let mut latency = Latency::new();
        let point = |value: f64, weight| Point {
            minute: 0,
            given: Some(value.exp()),
            value: Some(value),
            weight,
            assumed_zero: false,
        };
        for step in 0..2_000 {
            let value = if step % 2 == 0 { 4.0 } else { 4.2 };
            latency.turn_to(0);
            let prediction = latency.predict(&point(value, 40.0));
            latency.learn(&point(value, 40.0), value, &prediction);
        }
        let [few, some, many] =
            [10.0, 40.0, 4_000.0].map(|weight| latency.predict(&point(4.1, weight)));
        assert!(
            few.high > some.high && some.high > many.high,
            "{few:?} {some:?} {many:?}"
        );
        assert!(
            (some.expected / 4.1_f64.exp() - 1.0).abs() < 0.02,
            "{some:?}"
        );
    }
}
