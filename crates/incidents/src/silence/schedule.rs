//! When a silence mutes: once, or in a window of each week by the clock on somebody's wall.

use std::fmt;
use std::str::FromStr;

use jiff::civil::{Date, DateTime, Time, Weekday};
use jiff::tz::{AmbiguousOffset, TimeZone, TimeZoneDatabase};
use jiff::{SignedDuration, Timestamp, ToSpan};
use serde::{Deserialize, Serialize};

/// A one-off silence that is longer is forgotten trouble: 7 days.
const LONGEST_ONCE: SignedDuration = SignedDuration::from_hours(7 * 24);
/// A year, of which each has room for it: somebody must want the silence again.
const LONGEST_LIFE: SignedDuration = SignedDuration::from_hours(366 * 24);
/// A window of yesterday may be open, and a clock set back may show yesterday's date once more.
const DAYS_BACK: i64 = 2;
/// The next window is at most a week away, or two where a clock set forward skips one.
const DAYS_AHEAD: i64 = 15;
/// What weekly windows may mute of each week: half of it. Who would mute more does not want it watched.
const LONGEST_A_WEEK: SignedDuration = SignedDuration::from_hours(84);
const WEEK: [(Weekday, &str); 7] = [
    (Weekday::Monday, "Mon"),
    (Weekday::Tuesday, "Tue"),
    (Weekday::Wednesday, "Wed"),
    (Weekday::Thursday, "Thu"),
    (Weekday::Friday, "Fri"),
    (Weekday::Saturday, "Sat"),
    (Weekday::Sunday, "Sun"),
];

/// Days of the week. Text: `Sat,Sun` or `Mon-Fri`, in any case; printed one by one, Monday first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Weekdays(u8);

/// A text that names no weekdays.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "{0} is not a weekday: write Mon, Tue, Wed, Thu, Fri, Sat or Sun, several as Sat,Sun or Mon-Fri"
)]
pub struct UnknownWeekday(String);

/// When a silence mutes.
///
/// A weekly window begins and ends when the clock on the wall first shows its time, or a later one. So a time that
/// does not exist, because the clock is set forward over it, is the instant of the change, and a window wholly
/// within the skipped hour does not happen that week. A time that exists twice, because the clock is set back, is
/// the first of the two. Amazon EventBridge Scheduler reads skipped and repeated times in the same way.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase", deny_unknown_fields)]
pub enum Schedule {
    /// One time.
    Once {
        /// The first instant, at most 366 days away. Where it is past, the silence begins when it is created.
        #[serde(with = "crate::wire::text")]
        from: Timestamp,
        /// The end, which is not part of it: at most 7 days after the beginning.
        #[serde(with = "crate::wire::text")]
        to: Timestamp,
    },
    /// A window of each week. Windows that touch are one.
    Weekly {
        /// The days on which it begins: at least one.
        #[serde(with = "crate::wire::text")]
        days: Weekdays,
        /// When it begins, local time.
        #[serde(with = "crate::wire::text")]
        from: Time,
        /// When it ends, local time: on the next day unless it is later than `from`. The same as `from`: a whole
        /// day, which may not be on all seven.
        #[serde(with = "crate::wire::text")]
        to: Time,
        /// Whose clock: an IANA name, `Europe/Paris`.
        zone: String,
        /// No window mutes from here on: at most 366 days after the silence is created.
        #[serde(with = "crate::wire::text")]
        until: Timestamp,
    },
}

/// From `from` up to, but without, `to`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Window {
    pub(super) from: Timestamp,
    pub(super) to: Timestamp,
}

impl Weekdays {
    /// Whether the day is one of them.
    #[must_use]
    pub fn contains(self, day: Weekday) -> bool {
        self.0 & Self::bit(day) != 0
    }

    fn bit(day: Weekday) -> u8 {
        1 << day.to_monday_zero_offset()
    }
}

impl FromIterator<Weekday> for Weekdays {
    fn from_iter<I: IntoIterator<Item = Weekday>>(days: I) -> Self {
        Self(days.into_iter().fold(0, |bits, day| bits | Self::bit(day)))
    }
}

impl fmt::Display for Weekdays {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut separator = "";
        for (_, name) in WEEK.iter().filter(|(day, _)| self.contains(*day)) {
            write!(f, "{separator}{name}")?;
            separator = ",";
        }
        Ok(())
    }
}

impl FromStr for Weekdays {
    type Err = UnknownWeekday;

    fn from_str(text: &str) -> Result<Self, UnknownWeekday> {
        let day = |text: &str| {
            let found = WEEK
                .iter()
                .find(|(_, name)| name.eq_ignore_ascii_case(text));
            found
                .map(|(day, _)| *day)
                .ok_or_else(|| UnknownWeekday(super::shown(text)))
        };
        let mut days = Self::default();
        for part in text.split(',') {
            let (first, last) = part.split_once('-').unwrap_or((part, part));
            let (mut at, last) = (day(first)?, day(last)?);
            days.0 |= Self::bit(last);
            while at != last {
                days.0 |= Self::bit(at);
                at = at.next();
            }
        }
        Ok(days)
    }
}

