use std::collections::BTreeMap;

use signals::{AwsSignal, LambdaSignal, Rollup};

use super::*;
use crate::watch::Watch;
use crate::watchlist::Series;

fn watch() -> Watch {
    let text = "environment='t'\nregion='eu-west-1'\naccount='1'\nrunbooks='r'\n[[service]]\nname='cars'\nlog_group='/aws/lambda/f'\nowner='o'\ntimeout_seconds=3";
    Watch::parse(text).unwrap()
}

/// A minute of a function: every kind of subject, a limit, and a version that changes half-way.
fn minute(at: i64) -> Series {
    let lambda = |signal| SeriesKey::lambda("f", signal);
    let ones = |count: i64| {
        let mut rollup = Rollup::default();
        rollup.add(1.0, count as u64);
        rollup
    };
    let mut duration = Rollup::default();
    duration.add(40.0 + (at % 7) as f64, 120);
    BTreeMap::from([
        (lambda(LambdaSignal::DurationMs), duration),
        (lambda(LambdaSignal::BilledMs), ones(120)),
        (lambda(LambdaSignal::Invocations), ones(120 + at % 5)),
        (lambda(LambdaSignal::ColdStarts), ones(1 + at % 2)),
        (
            lambda(LambdaSignal::Version),
            Rollup::of(if at < 60 { 41.0 } else { 42.0 }),
        ),
        (
            SeriesKey::aws(Some("f"), AwsSignal::Throttles),
            Rollup::of(0.0),
        ),
        (
            SeriesKey::aws(Some("f"), AwsSignal::ConcurrentExecutions),
            Rollup::of(3.0),
        ),
        (
            SeriesKey::aws(Some("f"), AwsSignal::ConcurrencyLimit),
            Rollup::of(50.0),
        ),
    ])
}

#[test]
fn a_state_reads_back_to_the_same_bits_at_every_minute_and_goes_on_the_same() {
    let watch = watch();
    let service = &watch.services[0];
    let mut state = State::before_history(Minute::from_index(-1));
    state.begin_history("/aws/lambda/f", Minute::from_index(-50));
    for at in 0..130 {
        state.step(
            service,
            &watch.detector,
            Minute::from_index(at),
            &minute(at),
        );
        if at % 40 == 0 {
            let to = Minute::from_index(at - 30);
            state.step_history(service, &watch.detector, to, &BTreeMap::new());
        }
        let bytes = state.encode().unwrap();
        let mut restored = State::decode(&bytes).unwrap();
        assert!(
            restored == state && restored.encode().unwrap() == bytes,
            "minute {at}"
        );
        let next = Minute::from_index(at + 1);
        let mut original = state.clone();
        for one in [&mut original, &mut restored] {
            one.step(service, &watch.detector, next, &minute(at + 1));
        }
        assert_eq!(
            original.encode().unwrap(),
            restored.encode().unwrap(),
            "minute {at}"
        );
    }
    assert!(state.len() > 6, "{}", state.len());
    assert!(
        state
            .tracks("/aws/lambda/f")
            .any(|track| track.previous.is_some()),
        "the version changed"
    );
    assert_eq!(
        state.history("/aws/lambda/f"),
        crate::state::History::Learning {
            up_to: Minute::from_index(90)
        }
    );
}

#[test]
fn a_state_of_another_version_or_damaged_is_refused_and_says_what_happens_then() {
    let bytes = State::before_history(Minute::from_index(0))
        .encode()
        .unwrap();
    let older = [&[1], &bytes[1..]].concat();
    for (name, bytes, said) in [
        ("empty", &[][..], "it is empty"),
        (
            "older",
            &older[..],
            "it has version 1, this build reads 4; let the detector learn anew",
        ),
        ("cut short", &bytes[..1], "unusable"),
    ] {
        let error = State::decode(bytes).unwrap_err().to_string();
        assert!(error.contains(said), "{name}: {error}");
    }
}

#[test]
fn what_judges_a_subject_must_be_what_judges_its_kind() {
    let watch = watch();
    let mut state = State::before_history(Minute::from_index(-1));
    state.step(
        &watch.services[0],
        &watch.detector,
        Minute::from_index(0),
        &minute(0),
    );
    let stored = |symptom: Symptom| {
        let track = state
            .tracks("/aws/lambda/f")
            .find(|it| it.subject.symptom == symptom);
        StoredTrack::from(track.unwrap())
    };
    let judged_as = |symptom, judge| StoredTrack {
        judge,
        ..stored(symptom)
    };
    let never = Level { at: f64::NAN };
    let level = judged_as(Symptom::Capacity, StoredJudge::Level(never))
        .read()
        .unwrap();
    assert_eq!(
        level.judge,
        Judge::Level(Level { at: 80.0 }),
        "this build's limit"
    );
    for (name, track, said) in [
        (
            "a model of another kind",
            judged_as(Symptom::Latency, stored(Symptom::Traffic).judge),
            "its model is of Traffic",
        ),
        (
            "a limit in the place of a model",
            judged_as(Symptom::Latency, StoredJudge::Level(never)),
            "it has no limit",
        ),
    ] {
        let error = track.read().unwrap_err().to_string();
        assert!(error.contains(said), "{name}: {error}");
    }
}
