//! Result files: written, read again, and compared.

use simulator::load::Shape;

use super::virtual_time::{NEVER, StandIn, config, status};
use crate::load::{Report, VERSION, Verdict, compare};

/// A run of a service that takes so long: `median`, and ten times that for one in fifty; one in `failing` fails.
fn report(median: f64, seconds: f64, seed: u64, failing: u64) -> Report {
    let stand_in = StandIn::new(move |number, _| {
        let jitter = 1.0 + (number * 7919 % 1_000) as f64 / 10_000.0;
        let slow = if number.is_multiple_of(50) { 10.0 } else { 1.0 };
        let answer = if failing > 0 && number.is_multiple_of(failing) {
            status(500)
        } else {
            status(200)
        };
        (median * jitter * slow, answer)
    });
    let mut config = config(Shape::Constant, 50.0, seconds);
    config.profile.seed = seed;
    stand_in.load(&config, NEVER).unwrap()
}

#[test]
fn a_result_file_is_read_back_to_the_last_bit() {
    let report = report(0.004, 20.0, 1, 100);
    let text = serde_json::to_string(&report).unwrap();
    assert_eq!(Report::parse(&text).unwrap(), report);
    for name in [
        "\"ok\":",
        "\"p99_9\":",
        "\"left_over\":[]",
        "\"scenario\":\"constant\"",
        "\"usd\":",
    ] {
        assert!(text.contains(name), "{name} in {text}");
    }
}

#[test]
fn a_file_that_is_no_result_is_refused_with_the_reason() {
    let good = serde_json::to_string(&report(0.004, 2.0, 1, 0)).unwrap();
    for (rule, text, says) in [
        ("no JSON", "cars".to_owned(), "expected value"),
        ("no version", "{}".to_owned(), "version"),
        (
            "another version",
            good.replacen("\"version\":1", "\"version\":2", 1),
            "version 2",
        ),
        ("half a file", good[..good.len() / 2].to_owned(), "EOF"),
        (
            "a member of another kind",
            good.replacen("\"planned\":100", "\"planned\":\"many\"", 1),
            "planned\": invalid",
        ),
    ] {
        let error = Report::parse(&text).unwrap_err().to_string();
        assert!(
            error.contains(says) || error.contains("invalid type"),
            "{rule}: {error}"
        );
    }
    assert_eq!(VERSION, 1);
}

fn verdicts(old: &Report, new: &Report) -> Vec<(&'static str, Verdict)> {
    compare(old, new)
        .rows
        .iter()
        .map(|row| (row.name, row.verdict))
        .collect()
}

#[test]
fn another_seed_is_noise_and_twice_the_time_is_not() {
    let base = report(0.020, 60.0, 1, 0);
    let again = report(0.020, 60.0, 2, 0);
    assert!(
        verdicts(&base, &again)
            .iter()
            .all(|(_, verdict)| matches!(verdict, Verdict::Same | Verdict::TooFew)),
        "{:?}",
        compare(&base, &again)
    );
    assert!(compare(&base, &again).differs.is_empty());

    let slow = report(0.040, 60.0, 2, 0);
    let worse = verdicts(&base, &slow);
    assert_eq!(
        worse[..3],
        [
            ("p50", Verdict::Worse),
            ("p90", Verdict::Worse),
            ("p99", Verdict::Worse)
        ]
    );
    assert_eq!(verdicts(&slow, &base)[0], ("p50", Verdict::Better));
    assert_eq!(
        worse[4],
        ("max", Verdict::TooFew),
        "one request decides a maximum"
    );
    assert_eq!(worse[5], ("errors %", Verdict::Same));
}

#[test]
fn what_moves_within_a_run_is_no_difference_between_two() {
    // For four seconds of eight everything takes three times as long: noise, whatever a count of ranks says.
    let gusty = |phase: u64| {
        let stand_in = StandIn::new(move |_, now| {
            let gust = (now as u64 / 4 + phase).is_multiple_of(2);
            (if gust { 0.060 } else { 0.020 }, status(200))
        });
        stand_in
            .load(&config(Shape::Constant, 50.0, 36.0), NEVER)
            .unwrap()
    };
    let found = compare(&gusty(0), &gusty(1));
    assert_eq!(found.rows[0].verdict, Verdict::Same, "{found:?}");
}

#[test]
fn few_requests_decide_nothing_about_rare_ones() {
    let (old, new) = (report(0.020, 4.0, 1, 0), report(0.040, 4.0, 1, 0));
    let found = verdicts(&old, &new);
    assert_eq!(found[0], ("p50", Verdict::Worse));
    assert_eq!(found[3], ("p99.9", Verdict::TooFew), "200 requests");
}

#[test]
fn more_errors_are_worse() {
    let (old, new) = (report(0.004, 60.0, 1, 0), report(0.004, 60.0, 1, 20));
    assert_eq!(verdicts(&old, &new)[5], ("errors %", Verdict::Worse));
}

#[test]
fn loads_that_are_not_the_same_are_said_to_differ() {
    let (old, new) = (report(0.004, 4.0, 1, 0), report(0.004, 8.0, 1, 0));
    assert_eq!(
        compare(&old, &new).differs,
        ["the duration in seconds was 4 and is 8"]
    );
}

#[test]
fn the_error_budget_is_what_the_objective_leaves() {
    let report = report(0.004, 20.0, 1, 50);
    let objective = report.objective;
    assert!(
        (objective.allowed - 10.0).abs() < 1e-9,
        "1 % of 1,000: {objective:?}"
    );
    assert_eq!((objective.used, objective.met), (20, false));
    let slow = super::results::report(1.5, 4.0, 1, 0);
    assert_eq!(slow.objective.used, 200, "well, but not within a second");
}

#[test]
fn the_cost_counts_what_prepares_and_cleans_up() {
    let report = report(0.004, 20.0, 1, 0);
    let requests = report.cost.items[0].quantity;
    assert!(
        requests > 1_000.0 + 40.0,
        "{requests}: 20 cars come and go beside the 1,000"
    );
    assert!(
        report.cost.usd > 0.0 && report.cost.usd < 0.01,
        "{}",
        report.cost.usd
    );
    let estimate = config(Shape::Constant, 50.0, 20.0).estimate().unwrap();
    assert!(
        (estimate.items[0].quantity / requests - 1.0).abs() < 0.1,
        "{}",
        estimate.items[0].quantity
    );
}
