//! Service level objectives: what a minute counts for each, and what their burn means for an incident. Pure.

use std::collections::BTreeMap;

use incidents::slo::{Burning, History, Objective, Requests, Standing};
use incidents::{Condition, Group, Member, Observation, Reading, Statistic, Symptom};
use signals::{AwsSignal, LambdaSignal, Metric, Minute, Rollup, SeriesKey, SeriesName, Unit};

use crate::groups::IMPACT_MINUTES;
use crate::state::State;
use crate::watch::{Emf, Scope, Service, Watch};
use crate::watchlist::Series;

/// What is kept of the requests of one service, by [`key`].
pub(crate) type Histories = BTreeMap<String, History>;

/// How the names of what is counted by time begin.
const LATENCY: &str = "latency.";

/// Under which name an objective's requests are kept: what it counts, so that another target or name loses nothing.
pub(crate) fn key(objective: &Objective) -> String {
    let definition = objective.definition();
    let latency = definition.latency_ms.map_or_else(
        || "availability".to_owned(),
        |limit| format!("{LATENCY}{limit}"),
    );
    match &definition.route {
        Some(route) => format!("{latency}|{route}"),
        None => latency,
    }
}

/// Counts one minute for every objective of a service, and forgets objectives that are gone from the configuration.
pub(crate) fn count(histories: &mut Histories, service: &Service, minute: Minute, series: &Series) {
    let keys: Vec<String> = service.objectives.iter().map(key).collect();
    histories.retain(|kept, _| keys.contains(kept));
    // Two objectives may count the same requests by another target: they are counted once.
    let mut counted = Vec::new();
    for (key, objective) in keys.into_iter().zip(&service.objectives) {
        if counted.contains(&key) {
            continue;
        }
        if let Some(requests) = requests(service, objective, series) {
            let history = histories.entry(key.clone()).or_default();
            history.push(minute, requests, minute.plus(1).start());
        }
        counted.push(key);
    }
}

/// Keeps, of the requests that were learned from the past, those that were counted. What CloudWatch knows of past latency are
/// percentiles: how many answers were too slow cannot be read from them, so what was measured since stays alone.
pub(crate) fn keep_measured(past: &mut Histories, present: Histories) {
    past.retain(|key, _| !key.starts_with(LATENCY));
    past.extend(
        present
            .into_iter()
            .filter(|(key, _)| key.starts_with(LATENCY)),
    );
}

/// What a minute counts for an objective; `None`: it says nothing of it.
pub(crate) fn requests(
    service: &Service,
    objective: &Objective,
    series: &Series,
) -> Option<Requests> {
    let definition = objective.definition();
    let route = definition.route.as_deref();
    match definition.latency_ms {
        Some(limit) => in_time(service, route, f64::from(limit), series),
        None => answered(service, route, series),
    }
}

/// The rollup of one of a service's own metrics, of a route or of all.
fn own<'a>(emf: &Emf, metric: &str, route: Option<&str>, series: &'a Series) -> Option<&'a Rollup> {
    let is_it = |key: &SeriesKey| match &key.name {
        SeriesName::Emf {
            namespace,
            metric: name,
        } => {
            *namespace == emf.namespace
                && name == metric
                && key.dimensions.contains_key(&emf.service_dimension)
                && key.dimensions.len() == 1 + usize::from(route.is_some())
                && key.dimensions.get(&emf.route_dimension).map(String::as_str) == route
        }
        _ => false,
    };
    series.iter().find(|(key, _)| is_it(key)).map(|(_, it)| it)
}

/// Answers, and those that took longer than `limit` milliseconds.
fn in_time(
    service: &Service,
    route: Option<&str>,
    limit: f64,
    series: &Series,
) -> Option<Requests> {
    let rollup = match &service.emf {
        Some(emf) => own(emf, &emf.latency, route, series)?,
        None => series.get(&SeriesKey::lambda(
            service.function(),
            LambdaSignal::DurationMs,
        ))?,
    };
    let slow = rollup.histogram().iter();
    let slow = slow.filter(|(value, _)| *value > limit).map(|(_, it)| it);
    of(slow.sum(), rollup.count())
}

