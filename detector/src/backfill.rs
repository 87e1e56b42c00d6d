//! The past of services that are new here: fetched from CloudWatch once, a day at a time, stored as sealed minutes
//! like any others, and learned beside the present until both meet.
//!
//! How far it has come is part of the state, and what was fetched is part of the rollups, so that a run that dies
//! anywhere is repeated by the next one: a minute that is stored, with series or without, is never asked for again.
//! A state that is lost learns from the stored minutes and asks for none of them.
//!
//! A run first does its own work. Then it learns one stored day of a service's past, and last it asks for the next
//! one, within [`LIMITS`]. Nothing waits for an answer: without one the service goes on learning from what comes in.

use std::collections::BTreeSet;
use std::time::Duration;

use platform::metric_source::FIVE_MINUTE_DAYS;
use signals::Minute;

use crate::groups::Recent;
use crate::past::{Plan, Wanted};
use crate::state::{History, State};
use crate::watch::{Scope, Service};
use crate::{Deps, Outcome, learning};

/// Minutes of the past that are learned, or asked for, at a time: a day, and less to end with an hour.
const SLICE: i64 = 1_440;
/// Minutes that a service is watched before its past is asked for: its own metrics must be known by name.
const INTRODUCTION: i64 = 10;
/// Days of its own that make asking pointless: every model has warmed up.
const OWN_DAYS: i64 = 2;
/// How much less than asked for counts as all of it, minutes: a day.
const SLACK: i64 = 1_440;

/// How much of the past one run looks at.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Limits {
    /// Services, each with one slice.
    pub(crate) services: usize,
    /// Reading a slice: some 10 MB of rollups.
    pub(crate) read: Duration,
    /// Asking for a slice and writing it: a call of CloudWatch, and 1,440 items, 25 at a time.
    pub(crate) fetch: Duration,
}

/// At most nine of the 45 seconds that the template gives a run. A hundred services that are new at once have their
/// fortnights within a day.
pub(crate) const LIMITS: Limits = Limits {
    services: 1,
    read: Duration::from_secs(3),
    fetch: Duration::from_secs(6),
};

/// A slice that is to be asked for.
#[derive(Debug, Clone)]
pub(crate) struct Question {
    log_group: String,
    wanted: Wanted,
    /// The whole slice.
    slice: (Minute, Minute),
    /// What is asked.
    plan: Plan,
    /// Whether anything was known of the service before it.
    known_before: bool,
}

/// How far back it is worth looking, days.
fn days(deps: &Deps) -> i64 {
    let known = deps.metrics.past_days().min(FIVE_MINUTE_DAYS);
    i64::from(deps.watch.detector.history_days.min(known))
}

/// Whether any service's past is being learned.
pub(crate) fn is_busy(deps: &Deps, state: &State) -> bool {
    let mut services = deps.watch.services.iter();
    services.any(|service| state.history(&service.log_group) != History::Learned)
}

/// Decides whose past is to be learned. Pure but for what `deps` was configured with.
fn begin(deps: &Deps, state: &mut State) {
    let history = days(deps) * 1_440;
    for service in deps.watch.watched() {
        let log_group = &service.log_group;
        if service.scope() == Scope::Account || history == 0 {
            state.end_history(log_group);
            continue;
        }
        let Some(first) = state.facts(log_group).and_then(|facts| facts.first) else {
            continue;
        };
        let age = state.window.index() - first;
        match state.history(log_group) {
            History::Learned => {}
            History::Unknown if age + SLACK >= history || age >= OWN_DAYS * 1_440 => {
                state.end_history(log_group);
            }
            History::Unknown if age >= INTRODUCTION => {
                state.begin_history(log_group, state.window.plus(-history));
            }
            History::Unknown => {}
            // It could not be fetched in all that time, and by now it is not needed.
            History::Learning { .. } if age >= OWN_DAYS * 1_440 => state.end_history(log_group),
            History::Learning { .. } => {}
        }
    }
}

