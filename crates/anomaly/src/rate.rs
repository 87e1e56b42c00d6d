//! Failures per attempt, as a Gamma–Poisson model: shared by errors and throttles.
//!
//! The rate has a Gamma distribution whose evidence fades; the count of a minute given its attempts is then
//! negative binomial (Gelman et al., *Bayesian Data Analysis*, 3rd ed., §2.6). A z-score on a ratio of few attempts
//! would be wrong; this counts.

use crate::SnapshotError;
use crate::counts::Counts;
use crate::dispersion::{Allowance, Dispersion};
use crate::input::Point;
use crate::judge::{Baseline, Prediction};
use crate::shift::Accepted;
use crate::snapshot::{MOST, Reader, put_f64};

/// Minutes over which evidence halves: three days.
const HALF_LIFE: f64 = 3.0 * 24.0 * 60.0;
/// Failures come in bursts (a bad host, one client): their rate may vary by 30 % (√0.1) unless history says more.
const ALLOWANCE: Allowance = Allowance {
    prior: 0.1,
    least: 0.02,
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
}

impl Rate {
    pub(crate) fn new(prior: &'static Prior) -> Self {
        Self {
            prior,
            failures: 0.0,
            attempts: 0.0,
            minutes: 0.0,
            dispersion: Dispersion::new(),
        }
    }

    fn rate(&self) -> f64 {
        let rate = (self.failures + self.prior.failures) / (self.attempts + self.prior.attempts);
        rate.clamp(self.prior.least_rate, 1.0)
    }

    fn counts(&self, attempts: f64) -> Counts {
        // Relative variance of the rate: what it varies by, and what is not known of it.
        let unknown = 1.0 / (self.failures + self.prior.failures);
        Counts::new(
            self.rate() * attempts,
            1.0 / (self.dispersion.get(ALLOWANCE) + unknown),
        )
    }

    pub(crate) fn encode(&self, out: &mut Vec<u8>) {
        for number in [self.failures, self.attempts, self.minutes] {
            put_f64(out, number);
        }
        self.dispersion.encode(out);
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
        })
    }
}

impl Baseline for Rate {
    fn predict(&self, point: &Point) -> Prediction {
        let counts = self.counts(point.weight);
        let (low, high) = counts.band();
        Prediction {
            expected: self.rate() * point.weight,
            low,
            high,
            above: point.value.map_or(1.0, |value| counts.at_least(value)),
            below: point.value.map_or(1.0, |value| counts.at_most(value)),
            flat: false,
            samples: self.minutes,
        }
    }

    fn learn(&mut self, point: &Point, value: f64) {
        if point.weight <= 0.0 {
            return;
        }
        let (low, high) = self.counts(point.weight).band();
        let value = value.clamp(low, high);
        let keep = (-std::f64::consts::LN_2 / HALF_LIFE).exp();
        self.dispersion.learn(value, self.rate() * point.weight);
        self.failures = self.failures * keep + value;
        self.attempts = self.attempts * keep + point.weight;
        self.minutes = self.minutes * keep + 1.0;
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
        }
    }

    #[test]
    fn the_rate_is_found_and_the_tail_falls_with_the_count() {
        let mut rate = Rate::new(&PRIOR);
        for minute in 0..20_000 {
            rate.learn(&point(0.0, 50.0), if minute % 2 == 0 { 1.0 } else { 0.0 });
        }
        let predictions = [1.0, 3.0, 5.0, 10.0].map(|count| rate.predict(&point(count, 100.0)));
        assert!(
            (predictions[0].expected - 1.0).abs() < 0.1,
            "{:?}",
            predictions[0]
        );
        assert!(predictions.is_sorted_by(|a, b| a.above > b.above));
        assert!(predictions[3].above < 1e-5, "{:?}", predictions[3]);
    }

    #[test]
    fn a_service_that_never_failed_shrugs_at_one_error() {
        let mut rate = Rate::new(&PRIOR);
        for _ in 0..20_000 {
            rate.learn(&point(0.0, 40.0), 0.0);
        }
        let [one, ten] = [1.0, 10.0].map(|count| rate.predict(&point(count, 40.0)).above);
        assert!(one > 1e-3 && ten < 1e-9, "{one} {ten}");
    }

    #[test]
    fn more_attempts_make_the_same_count_less_unlikely() {
        let rate = Rate::new(&PRIOR);
        let [few, many] =
            [40.0, 40_000.0].map(|attempts| rate.predict(&point(8.0, attempts)).above);
        assert!(few < 1e-5 && many > 0.1, "{few} {many}");
    }
}
