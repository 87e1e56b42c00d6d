use super::*;
use crate::alarm::Run;
use crate::ratios::{Alternatives, against};
use crate::{Settings, Watch};

/// What chance alone does once in so many minutes.
const THRESHOLD: f64 = 1e6;
/// A normal minute of forty attempts, of which one in 1,667 fails.
const QUIET: f64 = 0.024;

/// Adds a minute in which `observed` failed where `mean` would be normal; true when a run ended with it.
fn add(evidence: &mut Evidence, minute: i64, observed: f64, mean: f64) -> bool {
    let prediction = Prediction {
        expected: mean,
        mean,
        shape: 20.0,
        ..Prediction::unknown(None)
    };
    let addend = Addend {
        minute,
        observed,
        expected: mean,
        attempts: 40.0,
    };
    let nats = against(
        observed,
        &prediction,
        true,
        &Alternatives::new([1.5, 3.0, 40.0]),
    );
    evidence.add(nats, 1.0, THRESHOLD, addend, |run| {
        let factor = run.factor(Kind::Errors);
        lasting(Kind::Errors, observed, &prediction, true, factor)
    })
}

/// Minutes from 0, given as (how many, what each observed, what is normal).
fn minutes(of: &[(usize, f64, f64)]) -> impl Iterator<Item = (i64, f64, f64)> {
    let all: Vec<_> = of
        .iter()
        .flat_map(|(many, observed, mean)| vec![(*observed, *mean); *many])
        .collect();
    (0..)
        .zip(all)
        .map(|(minute, (observed, mean))| (minute, observed, mean))
}

fn after(of: &[(usize, f64, f64)]) -> Evidence {
    let mut evidence = Evidence::new();
    for (minute, observed, mean) in minutes(of) {
        add(&mut evidence, minute, observed, mean);
    }
    evidence
}

#[test]
fn a_run_is_over_when_the_newest_minutes_are_normal_and_not_before() {
    for (name, of, raised, over) in [
        (
            "a thousand times as many, then none: two minutes tell",
            &[(10, 24.0, QUIET), (60, 0.0, QUIET)][..],
            Some(2),
            Some(11),
        ),
        (
            "one normal minute is no end",
            &[(10, 24.0, QUIET), (1, 0.0, QUIET), (20, 24.0, QUIET)],
            Some(2),
            None,
        ),
        (
            "every other minute fails",
            &[
                (6, 24.0, QUIET),
                (1, 0.0, QUIET),
                (1, 24.0, QUIET),
                (1, 0.0, QUIET),
                (1, 24.0, QUIET),
            ],
            Some(2),
            None,
        ),
        (
            "a twelfth of it goes on: that is another run",
            &[(10, 24.0, QUIET), (2, 2.0, QUIET)],
            Some(2),
            Some(11),
        ),
        (
            "three times as many, then as many as ever",
            &[(30, 12.0, 4.0), (30, 4.0, 4.0)],
            Some(3),
            Some(31),
        ),
        (
            "half as many again, for hours",
            &[(120, 60.0, 40.0), (60, 40.0, 40.0)],
            Some(11),
            Some(124),
        ),
        (
            "one attempt a minute after it says little, and adds up",
            &[(10, 24.0, QUIET), (60, 0.0, QUIET / 40.0)],
            Some(2),
            Some(17),
        ),
        (
            "nobody comes after it: nothing is said",
            &[(10, 24.0, QUIET), (600, 0.0, 0.0)],
            Some(2),
            None,
        ),
        (
            "one wild minute is no run",
            &[(1, 4_000.0, QUIET), (60, 0.0, QUIET)],
            None,
            None,
        ),
        ("nothing ever happened", &[(600, 0.0, QUIET)], None, None),
        (
            "more than normal, and less than any alternative",
            &[(600, 44.0, 40.0)],
            None,
            None,
        ),
    ] {
        let mut evidence = Evidence::new();
        let (mut first, mut end) = (None, None);
        for (minute, observed, mean) in minutes(of) {
            if add(&mut evidence, minute, observed, mean) {
                end = end.or(Some(minute));
                assert!(!evidence.is_raised() && evidence.run().is_none(), "{name}");
            }
            if evidence.is_raised() {
                first = first.or(Some(minute));
            }
        }
        assert_eq!((first, end), (raised, over), "{name}");
    }
}