/// Learns what is stored of the past of services that are new here. Says what is not stored. A read that fails or
/// takes too long costs this slice of this run; the next run reads it.
pub(crate) async fn follow(deps: &Deps, state: &mut State, outcome: &mut Outcome) -> Vec<Question> {
    begin(deps, state);
    let mut questions = Vec::new();
    let mut behind: Vec<(&Service, Minute)> = deps
        .watch
        .services
        .iter()
        .filter_map(|service| match state.history(&service.log_group) {
            History::Learning { up_to } => Some((service, up_to)),
            _ => None,
        })
        .collect();
    outcome.services_backfilling = behind.len() as u64;
    // Each run begins with another one, so that one that fails does not hold up the others.
    let first = usize::try_from(state.window.index()).unwrap_or(0) % behind.len().max(1);
    behind.rotate_left(first);
    for (service, up_to) in behind.into_iter().take(LIMITS.services) {
        let slice = (up_to.plus(1), slice_end(up_to, state.window));
        let read = learning::stored_minutes(deps, service, slice.0, slice.1);
        let minutes = match tokio::time::timeout(LIMITS.read, read).await {
            Ok(Ok(minutes)) => minutes,
            Ok(Err(error)) => {
                tracing::warn!(service = service.name, %error, "its past is not learned in this run");
                outcome.backfill_failed += 1;
                continue;
            }
            Err(_) => {
                tracing::warn!(service = service.name, "reading its past takes too long");
                outcome.backfill_failed += 1;
                continue;
            }
        };
        match missing(&minutes, slice) {
            Some((from, to)) => questions.push(Question {
                log_group: service.log_group.clone(),
                wanted: Wanted::of(from, to, state.window),
                slice,
                plan: Plan::of(service, state.tracks(&service.log_group)),
                known_before: state.is_known_before(&service.log_group),
            }),
            None => state.step_history(service, &deps.watch.detector, slice.1, &minutes),
        }
    }
    questions
}

/// The last minute of the slice after `up_to`: the end of an hour, or `window`.
fn slice_end(up_to: Minute, window: Minute) -> Minute {
    let end = up_to.plus(SLICE);
    end.hour().plus(-1).max(up_to.plus(1)).min(window)
}

/// The first and the last minute of a slice of which nothing is stored.
fn missing(minutes: &Recent, (from, to): (Minute, Minute)) -> Option<(Minute, Minute)> {
    let mut absent = (from.index()..=to.index())
        .map(Minute::from_index)
        .filter(|minute| !minutes.contains_key(minute));
    let first = absent.next()?;
    Some((first, absent.next_back().unwrap_or(first)))
}

/// Asks CloudWatch and stores what it says.
pub(crate) async fn fetch(deps: &Deps, questions: Vec<Question>, outcome: &mut Outcome) {
    fetch_within(LIMITS.fetch, deps, questions, outcome).await;
}

/// The same with `time` for each question.
pub(crate) async fn fetch_within(
    time: Duration,
    deps: &Deps,
    questions: Vec<Question>,
    outcome: &mut Outcome,
) {
    for question in questions {
        let asked = fetch_one(deps, &question);
        match tokio::time::timeout(time, asked).await {
            Ok(Ok(minutes)) => outcome.backfilled_minutes += minutes,
            Ok(Err(reason)) => {
                tracing::warn!(
                    log_group = question.log_group,
                    reason,
                    "its past stays unknown until the next run"
                );
                outcome.backfill_failed += 1;
            }
            Err(_) => {
                let log_group = question.log_group;
                tracing::warn!(
                    log_group,
                    "fetching its past takes too long; the next run goes on"
                );
                outcome.backfill_failed += 1;
            }
        }
    }
}

/// Every minute of the slice that is not stored is stored after this, most of them with series.
async fn fetch_one(deps: &Deps, question: &Question) -> Result<u64, String> {
    let Some(service) = deps
        .watch
        .services
        .iter()
        .find(|service| service.log_group == question.log_group)
    else {
        return Ok(0);
    };
    let wanted = &question.wanted;
    let plan = &question.plan;
    let answers = deps
        .metrics
        .past(&plan.queries, wanted.from, wanted.to, wanted.resolution)
        .await
        .map_err(|error| error.to_string())?;
    let mut found = plan.rollups(service, &answers, wanted, question.known_before);
    // Read again, as late as can be: what log-processor wrote in between is what happened.
    let (from, to) = question.slice;
    let stored = learning::stored_minutes(deps, service, from, to)
        .await
        .map_err(|error| error.to_string())?;
    let mut sealed = Recent::new();
    for minute in (wanted.from.index()..=wanted.to.index()).map(Minute::from_index) {
        if !stored.contains_key(&minute) {
            sealed.insert(minute, found.remove(&minute).unwrap_or_default());
        }
    }
    let fetched = sealed.values().filter(|series| !series.is_empty()).count() as u64;
    // Hours first: when the minutes are there, nobody comes back for the hours.
    let mut whole = stored;
    whole.extend(sealed.clone());
    let hours: BTreeSet<Minute> = sealed.keys().map(|minute| minute.hour()).collect();
    for hour in hours
        .into_iter()
        .filter(|hour| *hour >= from && hour.plus(59) <= to)
    {
        let minutes: Recent = whole
            .range(hour..=hour.plus(59))
            .map(|(minute, series)| (*minute, series.clone()))
            .collect();
        learning::seal_hour(deps, &question.log_group, hour, &minutes, false)
            .await
            .map_err(|error| error.to_string())?;
    }
    deps.series
        .seal_minutes(&question.log_group, &sealed)
        .await
        .map_err(|error| error.to_string())?;
    Ok(fetched)
}
