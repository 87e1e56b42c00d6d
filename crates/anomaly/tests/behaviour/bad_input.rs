//! Every input has a defined answer, and a model survives it.

use anomaly::{Gate, Input, Kind, Model, Settings, State, Verdict};

const WARM: i64 = 3_000;

fn usual(kind: Kind, minute: i64) -> Input {
    let wobble = f64::from(i32::try_from(minute.rem_euclid(7)).unwrap());
    match kind {
        Kind::Latency => Input {
            minute,
            value: Some(100.0 + wobble),
            weight: 40.0,
        },
        Kind::Errors | Kind::Throttles => Input {
            minute,
            value: Some(0.0),
            weight: 40.0,
        },
        Kind::Traffic | Kind::Gauge => Input {
            minute,
            value: Some(37.0 + wobble),
            weight: 1.0,
        },
    }
}

fn warmed(kind: Kind) -> Model {
    let mut model = Model::new(kind, Settings::for_kind(kind));
    for minute in 0..WARM {
        model.step(&usual(kind, minute));
    }
    model
}

fn finite(verdict: &Verdict) -> bool {
    [
        verdict.weight,
        verdict.expected,
        verdict.low,
        verdict.high,
        verdict.tail,
        verdict.samples,
    ]
    .iter()
    .all(|number| number.is_finite())
        && verdict.tail > 0.0
        && verdict.tail <= 1.0
        && verdict.low <= verdict.expected
        && verdict.expected <= verdict.high
        && !(verdict.breaching && verdict.clear)
}

#[test]
fn what_is_not_a_measurement_is_missing_and_changes_nothing() {
    for kind in Kind::ALL {
        for (name, value) in [
            ("missing", None),
            ("not a number", Some(f64::NAN)),
            ("infinity", Some(f64::INFINITY)),
            ("minus infinity", Some(f64::NEG_INFINITY)),
            ("negative", Some(-1.0)),
        ] {
            if kind == Kind::Gauge && value == Some(-1.0) {
                continue;
            }
            let (mut with, mut without) = (warmed(kind), warmed(kind));
            let verdict = with.step(&Input {
                value,
                ..usual(kind, WARM)
            });
            assert_eq!(verdict.state, State::Missing, "{kind:?}, {name}");
            assert!(
                !verdict.breaching && !verdict.clear && finite(&verdict),
                "{kind:?}, {name}: {verdict:?}"
            );
            let [next, same] =
                [&mut with, &mut without].map(|model| model.step(&usual(kind, WARM + 1)));
            assert_eq!(next, same, "{kind:?}, {name}");
        }
    }
}

#[test]
fn numbers_beyond_reason_are_judged_and_do_no_lasting_harm() {
    for kind in Kind::ALL {
        for (name, value, weight) in [
            ("value 1e300", 1e300, 40.0),
            ("largest value", f64::MAX, 40.0),
            ("weight not a number", 100.0, f64::NAN),
            ("weight infinite", 100.0, f64::INFINITY),
            ("weight negative", 100.0, -5.0),
            ("weight 1e300", 1e300, 1e300),
            ("smallest value", f64::MIN_POSITIVE, 40.0),
        ] {
            let mut model = warmed(kind);
            let before = model.step(&usual(kind, WARM));
            let verdict = model.step(&Input {
                minute: WARM + 1,
                value: Some(value),
                weight,
            });
            assert!(finite(&verdict), "{kind:?}, {name}: {verdict:?}");
            let after = model.step(&usual(kind, WARM + 2));
            assert!(finite(&after) && after.clear, "{kind:?}, {name}: {after:?}");
            let mut later = WARM + 3;
            let after = if kind == Kind::Gauge {
                // Its forecast follows what it sees; what it usually is comes back with the hour.
                later += 60;
                (WARM + 3..later)
                    .map(|minute| model.step(&usual(kind, minute)))
                    .last()
                    .unwrap()
            } else {
                after
            };
            assert!(
                (after.expected - before.expected).abs() <= 0.1 * before.expected + 1.0,
                "{kind:?}, {name}: {before:?} then {after:?}"
            );
        }
    }
}

