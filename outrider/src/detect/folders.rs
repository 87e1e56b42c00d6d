//! Which files there are, and where the scores of each go.

use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use walkdir::WalkDir;

/// One file to score.
#[derive(Debug)]
pub(super) struct Job {
    /// As the user would name it.
    pub(super) from: PathBuf,
    pub(super) to: PathBuf,
    pub(super) bytes: u64,
}

/// Two folders of which none lies in the other: scores must never be taken for input, nor replace it.
#[derive(Debug)]
pub(super) struct Folders<'a> {
    input: &'a Path,
    output: &'a Path,
    /// The input without links.
    root: PathBuf,
}

impl<'a> Folders<'a> {
    pub(super) fn open(input: &'a Path, output: &'a Path) -> anyhow::Result<Self> {
        let root = input
            .canonicalize()
            .with_context(|| format!("--input {}: cannot read it", input.display()))?;
        if !root.is_dir() {
            bail!(
                "--input {}: it is no folder; name the folder that holds the *.csv files",
                input.display()
            );
        }
        let target = without_links(output)
            .with_context(|| format!("--output {}: cannot be reached", output.display()))?;
        let wrong = if target == root {
            "is the same folder as"
        } else if target.starts_with(&root) {
            "lies in"
        } else if root.starts_with(&target) {
            "holds"
        } else {
            if target.exists() && !target.is_dir() {
                bail!("--output {}: it is no folder", output.display());
            }
            return Ok(Self {
                input,
                output,
                root,
            });
        };
        bail!(
            "--output {} {wrong} --input {}; name a folder beside it",
            output.display(),
            input.display()
        );
    }

    /// The files in the order of their paths, and how many links were left out. A link to a file below the input is
    /// that file once more; a link that leads elsewhere, or to a folder, is not followed.
    pub(super) fn jobs(&self) -> anyhow::Result<(Vec<Job>, usize)> {
        let (mut jobs, mut left_out) = (Vec::new(), 0);
        for entry in WalkDir::new(self.input).sort_by_file_name() {
            let entry = entry.with_context(|| {
                format!("--input {}: cannot read all of it", self.input.display())
            })?;
            let path = entry.path();
            let is_csv = path.extension().is_some_and(|extension| extension == "csv");
            if entry.depth() == 0 || !is_csv {
                continue;
            }
            if entry.path_is_symlink() {
                let inside = path
                    .canonicalize()
                    .is_ok_and(|to| to.starts_with(&self.root) && to.is_file());
                if !inside {
                    left_out += 1;
                    continue;
                }
            } else if !entry.file_type().is_file() {
                continue;
            }
            // Every path that the walk gives begins with the folder that it began with.
            let relative = path.strip_prefix(self.input).unwrap_or(path);
            let bytes = std::fs::metadata(path).map_or(0, |metadata| metadata.len());
            jobs.push(Job {
                from: path.to_owned(),
                to: self.output.join(relative),
                bytes,
            });
        }
        jobs.sort_by(|a, b| a.from.cmp(&b.from));
        Ok((jobs, left_out))
    }
}

/// The path that a folder has, or will have once it is made.
fn without_links(path: &Path) -> std::io::Result<PathBuf> {
    let whole = std::path::absolute(path)?;
    let mut missing = Vec::new();
    let mut there = whole.as_path();
    loop {
        match there.canonicalize() {
            Ok(mut found) => {
                found.extend(missing.iter().rev());
                return Ok(found);
            }
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                let (Some(name), Some(parent)) = (there.file_name(), there.parent()) else {
                    return Err(error);
                };
                missing.push(name);
                there = parent;
            }
            Err(error) => return Err(error),
        }
    }
}
