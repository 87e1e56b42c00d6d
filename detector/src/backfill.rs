//! The past of services that are new here: fetched from CloudWatch once, a day at a time, stored as sealed minutes
//! like any others, and learned beside the present until both meet.
//!
//! How far it has come is part of the state, and what was fetched is part of the rollups, so that a run that dies
//! anywhere is repeated by the next one: a minute that is stored, with series or without, is never asked for again.
//! A state that is lost learns from the stored minutes and asks for none of them.
//!
//! A run first does its own work. Then it learns one stored day of some services' past, and last it asks for the next
//! ones, within [`LIMITS`]. Nothing waits for an answer: without one the service goes on learning from what comes in.

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
/// Days after which a past that was begun is given up. Until then, what was learned of it is worth more than what
/// the service has of its own.
const PATIENCE_DAYS: i64 = 7;
/// How much less than asked for counts as all of it, minutes: a day.
const SLACK: i64 = 1_440;

/// How much of the past one run looks at.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Limits {
    /// The most services, each with one slice; fewer when the time is over.
    pub(crate) services: usize,
    /// Reading their slices: some 10 MB of rollups each.
    pub(crate) read: Duration,
    /// Asking for slices and writing them: for each a call of CloudWatch, and 1,440 items, 25 at a time.
    pub(crate) fetch: Duration,
}

/// At most nine of the 45 seconds that the template gives a run. A slice takes two turns, one to ask and one to learn:
/// a hundred services that are new at once have their fortnights within 16 × 2 × 100 / 8 runs, seven hours, when eight
/// of them fit into that time, and the slower they are the later.
pub(crate) const LIMITS: Limits = Limits {
    services: 8,
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
        if service.scope() == Scope::Drill {
            continue;
        }
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
            History::Unknown
                if age + SLACK.min(history / 2) >= history || age >= OWN_DAYS * 1_440 =>
            {
                state.end_history(log_group);
            }
            History::Unknown if age >= INTRODUCTION => {
                state.begin_history(log_group, state.window.plus(-history));
            }
            History::Unknown => {}
            History::Learning { up_to } => {
                if is_hopeless(age, state.window.since(up_to), history) {
                    state.end_history(log_group);
                }
            }
        }
    }
}

/// Whether a past is given up: nothing of it could be fetched in [`OWN_DAYS`], after which every model has warmed up,
/// or not all of it in [`PATIENCE_DAYS`]. `age` and `behind` are minutes: how long the service has been watched, and how
/// far its past is from the present.
fn is_hopeless(age: i64, behind: i64, history: i64) -> bool {
    // It began `history` minutes before the present of then, so without a slice it is the minutes since farther off.
    let progresses = behind < history + age - INTRODUCTION - 60;
    age >= PATIENCE_DAYS * 1_440 || (age >= OWN_DAYS * 1_440 && !progresses)
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
    let learning = learn(deps, state, behind, &mut questions, outcome);
    if tokio::time::timeout(LIMITS.read, learning).await.is_err() {
        tracing::warn!("reading the past takes too long; the next runs go on");
        outcome.backfill_failed += 1;
    }
    questions
}

async fn learn(
    deps: &Deps,
    state: &mut State,
    behind: Vec<(&Service, Minute)>,
    questions: &mut Vec<Question>,
    outcome: &mut Outcome,
) {
    for (service, up_to) in behind.into_iter().take(LIMITS.services) {
        let slice = (up_to.plus(1), slice_end(up_to, state.window));
        let read = learning::stored_minutes(deps, service, slice.0, slice.1);
        let minutes = match read.await {
            Ok(minutes) => minutes,
            Err(error) => {
                tracing::warn!(service = service.name, %error, "its past is not learned in this run");
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

/// The same with `time` for all of them. What is not asked in time is asked in its next turn.
pub(crate) async fn fetch_within(
    time: Duration,
    deps: &Deps,
    questions: Vec<Question>,
    outcome: &mut Outcome,
) {
    let asking = ask(deps, questions, outcome);
    if tokio::time::timeout(time, asking).await.is_err() {
        tracing::warn!("fetching the past takes too long; the next runs go on");
        outcome.backfill_failed += 1;
    }
}

async fn ask(deps: &Deps, questions: Vec<Question>, outcome: &mut Outcome) {
    for question in questions {
        match fetch_one(deps, &question).await {
            Ok(minutes) => outcome.backfilled_minutes += minutes,
            Err(reason) => {
                tracing::warn!(
                    log_group = question.log_group,
                    reason,
                    "its past stays unknown until the next run"
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_past_is_given_up_when_nothing_comes_of_it() {
        let (day, history) = (1_440, 14 * 1_440);
        for (name, age, behind, given_up) in [
            ("young, nothing yet", day, history + day - 10, false),
            ("two days, nothing", 2 * day, history + 2 * day - 10, true),
            ("two days, a day of it", 2 * day, history + day - 10, false),
            ("two days, nearly there", 2 * day, day, false),
            ("a week, nearly there", 7 * day, day, true),
        ] {
            assert_eq!(is_hopeless(age, behind, history), given_up, "{name}");
        }
    }
}
