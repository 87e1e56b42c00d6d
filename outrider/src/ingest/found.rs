//! What the input says as a whole: each log event once, merged as the store's readers would merge.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Write;

use extraction::Counts;
use extraction::rollup::Rollups;
use serde::Serialize;
use signals::Rollup;

use super::input::Input;
use super::once::{Fresh, Once};

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
pub(super) struct Summary {
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
pub(super) struct Found {
    counts: Counts,
    rollups: Rollups,
    /// Batches that were there before.
    pub(super) batches_again: u64,
    /// Log events of other batches that were there before.
    pub(super) events_again: u64,
    /// Payloads that cannot be read: which input, and why.
    pub(super) unreadable: Vec<(usize, extraction::PayloadError)>,
}

impl Found {
    pub(super) fn of(inputs: &[Input]) -> Self {
        let mut once = Once::default();
        let mut found = Self::default();
        for (index, input) in inputs.iter().enumerate() {
            match once.read(input.bytes()) {
                Ok(fresh) => found.add(fresh),
                Err(error) => found.unreadable.push((index, error)),
            }
        }
        found
    }

    fn add(&mut self, fresh: Fresh) {
        self.batches_again += fresh.batches_again;
        self.events_again += fresh.counts.skipped;
        self.counts.add(&fresh.counts);
        for batch in fresh.batches {
            for (minute, series) in batch.rollups {
                let merged = self.rollups.entry(minute).or_default();
                for (key, rollup) in series {
                    merged.entry(key).or_default().merge(&rollup);
                }
            }
        }
    }

    fn all(&self) -> impl Iterator<Item = &Rollup> {
        self.rollups.values().flat_map(BTreeMap::values)
    }

    pub(super) fn summary(&self, payloads: usize, seconds: f64) -> Summary {
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

    pub(super) fn write_lines(&self, stdout: &mut dyn Write) -> std::io::Result<()> {
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
