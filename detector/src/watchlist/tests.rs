use super::*;
use crate::watch::Watch;

fn service(emf: &str) -> Service {
    let text = format!(
        "environment='t'\nregion='eu-west-1'\naccount='1'\nrunbooks='r'\n[[service]]\nname='cars'\nlog_group='/aws/lambda/car-api'\nowner='o'\n{emf}"
    );
    Watch::parse(&text).unwrap().services.remove(0)
}

fn ones(count: u64, of: f64) -> Rollup {
    let mut rollup = Rollup::default();
    rollup.add(of, count);
    rollup
}

fn read(service: &Service, series: &[(SeriesKey, Rollup)]) -> Vec<(String, Option<f64>, f64)> {
    let series = series.iter().cloned().collect();
    samples(service, &series)
        .into_iter()
        .map(|s| (s.subject.id(), s.value.map(f64::round), s.weight))
        .collect()
}

#[test]
fn own_metrics_are_scored_by_service_and_route_and_nothing_else() {
    let service = service("[service.emf]\nnamespace='CarManager'");
    let emf =
        |metric, dims: &[(&str, &str)]| SeriesKey::emf("CarManager", metric, dims.iter().copied());
    let (own, route) = (
        [("service", "C")],
        [("service", "C"), ("route", "GET /cars")],
    );
    let found = read(
        &service,
        &[
            (emf("Latency", &own), ones(30, 100.0)),
            (emf("Latency", &route), ones(20, 100.0)),
            (emf("Requests", &own), ones(30, 1.0)),
            (emf("Requests", &route), ones(20, 1.0)),
            (emf("Faults", &own), ones(30, 0.1)),
            (
                emf("Latency", &[("service", "C"), ("car", "7")]),
                ones(1, 1.0),
            ),
            (SeriesKey::emf("Elsewhere", "Latency", own), ones(1, 1.0)),
        ],
    );
    assert_eq!(
        found,
        [
            (
                "errors|emf/CarManager/Faults{service=C}".to_owned(),
                Some(3.0),
                30.0
            ),
            (
                "latency|emf/CarManager/Latency{route=GET%20/cars,service=C}".to_owned(),
                Some(100.0),
                20.0
            ),
            (
                "latency|emf/CarManager/Latency{service=C}".to_owned(),
                Some(100.0),
                30.0
            ),
            (
                "traffic|emf/CarManager/Requests{service=C}".to_owned(),
                Some(30.0),
                1.0
            ),
        ]
    );
}

#[test]
fn any_function_is_watched_by_its_reports_alone() {
    let found = read(
        &service(""),
        &[
            (
                SeriesKey::lambda("car-api", LambdaSignal::DurationMs),
                ones(10, 50.0),
            ),
            (
                SeriesKey::lambda("car-api", LambdaSignal::Invocations),
                ones(10, 1.0),
            ),
        ],
    );
    assert_eq!(
        found,
        [
            (
                "latency|lambda/car-api/duration_ms{}".to_owned(),
                Some(50.0),
                10.0
            ),
            (
                "traffic|lambda/car-api/invocations{}".to_owned(),
                Some(10.0),
                1.0
            ),
            ("errors|aws/car-api/errors{}".to_owned(), Some(0.0), 10.0),
        ]
    );
}

#[test]
fn aws_speaks_of_errors_where_it_was_asked_and_throttles_are_attempts_that_never_ran() {
    let aws = |signal| SeriesKey::aws(Some("car-api"), signal);
    let found = read(
        &service("[service.emf]\nnamespace='N'"),
        &[
            (
                SeriesKey::lambda("car-api", LambdaSignal::Invocations),
                ones(10, 1.0),
            ),
            (aws(AwsSignal::Errors), Rollup::of(2.0)),
            (aws(AwsSignal::Invocations), Rollup::of(40.0)),
            (aws(AwsSignal::Throttles), Rollup::of(5.0)),
        ],
    );
    assert_eq!(
        found,
        [
            ("errors|aws/car-api/errors{}".to_owned(), Some(2.0), 40.0),
            (
                "throttles|aws/car-api/throttles{}".to_owned(),
                Some(5.0),
                45.0
            ),
        ]
    );
}

#[test]
fn throttles_without_invocations_are_of_an_unknown_number() {
    let aws = |signal, value| (SeriesKey::aws(Some("car-api"), signal), Rollup::of(value));
    let refused = aws(AwsSignal::Throttles, 30.0);
    for (name, series, expected) in [
        ("invocations are not there yet", vec![refused.clone()], None),
        (
            "there were none",
            vec![refused.clone(), aws(AwsSignal::Invocations, 0.0)],
            Some((Some(30.0), 30.0)),
        ),
        (
            "a few of many",
            vec![refused, aws(AwsSignal::Invocations, 970.0)],
            Some((Some(30.0), 1_000.0)),
        ),
    ] {
        let found = read(&service(""), &series);
        let throttles = found.into_iter().find(|it| it.0.starts_with("throttles|"));
        let throttles = throttles.map(|(_, value, weight)| (value, weight));
        assert_eq!(throttles, expected, "{name}");
    }
}

/// The named samples of a function's reports.
fn reported(cold: u64, init: bool) -> Vec<(SeriesKey, Rollup)> {
    let lambda = |signal| SeriesKey::lambda("car-api", signal);
    let mut duration = ones(400 - cold, 40.0);
    duration.add(900.0, cold);
    let mut series = vec![
        (lambda(LambdaSignal::DurationMs), duration),
        (lambda(LambdaSignal::BilledMs), ones(400, 40.0)),
        (lambda(LambdaSignal::Invocations), ones(400, 1.0)),
    ];
    if cold > 0 {
        series.push((lambda(LambdaSignal::ColdStarts), ones(cold, 1.0)));
    }
    if init {
        series.push((lambda(LambdaSignal::InitMs), ones(cold, 250.0)));
    }
    series
}

