use anomaly::Budget;
use incidents::Symptom;
use signals::{AwsSignal, LambdaSignal, SeriesKey};

use super::*;
use crate::measure::Measure;

fn subject(symptom: Symptom, measure: Measure) -> Subject {
    let series = match measure {
        Measure::OfLimit => SeriesKey::aws(Some("f"), AwsSignal::ConcurrentExecutions),
        _ => SeriesKey::lambda("f", LambdaSignal::Errors),
    };
    Subject {
        symptom,
        series,
        measure,
        label: "function f".to_owned(),
    }
}

fn errors() -> Track {
    Track::new(subject(Symptom::Errors, Measure::Count)).unwrap()
}

fn bytes(model: &Model) -> Vec<u8> {
    let mut bytes = Vec::new();
    model.encode(&mut bytes);
    bytes
}

fn changed(at: i64, from: u64, to: u64) -> Changed {
    Changed { at, from, to }
}

fn feed(track: &mut Track, minutes: std::ops::Range<i64>, value: f64) {
    for minute in minutes {
        track.step(Minute::from_index(minute), Some(value), 400.0);
    }
}

#[test]
fn what_is_held_against_a_limit_needs_m_of_n_and_what_a_model_judges_its_alarm() {
    let rule = MOfN { m: 2, n: 3 };
    let mut level = Track::new(subject(Symptom::Capacity, Measure::OfLimit)).unwrap();
    for (minute, value, alarming) in [
        (0, Some(79.0), false),
        (1, Some(85.0), false),
        (2, None, false),
        (3, Some(85.0), true),
        (4, Some(10.0), false),
    ] {
        level.step(Minute::from_index(minute), value, 1.0);
        assert_eq!(level.is_alarming(rule), alarming, "minute {minute}");
    }
    let mut model = errors();
    feed(&mut model, 0..200, 0.0);
    assert!(!model.is_alarming(rule) && model.onset.is_none());
    // One minute in which everything fails needs no second.
    feed(&mut model, 200..201, 400.0);
    assert!(model.is_alarming(rule));
    assert_eq!(model.onset, Some(200), "the onset is when it began");
    let breach = model.breach.as_ref().unwrap();
    assert_eq!((breach.test, breach.above), (Some(Test::Extreme), true));
}

#[test]
fn the_baseline_of_the_version_before_is_kept_and_comes_back_with_it() {
    let mut track = errors();
    feed(&mut track, 0..200, 0.0);
    let old = bytes(track.model().unwrap());
    track.keep_for(&changed(200, 41, 42));
    feed(&mut track, 200..260, 1.0);
    let kept = track.previous.as_ref().unwrap();
    assert_eq!((kept.version, kept.since), (41, 200));
    assert_eq!(bytes(&kept.model), old, "untouched by the new version");
    let new = bytes(track.model().unwrap());
    assert_ne!(new, old);

    track.go_back(&changed(260, 42, 40));
    assert_eq!(
        bytes(track.model().unwrap()),
        new,
        "40 is not the one that is kept"
    );

    track.go_back(&changed(260, 42, 41));
    let kept = track.previous.as_ref().unwrap();
    assert_eq!((kept.version, kept.since), (42, 260));
    assert_eq!(bytes(&kept.model), new);
    let mut expected = Model::decode(&old).unwrap();
    expected.deployed(260);
    assert_eq!(bytes(track.model().unwrap()), bytes(&expected));

    for (after, is_kept) in [(KEPT_MINUTES, true), (KEPT_MINUTES + 1, false)] {
        track.forget_after(Minute::from_index(260 + after));
        assert_eq!(track.previous.is_some(), is_kept, "{after} minutes after");
    }
}

#[test]
fn a_smaller_share_of_the_budget_is_a_stricter_test() {
    let mut track = errors();
    let share = |series| Budget::new(1.0, series).unwrap();
    track.allot(share(2));
    let wide = track.model().unwrap().thresholds();
    track.allot(share(200));
    let narrow = track.model().unwrap().thresholds();
    assert!(narrow.extreme < wide.extreme && narrow.repeated < wide.repeated);
    assert!(narrow.sustained > wide.sustained);
}

#[test]
fn a_limit_has_no_baseline_to_keep_and_no_budget_to_spend() {
    let mut level = Track::new(subject(Symptom::Saturation, Measure::OfLimit)).unwrap();
    let before = level.clone();
    level.keep_for(&changed(1, 41, 42));
    level.go_back(&changed(2, 42, 41));
    level.allot(Budget::new(1.0, 3).unwrap());
    assert_eq!(level, before);
    assert_eq!(level.judge, Judge::Level(Level { at: 95.0 }));
}
