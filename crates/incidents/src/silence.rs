//! What mutes the notifications of alert groups: a maintenance window, a known trouble.
//!
//! A silence never mutes evaluation: incidents open and resolve under it, and the record keeps them. Whatever cannot
//! be read or understood mutes nothing, because a page too many is better than one too few. A silence needs
//! an author, a reason and an end, as those of Prometheus Alertmanager do.

use std::fmt;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::{Group, Symptom};

mod schedule;

use schedule::Window;
pub use schedule::{Misspelled, Schedule, UnknownWeekday, Weekdays, parse_duration, parse_weekly};

/// The version this build writes.
const SCHEMA: u32 = 1;
/// The longest text that is stored, in characters: what a message shows of a text at most.
const TEXT_CHARS: usize = 200;
/// How much of a value an error repeats, in characters.
const SHOWN_CHARS: usize = 40;
const MATCH_SOMETHING: &str = "a silence of everything is refused: write at least one of \
    fingerprint, environment, service and symptom, for example service = \"car-api\"";
const WHO: &str = "a person, for example alice@example.com";

/// `sil-` and 12 lower-case hexadecimal digits: nobody takes it for a fingerprint or an incident.
///
/// The digits come from `sha256("v1|created|contents")`: the same request at the same time has the same id.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct SilenceId(String);

/// Which groups are silenced: those that everything given here fits.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
// A field that this build does not know would narrow the silence: to ignore it is to mute too much.
#[serde(deny_unknown_fields)]
pub struct Matcher {
    /// The first 4 to 16 hexadecimal digits of the group's fingerprint: 4 fit by chance one group in 65,536.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fingerprint: Option<String>,
    /// The group's environment, whole: `prod`. At most 200 characters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub environment: Option<String>,
    /// The group's service, whole: `car-api`. At most 200 characters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub service: Option<String>,
    /// The group's symptom, in both directions.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub symptom: Option<Symptom>,
}

/// What somebody asks for; [`Silence::new`] checks it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Request {
    /// Which groups.
    pub matcher: Matcher,
    /// When.
    pub schedule: Schedule,
    /// Who, 1 to 200 characters.
    pub author: String,
    /// Why, 1 to 200 characters.
    pub reason: String,
}

/// A silence that has been checked. JSON by [`Silence::to_json`]; [`Silence::from_json`] checks it again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Silence {
    schema: u32,
    /// Its name.
    pub id: SilenceId,
    /// Which groups it mutes.
    pub matcher: Matcher,
    /// When it mutes them. It never does before `created`.
    pub schedule: Schedule,
    /// Who asked for it, as given.
    pub author: String,
    /// Why, as given.
    pub reason: String,
    /// When it was asked for.
    #[serde(with = "crate::wire::text")]
    pub created: Timestamp,
    /// When it was ended early, if it was. From then on it mutes nothing.
    #[serde(with = "crate::wire::text::option")]
    pub expired: Option<Timestamp>,
    /// Who ended it early, if that is known.
    pub expired_by: Option<String>,
}

/// Where a silence stands at an instant. The names are Alertmanager's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SilenceStatus {
    /// It mutes now.
    Active,
    /// It does not mute now and will later: before its start, or between two weekly windows.
    Pending,
    /// It never mutes again.
    Expired,
}

/// Everything that is wrong with a request, each with its value and the fix.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("silence: {}", problems.join("; "))]
pub struct InvalidSilence {
    /// One sentence for each problem.
    pub problems: Vec<String>,
}

/// A stored silence that cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum SilenceError {
    /// Written by another version of Outrider.
    #[error(
        "stored silence has schema {found}, this build reads {SCHEMA}: deploy the build that wrote it, or a newer one, here too"
    )]
    Schema {
        /// The schema found.
        found: u32,
    },
    /// Not the JSON of a silence.
    #[error(
        "stored silence is damaged: {0}; restore the item from a backup, or delete it and silence again"
    )]
    Damaged(#[from] serde_json::Error),
    /// A silence that nobody could have asked for.
    #[error("stored {0}; it was edited by hand: delete it and silence again")]
    Invalid(#[from] InvalidSilence),
    /// The contents do not have the id they are stored under.
    #[error(
        "stored silence says id {stored}, but its contents have {actual}: it was edited by hand; delete it and silence again"
    )]
    Identity {
        /// The id in the silence.
        stored: SilenceId,
        /// The id of the contents.
        actual: SilenceId,
    },
}

