//! The rules of roll-up, one row or one test each.

use super::*;
use crate::message::example::{minute, open_record, resolved_record};
use crate::{Audience, Policy};

pub(super) const LIMITS: Limits = Limits {
    pages_per_hour: 6,
    group_minutes: 10,
};

pub(super) fn group(service: &str) -> Group {
    Group::new("prod", service, Symptom::Errors, Direction::High).unwrap()
}

pub(super) fn incident(service: &str, opened: &str) -> IncidentId {
    IncidentId::mint(&group(service).fingerprint(), minute(opened))
}

/// Asks for message `seq` of the incident of `service` that opened at 22:00, whose onset was 21:59.
fn ask(storm: &mut Storm, service: &str, seq: u32, window: &str) -> Answer {
    let (incident, group) = (incident(service, "22:00"), group(service));
    let asked = Asked {
        urgent: false,
        incident: &incident,
        seq,
        group: &group,
        onset: minute("21:59"),
        window: minute(window),
        reading: "errors 40 errors/min (normal 0-3 errors/min)".to_owned(),
    };
    storm.ask(&asked, &LIMITS)
}

fn resolve(storm: &mut Storm, service: &str, window: &str) -> Answer {
    let incident = incident(service, "22:00");
    storm.resolved(&group(service).fingerprint(), &incident, minute(window))
}

/// A storm whose hour is full since 22:00: `a` to `f` have paged.
fn full() -> Storm {
    let mut storm = Storm::new("prod");
    for service in ["a", "b", "c", "d", "e", "f"] {
        assert_eq!(ask(&mut storm, service, 1, "22:00"), Answer::Page);
    }
    storm
}

fn due(storm: &mut Storm, window: &str) -> Option<News> {
    storm.due(minute(window), &LIMITS)
}

fn kind(news: Option<News>) -> Option<Kind> {
    news.map(|news| news.kind)
}

fn services(news: &News) -> Vec<&str> {
    news.lines
        .iter()
        .map(|line| line.alert.service.as_str())
        .collect()
}

#[test]
fn six_pages_an_hour_go_out_and_the_seventh_is_held_and_told_in_the_same_window() {
    let mut storm = full();
    assert_eq!(due(&mut storm, "22:00"), None, "nothing is held");
    assert_eq!(ask(&mut storm, "g", 1, "22:01"), Answer::Hold);
    let news = due(&mut storm, "22:01").unwrap();
    assert_eq!((news.kind, news.seq, news.groups()), (Kind::Begin, 1, 7));
    assert_eq!(due(&mut storm, "22:01"), None, "it is said once");
}

#[test]
fn a_page_goes_out_again_once_the_hour_has_room() {
    for (window, answer) in [("22:59", Answer::Hold), ("23:00", Answer::Page)] {
        assert_eq!(ask(&mut full(), "g", 1, window), answer, "{window}");
    }
}

#[test]
fn a_group_pages_again_after_ten_minutes() {
    for (window, answer) in [("22:09", Answer::Hold), ("22:10", Answer::Page)] {
        let mut storm = Storm::new("prod");
        ask(&mut storm, "a", 1, "22:00");
        assert_eq!(ask(&mut storm, "a", 2, window), answer, "{window}");
    }
}

#[test]
fn what_only_its_own_group_holds_up_is_told_when_its_time_is_over() {
    let mut storm = Storm::new("prod");
    ask(&mut storm, "a", 1, "22:00");
    assert_eq!(ask(&mut storm, "a", 2, "22:06"), Answer::Hold);
    for window in ["22:06", "22:09"] {
        assert_eq!(due(&mut storm, window), None, "{window}");
    }
    assert_eq!(kind(due(&mut storm, "22:10")), Some(Kind::Begin));
}

#[test]
fn what_resolved_before_it_was_told_is_not_told() {
    let mut storm = Storm::new("prod");
    ask(&mut storm, "a", 1, "22:00");
    ask(&mut storm, "a", 2, "22:06");
    assert_eq!(resolve(&mut storm, "a", "22:08"), Answer::Page);
    assert_eq!(due(&mut storm, "22:10"), None);
}

