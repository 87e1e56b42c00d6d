//! What the detector saw of one subject in one minute: computed again from the state before it, by the very step that
//! the detector takes. Pure; where the state comes from is in [`origin`].

use anomaly::{Gate, Input, Kind, Model, Settings, Verdict};
use signals::Minute;

use crate::state::{Evidence, History, Judge, State, Track};
use crate::watch::{Rules, Service};
use crate::watchlist::{Series, Subject};

pub mod origin;
#[cfg(test)]
mod tests;

/// What judged, and what it said.
#[derive(Debug, Clone, PartialEq)]
pub enum Said {
    /// A model of what is normal.
    Model {
        /// What it said, to the bit.
        verdict: Box<Verdict>,
        /// Its guards and its budget.
        settings: Box<Settings>,
    },
    /// A limit that is known.
    Level {
        /// What was measured; `None`: nothing was.
        value: Option<f64>,
        /// From here on it breaches, in the subject's unit.
        at: f64,
    },
}

/// One guard with its numbers.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Guard {
    /// Which one.
    pub gate: Gate,
    /// Whether it kept the minute from breaching.
    pub spoke: bool,
    /// What was held against the limit, in the unit that [`Guard::unit`] says; `None` for guards without a number.
    pub measured: Option<f64>,
    /// What it takes to pass: at least this.
    pub limit: Option<f64>,
}

impl Guard {
    /// What its numbers count.
    #[must_use]
    pub fn unit(&self) -> &'static str {
        match self.gate {
            Gate::MinimumTraffic => "samples or attempts",
            Gate::AbsoluteFloor | Gate::RelativeFloor => "away from what is expected",
            Gate::WarmUp => "minutes of baseline",
            Gate::Direction | Gate::FlatLine | Gate::OutOfOrder => "",
        }
    }
}

/// Everything the detector saw of one subject in one minute.
#[derive(Debug, Clone, PartialEq)]
pub struct Explanation {
    /// What is scored.
    pub subject: Subject,
    /// The minute that was judged.
    pub minute: Minute,
    /// What judged it, and what it said.
    pub said: Said,
    /// The last 32 windows, the newest lowest, this one included: breaching.
    pub breaching: u32,
    /// The same: clearly normal.
    pub clear: u32,
    /// The same: there was a value, and enough behind it to judge it.
    pub judged: u32,
    /// The first breaching minute of the run that this one is in or ends.
    pub onset: Option<Minute>,
    /// Whether too little was learned to speak.
    pub warming_up: bool,
    /// How much of the service's past was known.
    pub history: History,
    /// An older version whose baseline is kept beside the present one, and since when it is the older one.
    pub previous: Option<(u64, Minute)>,
}

impl Explanation {
    /// Every guard of a model with its numbers; none where a limit decides.
    #[must_use]
    pub fn guards(&self) -> Vec<Guard> {
        let Said::Model { verdict, settings } = &self.said else {
            return Vec::new();
        };
        let kind = self.subject.kind();
        Gate::ALL
            .into_iter()
            .map(|gate| {
                let (measured, limit) = numbers(gate, kind, verdict, settings);
                Guard {
                    gate,
                    spoke: verdict.gates.contains(gate),
                    measured,
                    limit,
                }
            })
            .collect()
    }
}

/// The two numbers that a guard compares. They are those of `anomaly`, which says only what came of it.
fn numbers(
    gate: Gate,
    kind: Option<Kind>,
    verdict: &Verdict,
    settings: &Settings,
) -> (Option<f64>, Option<f64>) {
    let Some(value) = verdict.value else {
        return (None, None);
    };
    let away = (value - verdict.expected).abs();
    let is_count = matches!(kind, Some(Kind::Errors | Kind::Throttles));
    let (measured, limit) = match gate {
        Gate::MinimumTraffic if kind == Some(Kind::Traffic) => {
            (value.max(verdict.expected), settings.min_weight())
        }
        Gate::MinimumTraffic => (verdict.weight, settings.min_weight()),
        Gate::AbsoluteFloor => (away, settings.absolute_floor()),
        Gate::RelativeFloor => {
            let scale = if is_count {
                verdict.weight
            } else {
                verdict.expected
            };
            (away, settings.relative_floor() * scale)
        }
        Gate::WarmUp => (verdict.samples, f64::from(settings.warm_up())),
        Gate::Direction | Gate::FlatLine | Gate::OutOfOrder => return (None, None),
    };
    (Some(measured), Some(limit))
}

/// Explains a minute of the subject called `id` (see [`Subject::id`]) from the state at the end of the minute before
/// and the service's rollups of the minute. `None`: nothing was ever heard of the subject up to this minute.
#[must_use]
pub fn explain(
    before: &State,
    service: &Service,
    rules: &Rules,
    minute: Minute,
    series: &Series,
    id: &str,
) -> Option<Explanation> {
    let find = |state: &State| {
        let mut tracks = state.tracks(&service.log_group);
        tracks.find(|track| track.subject.id() == id).cloned()
    };
    let mut after = before.clone();
    after.step(service, rules, minute, series);
    let track = find(&after)?;
    let seen = track
        .last
        .as_ref()
        .filter(|evidence| evidence.minute == minute.index());
    let said = match &track.judge {
        Judge::Level(level) => Said::Level {
            value: seen.map(|evidence| evidence.value),
            at: level.at,
        },
        Judge::Model(model) => Said::Model {
            verdict: Box::new(verdict(find(before).as_ref(), &track, model, minute, seen)),
            settings: Box::new(*model.settings()),
        },
    };
    Some(Explanation {
        minute,
        said,
        breaching: track.breaching,
        clear: track.clear,
        judged: track.judged,
        onset: track.onset.map(Minute::from_index),
        warming_up: track.warming_up,
        history: after.history(&service.log_group),
        previous: track
            .previous
            .as_ref()
            .map(|previous| (previous.version, Minute::from_index(previous.since))),
        subject: track.subject,
    })
}

/// What the model said, by the step that made it what it is after the minute. Before the step it was the model that
/// was there, or the one that was kept for the version that has come back, or a new one.
fn verdict(
    before: Option<&Track>,
    after: &Track,
    model: &Model,
    minute: Minute,
    seen: Option<&Evidence>,
) -> Verdict {
    let input = Input {
        minute: minute.index(),
        value: seen.map(|evidence| evidence.value),
        weight: seen.map_or(0.0, |evidence| evidence.weight),
    };
    let kept = after.previous.as_ref().map(|previous| &previous.model);
    let kept_before = before
        .and_then(|track| track.previous.as_ref())
        .map(|previous| &previous.model);
    let new = Model::new(model.kind(), *model.settings());
    let candidates = [before.and_then(Track::model), kept_before, kept, Some(&new)];
    let stepped = |candidate: &Model| {
        let mut candidate = candidate.clone();
        let verdict = candidate.step(&input);
        (candidate, verdict)
    };
    let candidates: Vec<_> = candidates.into_iter().flatten().map(stepped).collect();
    let made = candidates.iter().position(|(made, _)| made == model);
    // A minute without a value may leave models equal that were not; and the first that there is was the one that
    // judged, unless versions changed in this minute.
    let place = made.unwrap_or(0);
    candidates[place].1
}
