//! `outrider replay`: what the detector would have said of recorded minutes.
//!
//! The detector is the one that runs on AWS, invoked once for each minute of the recording, on stores in memory and a
//! clock that stands where the recording is. Nothing is decided here, and no network is touched.

use std::io::{IsTerminal, Write};
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;

use anyhow::{Context, bail};
use clap::Args;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use signals::Minute;

mod alerts;
mod line;
mod messages;
mod recording;
mod rollups;
mod services;
mod story;
#[cfg(test)]
mod tests;
mod world;

use recording::Recording;
use story::Story;
use world::World;

/// Minutes that a recording may span. One wrong timestamp would else be years of silence, replayed minute by minute.
const LONGEST: i64 = 400 * 24 * 60;

/// `replay FILE… [--config FILE] [--from TIME] [--messages DIR] [--json]`
///
/// Exit codes: 0 nobody would have been paged, 1 somebody would have been, 2 wrong use or bad input.
#[derive(Debug, Args)]
pub struct ReplayArgs {
    /// Recorded rollups (what `outrider ingest` prints) or subscription payloads, in any mixture: `.jsonl` has one a
    /// line, `.json` is one; `-` is standard input
    #[arg(value_name = "FILE", required = true)]
    pub files: Vec<PathBuf>,
    /// What is watched, as on AWS (outrider.toml). Without it, and for what it does not name, every function or log
    /// group that is found is a service
    #[arg(long, value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// The first minute that is judged, RFC 3339. What was recorded before it is history: learned, and nobody is told
    #[arg(long, value_name = "TIME")]
    pub from: Option<String>,
    /// Write each message, as SNS would get it, to a file of its own in this folder, which must be empty
    #[arg(long, value_name = "DIR")]
    pub messages: Option<PathBuf>,
    /// One JSON document on standard output and nothing else
    #[arg(long)]
    pub json: bool,
}

/// Runs the command: 0 when nobody would have been paged, 1 when somebody would have been.
///
/// # Errors
/// Files that cannot be read or are no recording; a configuration that is wrong; a folder for messages that holds
/// something.
pub async fn run(args: &ReplayArgs, stdout: &mut dyn Write) -> anyhow::Result<ExitCode> {
    let from = args.from.as_deref().map(first_minute).transpose()?;
    let configured = args
        .config
        .as_deref()
        .map(crate::local::configured)
        .transpose()?;
    let inputs = crate::ingest::input::read(&args.files)?;
    let mut recording = Recording::read(&inputs)?;
    drop(inputs);
    let Some((first, last)) = recording.span() else {
        bail!("there is nothing in these files: no minute has a rollup");
    };
    if last.since(first) > LONGEST {
        bail!(
            "the recording spans {} days, from {first} to {last}: {} are the most; cut what lies apart, or correct its timestamps",
            last.since(first) / 1_440,
            LONGEST / 1_440
        );
    }
    let watch = services::watch(configured, &mut recording)?;
    let from = from.unwrap_or(first);
    if from > last {
        bail!("--from {from}: the recording ends before, at {last}");
    }
    let inbox = Arc::new(messages::Inbox::open(args.messages.as_deref())?);
    let world = World::new(watch, inbox.clone(), from.start());
    let mut story = Story::new(from, last, &recording);
    let bar = progress(last.since(from));
    if !args.json {
        writeln!(stdout, "{}", story.opening(&world.deps.watch)).or_else(gone)?;
    }
    let mut minutes = recording.into_minutes();
    while let Some((minute, batches)) = minutes.next_until(from.plus(-1)) {
        world.record(minute, batches);
    }
    for index in from.index()..=last.index() {
        let minute = Minute::from_index(index);
        bar.set_position(u64::try_from(minute.since(from)).unwrap_or(0));
        while let Some((minute, batches)) = minutes.next_until(minute) {
            world.record(minute, batches);
        }
        let outcome = world.end(minute).await?;
        for line in story.add(minute, &outcome, &world)? {
            if !args.json {
                bar.suspend(|| writeln!(stdout, "{line}")).or_else(gone)?;
            }
        }
    }
    bar.finish_and_clear();
    let summary = story.end(&world, &inbox, args.messages.as_deref())?;
    let text = if args.json {
        serde_json::to_string(&summary)?
    } else {
        summary.told()
    };
    crate::ingest::or_gone(writeln!(stdout, "{text}").and_then(|()| stdout.flush()))?;
    Ok(if summary.pages > 0 {
        ExitCode::FAILURE
    } else {
        ExitCode::SUCCESS
    })
}

/// A reader that has gone away (`| head`) wants no more lines, and the exit code is as true as before.
fn gone(error: std::io::Error) -> std::io::Result<()> {
    if error.kind() == std::io::ErrorKind::BrokenPipe {
        Ok(())
    } else {
        Err(error)
    }
}

fn first_minute(text: &str) -> anyhow::Result<Minute> {
    Minute::parse(text).with_context(|| {
        format!("--from {text:?} is no instant: write one such as 2026-11-20T22:05:00Z")
    })
}

fn progress(minutes: i64) -> ProgressBar {
    let bar = ProgressBar::new(u64::try_from(minutes).unwrap_or(0) + 1);
    let style = ProgressStyle::with_template("{bar:30} {pos}/{len} minutes");
    bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
    if !std::io::stderr().is_terminal() {
        bar.set_draw_target(ProgressDrawTarget::hidden());
    }
    bar
}