/// The rules of a zone, from the database within this build: no I/O, and the same answer on every machine.
fn rules(zone: &str) -> Option<TimeZone> {
    let rules = TimeZoneDatabase::bundled().get(zone).ok()?;
    (!rules.is_unknown()).then_some(rules)
}

/// The first instant at which the clock shows `local` or a later time.
fn first_instant(rules: &TimeZone, local: DateTime) -> Option<Timestamp> {
    let reading = rules.to_ambiguous_timestamp(local);
    let AmbiguousOffset::Gap { after, .. } = reading.offset() else {
        return reading.earlier().ok();
    };
    // Read by the clock that is already set forward, a skipped time lies shortly before the change.
    let before_the_change = after.to_timestamp(local).ok()?;
    rules
        .following(before_the_change)
        .find(|change| change.offset() == after)
        .map(|change| change.timestamp())
}

/// The window that begins on this date; `None` where the clock skips all of it.
fn window_on(rules: &TimeZone, date: Date, from: Time, to: Time) -> Option<Window> {
    let last = if to > from {
        date
    } else {
        date.tomorrow().ok()?
    };
    let window = Window {
        from: first_instant(rules, date.to_datetime(from))?,
        to: first_instant(rules, last.to_datetime(to))?,
    };
    (window.from < window.to).then_some(window)
}

impl Schedule {
    /// It mutes nothing from here on.
    pub(super) fn until(&self) -> Timestamp {
        match self {
            Self::Once { to, .. } => *to,
            Self::Weekly { until, .. } => *until,
        }
    }

    /// The first window that ends after `at`, together with those that touch its end.
    pub(super) fn window_after(&self, at: Timestamp) -> Option<Window> {
        let (days, from, to, zone, until) = match self {
            Self::Once { from, to } => {
                return (at < *to).then_some(Window {
                    from: *from,
                    to: *to,
                });
            }
            Self::Weekly {
                days,
                from,
                to,
                zone,
                until,
            } => (days, *from, *to, zone, *until),
        };
        let rules = rules(zone)?;
        let today = rules.to_datetime(at).date();
        let mut found: Option<Window> = None;
        for day in -DAYS_BACK..=DAYS_AHEAD {
            let date = today.checked_add(day.days()).ok();
            let date = date.filter(|date| days.contains(date.weekday()));
            let Some(window) = date.and_then(|date| window_on(&rules, date, from, to)) else {
                continue;
            };
            match &mut found {
                Some(first) if first.to == window.from => first.to = window.to,
                Some(_) => break,
                None if window.to > at => found = Some(window),
                None => {}
            }
        }
        let mut found = found?;
        found.to = found.to.min(until);
        (found.from < found.to && at < found.to).then_some(found)
    }

    /// The zone as the database spells it.
    pub(super) fn normalize(&mut self) {
        if let Self::Weekly { zone, .. } = self
            && let Some(name) = rules(zone).as_ref().and_then(TimeZone::iana_name)
        {
            name.clone_into(zone);
        }
    }

    /// What is wrong with it, for a silence created at `now`.
    pub(super) fn check(&self, now: Timestamp, problems: &mut Vec<String>) {
        let before = problems.len();
        let end = self.until();
        if end <= now {
            problems.push(format!("its end, {end}, is past: write one after {now}"));
        }
        match self {
            Self::Once { from, to } => {
                let begins = (*from).max(now);
                if to <= from {
                    problems.push(format!(
                        "to = {to} is not after from = {from}: write a later one"
                    ));
                } else if from.duration_since(now) > LONGEST_LIFE {
                    problems.push(format!(
                        "from = {from} is more than 366 days away: silence nearer to it"
                    ));
                } else if to.duration_since(begins) > LONGEST_ONCE {
                    problems.push(format!(
                        "to = {to} is too late: choose at most 7 days, which is {}, or a weekly window",
                        begins.saturating_add(LONGEST_ONCE).unwrap_or(begins)
                    ));
                }
            }
            Self::Weekly {
                days,
                from,
                to,
                zone,
                until,
            } => {
                if until.duration_since(now) > LONGEST_LIFE {
                    problems.push(format!(
                        "until = {until} is more than 366 days away: choose {} at the latest",
                        now.saturating_add(LONGEST_LIFE).unwrap_or(now)
                    ));
                }
                if rules(zone).is_none() {
                    problems.push(format!(
                        "zone = {} is unknown: write an IANA name such as Europe/Paris",
                        super::shown(zone)
                    ));
                }
                if days.0 == 0 {
                    problems.push("days is empty: write the days, for example Sat,Sun".to_owned());
                } else if time_a_week(*days, *from, *to) > LONGEST_A_WEEK {
                    problems.push(format!(
                        "days = {days}, from = {from}, to = {to} mutes {} hours of each week: choose at most {}; what is to be quiet for good should not be watched",
                        time_a_week(*days, *from, *to).as_hours(),
                        LONGEST_A_WEEK.as_hours()
                    ));
                }
                // Only what is right otherwise can be known to have no window.
                let begins = self.window_after(now).map(|window| window.from);
                if problems.len() == before && begins.is_none() {
                    problems.push(format!(
                        "until = {until} is before the first {days} {from}-{to} {zone}: write a later one"
                    ));
                }
            }
        }
    }
}

