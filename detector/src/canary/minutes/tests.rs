//! Tables of what is compared with what.

use std::collections::BTreeMap;

use super::*;
use crate::watch::Watch;

fn service(emf: &str) -> Service {
    let text = format!(
        "environment='t'\nregion='eu-west-1'\naccount='1'\nrunbooks='r'\n[[service]]\nname='cars'\nlog_group='/aws/lambda/car-api'\nowner='o'\n{emf}"
    );
    Watch::parse(&text).unwrap().services.remove(0)
}

fn with_emf() -> Service {
    service("[service.emf]\nnamespace='CarManager'")
}

fn version(number: u64) -> Version {
    Version::parse(&number.to_string()).unwrap()
}

/// What one version did in a minute: requests; failed ones; function errors; cold starts; and milliseconds.
#[derive(Clone, Copy, Default)]
struct Did {
    requests: u64,
    failed: u64,
    errors: u64,
    cold: u64,
    ms: f64,
}

const FINE: Did = Did {
    requests: 36,
    failed: 0,
    errors: 0,
    cold: 0,
    ms: 20.0,
};

fn ones(count: u64) -> Rollup {
    let mut rollup = Rollup::default();
    rollup.add(1.0, count);
    rollup
}

fn series(did: Did) -> Series {
    let own = |metric| SeriesKey::emf("CarManager", metric, [("service", "CarManager")]);
    let lambda = |signal| SeriesKey::lambda("car-api", signal);
    let mut latency = Rollup::default();
    latency.add(did.ms, did.requests);
    BTreeMap::from([
        (own("Requests"), ones(did.requests)),
        (own("Faults"), ones(did.failed)),
        (own("Latency"), latency.clone()),
        (lambda(LambdaSignal::Invocations), ones(did.requests)),
        (lambda(LambdaSignal::Errors), ones(did.errors)),
        (lambda(LambdaSignal::ColdStarts), ones(did.cold)),
        (lambda(LambdaSignal::DurationMs), latency),
    ])
}

/// Ten minutes of some versions, the first minute of each being given.
fn served(versions: &[(u64, i64, Did)]) -> RollupsByVersion {
    let mut by_version = RollupsByVersion::new();
    for (number, first, did) in versions {
        for minute in *first..first + 10 {
            by_version
                .entry(version(*number))
                .or_default()
                .insert(Minute::from_index(minute), series(*did));
        }
    }
    by_version
}

#[test]
fn every_newer_version_is_compared_with_whoever_serves_beside_it() {
    let few = Did {
        requests: 4,
        ..FINE
    };
    let one = Did {
        requests: 1,
        ..FINE
    };
    for (name, versions, expected) in [
        ("none", vec![], vec![]),
        ("one", vec![(1, 0, FINE)], vec![]),
        ("a rollout", vec![(9, 0, FINE), (10, 0, few)], vec![(10, 9)]),
        (
            "a version is skipped",
            vec![(3, 0, FINE), (7, 0, few)],
            vec![(7, 3)],
        ),
        (
            "one after the other",
            vec![(1, 0, FINE), (2, 10, FINE)],
            vec![],
        ),
        (
            "a hotfix after a rollback: the rolled back one is not the one that serves",
            vec![(1, 0, FINE), (2, 0, few), (1, 10, FINE), (3, 10, few)],
            vec![(3, 1), (2, 1)],
        ),
        (
            "a straggler of a version in between",
            vec![(1, 0, FINE), (2, 0, one), (3, 0, few)],
            vec![(3, 1), (2, 1)],
        ),
        (
            "somebody calls a version that is newer than the canary",
            vec![(41, 0, FINE), (42, 0, few), (99_999, 0, one)],
            vec![(42, 41), (99_999, 41)],
        ),
        (
            "and beside a canary that gets most of the requests",
            vec![(41, 0, few), (42, 0, FINE), (99_999, 0, one)],
            vec![(42, 41), (99_999, 42)],
        ),
        (
            "five newer ones: those that serve most",
            vec![
                (41, 0, FINE),
                (42, 0, few),
                (43, 0, one),
                (44, 0, one),
                (45, 0, one),
                (46, 0, one),
            ],
            vec![(42, 41), (46, 41), (45, 41)],
        ),
        (
            "somebody calls an older version: what serves is beside it, and so is the canary",
            vec![(1, 0, one), (41, 0, FINE), (42, 0, few)],
            vec![(41, 1), (42, 41)],
        ),
        (
            "half and half",
            vec![(1, 0, FINE), (2, 0, FINE)],
            vec![(2, 1)],
        ),
        (
            "a rollout of an older one: still the newer is judged",
            vec![(1, 0, few), (2, 0, FINE)],
            vec![(2, 1)],
        ),
        (
            "the newest was tried and got no request",
            vec![(1, 0, FINE), (2, 0, Did::default())],
            vec![],
        ),
    ] {
        let found: Vec<_> = compare(&with_emf(), &served(&versions))
            .iter()
            .map(|compared| (compared.new, compared.old))
            .collect();
        let expected: Vec<_> = expected
            .iter()
            .map(|(new, old)| (version(*new), version(*old)))
            .collect();
        assert_eq!(found, expected, "{name}");
    }
}