#[test]
fn the_same_question_is_answered_the_same_and_changes_nothing() {
    let mut storm = full();
    ask(&mut storm, "g", 1, "22:01");
    let before = storm.clone();
    assert_eq!(ask(&mut storm, "a", 1, "22:00"), Answer::Page);
    assert_eq!(ask(&mut storm, "g", 1, "22:01"), Answer::Hold);
    resolve(&mut storm, "unknown", "22:01");
    assert_eq!(storm, before);
    assert_eq!(storm.after(&before), None, "there is nothing to write");
}

#[test]
fn a_group_that_was_held_pages_at_its_repeat_if_the_hour_has_room() {
    let mut storm = full();
    ask(&mut storm, "g", 1, "22:01");
    due(&mut storm, "22:01");
    assert_eq!(ask(&mut storm, "g", 2, "23:30"), Answer::Page);
    assert_eq!(
        resolve(&mut storm, "g", "23:40"),
        Answer::Page,
        "its end is said to whoever was paged"
    );
}

#[test]
fn a_group_that_asks_again_in_vain_is_told_again() {
    let mut storm = full();
    ask(&mut storm, "g", 1, "22:01");
    due(&mut storm, "22:01");
    assert_eq!(ask(&mut storm, "g", 2, "22:31"), Answer::Hold);
    let news = due(&mut storm, "22:31").unwrap();
    assert_eq!(
        (news.kind, news.seq, news.held_again(), news.new_groups()),
        (Kind::Grown, 2, 1, 0)
    );
}

#[test]
fn a_storm_that_grows_is_told_every_ten_minutes_with_what_is_new_first() {
    let mut storm = full();
    ask(&mut storm, "g", 1, "22:01");
    due(&mut storm, "22:01");
    ask(&mut storm, "h", 1, "22:02");
    ask(&mut storm, "i", 1, "22:05");
    for window in ["22:02", "22:05", "22:10"] {
        assert_eq!(due(&mut storm, window), None, "{window}");
    }
    let news = due(&mut storm, "22:11").unwrap();
    assert_eq!((news.kind, news.groups()), (Kind::Grown, 9));
    let (mut new, mut known) = (services(&news), services(&news));
    known = known.split_off(2);
    new.truncate(2);
    new.sort_unstable();
    known.sort_unstable();
    assert_eq!(new, ["h", "i"]);
    assert_eq!(known, ["a", "b", "c", "d", "e", "f", "g"]);
}

#[test]
fn the_end_of_an_incident_that_only_the_storm_told_of_stays_out_of_the_page_topic() {
    let mut storm = full();
    ask(&mut storm, "g", 1, "22:01");
    // Its first page was before anything was counted.
    ask(&mut storm, "z", 3, "22:01");
    due(&mut storm, "22:01");
    for (service, answer) in [
        ("g", Answer::Hold),
        ("g", Answer::Hold),
        ("a", Answer::Page),
        ("z", Answer::Page),
        ("never-asked", Answer::Page),
    ] {
        assert_eq!(resolve(&mut storm, service, "22:05"), answer, "{service}");
    }
}

#[test]
fn a_storm_is_over_when_all_that_only_it_told_of_resolved_and_ten_minutes_brought_no_more() {
    let mut storm = full();
    ask(&mut storm, "g", 1, "22:01");
    ask(&mut storm, "h", 1, "22:01");
    due(&mut storm, "22:01");
    resolve(&mut storm, "g", "22:04");
    for window in ["22:11", "23:30"] {
        assert_eq!(due(&mut storm, window), None, "h is open at {window}");
    }
    resolve(&mut storm, "h", "23:31");
    let news = due(&mut storm, "23:31").unwrap();
    assert_eq!((news.kind, news.seq), (Kind::Over, 2));
    // The six that paged are open, and have alarms of their own.
    assert_eq!((news.groups(), news.open()), (8, 6));
    assert_eq!(due(&mut storm, "23:32"), None);
}

