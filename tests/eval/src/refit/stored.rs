//! The refits that `make eval-cv` has made, for `make eval` to print beside what is in-sample.

use std::path::Path;

use anomaly::gauge::Tuning;
use anyhow::Context as _;

use super::{Reached, Refit, Start};

/// What is committed: `refit.json`.
#[derive(Debug, serde::Serialize, serde::Deserialize, PartialEq)]
pub(crate) struct Stored {
    /// What the frozen set reached then, standard profile: another detector reaches something else.
    pub(crate) frozen: f64,
    /// Every constant with its range, as they were.
    ranges: Vec<(String, f64, f64)>,
    /// One for each start and seed.
    pub(crate) refits: Vec<Refit>,
}

fn ranges() -> Vec<(String, f64, f64)> {
    let all = Tuning::CONSTANTS.iter();
    all.map(|one| (one.name.to_owned(), one.low, one.high))
        .collect()
}

impl Stored {
    pub(crate) fn new(frozen: f64, refits: Vec<Refit>) -> Self {
        Self {
            frozen,
            ranges: ranges(),
            refits,
        }
    }

    /// None: there is no file.
    pub(crate) fn read(path: &Path) -> anyhow::Result<Option<Self>> {
        if !path.exists() {
            return Ok(None);
        }
        let text = std::fs::read_to_string(path)
            .with_context(|| format!("{} cannot be read", path.display()))?;
        serde_json::from_str(&text)
            .map(Some)
            .with_context(|| format!("{} is damaged: make eval-cv writes it anew", path.display()))
    }

    pub(crate) fn write(&self, path: &Path) -> anyhow::Result<()> {
        let text = serde_json::to_string_pretty(self).context("numbers that JSON cannot hold")?;
        std::fs::write(path, text + "\n")
            .with_context(|| format!("{} cannot be written", path.display()))
    }

    /// Whether the refits are of this detector: the same constants with the same ranges, and the frozen set reaches
    /// the same.
    pub(crate) fn is_current(&self, frozen: f64) -> bool {
        self.ranges == ranges() && (self.frozen - frozen).abs() < 1e-6
    }

    /// Those that began there; none when there are none.
    pub(crate) fn from(&self, start: Start) -> Option<Mean> {
        let refits = || self.refits.iter().filter(|refit| refit.start == start);
        let count = refits().count() as f64;
        let mean = |of: fn(&Refit) -> Reached| Reached {
            nab: refits().map(|refit| of(refit).nab).sum::<f64>() / count,
            events: refits().map(|refit| of(refit).events).sum::<f64>() / count,
        };
        (count > 0.0).then(|| Mean {
            seen: mean(|refit| refit.seen),
            unseen: mean(|refit| refit.unseen),
        })
    }
}

/// The mean over seeds.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Mean {
    /// Of what the files give that a refit saw.
    pub(crate) seen: Reached,
    /// Of what the others give.
    pub(crate) unseen: Reached,
}
