//! `outrider ingest`: log-processor on files of subscription payloads, without a store.
//!
//! It calls the very function that the Lambda function calls and merges what the store's readers would merge: a
//! batch that is there twice counts once.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{ErrorKind, Write};
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Context;
use clap::Args;
use extraction::rollup::Rollups;
use extraction::{Counts, Reader, Rules, Skip};
use serde::Serialize;
use signals::Rollup;

mod cpu;
mod input;
#[cfg(test)]
mod tests;

use input::Input;

/// `ingest [--summary] [--repeat N] FILE…`
#[derive(Debug, Args)]
pub struct IngestArgs {
    /// One JSON document about the whole, instead of a line for each series and minute
    #[arg(long)]
    pub summary: bool,
    /// Process the input N times, each time from nothing; `seconds` is the best of them
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..))]
    pub repeat: u32,
    /// Subscription payloads: `.json` holds one Lambda event, `.jsonl` one a line; `-` is standard input
    #[arg(value_name = "FILE", required = true)]
    pub files: Vec<PathBuf>,
}

/// A line of the default output.
#[derive(Serialize)]
struct Line<'a> {
    series: &'a str,
    minute: String,
    count: u64,
    sum: f64,
    min: Option<f64>,
    max: Option<f64>,
    p50: Option<f64>,
    p90: Option<f64>,
    p99: Option<f64>,
}

/// The output of `--summary`.
#[derive(Serialize)]
struct Summary {
    payloads: usize,
    events: u64,
    bytes: u64,
    samples: u64,
    series: usize,
    sum: f64,
    rejected: BTreeMap<&'static str, u64>,
    seconds: f64,
}

/// What one pass over the input found.
#[derive(Debug, Default)]
struct Found {
    counts: Counts,
    rollups: Rollups,
    /// Batches that were there before.
    duplicates: u64,
    /// Payloads that cannot be read: which input, and why.
    unreadable: Vec<(usize, extraction::PayloadError)>,
}

fn process(inputs: &[Input]) -> Found {
    let rules = Rules::default();
    let nothing = Skip::new();
    let mut reader = Reader::default();
    let mut found = Found::default();
    let mut known = BTreeSet::new();
    for (index, input) in inputs.iter().enumerate() {
        let (batches, counts) = match reader.read(input.bytes(), &rules, &nothing) {
            Ok(read) => read,
            Err(error) => {
                found.unreadable.push((index, error));
                continue;
            }
        };
        found.counts.add(&counts);
        for batch in batches {
            if !known.insert((batch.log_group, batch.id)) {
                found.duplicates += 1;
                continue;
            }
            for (minute, series) in batch.rollups {
                let merged = found.rollups.entry(minute).or_default();
                for (key, rollup) in series {
                    merged.entry(key).or_default().merge(&rollup);
                }
            }
        }
    }
    found
}

impl Found {
    fn all(&self) -> impl Iterator<Item = &Rollup> {
        self.rollups.values().flat_map(BTreeMap::values)
    }

    fn summary(&self, payloads: usize, seconds: f64) -> Summary {
        // As one statistic set after the other, because that sum is compensated.
        let mut total = Rollup::default();
        for rollup in self.all() {
            total.add_statistics(
                rollup.count(),
                rollup.sum(),
                rollup.min().unwrap_or(0.0),
                rollup.max().unwrap_or(0.0),
            );
        }
        let mut rejected = BTreeMap::new();
        for (reason, times) in &self.counts.rejected {
            *rejected.entry(reason.as_str()).or_default() += times;
        }
        for (_, error) in &self.unreadable {
            *rejected.entry(error.as_str()).or_default() += 1;
        }
        Summary {
            payloads,
            events: self.counts.events,
            bytes: self.counts.bytes,
            samples: self.all().map(Rollup::count).sum(),
            series: self
                .rollups
                .values()
                .flat_map(BTreeMap::keys)
                .collect::<BTreeSet<_>>()
                .len(),
            sum: total.sum(),
            rejected,
            seconds,
        }
    }

    fn write_lines(&self, stdout: &mut dyn Write) -> std::io::Result<()> {
        let mut lines = BTreeMap::new();
        for (minute, series) in &self.rollups {
            for (key, rollup) in series {
                lines.insert((key.to_string(), *minute), rollup);
            }
        }
        for ((series, minute), rollup) in lines {
            let line = Line {
                series: &series,
                minute: minute.to_string(),
                count: rollup.count(),
                sum: rollup.sum(),
                min: rollup.min(),
                max: rollup.max(),
                p50: rollup.quantile(0.5),
                p90: rollup.quantile(0.9),
                p99: rollup.quantile(0.99),
            };
            serde_json::to_writer(&mut *stdout, &line)?;
            stdout.write_all(b"\n")?;
        }
        stdout.flush()
    }
}

/// Runs the command: results on `stdout`, at most one line on `stderr`. A payload that cannot be read is named
/// there and counted in the summary; the others are processed all the same, and the exit code is 2.
///
/// # Errors
/// A file that cannot be read or has another extension; an output that cannot be written.
pub fn run(
    args: &IngestArgs,
    stdout: &mut dyn Write,
    stderr: &mut dyn Write,
) -> anyhow::Result<ExitCode> {
    let inputs = input::read(&args.files)?;
    let mut best = f64::INFINITY;
    let mut found = Found::default();
    for _ in 0..args.repeat {
        drop(found);
        let before = cpu::thread_seconds();
        found = process(&inputs);
        best = best.min(cpu::thread_seconds() - before);
    }
    let written = if args.summary {
        let line = serde_json::to_string(&found.summary(inputs.len(), best))?;
        writeln!(stdout, "{line}").and_then(|()| stdout.flush())
    } else {
        found.write_lines(stdout)
    };
    match written {
        // A reader that has gone away (`| head`) wants no more lines, and the exit code is as true as before.
        Err(error) if error.kind() == ErrorKind::BrokenPipe => {}
        written => written.context("cannot write the output")?,
    }
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
    if found.duplicates > 0 {
        writeln!(
            stderr,
            "outrider: {} batches are there more than once and were counted once",
            found.duplicates
        )?;
    }
    Ok(ExitCode::SUCCESS)
}
