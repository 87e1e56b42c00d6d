//! When a silence mutes: weekly windows, durations, and every minute of the weeks in which clocks change.

use jiff::tz::TimeZone;
use proptest::prelude::*;

use super::*;

#[test]
fn a_weekly_window_keeps_to_the_clock_on_the_wall() {
    // Paris: on 2026-03-29 at 01:00Z 02:00 becomes 03:00, on 2026-10-25 at 01:00Z 03:00 becomes 02:00.
    let table = "
an ordinary week | Sun 02:00-04:00 Europe/Paris | 2026-11-20T22:00Z | 2026-11-22T01:00Z | 2026-11-22T03:00Z
past midnight | Sat 23:00-06:00 Europe/Paris | 2026-11-20T22:00Z | 2026-11-21T22:00Z | 2026-11-22T05:00Z
a whole day | Sun 00:00-24:00 Europe/Paris | 2026-11-20T22:00Z | 2026-11-21T23:00Z | 2026-11-22T23:00Z
days that touch are one | Sun,Mon 00:00-24:00 UTC | 2026-11-20T22:00Z | 2026-11-22T00:00Z | 2026-11-24T00:00Z
around the week's end too | Sat-Mon 00:00-24:00 UTC | 2026-11-20T22:00Z | 2026-11-21T00:00Z | 2026-11-24T00:00Z
days that do not touch | Sun,Mon 00:00-23:59 UTC | 2026-11-20T22:00Z | 2026-11-22T00:00Z | 2026-11-22T23:59Z
a beginning that is skipped is the change | Sun 02:30-04:00 Europe/Paris | 2026-03-28T12:00Z | 2026-03-29T01:00Z | 2026-03-29T02:00Z
an end that is skipped is the change | Sun 01:00-02:30 Europe/Paris | 2026-03-28T12:00Z | 2026-03-29T00:00Z | 2026-03-29T01:00Z
a skipped hour does not happen | Sun 02:00-03:00 Europe/Paris | 2026-03-28T12:00Z | 2026-04-05T00:00Z | 2026-04-05T01:00Z
an hour less around the change | Sun 01:00-04:00 Europe/Paris | 2026-03-28T12:00Z | 2026-03-29T00:00Z | 2026-03-29T02:00Z
past midnight over the change | Sat 23:00-06:00 Europe/Paris | 2026-03-28T12:00Z | 2026-03-28T22:00Z | 2026-03-29T04:00Z
a beginning that comes twice is the first | Sun 02:30-04:00 Europe/Paris | 2026-10-24T12:00Z | 2026-10-25T00:30Z | 2026-10-25T03:00Z
an end that comes twice is the first | Sun 01:00-02:30 Europe/Paris | 2026-10-24T12:00Z | 2026-10-24T23:00Z | 2026-10-25T00:30Z
both hours that have one name | Sun 02:00-03:00 Europe/Paris | 2026-10-24T12:00Z | 2026-10-25T00:00Z | 2026-10-25T02:00Z
a day of 25 hours | Sun 00:00-24:00 Europe/Paris | 2026-10-24T12:00Z | 2026-10-24T22:00Z | 2026-10-25T23:00Z
half an hour of change | Sun 02:00-03:00 Australia/Lord_Howe | 2026-10-03T00:00Z | 2026-10-03T15:30Z | 2026-10-03T16:00Z
a day that was skipped | Fri 02:00-04:00 Pacific/Apia | 2011-12-28T00:00Z | 2012-01-05T12:00Z | 2012-01-05T14:00Z
days around a skipped one touch | Thu-Sat 00:00-24:00 Pacific/Apia | 2011-12-28T00:00Z | 2011-12-29T10:00Z | 2011-12-31T10:00Z
a clock set back over midnight | Sun 00:00-01:00 America/St_Johns | 2010-11-06T12:00Z | 2010-11-07T02:30Z | 2010-11-07T04:30Z";
    for row in table.trim().lines() {
        let fields: Vec<_> = row.split(" | ").collect();
        let [rule, window, now, from, to] = fields[..] else {
            panic!("{row} has five fields")
        };
        let silence = weekly(window, at(now));
        assert_eq!(silence.next(at(now)), Some(at(from)), "{rule}: begins");
        assert_eq!(silence.ends(at(from)), Some(at(to)), "{rule}: ends");
        let last = at(to) - SignedDuration::from_secs(1);
        assert_eq!(silence.ends(last), Some(at(to)), "{rule}: the last second");
        assert!(
            !silence.is_active(at(to)),
            "{rule}: the end is no part of it"
        );
    }
}

