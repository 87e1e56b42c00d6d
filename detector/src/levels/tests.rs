use super::*;
use crate::facts::Limits;
use crate::watch::Watch;

fn watch() -> Watch {
    let text = "environment='t'\nregion='eu-west-1'\naccount='1'\nrunbooks='r'\n[[service]]\nname='cars'\nlog_group='/aws/lambda/f'\nowner='o'";
    Watch::parse(text).unwrap()
}

fn facts(limits: Limits) -> Facts {
    let mut facts = Facts::default();
    facts.limits = limits;
    facts
}

fn read(account: bool, series: &[(SeriesKey, Rollup)], facts: &Facts) -> Vec<(String, f64)> {
    let watch = watch();
    let service = if account {
        watch.watched().nth(1).unwrap()
    } else {
        &watch.services[0]
    };
    let series = series.iter().cloned().collect();
    samples(service, &series, facts)
        .into_iter()
        .map(|sample| {
            let name = format!(
                "{}{}",
                sample.subject.symptom,
                sample.subject.measure.suffix()
            );
            (name, sample.value.unwrap().round())
        })
        .collect()
}

fn named(found: &[(&str, f64)]) -> Vec<(String, f64)> {
    let owned = |(name, value): &(&str, f64)| ((*name).to_owned(), *value);
    found.iter().map(owned).collect()
}

#[test]
fn what_is_used_is_held_against_the_limit_that_was_read() {
    let busy = (
        SeriesKey::aws(Some("f"), AwsSignal::ConcurrentExecutions),
        Rollup::of(45.0),
    );
    let (reserved, pool) = (
        Limits {
            reserved: Some(50.0),
            ..Limits::default()
        },
        Limits {
            unreserved: Some(900.0),
            ..Limits::default()
        },
    );
    for (name, limits, expected) in [
        ("no limit was read", Limits::default(), vec![]),
        (
            "reserved, nothing refused: a matter of capacity",
            reserved,
            vec![("saturation.of_limit", 0.0), ("capacity.of_limit", 90.0)],
        ),
        (
            "shared: a page is the account's",
            pool,
            vec![("capacity.of_limit", 5.0)],
        ),
        (
            "nothing may run",
            Limits {
                reserved: Some(0.0),
                ..Limits::default()
            },
            vec![],
        ),
    ] {
        let found = read(false, std::slice::from_ref(&busy), &facts(limits));
        assert_eq!(found, named(&expected), "{name}");
    }
}

#[test]
fn a_full_reservation_is_a_page_when_calls_are_refused_and_over_when_it_is_gone() {
    let key = SeriesKey::aws(Some("f"), AwsSignal::ConcurrentExecutions);
    for (name, reserved, refusing, expected) in [
        ("a singleton works", Some(1.0), false, vec![0.0, 0.0]),
        ("a singleton refuses", Some(1.0), true, vec![100.0, 100.0]),
        ("full, nothing refused", Some(20.0), false, vec![0.0, 100.0]),
        ("full and refusing", Some(20.0), true, vec![100.0, 100.0]),
    ] {
        let busy = (key.clone(), Rollup::of(reserved.unwrap()));
        let mut facts = facts(Limits {
            reserved,
            ..Limits::default()
        });
        (facts.is_refusing, facts.had_reserved) = (refusing, true);
        let values: Vec<f64> = read(false, &[busy], &facts)
            .into_iter()
            .map(|it| it.1)
            .collect();
        assert_eq!(values, expected, "{name}");
    }
    let mut facts = facts(Limits {
        unreserved: Some(900.0),
        ..Limits::default()
    });
    facts.had_reserved = true;
    assert_eq!(
        read(false, &[], &facts),
        named(&[("saturation.of_limit", 0.0), ("headroom.projected", 0.0)]),
        "the reservation is gone"
    );
}

