//! Random access, seeds, faults and the shape of what is simulated.

use std::collections::BTreeSet;

use proptest::prelude::*;
use signals::{AwsSignal, LambdaSignal, Metric, Minute, SeriesKey};
use simulator::{Fault, FaultKind, Injected, Operation, Scenario, ScenarioError};

fn start() -> Minute {
    Minute::parse("2026-11-20T22:00:00Z").unwrap()
}

/// Everything about a minute as comparable bytes.
fn bytes(scenario: &Scenario, minute: Minute) -> Vec<u8> {
    let mut out = format!("{:?}", scenario.requests(minute)).into_bytes();
    for (key, rollup) in scenario
        .history(minute)
        .into_iter()
        .chain(scenario.rollups(minute))
    {
        out.extend_from_slice(key.to_string().as_bytes());
        rollup.encode(&mut out);
    }
    out
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 40, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_order_of_minutes_gives_the_same_bytes(seed in any::<u64>(), places in prop::collection::vec(-20_160..120_i64, 1..6)) {
        let (first, second) = (Scenario::demo(seed, start()), Scenario::demo(seed, start()));
        let forwards: Vec<_> = places.iter().map(|place| bytes(&first, start().plus(*place))).collect();
        let mut backwards: Vec<_> = places.iter().rev().map(|place| bytes(&second, start().plus(*place))).collect();
        backwards.reverse();
        prop_assert_eq!(forwards, backwards);
    }

    #[test]
    fn demo_faults_never_overlap_and_leave_quiet_minutes(seed in any::<u64>()) {
        let scenario = Scenario::demo(seed, start());
        prop_assert_eq!(scenario.check(), Ok(()));
        prop_assert!((81..=105).contains(&scenario.minutes), "{} minutes", scenario.minutes);
        let kinds: BTreeSet<_> = scenario.faults.iter().map(|fault| fault.kind).collect();
        prop_assert_eq!(kinds.len(), 3);
        prop_assert!(scenario.faults[0].from.since(scenario.from) >= 12);
        let ends = scenario.faults.iter().skip(1).map(|fault| fault.from).chain([scenario.to()]);
        for (fault, next) in scenario.faults.iter().zip(ends) {
            prop_assert!((8..=12).contains(&fault.to.since(fault.from)), "{:?}", fault);
            prop_assert!(next.since(fault.to) >= 15, "{:?}", fault);
            prop_assert!((0.3..0.7).contains(&fault.share), "{:?}", fault);
            let sized = if fault.kind == FaultKind::Latency { 600.0..=1500.0 } else { 0.0..=0.0 };
            prop_assert!(sized.contains(&fault.extra_ms), "{:?}", fault);
        }
    }

    #[test]
    fn requests_hold_together(seed in any::<u64>(), place in -20_160..120_i64) {
        let scenario = Scenario::demo(seed, start());
        let minute = start().plus(place);
        let requests = scenario.requests(minute);
        for (position, request) in requests.iter().enumerate() {
            prop_assert_eq!(request.index as usize, position);
            prop_assert_eq!(Minute::from_millis(request.at_millis), minute);
            prop_assert!(request.dynamodb_ms > 0.0 && request.eventbridge_ms >= 0.0);
            prop_assert!(request.dynamodb_ms + request.eventbridge_ms < request.service_ms);
            let apart = matches!(request.operation, Operation::Create | Operation::Delete);
            prop_assert_eq!(request.car >= scenario.service.inventory, apart);
        }
        prop_assert!(requests.windows(2).all(|pair| pair[0].at_millis < pair[1].at_millis));
    }
}

#[test]
fn different_seeds_and_minutes_differ() {
    let scenario = Scenario::demo(1, start());
    let here = bytes(&scenario, start());
    assert_ne!(here, bytes(&Scenario::demo(2, start()), start()));
    assert_ne!(here, bytes(&scenario, start().plus(1)));
    let orders: BTreeSet<Vec<FaultKind>> = (0..60)
        .map(|seed| {
            Scenario::demo(seed, start())
                .faults
                .iter()
                .map(|fault| fault.kind)
                .collect()
        })
        .collect();
    assert_eq!(orders.len(), 6);
}

