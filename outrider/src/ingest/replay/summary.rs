//! What a replay came to, for people and for programs.

use std::collections::BTreeMap;
use std::io::Write;
use std::process::ExitCode;

use log_processor::Outcome;
use serde::Serialize;

use super::ReplayArgs;
use super::contents::Contents;
use super::record::Record;
use super::shown::shown;
use super::source::Stored;

/// A record that stays where it is.
#[derive(Debug, Serialize)]
struct Left {
    name: String,
    reason: String,
}

/// A record that would be replayed.
#[derive(Debug, Serialize)]
struct Would {
    name: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    request_id: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    condition: String,
    batches: Vec<Contents>,
}

/// The whole.
#[derive(Debug, Default, Serialize)]
pub(super) struct Summary {
    /// Records that were read.
    pub(super) records: u64,
    /// Those whose rollups are written.
    replayed: u64,
    /// Log events of those.
    events: u64,
    /// Log events of those that other batches had counted already, and that were not counted again.
    events_skipped: u64,
    samples: u64,
    items_written: u64,
    /// What of those was rejected, by reason.
    rejected: BTreeMap<&'static str, u64>,
    /// Those that may be replayed another time.
    left: Vec<Left>,
    /// Those that no replay can help.
    unreadable: Vec<Left>,
    /// With `--dry-run`: those that would be replayed.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    would_replay: Vec<Would>,
    /// Why the rest was not looked at.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) stopped: Option<String>,
}

impl Summary {
    pub(super) fn replayed(&mut self, outcome: &Outcome) {
        self.replayed += 1;
        self.events += outcome.events;
        self.events_skipped += outcome.events_skipped;
        self.samples = self.samples.saturating_add(outcome.samples);
        self.items_written += outcome.items_written;
        for (reason, times) in &outcome.rejected {
            *self.rejected.entry(reason).or_default() += times;
        }
    }

    pub(super) fn would(&mut self, stored: &Stored, record: &Record<'_>, batches: Vec<Contents>) {
        self.would_replay.push(Would {
            name: shown(&stored.name),
            request_id: shown(&record.request_id),
            condition: shown(&record.condition),
            batches,
        });
    }

    pub(super) fn left(&mut self, stored: &Stored, reason: &str) {
        self.left.push(left(stored, reason));
    }

    pub(super) fn unreadable(&mut self, stored: &Stored, reason: &str) {
        self.unreadable.push(left(stored, reason));
    }

    /// On standard output.
    pub(super) fn write(&self, args: &ReplayArgs, stdout: &mut dyn Write) -> std::io::Result<()> {
        if args.json {
            serde_json::to_writer(&mut *stdout, self)?;
            stdout.write_all(b"\n")?;
            return stdout.flush();
        }
        for would in &self.would_replay {
            for batch in &would.batches {
                writeln!(stdout, "{}: {batch}", would.name)?;
            }
            if would.batches.is_empty() {
                writeln!(stdout, "{}: no log events", would.name)?;
            }
        }
        for (word, several) in [("left", &self.left), ("unreadable", &self.unreadable)] {
            for Left { name, reason } in several {
                writeln!(stdout, "{word}: {name}: {reason}")?;
            }
        }
        if args.dry_run {
            let would = self.would_replay.len();
            writeln!(
                stdout,
                "{} records: {would} would be replayed, {} unreadable",
                self.records,
                self.unreadable.len()
            )?;
        } else {
            let skipped = match self.events_skipped {
                0 => String::new(),
                skipped => format!(", {skipped} of them counted before by other batches"),
            };
            writeln!(
                stdout,
                "{} records: {} replayed ({} log events{skipped}, {} rollup items), {} left, {} unreadable",
                self.records,
                self.replayed,
                self.events,
                self.items_written,
                self.left.len(),
                self.unreadable.len()
            )?;
        }
        stdout.flush()
    }

    /// One line on standard error when something is not as it should be.
    pub(super) fn complain(&self, stderr: &mut dyn Write) -> std::io::Result<()> {
        let first = self.unreadable.first().or(self.left.first());
        let others = self.unreadable.len() + self.left.len();
        let others = match others.saturating_sub(1) {
            0 => String::new(),
            more => format!(" (and {more} more)"),
        };
        match (&self.stopped, first) {
            (Some(reason), _) => writeln!(stderr, "outrider: stopped before the end: {reason}"),
            (None, Some(Left { name, reason })) => {
                writeln!(stderr, "outrider: {name}: {reason}{others}")
            }
            (None, None) => Ok(()),
        }
    }

    pub(super) fn exit_code(&self) -> ExitCode {
        if !self.unreadable.is_empty() {
            ExitCode::from(2)
        } else if !self.left.is_empty() || self.stopped.is_some() {
            ExitCode::from(1)
        } else {
            ExitCode::SUCCESS
        }
    }
}

fn left(stored: &Stored, reason: &str) -> Left {
    Left {
        name: shown(&stored.name),
        reason: shown(reason),
    }
}
