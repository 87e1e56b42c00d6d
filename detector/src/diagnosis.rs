//! When an incident opens: what its minutes say beside those before, who explains the change, and requests to look at.
//!
//! It is asked while somebody is to be woken, so everything is bounded in time, and a failure costs the findings and
//! never the message: three reads of the series store, one of what people said of earlier ones, and at most two
//! searches of the logs.

use std::collections::BTreeMap;
use std::time::Duration;

use incidents::silence::Silence;
use incidents::{Action, Findings, Observation, Record, Similar, Symptom, diagnose, similar};
use jiff::Timestamp;
use platform::log_search::{FoundEvent, LogQuery, LogSearch};
use platform::series_store::{Rollups, RollupsByVersion, SeriesStoreError};
use signals::{AwsSignal, Minute, Rollup, SeriesKey};

use crate::change_feed::Feed;
use crate::learning::ByLogGroup;
use crate::state::State;
use crate::watch::{ACCOUNT_GROUP, Scope, Service};
use crate::watchlist::Series;
use crate::{Deps, taking};

mod examples;
mod gather;

/// Minutes before the onset that the incident is compared with.
const BEFORE: i64 = 60;
/// Minutes of an incident that are looked at: the newest ones of a long one.
const DURING: i64 = 60;
/// Longest time for the store, and for each search: `platform::aws::OPERATION_TIMEOUT` of one operation.
const TIME: Duration = Duration::from_secs(2);
/// Longest time for all incidents of a run, of the 45 seconds that the template gives it. When fifty services break at
/// once, the first ones are diagnosed and all are told.
const ALL: Duration = Duration::from_secs(10);
/// Events that a search brings: a message shows five requests, and some events are of the same one.
const EVENTS: u16 = 20;
/// Requests whose correlation ids are compared.
const SAMPLE: u16 = 50;

/// What a look came to.
#[derive(Debug, Default)]
pub(crate) struct Looked {
    /// What was found out.
    pub(crate) findings: Findings,
    /// The store did not answer: no diagnosis and no contributions.
    pub(crate) diagnosis_failed: bool,
    /// Searches of the logs that failed: no examples, or no correlation ids.
    pub(crate) searches_failed: u64,
}

/// What there is to know beside the store.
pub(crate) struct Known<'a> {
    /// The state at the end of the window: limits.
    pub(crate) state: &'a State,
    /// The newest minutes of all that is watched: the account and the neighbours.
    pub(crate) recent: &'a ByLogGroup,
    /// What people do not want to hear of.
    pub(crate) silences: &'a [Silence],
    /// What AWS tells of changes.
    pub(crate) changes: &'a Feed,
    /// When the run began to decide, by the clock.
    pub(crate) began: Timestamp,
}

/// Whether a transition is one that people read a diagnosis in.
fn is_told(action: Action, record: &Record) -> bool {
    matches!(
        action,
        Action::Open | Action::Reopen | Action::Update | Action::Escalate
    ) && record
        .incident
        .as_ref()
        .is_some_and(|incident| incident.audience != incidents::Audience::Nobody)
}

/// Looks at the incident of `next` in the window of `observation`; nothing where nobody would read it.
pub(crate) async fn look(
    deps: &Deps,
    service: &Service,
    known: &Known<'_>,
    action: Action,
    next: &Record,
    observation: &Observation,
) -> Looked {
    let mut looked = Looked::default();
    let Some(incident) = next.incident.as_ref().filter(|_| is_told(action, next)) else {
        return looked;
    };
    // Nothing is to be found out about what nobody asked for.
    if service.scope() == Scope::Drill {
        return looked;
    }
    // A clock that was set back has spent nothing.
    let spent =
        Duration::try_from(deps.clock.now().duration_since(known.began)).unwrap_or_default();
    if spent >= ALL {
        tracing::warn!("no time left for diagnoses in this run: an incident opens without one");
        looked.diagnosis_failed = true;
        return looked;
    }
    looked.findings.similar = Some(remembered(deps, next, incident.opened).await);
    let window = observation.window;
    // What came back is compared with what was before it came back.
    let began = if incident.reopened == 0 {
        incident.onset
    } else {
        incident.open_since
    };
    let question = gather::Question {
        service,
        symptom: next.group.symptom,
        direction: next.group.direction,
        members: &observation.members,
        began: began.min(window),
        onset: began.max(window.plus(1 - DURING)).min(window),
        window,
    };
    let function = service.function();
    let (whole, by_version) = match tokio::time::timeout(TIME, read(deps, &question)).await {
        Ok(Ok(read)) => read,
        Ok(Err(error)) => {
            tracing::warn!(function, %error, "an incident is told without a diagnosis");
            looked.diagnosis_failed = true;
            return looked;
        }
        Err(_) => {
            tracing::warn!(
                function,
                "the store is slow: an incident is told without a diagnosis"
            );
            looked.diagnosis_failed = true;
            return looked;
        }
    };
    let mut facts = gather::facts(&question, &whole, &by_version);
    gather::limits(&mut facts, &known.state.limits(&service.log_group));
    known.changes.add_to(&mut facts, function, began);
    around(&mut facts.concurrency, service, known, &question);
    let logs = deps.logs.as_deref();
    if let Some(logs) = logs {
        let search = Search {
            logs,
            question: &question,
        };
        if gather::asks_for_correlation(&facts) {
            match search.find(examples::REQUESTS, SAMPLE).await {
                Some(events) => facts.correlation = examples::correlation(&events),
                None => looked.searches_failed += 1,
            }
        }
        if let Some(pattern) = examples::pattern(&question) {
            match search.find(&pattern, EVENTS).await {
                Some(events) => looked.findings.examples = examples::of(&events),
                None => looked.searches_failed += 1,
            }
        }
    }
    // Of the account as a whole only its limits are known: a diagnosis is one of a function.
    looked.findings.diagnosis = (service.scope() == Scope::Function).then(|| diagnose(&facts));
    let throttles = matches!(
        next.group.symptom,
        Symptom::Throttles | Symptom::Capacity | Symptom::Saturation
    );
    looked.findings.concurrency = throttles.then_some(facts.concurrency);
    looked.findings.contributions = facts.contributions;
    looked.findings.deploy = facts.deploy;
    looked
}

