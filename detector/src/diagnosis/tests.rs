//! From rollups to causes, and from log events to examples.

use std::collections::BTreeMap;

use incidents::{
    CauseKind, Confidence, Direction, Facts, Member, Reading, Statistic, Symptom, diagnose,
};
use platform::series_store::{Rollups, RollupsByVersion, Version};
use signals::{AwsSignal, LambdaSignal, Metric, Minute, Rollup, SeriesKey, Unit};

use super::examples;
use super::gather::{self, Question};
use crate::facts::Limits;
use crate::watch::{Service, Watch};
use crate::watchlist::Series;

const SERVICE: [(&str, &str); 1] = [("service", "CarManager")];

fn service(emf: &str) -> Service {
    let text = format!(
        "environment='t'\nregion='eu-west-1'\naccount='1'\nrunbooks='r'\n[[service]]\nname='cars'\nlog_group='/aws/lambda/car-api'\nowner='o'\n{emf}"
    );
    Watch::parse(&text).unwrap().services.remove(0)
}

fn emf(metric: Metric, route: Option<&str>) -> SeriesKey {
    let route = route.map(|route| ("route", route));
    SeriesKey::emf(
        "CarManager",
        metric.name(),
        SERVICE.into_iter().chain(route),
    )
}

fn lambda(signal: LambdaSignal) -> SeriesKey {
    SeriesKey::lambda("car-api", signal)
}

/// Requests of one route in one minute.
#[derive(Clone, Copy)]
struct Load {
    route: &'static str,
    requests: u64,
    failed: u64,
    ms: f64,
    dynamodb_ms: f64,
}

const fn load(route: &'static str, requests: u64, failed: u64, ms: f64, dynamodb_ms: f64) -> Load {
    Load {
        route,
        requests,
        failed,
        ms,
        dynamodb_ms,
    }
}

const CALM: [Load; 2] = [
    load("GET /cars", 90, 0, 40.0, 10.0),
    load("POST /cars", 10, 0, 60.0, 20.0),
];

/// What the service and the platform say of a minute.
fn minute(loads: &[Load]) -> Series {
    let mut series = Series::new();
    let mut add = |key: SeriesKey, value: f64, count: u64| {
        if count > 0 {
            series.entry(key).or_default().add(value, count);
        }
    };
    for load in loads {
        for route in [None, Some(load.route)] {
            add(emf(Metric::Requests, route), 1.0, load.requests);
            add(emf(Metric::Latency, route), load.ms, load.requests);
            add(
                emf(Metric::DynamoDbLatency, route),
                load.dynamodb_ms,
                load.requests,
            );
            add(emf(Metric::Faults, route), 1.0, load.failed);
            add(emf(Metric::Faults, route), 0.0, load.requests - load.failed);
        }
        add(lambda(LambdaSignal::Invocations), 1.0, load.requests);
        add(lambda(LambdaSignal::DurationMs), load.ms, load.requests);
        add(lambda(LambdaSignal::MemoryUsedMb), 60.0, load.requests);
        add(lambda(LambdaSignal::MemorySizeMb), 128.0, load.requests);
    }
    series
}

fn at(after: i64) -> Minute {
    Minute::parse("2026-11-20T21:00:00Z").unwrap().plus(after)
}

/// An hour of calm, then five minutes of something else: the incident.
fn story(during: &[Load]) -> Rollups {
    (0..65)
        .map(|after| (at(after), minute(if after < 60 { &CALM } else { during })))
        .collect()
}

fn member(symptom: Symptom, route: Option<&str>, high: f64) -> Member {
    let metric = match symptom {
        Symptom::Latency => Metric::Latency,
        _ => Metric::Faults,
    };
    Member {
        reading: Reading {
            series: emf(metric, route),
            label: "x".to_owned(),
            metric: "x".to_owned(),
            statistic: Statistic::Sum,
            unit: Unit::Count,
            observed: 10.0 * high + 10.0,
            expected_low: 0.0,
            expected_high: high,
        },
        tail: 1e-9,
        baseline_samples: 60,
        breaches: 2,
        windows: 3,
        requests: None,
        affected: None,
        started: at(60),
        test: None,
        stretch: None,
    }
}