#[test]
fn a_storm_does_not_come_and_go_with_every_incident() {
    let mut storm = full();
    ask(&mut storm, "g", 1, "22:01");
    due(&mut storm, "22:01");
    resolve(&mut storm, "g", "22:04");
    assert_eq!(due(&mut storm, "22:04"), None);
    assert_eq!(due(&mut storm, "22:10"), None);
    assert_eq!(kind(due(&mut storm, "22:11")), Some(Kind::Over));
}

#[test]
fn what_never_resolves_ends_a_storm_after_a_day() {
    let mut storm = full();
    ask(&mut storm, "g", 1, "22:01");
    due(&mut storm, "22:01");
    let day = minute("22:01").plus(1_440);
    assert_eq!(storm.due(day.plus(-1), &LIMITS), None);
    let news = storm.due(day, &LIMITS).unwrap();
    assert_eq!((news.kind, news.open()), (Kind::Over, 7));
}

#[test]
fn the_next_storm_has_a_name_of_its_own_and_counts_from_one() {
    let mut storm = full();
    ask(&mut storm, "g", 1, "22:01");
    let first = due(&mut storm, "22:01").unwrap();
    resolve(&mut storm, "g", "22:04");
    let over = due(&mut storm, "22:11").unwrap();
    ask(&mut storm, "h", 1, "22:12");
    let next = due(&mut storm, "22:12").unwrap();
    assert_eq!(over.id, first.id);
    assert!(next.id > first.id && next.seq == 1);
    assert_eq!(next.alarm_name(), first.alarm_name());
}

#[test]
fn who_moved_first_is_named_even_if_it_paged_by_itself() {
    let mut storm = Storm::new("prod");
    let tight = Limits {
        pages_per_hour: 1,
        ..LIMITS
    };
    for (service, onset) in [("b", "21:57"), ("a", "21:58"), ("c", "21:56")] {
        let (incident, group) = (incident(service, "22:00"), group(service));
        let asked = Asked {
            urgent: false,
            incident: &incident,
            seq: 1,
            group: &group,
            onset: minute(onset),
            window: minute("22:00"),
            reading: String::new(),
        };
        storm.ask(&asked, &tight);
    }
    let news = storm.due(minute("22:00"), &tight).unwrap();
    assert_eq!(services(&news), ["c", "b", "a"]);
    assert_eq!(news.first().unwrap().service, "c");
    let paged = |line: &Line| line.alert.called;
    assert_eq!(
        news.lines.iter().map(paged).collect::<Vec<_>>(),
        [false, true, false]
    );
}

#[test]
fn without_a_limit_every_page_goes_out_and_what_was_held_is_still_told() {
    let off = Limits {
        pages_per_hour: 0,
        ..LIMITS
    };
    let mut storm = full();
    ask(&mut storm, "g", 1, "22:01");
    ask(&mut storm, "h", 1, "22:01");
    let (new, known) = (incident("x", "22:00"), incident("h", "22:00"));
    for (service, incident, seq) in [("x", &new, 1), ("h", &known, 2)] {
        let asked = Asked {
            urgent: false,
            incident,
            seq,
            group: &group(service),
            onset: minute("21:59"),
            window: minute("22:02"),
            reading: String::new(),
        };
        assert_eq!(storm.ask(&asked, &off), Answer::Page, "{service}");
        let before = storm.clone();
        assert_eq!(storm.ask(&asked, &off), Answer::Page, "{service}");
        assert_eq!(storm, before);
    }
    let news = storm.due(minute("22:02"), &off).unwrap();
    assert_eq!(news.new_groups(), 1, "h has a page by now");
}