#[test]
fn a_wild_first_value_is_forgotten() {
    for kind in Kind::ALL {
        let mut model = Model::new(kind, Settings::for_kind(kind));
        let first = model.step(&Input {
            minute: 0,
            value: Some(1e300),
            weight: 40.0,
        });
        assert!(
            finite(&first) && !first.breaching && first.state == State::WarmingUp,
            "{kind:?}: {first:?}"
        );
        if kind == Kind::Errors || kind == Kind::Throttles {
            continue; // 1e300 failures are 1e15 attempts that failed: winsorised, and tested above.
        }
        let last = (1..WARM)
            .map(|minute| model.step(&usual(kind, minute)))
            .last()
            .unwrap();
        assert!(last.clear && last.expected < 200.0, "{kind:?}: {last:?}");
    }
}

#[test]
fn minutes_out_of_order_are_judged_but_not_learned() {
    for kind in Kind::ALL {
        for (name, minute) in [
            ("the same minute", WARM - 1),
            ("an earlier minute", 5),
            ("the first one", i64::MIN),
        ] {
            let mut model = warmed(kind);
            let untouched = model.clone();
            let verdict = model.step(&Input {
                minute,
                value: Some(1e6),
                weight: 1e6,
            });
            assert!(
                verdict.gates.contains(Gate::OutOfOrder) && finite(&verdict),
                "{kind:?}, {name}: {verdict:?}"
            );
            assert!(!verdict.breaching && !verdict.clear, "{kind:?}, {name}");
            assert_eq!(model, untouched, "{kind:?}, {name}");
        }
    }
}

#[test]
fn gaps_keep_the_baseline_until_it_is_too_old() {
    for kind in Kind::ALL {
        for (name, gap, state) in [
            ("an hour", 60, State::Ready),
            ("a week", 10_080, State::Ready),
            ("35 days", 35 * 1440, State::Ready),
            ("longer", 35 * 1440 + 1, State::WarmingUp),
            ("to the end of time", i64::MAX - WARM, State::WarmingUp),
        ] {
            let verdict = warmed(kind).step(&usual(kind, (WARM - 1).saturating_add(gap)));
            assert_eq!(verdict.state, state, "{kind:?}, {name}");
            assert!(
                !verdict.breaching && finite(&verdict),
                "{kind:?}, {name}: {verdict:?}"
            );
        }
    }
}

#[test]
fn a_flat_line_has_an_answer() {
    let mut model = Model::new(Kind::Latency, Settings::for_kind(Kind::Latency));
    let flat = |minute, value| Input {
        minute,
        value: Some(value),
        weight: 1e6,
    };
    for minute in 0..WARM {
        let verdict = model.step(&flat(minute, 100.0));
        assert!(
            !verdict.breaching && verdict.gates.iter().all(|gate| gate == Gate::WarmUp),
            "{verdict:?}"
        );
    }
    let nudge = model.clone().step(&flat(WARM, 100.5));
    assert!(
        nudge.gates.contains(Gate::FlatLine) && !nudge.breaching,
        "{nudge:?}"
    );
    let small = model.clone().step(&flat(WARM, 125.0));
    assert!(
        small.gates.contains(Gate::RelativeFloor) && !small.breaching,
        "{small:?}"
    );
    assert!(model.step(&flat(WARM, 200.0)).breaching);
}

#[test]
fn no_attempts_are_no_evidence() {
    for kind in [Kind::Errors, Kind::Throttles, Kind::Latency] {
        let mut model = warmed(kind);
        let verdict = model.step(&Input {
            weight: 0.0,
            ..usual(kind, WARM)
        });
        assert!(
            verdict.gates.contains(Gate::MinimumTraffic) && !verdict.clear,
            "{kind:?}: {verdict:?}"
        );
    }
}