fn facts_of(
    service: &Service,
    symptom: Symptom,
    whole: &Rollups,
    versions: &RollupsByVersion,
) -> Facts {
    let members = [member(symptom, None, 60.0)];
    let question = Question {
        service,
        symptom,
        direction: if symptom == Symptom::Traffic {
            Direction::Low
        } else {
            Direction::High
        },
        members: &members,
        began: at(60),
        onset: at(60),
        window: at(64),
    };
    gather::facts(&question, whole, versions)
}

fn first(facts: &Facts) -> (CauseKind, Confidence, String) {
    let diagnosis = diagnose(facts);
    let first = diagnosis
        .first()
        .unwrap_or_else(|| panic!("{:?}\n{facts:#?}", diagnosis.lines()));
    (first.kind, first.confidence, first.reason.clone())
}

#[test]
fn rollups_of_an_incident_become_its_cause() {
    let own = service("[service.emf]\nnamespace='CarManager'");
    for (name, symptom, during, cause) in [
        (
            "one route fails",
            Symptom::Errors,
            [
                load("GET /cars", 90, 0, 40.0, 10.0),
                load("POST /cars", 10, 8, 60.0, 20.0),
            ],
            CauseKind::BadRoute,
        ),
        (
            "DynamoDB is slow for all",
            Symptom::Latency,
            [
                load("GET /cars", 90, 0, 240.0, 210.0),
                load("POST /cars", 10, 0, 260.0, 220.0),
            ],
            CauseKind::SlowDependency,
        ),
        (
            "most requests go to the slower route",
            Symptom::Latency,
            [
                load("GET /cars", 10, 0, 40.0, 10.0),
                load("POST /cars", 90, 0, 60.0, 10.0),
            ],
            CauseKind::MixShift,
        ),
        (
            "four of five requests are missing",
            Symptom::Traffic,
            [
                load("GET /cars", 18, 0, 40.0, 10.0),
                load("POST /cars", 2, 0, 60.0, 20.0),
            ],
            CauseKind::TrafficLoss,
        ),
    ] {
        let mut facts = facts_of(&own, symptom, &story(&during), &BTreeMap::new());
        if cause == CauseKind::MixShift {
            // The limit that the member states: of the fast route nothing is above it.
            assert!(facts.slow.is_some());
            let members = [member(symptom, None, 50.0)];
            let question = Question {
                service: &own,
                symptom,
                direction: Direction::High,
                members: &members,
                began: at(60),
                onset: at(60),
                window: at(64),
            };
            facts = gather::facts(&question, &story(&during), &BTreeMap::new());
        }
        assert_eq!(
            first(&facts).0,
            cause,
            "{name}: {:?}",
            diagnose(&facts).lines()
        );
    }
}

#[test]
fn what_is_counted_is_what_the_rollups_hold() {
    let own = service("[service.emf]\nnamespace='CarManager'");
    let during = [
        load("GET /cars", 180, 0, 40.0, 10.0),
        load("POST /cars", 20, 10, 400.0, 20.0),
    ];
    let facts = facts_of(&own, Symptom::Errors, &story(&during), &BTreeMap::new());
    let of = |signal: Option<incidents::diagnosis::facts::Signal>| {
        signal.map(|it| (it.observed, it.expected))
    };
    assert_eq!(
        (facts.minutes, facts.heard, facts.idle_before),
        (5, 5, Some(0))
    );
    assert_eq!(of(facts.requests), Some((200.0, 100.0)));
    assert_eq!(of(facts.failed), Some((10.0, 0.0)));
    assert_eq!(of(facts.answered), Some((190.0, 100.0)));
    assert_eq!(facts.refused, None, "nobody asked AWS");
    let runs = facts.runs.unwrap();
    assert_eq!((runs.invocations, runs.timeouts), (1_000, 0));
    let [dynamodb] = facts.dependencies.as_slice() else {
        panic!("{:?}", facts.dependencies)
    };
    assert_eq!(dynamodb.name, "DynamoDbLatency");
    assert!(
        (dynamodb.per_request_ms.observed - 11.0).abs() < 0.01,
        "{dynamodb:?}"
    );
    let dimensions: Vec<_> = facts
        .contributions
        .iter()
        .map(|it| it.dimension.as_str())
        .collect();
    assert_eq!(dimensions, ["route", "status"]);
    assert_eq!(facts.contributions[0].parts[0].label, "POST /cars");
}

