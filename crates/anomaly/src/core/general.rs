//! A series of unknown meaning: what [`crate::gauge`] says of a row, as a verdict.
//!
//! The detector of gauges is calibrated by itself and learns every row in its own way, so nothing of the other kinds'
//! machinery is between it and the verdict but the guards, two of the three tests, and what the series' dependence
//! leaves of the budget. There is no third test: an alternative needs a distribution, and nothing is known of one.
//! What creeps is for the detector's own statistics of drift.

use super::{Core, DEPLOY_MATTERS, LOOK, NEVER, SETTLED};
use crate::SnapshotError;
use crate::elementary::exp;
use crate::gauge::{Gauge, Reading, State as Said, Tuning};
use crate::input::Point;
use crate::judge::{Calibrated, Prediction, judge};
use crate::snapshot::{Reader, put_f64};
use crate::tails::Tails;
use crate::{Alarm, Input, Learning, State, Verdict};

/// A row this unlikely may begin something: those that follow are held against what was expected before it.
const NOTABLE: f64 = 0.01;

/// A detector, and what was expected before the rows that are notable now.
///
/// The detector's forecast follows a jump within a row or two, while its surprise stays. The floors ask how far the
/// series is from what it was, and so would a reader.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct General {
    gauge: Gauge,
    before: Option<Range>,
}

#[derive(Debug, Clone, Copy, PartialEq)]
struct Range {
    expected: f64,
    low: f64,
    high: f64,
}

impl General {
    pub(crate) fn new() -> Self {
        Self {
            gauge: Gauge::new(&Tuning::default()),
            before: None,
        }
    }

    fn step(&mut self, seconds: i64, value: Option<f64>) -> Reading {
        let mut reading = self.gauge.step(seconds, value);
        if !matches!(reading.state, Said::Ready) {
            return reading;
        }
        if tail(&reading) >= NOTABLE {
            self.before = None;
            return reading;
        }
        let before = *self.before.get_or_insert(Range {
            expected: reading.expected,
            low: reading.low,
            high: reading.high,
        });
        (reading.expected, reading.low, reading.high) = (before.expected, before.low, before.high);
        reading
    }

    pub(crate) fn encode(&self, out: &mut Vec<u8>) {
        out.push(u8::from(self.before.is_some()));
        if let Some(before) = self.before {
            for number in [before.expected, before.low, before.high] {
                put_f64(out, number);
            }
        }
        self.gauge.encode(out);
    }

    /// Reads to the end of the bytes.
    pub(crate) fn decode(reader: &mut Reader<'_>) -> Result<Self, SnapshotError> {
        let before = if reader.flag("whether something began")? {
            let range = Range {
                expected: reader.f64("what was expected before")?,
                low: reader.f64("what was low before")?,
                high: reader.f64("what was high before")?,
            };
            if !(range.low <= range.expected && range.expected <= range.high) {
                return Err(reader.damaged(format!("{range:?} is no range")));
            }
            Some(range)
        } else {
            None
        };
        let gauge = Gauge::decode(reader.rest(), &Tuning::default())?;
        Ok(Self { gauge, before })
    }
}

fn tail(reading: &Reading) -> f64 {
    exp(-std::f64::consts::LN_10 * reading.surprise).min(1.0)
}

/// A reading as the guards want it: its tail on the side on which the value lies, nothing on the other.
///
/// A surprise is of both sides at once; where both are watched half of it is each one's (they are added up again).
fn prediction(reading: &Reading, value: f64, both: bool) -> Prediction {
    let tail = if both { 0.5 } else { 1.0 } * tail(reading);
    let (above, below) = if value >= reading.expected {
        (tail, 1.0)
    } else {
        (1.0, tail)
    };
    Prediction {
        expected: reading.expected,
        low: reading.low,
        high: reading.high,
        tails: Tails {
            at_least: above,
            more: above,
            at_most: below,
            fewer: below,
        },
        deviate: (value - reading.expected) / reading.scale.max(f64::MIN_POSITIVE),
        ..Prediction::unknown(Some(value))
    }
}

impl Core {
    /// Judges a row, then learns it; see [`crate::Model::step`].
    pub(crate) fn step_gauge(
        &mut self,
        general: &mut General,
        input: &Input,
        verdict: &mut Verdict,
    ) {
        let point = Point::checked(self.kind, self.settings.missing(), input);
        let in_order = self.last == NEVER || point.minute > self.last;
        if in_order {
            self.last = point.minute;
        }
        let seconds = point.minute.saturating_mul(60);
        // A row that is not learned is judged by a copy: it must not even be noticed.
        let reading = if in_order {
            general.step(seconds, point.value)
        } else {
            general.clone().step(seconds, point.value)
        };
        let value = point.value.unwrap_or(reading.expected);
        let watch = self.settings.watch();
        let mut prediction = prediction(&reading, value, watch.high() && watch.low());
        prediction.samples = f64::from(self.learned);
        let tails = &prediction.tails;
        let calibrated = Calibrated {
            above: (tails.at_least, tails.more),
            below: (tails.at_most, tails.fewer),
        };
        let warm =
            self.learned >= self.settings.warm_up() && !matches!(reading.state, Said::WarmingUp);
        judge(
            self.kind,
            &self.settings,
            &point,
            &prediction,
            &calibrated,
            (warm, in_order),
            verdict,
        );
        let since_deploy = point.minute.saturating_sub(self.deployed);
        if self.deployed != NEVER && (0..=DEPLOY_MATTERS).contains(&since_deploy) {
            verdict.after_deploy = u32::try_from(since_deploy).ok();
        }
        if !in_order || verdict.state == State::Missing {
            return;
        }
        if warm {
            self.test_gauge(verdict, value >= reading.expected);
        }
        verdict.learning = Learning::Learned;
        if self.learned >= SETTLED {
            self.learn_dependence(prediction.deviate, verdict.tail);
        }
        self.learned = self.learned.saturating_add(1);
    }

    /// One minute, or two of three.
    fn test_gauge(&mut self, verdict: &mut Verdict, high: bool) {
        let open = verdict.gates.is_empty();
        let tail = if open { verdict.tail } else { 1.0 };
        let first = self
            .recent
            .add(verdict.minute, tail, high, &self.thresholds);
        (verdict.alarm, verdict.since) = if tail < self.thresholds.extreme {
            (Some(Alarm::Extreme), Some(first.unwrap_or(verdict.minute)))
        } else if first.is_some() {
            (Some(Alarm::Repeated), first)
        } else {
            return;
        };
        verdict.clear = false;
    }

    pub(super) fn learn_dependence(&mut self, deviate: f64, tail: f64) {
        // An incident is not how a series behaves: hours of one would temper what says that it is over.
        if !self.rise.is_raised() && !self.fall.is_raised() {
            self.dependence.learn(deviate, tail);
        }
        if self.learned.is_multiple_of(LOOK) {
            let follows = self.dependence.follows();
            // Equal until something is seen to follow: most series never get here.
            if follows > 0.0 || self.follows > 0.0 {
                self.follows = follows;
                self.thresholds = super::thresholds(&self.settings, follows);
            }
        }
    }
}
