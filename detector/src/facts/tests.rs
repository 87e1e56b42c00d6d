use std::collections::BTreeMap;

use super::*;
use crate::watch::Watch;

fn watch(more: &str) -> Watch {
    let text = format!(
        "environment='t'\nregion='eu-west-1'\naccount='1'\nrunbooks='r'\n[[service]]\nname='cars'\nlog_group='/aws/lambda/f'\nowner='o'\n{more}"
    );
    Watch::parse(&text).unwrap()
}

fn series(values: &[(SeriesKey, &[f64])]) -> Series {
    let mut series = BTreeMap::new();
    for (key, samples) in values {
        let mut rollup = Rollup::default();
        samples.iter().for_each(|value| rollup.add(*value, 1));
        series.insert(key.clone(), rollup);
    }
    series
}

fn lambda(signal: LambdaSignal) -> SeriesKey {
    SeriesKey::lambda("f", signal)
}

fn aws(signal: AwsSignal) -> SeriesKey {
    SeriesKey::aws(Some("f"), signal)
}

fn version(number: f64) -> Series {
    series(&[(lambda(LambdaSignal::Version), &[number])])
}

#[test]
fn a_version_changes_up_at_once_and_down_after_three_minutes() {
    let watch = watch("");
    let mut facts = Facts::default();
    let mut steps = Vec::new();
    // 41, then a canary of 42 that some minutes do not hear, then back.
    for (at, heard) in [41.0, 41.0, 42.0, 41.0, 42.0, 41.0, 41.0, 41.0, 41.0]
        .into_iter()
        .enumerate()
    {
        let minute = Minute::from_index(at as i64);
        if let Some(step) = facts.see(&watch.services[0], minute, &version(heard)) {
            steps.push((at, step));
        }
    }
    let changed = |at, from, to| Changed { at, from, to };
    assert_eq!(
        steps,
        [
            (2, Step::Newer(changed(2, 41, 42))),
            (7, Step::Back(changed(7, 42, 41)))
        ]
    );
    assert_eq!((facts.version, facts.first), (Some(41), Some(0)));
    for (after, just) in [(0, true), (14, true), (15, false), (-1, false)] {
        assert_eq!(
            facts.just_deployed(Minute::from_index(7 + after)),
            just,
            "{after}"
        );
    }
}

#[test]
fn a_minute_without_a_version_says_nothing_of_it() {
    let watch = watch("");
    let mut facts = Facts::default();
    facts.see(&watch.services[0], Minute::from_index(0), &version(42.0));
    for at in 1..9 {
        let step = facts.see(&watch.services[0], Minute::from_index(at), &Series::new());
        assert_eq!(step, None);
    }
    assert_eq!((facts.version, facts.changed), (Some(42), None));
}

#[test]
fn limits_are_what_was_read_last() {
    let watch = watch("");
    let service = &watch.services[0];
    let mut facts = Facts::default();
    for (name, minute, expected) in [
        (
            "nothing read",
            series(&[(aws(AwsSignal::Errors), &[0.0])]),
            (None, None),
        ),
        (
            "reserved",
            series(&[(aws(AwsSignal::ConcurrencyLimit), &[50.0])]),
            (Some(50.0), None),
        ),
        (
            "between two readings it stays",
            Series::new(),
            (Some(50.0), None),
        ),
        (
            "the reservation is gone",
            series(&[(aws(AwsSignal::UnreservedLimit), &[900.0])]),
            (None, Some(900.0)),
        ),
    ] {
        facts.see(service, Minute::from_index(0), &minute);
        let found = (facts.limits.reserved, facts.limits.unreserved);
        assert_eq!(found, expected, "{name}");
    }
}

#[test]
fn a_timeout_is_configured_or_learned_when_one_occurs() {
    let timed_out = series(&[
        (lambda(LambdaSignal::DurationMs), &[12.0, 3_000.0]),
        (lambda(LambdaSignal::Timeouts), &[1.0]),
    ]);
    let slow = series(&[(lambda(LambdaSignal::DurationMs), &[12.0, 2_900.0])]);
    for (name, more, minute, expected) in [
        ("a timeout", "", &timed_out, Some(3_000.0)),
        ("slow is no timeout", "", &slow, None),
        (
            "configured",
            "timeout_seconds = 10",
            &timed_out,
            Some(10_000.0),
        ),
        (
            "configured, nothing heard",
            "timeout_seconds = 10",
            &slow,
            Some(10_000.0),
        ),
    ] {
        let watch = watch(more);
        let mut facts = Facts::default();
        facts.see(&watch.services[0], Minute::from_index(0), minute);
        assert_eq!(facts.limits.timeout_ms, expected, "{name}");
    }
}

