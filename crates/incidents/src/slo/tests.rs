use std::time::Duration;

use proptest::prelude::*;

use super::*;
use crate::Severity;

const START: i64 = 29_000_000;

fn at(index: i64) -> Minute {
    Minute::from_index(START + index)
}

fn tally(bad: u64, total: u64) -> Requests {
    Requests::new(bad, total).unwrap()
}

fn definition() -> Definition {
    Definition {
        name: "cars answer".to_owned(),
        route: None,
        latency_ms: None,
        target: 0.999,
        days: 30,
        requests_per_minute: None,
    }
}

fn objective(target: f64, days: u32) -> Objective {
    let definition = Definition {
        target,
        days,
        ..definition()
    };
    Objective::try_from(definition).unwrap()
}

fn push(history: &mut History, index: i64, tally: Requests) -> Pushed {
    history.push(at(index), tally, at(index).start())
}

/// `minutes` minutes of `bad` of `total` requests each, from `first` on.
fn run(history: &mut History, first: i64, minutes: i64, bad: u64, total: u64) {
    for index in first..first + minutes {
        push(history, index, tally(bad, total));
    }
}

/// Three good days of 1,000 requests a minute, up to and with minute −1.
fn good_days() -> History {
    let mut history = History::default();
    run(&mut history, -4_320, 4_320, 0, 1_000);
    history
}

fn fired(objective: &Objective, history: &History, minute: i64) -> Vec<u32> {
    let burning = objective.evaluate(history, at(minute));
    burning.iter().map(|one| one.window.long_minutes).collect()
}

#[test]
fn a_window_fires_after_the_time_that_the_workbook_computes() {
    // (1 − target) / error ratio × long window × factor; the first whole minute above it. 99.9 %, error ratio, row.
    for (bad, row, minutes) in [
        (1_000, 0, 0.864),
        (1_000, 1, 2.16),
        (1_000, 2, 4.32),
        (1_000, 3, 4.32),
        (100, 0, 8.64),
        (100, 1, 21.6),
        (100, 2, 43.2),
        (20, 0, 43.2),
        (20, 1, 108.0),
        (10, 1, 216.0),
    ] {
        let objective = objective(0.999, 30);
        let window = windows(30).nth(row).unwrap();
        let ratio = bad as f64 / 1_000.0;
        let computed = 0.001 / ratio * f64::from(window.long_minutes) * window.factor;
        assert!((computed - minutes).abs() < 1e-9, "{computed} {minutes}");
        let mut history = good_days();
        // Coarse windows reach back up to 59 minutes too far, which dilutes by that part.
        let slack = if window.long_minutes > 360 {
            1.0 + 59.0 / f64::from(window.long_minutes)
        } else {
            1.0
        };
        let first = (0..400)
            .find(|minute| {
                push(&mut history, *minute, tally(bad, 1_000));
                fired(&objective, &history, *minute).contains(&window.long_minutes)
            })
            .unwrap();
        let took = (first + 1) as f64;
        assert!(
            took > minutes && took <= (minutes * slack).floor() + 1.0,
            "{bad} {row}: {took} minutes instead of {minutes}"
        );
    }
}

#[test]
fn a_burn_below_every_factor_never_fires_and_one_above_the_slowest_does() {
    for (bad, expected) in [(10, vec![]), (11, vec![4_320])] {
        let mut history = History::default();
        run(&mut history, 0, 4_400, bad, 10_000);
        assert_eq!(fired(&objective(0.999, 30), &history, 4_399), expected);
    }
}

#[test]
fn windows_that_fire_come_fastest_first() {
    let mut history = good_days();
    run(&mut history, 0, 10, 1_000, 1_000);
    let burning = objective(0.999, 30).evaluate(&history, at(9));
    let seen: Vec<_> = burning.iter().map(|one| one.window.factor).collect();
    assert_eq!(seen, [14.4, 6.0, 3.0, 1.0]);
    assert!((burning[0].long_burn - 1_000.0 / 6.0).abs() < 1e-6);
    assert!((burning[0].short_burn - 1_000.0).abs() < 1e-6);
}

#[test]
fn the_page_ends_with_the_short_window_although_the_long_one_still_burns() {
    // Figure 5-6 of the workbook: 15 % errors for 10 minutes, then none.
    let mut history = good_days();
    run(&mut history, 0, 10, 150, 1_000);
    let objective = objective(0.999, 30);
    for minute in 10..75 {
        push(&mut history, minute, tally(0, 1_000));
        let long = objective.burn(&history, at(minute), 60).unwrap();
        assert_eq!(long > 14.4, minute <= 63, "long burn at {minute}");
        assert_eq!(
            fired(&objective, &history, minute).contains(&60),
            minute < 14,
            "minute {minute}"
        );
    }
}

