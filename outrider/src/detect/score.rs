//! One file: rows in, scores out.

use std::fs::File;
use std::io::Read;
use std::path::Path;

use anomaly::gauge::{Gauge, Tuning};
use anyhow::Context;
use indicatif::ProgressBar;
use serde::Serialize;

use super::folders::Job;
use super::table::Table;

/// What was in the files.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub(super) struct Counts {
    pub(super) rows: u64,
    /// Rows without a value, or with one that is NaN or infinite.
    pub(super) missing: u64,
    /// Rows whose timestamp is not later than that of the row before.
    pub(super) not_later: u64,
}

impl Counts {
    pub(super) fn add(&mut self, other: Self) {
        self.rows += other.rows;
        self.missing += other.missing;
        self.not_later += other.not_later;
    }
}

/// Tells the bar of every byte that is read.
struct Watched<'a> {
    file: File,
    bar: &'a ProgressBar,
}

impl Read for Watched<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let read = self.file.read(buffer)?;
        self.bar.inc(read as u64);
        Ok(read)
    }
}

/// Scores a file. What it replaces stays until the new one is whole.
pub(super) fn file(job: &Job, bar: &ProgressBar) -> anyhow::Result<Counts> {
    let written = || format!("cannot write {}", job.to.display());
    let input = || {
        let file = File::open(&job.from)?;
        Ok(Watched { file, bar })
    };
    // A job's target is a file below the output folder.
    let folder = job.to.parent().unwrap_or(Path::new("."));
    std::fs::create_dir_all(folder).with_context(written)?;
    let name = job.to.file_name().unwrap_or_default().to_string_lossy();
    let part = folder.join(format!(".{name}.part"));
    let scored = File::create(&part)
        .with_context(written)
        .and_then(|out| rows(input, out, &written));
    let moved = scored.and_then(|counts| {
        std::fs::rename(&part, &job.to).with_context(written)?;
        Ok(counts)
    });
    if moved.is_err() {
        // It may never have been made; and what cannot be removed has a name that says what it is.
        let _ = std::fs::remove_file(&part);
    }
    moved
}

fn rows<R: Read>(
    input: impl Fn() -> std::io::Result<R>,
    out: File,
    written: &dyn Fn() -> String,
) -> anyhow::Result<Counts> {
    let mut table = Table::open(input)?;
    let mut writer = csv::WriterBuilder::new()
        .buffer_capacity(1 << 16)
        .from_writer(out);
    writer
        .write_record(["timestamp", "value", "anomaly_score"])
        .with_context(written)?;
    let mut gauge = Gauge::new(&Tuning::default());
    let mut counts = Counts::default();
    let mut newest = i64::MIN;
    let mut score = String::new();
    while let Some(row) = table.next()? {
        let reading = gauge.step(row.seconds, row.number);
        counts.rows += 1;
        counts.missing += u64::from(row.number.is_none());
        counts.not_later += u64::from(row.seconds <= newest);
        newest = newest.max(row.seconds);
        print(
            &mut score,
            if row.number.is_some() {
                reading.score
            } else {
                0.0
            },
        );
        writer
            .write_record([row.timestamp, row.value, score.as_bytes()])
            .with_context(written)?;
    }
    writer.flush().with_context(written)?;
    Ok(counts)
}

/// The shortest text that reads back to the same number; very small ones as a power of ten.
fn print(text: &mut String, score: f64) {
    use std::fmt::Write;
    text.clear();
    let written = if score == 0.0 || score.abs() >= 1e-5 {
        write!(text, "{score}")
    } else {
        write!(text, "{score:e}")
    };
    // A String takes everything.
    debug_assert!(written.is_ok());
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_score_is_printed_as_the_shortest_text_that_reads_back() {
        for (score, expected) in [
            (0.0, "0"),
            (1.0, "1"),
            (0.1, "0.1"),
            (0.1 + 0.2, "0.30000000000000004"),
            (1e-5, "0.00001"),
            (1.5e-9, "1.5e-9"),
            (f64::MIN_POSITIVE, "2.2250738585072014e-308"),
        ] {
            let mut text = "what was there".to_owned();
            print(&mut text, score);
            assert_eq!(text, expected);
            assert_eq!(text.parse::<f64>().unwrap().to_bits(), score.to_bits());
        }
    }
}