#[test]
fn faults_hit_their_share_and_nothing_else() {
    for seed in 0..10 {
        let scenario = Scenario::demo(seed, start());
        let calm = Scenario {
            faults: Vec::new(),
            ..scenario.clone()
        };
        for fault in &scenario.faults {
            let (mut hit, mut total) = (0_u32, 0_u32);
            for minute in 0..fault.to.since(fault.from) {
                let minute = fault.from.plus(minute);
                for (with, without) in scenario.requests(minute).iter().zip(calm.requests(minute)) {
                    total += 1;
                    hit += u32::from(match fault.kind {
                        FaultKind::Latency => matches!(with.injected, Some(Injected::LatencyMs(ms))
                            if (f64::from(ms) / fault.extra_ms - 1.0).abs() < 0.11),
                        FaultKind::Error => with.fails(),
                        FaultKind::Throttle => with.throttled,
                    });
                    assert_eq!((with.at_millis, with.car), (without.at_millis, without.car));
                    assert!((with.service_ms - without.service_ms).abs() < 1e-12);
                }
            }
            let share = f64::from(hit) / f64::from(total);
            assert!(
                (share - fault.share).abs() < 0.12,
                "seed {seed}, {fault:?}: {share}"
            );
        }
        for minute in (0..i64::from(scenario.minutes)).map(|minute| start().plus(minute)) {
            if !scenario.faults.iter().any(|fault| fault.covers(minute)) {
                assert_eq!(scenario.requests(minute), calm.requests(minute));
                assert!(
                    !scenario
                        .requests(minute)
                        .iter()
                        .any(|request| request.throttled)
                );
                assert_eq!(scenario.rollups(minute), scenario.history(minute));
            }
        }
    }
}

#[test]
fn a_normal_week_has_the_rates_it_promises() {
    let scenario = Scenario::demo(3, start());
    let (mut requests, mut errors, mut cold) = (0_u32, 0_u32, 0_u32);
    let (mut friday, mut saturday) = (0_u32, 0_u32);
    for minute in 0..10_080 {
        let minute = scenario.history_from().plus(minute);
        for request in scenario.requests(minute) {
            requests += 1;
            errors += u32::from(request.fails());
            cold += u32::from(request.cold_start.is_some());
            let text = minute.to_string();
            friday += u32::from(text.starts_with("2026-11-13"));
            saturday += u32::from(text.starts_with("2026-11-07"));
        }
    }
    let share = |count: u32| f64::from(count) / f64::from(requests);
    assert!(
        (f64::from(requests) / 10_080.0 - 40.0).abs() < 1.0,
        "{requests} requests"
    );
    assert!((share(errors) - 0.001).abs() < 3e-4 && (share(cold) - 0.004).abs() < 6e-4);
    assert!(
        f64::from(saturday) < 0.85 * f64::from(friday),
        "{saturday} on Saturday, {friday} on Friday"
    );
}

#[test]
fn history_holds_the_series_that_the_log_path_would_store() {
    let scenario = Scenario::demo(4, start());
    let minute = scenario.history_from().plus(900);
    let series = scenario.history(minute);
    let requests = scenario.requests(minute);
    let total = requests.len() as u64;
    let service = [("service", "CarManager")];
    for metric in [
        Metric::Latency,
        Metric::Requests,
        Metric::ClientErrors,
        Metric::Faults,
        Metric::Throttled,
    ] {
        let rollup = &series[&SeriesKey::emf("CarManager", metric.name(), service)];
        assert_eq!(rollup.count(), total, "{}", metric.name());
        let of_routes: u64 = scenario
            .service
            .routes
            .iter()
            .filter_map(|route| {
                series.get(&SeriesKey::emf(
                    "CarManager",
                    metric.name(),
                    [("route", route.as_str()), service[0]],
                ))
            })
            .map(signals::Rollup::count)
            .sum();
        assert_eq!(of_routes, total, "{} by route", metric.name());
    }
    assert_eq!(
        series[&SeriesKey::lambda("car-api", LambdaSignal::DurationMs)].count(),
        total
    );
    for (name, signal, expected) in [
        ("invocations", AwsSignal::Invocations, total as f64),
        ("errors", AwsSignal::Errors, 0.0),
        ("throttles", AwsSignal::Throttles, 0.0),
    ] {
        for function in [Some("car-api"), None] {
            let rollup = &series[&SeriesKey::aws(function, signal)];
            assert!(
                (rollup.sum() - expected).abs() < 1e-9 && rollup.count() == 1,
                "{name}"
            );
        }
    }
    let busiest = series[&SeriesKey::aws(None, AwsSignal::ConcurrentExecutions)]
        .max()
        .unwrap();
    assert!((1.0..=10.0).contains(&busiest), "{busiest}");
}