#[test]
fn a_run_begins_with_the_first_minute_that_speaks_for_it() {
    for (name, of, start) in [
        ("at once", &[(3, 24.0, QUIET)][..], 0),
        (
            "after hours without one",
            &[(300, 0.0, QUIET), (3, 24.0, QUIET)],
            300,
        ),
        (
            "a stray one an hour and a half before",
            &[(1, 1.0, QUIET), (97, 0.0, QUIET), (3, 24.0, QUIET)],
            98,
        ),
        (
            "a small fault two hours before",
            &[(2, 2.0, QUIET), (120, 0.0, QUIET), (3, 24.0, QUIET)],
            122,
        ),
        (
            "one failure among few attempts, for half an hour",
            &[(1, 1.0, QUIET), (26, 0.0, QUIET / 40.0), (3, 24.0, QUIET)],
            27,
        ),
        (
            "a little more for ten minutes, then so much that either beginning explains it",
            &[(10, 52.0, 40.0), (1, 97.0, 40.0)],
            10,
        ),
        (
            "half a bad minute first",
            &[(60, 0.0, QUIET), (1, 1.0, QUIET), (3, 24.0, QUIET)],
            60,
        ),
        (
            "a slow burn that becomes a fire",
            &[(50, 4.0, 4.0), (40, 6.0, 4.0), (3, 400.0, 4.0)],
            90,
        ),
        (
            "half as many again",
            &[(100, 40.0, 40.0), (60, 60.0, 40.0)],
            100,
        ),
        (
            "three times as many",
            &[(100, 4.0, 4.0), (20, 12.0, 4.0)],
            100,
        ),
        (
            "the same, while it ends",
            &[
                (1, 1.0, QUIET),
                (97, 0.0, QUIET),
                (10, 24.0, QUIET),
                (1, 0.0, QUIET),
            ],
            98,
        ),
    ] {
        let run = after(of).run().unwrap();
        assert_eq!(run.start, start, "{name}: {run:?}");
    }
}

#[test]
fn minutes_of_a_run_are_held_back_from_the_second_on() {
    for (name, of, open) in [
        ("nothing", &[(60, 0.0, QUIET)][..], false),
        ("one wild minute", &[(1, 4_000.0, QUIET)], false),
        ("two bad ones", &[(2, 24.0, QUIET)], true),
        ("a slow burn", &[(12, 60.0, 40.0)], true),
        ("an hour of chance", &[(60, 42.0, 40.0)], false),
    ] {
        assert_eq!(after(of).is_open(), open, "{name}");
    }
}

#[test]
fn dependent_minutes_take_longer() {
    let to_alarm = |temper: f64| {
        let mut evidence = Evidence::new();
        let prediction = Prediction {
            mean: 40.0,
            shape: 20.0,
            ..Prediction::unknown(None)
        };
        (0..1_000).find(|minute| {
            let addend = Addend {
                minute: *minute,
                observed: 60.0,
                expected: 40.0,
                attempts: 40.0,
            };
            let nats = against(60.0, &prediction, true, &Alternatives::new(MORE));
            evidence.add(nats, temper, THRESHOLD, addend, |_| 0.0);
            evidence.is_raised()
        })
    };
    let (alone, tempered) = (to_alarm(1.0).unwrap(), to_alarm(0.25).unwrap());
    assert!(tempered > 2 * alone, "{alone} {tempered}");
}

