//! Failures per attempt, shared by errors and throttles: a rate whose evidence fades, and a beta-binomial around it.
//!
//! The rate has a Beta distribution of discounted failures and attempts; the count of a minute given its attempts
//! is then beta-binomial (Gelman et al., *Bayesian Data Analysis*, 3rd ed., §2.4 and §5.3). Its relative variance is
//! what the rate varies by from minute to minute, plus what is not known of it.

use crate::SnapshotError;
use crate::counts::band;
use crate::dispersion::{Allowance, Dispersion};
use crate::evidence::{FEWER, MORE, MOST_RATIO};
use crate::input::Point;
use crate::judge::{Baseline, Prediction, Sums};
use crate::proportion::Proportion;
use crate::ratios::{Alternatives, against};
use crate::shift::Accepted;
use crate::snapshot::{MOST, Reader, put_f64};
use crate::tails::Tails;

/// What a minute keeps of the evidence: 2^(−1/4,320), so that it halves in three days.
const KEEP: f64 = 0.999_839_562_135_290_2;
/// Failures come in bursts (a bad host, one client): their rate may vary by 22 % (√0.05) unless history says more.
const ALLOWANCE: Allowance = Allowance {
    prior: 0.05,
    least: 1e-4,
    most: 1.0,
};

/// What is believed before any evidence.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Prior {
    /// Failures seen in imagination.
    pub(crate) failures: f64,
    /// Attempts they were seen in.
    pub(crate) attempts: f64,
    /// The expected rate never falls below: a service that never failed may still fail now and then.
    pub(crate) least_rate: f64,
}

/// Discounted failures and attempts.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Rate {
    prior: &'static Prior,
    failures: f64,
    attempts: f64,
    minutes: f64,
    dispersion: Dispersion,
    held: Sums,
    /// What all this comes to, and minutes since it was last asked.
    known: Known,
    age: u8,
}

/// Minutes over which what is known is as good as new, once there is some.
const REFRESH: u8 = 16;
const SOME: f64 = 480.0;

#[derive(Debug, Clone, Copy, PartialEq)]
struct Known {
    proportion: Proportion,
    /// The relative variance of what is not known of the rate, and of the rate from minute to minute.
    unknown: f64,
    varies: f64,
    /// √unknown, 1 / varies.
    margin: f64,
    shape: f64,
    more: Alternatives,
}

static RARER: Alternatives = Alternatives::new(FEWER);

/// What is looked for above a rate.
fn more(rate: f64) -> Alternatives {
    // A service that never fails has no rate to multiply: two percent are a fault of any.
    let largest = (0.02 / rate).clamp(MORE[2], MOST_RATIO);
    let room = (0.9 / rate).max(1.05);
    Alternatives::new([MORE[0], MORE[1], largest].map(|times| times.min(room)))
}

impl Known {
    fn new(rate: f64, unknown: f64, varies: f64) -> Self {
        Self {
            proportion: Proportion::new(rate, varies + unknown),
            unknown,
            varies,
            margin: unknown.sqrt(),
            shape: 1.0 / varies,
            more: more(rate.max(1e-12)),
        }
    }
}

impl Rate {
    pub(crate) fn new(prior: &'static Prior) -> Self {
        let mut rate = Self {
            prior,
            failures: 0.0,
            attempts: 0.0,
            minutes: 0.0,
            dispersion: Dispersion::new(),
            held: Sums::default(),
            known: Known::new(0.5, 1.0, 1.0),
            age: 0,
        };
        rate.refresh();
        rate
    }

    fn refresh(&mut self) {
        let rate = (self.failures + self.prior.failures) / (self.attempts + self.prior.attempts);
        let rate = rate.clamp(self.prior.least_rate, 1.0);
        let unknown = 1.0 / (self.failures + self.prior.failures);
        self.known = Known::new(rate, unknown, self.dispersion.get(ALLOWANCE));
        self.age = 0;
    }

    fn rate(&self) -> f64 {
        self.known.proportion.rate()
    }

    pub(crate) fn encode(&self, out: &mut Vec<u8>) {
        for number in [self.failures, self.attempts, self.minutes] {
            put_f64(out, number);
        }
        self.dispersion.encode(out);
        self.held.encode(out);
        for number in [self.rate(), self.known.unknown, self.known.varies] {
            put_f64(out, number);
        }
        out.push(self.age);
    }

    pub(crate) fn decode(
        prior: &'static Prior,
        reader: &mut Reader<'_>,
    ) -> Result<Self, SnapshotError> {
        Ok(Self {
            prior,
            failures: reader.f64_in("failures", 0.0, MOST)?,
            attempts: reader.f64_in("attempts", 0.0, MOST)?,
            minutes: reader.f64_in("minutes", 0.0, MOST)?,
            dispersion: Dispersion::decode(reader)?,
            held: Sums::decode(reader)?,
            known: Known::new(
                reader.f64_in("rate", 0.0, 1.0)?,
                reader.f64_in("what is not known of the rate", 0.0, 1e9)?,
                reader.f64_in("variation of the rate", ALLOWANCE.least, ALLOWANCE.most)?,
            ),
            age: reader.byte("age of the rate")?,
        })
    }
}

impl Baseline for Rate {
    fn turn_to(&mut self, _minute: i64) {}

