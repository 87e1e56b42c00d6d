//! What may be asked for.

use super::*;

#[test]
fn what_cannot_be_silenced_is_told_with_its_value_and_the_fix() {
    let long = "x".repeat(201);
    let text = |text: &str| Some(text.to_owned());
    let zoned = |window: &str, until: &str| request(parse_weekly(window, at(until)).unwrap());
    let good = || request(hour());
    let matching = |matcher| Request { matcher, ..good() };
    let mut no_days = parse_weekly("Sat 02:00-04:00 UTC", at("2026-12-20T00:00:00Z")).unwrap();
    if let Schedule::Weekly { days, .. } = &mut no_days {
        *days = Weekdays::default();
    }
    for (request, says) in [
        (
            matching(Matcher::default()),
            "a silence of everything is refused: write at least one of",
        ),
        (
            matching(Matcher {
                fingerprint: text("e54"),
                ..matcher()
            }),
            "fingerprint = \"e54\": write at least its first 4",
        ),
        (
            matching(Matcher {
                fingerprint: text("car-api"),
                ..matcher()
            }),
            "fingerprint = \"car-api\": write 4 to 16 hex",
        ),
        (
            matching(Matcher {
                fingerprint: text("e546c16386841a0f0"),
                ..matcher()
            }),
            "write 4 to 16 hex",
        ),
        (
            matching(Matcher {
                environment: text(""),
                ..matcher()
            }),
            "environment = \"\" is empty: write a name, or leave",
        ),
        (
            matching(Matcher {
                service: text("a\tb"),
                ..matcher()
            }),
            "service = \"a\\tb\" has the control character '\\t'",
        ),
        (
            Request {
                author: "  ".to_owned(),
                ..good()
            },
            "author = \"  \" is empty: write a person, for example",
        ),
        (
            Request {
                author: "a\u{202e}b".to_owned(),
                ..good()
            },
            "control character '\\u{202e}': leave it out",
        ),
        (
            Request {
                reason: String::new(),
                ..good()
            },
            "reason = \"\" is empty: write why, for example",
        ),
        (
            Request {
                reason: long,
                ..good()
            },
            "xxx\"... has 201 characters: write at most 200",
        ),
        (
            request(once("2026-11-20T23:00:00Z", "2026-11-20T23:00:00Z")),
            "is not after from = 2026-11-20T23:00:00Z",
        ),
        (
            request(once("2026-11-20T20:00:00Z", NOW)),
            "its end, 2026-11-20T22:00:00Z, is past: write one after 2026-11-20T22",
        ),
        (
            request(once(NOW, "2026-11-27T22:00:01Z")),
            "choose at most 7 days, which is 2026-11-27T22:00:00Z",
        ),
        (
            request(once("2027-11-22T00:00:00Z", "2027-11-22T01:00:00Z")),
            "is more than 366 days away: silence nearer to it",
        ),
        (
            zoned("Sat 02:00-04:00 Paris", "2026-12-20T00:00:00Z"),
            "zone = \"Paris\" is unknown: write an IANA name",
        ),
        (
            zoned("Sat 02:00-04:00 Etc/Unknown", "2026-12-20T00:00:00Z"),
            "zone = \"Etc/Unknown\" is unknown",
        ),
        (
            zoned("Sat 02:00-04:00 UTC", "2026-11-20T00:00:00Z"),
            "its end, 2026-11-20T00:00:00Z, is past",
        ),
        (
            zoned("Sat 02:00-04:00 UTC", "2027-11-22T00:00:00Z"),
            "more than 366 days away: choose 2027-11-21T22:00:00Z",
        ),
        (
            zoned("Thu 02:00-04:00 UTC", "2026-11-25T00:00:00Z"),
            "is before the first Thu 02:00:00-04:00:00 UTC",
        ),
        (
            zoned("Mon-Sun 00:00-24:00 UTC", "2026-11-25T00:00:00Z"),
            "mutes 168 hours of each week: choose at most 84",
        ),
        (
            zoned("Mon-Sun 00:00-23:59 UTC", "2026-11-25T00:00:00Z"),
            "mutes 167 hours of each week: choose at most 84",
        ),
        (
            super::Request {
                schedule: no_days,
                ..good()
            },
            "days is empty: write the days, for example Sat,Sun",
        ),
    ] {
        let error = Silence::new(request, at(NOW)).unwrap_err();
        assert_eq!(error.problems.len(), 1, "{error}");
        assert!(
            error.to_string().contains(says),
            "{error}\nshould say {says}"
        );
    }
}

#[test]
fn what_is_just_within_a_limit_is_taken() {
    for (rule, schedule) in [
        ("seven days", once(NOW, "2026-11-27T22:00:00Z")),
        (
            "what began last month counts from now",
            once("2026-10-01T00:00:00Z", "2026-11-27T22:00:00Z"),
        ),
        (
            "a year",
            parse_weekly("Sat 02:00-04:00 UTC", at("2027-11-20T22:00:00Z")).unwrap(),
        ),
        (
            "half of every day",
            parse_weekly("Mon-Sun 20:00-08:00 UTC", at("2026-12-20T22:00:00Z")).unwrap(),
        ),
    ] {
        let mut request = request(schedule);
        request.reason = "ü".repeat(200);
        assert!(Silence::new(request, at(NOW)).is_ok(), "{rule}");
    }
}

#[test]
fn all_mistakes_are_told_at_once() {
    let request = Request {
        matcher: Matcher::default(),
        schedule: parse_weekly("Sat 02:00-04:00 Mars", at("2020-01-01T00:00:00Z")).unwrap(),
        author: String::new(),
        reason: format!("\n{}", "x".repeat(200)),
    };
    assert_eq!(
        Silence::new(request, at(NOW)).unwrap_err().problems.len(),
        6
    );
}
