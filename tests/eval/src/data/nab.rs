//! The Numenta Anomaly Benchmark, version 1.1: `data/<group>/<file>.csv` and `labels/combined_windows.json`.

use std::collections::{BTreeMap, HashMap};
use std::path::Path;

use anyhow::Context;

use super::{Row, Series};
use crate::score::nab::Layout;

/// A file of the corpus.
#[derive(Debug, Clone)]
pub(crate) struct File {
    pub(crate) series: Series,
    /// Where its windows lie, and what each row would earn or cost.
    pub(crate) layout: Layout,
}

/// Every file of the corpus, by name. `labels/combined_windows.json` says which ones there are.
pub(crate) fn load(folder: &Path) -> anyhow::Result<Vec<File>> {
    let labels = folder.join("labels/combined_windows.json");
    let text = std::fs::read_to_string(&labels)
        .with_context(|| format!("{} cannot be read", labels.display()))?;
    let windows: BTreeMap<String, Vec<[String; 2]>> = serde_json::from_str(&text)
        .with_context(|| format!("{} is no list of windows", labels.display()))?;
    windows
        .into_iter()
        .map(|(name, windows)| {
            let path = folder.join("data").join(&name);
            let mut rows = Vec::new();
            let mut first = HashMap::new();
            for (index, record) in super::records(&path)?.iter().enumerate() {
                let stamp = stamp(&record[0]).to_owned();
                let at = || format!("{}, row {}", path.display(), index + 1);
                rows.push(Row {
                    seconds: super::seconds(&stamp).with_context(at)?,
                    value: super::value(&record[1]).with_context(at)?,
                });
                first.entry(stamp).or_insert(index);
            }
            let row = |text: &String| {
                let row = first.get(stamp(text)).copied();
                row.with_context(|| format!("{name} has no row at {text}, where a window ends"))
            };
            let bounds: anyhow::Result<Vec<_>> = windows
                .iter()
                .map(|[from, to]| Ok((row(from)?, row(to)?)))
                .collect();
            let layout = Layout::new(rows.len(), bounds?);
            Ok(File {
                series: Series { name, rows },
                layout,
            })
        })
        .collect()
}

/// The labels write six zeros behind the second, the data none.
fn stamp(text: &str) -> &str {
    let text = text.trim();
    text.strip_suffix(".000000").unwrap_or(text)
}
