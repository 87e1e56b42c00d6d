//! `outrider incidents`: what happened, who takes it on, and what it turned out to be.

use std::collections::BTreeMap;
use std::process::ExitCode;

use anyhow::{Context, bail};
use clap::{Args, Subcommand};
use detector::drill;
use detector::taking::{self, Acknowledged};
use incidents::{IncidentId, Judgement, Record, Status, Verdict, tally};
use serde_json::json;
use signals::Minute;

use crate::place::Place;

/// Arguments of `outrider incidents`.
#[derive(Debug, Args)]
pub(crate) struct IncidentsArgs {
    #[command(subcommand)]
    action: Action,
    #[command(flatten)]
    place: Place,
    /// One JSON document on standard output and nothing else
    #[arg(long, global = true)]
    json: bool,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// The incidents of the last weeks, newest first
    List,
    /// One incident, and what AWS told of changes around it
    Show {
        /// Its id, or the beginning of it
        id: String,
    },
    /// How often somebody was told, or would have been in shadow mode, and what it turned out to be
    Pages {
        /// Days up to the newest minute that was judged, 1 to 35
        #[arg(long, default_value_t = 28, value_parser = clap::value_parser!(i64).range(1..=taking::DAYS))]
        days: i64,
    },
    /// Take an incident on: repeats go to the chat only, and nothing escalates, until it resolves
    Ack {
        /// Its id, or the beginning of it
        id: String,
        /// Who takes it on
        #[arg(long, value_name = "NAME")]
        by: String,
    },
    /// Say afterwards what an incident was; later ones like it tell so
    Verdict {
        /// Its id, or the beginning of it
        id: String,
        /// real: something was broken; expected: somebody knew; false: nothing was wrong
        verdict: Verdict,
        /// Who says so
        #[arg(long, value_name = "NAME")]
        by: String,
        /// Why, in one line
        #[arg(long, value_name = "TEXT")]
        note: Option<String>,
    },
}

/// Runs the command.
///
/// # Errors
/// A data directory that is in use or holds no state; an id that no incident has, or that is over; names that cannot be
/// shown.
pub(crate) async fn run(
    args: IncidentsArgs,
    say: &mut dyn FnMut(&str),
) -> anyhow::Result<ExitCode> {
    let place = args.place.open().await?;
    let done = act(&args, place.deps(), say).await;
    place.close().await?;
    done.map(|()| ExitCode::SUCCESS)
}

async fn act(
    args: &IncidentsArgs,
    deps: &detector::Deps,
    say: &mut dyn FnMut(&str),
) -> anyhow::Result<()> {
    match &args.action {
        Action::List => list(args.json, &found(args, deps, "").await?, say),
        Action::Show { id } => {
            let found = found(args, deps, id).await?;
            if found.records.is_empty() {
                bail!(
                    "no incident of the last {} days has the id {id:?}; `outrider incidents list` names them",
                    taking::DAYS
                );
            }
            show(args.json, deps, &found, say).await
        }
        Action::Pages { days } => pages(args, deps, *days, say).await,
        Action::Ack { id, by } => {
            let taken = taking::acknowledge(deps, id, by).await?;
            let by = by.trim();
            let (id, first, text) = match &taken {
                Acknowledged::Now(id) => (
                    id,
                    by,
                    "takes it on; the chat is told by the detector's next run",
                ),
                Acknowledged::Untold(id) => (
                    id,
                    by,
                    "takes it on; it is muted, and nobody has been told of it",
                ),
                Acknowledged::Already(id, first) => {
                    (id, first.by.as_str(), "took it on already; nothing changes")
                }
            };
            let first = shown(first);
            say(&if args.json {
                let changed = !matches!(taken, Acknowledged::Already(..));
                json!({"incident": id, "acknowledged_by": first, "changed": changed}).to_string()
            } else {
                format!("{id}: {first} {text}")
            });
            Ok(())
        }
        Action::Verdict {
            id,
            verdict,
            by,
            note,
        } => {
            let judgement = taking::judge(deps, id, *verdict, by, note.as_deref()).await?;
            say(&if args.json {
                judgement.to_json()
            } else {
                format!(
                    "{}: {}, says {}; later incidents like it will tell so",
                    judgement.incident, judgement.verdict, judgement.by
                )
            });
            Ok(())
        }
    }
}

