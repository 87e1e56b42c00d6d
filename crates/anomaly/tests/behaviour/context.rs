//! What surrounds a series: deploys, and traffic that nobody can foretell.

use crate::fleet::Normal;
use anomaly::{Input, Kind, Model, Settings, Verdict};

const DAY: i64 = 1_440;
/// Every hour of the week was seen twice: before, what is new in one is soon thought to belong there.
const KNOWN: i64 = 16 * DAY;
const KINDS: [Kind; 4] = [Kind::Latency, Kind::Errors, Kind::Throttles, Kind::Traffic];

fn known(kind: Kind) -> (Model, Normal) {
    let mut series = Normal::new(kind, 60.0, 0.01, 11);
    let mut model = Model::new(kind, Settings::for_kind(kind));
    for minute in 0..KNOWN {
        model.step(&series.minute(minute));
    }
    (model, series)
}

fn bytes(model: &Model) -> Vec<u8> {
    let mut out = Vec::new();
    model.encode(&mut out);
    out
}

/// The verdict without what says only how long ago the deploy was.
fn judged(verdict: &Verdict) -> Verdict {
    Verdict {
        after_deploy: None,
        ..*verdict
    }
}

#[test]
fn a_deploy_is_told_for_a_day_from_its_minute_on_and_changes_no_verdict() {
    for kind in KINDS {
        let (mut plain, mut series) = known(kind);
        let mut told = plain.clone();
        told.deployed(KNOWN + 5);
        // What is older than what is known is no news.
        told.deployed(KNOWN - 500);
        for minute in KNOWN..KNOWN + 2 * DAY {
            let input = series.minute(minute);
            let (verdict, same) = (told.step(&input), plain.step(&input));
            let since = minute - (KNOWN + 5);
            let expected = (0..=DAY).contains(&since).then_some(since);
            assert_eq!(
                verdict.after_deploy.map(i64::from),
                expected,
                "{kind:?}, {since}"
            );
            assert_eq!((judged(&verdict), None), (judged(&same), same.after_deploy));
        }
        told.deployed(KNOWN + 3 * DAY);
        let later = told.step(&series.minute(KNOWN + 3 * DAY));
        assert_eq!(later.after_deploy, Some(0), "{kind:?}: the newest counts");
    }
}

#[test]
fn the_deploy_is_in_the_snapshot() {
    let (mut model, mut series) = known(Kind::Errors);
    model.deployed(KNOWN);
    let mut restored = Model::decode(&bytes(&model)).unwrap();
    let verdict = restored.step(&series.minute(KNOWN + 9));
    assert_eq!(verdict.after_deploy, Some(9));
}

/// Minutes of two requests, and in every so many of them, drawn, a burst.
fn bursts(minute: i64, every: u64, burst: f64) -> Input {
    let mut bits = (minute as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    bits = (bits ^ (bits >> 31)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    bits ^= bits >> 29;
    let value = if bits.is_multiple_of(every) {
        burst
    } else {
        1.0 + ((bits >> 8) % 3) as f64
    };
    Input {
        minute,
        value: Some(value),
        weight: 1.0,
    }
}

#[test]
fn traffic_whose_bursts_nobody_can_foretell_is_told_to_be_irregular_and_pages_nobody() {
    for (name, every, burst) in [
        ("bursts of sixty, two an hour", 23, 60.0),
        ("bursts of two thousand, two an hour", 23, 2_000.0),
        ("bursts of two thousand, one an hour", 41, 2_000.0),
    ] {
        let mut model = Model::new(Kind::Traffic, Settings::for_kind(Kind::Traffic));
        let mut alarms = [0; 7];
        let mut irregular = false;
        for minute in 0..7 * DAY {
            let verdict = model.step(&bursts(minute, every, burst));
            let day = usize::try_from(minute / DAY).unwrap();
            alarms[day] += i32::from(verdict.alarm.is_some());
            irregular = verdict.irregular;
            assert!(!(verdict.irregular && verdict.breaching), "{name}");
        }
        // The first day is warm-up.
        assert_eq!(alarms[1..].iter().sum::<i32>(), 0, "{name}: {alarms:?}");
        assert!(irregular, "{name}");
    }
}

#[test]
fn traffic_with_an_incident_every_day_is_not_irregular() {
    let mut series = Normal::new(Kind::Traffic, 60.0, 0.01, 12);
    let mut model = Model::new(Kind::Traffic, Settings::for_kind(Kind::Traffic));
    let mut found = 0;
    for minute in 0..21 * DAY {
        let mut input = series.minute(minute);
        // Half an hour of nothing, at another time each day.
        let of_day = (minute - minute / DAY * 97).rem_euclid(DAY);
        if minute > 2 * DAY && of_day < 30 {
            input.value = Some(0.0);
        }
        let verdict = model.step(&input);
        assert!(!verdict.irregular, "minute {minute}");
        found += i64::from(verdict.alarm.is_some() && of_day < 30);
    }
    assert!(found > 18 * 20, "{found} minutes alarmed of 18 half hours");
}
