//! What the detector says of itself, after everything else has succeeded: a heartbeat at the start would only
//! prove that it starts.

use jiff::Timestamp;
use platform::telemetry::{document, own};
use signals::Metric;

use crate::canary::Verdict;
use crate::{Deps, Outcome};

pub(crate) fn emit(deps: &Deps, outcome: &Outcome, at: Timestamp) {
    let told = |action: &str| {
        outcome
            .told
            .iter()
            .filter(|told| told.action == action)
            .count()
    };
    #[expect(clippy::cast_precision_loss, reason = "counts of one run")]
    let count = |count: usize| count as f64;
    #[expect(clippy::cast_precision_loss, reason = "counts of one run")]
    let whole = |count: u64| count as f64;
    let mut metrics = vec![
        (Metric::DetectorRun, 1.0),
        (Metric::SeriesEvaluated, whole(outcome.series_evaluated)),
        (Metric::SeriesWarmingUp, whole(outcome.series_warming_up)),
        (Metric::BackfilledMinutes, whole(outcome.backfilled_minutes)),
        (
            Metric::BackfillFailed,
            whole(outcome.backfill_failed + outcome.limits_failed),
        ),
        (Metric::IncidentsOpened, count(told("open"))),
        (Metric::IncidentsResolved, count(told("resolve"))),
        (Metric::MessagesPublished, whole(outcome.messages_published)),
        (Metric::MessagesDead, whole(outcome.messages_dead)),
        (Metric::LateMinutes, whole(outcome.late_minutes)),
    ];
    #[expect(
        clippy::cast_precision_loss,
        reason = "seconds since a minute that is still kept"
    )]
    if let Some(lag) = outcome.data_lag_seconds {
        metrics.push((Metric::DataLagSeconds, lag as f64));
    }
    emit_objectives(deps, outcome, at);
    let dimensions = own(&deps.function_name, "detector");
    deps.emitter.emit(&document(at, &dimensions, &metrics));
}

/// One document for each objective: its dimensions are its own.
fn emit_objectives(deps: &Deps, outcome: &Outcome, at: Timestamp) {
    for (service, standing) in &outcome.standings {
        let dimensions = [("service", service.as_str()), ("objective", &standing.name)];
        let left = standing.budget.map(|budget| budget.remaining_share * 100.0);
        let metrics: Vec<_> = [
            (Metric::BurnRate, standing.burn),
            (Metric::ErrorBudgetRemaining, left),
        ]
        .into_iter()
        .filter_map(|(metric, value)| Some((metric, value?)))
        .collect();
        if !metrics.is_empty() {
            deps.emitter.emit(&document(at, &dimensions, &metrics));
        }
    }
}

/// Tells of one version, for the alarm that rolls it back. It comes after the messages, which wake people, and
/// before the heartbeat: a run that fails over its outbox or its window says it all the same, and said twice it is
/// the same.
pub(crate) fn emit_verdict(deps: &Deps, verdict: &Verdict, at: Timestamp) {
    let dimensions = [
        ("function", verdict.function.as_str()),
        ("version", verdict.version.as_str()),
    ];
    let metrics = [(Metric::CanaryVerdict, f64::from(u8::from(verdict.worse)))];
    deps.emitter.emit(&document(at, &dimensions, &metrics));
}
