//! Which changes a message lists, and what it says where there are none.

use jiff::{SignedDuration, Timestamp};

use super::super::super::example::{context, instant, member, open_record};
use super::super::super::{Change, Context, Transition, render};
use crate::Action;

fn change(at: Timestamp, text: &str) -> Change {
    Change {
        at,
        text: text.to_owned(),
        ours: true,
    }
}

/// What the mail of an incident that began at 21:59 says, from `Changed` to `Evidence`, and the rest before it.
fn mail(changes: Vec<Change>, feed: bool, seen: Option<Timestamp>) -> (String, String) {
    let context = Context {
        changes,
        change_feed: feed,
        deploy_feed_last_seen: seen,
        local: None,
        objectives: Vec::new(),
        ..context()
    };
    let record = open_record();
    let transition = Transition {
        action: Action::Open,
        at: instant("22:05"),
        record: &record,
        members: &[member("POST /cars")],
        unaffected: &[],
        also_seen: &[],
        examples: &[],
    };
    let email = render(&context, &transition).remove(0).email;
    let (before, from) = email.split_once("Changed ").unwrap();
    let changed = from.split_once("Evidence").unwrap().0.trim().to_owned();
    (changed, before.to_owned())
}

#[test]
fn silence_of_a_feed_is_told_from_no_feed() {
    let nothing = |feed, seen| mail(Vec::new(), feed, seen).0;
    assert_eq!(
        nothing(false, None),
        "unknown: no feed of deploys and changes is connected"
    );
    assert_eq!(
        nothing(true, None),
        "none found (the feed told nothing for a day; it knows calls of the Lambda API only with a CloudTrail trail)"
    );
    let seen = Some(instant("12:00"));
    for feed in [false, true] {
        assert_eq!(
            nothing(feed, seen),
            "none found (deploy feed last seen 2026-11-20 12:00 UTC)"
        );
    }
}

#[test]
fn what_is_done_again_and_again_is_one_line_at_the_time_nearest_to_the_start() {
    let minute = |after: i64| instant("21:00") + SignedDuration::from_mins(after);
    let mut changes: Vec<Change> = (0..=65)
        .map(|after| change(minute(after), "UpdateFunctionConfiguration car-api by ci"))
        .collect();
    changes.push(change(
        minute(50),
        "UpdateAlias car-api by ada (live -> 42)",
    ));
    changes.push(change(instant("12:00"), "PublishVersion car-api by ci"));
    let lines = mail(changes, true, Some(instant("22:05"))).0;
    let lines: Vec<&str> = lines.lines().map(str::trim).collect();
    assert_eq!(
        lines,
        [
            "2026-11-20 21:59 UTC UpdateFunctionConfiguration car-api by ci (0 min before the start; 66 times)",
            "2026-11-20 21:50 UTC UpdateAlias car-api by ada (live -> 42) (9 min before the start)",
        ]
    );
}

#[test]
fn of_two_that_are_as_near_the_earlier_one_comes_first() {
    let changes = vec![
        change(instant("22:03"), "after"),
        change(instant("21:55"), "before"),
    ];
    let lines = mail(changes, true, None).0;
    assert!(
        lines.starts_with("2026-11-20 21:55 UTC before (4 min before the start)"),
        "{lines}"
    );
}

#[test]
fn nobody_is_told_to_undo_what_goes_on_at_aws() {
    let undo = "if they fit, roll that change back";
    let mut health = change(
        instant("21:55"),
        "AWS Health: LAMBDA operational issue open in eu-west-1",
    );
    assert!(mail(vec![health.clone()], true, None).1.contains(undo));
    health.ours = false;
    let (changed, before) = mail(vec![health], true, None);
    assert!(
        !before.contains(undo) && changed.contains("AWS Health"),
        "{before}"
    );
}