#[test]
fn the_account_is_held_against_both_of_its_limits() {
    let limits = Limits {
        account: Some(1_000.0),
        unreserved: Some(600.0),
        ..Limits::default()
    };
    let series = [
        (
            SeriesKey::aws(None, AwsSignal::ClaimedAccountConcurrency),
            Rollup::of(700.0),
        ),
        (
            SeriesKey::aws(None, AwsSignal::UnreservedConcurrentExecutions),
            Rollup::of(580.0),
        ),
    ];
    let expected = [
        ("saturation.of_limit", 70.0),
        ("capacity.of_limit", 70.0),
        ("saturation.of_limit", 97.0),
        ("capacity.of_limit", 97.0),
    ];
    assert_eq!(read(true, &series, &facts(limits)), named(&expected));
    assert_eq!(read(true, &series, &Facts::default()), vec![]);
}

#[test]
fn headroom_is_what_is_left_of_timeout_and_memory() {
    let lambda = |signal, of: &[f64]| {
        let mut rollup = Rollup::default();
        of.iter().for_each(|value| rollup.add(*value, 1));
        (SeriesKey::lambda("f", signal), rollup)
    };
    let limits = Limits {
        timeout_ms: Some(3_000.0),
        memory_mb: Some(128.0),
        ..Limits::default()
    };
    let slow = lambda(LambdaSignal::DurationMs, &[2_700.0; 20]);
    let few = lambda(LambdaSignal::DurationMs, &[2_700.0; 19]);
    let memory = lambda(LambdaSignal::MemoryUsedMb, &[60.0, 120.0]);
    for (name, series, limits, expected) in [
        (
            "both",
            vec![slow.clone(), memory.clone()],
            limits,
            vec![("headroom.of_timeout", 90.0), ("headroom.of_memory", 94.0)],
        ),
        ("too few durations", vec![few], limits, vec![]),
        (
            "no limit is known",
            vec![slow, memory],
            Limits::default(),
            vec![],
        ),
    ] {
        let found = read(false, &series, &facts(limits));
        let found: Vec<_> = found
            .into_iter()
            // A histogram's values are within 1.6 % of those that were counted.
            .map(|(name, value)| (name, (value / 2.0).round() * 2.0))
            .collect();
        let mut wanted = named(&expected);
        wanted
            .iter_mut()
            .for_each(|it| it.1 = (it.1 / 2.0).round() * 2.0);
        assert_eq!(found, wanted, "{name}");
    }
}

#[test]
fn a_ramp_is_held_against_the_scaling_rate() {
    let mut facts = Facts::default();
    for (rise, expected) in [(900.0, Some(90.0)), (-900.0, Some(0.0))] {
        facts.rise = Some(rise);
        let found = read(false, &[], &facts);
        let expected = expected.map(|value| ("capacity.of_scaling".to_owned(), value));
        assert_eq!(found, Vec::from_iter(expected), "{rise}");
    }
}

#[test]
fn a_creep_is_seen_before_it_reaches_the_limit() {
    let mut facts = facts(Limits {
        reserved: Some(100.0),
        ..Limits::default()
    });
    for (name, step, breached) in [("a creep of 3 a day", 3.0, true), ("none", 0.0, false)] {
        facts.peaks = (0..10).map(|day| 40.0 + step * f64::from(day)).collect();
        let found = read(false, &[], &facts);
        let [(measure, value)] = &found[..] else {
            panic!("{name}: {found:?}");
        };
        assert_eq!(measure, "headroom.projected");
        assert_eq!(
            Level { at: 100.0 }.is_breached(*value),
            breached,
            "{name}: {value}"
        );
    }
}

#[test]
fn a_limit_has_a_band_between_breached_and_clear() {
    let level = Level { at: 80.0 };
    for (value, breached, clear) in [
        (80.0, true, false),
        (79.9, false, false),
        (75.0, false, false),
        (74.9, false, true),
        (f64::INFINITY, true, false),
        (f64::NAN, false, false),
    ] {
        assert_eq!(
            (level.is_breached(value), level.is_clear(value)),
            (breached, clear),
            "{value}"
        );
    }
}
