//! What people receive over four weeks: faults of every kind at known times, and every message that is sent about them.
//!
//! The other tables say when the detector would speak; this one says how often it does. It runs the lifecycle that is
//! shipped (`crates/incidents`: opening, flapping, reopening, inhibition, burn of an objective, storms) with its defaults on
//! what the detector sees, and holds each message against the faults.

mod count;
mod judged;
mod told;
mod weeks;

use std::collections::BTreeMap;

use incidents::{Action, Policy, Symptom};

use crate::progress::Progress;
use crate::workers;
use count::{About, Counted, Noise, count};
use weeks::Injected;

/// Messages about one fault that are enough: it began, it is over.
pub(crate) const ENOUGH: usize = 2;

/// Faults of one kind and size.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Case {
    pub(crate) size: &'static str,
    pub(crate) told: bool,
    pub(crate) faults: usize,
    pub(crate) unnoticed: usize,
    /// Groups paged twice about the same fault.
    pub(crate) paged_twice: usize,
    /// Messages about each fault, fewest first.
    pub(crate) messages: Vec<usize>,
    pub(crate) repeats: usize,
    /// How often each course of messages above two occurred.
    pub(crate) courses: BTreeMap<String, usize>,
}

/// The counts over all fleets.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Received {
    pub(crate) services: usize,
    /// Service-weeks.
    pub(crate) weeks: f64,
    /// By kind of fault.
    pub(crate) cases: BTreeMap<&'static str, Case>,
    /// Faults that nobody heard of: kind, size, service of which invocations a minute.
    pub(crate) unnoticed: Vec<String>,
    /// Transitions without a fault, by their most urgent topic.
    pub(crate) pages: usize,
    pub(crate) tickets: usize,
    pub(crate) chats: usize,
    /// Openings without a fault, by symptom.
    pub(crate) for_nothing: BTreeMap<&'static str, usize>,
    /// Messages that storms sent, each about many groups.
    pub(crate) storms: usize,
}

impl Received {
    /// Transitions about each fault that is to be told, fewest first.
    pub(crate) fn messages(&self) -> Vec<usize> {
        let told = self.cases.values().filter(|case| case.told);
        let mut all: Vec<_> = told.flat_map(|case| case.messages.clone()).collect();
        all.sort_unstable();
        all
    }

    pub(crate) fn paged_twice(&self) -> usize {
        self.cases.values().map(|case| case.paged_twice).sum()
    }

    fn add(&mut self, fleet: &One) {
        self.services += fleet.levels.len();
        self.weeks += fleet.weeks;
        self.storms += fleet.storms;
        let Counted {
            about,
            noise,
            for_nothing,
        } = &fleet.counted;
        for (fault, about) in fleet.faults.iter().zip(about) {
            self.add_fault(fault, about, fleet.levels[fault.service]);
        }
        let Noise {
            pages,
            tickets,
            chats,
        } = noise;
        self.pages += pages;
        self.tickets += tickets;
        self.chats += chats;
        for (_, _, symptom) in for_nothing {
            *self.for_nothing.entry(symptom.as_str()).or_insert(0) += 1;
        }
    }

    fn add_fault(&mut self, fault: &Injected, about: &About, level: f64) {
        let case = self.cases.entry(fault.name).or_default();
        (case.size, case.told) = (fault.size, fault.told);
        case.faults += 1;
        if fault.told && !about.noticed {
            case.unnoticed += 1;
            let what = format!("{} ({}) at {level} a minute", fault.name, fault.size);
            self.unnoticed.push(what);
        }
        case.paged_twice += about.paged_twice.len();
        case.repeats += about.repeats;
        let count = about.transitions.len();
        let place = case.messages.partition_point(|other| *other <= count);
        case.messages.insert(place, count);
        if count > ENOUGH {
            *case.courses.entry(course(&about.transitions)).or_insert(0) += 1;
        }
    }
}

/// What was said about a fault, group by group in the order in which each first spoke: `errors: open, resolve`.
fn course(transitions: &[(Symptom, Action)]) -> String {
    let mut groups: Vec<(Symptom, Vec<&str>)> = Vec::new();
    for (symptom, action) in transitions {
        let said = action.as_str();
        match groups.iter_mut().find(|group| group.0 == *symptom) {
            Some(group) => group.1.push(said),
            None => groups.push((*symptom, vec![said])),
        }
    }
    let words = groups
        .iter()
        .map(|(symptom, said)| format!("{symptom}: {}", said.join(", ")));
    words.collect::<Vec<_>>().join("; ")
}

/// The value below which so many percent of the sorted values lie, nearest rank; 0 of none.
pub(crate) fn percentile(sorted: &[usize], percent: usize) -> usize {
    let rank = (sorted.len() * percent).div_ceil(100).max(1);
    sorted.get(rank - 1).copied().unwrap_or(0)
}

/// What came of one fleet.
struct One {
    levels: Vec<f64>,
    weeks: f64,
    faults: Vec<Injected>,
    counted: Counted,
    storms: usize,
}

fn one(seed: u64, extent: weeks::Extent) -> anyhow::Result<One> {
    let (fleet, faults) = weeks::fleet(seed, extent, super::from());
    let sent = told::run(&fleet, &Policy::default())?;
    let functions = fleet.functions.iter();
    Ok(One {
        levels: functions.map(|function| function.level).collect(),
        weeks: fleet.scored_weeks(),
        counted: count(&faults, &sent.messages),
        storms: sent.storms,
        faults,
    })
}

/// So many fleets of four weeks.
pub(crate) fn received(fleets: u64, progress: &Progress) -> anyhow::Result<Received> {
    let seeds: Vec<u64> = (1..=fleets).collect();
    let all = workers::map(&seeds, |seed| {
        progress.tick("what people receive");
        one(*seed, weeks::WHOLE)
    });
    let mut received = Received::default();
    for fleet in all {
        received.add(&fleet?);
    }
    Ok(received)
}

#[cfg(test)]
mod tests;