/// Requests, and those that the service failed or refused. What ended without an answer says nothing of itself, and what was
/// refused never ran: Lambda counts those, of the whole function only.
fn answered(service: &Service, route: Option<&str>, series: &Series) -> Option<Requests> {
    let function = service.function();
    let sum = |key: SeriesKey| series.get(&key).map_or(0.0, Rollup::sum);
    let aws = |signal| sum(SeriesKey::aws(Some(function), signal));
    let lambda = |signal| sum(SeriesKey::lambda(function, signal));
    let refused = aws(AwsSignal::Throttles);
    // Two accounts of the same invocations, which AWS dates by their beginning and reports by their end: where there are
    // reports, they count.
    let invocations = SeriesKey::lambda(function, LambdaSignal::Invocations);
    let reported = series.contains_key(&invocations);
    let either = |reports, polled| {
        if reported {
            lambda(reports)
        } else {
            aws(polled)
        }
    };
    let died = either(LambdaSignal::Errors, AwsSignal::Errors);
    let (bad, total) = match &service.emf {
        Some(emf) => {
            let own = |metric: &str| own(emf, metric, route, series).map(Rollup::sum);
            let (requests, failed) = (own(&emf.requests), own(&emf.faults).unwrap_or(0.0));
            let failed = failed + own(&emf.throttled).unwrap_or(0.0);
            match (requests, route) {
                (Some(requests), Some(_)) => (failed, requests),
                (None, Some(_)) => return None,
                (requests, None) => (
                    failed + died + refused,
                    requests.unwrap_or(0.0) + died + refused,
                ),
            }
        }
        None => {
            let ran = either(LambdaSignal::Invocations, AwsSignal::Invocations);
            (died + refused, ran.max(died) + refused)
        }
    };
    of(whole(bad), whole(total))
}

/// Requests of one minute that can be: a tenth of them is more than Lambda starts in a minute anywhere. A line of a log that says
/// more is not believed, or it would spend the budget of a month.
const MOST_REQUESTS: u64 = 100_000_000;

/// `None` of nothing: a minute without requests is neither good nor bad.
fn of(bad: u64, total: u64) -> Option<Requests> {
    // A failure may be counted in the minute after its request.
    let requests = Requests::new(bad, total.max(bad)).ok()?;
    (1..=MOST_REQUESTS)
        .contains(&requests.total())
        .then_some(requests)
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "counts of requests"
)]
fn whole(value: f64) -> u64 {
    value.max(0.0).round() as u64
}

/// The objectives of a service with what is kept of them; those of which nothing was counted yet are left out.
fn kept<'a>(
    service: &'a Service,
    state: &'a State,
) -> impl Iterator<Item = (&'a Objective, &'a History)> {
    let histories = state.histories(&service.log_group);
    let objectives = service.objectives.iter();
    objectives.filter_map(move |objective| Some((objective, histories?.get(&key(objective))?)))
}

/// Where the objectives of a service stand at the end of `window`.
#[must_use]
pub fn standings(service: &Service, state: &State, window: Minute) -> Vec<Standing> {
    kept(service, state)
        .map(|(objective, history)| objective.standing(history, window))
        .collect()
}

/// Where every objective stands at the end of the state's window, with the name of its service.
pub(crate) fn all(watch: &Watch, state: &State) -> Vec<(String, Standing)> {
    let of = |service: &Service| {
        let standings = standings(service, state, state.window);
        let name = service.name.clone();
        standings
            .into_iter()
            .map(move |it| (name.clone(), it))
            .collect::<Vec<_>>()
    };
    // A drill's is no promise to anybody, and a metric of it would be paid for.
    let promised = watch.watched().filter(|it| it.scope() != Scope::Drill);
    promised.flat_map(of).collect()
}

/// What was seen of a burn in `window`: of a fast one the windows that page, of a slow one the others.
pub(crate) fn observe(
    group: &Group,
    service: &Service,
    state: &State,
    window: Minute,
) -> Observation {
    let severity = group.severity();
    let mut members = Vec::new();
    let mut known = false;
    for (objective, history) in kept(service, state) {
        let mut windows = objective.windows().filter(|it| it.severity == severity);
        known |= windows.any(|it| objective.burn(history, window, it.short_minutes).is_some());
        let burning = objective.evaluate(history, window);
        let fastest = burning.iter().find(|it| it.window.severity == severity);
        members.extend(fastest.map(|it| member(service, objective, history, window, it)));
    }
    let condition = match members.iter().map(|member| member.started).min() {
        Some(onset) => Condition::Breaching { onset },
        // A drill is over when nothing is heard of it any more.
        None if known || service.scope() == Scope::Drill => Condition::Clear,
        None => Condition::Missing,
    };
    Observation {
        window,
        condition,
        members,
        muted: None,
    }
}