#[test]
fn any_function_is_diagnosed_by_its_reports_alone() {
    let plain = service("");
    let cut_off = |after: i64| {
        let mut series = minute(&[load("", 90, 0, 40.0, 0.0)]);
        if after >= 60 {
            series
                .entry(lambda(LambdaSignal::DurationMs))
                .or_default()
                .add(3_000.0, 10);
            for signal in [
                LambdaSignal::Invocations,
                LambdaSignal::Errors,
                LambdaSignal::Timeouts,
            ] {
                series.entry(lambda(signal)).or_default().add(1.0, 10);
            }
        }
        series.retain(|key, _| !matches!(key.name, signals::SeriesName::Emf { .. }));
        (at(after), series)
    };
    let whole: Rollups = (0..65).map(cut_off).collect();
    let mut facts = facts_of(&plain, Symptom::Errors, &whole, &BTreeMap::new());
    gather::limits(
        &mut facts,
        &Limits {
            timeout_ms: Some(3_000.0),
            ..Limits::default()
        },
    );
    assert_eq!(
        first(&facts),
        (
            CauseKind::TimeoutWall,
            Confidence::Certain,
            "Lambda ended 50 of 500 invocations (10%) at the timeout of 3,000 ms".to_owned()
        )
    );
}

#[test]
fn throttles_name_the_limit_that_was_read() {
    let plain = service("");
    let refused = |after: i64| {
        let mut series = minute(&[load("", 90, 0, 40.0, 0.0)]);
        let aws = |signal| SeriesKey::aws(Some("car-api"), signal);
        let (throttles, busy) = if after < 60 { (0.0, 4.0) } else { (30.0, 20.0) };
        series.insert(aws(AwsSignal::Throttles), Rollup::of(throttles));
        series.insert(aws(AwsSignal::ConcurrentExecutions), Rollup::of(busy));
        (at(after), series)
    };
    let whole: Rollups = (0..65).map(refused).collect();
    let mut facts = facts_of(&plain, Symptom::Throttles, &whole, &BTreeMap::new());
    let limits = Limits {
        reserved: Some(20.0),
        account: Some(1_000.0),
        ..Limits::default()
    };
    gather::limits(&mut facts, &limits);
    assert_eq!(
        first(&facts),
        (
            CauseKind::ReservedConcurrency,
            Confidence::Certain,
            "30/min refused; peak 20 of 20 reserved".to_owned()
        )
    );
    assert_eq!(facts.concurrency.peak_before, Some(4.0));
}

