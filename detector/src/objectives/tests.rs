use super::*;

const SMALLEST: &str = "environment='t'\nregion='eu-west-1'\naccount='1'\nrunbooks='r'\n[[service]]\nname='cars'\n\
                        log_group='/aws/lambda/car-api'\nowner='o'\n";

fn watch(more: &str) -> Watch {
    Watch::parse(&format!("{SMALLEST}{more}")).unwrap()
}

fn ones(count: u64, of: f64) -> Rollup {
    let mut rollup = Rollup::default();
    rollup.add(of, count);
    rollup
}

fn aws(signal: AwsSignal, count: f64) -> (SeriesKey, Rollup) {
    (SeriesKey::aws(Some("car-api"), signal), Rollup::of(count))
}

fn lambda(signal: LambdaSignal, count: u64) -> (SeriesKey, Rollup) {
    (SeriesKey::lambda("car-api", signal), ones(count, 1.0))
}

fn emf(metric: Metric, route: Option<&str>, rollup: Rollup) -> (SeriesKey, Rollup) {
    let route = route.map(|route| ("route", route));
    let dimensions = [("service", "C")].into_iter().chain(route);
    (
        SeriesKey::emf("CarManager", metric.name(), dimensions),
        rollup,
    )
}

/// What is counted, as (bad, total).
fn counted(watch: &Watch, series: &[(SeriesKey, Rollup)]) -> Vec<Option<(u64, u64)>> {
    let series = series.iter().cloned().collect();
    let service = &watch.services[0];
    let objectives = service.objectives.iter();
    objectives
        .map(|it| requests(service, it, &series).map(|it| (it.bad(), it.total())))
        .collect()
}

#[test]
fn any_function_is_counted_by_what_the_platform_says_of_it() {
    use AwsSignal::{Errors, Invocations, Throttles};
    let watch = watch(
        "[[service.objective]]\nname='a'\ntarget=0.999\n[[service.objective]]\nname='l'\ntarget=0.99\nlatency_ms=300",
    );
    let mut durations = ones(90, 100.0);
    durations.add(900.0, 10);
    let durations = (
        SeriesKey::lambda("car-api", LambdaSignal::DurationMs),
        durations,
    );
    for (series, expected, rule) in [
        (vec![], [None, None], "nothing is unknown"),
        (
            vec![aws(Invocations, 0.0), aws(Errors, 0.0)],
            [None, None],
            "no requests are no good ones",
        ),
        (
            vec![aws(Invocations, 100.0), aws(Errors, 3.0)],
            [Some((3, 100)), None],
            "errors are bad",
        ),
        (
            vec![aws(Invocations, 100.0), aws(Throttles, 25.0)],
            [Some((25, 125)), None],
            "the refused never ran, and wanted to",
        ),
        (
            vec![
                aws(Invocations, 100.0),
                aws(Errors, 2.0),
                lambda(LambdaSignal::Invocations, 101),
                lambda(LambdaSignal::Errors, 3),
            ],
            [Some((3, 101)), None],
            "two accounts of the same are counted once, by the reports",
        ),
        (
            vec![aws(Errors, 1.0), lambda(LambdaSignal::Invocations, 50)],
            [Some((0, 50)), None],
            "what began in this minute and is reported in the next counts there",
        ),
        (
            vec![aws(Errors, 3.0)],
            [Some((3, 3)), None],
            "a failure whose invocation comes later is not more than all",
        ),
        (
            vec![aws(Invocations, 1e18), aws(Errors, 1e18)],
            [None, None],
            "more than can be is not believed",
        ),
        (
            vec![durations.clone()],
            [None, Some((10, 100))],
            "slow ones are bad",
        ),
    ] {
        assert_eq!(counted(&watch, &series), expected, "{rule}");
    }
}