#[test]
fn the_last_weekly_window_is_cut_where_the_silence_ends() {
    let until = at("2026-11-28T03:00:00Z");
    let schedule = parse_weekly("Sat 02:00-04:00 utc", until).unwrap();
    let silence = Silence::new(request(schedule), at(NOW)).unwrap();
    assert!(
        silence.to_json().contains("\"zone\":\"UTC\""),
        "the zone has the database's spelling"
    );
    let first = at("2026-11-21T02:30:00Z");
    assert_eq!(silence.next(first), Some(at("2026-11-28T02:00:00Z")));
    assert_eq!(
        silence.status(at("2026-11-23T00:00:00Z")),
        SilenceStatus::Pending
    );
    assert_eq!(silence.ends(at("2026-11-28T02:30:00Z")), Some(until));
    assert_eq!(
        (
            silence.next(at("2026-11-28T02:30:00Z")),
            silence.status(until)
        ),
        (None, SilenceStatus::Expired)
    );
}

#[test]
fn durations_are_days_hours_and_minutes() {
    for (text, minutes) in [
        ("30m", 30),
        ("2h", 120),
        ("3d", 4_320),
        ("1h30m", 90),
        ("1d2h3m", 1_563),
        ("90m", 90),
        ("366d", 527_040),
    ] {
        assert_eq!(
            parse_duration(text),
            Ok(SignedDuration::from_mins(minutes)),
            "{text}"
        );
    }
    for (text, says) in [
        ("", "at least 1 minute"),
        ("0h", "at least 1 minute"),
        ("30", "in this order"),
        ("30s", "in this order"),
        ("30m1h", "in this order"),
        ("1h1h", "in this order"),
        ("h", "a unit stands without its number"),
        ("-1h", "in this order"),
        ("1.5h", "in this order"),
        ("1 h", "in this order"),
        ("２h", "in this order"),
        ("367d", "at most 366 days"),
        ("99999999999999999999d", "at most 366 days"),
    ] {
        let error = parse_duration(text).unwrap_err().to_string();
        let form = error.contains("write for example 30m, 2h, 3d or 1h30m");
        assert!(
            error.contains(says) && form && error.contains(&format!("{text:?}")),
            "{error}"
        );
    }
}

#[test]
fn weekly_windows_are_days_times_and_a_zone() {
    let until = at(NOW);
    let days_of = |text: &str| match parse_weekly(text, until).unwrap() {
        Schedule::Weekly { days, .. } => days.to_string(),
        Schedule::Once { .. } => unreachable!("a weekly window is weekly"),
    };
    for (text, days) in [
        ("Sat,Sun 02:00-04:00 Europe/Paris", "Sat,Sun"),
        ("sun,SAT,Sat 02:00-04:00 Europe/Paris", "Sat,Sun"),
        ("Mon-Fri 22:00-06:00 UTC", "Mon,Tue,Wed,Thu,Fri"),
        ("Sat-Mon,Wed 22:00-00:00 UTC", "Mon,Wed,Sat,Sun"),
    ] {
        assert_eq!(days_of(text), days, "{text}");
    }
    let table = " | three parts
Sat 02:00-04:00 | three parts
Sat, Sun 02:00-04:00 UTC | three parts
Saturday 02:00-04:00 UTC | \"Saturday\" is not a weekday: write Mon
, 02:00-04:00 UTC | \"\" is not
Sat 02:00 UTC | \"02:00\" are not two times
Sat 2:00-4:00 UTC | \"2:00-4:00\" are not two times
Sat 02:00-25:00 UTC | are not two times
Sat 24:00-02:00 UTC | are not two times
Sat 02:60-04:00 UTC | are not two times
Sat 02:00-02:00 UTC | has no length (a whole day is 00:00-24:00)";
    for (text, says) in table.lines().filter_map(|row| row.split_once(" | ")) {
        let error = parse_weekly(text, until).unwrap_err().to_string();
        assert!(
            error.contains(says) && error.contains("for example Sat,Sun 02:00-04:00 Europe/Paris"),
            "{error}"
        );
    }
}

