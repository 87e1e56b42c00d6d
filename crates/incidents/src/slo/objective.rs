//! What is promised, over which windows it is watched, and whether those windows can work.

use serde::{Deserialize, Serialize};

use super::burn::{MIN_BAD, MIN_REQUESTS};
use crate::Severity;
use crate::message::number::{duration, number};

/// Characters of a name and of a route.
const TEXT_CHARS: usize = 128;
/// Lambda ends an invocation after 900 s (AWS Lambda quotas), so no answer takes longer.
const MAX_LATENCY_MS: u32 = 900_000;
/// Below, most requests may fail; above, 30 days hold less than half a minute of failure.
const TARGETS: std::ops::RangeInclusive<f64> = 0.5..=0.999_99;
/// The period of the workbook's table.
const DEFAULT_DAYS: u32 = 30;
const MINUTES_A_DAY: u32 = 1_440;

/// A share of the budget, spent within a window.
struct Row {
    /// Percent of the period's error budget that is gone when the row fires.
    budget_percent: u32,
    /// The long window for a period of 30 days.
    long_minutes: u32,
    severity: Severity,
}

/// Google SRE Workbook, chapter 5, table 5-8 and the rule text of section "6: Multiwindow, Multi-Burn-Rate Alerts"
/// (24 h with 2 h at a burn rate of 3 stands only there). For 30 days the burn rates are 14.4, 6, 3 and 1.
const ROWS: [Row; 4] = [
    Row {
        budget_percent: 2,
        long_minutes: 60,
        severity: Severity::Page,
    },
    Row {
        budget_percent: 5,
        long_minutes: 360,
        severity: Severity::Page,
    },
    Row {
        budget_percent: 10,
        long_minutes: 1_440,
        severity: Severity::Ticket,
    },
    Row {
        budget_percent: 10,
        long_minutes: 4_320,
        severity: Severity::Ticket,
    },
];
/// "A good guideline is to make the short window 1/12 the duration of the long window" (the same section).
const SHORT_PART: u32 = 12;
/// The workbook's shortest window. A shorter one would be one or two minutes, of which the last may be late.
const SHORTEST_MINUTES: u32 = 5;

/// Two windows and the burn rate that both must exceed.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Window {
    /// Over this many minutes enough of the budget is gone to be worth an alert: 28 to 4,320.
    pub long_minutes: u32,
    /// Over this many minutes it still burns, so the alert ends soon after its cause: 5 to 360.
    pub short_minutes: u32,
    /// The burn rate above which it fires, 1 or more.
    pub factor: f64,
    /// How loudly to say it.
    pub severity: Severity,
}

impl Row {
    /// For a period of `days`: the same share of the budget over the same window is a lower burn rate. It never goes
    /// below 1, where an objective that is kept would alarm: the window gets shorter instead.
    fn over(&self, days: u32) -> Window {
        let share_of_minutes = self.budget_percent * days * MINUTES_A_DAY;
        let long_minutes = self.long_minutes.min(share_of_minutes / 100).max(1);
        Window {
            long_minutes,
            short_minutes: (long_minutes / SHORT_PART).max(SHORTEST_MINUTES),
            factor: f64::from(share_of_minutes) / f64::from(100 * long_minutes),
            // Hardly above what is allowed is nothing to wake somebody for.
            severity: if f64::from(share_of_minutes) < f64::from(200 * long_minutes) {
                Severity::Ticket
            } else {
                self.severity
            },
        }
    }
}

/// The windows for a period of `days` (1 to 30; others count as the nearest), fastest first. Up to 10 days the last
/// two rows are the same, and there are three.
pub fn windows(days: u32) -> impl Iterator<Item = Window> {
    let days = days.clamp(1, DEFAULT_DAYS);
    let mut previous = None;
    ROWS.iter()
        .map(move |row| row.over(days))
        .filter(move |window| previous.replace(window.long_minutes) != Some(window.long_minutes))
}

/// An objective as it stands in a configuration file; [`Objective`] is what has been checked.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Definition {
    /// What people call it, 1 to 128 characters: `cars are served`.
    pub name: String,
    /// Only this route, 1 to 128 characters: `POST /cars`. Default: all of them.
    #[serde(default)]
    pub route: Option<String>,
    /// Milliseconds that a good answer takes at most, 1 to 900,000. Without it a good answer is one that is no failure of the
    /// service, however long it takes.
    #[serde(default)]
    pub latency_ms: Option<u32>,
    /// The share of good requests, 0.5 to 0.99999.
    pub target: f64,
    /// The period of the budget, which ends now: 1 to 30 days. Default 30.
    #[serde(default = "default_days")]
    pub days: u32,
    /// Requests a minute that are expected, above 0: each window is checked to count enough of them. Default: unknown.
    #[serde(default)]
    pub requests_per_minute: Option<f64>,
}

fn default_days() -> u32 {
    DEFAULT_DAYS
}

/// An objective that has been checked: each of its windows can fire.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "Definition", into = "Definition")]
pub struct Objective(Definition);

/// Everything in an objective that cannot work, each with its value and the fix.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("service level objective {name:?}: {}", problems.join("; "))]
pub struct InvalidObjective {
    /// The name as given, cut to 128 characters.
    pub name: String,
    /// One sentence for each problem.
    pub problems: Vec<String>,
}

impl TryFrom<Definition> for Objective {
    type Error = InvalidObjective;

    fn try_from(definition: Definition) -> Result<Self, InvalidObjective> {
        definition.check()?;
        Ok(Self(definition))
    }
}

impl From<Objective> for Definition {
    fn from(objective: Objective) -> Self {
        objective.0
    }
}

