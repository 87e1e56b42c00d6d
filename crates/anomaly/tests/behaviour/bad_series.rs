//! Whole series that are nothing like a service's: each has a defined answer, and every number said of it is one.

use anomaly::{Gate, Input, Kind, Learning, Model, Settings, State, Verdict};

const DAY: i64 = 1_440;
/// Warm-up is a day; three make every kind sure of itself.
const KNOWN: i64 = 3 * DAY;

fn usual(kind: Kind, minute: i64) -> Input {
    let wobble = f64::from(i32::try_from(minute.rem_euclid(7)).unwrap());
    let (value, weight) = match kind {
        Kind::Latency => (100.0 + wobble, 40.0),
        Kind::Errors | Kind::Throttles => (0.0, 40.0),
        Kind::Traffic => (37.0 + wobble, 1.0),
        Kind::Gauge => (50.0 + wobble, 1.0),
    };
    Input {
        minute,
        value: Some(value),
        weight,
    }
}

fn worse(kind: Kind, minute: i64) -> Input {
    let value = match kind {
        Kind::Latency => 900.0,
        Kind::Errors | Kind::Throttles => 38.0,
        Kind::Traffic => 900.0,
        Kind::Gauge => 5_000.0,
    };
    Input {
        value: Some(value),
        ..usual(kind, minute)
    }
}

/// Every number is finite, every probability one, every range around what it is the range of.
fn check(verdict: &Verdict, name: &str) {
    let run = verdict.run.map_or([0.0; 4], |run| {
        [run.attempts, run.observed, run.expected, run.factor]
    });
    let thresholds = verdict.thresholds;
    let numbers = [
        verdict.weight,
        verdict.expected,
        verdict.low,
        verdict.high,
        verdict.samples,
        verdict.evidence,
        verdict.value.unwrap_or(0.0),
        thresholds.extreme,
        thresholds.repeated,
        thresholds.sustained,
    ];
    assert!(
        numbers.iter().chain(&run).all(|number| number.is_finite()),
        "{name}: {verdict:?}"
    );
    for tail in [verdict.tail, verdict.beyond, verdict.model_tail] {
        assert!(tail > 0.0 && tail <= 1.0, "{name}: {verdict:?}");
    }
    assert!(
        verdict.beyond <= verdict.tail
            && verdict.low <= verdict.expected
            && verdict.expected <= verdict.high,
        "{name}: {verdict:?}"
    );
    let silent = verdict.state != State::Ready || !verdict.gates.is_empty();
    assert!(!(verdict.breaching && silent), "{name}: {verdict:?}");
    assert!(!(verdict.clear && verdict.breaching), "{name}: {verdict:?}");
    assert_eq!(
        verdict.alarm.is_some(),
        verdict.since.is_some(),
        "{name}: {verdict:?}"
    );
}

/// What is said of the last minute, after every minute was checked.
fn last(name: &str, model: &mut Model, inputs: impl IntoIterator<Item = Input>) -> Verdict {
    let name = format!("{:?}, {name}", model.kind());
    let mut last = None;
    for input in inputs {
        let verdict = model.step(&input);
        check(&verdict, &name);
        last = Some(verdict);
    }
    last.unwrap()
}

fn new(kind: Kind) -> Model {
    Model::new(kind, Settings::for_kind(kind))
}

fn known(kind: Kind) -> Model {
    let mut model = new(kind);
    for minute in 0..KNOWN {
        model.step(&usual(kind, minute));
    }
    model
}

type Change = fn(Input) -> Input;