impl SilenceError {
    /// Reading the same bytes again cannot help.
    #[must_use]
    pub fn is_retryable(&self) -> bool {
        false
    }
}

impl SilenceId {
    /// The characters.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for SilenceId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Matcher {
    /// Whether everything given fits `group`. Where nothing is given, nothing fits.
    #[must_use]
    pub fn matches(&self, group: &Group) -> bool {
        let fits = |given: &Option<String>, actual: &str| {
            given.as_deref().is_none_or(|given| given == actual)
        };
        *self != Self::default()
            && fits(&self.environment, &group.environment)
            && fits(&self.service, &group.service)
            && self.symptom.is_none_or(|symptom| symptom == group.symptom)
            // Last: it costs a hash.
            && (self.fingerprint.as_deref())
                .is_none_or(|prefix| group.fingerprint().as_str().starts_with(prefix))
    }

    fn check(&self, problems: &mut Vec<String>) {
        if *self == Self::default() {
            problems.push(MATCH_SOMETHING.to_owned());
        }
        if let Some(prefix) = &self.fingerprint {
            let value = shown(prefix);
            if !prefix.bytes().all(|byte| byte.is_ascii_hexdigit()) || prefix.len() > 16 {
                problems.push(format!(
                    "fingerprint = {value}: write 4 to 16 hexadecimal digits (0-9, a-f), for example e546c163"
                ));
            } else if prefix.len() < 4 {
                problems.push(format!(
                    "fingerprint = {value}: write at least its first 4 digits, for example e546"
                ));
            }
        }
    }
}

impl InvalidSilence {
    fn of(problems: Vec<String>) -> Result<(), Self> {
        let none = problems.is_empty();
        if none { Ok(()) } else { Err(Self { problems }) }
    }
}

impl Silence {
    /// A silence, created at `now`.
    ///
    /// # Errors
    /// Everything that is wrong with the request at once: a matcher that gives nothing, or a fingerprint of fewer
    /// than 4 digits or other than hexadecimal ones; an author or a reason that is missing, longer than 200
    /// characters or with a control character; an end in the past, or too late (see [`Schedule`]).
    pub fn new(request: Request, now: Timestamp) -> Result<Self, InvalidSilence> {
        let mut silence = Self {
            schema: SCHEMA,
            id: SilenceId(String::new()),
            matcher: request.matcher,
            schedule: request.schedule,
            author: request.author,
            reason: request.reason,
            created: now,
            expired: None,
            expired_by: None,
        };
        silence.check()?;
        // One spelling for what means the same, so that ids and comparisons do not depend on it.
        if let Some(prefix) = &mut silence.matcher.fingerprint {
            prefix.make_ascii_lowercase();
        }
        silence.schedule.normalize();
        silence.id = silence.identity();
        Ok(silence)
    }

    /// The end of the window that is active at `at`: it mutes up to there without a break. `None`: it does not mute
    /// at `at`. The first instant of a window belongs to it, its end does not.
    #[must_use]
    pub fn ends(&self, at: Timestamp) -> Option<Timestamp> {
        let window = self.window_after(at)?;
        (window.from <= at).then_some(window.to)
    }

    /// When it begins to mute next, after `at`. `None`: never again, though it may mute at `at`.
    #[must_use]
    pub fn next(&self, at: Timestamp) -> Option<Timestamp> {
        let mut window = self.window_after(at)?;
        if window.from <= at {
            window = self.window_after(window.to)?;
        }
        Some(window.from)
    }

    /// Where it stands at `at`.
    #[must_use]
    pub fn status(&self, at: Timestamp) -> SilenceStatus {
        match self.window_after(at) {
            Some(window) if window.from <= at => SilenceStatus::Active,
            Some(_) => SilenceStatus::Pending,
            None => SilenceStatus::Expired,
        }
    }

    /// It mutes nothing from here on: the end of its schedule, or when it was ended early.
    #[must_use]
    pub fn until(&self) -> Timestamp {
        let end = self.schedule.until();
        self.expired.map_or(end, |expired| expired.min(end))
    }

