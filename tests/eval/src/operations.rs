//! The simulated fleet: what would have been paged, how soon, and what for nothing.
//!
//! Each scenario is one kind of fault of one size and length, repeated over functions and seeds. The decision is that
//! of the shipped detector: one model for each watched series, its alarms, and no second page while an incident is
//! open or may reopen. Left out is the settle delay, which is the same for every rule.

mod burn_rate;
mod incidents;
mod mixed;
mod quiet;
mod received;
mod scenarios;
mod watched;

use simulator::fleet::Fleet;

use self::incidents::Incident;

pub(crate) use mixed::Mixed;
pub(crate) use quiet::Quiet;
pub(crate) use received::{Case, ENOUGH, Received, percentile, received};
#[cfg(test)]
pub(crate) use scenarios::Found;
pub(crate) use scenarios::Scenario;

/// What is measured on the fleet.
#[derive(Debug)]
pub(crate) struct Operations {
    pub(crate) quiet: Quiet,
    pub(crate) scenarios: Vec<Scenario>,
    pub(crate) mixed: Mixed,
    pub(crate) received: Received,
}

/// How much is simulated.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Size {
    /// Fleets of each scenario.
    pub(crate) seeds: u64,
    /// Days of the quiet fleet: two weeks of history and the rest counted.
    pub(crate) quiet_days: u32,
    /// Faults whose bound is calculated, of each scenario.
    pub(crate) bounds: usize,
    /// Fleets of four weeks whose messages are counted.
    pub(crate) received: u64,
}

/// Everything, in the order of the simulator's list.
pub(crate) fn operations(
    size: Size,
    progress: &crate::progress::Progress,
) -> anyhow::Result<Operations> {
    let (quiet, objective) = quiet::quiet(size, progress)?;
    Ok(Operations {
        quiet,
        scenarios: scenarios::all(size, objective, progress),
        mixed: mixed::mixed(size, progress)?,
        received: received(size.received, progress)?,
    })
}

/// A Monday: weeks of the simulator begin where weeks of people do.
fn from() -> signals::Minute {
    const MONDAY: i64 = 1_793_577_600 / 60;
    signals::Minute::from_index(MONDAY)
}

/// One function's weeks: the incidents of the detector, and the minutes for the burn-rate rule.
#[derive(Debug)]
struct Watched {
    incidents: Vec<Incident>,
    minutes: Vec<burn_rate::Minute>,
}

/// Runs the detector over a function.
fn watch(fleet: &Fleet, place: usize) -> Watched {
    let mut series = watched::all();
    let mut log = incidents::Log::default();
    let mut minutes = Vec::new();
    let changes = watched::changes(fleet, place);
    for point in fleet.run(place) {
        let new_version = watched::is_new(&changes, point.minute);
        for one in &mut series {
            if one.step(&point, new_version) && point.minute >= fleet.scored_from {
                log.alarm(one.symptom, point.minute);
            }
        }
        minutes.push(burn_rate::Minute::of(&point));
    }
    Watched {
        incidents: log.incidents,
        minutes,
    }
}
