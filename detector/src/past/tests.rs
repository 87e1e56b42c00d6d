use std::collections::BTreeMap;

use proptest::prelude::*;

use super::*;
use crate::watch::Watch;
use crate::watchlist::{self, Sample};

fn watch(emf: &str) -> Watch {
    let text = format!(
        "environment='t'\nregion='eu-west-1'\naccount='1'\nrunbooks='r'\n[[service]]\nname='cars'\nlog_group='/aws/lambda/f'\nowner='o'\n{emf}"
    );
    Watch::parse(&text).unwrap()
}

fn minute(at: i64) -> Minute {
    Minute::from_index(30_000_000 + at)
}

fn wanted(from: i64, to: i64) -> Wanted {
    Wanted {
        from: minute(from),
        to: minute(to),
        resolution: Resolution::Minute,
    }
}

/// The same answer to every query of a plan, by what is asked.
fn answers(
    plan: &Plan,
    of: impl Fn(&PastQuery) -> BTreeMap<Minute, f64>,
) -> Vec<BTreeMap<Minute, f64>> {
    plan.queries.iter().map(of).collect()
}

fn scored(service: &Service, series: &Series) -> Vec<(String, f64, f64)> {
    watchlist::samples(service, series)
        .into_iter()
        .map(
            |Sample {
                 subject,
                 value,
                 weight,
             }| (subject.id(), value.unwrap(), weight),
        )
        .collect()
}

#[test]
fn a_function_is_asked_for_what_its_reports_would_have_said() {
    let watch = watch("");
    let service = &watch.services[0];
    let plan = Plan::of(service, std::iter::empty());
    let asked: Vec<_> = plan
        .queries
        .iter()
        .map(|query| format!("{} {:?}", query.metric, query.statistic))
        .collect();
    assert_eq!(
        asked,
        [
            "Invocations Sum",
            "Errors Sum",
            "Throttles Sum",
            "ConcurrentExecutions Maximum",
            "Invocations Sum",
            "Duration SampleCount",
            "Duration Percentile(50)",
            "Duration Percentile(90)",
            "Duration Percentile(99)",
        ]
    );
    let answers = answers(&plan, |query| {
        let value = match (query.metric.as_str(), query.statistic) {
            ("Invocations", _) | (_, PastStatistic::SampleCount) => 200.0,
            ("Errors", _) => 2.0,
            (_, PastStatistic::Percentile(percent)) => f64::from(percent),
            _ => 1.0,
        };
        BTreeMap::from([(minute(3), value)])
    });
    let found = plan.rollups(service, &answers, &wanted(0, 4), false);
    assert_eq!(
        found.keys().copied().collect::<Vec<_>>(),
        [minute(3), minute(4)]
    );
    let of_minute = scored(service, &found[&minute(3)]);
    let near = |value: f64, expected: f64| (value - expected).abs() <= expected / 60.0;
    let [latency, p50, traffic, errors, throttles] = &of_minute[..] else {
        panic!("{of_minute:?}")
    };
    assert_eq!(latency.0, "latency|lambda/f/duration_ms{}");
    assert!(near(latency.1, 90.0) && near(p50.1, 50.0), "{of_minute:?}");
    assert_eq!(
        (latency.2, traffic.1, errors.1, errors.2),
        (200.0, 200.0, 2.0, 200.0)
    );
    assert_eq!((throttles.1, throttles.2), (1.0, 201.0));
    assert!(
        of_minute
            .iter()
            .all(|(id, ..)| !id.starts_with("cold-starts")),
        "CloudWatch does not say which invocations were cold"
    );
}

#[test]
fn a_minute_without_a_value_is_silent_once_something_was_heard() {
    let watch = watch("");
    let service = &watch.services[0];
    let plan = Plan::of(service, std::iter::empty());
    let heard = answers(&plan, |_| BTreeMap::from([(minute(2), 5.0)]));
    let nothing = answers(&plan, |_| BTreeMap::new());
    for (name, answers, known_before, first) in [
        ("from the first value on", &heard, false, Some(2)),
        (
            "from the beginning when it was known",
            &heard,
            true,
            Some(0),
        ),
        ("not a word, and it was known", &nothing, true, Some(0)),
        (
            "not a word, ever: there was no such function",
            &nothing,
            false,
            None,
        ),
    ] {
        let found = plan.rollups(service, answers, &wanted(0, 5), known_before);
        let expected: Vec<_> =
            first.map_or_else(Vec::new, |first| (first..=5).map(minute).collect());
        assert_eq!(
            found.keys().copied().collect::<Vec<_>>(),
            expected,
            "{name}"
        );
        for (at, series) in found.iter().filter(|(at, _)| **at != minute(2)) {
            assert!(watchlist::is_silent(service, series), "{name}: {at}");
        }
    }
}