impl Objective {
    /// What it promises, all within its limits.
    #[must_use]
    pub fn definition(&self) -> &Definition {
        &self.0
    }

    /// The windows it is watched over, fastest first.
    pub fn windows(&self) -> impl Iterator<Item = Window> {
        windows(self.0.days)
    }

    /// The share of bad requests that keeps the objective: 1 − target, 0.00001 to 0.5.
    #[must_use]
    pub fn allowed_share(&self) -> f64 {
        self.0.allowed_share()
    }
}

impl Definition {
    /// Whether it can work; with the traffic expected also whether each window counts enough requests.
    ///
    /// # Errors
    /// Every problem: a text, number or range that cannot be; a target so low that a total outage stays below a
    /// window's burn rate; traffic so low that a window never reaches [`MIN_REQUESTS`], or that one bad request
    /// exceeds its burn rate, so that the gate of [`MIN_BAD`] decides and not the target.
    fn check(&self) -> Result<(), InvalidObjective> {
        let route = self.route.as_deref().map(|route| ("route", route));
        let texts = [("name", self.name.as_str())].into_iter().chain(route);
        let mut problems: Vec<_> = texts
            .filter_map(|(field, text)| text_problem(field, text))
            .collect();
        if let Some(latency_ms) = self.latency_ms
            && !(1..=MAX_LATENCY_MS).contains(&latency_ms)
        {
            problems.push(format!(
                "latency_ms = {latency_ms}: choose 1 to {MAX_LATENCY_MS} (Lambda's longest timeout), for example 300"
            ));
        }
        let target = TARGETS.contains(&self.target);
        if !target {
            problems.push(format!(
                "target = {}: choose a share of good requests from {} to {}, for example 0.999",
                self.target,
                TARGETS.start(),
                TARGETS.end()
            ));
        }
        let days = (1..=DEFAULT_DAYS).contains(&self.days);
        if !days {
            problems.push(format!(
                "days = {}: choose 1 to {DEFAULT_DAYS}, for example {DEFAULT_DAYS}",
                self.days
            ));
        }
        let expected = self
            .requests_per_minute
            .filter(|expected| expected.is_finite() && *expected > 0.0);
        if let (Some(given), None) = (self.requests_per_minute, expected) {
            problems.push(format!(
                "requests_per_minute = {given}: give a number above 0, or leave it out if it is unknown"
            ));
        }
        if target && days {
            for window in windows(self.days) {
                problems.extend(self.low_target(&window));
                problems.extend(expected.and_then(|expected| self.low_traffic(&window, expected)));
            }
        }
        if problems.is_empty() {
            return Ok(());
        }
        Err(InvalidObjective {
            name: self.name.chars().take(TEXT_CHARS).collect(),
            problems,
        })
    }

    /// Rounded to 12 digits: 1 − 0.99 is 0.010000000000000009, by which a budget just spent would not be gone.
    fn allowed_share(&self) -> f64 {
        ((1.0 - self.target) * 1e12).round() / 1e12
    }

    /// A total outage burns at 1 / (1 − target), and no faster.
    fn low_target(&self, window: &Window) -> Option<String> {
        let greatest = 1.0 / self.allowed_share();
        (greatest <= window.factor).then(|| {
            format!(
                "target = {}: even a total outage burns at {}, and the {} window fires above {}; choose a target above {}",
                self.target,
                number(greatest),
                duration(i64::from(window.long_minutes)),
                number(window.factor),
                above(1.0 - 1.0 / window.factor)
            )
        })
    }

    fn low_traffic(&self, window: &Window, expected: f64) -> Option<String> {
        let long = f64::from(window.long_minutes);
        let (requests, name) = (expected * long, duration(i64::from(window.long_minutes)));
        #[expect(clippy::cast_precision_loss, reason = "a constant below 2^53")]
        let enough = MIN_REQUESTS as f64 / long;
        let heard = 1.0 / (long * window.factor * self.allowed_share());
        let needed = above(enough.max(heard));
        if expected < enough {
            return Some(format!(
                "requests_per_minute = {expected}: the {name} window counts {} of the {MIN_REQUESTS} requests \
                 it needs and never fires; join services or add synthetic requests until there are {needed} a minute",
                number(requests)
            ));
        }
        (expected < heard).then(|| {
            // Rounded down: the target that is named must itself pass.
            let highest = ((1.0 - 1.0 / (requests * window.factor)) * 1e5).floor() / 1e5;
            format!(
                "target = {}: at {expected} requests a minute one bad request in {name} burns at {}, above {}, so the \
                 gate of {MIN_BAD} bad requests decides and not the target; choose a target of at most {highest}, or \
                 {needed} requests a minute",
                self.target,
                number(1.0 / (requests * self.allowed_share())),
                number(window.factor)
            )
        })
    }
}

/// Rounded up to four significant digits, so that the number named itself passes.
fn above(value: f64) -> f64 {
    let scale = 10_f64.powf(3.0 - value.log10().floor());
    (value * scale).ceil() / scale
}

fn text_problem(field: &str, text: &str) -> Option<String> {
    let chars = text.chars().count();
    if text.trim().is_empty() {
        return Some(format!(
            "{field} is empty: give 1 to {TEXT_CHARS} characters{}",
            if field == "route" {
                ", or leave it out for all routes"
            } else {
                ""
            }
        ));
    }
    if chars > TEXT_CHARS {
        return Some(format!(
            "{field} has {chars} characters: give at most {TEXT_CHARS}"
        ));
    }
    text.chars().any(char::is_control).then(|| {
        format!("{field} = {text:?}: it has control characters; write it as one line of plain text")
    })
}
