//! What a store would hold in the end, in the format of `ingest`, in order of time: the series of the payloads, and
//! those of AWS/Lambda, of each function and of the account.

use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::Path;

use anyhow::Context;
use serde::Serialize;
use signals::Minute;
use simulator::fleet::{Arrival, Fleet, Invocation, Point, Series};

#[derive(Serialize)]
struct Line<'a> {
    series: &'a str,
    minute: &'a str,
    count: u64,
    sum: f64,
    min: Option<f64>,
    max: Option<f64>,
    p50: Option<f64>,
    p90: Option<f64>,
    p99: Option<f64>,
}

/// A file with a line for each series and minute.
pub(super) struct Rollups {
    file: BufWriter<File>,
    minute: Series,
    lines: u64,
}

impl Rollups {
    pub(super) fn create(path: &Path) -> anyhow::Result<Self> {
        let file =
            File::create_new(path).with_context(|| format!("cannot write {}", path.display()))?;
        Ok(Self {
            file: BufWriter::new(file),
            minute: Series::new(),
            lines: 0,
        })
    }

    /// The series of one function's minute.
    pub(super) fn add(
        &mut self,
        fleet: &Fleet,
        point: &Point,
        requests: &[Invocation],
    ) -> anyhow::Result<()> {
        self.minute.append(&mut fleet.metrics(point));
        if point.arrival != Arrival::Lost {
            self.minute.append(&mut fleet.logged(point, requests));
        }
        Ok(())
    }

    /// Writes the minute, and the account's series.
    pub(super) fn end_minute(&mut self, minute: Minute, mut account: Series) -> anyhow::Result<()> {
        self.minute.append(&mut account);
        let minute = minute.to_string();
        let mut lines: Vec<_> = std::mem::take(&mut self.minute)
            .into_iter()
            .map(|(key, rollup)| (key.to_string(), rollup))
            .collect();
        lines.sort_by(|one, other| one.0.cmp(&other.0));
        for (series, rollup) in lines {
            let line = Line {
                series: &series,
                minute: &minute,
                count: rollup.count(),
                sum: rollup.sum(),
                min: rollup.min(),
                max: rollup.max(),
                p50: rollup.quantile(0.5),
                p90: rollup.quantile(0.9),
                p99: rollup.quantile(0.99),
            };
            serde_json::to_writer(&mut self.file, &line).context("cannot write a rollup")?;
            self.file
                .write_all(b"\n")
                .context("cannot write a rollup")?;
            self.lines += 1;
        }
        Ok(())
    }

    /// How many lines there are.
    pub(super) fn finish(mut self) -> anyhow::Result<u64> {
        self.file.flush().context("cannot write a rollup")?;
        Ok(self.lines)
    }
}