#[test]
fn a_bad_canary_is_worse_whatever_else_is_called() {
    let bad = Did {
        requests: 4,
        failed: 2,
        ..FINE
    };
    let stray = Did {
        requests: 1,
        ..FINE
    };
    for others in [vec![], vec![99_999], vec![43, 99_999], vec![1, 99_999]] {
        let mut versions = vec![(41, 0, FINE), (42, 0, bad)];
        versions.extend(others.iter().map(|number| (*number, 0, stray)));
        let found = compare(&with_emf(), &served(&versions));
        let canary = found.iter().find(|it| it.new == version(42)).unwrap();
        assert_eq!(
            (canary.old, canary.finding()),
            (version(41), Finding::Worse),
            "{others:?}"
        );
        assert!(
            found
                .iter()
                .all(|it| it.new == version(42) || it.finding() != Finding::Worse),
            "{others:?}"
        );
    }
}

#[test]
fn each_question_alone_makes_it_worse_and_too_few_requests_answer_none() {
    use Finding::{NotWorse, TooFew, Worse};
    let few = Did {
        requests: 4,
        ..FINE
    };
    for (name, new, expected) in [
        ("all well", few, NotWorse),
        ("failed requests", Did { failed: 2, ..few }, Worse),
        ("function errors", Did { errors: 2, ..few }, Worse),
        ("slow", Did { ms: 300.0, ..few }, Worse),
        (
            "slow because cold",
            Did {
                ms: 300.0,
                cold: 4,
                ..few
            },
            NotWorse,
        ),
        (
            "too few",
            Did {
                requests: 1,
                ..FINE
            },
            TooFew,
        ),
    ] {
        let compared = compare(&with_emf(), &served(&[(1, 0, FINE), (2, 0, new)])).remove(0);
        assert_eq!(compared.finding(), expected, "{name}: {}", compared.why());
    }
}

#[test]
fn the_line_says_the_numbers_and_the_chance() {
    let new = Did {
        requests: 4,
        failed: 2,
        ..FINE
    };
    let compared = compare(&with_emf(), &served(&[(1, 0, FINE), (2, 0, new)])).remove(0);
    assert_eq!(
        compared.why(),
        "function errors 0 of 40 against 0 of 360 in 10 minutes, chance 1.0e0: not worse; \
         failed requests 20 of 40 against 0 of 360 in 10 minutes, chance 1.0e-20: worse; \
         p90 20 ms against 20 ms, slow 0 of 40 against 0 of 360 in 10 minutes, chance 1.0e0: not worse; \
         threshold 8.3e-5"
    );
}

#[test]
fn any_function_is_compared_by_its_reports_alone() {
    let slow = Did {
        requests: 4,
        ms: 300.0,
        ..FINE
    };
    let compared = compare(&service(""), &served(&[(1, 0, FINE), (2, 0, slow)])).remove(0);
    assert_eq!(compared.answers.len(), 2);
    assert_eq!(compared.finding(), Finding::Worse, "{}", compared.why());
}

#[test]
fn latencies_that_no_report_has_come_of_are_cold_until_it_comes() {
    let mut series = series(Did { cold: 2, ..FINE });
    let invocations = SeriesKey::lambda("car-api", LambdaSignal::Invocations);
    series.insert(invocations.clone(), ones(30));
    assert_eq!(latency(&with_emf(), &series).cold, 2 + 6);
    series.remove(&invocations);
    assert_eq!(latency(&with_emf(), &series).cold, 2 + 36);
}

#[test]
fn routes_and_other_namespaces_are_not_counted_beside_the_whole() {
    let mut series = series(FINE);
    for (namespace, dimensions) in [
        (
            "CarManager",
            vec![("service", "CarManager"), ("route", "GET /cars")],
        ),
        ("CarManager", vec![("car", "7")]),
        ("CarManager", vec![]),
        ("Elsewhere", vec![("service", "CarManager")]),
    ] {
        let key = |metric| SeriesKey::emf(namespace, metric, dimensions.iter().copied());
        series.insert(key("Requests"), ones(900));
        series.insert(key("Faults"), ones(900));
    }
    let emf = with_emf().emf.unwrap();
    assert_eq!(failed_requests(&emf, &series), Tally { bad: 0, of: 36 });
}

#[test]
fn a_log_that_lies_about_its_numbers_is_survived() {
    let lying = |value: f64| {
        let mut series = series(FINE);
        series
            .values_mut()
            .for_each(|rollup| *rollup = Rollup::of(value));
        series
    };
    for value in [-1e300, -1.0, 0.5, 1e300] {
        let mut by_version = served(&[(1, 0, FINE)]);
        let minutes = (0..10).map(|minute| (Minute::from_index(minute), lying(value)));
        by_version.insert(version(2), minutes.collect());
        for compared in compare(&with_emf(), &by_version) {
            assert!(compared.why().len() < 1_000);
        }
    }
}