/// Each row is done to every third minute of a day of a known series, then the series goes on as it was.
#[test]
fn a_day_with_bad_minutes_among_the_good_ones_leaves_the_series_known() {
    let rows: [(&str, Change, Learning); 12] = [
        (
            "missing",
            |it| Input { value: None, ..it },
            Learning::Nothing,
        ),
        ("not a number", |it| with(it, f64::NAN), Learning::Nothing),
        ("infinity", |it| with(it, f64::INFINITY), Learning::Nothing),
        (
            "minus infinity",
            |it| with(it, f64::NEG_INFINITY),
            Learning::Nothing,
        ),
        (
            "the same minute again",
            |it| at(it, it.minute - 1),
            Learning::Nothing,
        ),
        (
            "an earlier minute",
            |it| at(it, it.minute - 600),
            Learning::Nothing,
        ),
        (
            "the first minute of all",
            |it| at(it, i64::MIN),
            Learning::Nothing,
        ),
        (
            "weight is no number",
            |it| weighing(it, f64::NAN),
            Learning::Learned,
        ),
        (
            "weight is infinite",
            |it| weighing(it, f64::INFINITY),
            Learning::Learned,
        ),
        (
            "weight is negative",
            |it| weighing(it, -40.0),
            Learning::Learned,
        ),
        (
            "weight is nothing",
            |it| weighing(it, 0.0),
            Learning::Learned,
        ),
        ("weight 1e300", |it| weighing(it, 1e300), Learning::Learned),
    ];
    for kind in Kind::ALL {
        for (name, change, learning) in rows {
            let mut model = known(kind);
            let before = last(name, &mut model, [usual(kind, KNOWN)]);
            for minute in KNOWN + 1..KNOWN + DAY {
                let mut input = usual(kind, minute);
                if minute % 3 == 0 {
                    input = change(input);
                }
                let verdict = last(name, &mut model, [input]);
                if minute % 3 == 0 {
                    assert_eq!(verdict.learning, learning, "{kind:?}, {name}: {verdict:?}");
                }
                assert!(
                    verdict.alarm.is_none() && !verdict.breaching,
                    "{kind:?}, {name}: {verdict:?}"
                );
            }
            let after = last(name, &mut model, [usual(kind, KNOWN + DAY)]);
            assert!(after.clear, "{kind:?}, {name}: {after:?}");
            assert!(
                (after.expected - before.expected).abs() <= 0.1 * before.expected.abs() + 1.0,
                "{kind:?}, {name}: {before:?} then {after:?}"
            );
            let fault = (1..4).map(|later| worse(kind, KNOWN + DAY + later));
            let fault = last(name, &mut model, fault);
            assert!(
                fault.breaching,
                "{kind:?}, {name}: blind after it: {fault:?}"
            );
        }
    }
}

fn with(input: Input, value: f64) -> Input {
    Input {
        value: Some(value),
        ..input
    }
}

fn at(input: Input, minute: i64) -> Input {
    Input { minute, ..input }
}

fn weighing(input: Input, weight: f64) -> Input {
    Input { weight, ..input }
}

#[test]
fn a_negative_number_is_missing_where_nothing_can_be_negative_and_a_value_of_a_gauge() {
    for kind in Kind::ALL {
        let verdict = last(
            "negative",
            &mut known(kind),
            [with(usual(kind, KNOWN), -3.0)],
        );
        let expected = if kind == Kind::Gauge {
            (State::Ready, Some(-3.0))
        } else {
            (State::Missing, None)
        };
        assert_eq!((verdict.state, verdict.value), expected, "{kind:?}");
    }
}

#[test]
fn a_gap_keeps_what_is_known_for_thirty_five_days_and_not_a_minute_longer() {
    for kind in Kind::ALL {
        for (name, gap, state) in [
            ("two minutes", 2, State::Ready),
            ("an hour and a minute", 61, State::Ready),
            ("a day", DAY, State::Ready),
            ("a week", 7 * DAY, State::Ready),
            ("35 days", 35 * DAY, State::Ready),
            ("35 days and a minute", 35 * DAY + 1, State::WarmingUp),
            ("a year", 365 * DAY, State::WarmingUp),
            ("ten years", 3_652 * DAY, State::WarmingUp),
            ("all time", i64::MAX / 120, State::WarmingUp),
            ("beyond time", i64::MAX - KNOWN, State::WarmingUp),
        ] {
            let mut model = known(kind);
            let minute = (KNOWN - 1).saturating_add(gap);
            let verdict = last(name, &mut model, [usual(kind, minute)]);
            assert_eq!(verdict.state, state, "{kind:?}, {name}");
            assert!(
                verdict.alarm.is_none() && !verdict.breaching,
                "{kind:?}, {name}: {verdict:?}"
            );
        }
    }
}