#[test]
fn a_timeout_that_was_outlived_is_not_the_timeout() {
    let watch = watch("");
    let mut facts = Facts::default();
    let took = |ms: f64| series(&[(lambda(LambdaSignal::DurationMs), &[ms])]);
    let mut timed_out = took(3_000.0);
    timed_out.insert(lambda(LambdaSignal::Timeouts), Rollup::of(1.0));
    for (name, minute, expected) in [
        ("a timeout", timed_out, Some(3_000.0)),
        ("as long, within the rounding", took(3_050.0), Some(3_000.0)),
        ("longer without one", took(5_000.0), None),
        ("short again", took(100.0), None),
    ] {
        facts.see(&watch.services[0], Minute::from_index(0), &minute);
        assert_eq!(facts.limits.timeout_ms, expected, "{name}");
    }
    assert!(facts.had_timeout);
}

#[test]
fn calls_are_being_refused_for_some_minutes_after_one_was() {
    let watch = watch("");
    let mut facts = Facts::default();
    for (at, throttles, expected) in [
        (0, 0.0, false),
        (1, 2.0, true),
        (5, 0.0, true),
        (6, 0.0, false),
    ] {
        let values = [throttles];
        let minute = series(&[(aws(AwsSignal::Throttles), &values)]);
        facts.see(&watch.services[0], Minute::from_index(at), &minute);
        assert_eq!(facts.is_refusing, expected, "minute {at}");
    }
}

#[test]
fn concurrency_is_asked_for_or_estimated_from_what_was_reported() {
    let watch = watch("");
    let (service, account) = (&watch.services[0], watch.watched().nth(1).unwrap());
    let busy = |value: &'static [f64]| (aws(AwsSignal::ConcurrentExecutions), value);
    for (name, of, minute, expected) in [
        ("asked", service, series(&[busy(&[7.0])]), Some(7.0)),
        (
            // 600 requests of 200 ms in a minute: 10 a second × 0.2 s.
            "estimated",
            service,
            series(&[(lambda(LambdaSignal::DurationMs), &[200.0; 600])]),
            Some(2.0),
        ),
        (
            "asked goes before estimated",
            service,
            series(&[
                busy(&[7.0]),
                (lambda(LambdaSignal::DurationMs), &[200.0; 600]),
            ]),
            Some(7.0),
        ),
        ("unknown is not none", service, Series::new(), None),
        (
            "the account's",
            account,
            series(&[(
                SeriesKey::aws(None, AwsSignal::ClaimedAccountConcurrency),
                &[400.0],
            )]),
            Some(400.0),
        ),
        (
            "the account has no reports",
            account,
            series(&[busy(&[7.0])]),
            None,
        ),
    ] {
        let found = concurrency(of, &minute);
        let near = match (found, expected) {
            (Some(found), Some(expected)) => (found - expected).abs() < 1e-9,
            (found, expected) => found == expected,
        };
        assert!(near, "{name}: {found:?}");
    }
}

#[test]
fn each_day_leaves_its_busiest_minute_and_the_rise_needs_two_minutes_in_a_row() {
    let watch = watch("");
    let mut facts = Facts::default();
    let mut see = |at: i64, value: f64| {
        let minute = [value];
        let minute = series(&[(aws(AwsSignal::ConcurrentExecutions), &minute)]);
        facts.see(&watch.services[0], Minute::from_index(at), &minute);
        (facts.rise, facts.peaks.clone())
    };
    assert_eq!(see(0, 5.0), (None, vec![]));
    assert_eq!(see(1, 65.0), (Some(10.0), vec![]));
    assert_eq!(see(3, 5.0), (None, vec![]), "a minute is missing between");
    assert_eq!(see(1_440, 6.0).1, [65.0]);
    for day in 2..60 {
        see(day * 1_440, 6.0);
    }
    assert_eq!(see(60 * 1_440, 6.0).1.len(), MOST_DAYS);
}
