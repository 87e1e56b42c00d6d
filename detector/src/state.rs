//! What the detector knows of every subject at the end of a window: a pure function of the rollups up to it.

use std::collections::BTreeMap;

use anomaly::Budget;
use signals::Minute;

use crate::drill;
use crate::facts::{Facts, Limits, Step};
use crate::levels;
use crate::objectives::{self, Histories};
use crate::watch::{Rules, Scope, Service};
use crate::watchlist::{self, Series};

mod stored;

pub use crate::track::{Evidence, Judge, Previous, Test, Track};
pub use stored::StateError;

/// How much of a service's past is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum History {
    /// Nothing was heard of it yet.
    Unknown,
    /// Its past is being learned beside the present; `up_to` is the last minute of it that is.
    Learning {
        /// The last minute of the past that was learned.
        up_to: Minute,
    },
    /// What can be learned of its past is.
    Learned,
}

/// A service whose past is being learned: minutes that are older than those the state has seen of it.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Behind {
    /// The last minute that was learned.
    pub(crate) window: Minute,
    pub(crate) known: Known,
}

/// Minutes after which a subject without a value is forgotten: its model has forgotten what was normal by then.
const FORGOTTEN_MINUTES: i64 = 35 * 1_440;
/// Minutes within which a subject must have had a value to take a share of the budget.
const HEARD_MINUTES: i64 = 1_440;

/// Whether a subject had a value so short a time ago; one that never had is new.
fn is_heard_within(track: &Track, minute: Minute, minutes: i64) -> bool {
    track
        .last
        .as_ref()
        .is_none_or(|last| minute.index().saturating_sub(last.minute) <= minutes)
}

/// Everything of one service.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Known {
    pub(crate) tracks: BTreeMap<String, Track>,
    pub(crate) facts: Facts,
    /// The requests of its objectives.
    pub(crate) histories: Histories,
    /// Subjects that were left out of the newest minute because there were too many.
    left_out: u64,
}

impl Known {
    /// Learns one minute. Subjects that are known and not in `series` are unknown this minute, except for traffic
    /// that is known to be none.
    pub(crate) fn step(
        &mut self,
        service: &Service,
        rules: &Rules,
        minute: Minute,
        series: &Series,
    ) {
        match self.facts.see(service, minute, series) {
            Some(Step::Newer(changed)) => {
                self.tracks
                    .values_mut()
                    .for_each(|it| it.keep_for(&changed));
            }
            Some(Step::Back(changed)) => {
                self.tracks.values_mut().for_each(|it| it.go_back(&changed));
            }
            None => {}
        }
        self.tracks
            .values_mut()
            .for_each(|it| it.forget_after(minute));
        // A name that nobody says any more must not keep a place from one that is said.
        self.tracks
            .retain(|_, track| is_heard_within(track, minute, FORGOTTEN_MINUTES));
        self.left_out = 0;
        let silent = watchlist::is_silent(service, series);
        objectives::count(&mut self.histories, service, minute, series);
        let deployed = self.facts.just_deployed(minute);
        let mut samples: BTreeMap<_, _> = watchlist::samples(service, series)
            .into_iter()
            .chain(levels::samples(service, series, &self.facts))
            .map(|sample| (sample.subject.id(), sample))
            .collect();
        for (id, track) in &mut self.tracks {
            let (value, weight) = match samples.remove(id) {
                // What a new version must do is neither normal nor wrong.
                Some(_) if deployed && track.subject.is_cold_start() => (None, 0.0),
                Some(sample) => (sample.value, sample.weight),
                None if silent && track.subject.is_traffic() => (Some(0.0), 1.0),
                None => (None, 0.0),
            };
            track.step(minute, value, weight);
        }
        for (id, sample) in samples {
            if self.tracks.len() >= rules.max_series {
                self.left_out += 1;
                continue;
            }
            if let Some(mut track) = Track::new(sample.subject) {
                track.step(minute, sample.value, sample.weight);
                self.tracks.insert(id, track);
            }
        }
        self.allot(rules, minute);
    }

    /// Divides the budget of false pages among the series that can page and were heard within a day: from the next minute on.
    fn allot(&mut self, rules: &Rules, minute: Minute) {
        let paging = |track: &&Track| {
            let can_page = track.model().is_some() && !track.subject.is_cold_start();
            can_page && is_heard_within(track, minute, HEARD_MINUTES)
        };
        let series = self.tracks.values().filter(paging).count().max(1);
        let series = u32::try_from(series).unwrap_or(u32::MAX);
        let pages = rules.budget.false_pages_per_service_week;
        // Both were checked when they were read; a service with more series than any has shares as that one does.
        let budget = Budget::new(pages, series).unwrap_or_default();
        self.tracks.values_mut().for_each(|it| it.allot(budget));
    }
}

/// A service as the state has it.
#[derive(Debug, Clone, Default, PartialEq)]
struct Entry {
    known: Known,
    behind: Option<Behind>,
    /// Whether its past needs no more learning.
    learned: bool,
}

/// Every subject of a shard at the end of a window.
#[derive(Debug, Clone, PartialEq)]
pub struct State {
    /// The last minute that was learned.
    pub window: Minute,
    /// By log group.
    entries: BTreeMap<String, Entry>,
}

