//! How requests end, what clients then do, and what stays behind.

use std::time::Duration;

use simulator::Operation;
use simulator::load::Shape;

use super::virtual_time::{NEVER, StandIn, config, status};
use crate::load::target::Answer;
use crate::load::{Clients, Ending, Report};

fn count(report: &Report, ending: Ending) -> u64 {
    report.endings.get(&ending).copied().unwrap_or_default()
}

#[test]
fn every_answer_has_its_class() {
    for (rule, answer, ending, attempts) in [
        ("done", status(204), Ending::Ok, 1),
        ("elsewhere", status(302), Ending::Rejected, 1),
        ("a mistake", status(422), Ending::Rejected, 1),
        ("refused", status(429), Ending::Throttled, 3),
        ("a defect", status(500), Ending::Failed, 1),
        ("an overload", status(503), Ending::Failed, 3),
        ("no answer", Answer::TimedOut, Ending::TimedOut, 3),
        (
            "nobody",
            Answer::Unreachable("refused".to_owned()),
            Ending::Unreachable,
            3,
        ),
    ] {
        let label = answer.label();
        let stand_in = StandIn::new(move |_, _| (0.001, answer.clone()));
        let report = stand_in
            .load(&config(Shape::Constant, 10.0, 3.0), NEVER)
            .unwrap();
        assert_eq!(count(&report, ending), 30, "{rule}: {:?}", report.endings);
        assert_eq!(report.answers[&label], 30 * attempts, "{rule}");
        assert_eq!(report.repeats, 30 * (attempts - 1), "{rule}");
        assert_eq!(
            report.errors(),
            if ending == Ending::Ok { 0 } else { 30 },
            "{rule}"
        );
        assert_eq!(
            report.first_failure.is_some(),
            ending != Ending::Ok,
            "{rule}"
        );
    }
}

#[test]
fn a_patient_client_comes_back_when_it_is_told_and_its_wait_is_latency() {
    // Every first attempt is refused for two seconds.
    let refused = Answer::Status {
        code: 503,
        retry_after: Some(Duration::from_secs(2)),
    };
    let stand_in = StandIn::new(move |number, _| {
        (
            0.010,
            if number < 20 {
                refused.clone()
            } else {
                status(200)
            },
        )
    });
    let report = stand_in
        .load(&config(Shape::Constant, 20.0, 1.0), NEVER)
        .unwrap();
    assert_eq!((count(&report, Ending::Ok), report.repeats), (20, 20));
    assert!(
        report.latency_ms.p50 > 2_000.0 && report.latency_ms.max < 2_300.0,
        "{:?}",
        report.latency_ms
    );
    assert!(
        report.service_ms.max < 10.1,
        "an attempt is as quick as it was"
    );
}

#[test]
fn the_same_overload_is_a_storm_with_impatient_clients() {
    // Ten a second are served, whoever comes first.
    let attempts = [Clients::Patient, Clients::Impatient].map(|clients| {
        let served = std::sync::Mutex::new(std::collections::BTreeMap::<u64, u64>::new());
        let stand_in = StandIn::new(move |_, now| {
            let mut served = served.lock().unwrap();
            let second = served.entry(now as u64).or_default();
            *second += 1;
            (
                0.005,
                if *second <= 10 {
                    status(200)
                } else {
                    status(429)
                },
            )
        });
        let mut config = config(Shape::RetryStorm, 40.0, 20.0);
        config.clients = clients;
        let report = stand_in.load(&config, NEVER).unwrap();
        assert_eq!(report.endings.values().sum::<u64>(), 500, "{clients:?}");
        report.answers.values().sum::<u64>()
    });
    assert!(attempts[1] > 2 * attempts[0], "{attempts:?}");
    assert!(
        attempts[0] <= 3 * 500 && attempts[1] <= 8 * 500,
        "{attempts:?}"
    );
}

