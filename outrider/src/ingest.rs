//! `outrider ingest`: log-processor on files of subscription payloads, without a store; and, with `--from-dlq`, on what
//! log-processor could not write, into the store.
//!
//! It calls the very function that the Lambda function calls. Without a store it merges what the store's readers would
//! merge: a log event that is there twice counts once.

use std::io::{ErrorKind, Write};
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Context;
use clap::Args;

mod cpu;
mod found;
pub(crate) mod input;
pub(crate) mod once;
mod owned;
mod replay;
#[cfg(test)]
mod tests;

use found::Found;
pub use replay::ReplayArgs;

/// `ingest [--summary] [--repeat N] FILE…`, `ingest --from-dlq …`
#[derive(Debug, Args)]
pub struct IngestArgs {
    /// One JSON document about the whole, instead of a line for each series and minute
    #[arg(long, conflicts_with = "from_dlq")]
    pub summary: bool,
    /// With --summary: process the input N times, each time from nothing; `seconds` is the best of them
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..), conflicts_with = "from_dlq")]
    pub repeat: u32,
    /// Replay what log-processor could not write
    #[command(flatten)]
    pub replay: ReplayArgs,
    /// Subscription payloads: `.json` holds one Lambda event, `.jsonl` one a line; `-` is standard input. With
    /// --from-dlq: the URL of a queue, or files and folders of records
    #[arg(value_name = "FILE", required_unless_present = "from_dlq")]
    pub files: Vec<PathBuf>,
}

/// Runs the command, whichever of the two it is.
///
/// # Errors
/// As [`run`]; a store or a queue that cannot be opened.
pub async fn command(
    args: &IngestArgs,
    stdout: &mut dyn Write,
    stderr: &mut dyn Write,
) -> anyhow::Result<ExitCode> {
    if args.replay.from_dlq {
        replay::run(&args.replay, &args.files, stdout, stderr).await
    } else {
        run(args, stdout, stderr)
    }
}

/// Runs the command without a store: results on `stdout`, at most one line on `stderr`. A payload that cannot be read
/// is named there and counted in the summary; the others are processed all the same, and the exit code is 2.
///
/// # Errors
/// A file that cannot be read or has another extension; an output that cannot be written.
pub fn run(
    args: &IngestArgs,
    stdout: &mut dyn Write,
    stderr: &mut dyn Write,
) -> anyhow::Result<ExitCode> {
    let inputs = input::read(&args.files)?;
    let found = Found::of(&inputs);
    let written = if args.summary {
        let seconds = cpu::best_seconds(&inputs, args.repeat);
        let line = serde_json::to_string(&found.summary(inputs.len(), seconds))?;
        writeln!(stdout, "{line}").and_then(|()| stdout.flush())
    } else {
        found.write_lines(stdout)
    };
    or_gone(written)?;
    if let Some((index, error)) = found.unreadable.first() {
        let others = match found.unreadable.len() - 1 {
            0 => String::new(),
            1 => " (and 1 other payload cannot be read)".to_owned(),
            more => format!(" (and {more} other payloads cannot be read)"),
        };
        writeln!(
            stderr,
            "outrider: {}: {error}{others}",
            inputs[*index].name()
        )?;
        return Ok(ExitCode::from(2));
    }
    if let Some(line) = again(found.batches_again, found.events_again) {
        writeln!(stderr, "outrider: {line}")?;
    }
    Ok(ExitCode::SUCCESS)
}

/// A reader that has gone away (`| head`) wants no more lines, and the exit code is as true as before.
pub(crate) fn or_gone(written: std::io::Result<()>) -> anyhow::Result<()> {
    match written {
        Err(error) if error.kind() == ErrorKind::BrokenPipe => Ok(()),
        written => written.context("cannot write the output"),
    }
}

/// What was there more than once.
fn again(batches: u64, events: u64) -> Option<String> {
    let what = match (batches, events) {
        (0, 0) => return None,
        (batches, 0) => format!("{batches} batches"),
        (0, events) => format!("{events} log events"),
        (batches, events) => format!("{batches} batches and {events} log events of others"),
    };
    Some(format!(
        "{what} are there more than once and were counted once"
    ))
}