/// Whether `cause` can explain what `group` tells of: slow answers are no failures, so latency explains no availability that burns.
pub(crate) fn is_explained(
    group: &Group,
    service: &Service,
    state: &State,
    cause: Symptom,
) -> bool {
    let severity = group.severity();
    !group.symptom.is_burn()
        || cause != Symptom::Latency
        || kept(service, state).all(|(objective, history)| {
            let burning = objective.evaluate(history, state.window);
            objective.definition().latency_ms.is_some()
                || burning.iter().all(|it| it.window.severity != severity)
        })
}

/// The names of the objectives that do not burn.
pub(crate) fn unaffected(group: &Group, service: &Service, state: &State) -> Vec<String> {
    let severity = group.severity();
    kept(service, state)
        .filter(|(objective, history)| {
            let mut windows = objective.windows().filter(|it| it.severity == severity);
            let known = windows.any(|it| {
                objective
                    .burn(history, state.window, it.short_minutes)
                    .is_some()
            });
            known && objective.evaluate(history, state.window).is_empty()
        })
        .map(|(objective, _)| objective.definition().name.clone())
        .collect()
}

fn member(
    service: &Service,
    objective: &Objective,
    history: &History,
    at: Minute,
    burning: &Burning,
) -> Member {
    let window = burning.window;
    let started = history.onset(at, window.long_minutes, objective.allowed_share());
    let recent = history.sum(at, IMPACT_MINUTES);
    let name = &objective.definition().name;
    Member {
        reading: Reading {
            series: series(service, name),
            label: name.clone(),
            metric: format!("error budget burn over {}", hours(window.long_minutes)),
            statistic: Statistic::Average,
            unit: Unit::None,
            observed: burning.long_burn,
            expected_low: 0.0,
            expected_high: window.factor,
        },
        tail: 1.0,
        baseline_samples: 0,
        breaches: 1,
        windows: 1,
        requests: Some(recent.total()),
        affected: Some(recent.bad()),
        started: started.unwrap_or(at),
        test: Some("long and short window burn"),
        stretch: None,
    }
}

/// Our own metric of an objective's burn.
fn series(service: &Service, objective: &str) -> SeriesKey {
    let dimensions = [("service", service.name.as_str()), ("objective", objective)];
    SeriesKey::emf(
        platform::telemetry::NAMESPACE,
        Metric::BurnRate.name(),
        dimensions,
    )
}

fn hours(minutes: u32) -> String {
    match (minutes / 1_440, minutes / 60, minutes % 60) {
        (days, _, _) if days > 0 && minutes.is_multiple_of(1_440) => format!("{days} d"),
        (_, hours, 0) => format!("{hours} h"),
        (_, 0, _) => format!("{minutes} min"),
        _ => format!("{:.1} h", f64::from(minutes) / 60.0),
    }
}

/// What is wrong with the objectives of a service, as sentences.
pub(crate) fn problems(service: &Service) -> Vec<String> {
    let mut problems = Vec::new();
    let objectives = &service.objectives;
    if objectives.len() > MOST {
        problems.push(format!(
            "{} objectives: write at most {MOST}, those that users would name",
            objectives.len()
        ));
    }
    if service.scope() == Scope::Account && !objectives.is_empty() {
        problems.push("an account has no requests to promise anything of".to_owned());
    }
    for (position, objective) in objectives.iter().enumerate() {
        let definition = objective.definition();
        if definition.route.is_some() && service.emf.is_none() {
            problems.push(format!(
                "objective {:?} names a route, which only metrics of the service's own know: add [service.emf], or \
                 leave the route out",
                definition.name
            ));
        }
        let names = objectives[..position].iter().map(Objective::definition);
        if names
            .map(|it| &it.name)
            .any(|name| *name == definition.name)
        {
            problems.push(format!(
                "two objectives are called {:?}: a name is an identity in metrics and messages",
                definition.name
            ));
        }
    }
    problems
}

/// Objectives of one service: each is kept for 30 days, and nobody looks at more.
const MOST: usize = 10;

#[cfg(test)]
mod tests;
