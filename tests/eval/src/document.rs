//! docs/accuracy.md: fixed prose around tables that this run has made.

pub(crate) mod received;
mod summary;
pub(crate) mod tables;

use anyhow::ensure;

use crate::calibration;
use crate::corpora::{self, Corpora};
use crate::operations::Operations;
use crate::refit::Stored;

/// The prose, with a name in double braces wherever a table goes.
const TEMPLATE: &str = include_str!("document/template.md");
/// What was tried on the way: written by hand, measured when it was tried.
const TRIED: &str = include_str!("document/tried.md");
/// Between these two lines nothing is compared: times are of a machine.
const TIMES: [&str; 2] = ["<!-- times of one machine -->", "<!-- end of times -->"];

/// All that a run has found.
#[derive(Debug)]
pub(crate) struct Document {
    pub(crate) labelled: Option<Corpora>,
    pub(crate) rows: Option<Vec<corpora::Row>>,
    pub(crate) stored: Option<Stored>,
    pub(crate) times: Option<Vec<(&'static str, f64)>>,
    pub(crate) operations: Operations,
    pub(crate) calibration: Vec<calibration::Row>,
}

impl Document {
    /// The one table.
    pub(crate) fn summary(&self) -> String {
        summary::summary(self)
    }

    /// The whole file.
    pub(crate) fn render(&self) -> String {
        let rows = self.rows.as_deref().unwrap_or_default();
        let labelled = self.labelled.as_ref();
        let count = |of: fn(&Corpora) -> usize| labelled.map_or(0, of).to_string();
        let frozen = rows.first().map_or(f64::NAN, |ours| ours.nab[0]);
        let refits = self.stored.as_ref().map_or_else(
            || "There are no refits: run `make eval-cv`.".to_owned(),
            |stored| tables::refits(stored, frozen),
        );
        let parts = [
            ("summary", self.summary()),
            ("corpora", tables::corpora(rows)),
            ("peers", tables::peers()),
            ("refits", refits),
            ("quiet", tables::quiet(&self.operations.quiet)),
            ("scenarios", tables::scenarios(&self.operations.scenarios)),
            ("mixed", tables::mixed(&self.operations.mixed)),
            ("received", received::table_of(&self.operations.received)),
            ("calibration", tables::calibration(&self.calibration)),
            ("tried", TRIED.trim().to_owned()),
            ("rows", count(Corpora::rows)),
            ("files", count(|corpora| corpora.nab.len())),
            ("series", count(|corpora| corpora.cloud.len())),
            ("events", count(Corpora::events)),
            ("minute series", count(Corpora::minute_series)),
            (
                "times",
                format!(
                    "{}\n{}\n{}",
                    TIMES[0],
                    tables::times(self.times.as_deref().unwrap_or_default()),
                    TIMES[1]
                ),
            ),
        ];
        let mut text = TEMPLATE.to_owned();
        for (name, part) in parts {
            text = text.replace(&format!("{{{{{name}}}}}"), part.trim());
        }
        text
    }
}

/// A file without what is measured anew on each machine.
fn comparable(text: &str) -> Vec<&str> {
    let mut timing = false;
    text.lines()
        .filter(|line| {
            timing = (timing || *line == TIMES[0]) && *line != TIMES[1];
            !timing
        })
        .collect()
}

/// Whether two files say the same, but for times.
///
/// # Errors
/// The first line that differs.
pub(crate) fn same(committed: &str, fresh: &str) -> anyhow::Result<()> {
    let (committed, fresh) = (comparable(committed), comparable(fresh));
    for (number, (old, new)) in committed.iter().zip(&fresh).enumerate() {
        ensure!(
            old == new,
            "line {} is\n  {old}\nand now\n  {new}",
            number + 1
        );
    }
    ensure!(
        committed.len() == fresh.len(),
        "{} lines, and now {}",
        committed.len(),
        fresh.len()
    );
    Ok(())
}

#[cfg(test)]
mod tests;
