//! `outrider incidents`: reads the state of a data directory.

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context, bail};
use clap::{Args, Subcommand};
use incidents::Record;
use signals::Minute;

use crate::local;

/// Arguments of `outrider incidents`.
#[derive(Debug, Args)]
pub(crate) struct IncidentsArgs {
    #[command(subcommand)]
    action: Action,
    /// The data directory of a demo or of `up`, which must not be running
    #[arg(long, default_value = ".outrider", global = true)]
    data: PathBuf,
    /// One JSON document on standard output and nothing else
    #[arg(long, global = true)]
    json: bool,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// The incidents of the last weeks, newest first
    List,
    /// One incident
    Show {
        /// Its id, or the beginning of it
        id: String,
    },
}

/// Days of history that are listed.
const DAYS: i64 = 35;

/// Runs the command.
///
/// # Errors
/// A data directory that is in use or holds no state; an id that no incident has.
pub(crate) async fn run(
    args: IncidentsArgs,
    say: &mut dyn FnMut(&str),
) -> anyhow::Result<ExitCode> {
    let state = local::OpenState::open(&args.data).await?;
    let newest = state
        .store()
        .pointer(0)
        .await?
        .map(|pointer| pointer.decided);
    let newest =
        newest.with_context(|| format!("the detector has never run in {}", args.data.display()))?;
    let bodies = state
        .store()
        .history(newest.plus(-DAYS * 1_440), newest)
        .await?;
    let records = bodies
        .iter()
        .map(|body| Record::from_json(body))
        .collect::<Result<Vec<_>, _>>()?;
    let chosen = match &args.action {
        Action::List => records,
        Action::Show { id } => {
            let found: Vec<_> = records
                .into_iter()
                .filter(|record| id_of(record).starts_with(id.as_str()))
                .collect();
            if found.is_empty() {
                bail!(
                    "no incident of the last {DAYS} days has the id {id:?}; `outrider incidents list` names them"
                );
            }
            found
        }
    };
    state.close().await?;
    if args.json {
        say(&serde_json::to_string(&chosen)?);
    } else {
        for record in &chosen {
            say(&line(record));
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn id_of(record: &Record) -> String {
    record
        .incident
        .as_ref()
        .map(|incident| incident.id.to_string())
        .unwrap_or_default()
}

fn line(record: &Record) -> String {
    let group = &record.group;
    let what = format!("{} {}", group.service, group.symptom.words(group.direction));
    let Some(incident) = &record.incident else {
        return what;
    };
    let end = incident.resolved.map_or_else(
        || "open".to_owned(),
        |minute: Minute| format!("resolved {minute}"),
    );
    format!(
        "{}  {what}: since {}, {end}, {} message(s)",
        incident.id, incident.onset, incident.seq
    )
}
