//! Traffic: requests of a minute, on both sides of what the hour of the week brings.
//!
//! Expected = profile of the week × slow level. The count around it is negative binomial, with an extra variance
//! that is learned: people do not come like a Poisson process (Gelman et al., *Bayesian Data Analysis*, §2.6).

use crate::SnapshotError;
use crate::counts::{Counts, band};
use crate::dispersion::{Allowance, Dispersion};
use crate::input::{MAX_COUNT, Point};
use crate::judge::{Baseline, Prediction, Sums};
use crate::ratios::{Alternatives, against};
use crate::season::Season;
use crate::shift::Accepted;
use crate::snapshot::{MOST, Reader, put_f64};
use crate::start::Start;
use crate::tails::Tails;

/// What a minute keeps of the level: 2^(−1/360), so that it halves in six hours: quicker than a week, slower than an
/// incident.
const LEVEL_KEEP: f64 = 0.998_076_443_575_628_7;
/// Requests that the level's prior of 1 counts for.
const LEVEL_PRIOR: f64 = 10.0;
/// Traffic may vary by 17 % (√0.03) before anything is learned.
const ALLOWANCE: Allowance = Allowance {
    prior: 0.03,
    least: 1e-5,
    most: 1.0,
};
/// A new level is at most this many times the old one, up or down. Six hours of silence must not teach that the
/// service does not exist, or its first request would be an event.
const LARGEST_SHIFT: f64 = 20.0;
/// How far neighbouring slots of the profile lie apart, squared, as a share: 10 %.
const BETWEEN_SLOTS: f64 = 0.01;

/// The state of one traffic series.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Traffic {
    start: Start,
    season: Season,
    /// Discounted requests that came, and that the profile alone expected.
    seen: f64,
    expected: f64,
    dispersion: Dispersion,
    held: Sums,
    /// Read once an hour: φ, and one over the minutes behind the profile plus one over those behind the level.
    phi: f64,
    unknown: f64,
}

/// A minute of an hour of the week that is new counts as at most this many times what was expected.
const NEWS: f64 = 8.0;
/// The same where it is known, and is not learned: what comes every week is known after a few, and one hour of an incident
/// moves what is expected of that hour in the next week by less than evidence looks for.
const AGAIN: f64 = 3.0;
/// The relative variance of what such an hour may be like: 30 %.
const NEW_HOUR: f64 = 0.1;
/// What evidence looks for: traffic comes and goes by a third without anybody's fault, and
/// falls by half for an hour now and then.
static MORE: Alternatives = Alternatives::new([2.5, 5.0, 12.0]);
static FEWER: Alternatives = Alternatives::new([0.3, 0.1, 0.01]);
/// Minutes behind a level that halves in six hours: 360 / ln 2.
const LEVEL_MINUTES: f64 = 519.4;

impl Traffic {
    pub(crate) fn new() -> Self {
        Self {
            start: Start::new(),
            season: Season::flat(0.0, 0.0),
            seen: 0.0,
            expected: 0.0,
            dispersion: Dispersion::new(),
            held: Sums::default(),
            phi: ALLOWANCE.prior,
            unknown: 0.1,
        }
    }

    fn counts(&self, minute: i64) -> Counts {
        let level = (self.seen + LEVEL_PRIOR) / (self.expected + LEVEL_PRIOR);
        let mean = (self.season.at(minute).max(0.0) * level).min(MAX_COUNT);
        // What is not known of the profile and of the level adds to what the traffic varies by.
        let unknown = (1.0 / mean.max(1.0) + self.phi) * self.unknown;
        Counts::new(mean, self.phi + unknown)
    }

    pub(crate) fn encode(&self, out: &mut Vec<u8>) {
        self.start.encode(out);
        self.season.encode(out);
        put_f64(out, self.seen);
        put_f64(out, self.expected);
        self.dispersion.encode(out);
        self.held.encode(out);
        put_f64(out, self.phi);
        put_f64(out, self.unknown);
    }

    pub(crate) fn decode(reader: &mut Reader<'_>) -> Result<Self, SnapshotError> {
        Ok(Self {
            start: Start::decode(reader)?,
            season: Season::decode(reader)?,
            seen: reader.f64_in("requests seen", 0.0, MOST)?,
            expected: reader.f64_in("requests expected", 0.0, MOST)?,
            dispersion: Dispersion::decode(reader)?,
            held: Sums::decode(reader)?,
            phi: reader.f64_in("variation of the traffic", ALLOWANCE.least, ALLOWANCE.most)?,
            unknown: reader.f64_in("what is not known of the traffic", 0.0, 102.0)?,
        })
    }
}

impl Baseline for Traffic {
    fn turn_to(&mut self, minute: i64) {
        if self.season.is_at(minute) {
            return;
        }
        let phi = self.dispersion.get(ALLOWANCE);
        let lean = |mean: f64| (1.0 / mean.max(1e-3) + phi) / BETWEEN_SLOTS;
        self.season.turn_to(minute, lean);
        let level = 1.0 + self.expected / self.season.at(minute).max(1.0);
        self.phi = phi;
        self.unknown = 1.0 / self.season.samples().max(1.0) + 1.0 / level.min(LEVEL_MINUTES);
        if self.season.is_unseen(minute) {
            let noise = 1.0 / self.season.at(minute).max(1.0) + phi;
            self.unknown += (NEW_HOUR / noise).min(100.0);
        }
    }

