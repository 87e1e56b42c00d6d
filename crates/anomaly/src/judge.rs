//! From a prediction to a verdict: the guards, the same for every kind.

use crate::input::Point;
use crate::shift::Accepted;
use crate::snapshot::{MOST, Reader, put_f64};
use crate::tails::Tails;
use crate::{
    Direction, Gate, Gates, Kind, Learning, Settings, SnapshotError, State, Thresholds, Verdict,
};

/// What a baseline expects of a minute and how unlikely the value is, in the value's unit.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Prediction {
    pub(crate) expected: f64,
    pub(crate) low: f64,
    pub(crate) high: f64,
    /// By the model alone; 1 when unknown.
    pub(crate) tails: Tails,
    /// How many standard deviations the value lies above what is expected.
    pub(crate) deviate: f64,
    /// What likelihood ratios need: the mean and the shape of a count, the centre and the spread of a logarithm.
    pub(crate) mean: f64,
    pub(crate) shape: f64,
    /// One standard error of `mean`, as a share of it (of the spread, for a logarithm): what evidence must beat is the
    /// end of that range, since every minute errs alike.
    pub(crate) margin: f64,
    /// The baseline has never varied and the smallest spread stands in.
    pub(crate) flat: bool,
    /// What comes varies by more than itself: no minute can be foretold.
    pub(crate) irregular: bool,
    pub(crate) samples: f64,
}

impl Prediction {
    /// Nothing is known yet: everything is normal.
    pub(crate) fn unknown(value: Option<f64>) -> Self {
        Self {
            expected: value.unwrap_or(0.0),
            low: 0.0,
            high: f64::MAX,
            tails: Tails::UNKNOWN,
            deviate: 0.0,
            mean: 0.0,
            shape: 1.0,
            margin: 0.0,
            flat: false,
            irregular: false,
            samples: 0.0,
        }
    }
}

/// What minutes that are held back add up to, as a numerator and a denominator.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(crate) struct Sums {
    pub(crate) top: f64,
    pub(crate) bottom: f64,
    pub(crate) minutes: f64,
}

impl Sums {
    pub(crate) fn add(&mut self, top: f64, bottom: f64) {
        self.top += top;
        self.bottom += bottom;
        self.minutes += 1.0;
    }

    pub(crate) fn encode(&self, out: &mut Vec<u8>) {
        for number in [self.top, self.bottom, self.minutes] {
            put_f64(out, number);
        }
    }

    pub(crate) fn decode(reader: &mut Reader<'_>) -> Result<Self, SnapshotError> {
        Ok(Self {
            top: reader.f64_in("sum held back", -MOST, MOST)?,
            bottom: reader.f64_in("weight held back", 0.0, MOST)?,
            minutes: reader.f64_in("minutes held back", 0.0, MOST)?,
        })
    }
}

/// What each kind's model can do.
pub(crate) trait Baseline {
    /// Gets ready for a minute, before anything is asked about it.
    fn turn_to(&mut self, minute: i64);

    /// What is expected of this minute.
    fn predict(&self, point: &Point) -> Prediction;

    /// ln of how much more likely the value is under each alternative on this side.
    fn ratios(&self, point: &Point, value: f64, prediction: &Prediction, high: bool) -> [f64; 3];

    /// Learns a minute that does not breach, winsorised to the normal range of its prediction.
    fn learn(&mut self, point: &Point, value: f64, prediction: &Prediction);

    /// Takes notice of a minute that is not learned: what comes every week must not be an incident every week because it
    /// was one the first time.
    fn acquaint(&mut self, _point: &Point, _value: f64, _prediction: &Prediction) {}

    /// Keeps a minute aside that may be part of a fault.
    fn hold(&mut self, point: &Point, value: f64, prediction: &Prediction);

    /// Learns what was kept aside.
    fn release(&mut self);

    /// What is kept aside.
    fn held(&mut self) -> &mut Sums;

    /// What a minute says about a new level, as a numerator and a denominator to be summed over a run.
    fn evidence(&self, point: &Point, value: f64) -> (f64, f64);

    /// Takes the level that a run's sums speak of.
    fn accept(&mut self, run: Accepted);
}

/// Calibrated tails: of at least (at most) the value, and beyond it. Of a side that is not watched the model's own.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Calibrated {
    pub(crate) above: (f64, f64),
    pub(crate) below: (f64, f64),
}