impl State {
    /// A state that has seen nothing yet; the first minute it learns is the one after `before`.
    #[must_use]
    pub fn before_history(before: Minute) -> Self {
        Self {
            window: before,
            entries: BTreeMap::new(),
        }
    }

    /// Learns one minute of one service. Subjects that are known and not in `series` are unknown this minute.
    pub fn step(&mut self, service: &Service, rules: &Rules, minute: Minute, series: &Series) {
        self.window = self.window.max(minute);
        if service.scope() == Scope::Drill {
            return self.step_drill(service, minute, series);
        }
        let entry = self.entries.entry(service.log_group.clone()).or_default();
        entry.known.step(service, rules, minute, series);
    }

    /// A drill is counted while it is heard of, and then forgotten: the state is as if it had never been.
    fn step_drill(&mut self, service: &Service, minute: Minute, series: &Series) {
        let mut entry = self.entries.remove(&service.log_group).unwrap_or_default();
        objectives::count(&mut entry.known.histories, service, minute, series);
        if !drill::is_over(&entry.known.histories, minute) {
            self.entries.insert(service.log_group.clone(), entry);
        }
    }

    /// The subjects of a log group, in a fixed order.
    pub fn tracks(&self, log_group: &str) -> impl Iterator<Item = &Track> {
        self.entries
            .get(log_group)
            .into_iter()
            .flat_map(|entry| entry.known.tracks.values())
    }

    /// What is known of a log group's service beside its models.
    #[must_use]
    pub fn facts(&self, log_group: &str) -> Option<&Facts> {
        self.entries.get(log_group).map(|entry| &entry.known.facts)
    }

    /// What is kept of the requests of a log group's objectives.
    pub(crate) fn histories(&self, log_group: &str) -> Option<&Histories> {
        self.entries
            .get(log_group)
            .map(|entry| &entry.known.histories)
    }

    /// What a log group's service may use, as far as it is known.
    #[must_use]
    pub fn limits(&self, log_group: &str) -> Limits {
        self.facts(log_group)
            .map_or_else(Limits::default, |facts| facts.limits)
    }

    /// How much of the past of a log group's service is known.
    #[must_use]
    pub fn history(&self, log_group: &str) -> History {
        match self.entries.get(log_group) {
            Some(Entry {
                behind: Some(behind),
                ..
            }) => History::Learning {
                up_to: behind.window,
            },
            Some(Entry { learned: true, .. }) => History::Learned,
            _ => History::Unknown,
        }
    }

    /// Whether what was learned of a service's past holds any data yet.
    pub(crate) fn is_known_before(&self, log_group: &str) -> bool {
        let behind = self
            .entries
            .get(log_group)
            .and_then(|it| it.behind.as_ref());
        behind.is_some_and(|behind| behind.known.facts.first.is_some())
    }

    /// Says that nothing more is to be learned of a service's past, and forgets what was begun.
    pub(crate) fn end_history(&mut self, log_group: &str) {
        let entry = self.entries.entry(log_group.to_owned()).or_default();
        (entry.learned, entry.behind) = (true, None);
    }

    /// Begins with a service's past after `before`.
    pub(crate) fn begin_history(&mut self, log_group: &str, before: Minute) {
        let entry = self.entries.entry(log_group.to_owned()).or_default();
        entry.behind = Some(Behind {
            window: before,
            known: Known::default(),
        });
    }

    /// Learns minutes of a service's past, up to and with `to`. When that is all there is, what was learned takes the
    /// place of what is known: it has seen the same minutes, and those before them.
    pub(crate) fn step_history(
        &mut self,
        service: &Service,
        rules: &Rules,
        to: Minute,
        minutes: &BTreeMap<Minute, Series>,
    ) {
        let nothing = Series::new();
        let Some(entry) = self.entries.get_mut(&service.log_group) else {
            return;
        };
        let Some(behind) = &mut entry.behind else {
            return;
        };
        let to = to.min(self.window);
        while behind.window < to {
            behind.window = behind.window.plus(1);
            let series = minutes.get(&behind.window).unwrap_or(&nothing);
            behind.known.step(service, rules, behind.window, series);
        }
        if behind.window >= self.window
            && let Some(behind) = entry.behind.take()
        {
            let mut known = behind.known;
            objectives::keep_measured(
                &mut known.histories,
                std::mem::take(&mut entry.known.histories),
            );
            (entry.known, entry.learned) = (known, true);
        }
    }

    /// How many subjects there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.all().count()
    }

    /// Subjects that have learned too little to speak.
    #[must_use]
    pub fn warming_up(&self) -> usize {
        self.all().filter(|track| track.warming_up).count()
    }

    /// Subjects that were left out because their service had too many.
    #[must_use]
    pub fn left_out(&self) -> u64 {
        self.entries.values().map(|it| it.known.left_out).sum()
    }

    fn all(&self) -> impl Iterator<Item = &Track> {
        let known = self.entries.values().map(|entry| &entry.known);
        known.flat_map(|known| known.tracks.values())
    }

    /// Whether nothing was ever learned.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.all().next().is_none()
    }
}

#[cfg(test)]
mod tests;
