//! The invocations, rollups and log lines behind the numbers.

use signals::{AwsSignal, LambdaSignal, Metric, SeriesKey};

use super::*;

/// Points of every kind of fault and of usual minutes.
fn some() -> Vec<(Fleet, Vec<Point>)> {
    Scenario::all()
        .iter()
        .map(|scenario| {
            let fleet = scenario.fleet(11, start(), Some(1));
            let mut points: Vec<Point> = fleet
                .faults
                .iter()
                .take(2)
                .flat_map(|fault| {
                    let last = fault.to;
                    fleet.run(fault.function).filter(move |point| {
                        point.minute >= last.plus(-3) && point.minute < last.plus(1)
                    })
                })
                .collect();
            for place in [0, 3, 6] {
                points.extend(fleet.run(place).skip(700).take(4));
            }
            (fleet, points)
        })
        .collect()
}

#[test]
fn invocations_have_the_numbers_of_their_point() {
    let (mut failed, mut cold) = (0, 0);
    for (fleet, points) in some() {
        for point in points {
            let requests = fleet.requests(&point);
            let name = format!("{} {}", fleet.scenario, point.minute);
            assert_eq!(requests, fleet.requests(&point), "{name}");
            let now = &point.signals;
            let count = |of: &dyn Fn(&Invocation) -> bool| {
                u32::try_from(requests.iter().filter(|one| of(one)).count()).unwrap()
            };
            assert_eq!(count(&|_| true), now.invocations, "{name}");
            assert_eq!(count(&|one| one.outcome.is_error()), now.errors, "{name}");
            assert_eq!(
                count(&|one| one.outcome == Outcome::Timeout),
                now.timeouts,
                "{name}"
            );
            assert_eq!(
                count(&|one| one.outcome == Outcome::OutOfMemory),
                now.out_of_memory
            );
            assert_eq!(
                count(&|one| one.init_ms.is_some()),
                now.cold_starts,
                "{name}"
            );
            failed += now.errors;
            cold += now.cold_starts;
            let distinct: BTreeSet<u32> = requests.iter().map(|one| one.correlation).collect();
            let distinct = u32::try_from(distinct.len()).unwrap();
            assert!(distinct <= now.correlations, "{name}");
            assert!(now.throttles > 0 || distinct == now.correlations, "{name}");
            let mut durations: Vec<f64> = requests.iter().map(|one| one.duration_ms).collect();
            durations.sort_by(f64::total_cmp);
            let mut inits: Vec<f64> = requests.iter().filter_map(|one| one.init_ms).collect();
            inits.sort_by(f64::total_cmp);
            for (q, told, of) in [
                (0.5, now.p50, &durations),
                (0.9, now.p90, &durations),
                (0.99, now.p99, &durations),
                (0.95, now.init_p95, &inits),
            ] {
                assert_eq!(told.is_none(), of.is_empty(), "{name}");
                if let Some(told) = told {
                    let rank = super::super::run::rank_of(q, u32::try_from(of.len()).unwrap());
                    let found = of[rank as usize - 1];
                    assert!(
                        (found - told).abs() < 0.0051,
                        "{name} {q}: {found}, not {told}"
                    );
                }
            }
            let largest = requests.iter().map(|one| one.memory_mb).fold(0.0, f64::max);
            assert!((largest - now.memory_max).abs() < 1e-9, "{name}: {largest}");
            assert!(
                requests
                    .windows(2)
                    .all(|two| two[0].ended_millis <= two[1].ended_millis)
            );
            assert!(
                requests
                    .iter()
                    .all(|one| Minute::from_millis(one.ended_millis) == point.minute)
            );
        }
    }
    assert!(failed > 1_000 && cold > 200, "{failed} {cold}");
}

