//! Keeps pages within what a person can read: asks the storm of the environment, and says what it held back.

use incidents::storm::{Answer, Asked, Limits, News};
use incidents::{Action, Context, Decision, Record, Storm, render_storm};
use platform::incident_store;
use platform::state_store::{AlertItem, Applied, Transition};
use signals::Minute;

use crate::records::{Records, STORM, storm_of};
use crate::watch::Service;
use crate::{Deps, Error};

/// How often it is asked anew when another detector's pages came in between.
const ATTEMPTS: u32 = 5;

/// Whether each decision's page goes out by itself; what is no page does. The answers are stored.
pub(crate) async fn ask<'a>(
    deps: &Deps,
    records: &mut Records,
    decisions: impl Iterator<Item = (&'a Decision, Minute)> + Clone,
) -> Result<Vec<Answer>, Error> {
    for _ in 0..ATTEMPTS {
        let Some(before) = &records.storm else {
            return Ok(decisions.map(|_| Answer::Page).collect());
        };
        let mut storm = before.clone();
        let answers = decisions
            .clone()
            .map(|(decision, window)| answer(deps, &mut storm, decision, window))
            .collect();
        let Some(next) = storm.after(before) else {
            return Ok(answers);
        };
        if write(deps, records, next, None).await? {
            return Ok(answers);
        }
    }
    Err(contended())
}

fn answer(deps: &Deps, storm: &mut Storm, decision: &Decision, window: Minute) -> Answer {
    let Some(next) = &decision.next else {
        return Answer::Page;
    };
    let limits = deps.watch.detector.incidents.storm();
    match (&next.incident, decision.action) {
        // Its own record says who hears that it is over.
        (Some(incident), Action::Resolve) => {
            storm.resolved(&next.fingerprint, &incident.id, window);
            Answer::Page
        }
        (Some(incident), Action::Reopen) => {
            storm.reopened(&next.fingerprint, &incident.id);
            ask_of(&mut *storm, decision.action, next, window, &limits)
        }
        _ => ask_of(storm, decision.action, next, window, &limits),
    }
}

fn ask_of(
    storm: &mut Storm,
    action: Action,
    next: &Record,
    window: Minute,
    limits: &Limits,
) -> Answer {
    Asked::of(action, next, window).map_or(Answer::Page, |asked| storm.ask(&asked, limits))
}

/// Says what is due of the storm at the end of `window`, in one write with what it says.
pub(crate) async fn tell(
    deps: &Deps,
    records: &mut Records,
    window: Minute,
    context: impl Fn(&Service) -> Context,
) -> Result<(), Error> {
    let limits = deps.watch.detector.incidents.storm();
    for _ in 0..ATTEMPTS {
        let Some(before) = &records.storm else {
            return Ok(());
        };
        let mut storm = before.clone();
        storm.settle(window, |group, incident| records.is_open(group, incident));
        let news = storm.due(window, &limits);
        let Some(next) = storm.after(before) else {
            return Ok(());
        };
        let said = news.map(|news| {
            let first = first(deps, &news);
            let context = first.map_or_else(|| nowhere(deps), &context);
            let publications = render_storm(&context, &news);
            (news, publications)
        });
        if write(deps, records, next, said).await? {
            return Ok(());
        }
    }
    Err(contended())
}

/// The service that moved first: whoever owns it begins.
fn first<'a>(deps: &'a Deps, news: &News) -> Option<&'a Service> {
    let first = news.first()?;
    let is_its = |service: &&Service| {
        crate::groups::kinds(service).iter().any(|kind| {
            crate::groups::group(&deps.watch, service, *kind)
                .is_ok_and(|group| group.fingerprint() == first.fingerprint)
        })
    };
    deps.watch.watched().find(is_its)
}

/// Where the environment is, when the service is no longer watched.
fn nowhere(deps: &Deps) -> Context {
    Context {
        region: deps.watch.region.clone(),
        account: deps.watch.account.clone(),
        local: deps.watch.local_zone(),
        runbook_base: Some(deps.watch.runbooks.clone()),
        ..Context::default()
    }
}

/// Stores the storm; `false` when another detector was faster, and then `records` has what it stored.
async fn write(
    deps: &Deps,
    records: &mut Records,
    next: Storm,
    said: Option<(News, Vec<incidents::Publication>)>,
) -> Result<bool, Error> {
    let outbox = match &said {
        Some((news, publications)) => incident_store::waiting(news.id.as_str(), publications)?,
        None => Vec::new(),
    };
    let transition = Transition {
        alert: AlertItem {
            fingerprint: STORM.to_owned(),
            version: next.ver,
            body: next.to_json(),
        },
        incident: None,
        outbox,
    };
    if deps.state.apply(&transition).await? == Applied::Yes {
        if let Some((news, _)) = said {
            tracing::info!(storm = news.id.as_str(), groups = news.groups(), kind = ?news.kind, "alert storm told");
        }
        records.storm = Some(next);
        return Ok(true);
    }
    let stored = deps.state.alert(STORM).await?;
    records.storm = storm_of(deps, stored.as_ref().map(|item| item.body.as_str()));
    Ok(false)
}

fn contended() -> Error {
    Error::Contended {
        fingerprint: STORM.to_owned(),
        attempts: ATTEMPTS,
    }
}