    #[inline]
    fn predict(&self, point: &Point) -> Prediction {
        if !self.start.is_done() {
            return Prediction::unknown(point.given);
        }
        let counts = self.counts(point.minute);
        let relative = counts.relative();
        let (low, high) = band(counts.mean, relative);
        let deviate = |value: f64| (value - counts.mean) / (counts.mean * relative);
        Prediction {
            expected: counts.mean,
            low,
            high,
            tails: point
                .value
                .map_or(Tails::UNKNOWN, |value| counts.tails(value)),
            deviate: point.value.map_or(0.0, deviate),
            mean: counts.mean,
            shape: counts.shape,
            margin: ((1.0 / counts.mean.max(1e-3) + self.phi) * self.unknown).sqrt(),
            // A count always has Poisson's spread.
            flat: false,
            irregular: self.phi >= ALLOWANCE.most,
            samples: self.season.samples(),
        }
    }

    #[inline]
    fn ratios(&self, _point: &Point, value: f64, prediction: &Prediction, high: bool) -> [f64; 3] {
        against(value, prediction, high, if high { &MORE } else { &FEWER })
    }

    fn learn(&mut self, point: &Point, value: f64, prediction: &Prediction) {
        if !self.start.is_done() {
            if let Some(median) = self.start.add(value) {
                self.season = Season::flat(median, Start::MINUTES);
                self.turn_to(point.minute);
            }
            return;
        }
        let given = value;
        let value = value.clamp(prediction.low, prediction.high);
        self.dispersion
            .learn(value, prediction.mean, prediction.mean);
        self.seen = self.seen * LEVEL_KEEP + value;
        self.expected = self.expected * LEVEL_KEEP + self.season.at(point.minute).max(0.0);
        let value = if self.season.is_new(point.minute) {
            given.min(NEWS * prediction.mean.max(1.0))
        } else {
            value
        };
        self.season.learn(point.minute, value, 1.0);
    }

    fn acquaint(&mut self, point: &Point, value: f64, prediction: &Prediction) {
        if self.start.is_done() {
            let times = if self.season.is_new(point.minute) {
                NEWS
            } else {
                AGAIN
            };
            let most = times * prediction.mean.max(1.0);
            self.season.take_notice(point.minute, value.min(most), 1.0);
        }
    }

    fn hold(&mut self, point: &Point, value: f64, prediction: &Prediction) {
        let value = value.clamp(prediction.low, prediction.high);
        self.held.add(value, self.season.at(point.minute).max(0.0));
    }

    fn release(&mut self) {
        self.seen += self.held.top;
        self.expected += self.held.bottom;
        self.held = Sums::default();
    }

    fn held(&mut self) -> &mut Sums {
        &mut self.held
    }

    fn evidence(&self, point: &Point, value: f64) -> (f64, f64) {
        if self.start.is_done() {
            (value, self.season.at(point.minute).max(0.0))
        } else {
            (0.0, 0.0)
        }
    }

    fn accept(&mut self, run: Accepted) {
        if self.start.is_done() {
            let times = (run.top / run.bottom.max(1.0)).clamp(1.0 / LARGEST_SHIFT, LARGEST_SHIFT);
            self.season.rebase(|count| (count * times).min(MAX_COUNT));
            (self.seen, self.expected) = (0.0, 0.0);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn point(minute: i64, value: f64) -> Point {
        Point {
            minute,
            given: Some(value),
            value: Some(value),
            weight: 1.0,
            assumed_zero: false,
        }
    }

    fn learn(traffic: &mut Traffic, minute: i64, value: f64) {
        traffic.turn_to(minute);
        let prediction = traffic.predict(&point(minute, value));
        traffic.learn(&point(minute, value), value, &prediction);
    }

    #[test]
    fn the_level_halves_in_six_hours() {
        assert!((LEVEL_KEEP.powi(360) - 0.5).abs() < 1e-9);
    }

    #[test]
    fn silence_after_a_busy_week_is_extreme_and_a_quiet_minute_is_not() {
        let mut traffic = Traffic::new();
        for minute in 0..10_200 {
            learn(
                &mut traffic,
                minute,
                40.0 + f64::from(i32::try_from(minute % 13).unwrap() - 6),
            );
        }
        traffic.turn_to(10_200);
        let [none, quiet, double] =
            [0.0, 25.0, 120.0].map(|value| traffic.predict(&point(10_200, value)));
        assert!(
            none.tails.at_most < 1e-8 && quiet.tails.at_most > 1e-3 && double.tails.at_least < 1e-7,
            "{none:?} {quiet:?} {double:?}"
        );
        assert!((none.expected - 40.0).abs() < 1.0, "{none:?}");
    }

    #[test]
    fn a_series_always_at_zero_expects_zero() {
        let mut traffic = Traffic::new();
        for minute in 0..3_000 {
            learn(&mut traffic, minute, 0.0);
        }
        traffic.turn_to(3_000);
        let prediction = traffic.predict(&point(3_000, 0.0));
        assert!(
            prediction.expected < 1e-9
                && prediction.tails.at_most > 0.5
                && prediction.tails.at_least > 0.5,
            "{prediction:?}"
        );
    }
}