async fn pages(
    args: &IncidentsArgs,
    deps: &detector::Deps,
    days: i64,
    say: &mut dyn FnMut(&str),
) -> anyhow::Result<()> {
    let newest = newest(args, deps).await?;
    let mut history = taking::history(deps, newest).await?;
    history.retain(|record| {
        let opened = record.incident.as_ref().map(|incident| incident.opened);
        opened.is_some_and(|opened| newest.since(opened) < days * 1_440)
    });
    // A drill is a test: nobody's false alarm, and no page of a service.
    let all = history.len();
    history.retain(|record| record.group.service != drill::SERVICE);
    let drills = all - history.len();
    let tallies = tally(&history, &taking::judgements(deps).await?);
    let pages: u32 = tallies
        .iter()
        .filter(|one| one.page)
        .map(|one| one.incidents)
        .sum();
    #[expect(clippy::cast_precision_loss, reason = "services and days")]
    let weeks = deps.watch.services.len().max(1) as f64 * days as f64 / 7.0;
    let shadow = deps.watch.detector.shadow;
    if args.json {
        let document = json!({
            "days": days, "shadow": shadow, "pages": pages, "drills": drills,
            "pages_per_service_week": f64::from(pages) / weeks, "kinds": tallies,
        });
        say(&document.to_string());
        return Ok(());
    }
    let told = if shadow { "would have been" } else { "were" };
    say(&format!(
        "{pages} pages {told} sent in {days} days, {:.2} a service and week",
        f64::from(pages) / weeks
    ));
    for one in &tallies {
        let [real, expected, wrong] = one.judged;
        let rest = one.incidents - real - expected - wrong;
        say(&format!(
            "{:6}  {} {}: {} incidents, {} messages; {real} real, {expected} expected, {wrong} false, {rest} not judged",
            if one.page { "page" } else { "ticket" },
            one.service,
            one.what,
            one.incidents,
            one.messages,
        ));
    }
    if drills > 0 {
        say(&format!("beside them {drills} drills"));
    }
    Ok(())
}

/// The newest minute that was judged.
async fn newest(args: &IncidentsArgs, deps: &detector::Deps) -> anyhow::Result<Minute> {
    let pointer = deps.state.pointer(0).await?;
    pointer.map(|pointer| pointer.decided).with_context(|| {
        if args.place.aws {
            "the detector has never run in this account".to_owned()
        } else {
            format!(
                "the detector has never run in {}",
                args.place.data.display()
            )
        }
    })
}

/// Incidents and what was said of them.
struct Found {
    records: Vec<Record>,
    judgements: BTreeMap<IncidentId, Judgement>,
}

async fn found(args: &IncidentsArgs, deps: &detector::Deps, id: &str) -> anyhow::Result<Found> {
    let mut records = taking::history(deps, newest(args, deps).await?).await?;
    records.retain(|record| id_of(record).starts_with(id));
    let judgements = taking::judgements(deps).await?;
    let judgements = judgements
        .into_iter()
        .map(|judgement| (judgement.incident.clone(), judgement))
        .collect();
    Ok(Found {
        records,
        judgements,
    })
}

fn id_of(record: &Record) -> &str {
    record
        .incident
        .as_ref()
        .map_or("", |incident| incident.id.as_str())
}

fn list(json: bool, found: &Found, say: &mut dyn FnMut(&str)) -> anyhow::Result<()> {
    if !json {
        for record in &found.records {
            say(&line(record, &found.judgements));
        }
        return Ok(());
    }
    let documents = found.records.iter().map(|record| document(record, found));
    say(&serde_json::to_string(
        &documents.collect::<anyhow::Result<Vec<_>>>()?,
    )?);
    Ok(())
}

fn document(record: &Record, found: &Found) -> anyhow::Result<serde_json::Value> {
    let mut document: serde_json::Value = serde_json::from_str(&record.to_json())?;
    let judgement = record
        .incident
        .as_ref()
        .and_then(|incident| found.judgements.get(&incident.id));
    if let Some(judgement) = judgement {
        document["verdict"] = serde_json::to_value(judgement)?;
    }
    Ok(document)
}

/// Each incident with the changes around it: lines below it, or the member `changes`.
async fn show(
    json: bool,
    deps: &detector::Deps,
    found: &Found,
    say: &mut dyn FnMut(&str),
) -> anyhow::Result<()> {
    let mut documents = Vec::new();
    for record in &found.records {
        let changes = detector::around(deps, record).await?;
        if json {
            let mut document = document(record, found)?;
            document["changes"] = serde_json::to_value(&changes)?;
            documents.push(document);
        } else {
            say(&line(record, &found.judgements));
            for change in &changes {
                say(&format!("  changed {} {}", change.at, shown(&change.text)));
            }
        }
    }
    if json {
        say(&serde_json::to_string(&documents)?);
    }
    Ok(())
}

/// A text that somebody may have stored without asking anybody, as one line.
fn shown(text: &str) -> String {
    text.chars().filter(|char| !char.is_control()).collect()
}

fn line(record: &Record, judgements: &BTreeMap<IncidentId, Judgement>) -> String {
    let group = &record.group;
    let what = format!("{} {}", group.service, group.symptom.words(group.direction));
    let Some(incident) = &record.incident else {
        return what;
    };
    let end = incident.resolved.map_or_else(
        || match record.status {
            Status::Flapping => "open, comes and goes".to_owned(),
            _ => "open".to_owned(),
        },
        |minute: Minute| format!("resolved {minute}"),
    );
    let taken = incident
        .acknowledged
        .as_ref()
        .map_or_else(String::new, |taken| {
            format!(", taken by {}", shown(&taken.by))
        });
    let verdict = judgements
        .get(&incident.id)
        .map_or_else(String::new, |judgement| {
            let note = judgement
                .note
                .as_ref()
                .map_or_else(String::new, |note| format!(": {note}"));
            format!("; {}, says {}{note}", judgement.verdict, judgement.by)
        });
    format!(
        "{}  {what}: since {}, {end}{taken}, {} message(s){verdict}",
        incident.id, incident.onset, incident.seq
    )
}

#[cfg(test)]
mod tests;
