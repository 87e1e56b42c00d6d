//! What reading log payloads costs: beside the least that any program must do with the same bytes, and beside the plain
//! way of doing all of it. All by processor time of the thread that reads.

mod apart;
mod corpus;
mod hostile;
mod least;
mod plain;
mod processor;
mod ratios;

use std::path::Path;

use crate::figures::Figures;

pub(crate) use apart::{CHILD, child};

/// Peak memory of a process that reads the payloads of 10,000 events, over what it had before it read any: the bound.
const RESIDENT: &str = "MiB over the idle process (at most 16)";

/// `corpora` holds what `log_corpus.py` made, one folder for each kind; what is not there is left out, with a line.
pub(crate) fn all(figures: &mut Figures, corpora: &Path) -> anyhow::Result<()> {
    for (folder, prefix) in [("plain", ""), ("hard", "hard_")] {
        for events in [10, 100, 1_000, 10_000] {
            let name = format!("{prefix}{events}");
            if !figures.wants(&format!("ingest_{name}")) {
                continue;
            }
            let file = corpora.join(folder).join(format!("c{events}.jsonl"));
            let Some(corpus) = corpus::read(&file)? else {
                figures.left_out(&format!("ingest_{name}"), &file);
                continue;
            };
            ratios::take(figures, &name, &corpus)?;
            if events == 10_000 {
                let mib = apart::resident(&file)?;
                figures.take(&format!("ingest_resident_mib_{name}"), mib, RESIDENT);
            }
        }
    }
    hostile::all(figures)
}
