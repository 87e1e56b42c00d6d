//! Turns what a window shows into transitions of incidents, each stored together with its messages.

use incidents::change;
use incidents::storm::Answer;
use incidents::{
    Action, Audience, Condition, Context, Decision, Drill, Group, Heard, Mute, Observation, Record,
    Severity, Topic, Transition, decide, inhibitor, render_with, silence::silenced_by,
};
use jiff::Timestamp;
use platform::incident_store;
use platform::state_store::Applied;
use serde::Serialize;
use signals::Minute;

use crate::diagnosis::{self, Known};
use crate::groups::{self, Recent};
use crate::objectives;
use crate::records::Records;
use crate::watch::{Scope, Service, Watch};
use crate::{Deps, Error, Outcome, drill, storms};

/// How often a transition is decided anew when somebody else changed the same group in between.
const ATTEMPTS: u32 = 3;

/// An incident that changed.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Told {
    /// The service.
    pub service: String,
    /// What is wrong with it.
    pub symptom: &'static str,
    /// As [`Action::as_str`] spells it.
    pub action: &'static str,
    /// The rule that decided.
    pub reason: String,
    /// The incident.
    pub incident: String,
    /// Whether it is of the kind that somebody is woken for.
    pub page: bool,
    /// Messages that were put into the outbox.
    pub messages: usize,
    /// The first line that people read; empty when nobody is told.
    pub headline: String,
}

/// What a window came to for one group, before it is stored.
struct Pending<'a> {
    service: &'a Service,
    group: Group,
    observation: Observation,
    decision: Decision,
}

/// Decides one window for every service.
pub(crate) async fn decide_window(
    deps: &Deps,
    known: &Known<'_>,
    records: &mut Records,
    window: Minute,
    outcome: &mut Outcome,
) -> Result<(), Error> {
    let mut pending = Vec::new();
    for service in deps.watch.watched() {
        decide_service(deps, known, records, (service, window), &mut pending)?;
    }
    // Whether a page goes out by itself is stored before what it decides: a run that dies in between asks the same again.
    let asked = pending.iter().map(|it| (&it.decision, window));
    let answers = storms::ask(deps, records, asked).await?;
    let also_seen: Vec<_> = pending.iter().map(|it| explained(it, &pending)).collect();
    for ((one, answer), also_seen) in pending.into_iter().zip(answers).zip(also_seen) {
        let seen = Seen {
            unaffected: &groups::unaffected(&one.group, one.service, known.state),
            also_seen: &also_seen,
            observation: &one.observation,
        };
        let first = Some((one.decision, answer));
        let record = store(
            deps,
            one.service,
            one.group,
            seen,
            (known, records, first),
            outcome,
        );
        let record = record.await?;
        records.put(record);
    }
    let context = |service: &Service| context(&deps.watch, service, known);
    storms::tell(deps, records, window, context).await
}

/// Decides one window for the groups of one service; those that change are added to `pending`.
fn decide_service<'a>(
    deps: &Deps,
    known: &Known<'_>,
    records: &Records,
    (service, window): (&'a Service, Minute),
    pending: &mut Vec<Pending<'a>>,
) -> Result<(), Error> {
    let nothing = Recent::new();
    let recent = known.recent.get(&service.log_group).unwrap_or(&nothing);
    let policy = &deps.watch.detector.incidents;
    let due = window.plus(1).start();
    // Causes come first among the kinds, so that what they mute is known when its turn comes.
    let mut heard: Vec<Heard> = Vec::new();
    for kind in groups::kinds(service) {
        let group = groups::group(&deps.watch, service, *kind)?;
        let mut observation = groups::observe(&group, service, known.state, recent, window, policy);
        let explains =
            |one: &Heard| objectives::is_explained(&group, service, known.state, one.symptom);
        let causes: Vec<_> = heard.iter().copied().filter(explains).collect();
        observation.muted = inhibitor(group.symptom, &causes)
            .map(|row| Mute::Cause(row.cause))
            .or_else(|| {
                let silence = silenced_by(&group, known.silences, due)?;
                let until = silence.ends(due)?;
                Some(Mute::Silence { until })
            });
        let record = records.of(&group);
        let decision = decide(&record, &observation, policy, due);
        heard.extend(told_of(decision.next.as_ref().unwrap_or(&record), window));
        if decision.next.is_some() {
            pending.push(Pending {
                service,
                group,
                observation,
                decision,
            });
        }
    }
    Ok(())
}

/// What else breaches at the same service and is silent because of this.
fn explained(one: &Pending<'_>, all: &[Pending<'_>]) -> Vec<String> {
    let of_it = |other: &&Pending<'_>| {
        other.service.name == one.service.name
            && other.observation.muted == Some(Mute::Cause(one.group.symptom))
            && matches!(other.observation.condition, Condition::Breaching { .. })
    };
    let words = |other: &Pending<'_>| other.group.symptom.words(other.group.direction).to_owned();
    all.iter().filter(of_it).map(words).collect()
}

/// What people were told of an incident and since when it is over. What nobody was told of speaks for nothing, and what nobody
/// was called for, or somebody silenced since, is no page that is out already.
fn told_of(record: &Record, window: Minute) -> Option<Heard> {
    let incident = record.incident.as_ref()?;
    let ended = incident.resolved.map(|resolved| window.since(resolved));
    (incident.audience != Audience::Nobody).then(|| Heard {
        symptom: record.group.symptom,
        called: incident.paged.is_some() && !incident.silenced,
        ended: ended.filter(|_| !record.is_open()).unwrap_or(0),
    })
}