#[test]
fn what_is_stored_stays_small_and_the_rest_is_counted() {
    let mut storm = Storm::new(&"\u{1F680}\"".repeat(200));
    let limits = Limits {
        pages_per_hour: 60,
        group_minutes: 10,
    };
    let name = |number: u32| format!("{number}{}", "\u{1F680}\"".repeat(200));
    for _ in 0..2 {
        for number in 0..1_000 {
            let group = group(&name(number));
            let incident = IncidentId::mint(&group.fingerprint(), minute("22:00"));
            let asked = Asked {
                urgent: false,
                incident: &incident,
                seq: 1,
                group: &group,
                onset: minute("21:59"),
                window: minute("22:00"),
                reading: "\u{1F680}\"".repeat(200),
            };
            let expected = if number < 60 {
                Answer::Page
            } else {
                Answer::Hold
            };
            assert_eq!(storm.ask(&asked, &limits), expected);
        }
        // A DynamoDB item: 400 KB.
        assert!(storm.to_json().len() < 400_000, "{}", storm.to_json().len());
    }
    let news = storm.due(minute("22:00"), &limits).unwrap();
    assert_eq!((news.lines.len(), news.beyond), (MOST_ALERTS, MOST_BEYOND));
    for publication in render_storm(&crate::message::example::context(), &news) {
        // SNS: 262,144 bytes.
        assert!(publication.message.len() < 200_000);
    }
    let last = group(&name(999));
    let before = storm.clone();
    storm.resolved(
        &last.fingerprint(),
        &IncidentId::mint(&last.fingerprint(), minute("22:00")),
        minute("22:05"),
    );
    assert_eq!(storm, before, "who is not even counted is not waited for");
    assert_eq!(kind(storm.due(minute("22:20"), &limits)), None);
}

#[test]
fn only_what_reaches_the_page_topic_asks() {
    let window = minute("22:04");
    let (open, over) = (open_record(), resolved_record());
    let asked = Asked::of(Action::Open, &open, window).unwrap();
    assert_eq!(
        (asked.seq, asked.onset, asked.reading.as_str()),
        (
            1,
            minute("21:59"),
            "POST /cars p90 latency 1,940 ms (normal 380-520 ms)"
        )
    );
    let mut chat = open.clone();
    chat.incident.as_mut().unwrap().audience = Audience::Chat;
    for (action, record) in [
        (Action::None, &open),
        (Action::Flap, &open),
        (Action::Acknowledge, &open),
        (Action::Reopen, &chat),
        (Action::Resolve, &over),
    ] {
        assert_eq!(Asked::of(action, record, window), None, "{action:?}");
    }
}

#[test]
fn an_item_reads_back_from_its_own_json() {
    let mut storm = full();
    ask(&mut storm, "g", 1, "22:01");
    due(&mut storm, "22:01");
    let stored = storm.after(&Storm::new("prod")).unwrap();
    assert_eq!(stored.ver, 1);
    assert_eq!(Storm::from_json(&stored.to_json()).unwrap(), stored);
}

#[test]
fn what_cannot_be_read_says_what_to_do() {
    let json = full().to_json();
    for (text, says) in [
        (
            json.replacen("\"schema\":1", "\"schema\":2", 1),
            "has schema 2, this build reads 1: deploy",
        ),
        ("{}".to_owned(), "missing field `schema`"),
        (
            json.replacen("\"ver\"", "\"verse\":1,\"ver\"", 1),
            "unknown field `verse`",
        ),
        (json[..json.len() / 2].to_owned(), "delete it"),
    ] {
        let error = Storm::from_json(&text).unwrap_err();
        assert!(
            error.to_string().contains(says) && !error.is_retryable(),
            "{error}"
        );
    }
}

#[test]
fn the_limits_are_those_of_the_policy() {
    assert_eq!(Policy::default().storm(), LIMITS);
}

#[test]
fn what_came_back_keeps_its_storm_open_and_what_never_was_does_not() {
    let mut storm = full();
    ask(&mut storm, "seventh", 1, "22:05");
    let now = minute("22:06");
    let open = |storm: &Storm| {
        storm
            .entries
            .iter()
            .filter(|it| it.alert.resolved.is_none())
            .count()
    };
    let before = open(&storm);
    let alert = storm.entries[0].alert.clone();
    let mut back = storm.clone();
    back.resolved(&alert.fingerprint, &alert.incident, now);
    assert_eq!(open(&back), before - 1);
    back.reopened(&alert.fingerprint, &alert.incident);
    assert_eq!(open(&back), before);
    let mut swept = storm;
    swept.settle(now, |group, _| *group == alert.fingerprint);
    assert_eq!(open(&swept), 1);
}
