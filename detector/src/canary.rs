//! A new version beside the one it replaces: each run says of the newest version whether it is worse.
//!
//! Nothing is stored and nothing is learned: each look reads the minutes of the last bake anew, so late data count
//! as soon as they are there, and a run that is repeated says the same. What it costs: one more read a service, and
//! only while the newest minutes are of more than one version.
//!
//! Only the newest version is ever accused. When traffic goes back to the older one (a rollback), the minutes of
//! both are still the ones in which the newer one was worse: it stays accused, by name, until the newest minutes are
//! of the older one alone, and then there is no datapoint. A rollout of an older version beside a newer one is
//! compared the same way round: its own alarm stays silent.

use std::collections::BTreeSet;

use anomaly::comparison::{Finding, LOOKS};
use jiff::Timestamp;
use platform::series_store::Version;
use serde::Serialize;
use signals::Minute;

use crate::learning::Heard;
use crate::watch::Service;
use crate::{Deps, Outcome, telemetry};

mod minutes;

use minutes::{Compared, compare};

/// Minutes that a look compares, the newest included.
const BAKE_MINUTES: i64 = LOOKS as i64;

/// What a run says of a service's newest version.
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

/// Looks at every service whose newest minutes are of several versions; at every service when nobody has `heard`.
///
/// A read that fails costs this look and nothing else: without a datapoint the alarm stays as it should be without
/// data, and the next run looks again.
pub(crate) async fn look(
    deps: &Deps,
    due: Timestamp,
    heard: Option<&Heard>,
    outcome: &mut Outcome,
) {
    let window = Minute::containing(due).plus(-1);
    for service in &deps.watch.services {
        if heard.is_some_and(|heard| !is_rollout(heard.get(&service.log_group))) {
            continue;
        }
        outcome.version_reads += 1;
        let read = deps
            .series
            .raw_minutes_by_version(&service.log_group, window.plus(1 - BAKE_MINUTES), window)
            .await;
        let compared = match read {
            Ok(by_version) => compare(service, &by_version),
            Err(error) => {
                tracing::warn!(%error, function = service.function(), "the versions are not compared in this run");
                outcome.version_reads_failed += 1;
                continue;
            }
        };
        let Some(compared) = compared else {
            continue;
        };
        if let Some(verdict) = told(service, &compared) {
            telemetry::emit_verdict(deps, &verdict, due);
            outcome.verdicts.push(verdict);
        }
    }
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