#[test]
fn how_much_a_minute_has_for_a_run_going_on_falls_with_its_distance() {
    for (name, kind, high, factor, values) in [
        ("errors", Kind::Errors, true, 10.0, [40.0, 20.0, 4.0, 0.0]),
        ("traffic", Kind::Traffic, true, 3.0, [14.0, 10.0, 4.0, 0.0]),
        (
            "silence is held against a twentieth",
            Kind::Traffic,
            false,
            0.0,
            [0.0, 1.0, 2.0, 4.0],
        ),
    ] {
        let prediction = Prediction {
            mean: 4.0,
            shape: 20.0,
            ..Prediction::unknown(None)
        };
        let said = values.map(|value| lasting(kind, value, &prediction, high, factor));
        assert!(said.is_sorted_by(|a, b| a > b), "{name}: {said:?}");
        assert!(said[0] > 0.0 && said[2] < 0.0, "{name}: {said:?}");
    }
    for (high, deviates) in [(true, [8.0, 3.0, 0.0]), (false, [-8.0, -3.0, 0.0])] {
        let said = deviates.map(|deviate| {
            let prediction = Prediction {
                deviate,
                shape: 0.2,
                ..Prediction::unknown(None)
            };
            let factor = if high { 3.0 } else { 1.0 / 3.0 };
            lasting(Kind::Latency, 1.0, &prediction, high, factor)
        });
        assert!(
            said[0] > 0.0 && said[2] < -f64::from(OVER),
            "{high}: {said:?}"
        );
        assert!(said.is_sorted_by(|a, b| a > b), "{high}: {said:?}");
    }
}

#[test]
fn stored_and_read_it_goes_on_alike_and_an_alternative_that_is_none_is_refused() {
    let evidence = after(&[(10, 24.0, QUIET), (1, 0.0, QUIET)]);
    assert!(evidence.is_raised() && evidence.back > 0.0);
    let mut bytes = Vec::new();
    evidence.encode(&mut bytes);
    let read = Evidence::decode(&mut Reader::new(&bytes)).unwrap();
    assert_eq!(read, evidence);
    *bytes.last_mut().unwrap() = 4;
    let error = Evidence::decode(&mut Reader::new(&bytes)).unwrap_err();
    assert!(error.to_string().contains("the 4th of 3"), "{error}");
}

#[test]
fn a_run_passes_the_floors_as_a_whole() {
    let run = |minutes, high, attempts, observed, expected, factor| Run {
        since: 0,
        minutes,
        high,
        attempts,
        observed,
        expected,
        factor,
    };
    use Kind::{Errors, Latency, Traffic};
    for (name, kind, run, passes) in [
        (
            "many of many",
            Errors,
            run(10, true, 400.0, 40.0, 1.0, 40.0),
            true,
        ),
        (
            "too few attempts",
            Errors,
            run(3, true, 4.0, 4.0, 0.1, 40.0),
            false,
        ),
        (
            "enough attempts, trickled in over a day",
            Errors,
            run(1_440, true, 400.0, 40.0, 1.0, 40.0),
            false,
        ),
        (
            "too few failures",
            Errors,
            run(10, true, 400.0, 1.5, 0.5, 3.0),
            false,
        ),
        (
            "too small a share",
            Errors,
            run(10, true, 400_000.0, 60.0, 20.0, 3.0),
            false,
        ),
        ("slow", Latency, run(10, true, 400.0, 4.0, 0.0, 1.6), true),
        (
            "hardly slower",
            Latency,
            run(10, true, 400.0, 0.5, 0.0, 1.05),
            false,
        ),
        (
            "half the traffic",
            Traffic,
            run(60, false, 60.0, 1_200.0, 2_400.0, 0.5),
            false,
        ),
        (
            "a tenth of it",
            Traffic,
            run(60, false, 60.0, 240.0, 2_400.0, 0.1),
            true,
        ),
        (
            "half as much again",
            Traffic,
            run(60, true, 60.0, 3_600.0, 2_400.0, 1.5),
            false,
        ),
        (
            "three times as much",
            Traffic,
            run(60, true, 60.0, 7_200.0, 2_400.0, 3.0),
            true,
        ),
    ] {
        let settings = Settings::for_kind(kind).with_watch(Watch::Both);
        assert_eq!(run.passes(kind, &settings, 100.0), passes, "{name}");
    }
}
