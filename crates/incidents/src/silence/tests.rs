//! What a silence mutes, and when.

use jiff::SignedDuration;

use super::*;
use crate::message::example::group;
use crate::{Direction, Group};

mod requests;
mod schedules;

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

const NOW: &str = "2026-11-20T22:00:00Z";

fn matcher() -> Matcher {
    Matcher {
        service: Some("car-api".to_owned()),
        ..Matcher::default()
    }
}

fn request(schedule: Schedule) -> Request {
    Request {
        matcher: matcher(),
        schedule,
        author: "alice@example.com".to_owned(),
        reason: "database migration, CHG-1234".to_owned(),
    }
}

fn once(from: &str, to: &str) -> Schedule {
    Schedule::Once {
        from: at(from),
        to: at(to),
    }
}

fn hour() -> Schedule {
    once(NOW, "2026-11-20T23:00:00Z")
}

fn silence() -> Silence {
    Silence::new(request(hour()), at(NOW)).unwrap()
}

/// A weekly silence that is created at `now` and lives for ten weeks.
fn weekly(window: &str, now: Timestamp) -> Silence {
    let until = now + SignedDuration::from_hours(70 * 24);
    Silence::new(request(parse_weekly(window, until).unwrap()), now).unwrap()
}

impl Silence {
    /// Whether it mutes at this instant.
    fn is_active(&self, at: Timestamp) -> bool {
        self.ends(at).is_some()
    }
}

#[test]
fn everything_that_is_given_must_fit_the_group() {
    let text = |text: &str| Some(text.to_owned());
    let none = Matcher::default;
    for (rule, matcher, fits) in [
        ("the service alone", matcher(), true),
        (
            "another service",
            Matcher {
                service: text("car"),
                ..none()
            },
            false,
        ),
        (
            "the environment",
            Matcher {
                environment: text("prod"),
                ..none()
            },
            true,
        ),
        (
            "another environment",
            Matcher {
                environment: text("test"),
                ..matcher()
            },
            false,
        ),
        (
            "the symptom",
            Matcher {
                symptom: Some(Symptom::Latency),
                ..none()
            },
            true,
        ),
        (
            "another symptom",
            Matcher {
                symptom: Some(Symptom::Errors),
                ..matcher()
            },
            false,
        ),
        (
            "four digits",
            Matcher {
                fingerprint: text("e546"),
                ..none()
            },
            true,
        ),
        (
            "all digits",
            Matcher {
                fingerprint: text("e546c16386841a0f"),
                ..none()
            },
            true,
        ),
        (
            "digits from the middle",
            Matcher {
                fingerprint: text("c163"),
                ..none()
            },
            false,
        ),
        (
            "digits of another group",
            Matcher {
                fingerprint: text("e547"),
                ..matcher()
            },
            false,
        ),
        ("nothing given", none(), false),
    ] {
        assert_eq!(matcher.matches(&group()), fits, "{rule}");
    }
}

#[test]
fn a_silence_mutes_from_its_beginning_up_to_its_end() {
    let later = once("2026-11-20T22:30:00Z", "2026-11-20T23:00:00Z");
    let silence = Silence::new(request(later), at(NOW)).unwrap();
    let (start, end) = (at("2026-11-20T22:30:00Z"), at("2026-11-20T23:00:00Z"));
    for (instant, status, ends, next) in [
        (
            "2026-11-20T21:00:00Z",
            SilenceStatus::Pending,
            None,
            Some(start),
        ),
        (
            "2026-11-20T22:29:59Z",
            SilenceStatus::Pending,
            None,
            Some(start),
        ),
        (
            "2026-11-20T22:30:00Z",
            SilenceStatus::Active,
            Some(end),
            None,
        ),
        (
            "2026-11-20T22:59:59Z",
            SilenceStatus::Active,
            Some(end),
            None,
        ),
        ("2026-11-20T23:00:00Z", SilenceStatus::Expired, None, None),
    ] {
        let instant = at(instant);
        let answer = (
            silence.status(instant),
            silence.ends(instant),
            silence.next(instant),
        );
        assert_eq!(answer, (status, ends, next), "{instant}");
    }
}

#[test]
fn a_beginning_in_the_past_mutes_nothing_before_the_silence_was_created() {
    let past = once("2026-11-20T20:00:00Z", "2026-11-20T23:00:00Z");
    let silence = Silence::new(request(past), at(NOW)).unwrap();
    assert!(!silence.is_active(at("2026-11-20T21:59:59Z")) && silence.is_active(at(NOW)));
    assert_eq!(silence.next(at("2026-11-20T21:00:00Z")), Some(at(NOW)));
}

#[test]
fn an_early_end_is_kept_with_its_author_and_the_first_one_counts() {
    let mut silence = silence();
    let id = silence.id.clone();
    let (middle, late) = (at("2026-11-20T22:20:00Z"), at("2026-11-20T22:40:00Z"));
    let error = silence
        .expire(middle, Some("bo\nb"))
        .unwrap_err()
        .to_string();
    assert!(
        error.contains("expired_by = \"bo\\nb\" has the control character"),
        "{error}"
    );
    assert_eq!(silence.expired, None, "a refused end changes nothing");
    assert_eq!(silence.expire(middle, Some("bob")), Ok(true));
    assert_eq!(silence.expire(late, Some("carol")), Ok(false));
    assert_eq!(
        (silence.expired, silence.expired_by.as_deref()),
        (Some(middle), Some("bob"))
    );
    assert_eq!((silence.until(), &silence.id), (middle, &id));
    assert_eq!(silence.ends(at("2026-11-20T22:10:00Z")), Some(middle));
    assert_eq!(silence.status(middle), SilenceStatus::Expired);
    assert_eq!(Silence::from_json(&silence.to_json()).unwrap(), silence);
}

