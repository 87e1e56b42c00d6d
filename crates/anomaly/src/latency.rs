//! Latency: a percentile of few or many samples, in log scale.
//!
//! ln(ms) = profile of the week + slow level + noise. The noise has the variance s²·(1 + N₀/n) for a percentile
//! of n samples: sampling noise falls with 1/n, what is left is the service itself. s is learned; the tail is
//! Student's t, because real latencies have more far minutes than a normal distribution allows.

use statrs::distribution::{ContinuousCDF, StudentsT};

use crate::SnapshotError;
use crate::input::Point;
use crate::judge::{Baseline, Prediction};
use crate::season::Season;
use crate::shift::Accepted;
use crate::snapshot::{MOST, Reader, put_f64};
use crate::start::Start;

/// N₀: the sample count at which sampling noise is as large as everything else. A p90 of log-normal samples with
/// σ = 0.35–0.6 has a standard error of 1.7·σ/√n (asymptotic variance of a quantile, q(1−q)/(n·f²)), which at 200
/// samples is the 4–7 % that quiet services still move from minute to minute.
const HALF_NOISE: f64 = 200.0;
/// Degrees of freedom: at twelve, five standard deviations come once in 6,500 minutes instead of once in 3,500,000.
/// Percentiles of log-normal samples need less (at 8 a simulated 1e-3 came 20 times too rarely), real services
/// have worse minutes than those.
const FREEDOM: f64 = 12.0;
/// Student's t with twelve degrees of freedom at 0.999: the ends of the normal range.
const BAND: f64 = 3.929_6;
/// Spread before anything is learned, per √(1 + N₀/n): 20 % at 40 samples.
const PRIOR_SPREAD: f64 = 0.08;
/// Minutes that the prior counts for.
const PRIOR_MINUTES: f64 = 30.0;
/// No spread is smaller: half a bucket of the histogram that percentiles are read from (1/64).
const LEAST_SPREAD: f64 = 1.0 / 64.0;
/// Residuals beyond this many spreads count as this many, for the spread and for the level.
const WINSOR: f64 = 3.0;
/// The mean absolute deviation of a normal distribution is this share of its standard deviation: √(2/π).
const MEAN_ABSOLUTE: f64 = 0.797_884_560_8;
/// Memory of the spread in minutes of data: three days.
const SPREAD_MEMORY: f64 = 3.0 * 24.0 * 60.0;
/// Half-life of the level in minutes of data: slower than any incident, quicker than a week.
const LEVEL_HALF_LIFE: f64 = 6.0 * 60.0;
/// A percentile of this many samples tells half as much as one of very many.
const HALF_INFORMATION: f64 = 20.0;

/// The state of one latency series; values are logarithms of milliseconds.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Latency {
    start: Start,
    learned: Option<Box<Learned>>,
}

#[derive(Debug, Clone, PartialEq)]
struct Learned {
    season: Season,
    /// How far the last hours lie above the profile.
    level: f64,
    /// s, learned without its floor.
    spread: f64,
    /// Minutes behind `spread`.
    minutes: f64,
}

impl Learned {
    fn centre(&self, minute: i64) -> f64 {
        self.season.at(minute) + self.level
    }

    fn spread_at(&self, minute: i64, samples: f64) -> f64 {
        let baseline = 1.0 + 1.0 / self.season.samples(minute).max(1.0);
        (self.spread * noise(samples) * baseline.sqrt()).max(LEAST_SPREAD)
    }
}

/// √(1 + N₀/n).
fn noise(samples: f64) -> f64 {
    (1.0 + HALF_NOISE / samples.max(1.0)).sqrt()
}

fn above(t: f64) -> f64 {
    // Location 0, scale 1 and twelve degrees of freedom are valid; 1 (not unlikely) could only mean they were not.
    StudentsT::new(0.0, 1.0, FREEDOM)
        .map_or(1.0, |student| student.sf(t))
        .clamp(f64::MIN_POSITIVE, 1.0)
}

fn milliseconds(log: f64) -> f64 {
    log.exp().min(f64::MAX)
}