#[test]
fn own_metrics_count_requests_and_the_platform_those_that_never_answered() {
    use Metric::{Faults, Latency, Requests, Throttled};
    let watch = watch(
        "[service.emf]\nnamespace='CarManager'\n[[service.objective]]\nname='a'\ntarget=0.999\n\
         [[service.objective]]\nname='post'\ntarget=0.999\nroute='POST /cars'\n\
         [[service.objective]]\nname='fast'\ntarget=0.99\nlatency_ms=300\nroute='POST /cars'",
    );
    let post = Some("POST /cars");
    let slow = |count| ones(count, 900.0);
    for (series, expected, rule) in [
        (
            vec![
                emf(Requests, None, ones(100, 1.0)),
                emf(Requests, post, ones(40, 1.0)),
                emf(Faults, None, ones(5, 1.0)),
                emf(Throttled, None, ones(2, 1.0)),
                emf(Faults, post, ones(4, 1.0)),
                emf(Latency, post, slow(4)),
                emf(Latency, None, slow(100)),
            ],
            [Some((7, 100)), Some((4, 40)), Some((4, 4))],
            "of all, of a route, and what the service refused",
        ),
        (
            vec![
                emf(Requests, None, ones(100, 1.0)),
                aws(AwsSignal::Errors, 3.0),
                aws(AwsSignal::Throttles, 2.0),
            ],
            [Some((5, 105)), None, None],
            "who timed out or was refused says nothing of itself",
        ),
        (
            vec![aws(AwsSignal::Errors, 3.0)],
            [Some((3, 3)), None, None],
            "all of them died",
        ),
        (
            vec![emf(Faults, post, ones(4, 1.0))],
            [None, None, None],
            "failures of a route without its requests are not known to be all",
        ),
    ] {
        assert_eq!(counted(&watch, &series), expected, "{rule}");
    }
}

#[test]
fn a_history_outlives_another_name_and_target_and_not_another_meaning() {
    let objective = |text: &str| {
        watch(&format!(
            "[service.emf]\nnamespace='C'\n[[service.objective]]\n{text}"
        ))
    };
    let (first, renamed, other) = (
        objective("name='a'\ntarget=0.999"),
        objective("name='b'\ntarget=0.99"),
        objective("name='a'\ntarget=0.999\nroute='GET /'"),
    );
    let minute = Minute::from_index(29_000_000);
    let series = Series::from([aws(AwsSignal::Errors, 3.0)]);
    let mut histories = Histories::new();
    count(&mut histories, &first.services[0], minute, &series);
    count(
        &mut histories,
        &renamed.services[0],
        minute.plus(1),
        &series,
    );
    assert_eq!(histories.len(), 1);
    assert_eq!(histories["availability"].sum(minute.plus(1), 60).bad(), 6);
    count(&mut histories, &other.services[0], minute.plus(2), &series);
    assert!(histories.is_empty(), "{histories:?}");
}

#[test]
fn two_targets_of_the_same_requests_count_them_once() {
    let watch = watch(
        "[[service.objective]]\nname='a'\ntarget=0.999\n[[service.objective]]\nname='b'\ntarget=0.99",
    );
    let mut histories = Histories::new();
    let minute = Minute::from_index(29_000_000);
    let series = Series::from([aws(AwsSignal::Errors, 3.0)]);
    count(&mut histories, &watch.services[0], minute, &series);
    assert_eq!(histories["availability"].sum(minute, 60).total(), 3);
}

#[test]
fn objectives_that_cannot_work_are_refused_with_the_fix() {
    for (text, says) in [
        (
            "[[service.objective]]\nname='a'\ntarget=0.999\nroute='GET /'",
            "service 1: objective \"a\" names a route",
        ),
        (
            "[[service.objective]]\nname='a'\ntarget=0.999\n[[service.objective]]\nname='a'\ntarget=0.99",
            "two objectives are called \"a\"",
        ),
        (
            "[[service.objective]]\nname='a'\ntarget=99.9",
            "target = 99.9: choose a share of good requests",
        ),
        (
            "[[service.objective]]\nname='a'\ntarget=0.9",
            "choose a target above 0.9306",
        ),
        (
            "[[service.objective]]\nname='a'\ntarget=0.999\ngoal=1",
            "unknown field `goal`",
        ),
        (
            &"[[service.objective]]\nname='a'\ntarget=0.999\n".repeat(11),
            "11 objectives: write at most 10",
        ),
    ] {
        let error = Watch::parse(&format!("{SMALLEST}{text}")).unwrap_err();
        assert!(error.to_string().contains(says), "{error}");
    }
}

#[test]
fn a_window_is_called_by_its_largest_unit() {
    for (minutes, words) in [
        (60, "1 h"),
        (360, "6 h"),
        (1_440, "1 d"),
        (4_320, "3 d"),
        (1_008, "16.8 h"),
        (28, "28 min"),
    ] {
        assert_eq!(hours(minutes), words);
    }
}

#[test]
fn what_was_counted_outlives_the_state_object() {
    let watch = watch("[[service.objective]]\nname='a'\ntarget=0.999");
    let (service, rules) = (&watch.services[0], &watch.detector);
    let minute = Minute::from_index(29_000_000);
    let mut state = State::before_history(minute.plus(-1));
    let series = Series::from([aws(AwsSignal::Errors, 3.0)]);
    state.step(service, rules, minute, &series);
    let read = State::decode(&state.encode().unwrap()).unwrap();
    assert_eq!(read, state);
    assert_eq!(standings(service, &read, minute)[0].burn, Some(1_000.0));
}
