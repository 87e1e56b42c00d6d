//! Weeks without a fault: what is told then is told for nothing.

use anyhow::Context as _;
use simulator::fleet::{Fleet, Scenario};

use super::incidents::{Incident, Log};
use super::{Size, Watched, burn_rate, watch, watched};
use crate::progress::Progress;
use crate::workers;

/// False incidents over function-weeks.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Quiet {
    pub(crate) functions: usize,
    pub(crate) weeks: f64,
    /// What the detector was told that it may cost, false pages a service-week.
    pub(crate) budget: f64,
    pub(crate) series: usize,
    pub(crate) pages: u32,
    /// What wakes nobody: a rise of traffic, cold starts.
    pub(crate) tickets: u32,
    /// Of each symptom, in order.
    pub(crate) by_symptom: Vec<(String, u32)>,
    /// Pages of the burn-rate rule, with the objective that it was given.
    pub(crate) burn_rate: u32,
    /// The objective: so many times a function's own share of bad events.
    pub(crate) objective: f64,
}

impl Quiet {
    pub(crate) fn rate(&self) -> f64 {
        f64::from(self.pages) / self.weeks
    }

    /// The rate that is too high with a confidence of 95 %.
    pub(crate) fn upper(&self) -> f64 {
        poisson_upper(self.pages) / self.weeks
    }
}

/// The mean of a Poisson law under which so few events have a probability of 5 %: the one-sided bound (Garwood 1936).
pub(crate) fn poisson_upper(events: u32) -> f64 {
    let chance = |mean: f64| {
        let mut term = (-mean).exp();
        let mut sum = term;
        for event in 1..=events {
            term *= mean / f64::from(event);
            sum += term;
        }
        sum
    };
    let (mut low, mut high) = (0.0, 10.0 + 3.0 * f64::from(events));
    for _ in 0..100 {
        let middle = f64::midpoint(low, high);
        if chance(middle) > 0.05 {
            low = middle;
        } else {
            high = middle;
        }
    }
    low
}

/// Incidents of the burn-rate rule after the history.
pub(super) fn burns(fleet: &Fleet, one: &Watched, objective: f64) -> Vec<Incident> {
    let usual = burn_rate::usual(&one.minutes, fleet.scored_from);
    let mut log = Log::default();
    for minute in burn_rate::fires(&one.minutes, objective * usual) {
        if minute >= fleet.scored_from {
            log.alarm(watched::Symptom::Errors, minute);
        }
    }
    log.incidents
}

/// The quiet fleet, and the objective at which the burn-rate rule pages no more often than the detector.
pub(super) fn quiet(size: Size, progress: &Progress) -> anyhow::Result<(Quiet, f64)> {
    let scenario = Scenario::by_name("quiet").context("the simulator has no quiet fleet")?;
    let fleet = scenario.fleet(1, super::from(), Some(size.quiet_days));
    let places: Vec<usize> = (0..fleet.functions.len()).collect();
    let functions = workers::map(&places, |&place| {
        progress.tick("the quiet fleet");
        watch(&fleet, place)
    });
    let mut by_symptom = std::collections::BTreeMap::new();
    let (mut pages, mut tickets) = (0, 0);
    for incident in functions.iter().flat_map(|one| &one.incidents) {
        *by_symptom.entry(incident.symptom).or_insert(0) += 1;
        *if incident.symptom.pages() {
            &mut pages
        } else {
            &mut tickets
        } += 1;
    }
    let paged = |objective: f64| -> u32 {
        let counts = workers::map(&functions, |one| burns(&fleet, one, objective).len());
        counts.iter().sum::<usize>() as u32
    };
    // The lowest multiple that is quiet enough, in steps of a tenth.
    let mut objective = 0.1;
    while paged(objective) > pages && objective < 100.0 {
        objective *= 1.1;
    }
    let quiet = Quiet {
        functions: functions.len(),
        weeks: fleet.scored_weeks(),
        budget: watched::budget(),
        series: watched::sharing(),
        pages,
        tickets,
        by_symptom: by_symptom
            .into_iter()
            .map(|(symptom, count)| (format!("{symptom:?}"), count))
            .collect(),
        burn_rate: paged(objective),
        objective,
    };
    Ok((quiet, objective))
}

#[test]
fn the_bound_is_that_of_the_tables() {
    // Garwood 1936, one-sided 95 %.
    for (events, bound) in [(0, 2.996), (1, 4.744), (5, 10.513), (20, 29.062)] {
        assert!((poisson_upper(events) - bound).abs() < 1e-3, "{events}");
    }
}