#[expect(clippy::float_cmp, reason = "whole numbers of samples")]
#[test]
fn cold_starts_are_a_rate_of_their_own_and_never_part_of_latency() {
    for (name, cold, p90, p99, rate) in [
        ("none", 0, 40.0, 40.0, 0.0),
        ("a few", 4, 40.0, 40.0, 4.0),
        (
            "a storm of new environments is no latency",
            200,
            40.0,
            40.0,
            200.0,
        ),
    ] {
        let found = read(&service(""), &reported(cold, cold > 0));
        let of = |id: &str| {
            let sample = found.iter().find(|(other, ..)| other == id);
            sample.map(|(_, value, weight)| (value.unwrap(), *weight))
        };
        let near = |id: &str, expected: f64| {
            of(id).is_some_and(|(value, _)| (value - expected).abs() <= expected / 30.0)
        };
        assert!(
            near("latency|lambda/car-api/duration_ms{}", p90),
            "{name}: {found:?}"
        );
        let warm = 400.0 - cold as f64;
        assert_eq!(
            of("latency|lambda/car-api/duration_ms{}").unwrap().1,
            warm,
            "{name}"
        );
        assert_eq!(
            of("latency.p99|lambda/car-api/duration_ms{}").is_some(),
            warm >= 300.0,
            "{name}: the tail needs samples"
        );
        assert!(
            warm < 300.0 || near("latency.p99|lambda/car-api/duration_ms{}", p99),
            "{name}"
        );
        let cold_rate = of("cold-starts|lambda/car-api/cold_starts{}");
        assert_eq!(cold_rate, Some((rate, 400.0)), "{name}");
        let init = of("cold-starts.p95|lambda/car-api/init_ms{}");
        assert_eq!(init.is_some(), cold > 0, "{name}");
    }
}

#[test]
fn without_reports_nothing_is_known_of_cold_starts() {
    let found = read(
        &service(""),
        &[(
            SeriesKey::lambda("car-api", LambdaSignal::Invocations),
            ones(10, 1.0),
        )],
    );
    assert!(
        found.iter().all(|(id, ..)| !id.starts_with("cold-starts")),
        "{found:?}"
    );
}

#[test]
fn silence_is_known_only_when_aws_and_the_log_both_say_so() {
    let aws = |signal, value| (SeriesKey::aws(Some("car-api"), signal), Rollup::of(value));
    let log = (
        SeriesKey::lambda("car-api", LambdaSignal::Invocations),
        ones(1, 1.0),
    );
    let invocations = |value| aws(AwsSignal::Invocations, value);
    for (name, series, silent) in [
        ("nothing was heard at all", vec![], false),
        ("AWS counts none", vec![invocations(0.0)], true),
        (
            "AWS counts some, the log is late",
            vec![invocations(3.0)],
            false,
        ),
        (
            "AWS is late, the log is there",
            vec![invocations(0.0), log.clone()],
            false,
        ),
        ("only the log", vec![log], false),
        (
            "refused is not silent",
            vec![invocations(0.0), aws(AwsSignal::Throttles, 4.0)],
            false,
        ),
    ] {
        let series = series.into_iter().collect();
        assert_eq!(is_silent(&service(""), &series), silent, "{name}");
    }
}

#[test]
fn errors_and_throttles_are_none_when_there_were_invocations_and_unknown_else() {
    let invocations = |value| {
        let key = SeriesKey::aws(Some("car-api"), AwsSignal::Invocations);
        vec![(key, Rollup::of(value))]
    };
    let names = |series: &[(SeriesKey, Rollup)]| {
        let found = read(&service("[service.emf]\nnamespace='N'"), series);
        found
            .into_iter()
            .map(|(id, value, _)| (id.split('|').next().unwrap().to_owned(), value))
            .collect::<Vec<_>>()
    };
    let none = |name: &str| (name.to_owned(), Some(0.0));
    assert_eq!(
        names(&invocations(5.0)),
        [none("errors"), none("throttles")]
    );
    assert_eq!(names(&invocations(0.0)), []);
}

#[test]
fn every_guard_that_differs_from_its_kind_s_is_one_that_means_something() {
    let series = SeriesKey::lambda("f", LambdaSignal::DurationMs);
    for (symptom, measure, weight, absolute, relative) in [
        (Symptom::Latency, Measure::Percentile(90), 10.0, 20.0, 0.3),
        (Symptom::Latency, Measure::Percentile(50), 100.0, 20.0, 0.3),
        (Symptom::Latency, Measure::Percentile(99), 300.0, 20.0, 0.3),
        (Symptom::ColdStarts, Measure::Count, 30.0, 5.0, 0.05),
        (
            Symptom::ColdStarts,
            Measure::Percentile(95),
            10.0,
            100.0,
            0.3,
        ),
        (Symptom::Errors, Measure::Count, 10.0, 3.0, 0.01),
    ] {
        let subject = Subject {
            symptom,
            series: series.clone(),
            measure,
            label: String::new(),
        };
        let settings = subject.settings(subject.kind().unwrap());
        let found = (
            settings.min_weight(),
            settings.absolute_floor(),
            settings.relative_floor(),
        );
        assert_eq!(found, (weight, absolute, relative), "{}", subject.id());
    }
}

#[test]
fn nothing_is_scored_as_nothing() {
    assert!(read(&service(""), &[]).is_empty());
}