impl Latency {
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
                for number in [learned.level, learned.spread, learned.minutes] {
                    put_f64(out, number);
                }
            }
        }
    }

    pub(crate) fn decode(reader: &mut Reader<'_>) -> Result<Self, SnapshotError> {
        match reader.byte("latency stage")? {
            0 => Ok(Self {
                start: Start::decode(reader)?,
                learned: None,
            }),
            1 => {
                let learned = Learned {
                    season: Season::decode(reader)?,
                    level: reader.f64_in("level", -MOST, MOST)?,
                    spread: reader.f64_in("spread", 0.0, MOST)?,
                    minutes: reader.f64_in("minutes", 0.0, MOST)?,
                };
                Ok(Self {
                    start: Start::new(),
                    learned: Some(Box::new(learned)),
                })
            }
            other => Err(reader.damaged(format!("latency stage is {other}"))),
        }
    }
}

impl Baseline for Latency {
    fn predict(&self, point: &Point) -> Prediction {
        let Some(learned) = &self.learned else {
            return Prediction::unknown(point.given);
        };
        let centre = learned.centre(point.minute);
        let spread = learned.spread_at(point.minute, point.weight);
        let t = point.value.map(|value| (value - centre) / spread);
        Prediction {
            expected: milliseconds(centre),
            low: milliseconds(centre - BAND * spread),
            high: milliseconds(centre + BAND * spread),
            above: t.map_or(1.0, above),
            below: t.map_or(1.0, |t| above(-t)),
            flat: learned.spread * noise(point.weight) < LEAST_SPREAD,
            samples: learned.season.samples(point.minute),
        }
    }

    fn learn(&mut self, point: &Point, value: f64) {
        if point.weight <= 0.0 {
            return;
        }
        let Some(learned) = &mut self.learned else {
            if let Some(median) = self.start.add(value) {
                let season = Season::flat(median, Start::MINUTES);
                self.start = Start::new();
                self.learned = Some(Box::new(Learned {
                    season,
                    level: 0.0,
                    spread: PRIOR_SPREAD,
                    minutes: PRIOR_MINUTES,
                }));
            }
            return;
        };
        let centre = learned.centre(point.minute);
        let noise = noise(point.weight);
        let bound = WINSOR * learned.spread_at(point.minute, point.weight);
        let residual = (value - centre).clamp(-bound, bound);
        let information = point.weight / (point.weight + HALF_INFORMATION);

        learned.minutes = (learned.minutes + 1.0).min(SPREAD_MEMORY);
        let spread = residual.abs() / noise / MEAN_ABSOLUTE;
        learned.spread += (spread - learned.spread) / learned.minutes;

        let value = centre + residual;
        let season = learned.season.at(point.minute);
        let step = information * (1.0 - (-std::f64::consts::LN_2 / LEVEL_HALF_LIFE).exp());
        learned.level += step * (value - season - learned.level);
        learned.season.learn(point.minute, value, information);
    }

    fn evidence(&self, point: &Point, value: f64) -> (f64, f64) {
        self.learned.as_ref().map_or((0.0, 0.0), |learned| {
            (value - learned.centre(point.minute), 1.0)
        })
    }

    fn accept(&mut self, run: Accepted) {
        if let Some(learned) = &mut self.learned
            && run.bottom > 0.0
        {
            let moved = run.top / run.bottom + learned.level;
            learned.season.rebase(|value| value + moved);
            learned.level = 0.0;
            learned.minutes = PRIOR_MINUTES;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_band_is_the_quantile_it_says() {
        let student = StudentsT::new(0.0, 1.0, FREEDOM).unwrap();
        assert!((student.inverse_cdf(0.999) - BAND).abs() < 1e-3);
        assert!((above(BAND) - 1e-3).abs() < 1e-6);
    }

    #[test]
    fn fewer_samples_allow_a_wider_range() {
        let mut latency = Latency::new();
        let point = |value: f64, weight| Point {
            minute: 0,
            given: Some(value.exp()),
            value: Some(value),
            weight,
        };
        for step in 0..2_000 {
            latency.learn(
                &point(if step % 2 == 0 { 4.0 } else { 4.2 }, 40.0),
                if step % 2 == 0 { 4.0 } else { 4.2 },
            );
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
