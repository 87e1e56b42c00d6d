//! The refits that `make eval-cv` has made, for `make eval` to print beside what is in-sample.

use std::path::Path;

use anomaly::gauge::Tuning;
use anyhow::Context as _;

use super::{Reached, Refit};

/// What is committed: `refit.json`.
#[derive(Debug, serde::Serialize, serde::Deserialize, PartialEq)]
pub(crate) struct Stored {
    /// What the frozen set reached then, standard profile: another detector reaches something else.
    pub(crate) frozen: f64,
    /// Every constant with its range, as they were.
    ranges: Vec<(String, f64, f64)>,
    /// One for each seed.
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

    /// The mean over seeds of what unseen files give.
    pub(crate) fn unseen(&self) -> Reached {
        self.mean(|refit| refit.unseen)
    }

    /// The mean over seeds and folds of what the files give that a refit saw.
    pub(crate) fn seen(&self) -> Reached {
        self.mean(|refit| refit.seen)
    }

    fn mean(&self, of: fn(&Refit) -> Reached) -> Reached {
        let count = self.refits.len() as f64;
        let sum =
            |one: fn(Reached) -> f64| self.refits.iter().map(|refit| one(of(refit))).sum::<f64>();
        Reached {
            nab: sum(|reached| reached.nab) / count,
            events: sum(|reached| reached.events) / count,
        }
    }

    /// The least and the greatest NAB score over seeds.
    pub(crate) fn spread(&self) -> (f64, f64) {
        let all = self.refits.iter().map(|refit| refit.unseen.nab);
        all.fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), one| {
            (low.min(one), high.max(one))
        })
    }
}