#[test]
fn rollups_are_those_of_the_invocations() {
    let fleet = fleet("timeout-wall", 2, 1);
    let fault = &fleet.faults[0];
    let name = fleet.functions[fault.function].name.clone();
    let point = fleet
        .run(fault.function)
        .find(|point| point.minute == fault.from.plus(2))
        .unwrap();
    let series = fleet.rollups(&point);
    let now = &point.signals;
    let count = |key| series.get(&key).map_or(0, signals::Rollup::count);
    let lambda = |signal| count(SeriesKey::lambda(&name, signal));
    assert_eq!(
        lambda(LambdaSignal::Invocations),
        u64::from(now.invocations)
    );
    assert_eq!(lambda(LambdaSignal::Timeouts), u64::from(now.timeouts));
    assert_eq!(lambda(LambdaSignal::Errors), u64::from(now.errors));
    let duration = &series[&SeriesKey::lambda(&name, LambdaSignal::DurationMs)];
    let p50 = duration.quantile(0.5).unwrap();
    assert!((p50 / now.p50.unwrap() - 1.0).abs() < 0.03, "{p50}");
    assert!((duration.max().unwrap() - 6_000.0).abs() < 1e-9);
    let emf = |metric: Metric| {
        &series[&SeriesKey::emf(NAMESPACE, metric.name(), [("service", name.as_str())])]
    };
    let answered = u64::from(now.invocations - now.timeouts);
    assert_eq!(emf(Metric::Requests).count(), answered);
    let faults = emf(Metric::Faults).sum();
    assert!((faults - f64::from(now.errors - now.timeouts)).abs() < 1e-9);
    let aws = &series[&SeriesKey::aws(Some(&name), AwsSignal::Errors)];
    assert!((aws.sum() - f64::from(now.errors)).abs() < 1e-9);
    let account = fleet.account_metrics([point, point].iter());
    let twice = account[&SeriesKey::aws(None, AwsSignal::Invocations)].sum();
    assert!((twice - 2.0 * f64::from(now.invocations)).abs() < 1e-9);
}

#[test]
fn what_is_silent_has_no_series_and_what_is_missing_has_the_platform_s() {
    for (name, metrics) in [("silence", false), ("missing-data", true)] {
        let fleet = fleet(name, 2, 1);
        let fault = &fleet.faults[0];
        let point = fleet
            .run(fault.function)
            .find(|point| point.minute == fault.from)
            .unwrap();
        assert!(
            point.signals.invocations > 0,
            "{name}: the function works on"
        );
        let series = fleet.rollups(&point);
        assert_eq!(!series.is_empty(), metrics, "{name}");
        assert!(
            series
                .keys()
                .all(|key| matches!(key.name, signals::SeriesName::Aws { .. }))
        );
        assert_eq!(point.seen(Signal::Invocations), None);
    }
}

#[test]
fn log_lines_are_in_order_and_of_the_version_that_served() {
    let fleet = fleet("bad-version", 2, 1);
    for function in [0, 1] {
        let fault = fleet
            .faults
            .iter()
            .find(|fault| fault.function == function)
            .unwrap();
        let point = fleet
            .run(function)
            .find(|point| point.minute == fault.from.plus(3))
            .unwrap();
        let requests = fleet.requests(&point);
        let streams = fleet.logs(&point, &requests);
        assert_eq!(streams.len(), 2, "two versions");
        let bad = format!("[{}]", fault.version.unwrap());
        assert!(streams.iter().any(|stream| stream.stream.contains(&bad)));
        for stream in &streams {
            assert!(stream.group == format!("/aws/lambda/service-{function}"));
            assert!(stream.events.windows(2).all(|two| two[0].id < two[1].id));
            assert!(stream.events.iter().all(|event| event.id.len() == 56));
        }
        let messages: Vec<&str> = streams
            .iter()
            .flat_map(|stream| &stream.events)
            .map(|event| event.message.as_str())
            .collect();
        let count = |word: &str| {
            messages
                .iter()
                .filter(|message| message.contains(word))
                .count()
        };
        let reports = if function == 0 {
            "platform.report"
        } else {
            "REPORT RequestId"
        };
        assert_eq!(count(reports), requests.len());
        assert_eq!(count("CloudWatchMetrics"), requests.len());
        let errors = point.signals.errors as usize;
        assert!(errors > 0 && count("UpstreamError") == errors);
        for message in messages.iter().filter(|message| message.starts_with('{')) {
            serde_json::from_str::<serde_json::Value>(message).unwrap();
        }
    }
}