    #[inline]
    fn predict(&self, point: &Point) -> Prediction {
        let known = &self.known;
        let mean = known.proportion.rate() * point.weight;
        let deviation = known.proportion.variance(point.weight).max(1e-12).sqrt();
        let positive = mean.max(1e-12);
        let (low, high) = band(positive, deviation / positive);
        let (tails, deviate) = point.value.map_or((Tails::UNKNOWN, 0.0), |value| {
            (
                known.proportion.tails(point.weight, value),
                (value - mean) / deviation,
            )
        });
        Prediction {
            expected: mean,
            low,
            high: high.min(point.weight.max(1.0)),
            tails,
            deviate,
            mean,
            shape: known.shape,
            margin: known.margin,
            flat: false,
            irregular: false,
            samples: self.minutes,
        }
    }

    #[inline]
    fn ratios(&self, _point: &Point, value: f64, prediction: &Prediction, high: bool) -> [f64; 3] {
        let alternatives = if high { &self.known.more } else { &RARER };
        against(value, prediction, high, alternatives)
    }

    fn learn(&mut self, point: &Point, value: f64, prediction: &Prediction) {
        if point.weight <= 0.0 {
            return;
        }
        let value = value.clamp(prediction.low, prediction.high.max(4.0));
        let rate = self.rate();
        let mean = rate * point.weight;
        self.dispersion.learn(value, mean, mean * (1.0 - rate));
        self.failures = self.failures * KEEP + value;
        self.attempts = self.attempts * KEEP + point.weight;
        self.minutes = self.minutes * KEEP + 1.0;
        self.age = self.age.saturating_add(1);
        if self.age >= REFRESH || self.minutes < SOME {
            self.refresh();
        }
    }

    fn hold(&mut self, point: &Point, value: f64, _prediction: &Prediction) {
        self.held.add(value, point.weight);
    }

    fn release(&mut self) {
        self.failures += self.held.top;
        self.attempts += self.held.bottom;
        self.minutes += self.held.minutes;
        self.held = Sums::default();
        self.refresh();
    }

    fn held(&mut self) -> &mut Sums {
        &mut self.held
    }

    fn evidence(&self, point: &Point, value: f64) -> (f64, f64) {
        (value, point.weight)
    }

    fn accept(&mut self, run: Accepted) {
        *self = Self {
            failures: run.top,
            attempts: run.bottom,
            minutes: self.minutes,
            ..Self::new(self.prior)
        };
        self.refresh();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    static PRIOR: Prior = Prior {
        failures: 0.5,
        attempts: 500.0,
        least_rate: 5e-4,
    };

    fn point(value: f64, weight: f64) -> Point {
        Point {
            minute: 0,
            given: Some(value),
            value: Some(value),
            weight,
            assumed_zero: false,
        }
    }

    fn learn(rate: &mut Rate, value: f64, weight: f64) {
        let point = point(value, weight);
        let prediction = rate.predict(&point);
        rate.learn(&point, value, &prediction);
    }

    #[test]
    fn the_memory_halves_in_three_days() {
        assert!((KEEP.powi(4_320) - 0.5).abs() < 1e-9);
    }

    #[test]
    fn the_rate_is_found_and_the_tail_falls_with_the_count() {
        let mut rate = Rate::new(&PRIOR);
        for minute in 0..20_000 {
            learn(&mut rate, if minute % 2 == 0 { 1.0 } else { 0.0 }, 50.0);
        }
        let predictions = [1.0, 3.0, 5.0, 10.0].map(|count| rate.predict(&point(count, 100.0)));
        assert!(
            (predictions[0].expected - 1.0).abs() < 0.1,
            "{:?}",
            predictions[0]
        );
        assert!(predictions.is_sorted_by(|a, b| a.tails.at_least > b.tails.at_least));
        assert!(predictions[3].tails.at_least < 1e-5, "{:?}", predictions[3]);
    }

    #[test]
    fn a_service_that_never_failed_shrugs_at_one_error() {
        let mut rate = Rate::new(&PRIOR);
        for _ in 0..20_000 {
            learn(&mut rate, 0.0, 40.0);
        }
        let [one, ten] = [1.0, 10.0].map(|count| rate.predict(&point(count, 40.0)).tails.at_least);
        assert!(one > 1e-3 && ten < 1e-9, "{one} {ten}");
    }

    #[test]
    fn more_attempts_make_the_same_count_less_unlikely() {
        let rate = Rate::new(&PRIOR);
        let [few, many] =
            [40.0, 40_000.0].map(|attempts| rate.predict(&point(8.0, attempts)).tails.at_least);
        assert!(few < 1e-5 && many > 0.1, "{few} {many}");
    }

    #[test]
    fn what_was_held_back_is_learned_when_it_is_released_and_forgotten_when_dropped() {
        let mut rate = Rate::new(&PRIOR);
        let minute = point(5.0, 100.0);
        let prediction = rate.predict(&minute);
        rate.hold(&minute, 5.0, &prediction);
        assert!(rate.rate() < 2e-3);
        let mut dropped = rate.clone();
        *dropped.held() = Sums::default();
        dropped.release();
        rate.release();
        assert!((rate.rate() - 5.5 / 600.0).abs() < 1e-9 && dropped.rate() < 2e-3);
    }
}
