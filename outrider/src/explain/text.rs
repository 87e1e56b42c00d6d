//! The explanation as a page of text.

use std::fmt::{self, Formatter};

use anomaly::{Alarm, Direction, Kind, Learning, Settings, State, Verdict, Watch};
use detector::explain::origin::Origin;
use detector::explain::{Explanation, Guard, Said};
use detector::state::History;
use detector::watch::Service;
use signals::{Minute, Unit};

use super::number::{number, scientific};

/// What is told.
pub(super) struct Told<'a> {
    pub(super) service: &'a Service,
    pub(super) origin: Origin,
    pub(super) explanation: &'a Explanation,
}

/// Minutes that the last line shows, the newest last.
const WINDOWS: u32 = 32;

fn row(f: &mut Formatter<'_>, name: &str, text: &str) -> fmt::Result {
    writeln!(f, "{name:<10} {text}")
}

impl fmt::Display for Told<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let Explanation {
            subject, minute, ..
        } = self.explanation;
        row(f, "series", &subject.id())?;
        let what = subject.measure.words(subject.symptom);
        row(
            f,
            "what",
            &format!(
                "{what}, {:?}, service {:?}",
                subject.label, self.service.name
            ),
        )?;
        row(f, "minute", &minute.to_string())?;
        row(f, "state", &origin(self.origin, *minute))?;
        match &self.explanation.said {
            Said::Model { verdict, settings } => self.model(f, verdict, settings)?,
            Said::Level { value, at } => self.level(f, *value, *at)?,
        }
        row(f, "past", &past(self.explanation))?;
        self.windows(f)
    }
}

/// Where the state before the minute comes from.
fn origin(origin: Origin, minute: Minute) -> String {
    match origin {
        Origin::Object(window) if window == minute.plus(-1) => {
            format!("the detector's own of {window}")
        }
        Origin::Object(window) => format!(
            "the detector's own of {window}, and the {} stored minutes after it",
            minute.since(window) - 1
        ),
        Origin::Minutes(from) => format!(
            "learned anew from the stored minutes since {}: state objects of that time are gone",
            from.plus(1)
        ),
    }
}

fn past(explanation: &Explanation) -> String {
    let history = match explanation.history {
        History::Unknown => "as far as the detector has run",
        History::Learning { .. } => "still being learned from what was stored before",
        History::Learned => "learned",
    };
    let warm_up = if explanation.warming_up {
        "; warming up"
    } else {
        ""
    };
    let version = explanation.previous.map(|(version, since)| {
        format!("; the baseline of version {version}, replaced at {since}, is kept")
    });
    format!("{history}{warm_up}{}", version.unwrap_or_default())
}

impl Told<'_> {
    fn unit(&self) -> &'static str {
        match self.explanation.subject.measure.unit() {
            Unit::Milliseconds => " ms",
            Unit::Percent => " %",
            _ => "",
        }
    }

    fn level(&self, f: &mut Formatter<'_>, value: Option<f64>, at: f64) -> fmt::Result {
        let unit = self.unit();
        let value = value.map(number);
        let known = value.as_deref().unwrap_or("nothing was measured");
        row(
            f,
            "value",
            &format!("{known}{}", if value.is_some() { unit } else { "" }),
        )?;
        row(
            f,
            "limit",
            &format!("{}{unit}: from here on it breaches", number(at)),
        )?;
        let breaching = self.explanation.breaching & 1 == 1;
        row(
            f,
            "verdict",
            if breaching {
                "breaching"
            } else {
                "not breaching"
            },
        )
    }

    fn model(&self, f: &mut Formatter<'_>, verdict: &Verdict, settings: &Settings) -> fmt::Result {
        let unit = self.unit();
        let kind = self.explanation.subject.kind();
        match verdict.value {
            None => row(f, "value", "no data in this minute: unknown, not zero")?,
            Some(value) => {
                let weight = number(verdict.weight);
                let of = match kind {
                    Some(Kind::Latency) => format!(" from {weight} samples"),
                    Some(Kind::Errors | Kind::Throttles) => format!(" of {weight} attempts"),
                    _ => String::new(),
                };
                let zero = if verdict.assumed_zero {
                    " (nothing was said, which is declared to mean zero)"
                } else {
                    ""
                };
                row(f, "value", &format!("{}{unit}{of}{zero}", number(value)))?;
            }
        }
        let high = if verdict.high < f64::MAX {
            number(verdict.high)
        } else {
            "unknown".to_owned()
        };
        row(
            f,
            "expected",
            &format!(
                "{}{unit}, normal from {} to {high}{unit}; {} minutes of baseline",
                number(verdict.expected),
                number(verdict.low),
                number(verdict.samples)
            ),
        )?;
        if verdict.value.is_some() {
            row(f, "surprise", &surprise(verdict, settings))?;
        }
        row(f, "evidence", &evidence(verdict))?;
        self.budget(f, verdict, settings)?;
        for guard in self.explanation.guards() {
            row(f, "guard", &guarded(&guard, settings))?;
        }
        row(f, "verdict", &said(verdict))?;
        row(f, "learned", learned(verdict))
    }

    /// What an alarm may cost, and what it takes.
    fn budget(&self, f: &mut Formatter<'_>, verdict: &Verdict, settings: &Settings) -> fmt::Result {
        let budget = settings.budget();
        let thresholds = verdict.thresholds;
        row(
            f,
            "budget",
            &format!(
                "{} false pages a service-week over {} series: {} a week for this one",
                number(budget.pages()),
                budget.series(),
                scientific(thresholds.pages_a_week.iter().sum())
            ),
        )?;
        for (alarm, pages) in Alarm::ALL.into_iter().zip(thresholds.pages_a_week) {
            let takes = match alarm {
                Alarm::Extreme => format!("a tail below {}", scientific(thresholds.extreme)),
                Alarm::Repeated => format!(
                    "tails below {} on one side",
                    scientific(thresholds.repeated)
                ),
                Alarm::Sustained => format!(
                    "what chance does once in {} minutes",
                    scientific(thresholds.sustained)
                ),
            };
            let name = alarm.as_str();
            row(
                f,
                "",
                &format!("{name}: {} a week, {takes}", scientific(pages)),
            )?;
        }
        Ok(())
    }

    /// The last minutes as a line: `#` breaching, `.` clearly normal, `-` between, a blank unknown.
    fn windows(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let line: String = windows(self.explanation).collect();
        let onset = self
            .explanation
            .onset
            .map(|onset| format!("; breaching since {onset}"));
        row(
            f,
            "windows",
            &format!(
                "[{line}] # breaching, - between, . normal{}",
                onset.unwrap_or_default()
            ),
        )
    }
}