#[test]
fn a_burn_began_where_its_bad_requests_did_and_not_at_a_lone_one_before() {
    for (bad, minutes, rule) in [
        (150, 10, "a burst, found to the minute"),
        (20, 200, "a slow burn, found to the minute"),
    ] {
        let mut history = good_days();
        push(&mut history, -30, tally(1, 1_000));
        run(&mut history, 0, minutes, bad, 1_000);
        let onset = history.onset(at(minutes - 1), 360, 0.001);
        assert_eq!(onset, Some(at(0)), "{rule}");
    }
    let mut history = good_days();
    run(&mut history, 0, 1_000, 3, 1_000);
    // Its minutes are gone: what is left is the hour it began in.
    let onset = history.onset(at(999), 4_320, 0.001).unwrap();
    assert!((at(-60)..=at(0)).contains(&onset), "{onset}");
    assert_eq!(good_days().onset(at(0), 360, 0.001), None, "nothing burns");
    assert_eq!(History::default().onset(at(0), 60, 0.001), None);
}

#[test]
fn what_was_not_counted_is_unknown() {
    let objective = objective(0.999, 30);
    let empty = History::default();
    assert_eq!(
        (empty.newest(), objective.burn(&empty, at(0), 60)),
        (None, None)
    );
    assert_eq!(objective.budget(&empty, at(0)), None);
    let mut history = good_days();
    run(&mut history, 0, 10, 1_000, 1_000);
    // Five silent minutes: the short window knows nothing, which is neither a burn nor a good share.
    assert_eq!(objective.burn(&history, at(14), 5), None);
    assert_eq!(objective.burn(&history, at(14), 6), Some(1_000.0));
    assert!(!fired(&objective, &history, 14).contains(&60));
    assert_eq!(objective.burn(&history, at(40 * 1_440), 43_200), None);
}

#[test]
fn few_requests_do_not_page() {
    // The row: bad and total in the last minute, quiet minutes before. The short and the long burn exceed 14.4 in each.
    for (bad, total, fires, rule) in [
        (1, 10, false, "the workbook's one failed request of ten"),
        (4, 50, false, "one bad request below MIN_BAD"),
        (5, 49, false, "one request below MIN_REQUESTS"),
        (49, 49, false, "a total outage of too few requests"),
        (5, 50, true, "both reached"),
    ] {
        let mut history = History::default();
        push(&mut history, 0, tally(bad, total));
        assert_eq!(
            fired(&objective(0.999, 30), &history, 0).contains(&60),
            fires,
            "{rule}"
        );
    }
}

#[test]
fn five_bad_requests_keep_a_service_that_keeps_its_objective_from_paging() {
    let worst = |gate: u32| {
        (1..20_000)
            .map(|step| f64::from(step) * 1e-3)
            .map(|mean| {
                // Poisson: the chance of at least the first count that passes both gate and factor.
                let first = gate.max((14.4 * mean).floor() as u32 + 1);
                let mut term = (-mean).exp();
                let mut below = 0.0;
                for count in 0..first {
                    below += term;
                    term *= mean / f64::from(count + 1);
                }
                1.0 - below
            })
            .fold(0.0, f64::max)
    };
    let gate = u32::try_from(MIN_BAD).unwrap();
    assert!(worst(gate) < 1.0 / 31_000.0, "{}", worst(gate));
    assert!(worst(3) > 1.0 / 780.0, "{}", worst(3));
}

#[test]
fn the_budget_says_what_is_left_and_when_it_is_gone() {
    let days = |days: f64| Some(Duration::from_secs_f64(days * 86_400.0));
    // Requests in the last hour and in all hours before it, each (bad, total) at 99 %: allowed, left, gone in.
    for (before, hour, allowed, left, gone, rule) in [
        ((0, 94_000), (0, 6_000), 1_000.0, 1.0, None, "nothing burns"),
        (
            (0, 94_000),
            (600, 6_000),
            1_000.0,
            0.4,
            days(1.2),
            "40 % at 10x",
        ),
        (
            (500, 94_000),
            (60, 6_000),
            1_000.0,
            0.44,
            days(13.2),
            "44 % at 1x",
        ),
        (
            (0, 94_000),
            (54, 6_000),
            1_000.0,
            0.946,
            None,
            "lasts longer than the period",
        ),
        (
            (1_500, 94_000),
            (0, 6_000),
            1_000.0,
            -0.5,
            days(0.0),
            "overspent",
        ),
        ((10, 1_000), (0, 0), 10.0, 0.0, days(0.0), "just gone"),
        (
            (5, 1_000),
            (0, 0),
            10.0,
            0.5,
            None,
            "the last hour is unknown",
        ),
    ] {
        let mut history = History::default();
        push(&mut history, -600, tally(before.0, before.1));
        push(&mut history, 0, tally(hour.0, hour.1));
        let budget = objective(0.99, 30).budget(&history, at(0)).unwrap();
        assert!((budget.allowed - allowed).abs() < 1e-6, "{rule} {budget:?}");
        assert_eq!(budget.spent, before.0 + hour.0, "{rule}");
        assert!(
            (budget.remaining_share - left).abs() < 1e-9,
            "{rule} {budget:?}"
        );
        let seconds = |gone: Option<Duration>| gone.map(|gone| gone.as_secs_f64().round());
        assert_eq!(
            seconds(budget.exhausted_in),
            seconds(gone),
            "{rule} {budget:?}"
        );
    }
}

