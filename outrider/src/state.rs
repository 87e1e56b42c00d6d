//! `outrider state export` and `import`: what the detector has learned as one file, so that a redeploy or a move is no
//! blind spot.
//!
//! The file holds the state object of each shard, how far it came, the minutes it has still to learn, and the records
//! of incidents. A detector that begins with them goes on as the other one would have, to the bit. Messages that wait
//! to be sent are not in it: whoever was to send them still does.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::Context;
use clap::{Args, Subcommand};
use serde::Serialize;

use crate::local::OpenDetector;

mod export;
mod file;
mod import;
#[cfg(test)]
mod tests;

use file::Contents;

/// `state export FILE`, `state import FILE [--replace]`, each with `[--data DIR] [--config FILE] [--json]`
#[derive(Debug, Args)]
pub(crate) struct StateArgs {
    #[command(subcommand)]
    pub(crate) action: Action,
    /// The data directory, whose detector must not be running; an import makes it if it is not there
    #[arg(long, default_value = ".outrider", global = true)]
    pub(crate) data: PathBuf,
    /// What is watched there (outrider.toml), if not what `up` watches
    #[arg(long, value_name = "FILE", global = true)]
    pub(crate) config: Option<PathBuf>,
    /// One JSON document on standard output and nothing else
    #[arg(long, global = true)]
    pub(crate) json: bool,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Action {
    /// Write what the detector has learned to a file
    Export {
        /// The file; one that is there is replaced
        file: PathBuf,
    },
    /// Begin with what another detector has learned
    Import {
        /// What `export` wrote
        file: PathBuf,
        /// Put it in the place of what the detector here has learned
        #[arg(long)]
        replace: bool,
    },
}

/// What was done with one shard.
#[derive(Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Moved {
    shard: u16,
    /// The last minute that is learned.
    learned: String,
    /// The last minute that was decided.
    decided: String,
    series: usize,
    /// What was there before; `null`: nothing.
    replaced: Option<Replaced>,
}

/// A state that was there.
#[derive(Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Replaced {
    learned: String,
    /// `null`: its object was gone or unusable.
    series: Option<usize>,
}

/// The document of `--json`.
#[derive(Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Summary {
    file: String,
    shards: Vec<Moved>,
    /// Minutes of log groups that come with the states.
    minutes: usize,
    /// Records of incidents.
    incidents: usize,
    #[serde(skip)]
    done: &'static str,
}

/// Runs the command.
///
/// # Errors
/// A data directory that is in use or holds nothing; a file that cannot be read or written, or is of no use here.
pub(crate) async fn run(args: &StateArgs, stdout: &mut dyn Write) -> anyhow::Result<ExitCode> {
    let summary = match &args.action {
        Action::Export { file } => {
            let open = OpenDetector::open(&args.data, args.config.as_deref()).await?;
            let exported = export::of(&open.deps).await;
            open.close().await?;
            let contents = exported?;
            write(file, &contents.encode()?)?;
            import::summary(file, &contents, "written")?
        }
        Action::Import { file, replace } => {
            let name = file.display();
            let bytes = std::fs::read(file).with_context(|| format!("{name}: cannot read it"))?;
            // Nothing is opened, and no folder is made, for a file that is of no use.
            let contents = Contents::decode(&bytes).with_context(|| name.to_string())?;
            import::states(&contents).with_context(|| name.to_string())?;
            let open = OpenDetector::make(&args.data, args.config.as_deref()).await?;
            let imported = import::into(&open.deps, &contents, *replace).await;
            open.close().await?;
            let mut summary = import::summary(file, &contents, "read")?;
            for (moved, done) in summary.shards.iter_mut().zip(imported?) {
                *moved = done;
            }
            summary
        }
    };
    let text = if args.json {
        serde_json::to_string(&summary)?
    } else {
        told(&summary)
    };
    crate::ingest::or_gone(writeln!(stdout, "{text}").and_then(|()| stdout.flush()))?;
    Ok(ExitCode::SUCCESS)
}

fn told(summary: &Summary) -> String {
    let mut lines: Vec<String> = summary.shards.iter().map(line).collect();
    lines.push(format!(
        "{} {}: {} shards, {} minutes that are still to be learned or are of the last hour, {} incidents",
        summary.file,
        summary.done,
        summary.shards.len(),
        summary.minutes,
        summary.incidents
    ));
    lines.join("\n")
}

fn line(moved: &Moved) -> String {
    let Moved {
        shard,
        learned,
        decided,
        series,
        replaced,
    } = moved;
    let replaced = replaced.as_ref().map_or_else(String::new, |replaced| {
        let series = replaced.series.map_or_else(
            || "unusable".to_owned(),
            |series| format!("{series} series"),
        );
        format!("; it replaced the state of {} ({series})", replaced.learned)
    });
    format!(
        "shard {shard}: {series} series, learned up to {learned}, decided up to {decided}{replaced}"
    )
}

/// Whole or not at all.
fn write(file: &Path, bytes: &[u8]) -> anyhow::Result<()> {
    let mut part = file.as_os_str().to_owned();
    part.push(".part");
    let part = PathBuf::from(part);
    std::fs::write(&part, bytes)
        .and_then(|()| std::fs::rename(&part, file))
        .with_context(|| format!("cannot write {}", file.display()))
}
