//! A new version beside the one it replaces: each run says of the newer versions whether they are worse.
//!
//! Nothing is stored and nothing is learned: each look reads the minutes of the last bake anew, so late data count
//! as soon as they are there, and whoever looks again says the same. What it costs: one more read a service, and
//! only while the newest minutes are of more than one version. Nobody who is to be woken waits for it.
//!
//! Only a version with an older one beside it is ever accused. When traffic goes back to the older one (a
//! rollback), the minutes of both are still the ones in which the newer one was worse: it stays accused, by name,
//! until the newest minutes are of one version alone, and then there is no datapoint. A rollout of an older version
//! beside a newer one is compared the same way round: its own alarm stays silent.

use std::collections::BTreeSet;
use std::time::Duration;

use anomaly::comparison::{Finding, LOOKS};
use jiff::Timestamp;
use platform::series_store::{RollupsByVersion, Version};
use serde::Serialize;
use signals::Minute;

use crate::learning::Heard;
use crate::watch::Service;
use crate::{Deps, Outcome, telemetry};

mod minutes;

use minutes::{Compared, compare};

/// Minutes that a look compares, the newest included.
pub(crate) const BAKE_MINUTES: i64 = LOOKS as i64;

/// What a run says of one of a service's newer versions.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Verdict {
    /// The function's name.
    pub function: String,
    /// The version that is judged.
    pub version: String,
    /// The version it is compared with.
    pub against: String,
    /// Whether it is worse; `false` means that enough was seen, and nothing worse.
    pub worse: bool,
}

/// What comparing a newer version with the one it replaces came to.
#[derive(Debug, Clone, PartialEq)]
pub struct Judgement {
    /// The version that is judged.
    pub new: Version,
    /// The version it is compared with.
    pub old: Version,
    /// What was found.
    pub finding: Finding,
    /// The numbers that decided, for one line.
    pub why: String,
}

/// Compares what the versions of a service said in the same minutes: the verdicts that a run would give of them.
/// Pure.
#[must_use]
pub fn verdicts(service: &Service, by_version: &RollupsByVersion) -> Vec<Judgement> {
    let compared = compare(service, by_version);
    compared
        .iter()
        .map(|compared| Judgement {
            new: compared.new,
            old: compared.old,
            finding: compared.finding(),
            why: compared.why(),
        })
        .collect()
}

/// Looks at every service whose newest minutes are of several versions, as far as [`LIMITS`] go; at none when
/// nobody has `heard`: then the window was decided before, by a run that looked or was killed, and the next one is
/// a minute away.
///
/// A read that fails costs this look and nothing else: without a datapoint the alarm stays as it should be without
/// data, and the next run looks again.
pub(crate) async fn look(
    deps: &Deps,
    due: Timestamp,
    heard: Option<&Heard>,
    outcome: &mut Outcome,
) {
    if let Some(heard) = heard {
        look_within(&LIMITS, deps, due, heard, outcome).await;
    }
}

/// How long the looks of one run may take.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Limits {
    /// All of them, by the clock. What is left then, the next run looks at.
    pub(crate) all: Duration,
    /// One read: a partition that hangs must not take the others' time.
    pub(crate) one: Duration,
}

/// Two seconds are what the SDK gives one operation (`platform::aws::OPERATION_TIMEOUT`); five are little of the 45
/// that the template gives a run.
const LIMITS: Limits = Limits {
    all: Duration::from_secs(5),
    one: Duration::from_secs(2),
};

pub(crate) async fn look_within(
    limits: &Limits,
    deps: &Deps,
    due: Timestamp,
    heard: &Heard,
    outcome: &mut Outcome,
) {
    let window = Minute::containing(due).plus(-1);
    let services = deps.watch.services.iter();
    let rollouts: Vec<&Service> = services
        .filter(|service| is_rollout(heard.get(&service.log_group)))
        .collect();
    // Each run begins with another one, so that none is always the one that is left.
    let first = usize::try_from(window.index()).unwrap_or(0) % rollouts.len().max(1);
    let began = deps.clock.now();
    for number in 0..rollouts.len() {
        let spent = deps.clock.now().duration_since(began);
        // A clock that was set back has spent nothing.
        let left = limits
            .all
            .saturating_sub(Duration::try_from(spent).unwrap_or_default());
        if left.is_zero() {
            let postponed = rollouts.len() - number;
            tracing::warn!(
                postponed,
                "no time left to compare versions; the next run does"
            );
            outcome.version_reads_postponed += postponed as u64;
            return;
        }
        let service = rollouts[(first + number) % rollouts.len()];
        outcome.version_reads += 1;
        let Some(by_version) = read(deps, service, window, left.min(limits.one)).await else {
            outcome.version_reads_failed += 1;
            continue;
        };
        for compared in compare(service, &by_version) {
            if let Some(verdict) = told(service, &compared) {
                telemetry::emit_verdict(deps, &verdict, due);
                outcome.verdicts.push(verdict);
            }
        }
    }
}

/// The minutes of the bake; `None`, and a line that says why, when they cannot be read in time.
async fn read(
    deps: &Deps,
    service: &Service,
    window: Minute,
    time: Duration,
) -> Option<RollupsByVersion> {
    let from = window.plus(1 - BAKE_MINUTES);
    let read = deps
        .series
        .raw_minutes_by_version(&service.log_group, from, window);
    let error = match tokio::time::timeout(time, read).await {
        Ok(Ok(by_version)) => return Some(by_version),
        Ok(Err(error)) => error.to_string(),
        Err(_) => format!("no answer within {} ms", time.as_millis()),
    };
    let function = service.function();
    tracing::warn!(error, function, "the versions are not compared in this run");
    None
}

fn is_rollout(versions: Option<&BTreeSet<Version>>) -> bool {
    versions.is_some_and(|versions| versions.len() > 1)
}

/// Says in one line what was found and why; gives the verdict if there is one.
fn told(service: &Service, compared: &Compared) -> Option<Verdict> {
    let finding = compared.finding();
    let (function, version, against) = (service.function(), compared.new, compared.old);
    let (found, why) = (finding.as_str(), compared.why());
    if finding == Finding::Worse {
        tracing::warn!(function, %version, %against, found, why, "versions compared");
    } else {
        tracing::info!(function, %version, %against, found, why, "versions compared");
    }
    (finding != Finding::TooFew).then(|| Verdict {
        function: function.to_owned(),
        version: version.to_string(),
        against: against.to_string(),
        worse: finding == Finding::Worse,
    })
}