/// A week in which a clock changes or does not: (zone, a Thursday before).
const WEEKS: [(&str, &str); 8] = [
    ("Europe/Paris", "2026-03-26T00:00:00Z"),
    ("Europe/Paris", "2026-10-22T00:00:00Z"),
    ("America/New_York", "2026-03-05T00:00:00Z"),
    ("America/New_York", "2026-10-29T00:00:00Z"),
    ("Australia/Lord_Howe", "2026-04-02T00:00:00Z"),
    ("America/St_Johns", "2010-11-04T00:00:00Z"),
    ("Pacific/Apia", "2011-12-27T00:00:00Z"),
    ("Asia/Kolkata", "2026-03-26T00:00:00Z"),
];

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]
    #[test]
    fn minute_by_minute_a_silence_keeps_what_it_says(
        week in 0..WEEKS.len(), bits in 1_u8..127, from in 0_u16..1_440, length in 1_u16..=1_440,
        created in 0_i64..4_000, ended in prop::option::of(0_i64..12_000),
    ) {
        let (zone, start) = WEEKS[week];
        let days: Vec<&str> = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"].into_iter().enumerate()
            .filter(|(day, _)| bits & (1 << day) != 0).map(|(_, name)| name).collect();
        // Half of a week at most is taken.
        let length = length.min(84 * 60 / u16::try_from(days.len()).unwrap());
        let to = (from + length) % 1_440;
        let clock = |minute: u16| format!("{:02}:{:02}", minute / 60, minute % 60);
        let end = if to == from { "24:00".to_owned() } else { clock(to) };
        let begin = if to == from { "00:00".to_owned() } else { clock(from) };
        let minute = |count: i64| at(start) + SignedDuration::from_mins(count);
        let mut silence = weekly(&format!("{} {begin}-{end} {zone}", days.join(",")), minute(created));
        if let Some(ended) = ended {
            silence.expire(minute(ended), Some("bob")).unwrap();
        }
        prop_assert_eq!(&Silence::from_json(&silence.to_json()).unwrap(), &silence);
        let rules = TimeZone::get(zone).unwrap();
        let repeats = |m: Timestamp| {
            let offset = |hours| rules.to_offset(m + SignedDuration::from_hours(hours)).seconds();
            (-26..=26).any(|hours| offset(hours) != offset(0))
        };
        let mut before: Option<Timestamp> = None;
        for count in 0..14 * 1_440 {
            let m = minute(count);
            let ends = silence.ends(m);
            prop_assert_eq!(silence.is_active(m), ends.is_some());
            if let Some(end) = ends {
                prop_assert!(silence.created <= m && m < end && end <= silence.until(), "{m} {end}");
            }
            match (before, ends) {
                (Some(end), Some(now)) => prop_assert!(m < end && now == end, "{m}: one window, one end"),
                (Some(end), None) => prop_assert_eq!(m, end, "it lasts as long as it said"),
                (None, Some(_)) if count > 0 => prop_assert_eq!(silence.next(minute(count - 1)), Some(m)),
                (None, _) => {}
            }
            let status = match (ends, silence.next(m)) {
                (Some(_), _) => SilenceStatus::Active,
                (None, Some(next)) => { prop_assert!(next > m); SilenceStatus::Pending }
                (None, None) => SilenceStatus::Expired,
            };
            prop_assert_eq!(silence.status(m), status);
            // Away from a change, the clock on the wall alone says whether it is time.
            if silence.created <= m && m < silence.until() && count % 7 == 0 && !repeats(m) {
                let local = rules.to_datetime(m);
                let (now, first) = (i64::from(local.hour()) * 60 + i64::from(local.minute()), if to == from { 0 } else { i64::from(from) });
                let span = if to == from { 1_440 } else { i64::from(length) };
                let on = |date: jiff::civil::Date| bits & (1 << date.weekday().to_monday_zero_offset()) != 0;
                let today = on(local.date()) && (first..first + span).contains(&now);
                let since = on(local.date().yesterday().unwrap()) && (first..first + span).contains(&(now + 1_440));
                prop_assert_eq!(silence.is_active(m), today || since, "{} {}", m, local);
            }
            before = ends;
        }
    }

    #[test]
    fn no_text_and_no_instant_panics(text in ".{0,40}", when in any::<i64>(), first in any::<i64>(), last in any::<i64>()) {
        let instant = |raw: i64| Timestamp::from_second(raw % 253_402_200_000).unwrap();
        let (from, to, when) = (instant(first), instant(last), instant(when));
        let _ = (parse_duration(&text), parse_weekly(&text, to), Silence::from_json(&text));
        if let Ok(silence) = Silence::new(request(Schedule::Once { from, to }), when) {
            prop_assert!(silence.until() > when);
        }
        let schedule = parse_weekly("Mon-Wed 23:00-22:00 Europe/Paris", to).unwrap();
        if let Ok(silence) = Silence::new(request(schedule), when) {
            prop_assert!(silence.next(when) > Some(when) || silence.is_active(when));
        }
        for edge in [Timestamp::MIN, Timestamp::MAX] {
            prop_assert!(!silence().is_active(edge) && !weekly("Sun 01:00-04:00 UTC", at(NOW)).is_active(edge));
        }
    }
}