#[test]
fn an_interrupted_run_says_what_it_measured_and_cleans_up() {
    let stand_in = StandIn::new(|_, _| (0.5, status(201)));
    let report = stand_in
        .load(&config(Shape::Constant, 10.0, 60.0), 3.0)
        .unwrap();
    assert!(report.interrupted && report.planned == 600);
    assert_eq!(
        count(&report, Ending::Ok),
        30,
        "{:?}: what was under way has ended",
        report.endings
    );
    assert!(
        (report.ok_per_second - 30.0 / 3.5).abs() < 1.0,
        "{}",
        report.ok_per_second
    );
    assert!(report.left_over.is_empty(), "{:?}", report.left_over);
}

#[test]
fn every_car_that_was_made_is_removed_and_named_when_it_cannot_be() {
    let stand_in = StandIn::new(|_, _| (0.001, status(200)));
    let report = stand_in
        .load(&config(Shape::Constant, 50.0, 10.0), NEVER)
        .unwrap();
    assert!(report.left_over.is_empty());
    let calls = stand_in.calls.lock().unwrap();
    let of = |operation| {
        calls
            .iter()
            .filter(|call| call.operation == operation)
            .count()
    };
    assert!(of(Operation::Create) > 60 && of(Operation::Create) == of(Operation::Delete));
    drop(calls);

    // Whatever was asked and never answered may have happened: it is removed too.
    let failing = StandIn::new(|_, _| (0.001, Answer::TimedOut));
    let report = failing
        .load(&config(Shape::Constant, 10.0, 2.0), NEVER)
        .unwrap();
    assert!(report.left_over.is_empty(), "what timed out is removed too");
}

#[test]
fn cars_that_cannot_be_removed_are_all_named() {
    let stand_in = StandIn::new(|_, _| (0.001, status(200)));
    let removals_fail = FailingRemovals(stand_in);
    let config = config(Shape::Constant, 10.0, 2.0);
    let clock = removals_fail.0.clock.clone();
    let stop =
        || -> futures_util::future::BoxFuture<'static, ()> { Box::pin(std::future::pending()) };
    let mut at = |_| {};
    let measured = crate::load::measure(&config, &removals_fail, &clock, &stop, &mut at);
    let report = super::virtual_time::run(&clock, measured).unwrap();
    assert!(report.left_over.len() >= 20, "{:?}", report.left_over);
    assert!(report.left_over.iter().all(|car| car.starts_with("load-")));
    let text = crate::load::print::lines(&report).join("\n");
    assert!(text.contains("cars could not be removed: load-"), "{text}");
}

struct FailingRemovals(StandIn);

#[async_trait::async_trait]
impl crate::load::target::Target for FailingRemovals {
    async fn send(&self, call: &crate::load::cars::Call) -> Answer {
        if call.operation == Operation::Delete {
            status(500)
        } else {
            self.0.send(call).await
        }
    }
}

#[test]
fn a_service_that_refuses_the_first_cars_is_not_loaded_and_the_error_teaches() {
    for (answer, says) in [
        (status(403), "--sign"),
        (status(401), "Authorization"),
        (status(404), "/cars"),
        (status(301), "--url"),
        (status(503), "overloaded"),
        (status(500), "log"),
        (
            Answer::Unreachable("connection refused".to_owned()),
            "is it running",
        ),
    ] {
        let mut stand_in = StandIn::new(|_, _| (0.001, status(200)));
        stand_in.aside = answer.clone();
        let error = stand_in
            .load(&config(Shape::Constant, 10.0, 2.0), NEVER)
            .unwrap_err();
        let text = format!("{error:#}");
        assert!(
            text.contains(says) && text.contains(&answer.to_string()),
            "{text}"
        );
        assert_eq!(
            stand_in.attempts.load(std::sync::atomic::Ordering::SeqCst),
            0,
            "{text}"
        );
    }
}

#[test]
fn a_cold_burst_begins_after_its_idle_half() {
    let stand_in = StandIn::new(|_, _| (0.001, status(200)));
    let report = stand_in
        .load(&config(Shape::ColdBurst, 10.0, 20.0), NEVER)
        .unwrap();
    let idle = &report.series[..10];
    assert!(idle.iter().all(|second| second.arrivals == 0), "{idle:?}");
    assert_eq!(count(&report, Ending::Ok), 100);
}
