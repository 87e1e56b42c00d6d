//! What a fault's run says: when it began, that it is over when the fault is, and what is no run.

use crate::fleet::Normal;
use anomaly::{Alarm, Input, Kind, Model, Settings, Verdict};

/// Two weeks.
const HISTORY: i64 = 20_160;

/// An hour and more after two normal weeks, bent by `fault` during `minutes` of it.
fn verdicts(
    kind: Kind,
    rate: f64,
    seed: u64,
    minutes: std::ops::Range<i64>,
    fault: fn(&mut Input),
) -> Vec<Verdict> {
    let mut series = Normal::new(kind, rate, 0.005, seed);
    let mut model = Model::new(kind, Settings::for_kind(kind));
    for minute in 0..HISTORY {
        model.step(&series.minute(minute));
    }
    (0..minutes.end + 60)
        .map(|at| {
            let mut input = series.minute(HISTORY + at);
            if minutes.contains(&at) {
                fault(&mut input);
            }
            model.step(&input)
        })
        .collect()
}

#[test]
fn an_alarm_begins_with_its_fault_and_ends_within_three_minutes_of_it() {
    type Fault = fn(&mut Input);
    let cases: [(&str, Kind, f64, Fault); 7] = [
        ("slow", Kind::Latency, 40.0, |i| {
            i.value = i.value.map(|v| v * 5.0)
        }),
        ("most fail", Kind::Errors, 40.0, |i| {
            i.value = Some((i.weight * 0.6).round())
        }),
        ("most fail, busy", Kind::Errors, 4_000.0, |i| {
            i.value = Some((i.weight * 0.6).round())
        }),
        ("throttled", Kind::Throttles, 40.0, |i| {
            i.value = Some((i.weight * 0.4).round())
        }),
        ("silence", Kind::Traffic, 400.0, |i| i.value = Some(0.0)),
        ("a tenth", Kind::Traffic, 4_000.0, |i| {
            i.value = i.value.map(|v| (v * 0.1).round())
        }),
        ("ten times the traffic", Kind::Traffic, 40.0, |i| {
            i.value = i.value.map(|v| v * 10.0)
        }),
    ];
    for (name, kind, rate, fault) in cases {
        for seed in 0..5 {
            let found = verdicts(kind, rate, seed, 20..30, fault);
            let first = found.iter().position(|verdict| verdict.alarm.is_some());
            let last = found.iter().rposition(|verdict| verdict.alarm.is_some());
            assert!(
                matches!(first, Some(20..=22)),
                "{name}, seed {seed}: {first:?}"
            );
            assert!(
                matches!(last, Some(29..=32)),
                "{name}, seed {seed}: {last:?}"
            );
            let since = found[first.unwrap()].since.unwrap() - HISTORY;
            assert!(
                (18..=21).contains(&since),
                "{name}, seed {seed}: since {since}"
            );
            assert!(
                found[29..50].iter().filter(|verdict| verdict.clear).count() >= 15,
                "{name}, seed {seed}: not clear"
            );
        }
    }
}

#[test]
fn a_slow_burn_alarms_by_its_run_and_says_when_it_began() {
    let fault: fn(&mut Input) = |input| {
        let more = (input.weight * 0.025).round();
        input.value = input.value.map(|value| value + more);
    };
    for seed in 0..5 {
        let found = verdicts(Kind::Errors, 40.0, seed, 20..260, fault);
        let alarms: Vec<_> = found
            .iter()
            .filter(|verdict| verdict.alarm.is_some())
            .collect();
        let [first, .., last] = alarms[..] else {
            panic!("seed {seed}: {} alarms", alarms.len())
        };
        assert_eq!(first.alarm, Some(Alarm::Sustained), "seed {seed}");
        let [at, since, end] =
            [first.minute, first.since.unwrap(), last.minute].map(|at| at - HISTORY);
        assert!((20..=35).contains(&at), "seed {seed}: alarms at {at}");
        assert!((17..=22).contains(&since), "seed {seed}: since {since}");
        assert!((259..=270).contains(&end), "seed {seed}: until {end}");
        assert!(alarms.len() > 225, "seed {seed}: {}", alarms.len());
    }
}

#[test]
fn half_a_minute_of_traffic_is_no_alarm_and_two_of_them_are() {
    let fault: fn(&mut Input) = |input| input.value = input.value.map(|v| (v * 0.3).round());
    for (minutes, alarm) in [(1, None), (2, Some((21, 20, Alarm::Repeated)))] {
        let found = verdicts(Kind::Traffic, 4_000.0, 3, 20..20 + minutes, fault);
        let first = found.iter().find(|verdict| verdict.alarm.is_some());
        let said = first.map(|verdict| {
            (
                verdict.minute - HISTORY,
                verdict.since.unwrap() - HISTORY,
                verdict.alarm.unwrap(),
            )
        });
        assert_eq!(said, alarm, "{minutes}");
        assert!(found[20].breaching, "{:?}", found[20]);
    }
}

#[test]
fn traffic_that_comes_in_bursts_is_no_run() {
    let mut model = Model::new(Kind::Traffic, Settings::for_kind(Kind::Traffic));
    let mut irregular = 0;
    for minute in 0..HISTORY {
        // A hash of the minute: no profile of hours foretells it.
        let dice = minute.wrapping_mul(2_654_435_761).rem_euclid(4_294_967_296) >> 16;
        let burst = dice % 5 == 0;
        let value = if burst { 200.0 } else { 2.0 };
        let verdict = model.step(&Input {
            minute,
            value: Some(value),
            weight: 1.0,
        });
        if minute > HISTORY / 2 {
            irregular += i64::from(verdict.irregular);
            assert_eq!(
                (verdict.alarm, verdict.breaching),
                (None, false),
                "{minute}"
            );
        }
    }
    assert!(irregular > HISTORY / 3, "{irregular}");
}
