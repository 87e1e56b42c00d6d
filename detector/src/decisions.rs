//! Turns what a window shows into transitions of incidents, each stored together with its messages.

use incidents::{
    Action, Context, Group, Observation, Record, Severity, Symptom, Transition, decide, inhibitor,
    render,
};
use platform::state_store::{self, AlertItem, Applied, OutboxItem};
use serde::Serialize;
use signals::Minute;

use crate::groups::{self, KINDS, Recent};
use crate::learning::ByLogGroup;
use crate::state::State;
use crate::watch::{Service, Watch};
use crate::{Deps, Error};

/// How often a transition is decided anew when somebody else changed the same group in between.
const ATTEMPTS: u32 = 3;

/// An incident that changed.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Told {
    /// The service.
    pub service: String,
    /// What is wrong with it.
    pub symptom: &'static str,
    /// `open`, `update`, `resolve` or `reopen`.
    pub action: &'static str,
    /// The rule that decided.
    pub reason: String,
    /// The incident.
    pub incident: String,
    /// Whether somebody is woken for it.
    pub page: bool,
    /// Messages that were put into the outbox.
    pub messages: usize,
    /// The first line that people read; empty when nobody is told.
    pub headline: String,
}

/// Decides one window for every service.
pub(crate) async fn decide_window(
    deps: &Deps,
    state: &State,
    recent: &ByLogGroup,
    window: Minute,
) -> Result<Vec<Told>, Error> {
    let nothing = Recent::new();
    let mut told = Vec::new();
    for service in &deps.watch.services {
        let recent = recent.get(&service.log_group).unwrap_or(&nothing);
        // Causes come first in KINDS, so that what they mute is known when its turn comes.
        let mut active: Vec<Symptom> = Vec::new();
        for kind in KINDS {
            let group = groups::group(&deps.watch, service, kind)?;
            let policy = &deps.watch.detector.incidents;
            let mut observation = groups::observe(&group, service, state, recent, window, policy);
            observation.inhibited_by = inhibitor(group.symptom, &active).map(|row| row.cause);
            let unaffected = groups::unaffected(&group, service, state);
            let (record, change) = change(deps, service, group, &observation, &unaffected).await?;
            if record.is_open() {
                active.push(record.group.symptom);
            }
            told.extend(change);
        }
    }
    Ok(told)
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
    observation: &Observation,
    unaffected: &[String],
) -> Result<(Record, Option<Told>), Error> {
    let due = observation.window.plus(1).start();
    for _ in 0..ATTEMPTS {
        let record = record_of(deps, group.clone()).await?;
        let decision = decide(&record, observation, &deps.watch.detector.incidents, due);
        let Some(next) = decision.next else {
            return Ok((record, None));
        };
        let publications = render(
            &context(&deps.watch, service),
            &Transition {
                action: decision.action,
                at: due,
                record: &next,
                members: &observation.members,
                unaffected,
                also_seen: &[],
                examples: &[],
            },
        );
        let told = told(&next, decision.action, &decision.reason, &publications);
        let transition = stored(&next, &publications)?;
        match deps.state.apply(&transition).await? {
            Applied::Yes => {
                tracing::info!(
                    service = service.name, symptom = next.group.symptom.as_str(), window = %observation.window,
                    reason = ?decision.reason, "incident state changed"
                );
                return Ok((next, told));
            }
            Applied::Lost => {}
        }
    }
    Err(Error::Contended {
        fingerprint: group.fingerprint().to_string(),
        attempts: ATTEMPTS,
    })
}

fn stored(
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
    let action = match action {
        Action::None => return None,
        Action::Open => "open",
        Action::Update => "update",
        Action::Resolve => "resolve",
        Action::Reopen => "reopen",
    };
    Some(Told {
        service: next.group.service.clone(),
        symptom: next.group.symptom.as_str(),
        action,
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

/// What messages of a service can say beside the numbers. No feed of deploys is connected yet, and they say so.
fn context(watch: &Watch, service: &Service) -> Context {
    Context {
        region: watch.region.clone(),
        account: watch.account.clone(),
        owner: Some(service.owner.clone()),
        local: watch.local_zone(),
        runbook_base: Some(watch.runbooks.clone()),
        dashboard: None,
        log_group: Some(service.log_group.clone()),
        changes: Vec::new(),
        deploy_feed_last_seen: None,
    }
}
