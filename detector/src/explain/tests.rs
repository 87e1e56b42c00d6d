use std::collections::BTreeMap;

use anomaly::{Learning, State as Judged};
use signals::{LambdaSignal, Rollup, SeriesKey};

use super::*;
use crate::watch::Watch;

const WATCH: &str = "
environment = 'test'
region = 'eu-west-1'
account = '000000000000'
runbooks = 'r'
[[service]]
name = 'orders'
log_group = '/aws/lambda/orders'
owner = 'team'
";

const LATENCY: &str = "latency|lambda/orders/duration_ms{}";

/// Forty invocations that took about so long, all the same in every third minute.
fn series(minute: i64, milliseconds: f64) -> Series {
    let key = |signal| SeriesKey::lambda("orders", signal);
    let (mut duration, mut invocations) = (Rollup::default(), Rollup::default());
    for request in 0..40 {
        let spread = f64::from(request) + (minute % 3) as f64;
        duration.add(milliseconds + spread, 1);
        invocations.add(1.0, 1);
    }
    BTreeMap::from([
        (key(LambdaSignal::DurationMs), duration),
        (key(LambdaSignal::Invocations), invocations),
    ])
}

/// A watched function that answered in a tenth of a second for two days.
fn learned() -> (Watch, State) {
    let watch = Watch::parse(WATCH).unwrap();
    let first = Minute::from_index(29_000_000);
    let mut state = State::before_history(first.plus(-1));
    for after in 0..2 * 1_440 {
        let minute = first.plus(after);
        state.step(
            &watch.services[0],
            &watch.detector,
            minute,
            &series(after, 100.0),
        );
    }
    (watch, state)
}

/// What is said of the minute after the state, and the state after it.
fn said(watch: &Watch, state: &State, series: &Series, id: &str) -> (Explanation, State) {
    let (service, rules) = (&watch.services[0], &watch.detector);
    let minute = state.window.plus(1);
    let explanation = explain(state, service, rules, minute, series, id).unwrap();
    let mut after = state.clone();
    after.step(service, rules, minute, series);
    (explanation, after)
}

fn verdict(explanation: &Explanation) -> &Verdict {
    match &explanation.said {
        Said::Model { verdict, .. } => verdict,
        Said::Level { .. } => panic!("{explanation:?}"),
    }
}

#[test]
fn what_is_said_is_what_the_detector_did_with_the_minute() {
    let (watch, mut state) = learned();
    for (name, milliseconds, breaching) in [
        ("normal", 100.0, false),
        ("slow", 2_000.0, true),
        ("slow again", 2_000.0, true),
        ("normal again", 100.0, false),
    ] {
        let series = series(state.window.index(), milliseconds);
        let (explanation, after) = said(&watch, &state, &series, LATENCY);
        let found = verdict(&explanation);
        assert_eq!(found.breaching, breaching, "{name}: {found:?}");
        assert_eq!(found.state, Judged::Ready, "{name}");
        let track = {
            let mut tracks = after.tracks("/aws/lambda/orders");
            let found = tracks.find(|track| track.subject.id() == LATENCY);
            found.unwrap().clone()
        };
        let evidence = track.last.as_ref().unwrap();
        assert_eq!(
            (evidence.value, evidence.expected, evidence.tail),
            (found.value.unwrap(), found.expected, found.tail),
            "{name}"
        );
        assert_eq!(explanation.breaching, track.breaching, "{name}");
        assert_eq!(explanation.onset.map(Minute::index), track.onset, "{name}");
        state = after;
    }
}

#[test]
fn each_guard_is_told_with_its_numbers() {
    let (watch, state) = learned();
    let slow = series(0, 2_000.0);
    let (explanation, _) = said(&watch, &state, &slow, LATENCY);
    let guard = |gate| {
        let guards = explanation.guards();
        *guards.iter().find(|guard| guard.gate == gate).unwrap()
    };
    let traffic = guard(Gate::MinimumTraffic);
    assert_eq!((traffic.measured, traffic.spoke), (Some(40.0), false));
    let floor = guard(Gate::RelativeFloor);
    assert!(
        floor.measured.unwrap() > 1_800.0 && floor.limit.unwrap() < 100.0,
        "{floor:?}"
    );
    assert_eq!(guard(Gate::OutOfOrder).measured, None);

    let few = BTreeMap::from([(
        SeriesKey::lambda("orders", LambdaSignal::DurationMs),
        Rollup::of(2_000.0),
    )]);
    let (explanation, _) = said(&watch, &state, &few, LATENCY);
    let guards = explanation.guards();
    let traffic = guards
        .iter()
        .find(|guard| guard.gate == Gate::MinimumTraffic)
        .unwrap();
    assert!(
        traffic.spoke && traffic.measured.unwrap() < traffic.limit.unwrap(),
        "{traffic:?}"
    );
}

#[test]
fn a_minute_without_data_a_new_series_and_one_that_never_was_are_told_apart() {
    let (watch, state) = learned();
    let (silent, _) = said(&watch, &state, &Series::new(), LATENCY);
    let found = verdict(&silent);
    assert_eq!(
        (found.state, found.learning),
        (Judged::Missing, Learning::Nothing)
    );
    assert_eq!(silent.judged & 1, 0);
    assert!(silent.guards().iter().all(|guard| guard.measured.is_none()));

    let fresh = State::before_history(Minute::from_index(29_000_000));
    let (first, _) = said(&watch, &fresh, &series(0, 100.0), LATENCY);
    assert_eq!(
        (verdict(&first).state, first.warming_up),
        (Judged::WarmingUp, true)
    );

    let none = explain(
        &fresh,
        &watch.services[0],
        &watch.detector,
        fresh.window.plus(1),
        &Series::new(),
        LATENCY,
    );
    assert_eq!(none, None);
}
