//! From a prediction to a verdict: the guards, the same for every kind.

use crate::input::Point;
use crate::shift::Accepted;
use crate::{Direction, Gate, Gates, Kind, Settings, State, Verdict};

/// What a baseline expects of a minute and how unlikely the value is, in the value's unit.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Prediction {
    pub(crate) expected: f64,
    pub(crate) low: f64,
    pub(crate) high: f64,
    /// P(at least the value); 1 when unknown.
    pub(crate) above: f64,
    /// P(at most the value); 1 when unknown.
    pub(crate) below: f64,
    /// The baseline has never varied and the smallest spread stands in.
    pub(crate) flat: bool,
    pub(crate) samples: f64,
}

impl Prediction {
    /// Nothing is known yet: everything is normal.
    pub(crate) fn unknown(value: Option<f64>) -> Self {
        Self {
            expected: value.unwrap_or(0.0),
            low: 0.0,
            high: f64::MAX,
            above: 1.0,
            below: 1.0,
            flat: false,
            samples: 0.0,
        }
    }
}

/// What each kind's model can do.
pub(crate) trait Baseline {
    /// What is expected of this minute.
    fn predict(&self, point: &Point) -> Prediction;

    /// Learns a minute that does not breach, winsorised to the normal range of its prediction.
    fn learn(&mut self, point: &Point, value: f64);

    /// What a minute says about a new level, as a numerator and a denominator to be summed over a run.
    fn evidence(&self, point: &Point, value: f64) -> (f64, f64);

    /// Takes the level that a run's sums speak of.
    fn accept(&mut self, run: Accepted);
}

/// The verdict on a point, and whether it is extreme (`Some(high?)`) whatever the guards say.
pub(crate) fn judge(
    kind: Kind,
    settings: &Settings,
    point: &Point,
    prediction: &Prediction,
    (warm, in_order): (bool, bool),
) -> (Verdict, Option<bool>) {
    let Some(value) = point.given else {
        return (
            verdict(
                point,
                prediction,
                1.0,
                Direction::None,
                State::Missing,
                Gates::default(),
            ),
            None,
        );
    };
    let watch = settings.watch();
    let tail = match (watch.high(), watch.low()) {
        (true, true) => (2.0 * prediction.above.min(prediction.below)).min(1.0),
        (true, false) => prediction.above,
        (false, _) => prediction.below,
    };
    let extreme = if prediction.above < settings.tail() {
        Some(true)
    } else if prediction.below < settings.tail() {
        Some(false)
    } else {
        None
    };
    let unlikely = tail < settings.tail();

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
    };
    let relative_floor = settings.relative_floor() * scale;
    if unlikely && away < settings.absolute_floor() {
        gates.insert(Gate::AbsoluteFloor);
    }
    if unlikely && away < relative_floor {
        gates.insert(Gate::RelativeFloor);
    }
    if !unlikely && extreme.is_some() {
        gates.insert(Gate::Direction);
    }
    // Exactly equal is what a flat line is.
    if prediction.flat && !unlikely && extreme.is_none() && away > 1e-6 * prediction.expected {
        gates.insert(Gate::FlatLine);
    }

    let direction = if value > prediction.high {
        Direction::High
    } else if value < prediction.low {
        Direction::Low
    } else {
        Direction::None
    };
    let state = if warm { State::Ready } else { State::WarmingUp };
    let mut verdict = verdict(point, prediction, tail, direction, state, gates);
    verdict.breaching = unlikely && gates.is_empty();
    let small = away < 0.5 * settings.absolute_floor().max(relative_floor);
    let judged = warm && in_order && !gates.contains(Gate::MinimumTraffic);
    verdict.clear = judged && !verdict.breaching && (tail > settings.clear_tail() || small);
    (verdict, extreme)
}

fn verdict(
    point: &Point,
    prediction: &Prediction,
    tail: f64,
    direction: Direction,
    state: State,
    gates: Gates,
) -> Verdict {
    Verdict {
        minute: point.minute,
        value: point.given,
        weight: point.weight,
        expected: prediction.expected,
        low: prediction.low,
        high: prediction.high,
        tail,
        direction,
        state,
        gates,
        breaching: false,
        clear: false,
        level_shift: false,
        samples: prediction.samples,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Input, Watch};

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
            above,
            below,
            flat: false,
            samples: 9.0,
        };
        judge(
            kind,
            &Settings::for_kind(kind).with_watch(watch),
            &point,
            &prediction,
            (warm, true),
        )
        .0
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
                &Input {
                    minute: 1,
                    value,
                    weight: 1.0,
                },
            );
            let prediction = Prediction::unknown(None);
            let (verdict, extreme) = judge(
                Kind::Traffic,
                &Settings::for_kind(Kind::Traffic),
                &point,
                &prediction,
                (true, true),
            );
            assert_eq!(
                (verdict.state, verdict.breaching, verdict.clear),
                (State::Missing, false, false)
            );
            assert_eq!((verdict.tail, verdict.value, extreme), (1.0, None, None));
        }
    }
}