#[test]
fn own_metrics_are_asked_for_by_the_dimensions_that_were_seen() {
    let watch = watch("emf = {namespace = 'Cars'}");
    let service = &watch.services[0];
    let own = |metric: &str| SeriesKey::emf("Cars", metric, [("service", "C")]);
    let mut latency = Rollup::default();
    latency.add(90.0, 20);
    let mut faults = Rollup::default();
    faults.add(0.0, 20);
    let mut requests = Rollup::default();
    requests.add(1.0, 20);
    let seen = Series::from([
        (own("Latency"), latency),
        (own("Faults"), faults),
        (own("Requests"), requests),
    ]);
    let mut state = crate::state::State::before_history(minute(0));
    state.step(service, &watch.detector, minute(1), &seen);
    let plan = Plan::of(service, state.tracks(&service.log_group));
    let own_queries = plan
        .queries
        .iter()
        .filter(|query| query.namespace == "Cars");
    assert!(
        own_queries
            .clone()
            .all(|query| query.dimensions["service"] == "C")
    );
    assert_eq!(
        own_queries.count(),
        4 + 2 + 1,
        "a distribution, a share and a sum"
    );
    let answers = answers(&plan, |query| {
        let value = match (query.metric.as_str(), query.statistic) {
            ("Faults", PastStatistic::Sum) => 3.0,
            ("Requests", _) | (_, PastStatistic::SampleCount) => 20.0,
            (_, PastStatistic::Percentile(percent)) => f64::from(percent),
            _ => 20.0,
        };
        BTreeMap::from([(minute(0), value)])
    });
    let found = plan.rollups(service, &answers, &wanted(0, 0), false);
    let before: Vec<_> = scored(service, &seen)
        .into_iter()
        .map(|(id, ..)| id)
        .collect();
    let after = scored(service, &found[&minute(0)]);
    for id in &before {
        assert!(
            after.iter().any(|(other, ..)| other == id),
            "{id} of {after:?}"
        );
    }
    let faults = after
        .iter()
        .find(|(id, ..)| id.starts_with("errors|emf"))
        .unwrap();
    assert_eq!((faults.1, faults.2), (3.0, 20.0));
}

#[test]
fn five_minutes_are_one_of_them() {
    let watch = watch("");
    let service = &watch.services[0];
    let plan = Plan::of(service, std::iter::empty());
    let now = minute(100_000);
    let edge = now.plus(60 - 15 * 1_440);
    for (name, from, resolution) in [
        ("CloudWatch still has its minutes", edge, Resolution::Minute),
        (
            "it has no minutes any more",
            edge.plus(-1),
            Resolution::FiveMinutes,
        ),
    ] {
        assert_eq!(
            Wanted::of(from, from.plus(9), now).resolution,
            resolution,
            "{name}"
        );
    }
    let coarse = Wanted {
        resolution: Resolution::FiveMinutes,
        ..wanted(0, 19)
    };
    let answers = answers(&plan, |query| {
        let value = match query.statistic {
            PastStatistic::Percentile(_) => 40.0,
            PastStatistic::Maximum => 7.0,
            _ => 100.0,
        };
        BTreeMap::from([(minute(5), value)])
    });
    let found = plan.rollups(service, &answers, &coarse, false);
    assert_eq!(
        found.keys().copied().collect::<Vec<_>>(),
        [minute(5), minute(10), minute(15)]
    );
    let aws = |signal| found[&minute(5)][&SeriesKey::aws(Some("f"), signal)].sum();
    assert_eq!(
        (
            aws(AwsSignal::Invocations),
            aws(AwsSignal::ConcurrentExecutions)
        ),
        (20.0, 7.0)
    );
}

#[test]
fn no_plan_asks_for_more_than_a_call_takes() {
    let watch = watch("emf = {namespace = 'Cars'}");
    let service = &watch.services[0];
    let mut latency = Rollup::default();
    latency.add(90.0, 20);
    let seen: Series = (0..400)
        .map(|route| {
            let route = format!("GET /{route}");
            let key = SeriesKey::emf(
                "Cars",
                "Latency",
                [("service", "C"), ("route", route.as_str())],
            );
            (key, latency.clone())
        })
        .collect();
    let mut state = crate::state::State::before_history(minute(0));
    state.step(service, &watch.detector, minute(1), &seen);
    let plan = Plan::of(service, state.tracks(&service.log_group));
    assert!(plan.queries.len() <= MOST_QUERIES && plan.queries.len() > MOST_QUERIES - 4);
    assert_eq!(
        plan.queries.len(),
        plan.parts.iter().map(Part::queries).sum::<usize>()
    );
}

proptest! {
    #[test]
    fn a_distribution_has_the_percentiles_it_was_made_of(
        count in 1_u64..5_000,
        p50 in 0.1_f64..1e4,
        more in 1.0_f64..10.0,
        most in 1.0_f64..10.0,
    ) {
        let [p90, p99] = [p50 * more, p50 * more * most];
        let mut rollup = Rollup::default();
        spread(&mut rollup, count, [p50, p90, p99]);
        prop_assert_eq!(rollup.count(), count);
        let near = |q: f64, expected: f64| {
            let found = rollup.quantile(q).unwrap();
            (found - expected).abs() <= expected / 32.0
        };
        prop_assert!(near(0.5, p50));
        let nine = if count == 1 { p50 } else { p90 };
        prop_assert!(near(0.9, nine));
        prop_assert!(count < 100 || near(0.99, p99));
    }

    #[test]
    fn no_answer_makes_a_number_that_is_none(
        values in prop::collection::vec(prop::num::f64::ANY, 9),
    ) {
        let watch = watch("");
        let service = &watch.services[0];
        let plan = Plan::of(service, std::iter::empty());
        let answers: Vec<_> = values.iter().map(|value| BTreeMap::from([(minute(0), *value)])).collect();
        let found = plan.rollups(service, &answers, &wanted(0, 0), false);
        for rollup in found.values().flat_map(|series| series.values()) {
            prop_assert!(rollup.sum().is_finite() && rollup.count() > 0);
        }
    }
}
