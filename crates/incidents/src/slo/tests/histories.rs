//! The ring against a plain list, and a restore at every minute.

use super::*;

/// What [`History::sum`] promises, from a list of everything that was pushed.
fn naive(pushed: &[(i64, Requests)], at: i64, minutes: u32) -> Requests {
    let first = START + at + 1 - i64::from(minutes);
    let first = if minutes > 360 {
        first.div_euclid(60) * 60
    } else {
        first
    };
    pushed
        .iter()
        .filter(|(index, _)| START + index >= first)
        .fold(Requests::default(), |sum, (_, tally)| sum.merge(*tally))
}

fn restored(history: &History) -> History {
    serde_json::from_str(&serde_json::to_string(history).unwrap()).unwrap()
}

/// Steps in minutes since the step before: mostly in order, with gaps and late ones.
fn steps() -> impl Strategy<Value = Vec<(i64, Requests)>> {
    let step = prop_oneof![
        8 => Just(1_i64), 1 => -400_i64..=0, 1 => 2_i64..500, 1 => 500_i64..50_000, 1 => -50_000_i64..0,
    ];
    let tallies = (0_u64..50, 0_u64..50).prop_map(|(bad, good)| tally(bad, bad + good));
    proptest::collection::vec((step, tallies), 1..60)
}

proptest! {
    #[test]
    fn sums_are_those_of_a_plain_list(steps in steps(), later in 0_i64..2_000) {
        let mut history = History::default();
        let mut twin = History::default();
        let (mut minutes, mut hours) = (Vec::new(), Vec::new());
        let (mut index, mut newest) = (0_i64, i64::MIN);
        for (step, tally) in steps {
            // A late step goes back from the newest minute, and the next one goes on from there.
            index = if step > 0 { newest.max(0) + step } else { index + step };
            let pushed = history.push(at(index), tally, at(index.max(newest)).start());
            match pushed {
                Pushed::Newest | Pushed::Merged => {
                    minutes.push((index, tally));
                    hours.push((index, tally));
                }
                Pushed::HourOnly => hours.push((index, tally)),
                Pushed::TooOld | Pushed::FromTheFuture => {}
            }
            prop_assert_eq!(pushed == Pushed::Newest, index > newest);
            newest = newest.max(index);
            twin = restored(&twin);
            prop_assert_eq!(twin.push(at(index), tally, at(newest).start()), pushed);
            prop_assert_eq!(&twin, &history);
            for at_minute in [newest, newest + later] {
                for window in [1, 5, 30, 60, 120, 360, 361, 1_440, 4_032, 4_320, 43_200] {
                    let list = if window <= 360 { &minutes } else { &hours };
                    prop_assert_eq!(
                        history.sum(at(at_minute), window),
                        naive(list, at_minute, window),
                        "{} minutes at {}", window, at_minute
                    );
                }
            }
        }
    }

    #[test]
    fn no_number_breaks_an_invariant(
        bad in any::<u64>(), good in any::<u64>(), target in 0.9307..0.999_99_f64, pushes in 1_i64..4,
    ) {
        let mut history = History::default();
        for _ in 0..pushes {
            push(&mut history, 0, tally(bad, bad.saturating_add(good)));
        }
        prop_assert_eq!(&restored(&history), &history);
        let objective = objective(target, 30);
        if let Some(burn) = objective.burn(&history, at(0), 60) {
            prop_assert!((0.0..=1.0 / objective.allowed_share()).contains(&burn));
            let budget = objective.budget(&history, at(0)).unwrap();
            prop_assert!(budget.remaining_share <= 1.0 && budget.allowed >= 0.0);
        }
    }
}

#[test]
fn a_restore_at_every_minute_changes_no_decision() {
    let objective = objective(0.999, 30);
    let (mut kept, mut stored) = (good_days(), good_days());
    let mut fired_at_all = false;
    for minute in 0..130 {
        let bad = if (20..60).contains(&minute) { 200 } else { 0 };
        push(&mut kept, minute, tally(bad, 1_000));
        stored = restored(&stored);
        push(&mut stored, minute, tally(bad, 1_000));
        let decision = objective.evaluate(&kept, at(minute));
        assert_eq!(decision, objective.evaluate(&stored, at(minute)));
        assert_eq!(
            objective.budget(&kept, at(minute)),
            objective.budget(&stored, at(minute))
        );
        fired_at_all |= !decision.is_empty();
    }
    assert!(fired_at_all);
}

#[test]
fn a_snapshot_has_one_size_and_is_checked() {
    let mut history = History::default();
    let size = |history: &History| {
        let json = serde_json::to_value(history).unwrap();
        let count = |name: &str| json[name].as_array().map(Vec::len);
        (count("minutes"), count("hours"))
    };
    assert_eq!(size(&history), (Some(360), Some(721)));
    run(&mut history, 0, 400, 1, 2);
    assert_eq!(size(&history), (Some(360), Some(721)));

    type Change = fn(&mut serde_json::Value);
    let table: [(Change, &str); 7] = [
        (
            |json| {
                json["minutes"].as_array_mut().unwrap().pop();
            },
            "it has 359 minutes",
        ),
        (
            |json| json["hours"] = serde_json::json!([]),
            "it has 0 hours, this build reads 721",
        ),
        (
            |json| json["hours"][0] = serde_json::json!([3, 2]),
            "3 bad of 2 requests",
        ),
        (
            |json| json["minutes"][0] = serde_json::json!([0, 9]),
            "contradict",
        ),
        (
            |json| json["newest"] = serde_json::Value::Null,
            "has no newest minute",
        ),
        (
            |json| json["newest"] = "1969-12-31T00:00:00Z".into(),
            "newest minute is 1969",
        ),
        (|json| json["seconds"] = 1.into(), "unknown field `seconds`"),
    ];
    for (change, says) in table {
        let mut json = serde_json::to_value(&history).unwrap();
        change(&mut json);
        let error = serde_json::from_value::<History>(json)
            .unwrap_err()
            .to_string();
        assert!(error.contains(says), "{says}: {error}");
    }
}
