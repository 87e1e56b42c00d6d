//! Turns what a window shows into transitions of incidents, each stored together with its messages.

use incidents::change::Heard;
use incidents::{
    Action, Audience, Context, Group, Incident, Mute, Observation, Record, Severity, Symptom,
    Transition, decide, inhibitor, render_with, silence::silenced_by,
};
use platform::state_store::{self, AlertItem, Applied, OutboxItem};
use serde::Serialize;
use signals::Minute;

use crate::diagnosis::{self, Known};
use crate::groups::{self, Recent};
use crate::watch::{Service, Watch};
use crate::{Deps, Error, Outcome};

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

/// Decides one window for every service.
pub(crate) async fn decide_window(
    deps: &Deps,
    known: &Known<'_>,
    window: Minute,
    outcome: &mut Outcome,
) -> Result<(), Error> {
    let nothing = Recent::new();
    let state = known.state;
    let due = window.plus(1).start();
    for service in deps.watch.watched() {
        let recent = known.recent.get(&service.log_group).unwrap_or(&nothing);
        // Causes come first among the kinds, so that what they mute is known when its turn comes.
        let mut active: Vec<Symptom> = Vec::new();
        for kind in groups::kinds(service) {
            let group = groups::group(&deps.watch, service, *kind)?;
            let policy = &deps.watch.detector.incidents;
            let mut observation = groups::observe(&group, service, state, recent, window, policy);
            observation.muted = inhibitor(group.symptom, &active)
                .map(|row| Mute::Cause(row.cause))
                .or_else(|| {
                    let silence = silenced_by(&group, known.silences, due)?;
                    let until = silence.ends(due)?;
                    Some(Mute::Silence { until })
                });
            let unaffected = groups::unaffected(&group, service, state);
            let seen = Seen {
                observation: &observation,
                unaffected: &unaffected,
            };
            let record = change(deps, service, group, seen, known, outcome).await?;
            // What nobody was told of speaks for nothing.
            let heard = |incident: &Incident| incident.audience != Audience::Nobody;
            if record.is_open() && record.incident.as_ref().is_some_and(heard) {
                active.push(record.group.symptom);
            }
        }
    }
    Ok(())
}

/// What a window shows of one group.
#[derive(Clone, Copy)]
struct Seen<'a> {
    observation: &'a Observation,
    /// Labels of what is not affected.
    unaffected: &'a [String],
}

/// The stored record of a group, or a new one.
pub(crate) async fn record_of(deps: &Deps, group: Group) -> Result<Record, Error> {
    Ok(
        match deps.state.alert(&group.fingerprint().to_string()).await? {
            Some(item) => Record::from_json(&item.body)?,
            None => Record::new(group),
        },
    )
}

/// Reads the group, decides, and stores the decision with its messages, again when somebody was faster.
async fn change(
    deps: &Deps,
    service: &Service,
    group: Group,
    seen: Seen<'_>,
    known: &Known<'_>,
    outcome: &mut Outcome,
) -> Result<Record, Error> {
    let observation = seen.observation;
    let due = observation.window.plus(1).start();
    for _ in 0..ATTEMPTS {
        let record = record_of(deps, group.clone()).await?;
        let decision = decide(&record, observation, &deps.watch.detector.incidents, due);
        let Some(next) = decision.next else {
            return Ok(record);
        };
        let looked =
            diagnosis::look(deps, service, known, decision.action, &next, observation).await;
        let publications = render_with(
            &context(&deps.watch, service, known),
            &Transition {
                action: decision.action,
                at: due,
                record: &next,
                members: &observation.members,
                unaffected: seen.unaffected,
                also_seen: &[],
                examples: &[],
            },
            &looked.findings,
        );
        let told = told(&next, decision.action, &decision.reason, &publications);
        let transition = stored(&next, &publications)?;
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

/// The transition to `next`, with its messages.
pub(crate) fn stored(
    next: &Record,
    publications: &[incidents::Publication],
) -> Result<state_store::Transition, Error> {
    let incident = next
        .incident
        .as_ref()
        .map(|incident| (incident.id.to_string(), incident.opened));
    let name = incident
        .as_ref()
        .map_or_else(String::new, |(id, _)| id.clone());
    let outbox = publications
        .iter()
        .map(|publication| {
            let body = serde_json::to_string(publication).map_err(|error| Error::Message {
                id: publication.id.clone(),
                message: error.to_string(),
            })?;
            Ok(OutboxItem {
                id: publication.id.clone(),
                incident: name.clone(),
                body,
                attempts: 0,
            })
        })
        .collect::<Result<_, Error>>()?;
    let alert = AlertItem {
        fingerprint: next.fingerprint.to_string(),
        version: next.ver,
        body: next.to_json(),
    };
    Ok(state_store::Transition {
        alert,
        incident,
        outbox,
    })
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
        .map(|(changed, (from, to))| Heard {
            at: Minute::from_index(changed.at).start(),
            from,
            to,
        });
    let version = facts.and_then(|facts| facts.version);
    Context {
        changes: known.changes.told(service.function(), heard),
        deploy_feed_last_seen: version
            .map(|_| known.state.window.start())
            .max(known.changes.last_seen()),
        change_feed: known.changes.is_connected(),
        ..place(watch, service)
    }
}

/// What is known of a service without a state: where it is and whose.
pub(crate) fn place(watch: &Watch, service: &Service) -> Context {
    Context {
        region: watch.region.clone(),
        account: watch.account.clone(),
        owner: Some(service.owner.clone()),
        local: watch.local_zone(),
        runbook_base: Some(watch.runbooks.clone()),
        log_group: Some(service.log_group.clone()),
        ..Context::default()
    }
}