#[test]
fn a_minute_without_requests_has_no_series() {
    let scenario = Scenario {
        requests_per_minute: 0.0,
        ..Scenario::demo(1, start())
    };
    assert!(scenario.history(start()).is_empty() && scenario.rollups(start()).is_empty());
}

#[test]
fn a_minute_of_throttles_alone_has_throttles_alone() {
    let fault = Fault {
        kind: FaultKind::Throttle,
        from: start(),
        to: start().plus(1),
        share: 1.0,
        extra_ms: 0.0,
    };
    let scenario = Scenario {
        faults: vec![fault],
        ..Scenario::demo(1, start())
    };
    let series = scenario.rollups(start());
    assert_eq!(series.len(), 2);
    assert_eq!(series, scenario.platform_metrics(start()));
    assert!(series[&SeriesKey::aws(None, AwsSignal::Throttles)].sum() > 10.0);
}

#[test]
fn scenarios_that_cannot_be_are_refused_with_the_fix() {
    let base = Scenario::demo(1, start());
    let fault = |from: i64, to: i64, share: f64| Fault {
        kind: FaultKind::Error,
        from: start().plus(from),
        to: start().plus(to),
        share,
        extra_ms: 0.0,
    };
    for (name, scenario, words) in [
        (
            "rate",
            Scenario {
                requests_per_minute: f64::NAN,
                ..base.clone()
            },
            "write a number from 0 to 40000",
        ),
        (
            "empty",
            Scenario {
                faults: vec![fault(5, 5, 0.5)],
                ..base.clone()
            },
            "is empty",
        ),
        (
            "before",
            Scenario {
                faults: vec![fault(-1, 5, 0.5)],
                ..base.clone()
            },
            "outside the live minutes",
        ),
        (
            "after",
            Scenario {
                faults: vec![fault(5, 5_000, 0.5)],
                ..base.clone()
            },
            "outside the live minutes",
        ),
        (
            "overlap",
            Scenario {
                faults: vec![fault(5, 9, 0.5), fault(8, 12, 0.5)],
                ..base.clone()
            },
            "overlaps",
        ),
        (
            "share",
            Scenario {
                faults: vec![fault(5, 9, 1.5)],
                ..base.clone()
            },
            "share 1.5: write a number from 0 to 1",
        ),
    ] {
        let error = scenario.check().expect_err(name);
        assert!(error.to_string().contains(words), "{name}: {error}");
        assert!(!matches!(error, ScenarioError::Rate(_)) || name == "rate");
    }
}

#[test]
fn truth_is_data_with_readable_times() {
    let truth = serde_json::to_value(Scenario::demo(5, start()).truth()).unwrap();
    assert_eq!(
        (truth["seed"].as_u64(), truth["from"].as_str()),
        (Some(5), Some("2026-11-20T22:00:00Z"))
    );
    let fault = &truth["faults"][0];
    assert!(
        fault["from"]
            .as_str()
            .unwrap()
            .starts_with("2026-11-20T22:1"),
        "{truth}"
    );
    assert!(
        FaultKind::ALL
            .iter()
            .any(|kind| fault["kind"] == kind.as_str()),
        "{truth}"
    );
}