/// The last minutes, the oldest first.
pub(super) fn windows(explanation: &Explanation) -> impl Iterator<Item = char> {
    let Explanation {
        breaching,
        clear,
        judged,
        ..
    } = *explanation;
    (0..WINDOWS).rev().map(move |back| {
        let is = |bits: u32| bits >> back & 1 == 1;
        match (is(breaching), is(clear), is(judged)) {
            (true, ..) => '#',
            (_, true, _) => '.',
            (.., true) => '-',
            _ => ' ',
        }
    })
}

fn surprise(verdict: &Verdict, settings: &Settings) -> String {
    let watched = match settings.watch() {
        Watch::High => "above",
        Watch::Low => "below",
        Watch::Both => "on both sides",
    };
    let side = match verdict.direction {
        Direction::High => "above the normal range",
        Direction::Low => "below the normal range",
        Direction::None => "within the normal range",
    };
    format!(
        "{}: tail {} after calibration, {} by the model alone; {side}, watched {watched}",
        number(-verdict.tail.log10() + 0.0),
        scientific(verdict.tail),
        scientific(verdict.model_tail)
    )
}

fn evidence(verdict: &Verdict) -> String {
    let Some(run) = verdict.run else {
        return "none".to_owned();
    };
    format!(
        "chance does as much once in {} minutes; {} minutes {} normal since {}, {} times what is normal",
        scientific(verdict.evidence),
        run.minutes,
        if run.high { "above" } else { "below" },
        Minute::from_index(run.since),
        number(run.factor)
    )
}

fn guarded(guard: &Guard, settings: &Settings) -> String {
    // A floor that would say no is not asked about a minute that nothing speaks against.
    let below =
        matches!((guard.measured, guard.limit), (Some(measured), Some(limit)) if measured < limit);
    let spoke = match (guard.spoke, below) {
        (true, _) => "KEPT IT",
        (false, true) => "not asked",
        (false, false) => "passed",
    };
    let name = guard.gate.as_str();
    match (guard.measured, guard.limit) {
        (Some(measured), Some(limit)) => format!(
            "{name:<16} {spoke:<9}  {} {}, at least {} needed",
            number(measured),
            guard.unit(),
            number(limit)
        ),
        _ if guard.gate == anomaly::Gate::Direction => {
            let watched = match settings.watch() {
                Watch::High => "only above",
                Watch::Low => "only below",
                Watch::Both => "both sides",
            };
            format!("{name:<16} {spoke:<9}  watched: {watched}")
        }
        _ => format!("{name:<16} {spoke}"),
    }
}

fn said(verdict: &Verdict) -> String {
    let state = match verdict.state {
        State::WarmingUp => "warming up: judged, and neither breaching nor clear",
        State::Missing => "unknown",
        State::Ready if verdict.breaching => "breaching",
        State::Ready if verdict.clear => "clearly normal",
        State::Ready => "between breaching and clear",
    };
    let alarm = verdict.alarm.map_or_else(
        || "; no alarm".to_owned(),
        |alarm| {
            let since = verdict.since.map(Minute::from_index);
            let since = since.map(|since| format!(", since {since}"));
            format!("; ALARM by {}{}", alarm.as_str(), since.unwrap_or_default())
        },
    );
    let mut text = format!("{state}{alarm}");
    if verdict.level_shift {
        text.push_str("; a new normal begins here");
    }
    if let Some(minutes) = verdict.after_deploy {
        text.push_str(&format!("; {minutes} minutes after a deploy"));
    }
    text
}

fn learned(verdict: &Verdict) -> &'static str {
    match verdict.learning {
        Learning::Learned => "yes, drawn in to the normal range",
        Learning::Held => "not yet: held back until its run is decided",
        Learning::KeptOut => "no: it breaches, or is of an alarmed run",
        Learning::Nothing => "no: there is nothing to learn",
    }
}