/// The earlier incidents of the same group, with what people said of them where the store still knows.
async fn remembered(deps: &Deps, record: &Record, opened: Minute) -> Vec<Similar> {
    let judgements = if record.earlier.is_empty() {
        Vec::new()
    } else {
        let read = tokio::time::timeout(TIME, taking::judgements(deps)).await;
        match read {
            Ok(Ok(judgements)) => judgements,
            Ok(Err(error)) => {
                tracing::warn!(%error, "an incident is told without earlier verdicts");
                Vec::new()
            }
            Err(_) => {
                tracing::warn!("the store is slow: an incident is told without earlier verdicts");
                Vec::new()
            }
        }
    };
    similar(record, opened, &judgements)
}

/// The minutes before the incident and its newest ones; and, of the latter, what each version says. What was fetched
/// or sealed again is only among the sealed ones.
async fn read(
    deps: &Deps,
    question: &gather::Question<'_>,
) -> Result<(Rollups, RollupsByVersion), SeriesStoreError> {
    let group = &question.service.log_group;
    let (from, to) = (question.began.plus(-BEFORE), question.window);
    let last_before = question.began.plus(-1);
    // Of an incident that lasts for days only both ends are read.
    let ranges = if question.onset == question.began {
        vec![(from, to)]
    } else {
        vec![(from, last_before), (question.onset, to)]
    };
    let mut whole = Rollups::new();
    for (from, to) in &ranges {
        let (raw, sealed) = tokio::try_join!(
            deps.series.raw_minutes(group, *from, *to),
            deps.series.sealed_minutes(group, *from, *to)
        )?;
        whole.extend(raw);
        whole.extend(sealed);
    }
    let newest = ranges.last().map_or(from, |range| range.0);
    let by_version = deps
        .series
        .raw_minutes_by_version(group, newest, to)
        .await?;
    Ok((whole, by_version))
}

/// The log events of one incident.
struct Search<'a> {
    logs: &'a dyn LogSearch,
    question: &'a gather::Question<'a>,
}

impl Search<'_> {
    /// `None`, and a line that says why, when the logs cannot be searched in time.
    async fn find(&self, pattern: &str, limit: u16) -> Option<Vec<FoundEvent>> {
        let query = LogQuery {
            log_group: self.question.service.log_group.clone(),
            from: self.question.onset.start(),
            to: self.question.window.plus(1).start(),
            pattern: pattern.to_owned(),
            limit,
            time: TIME,
        };
        match self.logs.find(&query).await {
            Ok(events) => Some(events),
            Err(error) => {
                let function = self.question.service.function();
                tracing::warn!(function, %error, "an incident is told without examples");
                None
            }
        }
    }
}

/// The account's use, and which other functions that are watched use most of it.
fn around(
    concurrency: &mut incidents::diagnosis::facts::Concurrency,
    service: &Service,
    known: &Known<'_>,
    question: &gather::Question<'_>,
) {
    let (onset, window) = (question.onset, question.window);
    let peak = |minutes: &BTreeMap<Minute, Series>, key: &SeriesKey| {
        let newest = minutes.range(onset.min(window.plus(-4))..=window);
        newest
            .filter_map(|(_, series)| series.get(key).and_then(Rollup::max))
            .max_by(f64::total_cmp)
    };
    if let Some(account) = known.recent.get(ACCOUNT_GROUP) {
        let of = |signal| peak(account, &SeriesKey::aws(None, signal));
        // What on-demand invocations cannot have; without it, what is busy.
        concurrency.account_peak = of(AwsSignal::ClaimedAccountConcurrency)
            .or_else(|| of(AwsSignal::ConcurrentExecutions));
    }
    concurrency.neighbours = known
        .recent
        .iter()
        .filter(|(group, _)| **group != service.log_group && *group != ACCOUNT_GROUP)
        .filter_map(|(group, minutes)| {
            let function = signals::series::function_of_log_group(group);
            let key = SeriesKey::aws(Some(function), AwsSignal::ConcurrentExecutions);
            Some((function.to_owned(), peak(minutes, &key)?))
        })
        .collect();
    if service.scope() == Scope::Account {
        concurrency.peak = concurrency.account_peak;
    }
}

#[cfg(test)]
mod tests;
