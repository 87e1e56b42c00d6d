//! One subject: what judges it, and what the last windows said of it.

use anomaly::{Alarm, Budget, Model, Verdict};
use incidents::{MOfN, m_of_n};
use serde::{Deserialize, Serialize};
use signals::Minute;

use crate::facts::Changed;
use crate::levels::Level;
use crate::watchlist::Subject;

/// The verdict that a message is written from, kept while its window matters.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Evidence {
    /// The minute judged, counted from the epoch.
    pub minute: i64,
    /// What was measured.
    pub value: f64,
    /// Samples or attempts behind it.
    pub weight: f64,
    /// What was expected, and the normal range.
    pub expected: f64,
    /// Lower end of the normal range.
    pub low: f64,
    /// Upper end of the normal range.
    pub high: f64,
    /// Probability of a value at least this extreme when all is normal; 1 where a limit decides and not a model.
    pub tail: f64,
    /// Whether it lies above the range.
    pub above: bool,
    /// Minutes of baseline behind the expectation; 0 where a limit decides.
    pub samples: f64,
    /// Which test alarmed in this minute; `None` where none did or a limit decides.
    pub test: Option<Test>,
    /// The minutes that alarmed together, where the minute itself is within its range.
    pub run: Option<Together>,
}

/// Minutes that are remarkable together.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Together {
    /// How many had a value.
    pub minutes: u32,
    /// How many times what is normal they are.
    pub times: f64,
    /// Healthy minutes in which chance does as much once.
    pub once_in: f64,
}

/// Which of the model's tests alarmed; see [`anomaly::Alarm`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Test {
    /// One minute so far out that it needs no second.
    Extreme,
    /// Two of the last three minutes, on the same side.
    Repeated,
    /// Evidence that added up over a run of minutes, none of which need be remarkable.
    Sustained,
}

impl Test {
    /// The words used in messages.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Extreme => Alarm::Extreme,
            Self::Repeated => Alarm::Repeated,
            Self::Sustained => Alarm::Sustained,
        }
        .as_str()
    }
}

impl From<Alarm> for Test {
    fn from(alarm: Alarm) -> Self {
        match alarm {
            Alarm::Extreme => Self::Extreme,
            Alarm::Repeated => Self::Repeated,
            Alarm::Sustained => Self::Sustained,
        }
    }
}

impl Evidence {
    fn of(verdict: &Verdict) -> Option<Self> {
        Some(Self {
            minute: verdict.minute,
            value: verdict.value?,
            weight: verdict.weight,
            expected: verdict.expected,
            low: verdict.low,
            high: verdict.high,
            tail: verdict.tail,
            // A run of small deviations may end in a minute that is within its range: the run has the side.
            above: match (verdict.alarm, verdict.run) {
                (Some(Alarm::Sustained), Some(run)) => run.high,
                _ => verdict.direction != anomaly::Direction::Low,
            },
            samples: verdict.samples,
            test: verdict.alarm.map(Test::from),
            run: verdict
                .run
                .filter(|_| verdict.alarm == Some(Alarm::Sustained) && !verdict.breaching)
                .map(|run| Together {
                    minutes: run.minutes,
                    times: run.factor,
                    once_in: verdict.evidence,
                }),
        })
    }
}

/// What judges a subject.
#[derive(Debug, Clone, PartialEq)]
#[expect(
    clippy::large_enum_variant,
    reason = "nearly every track has a model: a box each would scatter them"
)]
pub enum Judge {
    /// What is normal was learned.
    Model(Model),
    /// What is bad is known.
    Level(Level),
}

/// The baseline of the version before, as it was when the newer version was first heard.
#[derive(Debug, Clone, PartialEq)]
pub struct Previous {
    /// The older version.
    pub version: u64,
    /// The first minute of the newer one, from the epoch.
    pub since: i64,
    /// What was normal until then.
    pub model: Model,
}

/// One subject: what judges it and what the last 32 windows said.
#[derive(Debug, Clone, PartialEq)]
pub struct Track {
    /// What is scored.
    pub subject: Subject,
    /// What is normal, or what is bad.
    pub judge: Judge,
    /// The baseline of the older version, kept beside the present one.
    pub previous: Option<Previous>,
    /// One bit a window, the newest lowest: breaching.
    pub breaching: u32,
    /// One bit a window, the newest lowest: one of the model's tests alarmed. Always 0 where a limit decides.
    pub alarmed: u32,
    /// One bit a window, the newest lowest: clearly normal.
    pub clear: u32,
    /// One bit a window, the newest lowest: there was a value, and enough behind it to judge it.
    pub judged: u32,
    /// Whether too little was learned to speak, as of the newest minute with a value.
    pub warming_up: bool,
    /// The minute at which the current run began, by the alarm's own word where there is one; a run ends with three
    /// windows without a breach or an alarm.
    pub onset: Option<i64>,
    /// The newest verdict that had a value.
    pub last: Option<Evidence>,
    /// The newest breaching or alarming verdict of the current run.
    pub breach: Option<Evidence>,
}

/// Windows without a breach that end a run.
const RUN_ENDS: u32 = 3;
/// Minutes for which the baseline of a version that was replaced is kept.
const KEPT_MINUTES: i64 = 7 * 1_440;

/// What a judge says of one minute.
struct Said {
    breaching: bool,
    /// The minute at which what alarms began.
    alarm: Option<i64>,
    clear: bool,
    judged: bool,
    warming_up: Option<bool>,
    evidence: Option<Evidence>,
}