#[test]
fn the_words_of_a_message_state_burn_and_rest() {
    let seconds = Duration::from_secs;
    let standing = |burn, exhausted_in| Standing {
        name: "cars answer".to_owned(),
        target: 0.999_9,
        days: 30,
        burn,
        counts: true,
        budget: Some(Budget {
            allowed: 1_000.0,
            spent: 412,
            remaining_share: 0.588,
            exhausted_in,
        }),
    };
    for (burn, left, says) in [
        (
            11.0,
            Some(seconds(235_636)),
            "SLO burn 11x on cars answer (budget gone in 2.7 d)",
        ),
        (
            14.44,
            Some(seconds(86_400)),
            "SLO burn 14.4x on cars answer (budget gone in 1 d)",
        ),
        (
            1_000.0,
            Some(seconds(2_592)),
            "SLO burn 1,000x on cars answer (budget gone in 43 min)",
        ),
        (
            200.0,
            Some(seconds(12_960)),
            "SLO burn 200x on cars answer (budget gone in 3.6 h)",
        ),
        (
            900.0,
            Some(seconds(5)),
            "SLO burn 900x on cars answer (budget gone in 1 min)",
        ),
        (
            2.0,
            Some(Duration::ZERO),
            "SLO burn 2x on cars answer (budget gone)",
        ),
        (1.5, None, "SLO burn 1.5x on cars answer (budget lasts)"),
    ] {
        assert_eq!(standing(Some(burn), left).alarming().as_deref(), Some(says));
    }
    assert_eq!(standing(Some(0.5), None).alarming(), None);
    assert_eq!(standing(None, None).alarming(), None);
    let few = Standing {
        counts: false,
        ..standing(Some(50.0), None)
    };
    assert_eq!(few.alarming(), None, "one of twenty requests is no burn");
    assert_eq!(
        standing(Some(11.0), Some(seconds(235_636))).to_string(),
        "99.99% in 30 d: 58% of the budget left (412 bad, 1,000 allowed so far), burns 11x over 1 h, budget gone in 2.7 d"
    );
    let mut overspent = standing(Some(11.0), Some(Duration::ZERO));
    overspent.budget = overspent.budget.map(|it| Budget {
        remaining_share: -9.2,
        ..it
    });
    assert_eq!(
        overspent.to_string(),
        "99.99% in 30 d: no budget left (412 bad, 1,000 allowed so far), burns 11x over 1 h"
    );
    let unknown = Standing {
        budget: None,
        ..standing(None, None)
    };
    assert_eq!(
        unknown.to_string(),
        "99.99% in 30 d: budget unknown, nothing counted within 1 h"
    );
}

#[test]
fn each_minute_is_added_where_it_is_still_kept() {
    let now = at(100_000).start();
    for (late, pushed, minute, in_hours) in [
        (0, Pushed::Merged, 1, 1),
        (359, Pushed::Merged, 1, 1),
        (360, Pushed::HourOnly, 0, 1),
        (40_000, Pushed::HourOnly, 0, 1),
        (43_260, Pushed::TooOld, 0, 0),
        (START + 100_001, Pushed::TooOld, 0, 0),
        (-1, Pushed::FromTheFuture, 0, 0),
    ] {
        let mut history = History::default();
        assert_eq!(
            history.push(at(100_000), Requests::default(), now),
            Pushed::Newest
        );
        assert_eq!(
            history.push(at(100_000 - late), tally(1, 2), now),
            pushed,
            "{late}"
        );
        assert_eq!(history.newest(), Some(at(100_000)));
        assert_eq!(history.sum(at(100_000), 360).bad(), minute, "{late}");
        assert_eq!(history.sum(at(100_000), 43_200).bad(), in_hours, "{late}");
    }
}

mod histories;
mod objectives;
