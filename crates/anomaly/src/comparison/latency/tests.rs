use super::super::Finding;
use super::*;

fn version(values: &[(f64, u64)], cold: u64) -> Latencies {
    Latencies {
        values: values.to_vec(),
        cold,
    }
}

/// The same minute several times.
fn minutes(count: usize, old: &Latencies, new: &Latencies) -> Vec<LatencyPair> {
    let pair = LatencyPair {
        old: old.clone(),
        new: new.clone(),
    };
    vec![pair; count]
}

#[test]
fn findings_follow_the_slowest_tenth() {
    use Finding::{NotWorse, TooFew, Worse};
    let steady = version(&[(20.0, 18), (30.0, 14), (60.0, 4)], 0);
    let like_it = version(&[(20.0, 2), (30.0, 1), (60.0, 1)], 0);
    for (name, old, new, expected) in [
        ("alike", &steady, &like_it, NotWorse),
        ("all slower", &steady, &version(&[(200.0, 4)], 0), Worse),
        (
            "half slower",
            &steady,
            &version(&[(20.0, 2), (200.0, 2)], 0),
            Worse,
        ),
        ("faster", &steady, &version(&[(5.0, 4)], 0), NotWorse),
        (
            "slower by less than 20 ms",
            &steady,
            &version(&[(75.0, 4)], 0),
            NotWorse,
        ),
        (
            "slower by less than three tenths",
            &version(&[(900.0, 32), (1000.0, 4)], 0),
            &version(&[(1200.0, 4)], 0),
            NotWorse,
        ),
        (
            "all slower, all cold",
            &steady,
            &version(&[(200.0, 4)], 4),
            TooFew,
        ),
        (
            "constant",
            &version(&[(50.0, 36)], 0),
            &version(&[(50.0, 4)], 0),
            NotWorse,
        ),
        (
            "constant and twice that",
            &version(&[(50.0, 36)], 0),
            &version(&[(100.0, 4)], 0),
            Worse,
        ),
        (
            "and a little less than a tenth",
            &version(&[(50.0, 40)], 0),
            &version(&[(100.0, 4)], 0),
            Worse,
        ),
        (
            "and half of all",
            &version(&[(50.0, 20)], 0),
            &version(&[(100.0, 20)], 0),
            Worse,
        ),
        (
            "no numbers",
            &version(&[(f64::NAN, 36)], 0),
            &version(&[(f64::INFINITY, 4)], 0),
            TooFew,
        ),
        ("nothing of the new one", &steady, &version(&[], 0), TooFew),
    ] {
        let found = latencies(&minutes(10, old, new));
        assert_eq!(found.finding, expected, "{name}: {found:?}");
    }
}

#[test]
fn cold_starts_are_taken_from_the_slow_ones_of_the_new_version_alone() {
    let old = version(&[(20.0, 30), (200.0, 6)], 3);
    let new = version(&[(20.0, 3), (200.0, 5)], 4);
    let found = latencies(&minutes(10, &old, &new));
    // Limit 200 ms. The old version's six stay, of 33 warm ones; one of the new version's five, of four.
    assert_eq!(
        (found.old, found.new),
        (Tally { bad: 60, of: 330 }, Tally { bad: 10, of: 40 })
    );
    assert_eq!((found.old_level, found.new_level), (200.0, 200.0));
}

#[test]
fn a_storm_of_cold_starts_accuses_nobody_and_slow_warm_requests_behind_it_do() {
    let old = version(&[(20.0, 320), (60.0, 40)], 0);
    let storm = version(&[(20.0, 10), (1_500.0, 30)], 30);
    let calm = version(&[(20.0, 36), (60.0, 4)], 0);
    let slow = version(&[(20.0, 20), (150.0, 20)], 0);
    for (after, expected) in [(&calm, Finding::NotWorse), (&slow, Finding::Worse)] {
        let mut all = minutes(2, &old, &storm);
        assert_eq!(latencies(&all).finding, Finding::NotWorse);
        all.extend(minutes(3, &old, after));
        let found = latencies(&all);
        assert_eq!(found.finding, expected, "{found:?}");
    }
}

#[test]
fn one_slow_minute_accuses_nobody_though_every_minute_has_a_slowest_tenth() {
    let old = version(&[(20.0, 324), (60.0, 36)], 0);
    let calm = version(&[(20.0, 36), (60.0, 4)], 0);
    let bad_host = version(&[(900.0, 40)], 0);
    for (name, calm_minutes, bad_minutes, expected) in [
        ("one of two", 1, 1, Finding::NotWorse),
        ("one of fifteen", 14, 1, Finding::NotWorse),
        ("two of three", 1, 2, Finding::Worse),
    ] {
        let mut all = minutes(calm_minutes, &old, &calm);
        all.extend(minutes(bad_minutes, &old, &bad_host));
        let found = latencies(&all);
        assert_eq!(found.finding, expected, "{name}: {found:?}");
    }
}

#[test]
fn more_cold_starts_than_requests_leave_nothing() {
    let found = latencies(&minutes(
        5,
        &version(&[(20.0, 40)], 99),
        &version(&[(90.0, 40)], u64::MAX),
    ));
    assert_eq!(
        (found.finding, found.new.of, found.old.of),
        (Finding::TooFew, 0, 0)
    );
}
