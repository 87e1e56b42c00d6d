//! Each kind of fault is seen, at the size that hurts, within three minutes; what lasts becomes the new normal.

use crate::fleet::Normal;
use anomaly::{Direction, Input, Kind, Model, Settings, Verdict};

/// Two weeks.
const HISTORY: i64 = 20_160;

/// A model after two normal weeks, then `minutes` minutes bent by `fault`.
fn verdicts(
    kind: Kind,
    rate: f64,
    seed: u64,
    minutes: i64,
    fault: impl Fn(&mut Input),
) -> Vec<Verdict> {
    let mut series = Normal::new(kind, rate, 0.005, seed);
    let mut model = Model::new(kind, Settings::for_kind(kind));
    for minute in 0..HISTORY {
        model.step(&series.minute(minute));
    }
    (HISTORY..HISTORY + minutes)
        .map(|minute| {
            let mut input = series.minute(minute);
            fault(&mut input);
            model.step(&input)
        })
        .collect()
}

#[test]
fn every_fault_breaches_two_minutes_of_the_first_three() {
    type Fault = fn(&mut Input);
    let cases: [(&str, Kind, f64, Direction, Fault); 10] = [
        (
            "p90 five times as long",
            Kind::Latency,
            40.0,
            Direction::High,
            |i| i.value = i.value.map(|v| v * 5.0),
        ),
        (
            "p90 twice as long, busier",
            Kind::Latency,
            400.0,
            Direction::High,
            |i| i.value = i.value.map(|v| v * 2.0),
        ),
        ("a third fail", Kind::Errors, 40.0, Direction::High, |i| {
            i.value = Some((i.weight / 3.0).floor())
        }),
        (
            "3 % fail, busy",
            Kind::Errors,
            4_000.0,
            Direction::High,
            |i| i.value = Some((i.weight * 0.03).floor()),
        ),
        ("all fail", Kind::Errors, 40.0, Direction::High, |i| {
            i.value = Some(i.weight)
        }),
        (
            "a quarter throttled",
            Kind::Throttles,
            40.0,
            Direction::High,
            |i| i.value = Some((i.weight / 4.0).floor()),
        ),
        ("silence", Kind::Traffic, 40.0, Direction::Low, |i| {
            i.value = Some(0.0)
        }),
        (
            "silence, busy",
            Kind::Traffic,
            40_000.0,
            Direction::Low,
            |i| i.value = Some(0.0),
        ),
        (
            "ten times the traffic",
            Kind::Traffic,
            40.0,
            Direction::High,
            |i| i.value = i.value.map(|v| v * 10.0),
        ),
        (
            "three times, busy",
            Kind::Traffic,
            4_000.0,
            Direction::High,
            |i| i.value = i.value.map(|v| v * 3.0),
        ),
    ];
    for (name, kind, rate, direction, fault) in cases {
        for seed in 0..3 {
            let found = verdicts(kind, rate, seed, 3, fault);
            let breaching = found.iter().filter(|verdict| verdict.breaching).count();
            assert!(breaching >= 2, "{name}, seed {seed}: {found:#?}");
            assert!(
                found
                    .iter()
                    .all(|v| !v.breaching || v.direction == direction),
                "{name}, seed {seed}"
            );
        }
    }
}

#[test]
fn a_fault_is_kept_out_of_the_baseline_and_clears_when_it_ends() {
    let found = verdicts(Kind::Latency, 40.0, 7, 120, |input| {
        if input.minute < HISTORY + 60 {
            input.value = input.value.map(|value| value * 8.0);
        }
    });
    assert!(found[..60].iter().all(|verdict| verdict.breaching));
    assert!(found[60..].iter().all(|verdict| !verdict.breaching));
    assert!(found[60..].iter().filter(|verdict| verdict.clear).count() > 55);
    assert!(
        (found[119].expected / found[0].expected - 1.0).abs() < 0.1,
        "{:?} {:?}",
        found[0],
        found[119]
    );
}

#[test]
fn what_lasts_six_hours_is_accepted_once_and_says_so() {
    type Fault = fn(&mut Input);
    let cases: [(&str, Kind, Fault); 4] = [
        ("latency", Kind::Latency, |i| {
            i.value = i.value.map(|v| v * 4.0)
        }),
        ("errors", Kind::Errors, |i| {
            i.value = Some((i.weight * 0.4).round())
        }),
        ("throttles", Kind::Throttles, |i| {
            i.value = Some((i.weight * 0.4).round())
        }),
        ("traffic", Kind::Traffic, |i| {
            i.value = i.value.map(|v| (v * 4.0).round())
        }),
    ];
    for (name, kind, fault) in cases {
        let found = verdicts(kind, 60.0, 3, 600, fault);
        let shifts: Vec<i64> = found
            .iter()
            .filter(|v| v.level_shift)
            .map(|v| v.minute - HISTORY)
            .collect();
        assert_eq!(shifts.len(), 1, "{name}: {shifts:?}");
        assert!((359..400).contains(&shifts[0]), "{name}: {shifts:?}");
        let after = &found[usize::try_from(shifts[0]).unwrap() + 1..];
        assert!(after.iter().all(|verdict| !verdict.breaching), "{name}");
        assert!(
            after.iter().filter(|verdict| verdict.clear).count() * 10 > after.len() * 9,
            "{name}"
        );
    }
}
