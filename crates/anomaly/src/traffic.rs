//! Traffic: requests of a minute, on both sides of what the hour of the week brings.
//!
//! Expected = profile of the week × slow level. The count around it is negative binomial, with an extra variance
//! that is learned: people do not come like a Poisson process.

use crate::SnapshotError;
use crate::counts::Counts;
use crate::dispersion::{Allowance, Dispersion};
use crate::input::{MAX_COUNT, Point};
use crate::judge::{Baseline, Prediction};
use crate::season::Season;
use crate::shift::Accepted;
use crate::snapshot::{MOST, Reader, put_f64};
use crate::start::Start;

/// Half-life of the level in minutes of data: quicker than a week, slower than an incident.
const LEVEL_HALF_LIFE: f64 = 6.0 * 60.0;
/// Requests that the level's prior of 1 counts for.
const LEVEL_PRIOR: f64 = 10.0;
/// Traffic may vary by 17 % (√0.03) before anything is learned, and never by less than 7 %, which is how far a
/// profile of hours misses a curve.
const ALLOWANCE: Allowance = Allowance {
    prior: 0.03,
    least: 0.005,
    most: 1.0,
};
/// A new level is at most this many times the old one, up or down. Six hours of silence must not teach that the
/// service does not exist, or its first request would be an event.
const LARGEST_SHIFT: f64 = 20.0;

/// The state of one traffic series.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Traffic {
    start: Start,
    learned: Option<Box<Learned>>,
}

#[derive(Debug, Clone, PartialEq)]
struct Learned {
    season: Season,
    /// Discounted requests that came, and that the profile alone expected.
    seen: f64,
    expected: f64,
    dispersion: Dispersion,
}

impl Learned {
    fn mean(&self, minute: i64) -> f64 {
        let level = (self.seen + LEVEL_PRIOR) / (self.expected + LEVEL_PRIOR);
        (self.season.at(minute).max(0.0) * level).min(MAX_COUNT)
    }

    fn counts(&self, minute: i64) -> Counts {
        let mean = self.mean(minute);
        let phi = self.dispersion.get(ALLOWANCE);
        // What is not known of the profile adds to what the traffic varies by.
        let unknown = (1.0 / mean.max(1.0) + phi) / self.season.samples(minute).max(1.0);
        Counts::new(mean, 1.0 / (phi + unknown))
    }
}

impl Traffic {
    pub(crate) fn new() -> Self {
        Self {
            start: Start::new(),
            learned: None,
        }
    }

    pub(crate) fn encode(&self, out: &mut Vec<u8>) {
        match &self.learned {
            None => {
                out.push(0);
                self.start.encode(out);
            }
            Some(learned) => {
                out.push(1);
                learned.season.encode(out);
                put_f64(out, learned.seen);
                put_f64(out, learned.expected);
                learned.dispersion.encode(out);
            }
        }
    }

    pub(crate) fn decode(reader: &mut Reader<'_>) -> Result<Self, SnapshotError> {
        match reader.byte("traffic stage")? {
            0 => Ok(Self {
                start: Start::decode(reader)?,
                learned: None,
            }),
            1 => {
                let learned = Learned {
                    season: Season::decode(reader)?,
                    seen: reader.f64_in("requests seen", 0.0, MOST)?,
                    expected: reader.f64_in("requests expected", 0.0, MOST)?,
                    dispersion: Dispersion::decode(reader)?,
                };
                Ok(Self {
                    start: Start::new(),
                    learned: Some(Box::new(learned)),
                })
            }
            other => Err(reader.damaged(format!("traffic stage is {other}"))),
        }
    }
}

impl Baseline for Traffic {
    fn predict(&self, point: &Point) -> Prediction {
        let Some(learned) = &self.learned else {
            return Prediction::unknown(point.given);
        };
        let counts = learned.counts(point.minute);
        let (low, high) = counts.band();
        Prediction {
            expected: learned.mean(point.minute),
            low,
            high,
            above: point.value.map_or(1.0, |value| counts.at_least(value)),
            below: point.value.map_or(1.0, |value| counts.at_most(value)),
            // A count always has Poisson's spread.
            flat: false,
            samples: learned.season.samples(point.minute),
        }
    }

    fn learn(&mut self, point: &Point, value: f64) {
        let Some(learned) = &mut self.learned else {
            if let Some(median) = self.start.add(value) {
                let season = Season::flat(median, Start::MINUTES);
                self.start = Start::new();
                self.learned = Some(Box::new(Learned {
                    season,
                    seen: 0.0,
                    expected: 0.0,
                    dispersion: Dispersion::new(),
                }));
            }
            return;
        };
        let (low, high) = learned.counts(point.minute).band();
        let value = value.clamp(low, high);
        learned.dispersion.learn(value, learned.mean(point.minute));
        let keep = (-std::f64::consts::LN_2 / LEVEL_HALF_LIFE).exp();
        learned.seen = learned.seen * keep + value;
        learned.expected = learned.expected * keep + learned.season.at(point.minute).max(0.0);
        learned.season.learn(point.minute, value, 1.0);
    }

    fn evidence(&self, point: &Point, value: f64) -> (f64, f64) {
        self.learned.as_ref().map_or((0.0, 0.0), |learned| {
            (value, learned.season.at(point.minute).max(0.0))
        })
    }

    fn accept(&mut self, run: Accepted) {
        if let Some(learned) = &mut self.learned {
            let times = (run.top / run.bottom.max(1.0)).clamp(1.0 / LARGEST_SHIFT, LARGEST_SHIFT);
            learned
                .season
                .rebase(|count| (count * times).min(MAX_COUNT));
            (learned.seen, learned.expected) = (0.0, 0.0);
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
        }
    }

    #[test]
    fn silence_after_a_busy_week_is_extreme_and_a_quiet_minute_is_not() {
        let mut traffic = Traffic::new();
        for minute in 0..10_080 {
            let value = 40.0 + f64::from(i32::try_from(minute % 13).unwrap() - 6);
            traffic.learn(&point(minute, value), value);
        }
        let [none, quiet, double] =
            [0.0, 25.0, 120.0].map(|value| traffic.predict(&point(10_080, value)));
        assert!(
            none.below < 1e-8 && quiet.below > 1e-3 && double.above < 1e-7,
            "{none:?} {quiet:?} {double:?}"
        );
        assert!((none.expected - 40.0).abs() < 1.0, "{none:?}");
    }

    #[test]
    fn a_series_always_at_zero_expects_zero() {
        let mut traffic = Traffic::new();
        for minute in 0..3_000 {
            traffic.learn(&point(minute, 0.0), 0.0);
        }
        let prediction = traffic.predict(&point(3_000, 0.0));
        assert!(
            prediction.expected < 1e-9 && prediction.below > 0.5 && prediction.above > 0.5,
            "{prediction:?}"
        );
    }
}