/// What the windows mute of a week without a change of the clock.
fn time_a_week(days: Weekdays, from: Time, to: Time) -> SignedDuration {
    let time = to.duration_since(from);
    let window = if time.is_positive() {
        time
    } else {
        time + SignedDuration::from_hours(24)
    };
    // At most 7.
    window * days.0.count_ones() as i32
}

/// A text that is no duration, or no weekly window.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{text} is not {what}, {problem}: write for example {example}")]
pub struct Misspelled {
    text: String,
    problem: String,
    what: &'static str,
    example: &'static str,
}

/// Reads `30m`, `2h`, `3d`, `1h30m`: whole days of 24 hours, hours and minutes, larger units first, each at most
/// once, together 1 minute to 366 days. Whether a silence may last that long is [`super::Silence::new`]'s to say.
///
/// # Errors
/// Any other text, with what is wrong and the right form.
pub fn parse_duration(text: &str) -> Result<SignedDuration, Misspelled> {
    let fail = |problem: &str| Misspelled {
        text: super::shown(text),
        problem: problem.to_owned(),
        what: "a duration",
        example: "30m, 2h, 3d or 1h30m",
    };
    let mut rest = text;
    let mut minutes = 0_i64;
    for (unit, size) in [('d', 24 * 60), ('h', 60), ('m', 1)] {
        let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
        let (number, tail) = rest.split_at(digits);
        let Some(tail) = tail.strip_prefix(unit) else {
            continue;
        };
        if number.is_empty() {
            return Err(fail("a unit stands without its number"));
        }
        let count: i64 = number.parse().unwrap_or(i64::MAX);
        minutes = minutes.saturating_add(count.saturating_mul(size));
        rest = tail;
    }
    if !rest.is_empty() {
        return Err(fail(
            "which has whole days (d), hours (h) and minutes (m), in this order",
        ));
    }
    match minutes {
        0 => Err(fail("which has at least 1 minute")),
        _ if minutes > LONGEST_LIFE.as_mins() => Err(fail("which has at most 366 days")),
        _ => Ok(SignedDuration::from_mins(minutes)),
    }
}

/// Reads `Sat,Sun 02:00-04:00 Europe/Paris` as a weekly window up to `until`. An end that is not later than the
/// beginning is on the next day; a whole day is `00:00-24:00`. Whether the zone exists is [`super::Silence::new`]'s
/// to say, together with everything else that is wrong.
///
/// # Errors
/// Any other text, with what is wrong and the right form.
pub fn parse_weekly(text: &str, until: Timestamp) -> Result<Schedule, Misspelled> {
    let fail = |problem: String| Misspelled {
        text: super::shown(text),
        problem,
        what: "a weekly window",
        example: "Sat,Sun 02:00-04:00 Europe/Paris",
    };
    let mut parts = text.split_whitespace();
    let (Some(days), Some(times), Some(zone), None) =
        (parts.next(), parts.next(), parts.next(), parts.next())
    else {
        return Err(fail(
            "which has three parts with a space between them".to_owned(),
        ));
    };
    let days: Weekdays = days
        .parse()
        .map_err(|error: UnknownWeekday| fail(error.to_string()))?;
    let bad_time = || {
        fail(format!(
            "{} are not two times from 00:00 to 23:59",
            super::shown(times)
        ))
    };
    let (from, to) = times.split_once('-').ok_or_else(bad_time)?;
    let start = time(from).ok_or_else(bad_time)?;
    let end = if to == "24:00" {
        Some(Time::midnight())
    } else {
        time(to)
    }
    .ok_or_else(bad_time)?;
    if from == to {
        return Err(fail(format!(
            "{times} has no length (a whole day is 00:00-24:00)"
        )));
    }
    Ok(Schedule::Weekly {
        days,
        from: start,
        to: end,
        zone: zone.to_owned(),
        until,
    })
}

/// `HH:MM` and nothing else.
fn time(text: &str) -> Option<Time> {
    let (hour, minute) = text.split_once(':')?;
    let number = |digits: &str| {
        let two = digits.len() == 2 && digits.bytes().all(|byte| byte.is_ascii_digit());
        two.then(|| digits.parse().ok())?
    };
    Time::new(number(hour)?, number(minute)?, 0, 0).ok()
}