impl Judge {
    fn step(&mut self, minute: Minute, value: Option<f64>, weight: f64) -> Said {
        match self {
            Self::Model(model) => {
                let verdict = model.step(&anomaly::Input {
                    minute: minute.index(),
                    value,
                    weight,
                });
                let ready = verdict.state == anomaly::State::Ready;
                let judged = ready && !verdict.gates.contains(anomaly::Gate::MinimumTraffic);
                Said {
                    breaching: verdict.breaching,
                    alarm: verdict
                        .alarm
                        .map(|_| verdict.since.unwrap_or(verdict.minute)),
                    clear: verdict.clear,
                    judged,
                    warming_up: (verdict.state != anomaly::State::Missing).then_some(!ready),
                    evidence: Evidence::of(&verdict),
                }
            }
            Self::Level(level) => {
                let value = value.filter(|value| value.is_finite());
                Said {
                    breaching: value.is_some_and(|value| level.is_breached(value)),
                    alarm: None,
                    clear: value.is_some_and(|value| level.is_clear(value)),
                    judged: value.is_some(),
                    warming_up: Some(false),
                    evidence: value.map(|value| Evidence {
                        minute: minute.index(),
                        value,
                        weight,
                        expected: level.at,
                        low: 0.0,
                        high: level.at,
                        tail: 1.0,
                        above: true,
                        samples: 0.0,
                        test: None,
                        run: None,
                    }),
                }
            }
        }
    }
}

impl Track {
    pub(crate) fn new(subject: Subject) -> Option<Self> {
        let judge = match (Level::of(&subject), subject.kind()) {
            (Some(level), _) => Judge::Level(level),
            (None, Some(kind)) => Judge::Model(Model::new(kind, subject.settings(kind))),
            (None, None) => return None,
        };
        Some(Self {
            subject,
            judge,
            previous: None,
            breaching: 0,
            alarmed: 0,
            clear: 0,
            judged: 0,
            warming_up: true,
            onset: None,
            last: None,
            breach: None,
        })
    }

    /// The model; `None` where a limit decides.
    #[must_use]
    pub fn model(&self) -> Option<&Model> {
        match &self.judge {
            Judge::Model(model) => Some(model),
            Judge::Level(_) => None,
        }
    }

    pub(crate) fn step(&mut self, minute: Minute, value: Option<f64>, weight: f64) {
        let said = self.judge.step(minute, value, weight);
        self.breaching = (self.breaching << 1) | u32::from(said.breaching);
        self.alarmed = (self.alarmed << 1) | u32::from(said.alarm.is_some());
        self.clear = (self.clear << 1) | u32::from(said.clear);
        self.judged = (self.judged << 1) | u32::from(said.judged);
        if let Some(warming_up) = said.warming_up {
            self.warming_up = warming_up;
        }
        if said.breaching || said.alarm.is_some() {
            let began = said.alarm.unwrap_or(minute.index());
            self.onset = Some(self.onset.map_or(began, |onset| onset.min(began)));
            self.breach.clone_from(&said.evidence);
        } else if (self.breaching | self.alarmed).trailing_zeros() >= RUN_ENDS {
            self.onset = None;
            self.breach = None;
        }
        if said.evidence.is_some() {
            self.last = said.evidence;
        }
    }

    /// Whether this is worth an incident in the newest window. What a model judges has its tests, whose false alarms
    /// the budget counts; what is held against a limit must be over it in `m` of the last `n` windows.
    #[must_use]
    pub fn is_alarming(&self, rule: MOfN) -> bool {
        match &self.judge {
            Judge::Model(_) => self.alarmed & 1 == 1,
            Judge::Level(_) => m_of_n(self.breaching, rule.m, rule.n),
        }
    }

    /// Gives its tests their share of the budget; nothing changes when they have it already.
    pub(crate) fn allot(&mut self, budget: Budget) {
        if let Judge::Model(model) = &mut self.judge
            && *model.settings().budget() != budget
        {
            model.set_settings(model.settings().with_budget(budget));
        }
    }

    /// Keeps what was normal for the version that is replaced. What is normal from now on begins with it: a new
    /// version that behaves like the old one must not be unknown.
    pub(crate) fn keep_for(&mut self, changed: &Changed) {
        if let Judge::Model(model) = &mut self.judge {
            self.previous = Some(Previous {
                version: changed.from,
                since: changed.at,
                model: model.clone(),
            });
            model.deployed(changed.at);
        }
    }

    /// Back to what was normal for an older version, if it is the one that was kept; the newer one's is kept then.
    pub(crate) fn go_back(&mut self, changed: &Changed) {
        let Judge::Model(model) = &mut self.judge else {
            return;
        };
        if let Some(previous) = &mut self.previous
            && previous.version == changed.to
        {
            std::mem::swap(model, &mut previous.model);
            (previous.version, previous.since) = (changed.from, changed.at);
            model.deployed(changed.at);
        }
    }

    /// Forgets an old version's baseline after a week: by then nobody goes back to it, and it knows another season.
    pub(crate) fn forget_after(&mut self, minute: Minute) {
        if self
            .previous
            .as_ref()
            .is_some_and(|previous| minute.index() - previous.since > KEPT_MINUTES)
        {
            self.previous = None;
        }
    }
}

#[cfg(test)]
mod tests;
