//! What the demo came to, from what it left behind: the same whether it ran in one piece or was killed between.

use std::path::Path;

use incidents::{Audience, Incident, Record, Severity, Symptom};
use jiff::Timestamp;
use serde::Serialize;
use signals::Minute;
use simulator::{Fault, FaultKind, Scenario};

use crate::local::{LOG_GROUP, Stack};

/// Minutes after a fault's end in which an incident may still begin because of it: what was late, and M of N.
const ECHO: i64 = 3;
/// Minutes that the onset of an incident may lie before the fault: it is an estimate, and of several routes one may have
/// had a minute before it that was slow by chance.
const EARLY: i64 = 1;

/// One injected fault and what was made of it.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct FaultSummary {
    /// `latency`, `error` or `throttle`.
    pub kind: &'static str,
    /// When it began.
    pub started: String,
    /// When the incident opened; `None`: it was missed.
    pub detected: Option<String>,
    /// When the incident resolved; `None`: it is still open, or there is none.
    pub resolved: Option<String>,
    /// From the fault's start to the message.
    pub seconds_to_detect: Option<i64>,
}

/// The document of `--json`.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Summary {
    /// What chose traffic and faults.
    pub seed: u64,
    /// Requests that were sent, refused ones included.
    pub requests: u64,
    /// Log events that reached log-processor.
    pub log_events: u64,
    /// Rollups, one for each series and minute, of the live minutes.
    pub rollups: u64,
    /// The faults in the order they were injected.
    pub faults: Vec<FaultSummary>,
    /// Pages that no fault explains.
    pub false_pages: u64,
    /// The folder with one file for each published message.
    pub inbox: String,
    /// The first instant of live traffic.
    pub from: String,
    /// The first instant after it.
    pub to: String,
    /// The ISO week of the live traffic.
    pub week: String,
}

impl Summary {
    /// Whether an incident was opened for every fault.
    #[must_use]
    pub fn all_detected(&self) -> bool {
        self.faults.iter().all(|fault| fault.detected.is_some())
    }
}

fn symptom_of(kind: FaultKind) -> Symptom {
    match kind {
        FaultKind::Latency => Symptom::Latency,
        FaultKind::Error => Symptom::Errors,
        FaultKind::Throttle => Symptom::Throttles,
    }
}

/// Whether the fault explains the incident.
fn explains(fault: &Fault, symptom: Symptom, incident: &Incident) -> bool {
    symptom_of(fault.kind) == symptom
        && incident.onset >= fault.from.plus(-EARLY)
        && (fault.from..=fault.to.plus(ECHO)).contains(&incident.opened)
}

/// Reads the whole story back.
pub(super) async fn of(scenario: &Scenario, stack: &Stack, data: &Path) -> anyhow::Result<Summary> {
    let (from, to) = (scenario.from, scenario.to());
    let records: Vec<Record> = stack
        .detector
        .state
        .history(from, to)
        .await?
        .iter()
        .map(|body| Record::from_json(body))
        .collect::<Result<_, _>>()?;
    let told: Vec<(&Record, &Incident)> = records
        .iter()
        .filter_map(|record| Some((record, record.incident.as_ref()?)))
        .filter(|(_, incident)| incident.seq > 0 && incident.audience != Audience::Nobody)
        .collect();
    let faults = scenario
        .faults
        .iter()
        .map(|fault| {
            let found = told
                .iter()
                .rev()
                .find(|(record, incident)| explains(fault, record.group.symptom, incident));
            let incident = found.map(|(_, incident)| *incident);
            let seconds = |at: Timestamp| at.as_second() - fault.from.start().as_second();
            FaultSummary {
                kind: fault.kind.as_str(),
                started: fault.from.to_string(),
                detected: incident.map(|incident| incident.detected_at.to_string()),
                resolved: incident
                    .and_then(|incident| incident.resolved_at)
                    .map(|at| at.to_string()),
                seconds_to_detect: incident.map(|incident| seconds(incident.detected_at)),
            }
        })
        .collect();
    let false_pages = told
        .iter()
        .filter(|(record, _)| record.group.severity() == Severity::Page)
        .filter(|(record, incident)| {
            !scenario
                .faults
                .iter()
                .any(|fault| explains(fault, record.group.symptom, incident))
        })
        .count() as u64;
    let (mut requests, mut log_events) = (0, 0);
    for minute in (from.index()..to.index()).map(Minute::from_index) {
        for entry in stack.journal.read(minute)?.into_values() {
            requests += 1;
            log_events += entry.events.len() as u64;
        }
    }
    let rollups = stack
        .detector
        .series
        .raw_minutes(LOG_GROUP, from, to.plus(-1))
        .await?;
    Ok(Summary {
        seed: scenario.seed,
        requests,
        log_events,
        rollups: rollups.values().map(|series| series.len() as u64).sum(),
        faults,
        false_pages,
        inbox: data.join("inbox").display().to_string(),
        from: from.to_string(),
        to: to.to_string(),
        week: from.start().strftime("%G-W%V").to_string(),
    })
}
