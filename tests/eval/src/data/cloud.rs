//! Microsoft's cloud-monitoring data set: `timestamp,value,label` a row, one label for each point.

use std::path::Path;

use anyhow::{Context, ensure};

use super::{Row, Series};
use crate::score::events::Labels;

/// A file of the data set.
#[derive(Debug, Clone)]
pub(crate) struct File {
    pub(crate) series: Series,
    /// Its events, by the rules of the scorer.
    pub(crate) labels: Labels,
}

/// Every `*.csv` below a folder, by path.
pub(crate) fn load(folder: &Path) -> anyhow::Result<Vec<File>> {
    let mut found = Vec::new();
    for entry in walkdir::WalkDir::new(folder).sort_by_file_name() {
        let entry = entry.with_context(|| format!("{} cannot be read", folder.display()))?;
        if entry.path().extension().is_some_and(|end| end == "csv") {
            found.push(file(folder, entry.path())?);
        }
    }
    ensure!(!found.is_empty(), "{} has no series", folder.display());
    Ok(found)
}

fn file(folder: &Path, path: &Path) -> anyhow::Result<File> {
    let (mut rows, mut labels) = (Vec::new(), Vec::new());
    for (index, record) in super::records(path)?.iter().enumerate() {
        let at = || format!("{}, row {}", path.display(), index + 1);
        ensure!(record.len() >= 3, "{}: three columns are needed", at());
        rows.push(Row {
            seconds: super::seconds(&record[0]).with_context(at)?,
            value: super::value(&record[1]).with_context(at)?,
        });
        labels.push(super::value(&record[2]).with_context(at)? >= Some(1.0));
    }
    let name = path.strip_prefix(folder).unwrap_or(path);
    Ok(File {
        labels: Labels::new(&rows, &labels),
        series: Series {
            name: name.to_string_lossy().into_owned(),
            rows,
        },
    })
}