#[test]
fn what_is_ended_before_it_began_never_mutes_and_what_is_over_stays_as_it_was() {
    let mut pending = weekly("Sat 23:00-24:00 UTC", at(NOW));
    assert_eq!(pending.expire(at("2026-11-20T21:00:00Z"), None), Ok(true));
    assert_eq!(pending.expired, Some(at(NOW)), "not before its creation");
    assert_eq!(pending.status(at(NOW)), SilenceStatus::Expired);
    assert!(!pending.is_active(at("2026-11-21T23:30:00Z")));
    let mut over = silence();
    assert_eq!(over.expire(at("2026-11-20T23:00:00Z"), None), Ok(false));
    assert_eq!(over, silence());
}

#[test]
fn of_several_silences_the_one_that_ends_last_speaks() {
    let of = |matcher, minutes| {
        let to = at(NOW) + SignedDuration::from_mins(minutes);
        let schedule = Schedule::Once { from: at(NOW), to };
        Silence::new(
            Request {
                matcher,
                ..request(schedule)
            },
            at(NOW),
        )
        .unwrap()
    };
    let other = Matcher {
        service: Some("other".to_owned()),
        ..Matcher::default()
    };
    let tie = Matcher {
        environment: Some("prod".to_owned()),
        ..Matcher::default()
    };
    let mut silences = vec![
        of(matcher(), 10),
        of(tie.clone(), 30),
        of(matcher(), 30),
        of(other, 60),
    ];
    let winner = silences[1].id.clone().max(silences[2].id.clone());
    let speaks = |silences: &[Silence], minutes| {
        let when = at(NOW) + SignedDuration::from_mins(minutes);
        silenced_by(&group(), silences, when).map(|silence| silence.id.clone())
    };
    assert_eq!(speaks(&silences, 5), Some(winner.clone()));
    silences.reverse();
    assert_eq!(speaks(&silences, 5), Some(winner), "whatever their order");
    assert_eq!(speaks(&silences, 30), None, "those that fit are over");
    assert_eq!(speaks(&[], 5), None);
    let drop = Group::new("prod", "car-api", Symptom::Traffic, Direction::Low).unwrap();
    assert!(silenced_by(&drop, &silences, at(NOW)).is_some());
}

#[test]
fn an_id_depends_on_the_contents_and_the_time_and_on_nothing_else() {
    let silence = silence();
    // printf 'v1|2026-11-20T22:00:00Z|[MATCHER,SCHEDULE,"AUTHOR","REASON"]', in JSON as stored | sha256sum
    assert_eq!(silence.id.as_str(), "sil-88b8b3f76b36");
    assert_eq!(
        silence.id,
        Silence::new(request(hour()), at(NOW)).unwrap().id
    );
    let other = Request {
        reason: "another".to_owned(),
        ..request(hour())
    };
    assert_ne!(silence.id, Silence::new(other, at(NOW)).unwrap().id);
    assert_ne!(
        silence.id,
        Silence::new(request(hour()), at("2026-11-20T22:00:01Z"))
            .unwrap()
            .id
    );
    let prefix = |text: &str| {
        let matcher = Matcher {
            fingerprint: Some(text.to_owned()),
            ..matcher()
        };
        Silence::new(
            Request {
                matcher,
                ..request(hour())
            },
            at(NOW),
        )
        .unwrap()
    };
    assert_eq!(
        prefix("E546"),
        prefix("e546"),
        "capital digits are the same digits"
    );
    assert!(prefix("E546").matcher.matches(&group()));
}

#[test]
fn what_cannot_be_read_says_what_to_do() {
    let json = silence().to_json();
    let swap = |from: &str, to: &str| {
        assert!(json.contains(from), "{json} has no {from}");
        json.replace(from, to)
    };
    for (text, says) in [
        (
            swap("\"schema\":1", "\"schema\":2"),
            "has schema 2, this build reads 1: deploy",
        ),
        (
            "{\"schema\":9,\"shape\":\"unknown\"}".to_owned(),
            "has schema 9",
        ),
        ("{}".to_owned(), "missing field `schema`"),
        (json[..json.len() / 2].to_owned(), "damaged"),
        (swap("\"once\"", "\"always\""), "unknown variant `always`"),
        (
            swap("\"service\":", "\"route\":\"/\",\"service\":"),
            "unknown field `route`",
        ),
        (
            swap("\"service\":\"car-api\"", ""),
            "silence of everything is refused",
        ),
        (swap("20T23:00", "30T23:00"), "choose at most 7 days"),
        (
            swap("\"expired_by\":null", "\"expired_by\":\"a\\nb\""),
            "expired_by = \"a\\nb\" has the control",
        ),
        (swap("CHG-1234", "CHG-9999"), "but its contents have sil-"),
    ] {
        let error = Silence::from_json(&text).unwrap_err();
        assert!(
            error.to_string().contains(says) && !error.is_retryable(),
            "{error}\nshould say {says}"
        );
    }
}