#[test]
fn a_bad_version_is_found_beside_the_good_one() {
    let own = service("[service.emf]\nnamespace='CarManager'");
    let version = |text: &str| Version::parse(text).unwrap();
    let old = [load("GET /cars", 90, 0, 40.0, 10.0)];
    let new = [load("GET /cars", 20, 12, 40.0, 10.0)];
    let minutes = |from: i64, loads: &[Load]| -> Rollups {
        (from..65).map(|after| (at(after), minute(loads))).collect()
    };
    let by_version = BTreeMap::from([
        (version("41"), minutes(0, &old)),
        (version("42"), minutes(58, &new)),
    ]);
    let both = [old[0], new[0]];
    let facts = facts_of(&own, Symptom::Errors, &story(&both), &by_version);
    let (kind, confidence, reason) = first(&facts);
    assert_eq!(
        (kind, confidence),
        (CauseKind::BadVersion, Confidence::Likely)
    );
    assert!(
        reason.starts_with("version 42: 60 of 100 requests failed"),
        "{reason}"
    );
    let deploy = facts.deploy.unwrap();
    assert_eq!(
        (deploy.minutes_before, deploy.version.as_deref()),
        (2, Some("42"))
    );
}

#[test]
fn silence_and_a_past_that_nobody_knows_are_not_zero() {
    let own = service("[service.emf]\nnamespace='CarManager'");
    let silent: Rollups = story(&CALM)
        .into_iter()
        .filter(|(minute, _)| *minute < at(60))
        .collect();
    let facts = facts_of(&own, Symptom::Latency, &silent, &BTreeMap::new());
    assert_eq!(first(&facts).0, CauseKind::Silence);
    assert_eq!(facts.requests, None);
    let young: Rollups = story(&CALM)
        .into_iter()
        .filter(|(minute, _)| *minute >= at(60))
        .collect();
    let facts = facts_of(&own, Symptom::Latency, &young, &BTreeMap::new());
    assert_eq!(
        (facts.requests, facts.latency_ms, facts.idle_before),
        (None, None, None)
    );
    assert!(facts.contributions.is_empty());
    let nothing = facts_of(&own, Symptom::Latency, &Rollups::new(), &BTreeMap::new());
    assert_eq!(first(&nothing).0, CauseKind::Silence);
}

#[test]
fn a_pattern_asks_for_requests_that_suffer_and_for_nothing_it_cannot_hold() {
    let own = service("[service.emf]\nnamespace='CarManager'");
    let hostile = "GET /\" || ($.a = *) }";
    for (symptom, route, pattern) in [
        (Symptom::Latency, None, Some("{ $.Latency > 60 }")),
        (Symptom::Errors, None, Some("{ $.Faults > 0 }")),
        (
            Symptom::Errors,
            Some("POST /cars/{car_id}"),
            Some(r#"{ ($.Faults > 0) && ($.route = "POST /cars/{car_id}") }"#),
        ),
        (Symptom::Errors, Some(hostile), None),
        (Symptom::Traffic, None, None),
    ] {
        let members = [member(symptom, route, 60.0)];
        let question = Question {
            service: &own,
            symptom,
            direction: Direction::High,
            members: &members,
            began: at(60),
            onset: at(60),
            window: at(64),
        };
        assert_eq!(
            examples::pattern(&question).as_deref(),
            pattern,
            "{symptom} {route:?}"
        );
    }
}

#[test]
fn a_long_incident_is_compared_with_what_was_before_it_and_not_with_itself() {
    let own = service("[service.emf]\nnamespace='CarManager'");
    let broken = [
        load("GET /cars", 90, 0, 40.0, 10.0),
        load("POST /cars", 10, 8, 60.0, 20.0),
    ];
    // What lies between is not read.
    let mut whole = story(&broken);
    whole.extend((500..505).map(|after| (at(after), minute(&broken))));
    let members = [member(Symptom::Errors, None, 3.0)];
    let question = Question {
        service: &own,
        symptom: Symptom::Errors,
        direction: Direction::High,
        members: &members,
        began: at(60),
        onset: at(500),
        window: at(504),
    };
    let facts = gather::facts(&question, &whole, &BTreeMap::new());
    let failed = facts.failed.unwrap();
    assert_eq!(
        (facts.minutes, failed.observed, failed.expected),
        (5, 8.0, 0.0)
    );
    assert_eq!(first(&facts).0, CauseKind::BadRoute);
}
