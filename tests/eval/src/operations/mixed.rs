//! Functions of all kinds with all kinds of faults in the same weeks: nothing is chosen so that it can be found.

use std::collections::BTreeMap;

use anyhow::Context as _;
use simulator::fleet::{self, Kind};

use super::incidents::{delay, is_false};
use super::scenarios::Found;
use super::{Size, watch};
use crate::progress::Progress;
use crate::workers;

/// What was found of each kind of fault.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Mixed {
    pub(crate) functions: usize,
    pub(crate) weeks: f64,
    /// Kind, whether anybody is to be told, faults, and what was told of them.
    pub(crate) kinds: Vec<(&'static str, bool, usize, Found)>,
    /// Pages while nothing was the matter.
    pub(crate) false_pages: usize,
}

pub(super) fn mixed(size: Size, progress: &Progress) -> anyhow::Result<Mixed> {
    let scenario = fleet::Scenario::by_name("fleet").context("the simulator has no mixed fleet")?;
    let fleets: Vec<_> = (1..=size.seeds)
        .map(|seed| scenario.fleet(seed, super::from(), None))
        .collect();
    let places: Vec<_> = fleets
        .iter()
        .flat_map(|fleet| (0..fleet.functions.len()).map(move |place| (fleet, place)))
        .collect();
    let parts = workers::map(&places, |&(fleet, place)| {
        progress.tick(scenario.name);
        let incidents = watch(fleet, place).incidents;
        let own = fleet.faults.iter().filter(|fault| fault.function == place);
        let delays: Vec<(Kind, Option<f64>)> = own
            .map(|fault| {
                let told = delay(&incidents, fault.from, fault.shown_from(), fault.to);
                (fault.kind, told)
            })
            .collect();
        let wrong = incidents.iter().filter(|one| one.symptom.pages());
        let wrong = wrong.filter(|one| is_false(fleet, place, one)).count();
        (delays, wrong)
    });
    let mut kinds: BTreeMap<Kind, Vec<Option<f64>>> = BTreeMap::new();
    for (kind, told) in parts.iter().flat_map(|part| &part.0) {
        kinds.entry(*kind).or_default().push(*told);
    }
    Ok(Mixed {
        functions: places.len(),
        weeks: fleets.iter().map(fleet::Fleet::scored_weeks).sum(),
        kinds: kinds
            .into_iter()
            .map(|(kind, delays)| {
                let found = Found::of(delays.iter().flatten().copied().collect());
                (kind.as_str(), kind.is_told(), delays.len(), found)
            })
            .collect(),
        false_pages: parts.iter().map(|part| part.1).sum(),
    })
}