/// A series that is nothing but this from its first minute: the state after a week of rows, and no alarm in them.
#[test]
fn series_without_a_usual_kind_of_minute_have_an_answer() {
    type Series = fn(Kind, i64) -> Input;
    let rows: [(&str, Series); 9] = [
        ("constant", |kind, row| with(usual(kind, row), 7.0)),
        ("always zero", |kind, row| with(usual(kind, row), 0.0)),
        ("always 1e300", |kind, row| with(usual(kind, row), 1e300)),
        ("the least number", |kind, row| {
            with(usual(kind, row), f64::MIN_POSITIVE)
        }),
        ("every other minute skipped", |kind, row| {
            usual(kind, 2 * row)
        }),
        ("one minute in five", |kind, row| usual(kind, 5 * row)),
        ("once an hour", |kind, row| usual(kind, 60 * row)),
        ("never any weight", |kind, row| {
            weighing(usual(kind, row), 0.0)
        }),
        ("before the epoch", |kind, row| usual(kind, row - 1_000_000)),
    ];
    for kind in Kind::ALL {
        for (name, series) in rows {
            let mut model = new(kind);
            for row in 0..7 * DAY {
                let verdict = last(name, &mut model, [series(kind, row)]);
                // A service that has failed all the time since its first minute is told of.
                let fails = matches!(name, "constant" | "always 1e300");
                if fails && matches!(kind, Kind::Errors | Kind::Throttles) {
                    continue;
                }
                assert!(
                    verdict.alarm.is_none() && !verdict.breaching,
                    "{kind:?}, {name}, row {row}: {verdict:?}"
                );
            }
            let verdict = last(name, &mut model, [series(kind, 7 * DAY)]);
            assert_eq!(verdict.state, State::Ready, "{kind:?}, {name}");
        }
    }
}

#[test]
fn one_point_is_no_series() {
    for kind in Kind::ALL {
        for value in [0.0, 1.0, 1e300, f64::MAX, f64::MIN_POSITIVE] {
            let verdict = last("one point", &mut new(kind), [with(usual(kind, 0), value)]);
            assert_eq!(
                (verdict.state, verdict.alarm, verdict.breaching),
                (State::WarmingUp, None, false),
                "{kind:?}, {value}"
            );
            assert!(verdict.gates.contains(Gate::WarmUp), "{kind:?}, {value}");
        }
    }
}

#[test]
fn the_interval_may_change_and_a_fault_is_still_seen() {
    for kind in Kind::ALL {
        for (name, step) in [("every other minute", 2), ("every tenth", 10)] {
            let mut model = known(kind);
            let rows = (1..2 * DAY).map(|row| usual(kind, KNOWN + row * step));
            for input in rows {
                let verdict = last(name, &mut model, [input]);
                assert!(verdict.alarm.is_none(), "{kind:?}, {name}: {verdict:?}");
            }
            let rows = (0..3).map(|row| worse(kind, KNOWN + (2 * DAY + row) * step));
            let fault = last(name, &mut model, rows);
            assert!(fault.breaching, "{kind:?}, {name}: {fault:?}");
        }
    }
}

#[test]
fn values_of_any_size_in_any_order_never_give_a_number_that_is_none() {
    let values = [
        0.0,
        1e300,
        5.0,
        f64::MAX,
        -1e300,
        f64::MIN_POSITIVE,
        f64::NAN,
        1e15,
        -0.0,
        1e-300,
        3.0,
        1e308,
    ];
    let weights = [40.0, 0.0, 1e300, f64::NAN, 1.0, -1.0, f64::MIN_POSITIVE];
    for kind in Kind::ALL {
        for warm in [false, true] {
            let mut model = if warm { known(kind) } else { new(kind) };
            let rows = (0..5_000_usize).map(|row| Input {
                minute: KNOWN + i64::try_from(row).unwrap(),
                value: Some(values[(row * 7 + row / 11) % values.len()]),
                weight: weights[(row * 3 + row / 13) % weights.len()],
            });
            last("wild", &mut model, rows);
            let mut bytes = Vec::new();
            model.encode(&mut bytes);
            assert_eq!(Model::decode(&bytes).as_ref(), Ok(&model), "{kind:?}");
        }
    }
}