/// A verdict that says nothing yet.
#[inline(always)]
pub(crate) fn nothing(minute: i64, thresholds: Thresholds) -> Verdict {
    Verdict {
        minute,
        value: None,
        weight: 0.0,
        expected: 0.0,
        low: 0.0,
        high: f64::MAX,
        tail: 1.0,
        beyond: 1.0,
        model_tail: 1.0,
        direction: Direction::None,
        state: State::Missing,
        gates: Gates::default(),
        breaching: false,
        clear: false,
        level_shift: false,
        samples: 0.0,
        alarm: None,
        since: None,
        thresholds,
        evidence: 0.0,
        run: None,
        learning: Learning::Nothing,
        assumed_zero: false,
        after_deploy: None,
        irregular: false,
    }
}

/// Completes the verdict on a point; whether it is extreme (`Some(high?)`) whatever the guards say.
#[inline(always)]
pub(crate) fn judge(
    kind: Kind,
    settings: &Settings,
    point: &Point,
    prediction: &Prediction,
    calibrated: &Calibrated,
    (warm, in_order): (bool, bool),
    verdict: &mut Verdict,
) -> Option<bool> {
    verdict.value = point.given;
    verdict.weight = point.weight;
    verdict.expected = prediction.expected;
    verdict.low = prediction.low;
    verdict.high = prediction.high;
    verdict.samples = prediction.samples;
    verdict.assumed_zero = point.assumed_zero;
    let value = point.given?;
    let watch = settings.watch();
    let (above, below) = (calibrated.above, calibrated.below);
    let tails = &prediction.tails;
    (verdict.tail, verdict.beyond, verdict.model_tail) = match (watch.high(), watch.low()) {
        (true, true) if above.0 <= below.0 => (2.0 * above.0, 2.0 * above.1, 2.0 * tails.at_least),
        (true, true) => (2.0 * below.0, 2.0 * below.1, 2.0 * tails.at_most),
        (true, false) => (above.0, above.1, tails.at_least),
        (false, _) => (below.0, below.1, tails.at_most),
    };
    verdict.tail = verdict.tail.min(1.0);
    verdict.beyond = verdict.beyond.min(verdict.tail);
    verdict.model_tail = verdict.model_tail.min(1.0);
    let tail = verdict.tail;
    let extreme = if above.0 < settings.tail() {
        Some(true)
    } else if below.0 < settings.tail() {
        Some(false)
    } else {
        None
    };
    let unlikely = tail < settings.tail();
    // Floors are asked of every minute that a test could alarm on.
    let notable = tail < settings.tail().max(verdict.thresholds.repeated);

    let mut gates = Gates::default();
    if !warm {
        gates.insert(Gate::WarmUp);
    }
    if !in_order {
        gates.insert(Gate::OutOfOrder);
    }
    let traffic = if kind == Kind::Traffic {
        value.max(prediction.expected)
    } else {
        point.weight
    };
    if traffic < settings.min_weight() {
        gates.insert(Gate::MinimumTraffic);
    }
    let away = (value - prediction.expected).abs();
    let scale = match kind {
        Kind::Errors | Kind::Throttles => point.weight,
        Kind::Latency | Kind::Traffic => prediction.expected,
        Kind::Gauge => prediction.expected.abs(),
    };
    let relative_floor = settings.relative_floor() * scale;
    if notable && away < settings.absolute_floor() {
        gates.insert(Gate::AbsoluteFloor);
    }
    if notable && away < relative_floor {
        gates.insert(Gate::RelativeFloor);
    }
    if !notable && extreme.is_some() {
        gates.insert(Gate::Direction);
    }
    // Exactly equal is what a flat line is.
    if prediction.flat && !unlikely && extreme.is_none() && away > 1e-6 * prediction.expected {
        gates.insert(Gate::FlatLine);
    }

    verdict.direction = if value > prediction.high {
        Direction::High
    } else if value < prediction.low {
        Direction::Low
    } else {
        Direction::None
    };
    verdict.state = if warm { State::Ready } else { State::WarmingUp };
    verdict.gates = gates;
    verdict.irregular = prediction.irregular;
    verdict.breaching = unlikely && gates.is_empty() && !prediction.irregular;
    let small = away < 0.5 * settings.absolute_floor().max(relative_floor);
    let judged = warm && in_order && !gates.contains(Gate::MinimumTraffic);
    verdict.clear = judged && !verdict.breaching && (tail > settings.clear_tail() || small);
    extreme
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Input, Missing, Watch};

    const EXPECTED: f64 = 100.0;

    fn judged(
        kind: Kind,
        value: f64,
        weight: f64,
        above: f64,
        watch: Watch,
        warm: bool,
    ) -> Verdict {
        let point = Point::checked(
            kind,
            Missing::Unknown,
            &Input {
                minute: 1,
                value: Some(value),
                weight,
            },
        );
        let below = 1.0 - above;
        let prediction = Prediction {
            expected: EXPECTED,
            low: 60.0,
            high: 160.0,
            ..Prediction::unknown(None)
        };
        let calibrated = Calibrated {
            above: (above, above),
            below: (below, below),
        };
        let mut verdict = empty();
        judge(
            kind,
            &Settings::for_kind(kind).with_watch(watch),
            &point,
            &prediction,
            &calibrated,
            (warm, true),
            &mut verdict,
        );
        verdict
    }

    fn empty() -> Verdict {
        nothing(1, crate::Budget::default().thresholds(1.0, 0.0))
    }

    #[test]
    fn each_guard_speaks_when_it_should() {
        use Kind::{Errors, Latency, Traffic};
        use Watch::{Both, High, Low};
        for (name, verdict, gates, breaching, clear) in [
            (
                "far and unlikely",
                judged(Latency, 300.0, 40.0, 1e-9, High, true),
                "none",
                true,
                false,
            ),
            (
                "normal",
                judged(Latency, 105.0, 40.0, 0.4, High, true),
                "none",
                false,
                true,
            ),
            (
                "between the thresholds",
                judged(Latency, 150.0, 40.0, 1e-3, High, true),
                "none",
                false,
                false,
            ),
            (
                "few samples",
                judged(Latency, 300.0, 9.0, 1e-9, High, true),
                "minimum traffic",
                false,
                false,
            ),
            (
                "few samples and normal",
                judged(Latency, 105.0, 9.0, 0.4, High, true),
                "minimum traffic",
                false,
                false,
            ),
            (
                "warming up",
                judged(Latency, 300.0, 40.0, 1e-9, High, false),
                "warm-up",
                false,
                false,
            ),
            (
                "small share",
                judged(Latency, 125.0, 40.0, 1e-9, High, true),
                "relative floor",
                false,
                false,
            ),
            (
                "small",
                judged(Latency, 114.0, 40.0, 1e-9, High, true),
                "absolute floor, relative floor",
                false,
                true,
            ),
            (
                "faster",
                judged(Latency, 20.0, 40.0, 1.0, High, true),
                "direction",
                false,
                true,
            ),
            (
                "faster, watched",
                judged(Latency, 20.0, 40.0, 1.0, Low, true),
                "none",
                true,
                false,
            ),
            (
                "errors, small rate",
                judged(Errors, 180.0, 1e4, 1e-9, High, true),
                "relative floor",
                false,
                false,
            ),
            (
                "traffic up",
                judged(Traffic, 900.0, 1.0, 1e-9, Both, true),
                "none",
                true,
                false,
            ),
            (
                "traffic down",
                judged(Traffic, 0.0, 1.0, 1.0, Both, true),
                "none",
                true,
                false,
            ),
        ] {
            assert_eq!(verdict.gates.to_string(), gates, "{name}");
            assert_eq!(
                (verdict.breaching, verdict.clear),
                (breaching, clear),
                "{name}"
            );
        }
    }

    #[test]
    fn a_missing_value_is_neither_breaching_nor_clear() {
        for value in [None, Some(f64::NAN), Some(-1.0)] {
            let point = Point::checked(
                Kind::Traffic,
                Missing::Unknown,
                &Input {
                    minute: 1,
                    value,
                    weight: 1.0,
                },
            );
            let prediction = Prediction::unknown(None);
            let mut verdict = empty();
            let extreme = judge(
                Kind::Traffic,
                &Settings::for_kind(Kind::Traffic),
                &point,
                &prediction,
                &Calibrated {
                    above: (1.0, 1.0),
                    below: (1.0, 1.0),
                },
                (true, true),
                &mut verdict,
            );
            assert_eq!(
                (verdict.state, verdict.breaching, verdict.clear),
                (State::Missing, false, false)
            );
            assert_eq!((verdict.tail, verdict.value, extreme), (1.0, None, None));
        }
    }
}
