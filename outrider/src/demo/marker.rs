//! Which demo a data directory holds.

use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use serde::{Deserialize, Serialize};

#[derive(Debug, Serialize, Deserialize)]
struct Contents {
    seed: u64,
    history: bool,
}

/// The file `demo.json` of a data directory.
#[derive(Debug)]
pub(super) struct Marker {
    path: PathBuf,
    contents: Contents,
}

impl Marker {
    /// Reads the marker, or makes it for a new directory.
    pub(super) fn open(data: &Path, seed: u64) -> anyhow::Result<Self> {
        let path = data.join("demo.json");
        let contents = match std::fs::read(&path) {
            Ok(bytes) => serde_json::from_slice::<Contents>(&bytes)
                .with_context(|| format!("{} is damaged; choose another --data", path.display()))?,
            Err(error) if error.kind() == ErrorKind::NotFound => Contents {
                seed,
                history: false,
            },
            Err(error) => {
                return Err(error).with_context(|| format!("cannot read {}", path.display()));
            }
        };
        if contents.seed != seed {
            bail!(
                "{} holds the demo of seed {}: run with --seed {}, or choose another --data for seed {seed}",
                data.display(),
                contents.seed,
                contents.seed
            );
        }
        let marker = Self { path, contents };
        marker.write()?;
        Ok(marker)
    }

    pub(super) fn has_history(&self) -> bool {
        self.contents.history
    }

    pub(super) fn history_is_there(&mut self) -> anyhow::Result<()> {
        self.contents.history = true;
        self.write()
    }

    /// Whole or not at all: a process killed here leaves the earlier file.
    fn write(&self) -> anyhow::Result<()> {
        let part = self.path.with_extension("part");
        std::fs::write(&part, serde_json::to_vec(&self.contents)?)
            .and_then(|()| std::fs::rename(&part, &self.path))
            .with_context(|| format!("cannot write {}", self.path.display()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_directory_holds_the_demo_of_one_seed() {
        let folder = tempfile::tempdir().unwrap();
        let mut marker = Marker::open(folder.path(), 7).unwrap();
        assert!(!marker.has_history());
        marker.history_is_there().unwrap();
        assert!(Marker::open(folder.path(), 7).unwrap().has_history());
        let error = Marker::open(folder.path(), 8).unwrap_err().to_string();
        assert!(
            error.contains("seed 7") && error.contains("--seed 7"),
            "{error}"
        );
    }
}
