//! `outrider detect`: an anomaly score for each row of CSV files, with the one parameter set.
//!
//! Streaming: the score of a row depends on the rows up to it, so a shorter copy of a file gets the same scores. A file
//! costs constant memory. It is written under a temporary name and renamed when it is whole, so that nobody ever sees
//! half of one; a file that cannot be scored is named, leaves nothing, and does not keep the others from being scored.

use std::io::{IsTerminal, Write};
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};

use anyhow::{Context, bail};
use clap::Args;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use serde::Serialize;

mod folders;
mod moment;
mod score;
mod table;
#[cfg(test)]
mod tests;

use folders::{Folders, Job};
use score::Counts;

/// Files are independent of each other; more threads would wait for the disk.
const THREADS: usize = 2;

/// `detect --input DIR --output DIR [--json]`
#[derive(Debug, Args)]
pub struct DetectArgs {
    /// Every `*.csv` below this folder is scored. The first line names the columns; `timestamp` and `value` are read,
    /// in any case and order. A timestamp is RFC 3339, `YYYY-MM-DD HH:MM:SS` (UTC), or seconds or milliseconds since
    /// 1970; a value is a number, and empty, NaN or infinite when it is missing
    #[arg(long, value_name = "DIR")]
    pub input: PathBuf,
    /// Where the scores go: the same relative paths, with `timestamp,value,anomaly_score`
    #[arg(long, value_name = "DIR")]
    pub output: PathBuf,
    /// One JSON document on standard output and nothing else
    #[arg(long)]
    pub json: bool,
}

/// The document of `--json`.
#[derive(Debug, Default, Serialize)]
struct Summary {
    /// Files that were scored.
    files: usize,
    /// Files that could not be.
    failed: usize,
    /// Symbolic links that were not followed: they lead out of the folder, or to a folder.
    links_left_out: usize,
    #[serde(flatten)]
    counts: Counts,
    output: String,
}

/// Runs the command: 0 when every file was scored, 2 when one could not be.
///
/// # Errors
/// Folders that cannot be read or written, or that lie in each other; a folder without any CSV.
pub fn run(
    args: &DetectArgs,
    stdout: &mut dyn Write,
    stderr: &mut dyn Write,
) -> anyhow::Result<ExitCode> {
    let folders = Folders::open(&args.input, &args.output)?;
    let (jobs, links_left_out) = folders.jobs()?;
    if jobs.is_empty() {
        bail!(
            "{}: there is no *.csv in this folder or below it; name the folder that holds the series with --input",
            args.input.display()
        );
    }
    let bar = progress(&jobs);
    let outcomes = score_all(&jobs, &bar);
    bar.finish_and_clear();

    let mut summary = Summary {
        links_left_out,
        output: args.output.display().to_string(),
        ..Summary::default()
    };
    let mut first = None;
    for outcome in outcomes {
        match outcome {
            Ok(counts) => {
                summary.files += 1;
                summary.counts.add(counts);
            }
            Err(error) => {
                summary.failed += 1;
                first.get_or_insert(error);
            }
        }
    }
    let written = if args.json {
        writeln!(stdout, "{}", serde_json::to_string(&summary)?)
    } else {
        writeln!(stdout, "{}", told(&summary))
    };
    crate::ingest::or_gone(written.and_then(|()| stdout.flush()))?;
    let Some(error) = first else {
        return Ok(ExitCode::SUCCESS);
    };
    let others = match summary.failed - 1 {
        0 => String::new(),
        1 => " (and 1 other file cannot be scored)".to_owned(),
        more => format!(" (and {more} other files cannot be scored)"),
    };
    let line = crate::cli::one_line(&format!("{error:#}{others}"));
    writeln!(stderr, "outrider: {line}")?;
    Ok(ExitCode::from(2))
}

fn told(summary: &Summary) -> String {
    let Summary {
        files,
        counts,
        links_left_out,
        output,
        ..
    } = summary;
    let mut line = format!(
        "{files} files, {} rows scored, scores in {output}",
        counts.rows
    );
    for (count, what) in [
        (counts.missing, "without a value"),
        (counts.not_later, "not later than the row before"),
    ] {
        if count > 0 {
            line.push_str(&format!("; {count} rows {what}"));
        }
    }
    if *links_left_out > 0 {
        line.push_str(&format!("; {links_left_out} symbolic links left out"));
    }
    line
}

/// Scores every file, two at a time. The outcomes are in the order of the files, whoever was faster.
fn score_all(jobs: &[Job], bar: &ProgressBar) -> Vec<anyhow::Result<Counts>> {
    let next = AtomicUsize::new(0);
    let outcomes: Mutex<Vec<Option<anyhow::Result<Counts>>>> =
        Mutex::new(jobs.iter().map(|_| None).collect());
    let work = || {
        while let Some((index, job)) = {
            let index = next.fetch_add(1, Ordering::Relaxed);
            jobs.get(index).map(|job| (index, job))
        } {
            let outcome = score::file(job, bar).with_context(|| job.from.display().to_string());
            outcomes.lock().unwrap_or_else(PoisonError::into_inner)[index] = Some(outcome);
        }
    };
    std::thread::scope(|scope| {
        for _ in 1..THREADS.min(jobs.len()) {
            scope.spawn(work);
        }
        work();
    });
    let outcomes = outcomes
        .into_inner()
        .unwrap_or_else(PoisonError::into_inner);
    // Each index was taken once, and the scope waited for all of them.
    outcomes.into_iter().flatten().collect()
}

fn progress(jobs: &[Job]) -> ProgressBar {
    let bar = ProgressBar::new(jobs.iter().map(|job| job.bytes).sum());
    let style = ProgressStyle::with_template("{bar:30} {bytes}/{total_bytes}");
    bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
    if !std::io::stderr().is_terminal() {
        bar.set_draw_target(ProgressDrawTarget::hidden());
    }
    bar
}
