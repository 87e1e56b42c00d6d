use super::*;

#[test]
fn what_the_tests_may_spend_adds_up_to_the_budget() {
    let budget = Budget::new(0.1, 8).unwrap();
    let [extreme, repeated, sustained] = budget.pages_a_week();
    assert!((8.0 * (extreme + repeated + sustained) - 0.1).abs() < 1e-12);
    let thresholds = budget.thresholds(2.0, 0.0);
    assert!((thresholds.extreme * MINUTES_A_WEEK - extreme).abs() < 1e-12);
    let pairs = 2.0 * thresholds.repeated * thresholds.repeated;
    assert!((pairs * MINUTES_A_WEEK - repeated).abs() < 1e-9);
    assert!((2.0 * MINUTES_A_WEEK / thresholds.sustained - sustained).abs() < 1e-12);
}

#[test]
fn minutes_that_follow_each_other_lower_the_threshold_of_two_of_three() {
    let budget = Budget::default();
    let [alone, follows] = [0.0, 0.2].map(|follows| budget.thresholds(1.0, follows).repeated);
    assert!(follows < alone / 10.0, "{alone} {follows}");
    let pairs = 2.0 * follows * (follows + 0.2) * MINUTES_A_WEEK;
    assert!((pairs / budget.pages_a_week()[1] - 1.0).abs() < 1e-9);
}

#[test]
fn a_budget_that_means_nothing_is_refused_with_the_fix() {
    for (pages, series, words) in [
        (
            0.0,
            1,
            "the alert budget is 0 false pages per service-week: write a number from",
        ),
        (-1.0, 1, "is -1 false"),
        (f64::NAN, 1, "is NaN false"),
        (f64::INFINITY, 1, "is inf false"),
        (1.0, 0, "for 0 series: a service has 1 to 100000"),
        (1.0, u32::MAX, "for 4294967295 series"),
    ] {
        let message = Budget::new(pages, series).unwrap_err().to_string();
        assert!(message.contains(words), "{message}");
    }
}