    /// Ends it at `at`, or at its creation if that is later, and keeps it for the report. Whether that changed
    /// anything: what is over stays as it is, so the first of two who end it is the one who is named.
    ///
    /// # Errors
    /// `by` is empty, longer than 200 characters or has a control character. Then nothing changes.
    pub fn expire(&mut self, at: Timestamp, by: Option<&str>) -> Result<bool, InvalidSilence> {
        let mut problems = Vec::new();
        check_text("expired_by", by, WHO, &mut problems);
        InvalidSilence::of(problems)?;
        if at >= self.until() {
            return Ok(false);
        }
        self.expired = Some(at.max(self.created));
        self.expired_by = by.map(str::to_owned);
        Ok(true)
    }

    /// The JSON that is stored.
    #[must_use]
    pub fn to_json(&self) -> String {
        crate::wire::json(self)
    }

    /// Reads what [`Silence::to_json`] wrote.
    ///
    /// # Errors
    /// Another schema version, JSON that is not a silence's, contents that [`Silence::new`] would refuse, or
    /// contents under a foreign id.
    pub fn from_json(text: &str) -> Result<Self, SilenceError> {
        let found = crate::wire::schema(text)?;
        if found != SCHEMA {
            return Err(SilenceError::Schema { found });
        }
        let silence: Self = serde_json::from_str(text)?;
        silence.check()?;
        let actual = silence.identity();
        if actual != silence.id {
            return Err(SilenceError::Identity {
                stored: silence.id,
                actual,
            });
        }
        Ok(silence)
    }

    fn identity(&self) -> SilenceId {
        // JSON, because its quotes keep two different contents apart.
        let contents =
            crate::wire::json(&(&self.matcher, &self.schedule, &self.author, &self.reason));
        let hash = Sha256::digest(format!("v1|{}|{contents}", self.created).as_bytes());
        SilenceId(format!("sil-{}", crate::fingerprint::hex(&hash[..6])))
    }

    fn check(&self) -> Result<(), InvalidSilence> {
        let mut problems = Vec::new();
        self.matcher.check(&mut problems);
        self.schedule.check(self.created, &mut problems);
        let name = "a name, or leave the field out";
        let why = "why, for example \"database migration, CHG-1234\"";
        for (field, text, write) in [
            ("environment", self.matcher.environment.as_deref(), name),
            ("service", self.matcher.service.as_deref(), name),
            ("author", Some(&*self.author), WHO),
            ("reason", Some(&*self.reason), why),
            ("expired_by", self.expired_by.as_deref(), WHO),
        ] {
            check_text(field, text, write, &mut problems);
        }
        InvalidSilence::of(problems)
    }

    /// The first window that ends after `at`, within the life of the silence.
    fn window_after(&self, at: Timestamp) -> Option<Window> {
        let at = at.max(self.created);
        let mut window = self.schedule.window_after(at)?;
        window.from = window.from.max(self.created);
        window.to = window.to.min(self.until());
        (window.from < window.to && at < window.to).then_some(window)
    }
}

/// The silence that mutes `group` at `at`: of several, the one whose present window ends last, and of those the
/// one with the greatest id, whatever their order. `None`: notify.
#[must_use]
pub fn silenced_by<'a>(
    group: &Group,
    silences: &'a [Silence],
    at: Timestamp,
) -> Option<&'a Silence> {
    silences
        .iter()
        // Time zones cost more than names.
        .filter(|silence| silence.matcher.matches(group))
        .filter_map(|silence| Some((silence.ends(at)?, &silence.id, silence)))
        .max_by_key(|(end, id, _)| (*end, *id))
        .map(|(_, _, silence)| silence)
}

/// A value as an error repeats it: quoted, its control characters escaped, and short.
fn shown(text: &str) -> String {
    match text.char_indices().nth(SHOWN_CHARS) {
        Some((end, _)) => format!("{:?}...", &text[..end]),
        None => format!("{text:?}"),
    }
}

/// What breaks a line or turns its direction, and so could forge a message.
fn is_control(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

fn check_text(name: &str, text: Option<&str>, write: &str, problems: &mut Vec<String>) {
    let Some(text) = text else { return };
    let value = shown(text);
    if text.trim().is_empty() {
        problems.push(format!("{name} = {value} is empty: write {write}"));
    }
    let chars = text.chars().count();
    if chars > TEXT_CHARS {
        problems.push(format!(
            "{name} = {value} has {chars} characters: write at most {TEXT_CHARS}"
        ));
    }
    if let Some(c) = text.chars().find(|c| is_control(*c)) {
        problems.push(format!(
            "{name} = {value} has the control character {c:?}: leave it out"
        ));
    }
}

#[cfg(test)]
mod tests;