/// What a window shows of one group.
#[derive(Clone, Copy)]
struct Seen<'a> {
    observation: &'a Observation,
    /// Labels of what is not affected.
    unaffected: &'a [String],
    /// What else breaches, and is explained by it.
    also_seen: &'a [String],
}

/// The stored record of a group, or a new one.
pub(crate) async fn record_of(deps: &Deps, group: Group) -> Result<Record, Error> {
    let stored = incident_store::record(deps.state.as_ref(), &group.fingerprint()).await?;
    Ok(stored.unwrap_or_else(|| Record::new(group)))
}

/// Stores a decision with its messages. When somebody was faster, the group is read and decided anew.
async fn store(
    deps: &Deps,
    service: &Service,
    group: Group,
    seen: Seen<'_>,
    (known, records, mut first): (&Known<'_>, &mut Records, Option<(Decision, Answer)>),
    outcome: &mut Outcome,
) -> Result<Record, Error> {
    let observation = seen.observation;
    let due = observation.window.plus(1).start();
    for _ in 0..ATTEMPTS {
        let (decision, answer) = match first.take() {
            Some(first) => first,
            None => {
                let record = record_of(deps, group.clone()).await?;
                let policy = &deps.watch.detector.incidents;
                let decision = decide(&record, observation, policy, due);
                if decision.next.is_none() {
                    return Ok(record);
                }
                let asked = std::iter::once((&decision, observation.window));
                let answers = storms::ask(deps, records, asked).await?;
                (decision, answers.first().copied().unwrap_or(Answer::Page))
            }
        };
        let Some(mut next) = decision.next else {
            continue;
        };
        if answer == Answer::Hold {
            next.hold();
        }
        let looked =
            diagnosis::look(deps, service, known, decision.action, &next, observation).await;
        let mut publications = render_with(
            &Context {
                acknowledge: link(deps, &next, due),
                ..context(&deps.watch, service, known)
            },
            &Transition {
                action: decision.action,
                at: due,
                record: &next,
                members: &observation.members,
                unaffected: seen.unaffected,
                also_seen: seen.also_seen,
                examples: &[],
            },
            &looked.findings,
        );
        if answer == Answer::Hold {
            publications.retain(|publication| publication.topic != Topic::Page);
        }
        let told = told(&next, decision.action, &decision.reason, &publications);
        let transition = incident_store::transition(&next, &publications)?;
        match deps.state.apply(&transition).await? {
            Applied::Yes => {
                tracing::info!(
                    service = service.name, symptom = next.group.symptom.as_str(), window = %observation.window,
                    reason = ?decision.reason, "incident state changed"
                );
                outcome.diagnoses_failed += u64::from(looked.diagnosis_failed);
                outcome.log_searches_failed += looked.searches_failed;
                outcome.told.extend(told);
                return Ok(next);
            }
            Applied::Lost => {}
        }
    }
    Err(Error::Contended {
        fingerprint: group.fingerprint().to_string(),
        attempts: ATTEMPTS,
    })
}

/// Where the incident can be acknowledged, if links are configured. Without one a message says how a shell does it.
fn link(deps: &Deps, record: &Record, due: Timestamp) -> Option<String> {
    deps.links
        .as_ref()?
        .of(record, due)
        .inspect_err(|error| tracing::warn!(%error, "a message goes without its link"))
        .ok()
        .flatten()
}

fn told(
    next: &Record,
    action: Action,
    reason: &incidents::Reason,
    publications: &[incidents::Publication],
) -> Option<Told> {
    if action == Action::None {
        return None;
    }
    Some(Told {
        service: next.group.service.clone(),
        symptom: next.group.symptom.as_str(),
        action: action.as_str(),
        reason: reason.to_string(),
        incident: next
            .incident
            .as_ref()
            .map_or_else(String::new, |incident| incident.id.to_string()),
        page: next.group.severity() == Severity::Page,
        messages: publications.len(),
        headline: publications
            .first()
            .and_then(|first| first.email.lines().next())
            .unwrap_or_default()
            .to_owned(),
    })
}

/// What messages of a service can say beside the numbers. The version is heard in every minute that has one, so the
/// newest change of it is known; other changes are known where AWS tells of them, and messages say where it does not.
fn context(watch: &Watch, service: &Service, known: &Known<'_>) -> Context {
    let facts = known.state.facts(&service.log_group);
    let changed = facts.and_then(|facts| facts.changed);
    let versions = changed.map(|changed| (changed.from.to_string(), changed.to.to_string()));
    let heard = changed
        .zip(versions.as_ref())
        .map(|(changed, (from, to))| change::Heard {
            at: Minute::from_index(changed.at).start(),
            from,
            to,
        });
    let version = facts.and_then(|facts| facts.version);
    Context {
        objectives: objectives::standings(service, known.state, known.state.window),
        changes: known.changes.told(service.function(), heard),
        deploy_feed_last_seen: version
            .map(|_| known.state.window.start())
            .max(known.changes.last_seen()),
        change_feed: known.changes.is_connected(),
        drill: (service.scope() == Scope::Drill).then(|| Drill {
            started_by: known
                .recent
                .get(&service.log_group)
                .and_then(drill::started_by),
        }),
        ..place(watch, service)
    }
}

/// What is known of a service without a state: where it is and whose.
#[must_use]
pub fn place(watch: &Watch, service: &Service) -> Context {
    Context {
        region: watch.region.clone(),
        account: watch.account.clone(),
        owner: Some(service.owner.clone()),
        local: watch.local_zone(),
        runbook_base: Some(watch.runbooks.clone()),
        log_group: Some(service.log_group.clone()),
        drill: (service.scope() == Scope::Drill).then(Drill::default),
        ..Context::default()
    }
}
