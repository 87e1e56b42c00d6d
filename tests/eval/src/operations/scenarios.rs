//! Each kind of fault, many times.

use simulator::fleet::{self, Fleet};

use super::incidents::{delay, is_false};
use super::quiet::burns;
use super::{Size, watch, watched};
use crate::progress::Progress;
use crate::score::events::median;
use crate::workers;

/// What a rule made of a scenario's faults.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Found {
    /// Faults that somebody was told of before they were over.
    pub(crate) count: usize,
    /// Minutes until then: 1 is the end of the first minute.
    pub(crate) mean: Option<f64>,
    pub(crate) median: Option<f64>,
}

impl Found {
    pub(super) fn of(mut delays: Vec<f64>) -> Self {
        Self {
            count: delays.len(),
            mean: (!delays.is_empty()).then(|| delays.iter().sum::<f64>() / delays.len() as f64),
            median: median(&mut delays),
        }
    }
}

/// One row of the table.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Scenario {
    pub(crate) name: &'static str,
    pub(crate) about: &'static str,
    /// Whether anybody is to be told; else `ours` counts wrong pages.
    pub(crate) told: bool,
    pub(crate) faults: usize,
    pub(crate) ours: Found,
    pub(crate) burn_rate: Found,
    /// The mean of the information bounds, minutes; none where nobody is to be told.
    pub(crate) bound: Option<f64>,
    /// Incidents without a fault, and the function-weeks in which they were.
    pub(crate) false_incidents: usize,
    pub(crate) weeks: f64,
}

impl Scenario {
    /// Mean delay in units of the bound.
    pub(crate) fn times_the_bound(&self) -> Option<f64> {
        Some(self.ours.mean? / self.bound?)
    }

    /// At least 95 of 100 faults are told; where nobody is to be told, none.
    pub(crate) fn recall_is_enough(&self) -> bool {
        if self.told {
            self.ours.count as f64 >= 0.95 * self.faults as f64
        } else {
            self.ours.count == 0
        }
    }

    /// 1.5 times the bound; two bins where the bound is one.
    pub(crate) fn delay_is_enough(&self) -> bool {
        // The bound is calculated on a grid: what is this near to one bin is one.
        const ONE: f64 = 1.05;
        match (self.ours.mean, self.bound) {
            (Some(mean), Some(bound)) if bound < ONE => mean <= 2.0,
            (Some(mean), Some(bound)) => mean <= 1.5 * bound,
            _ => !self.told,
        }
    }

    /// Found more often, or as often and sooner on average; on what the rule cannot see, by being found at all.
    pub(crate) fn beats_burn_rate(&self) -> bool {
        let mean = |found: &Found| found.mean.unwrap_or(f64::INFINITY);
        !self.told
            || self.ours.count > self.burn_rate.count
            || (self.ours.count == self.burn_rate.count
                && mean(&self.ours) <= mean(&self.burn_rate))
    }

    pub(crate) fn meets_the_bar(&self) -> bool {
        self.recall_is_enough() && self.delay_is_enough() && self.beats_burn_rate()
    }
}

/// One function of one fleet.
struct Part {
    ours: Vec<Option<f64>>,
    burn_rate: Vec<Option<f64>>,
    false_incidents: usize,
}

fn part(fleet: &Fleet, place: usize, objective: f64) -> Part {
    let one = watch(fleet, place);
    let burning = burns(fleet, &one, objective);
    let own = || fleet.faults.iter().filter(|fault| fault.function == place);
    Part {
        ours: own()
            .map(|fault| delay(&one.incidents, fault.from, fault.shown_from(), fault.to))
            .collect(),
        burn_rate: own()
            .map(|fault| delay(&burning, fault.from, fault.shown_from(), fault.to))
            .collect(),
        false_incidents: one
            .incidents
            .iter()
            .filter(|incident| is_false(fleet, place, incident))
            .count(),
    }
}

/// Every scenario with one kind of fault.
pub(super) fn all(size: Size, objective: f64, progress: &Progress) -> Vec<Scenario> {
    let wanted = fleet::Scenario::all().iter();
    let wanted = wanted.filter(|scenario| !["quiet", "fleet"].contains(&scenario.name));
    wanted
        .map(|scenario| one(scenario, size, objective, progress))
        .collect()
}

fn one(scenario: &fleet::Scenario, size: Size, objective: f64, progress: &Progress) -> Scenario {
    let fleets: Vec<Fleet> = (1..=size.seeds)
        .map(|seed| scenario.fleet(seed, super::from(), None))
        .collect();
    let places: Vec<(usize, usize)> = fleets
        .iter()
        .enumerate()
        .flat_map(|(at, fleet)| (0..fleet.functions.len()).map(move |place| (at, place)))
        .collect();
    let parts = workers::map(&places, |&(at, place)| {
        progress.tick(scenario.name);
        part(&fleets[at], place, objective)
    });
    let told = fleets
        .iter()
        .flat_map(|fleet| &fleet.faults)
        .all(|fault| fault.kind.is_told());
    let all: Vec<_> = fleets
        .iter()
        .flat_map(|fleet| fleet.faults.iter().map(move |fault| (fleet, fault)))
        .collect();
    // Spread over fleets and functions.
    let some: Vec<_> = all
        .iter()
        .step_by((all.len() / size.bounds.max(1)).max(1))
        .collect();
    let bound = told.then(|| {
        let bounds = workers::map(&some, |(fleet, fault)| fleet.bound(fault, watched::BAR));
        bounds.iter().sum::<f64>() / bounds.len() as f64
    });
    let delays = |of: fn(&Part) -> &Vec<Option<f64>>| {
        Found::of(parts.iter().flat_map(of).flatten().copied().collect())
    };
    Scenario {
        name: scenario.name,
        about: scenario.about,
        told,
        faults: all.len(),
        ours: delays(|part| &part.ours),
        burn_rate: delays(|part| &part.burn_rate),
        bound,
        false_incidents: parts.iter().map(|part| part.false_incidents).sum(),
        weeks: fleets.iter().map(Fleet::scored_weeks).sum(),
    }
}
