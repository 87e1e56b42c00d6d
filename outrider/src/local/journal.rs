//! What CloudWatch Logs keeps for us: the log events of each invocation, by minute, on disk before the caller
//! hears of them. A process that is killed finds them again.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{File, OpenOptions};
use std::io::{ErrorKind, Write};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use anyhow::Context;
use serde::{Deserialize, Serialize};
use signals::Minute;

/// One log event, as a subscription delivers it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LogEvent {
    /// 56 digits, rising within the stream.
    pub id: String,
    /// Milliseconds since the epoch.
    pub timestamp: i64,
    /// One line.
    pub message: String,
}

/// What became of one request to the function.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    /// The request's number in its minute.
    pub request: u32,
    /// Refused by the platform: it never ran and logged nothing.
    pub throttled: bool,
    /// It ran and failed as a function.
    pub error: bool,
    /// What it logged.
    pub events: Vec<LogEvent>,
}

/// The journal of one function: a file a minute, a line an entry.
#[derive(Debug)]
pub struct Journal {
    folder: PathBuf,
    open: Mutex<Option<(Minute, File)>>,
}

impl Journal {
    /// A journal in `folder`, which is made when it is not there.
    ///
    /// # Errors
    /// A folder that cannot be made.
    pub fn in_folder(folder: &Path) -> anyhow::Result<Self> {
        std::fs::create_dir_all(folder)
            .with_context(|| format!("cannot make the folder {}", folder.display()))?;
        Ok(Self {
            folder: folder.to_owned(),
            open: Mutex::new(None),
        })
    }

    fn file(&self, minute: Minute) -> PathBuf {
        self.folder.join(format!("{}.jsonl", minute.index()))
    }

    /// Appends an entry; when this returns, a killed process would find it again.
    ///
    /// # Errors
    /// A disk that is full or gone.
    pub fn append(&self, minute: Minute, entry: &Entry) -> anyhow::Result<()> {
        let mut line = serde_json::to_vec(entry)?;
        line.push(b'\n');
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        if open.as_ref().is_none_or(|(of, _)| *of != minute) {
            let path = self.file(minute);
            cut_torn_line(&path)?;
            let file = OpenOptions::new().create(true).append(true).open(&path);
            *open = Some((
                minute,
                file.with_context(|| format!("cannot write {}", path.display()))?,
            ));
        }
        if let Some((_, file)) = open.as_mut() {
            file.write_all(&line)?;
        }
        Ok(())
    }

    /// The minutes that have entries.
    ///
    /// # Errors
    /// A folder that cannot be read.
    pub fn minutes(&self) -> anyhow::Result<BTreeSet<Minute>> {
        let mut minutes = BTreeSet::new();
        for entry in std::fs::read_dir(&self.folder)? {
            let name = entry?.file_name().to_string_lossy().into_owned();
            if let Some(index) = name
                .strip_suffix(".jsonl")
                .and_then(|stem| stem.parse().ok())
            {
                minutes.insert(Minute::from_index(index));
            }
        }
        Ok(minutes)
    }

    /// The entries of a minute by request, in order. A last line that a killed process left half written is as
    /// if it had never been.
    ///
    /// # Errors
    /// A file that cannot be read, or a damaged line before the last.
    pub fn read(&self, minute: Minute) -> anyhow::Result<BTreeMap<u32, Entry>> {
        let path = self.file(minute);
        let text = match std::fs::read_to_string(&path) {
            Ok(text) => text,
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(BTreeMap::new()),
            Err(error) => {
                return Err(error).with_context(|| format!("cannot read {}", path.display()));
            }
        };
        text.split_inclusive('\n')
            .filter(|line| line.ends_with('\n'))
            .enumerate()
            .map(|(number, line)| {
                let entry: Entry = serde_json::from_str(line).with_context(|| {
                    format!(
                        "{} line {} is damaged; delete the file",
                        path.display(),
                        number + 1
                    )
                })?;
                Ok((entry.request, entry))
            })
            .collect()
    }
}

/// Appending behind half a line would damage the next one.
fn cut_torn_line(path: &Path) -> anyhow::Result<()> {
    let bytes = match std::fs::read(path) {
        Ok(bytes) => bytes,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(error).with_context(|| format!("cannot read {}", path.display())),
    };
    let whole = bytes
        .iter()
        .rposition(|byte| *byte == b'\n')
        .map_or(0, |end| end + 1);
    if whole < bytes.len() {
        OpenOptions::new()
            .write(true)
            .open(path)?
            .set_len(whole as u64)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(request: u32) -> Entry {
        let event = LogEvent {
            id: format!("{request:056}"),
            timestamp: 1,
            message: "{}".to_owned(),
        };
        Entry {
            request,
            throttled: false,
            error: false,
            events: vec![event],
        }
    }

    #[test]
    fn what_was_appended_is_found_by_the_next_process_without_a_torn_line() {
        let folder = tempfile::tempdir().unwrap();
        let minute = Minute::from_index(7);
        let journal = Journal::in_folder(folder.path()).unwrap();
        journal.append(minute, &entry(0)).unwrap();
        journal.append(minute.plus(1), &entry(0)).unwrap();
        let path = journal.file(minute);
        let mut torn = std::fs::read(&path).unwrap();
        torn.extend_from_slice(b"{\"request\":1,\"thro");
        std::fs::write(&path, torn).unwrap();
        let next = Journal::in_folder(folder.path()).unwrap();
        assert_eq!(next.read(minute).unwrap().len(), 1);
        next.append(minute, &entry(1)).unwrap();
        assert_eq!(
            next.read(minute).unwrap().into_values().collect::<Vec<_>>(),
            [entry(0), entry(1)]
        );
        assert!(next.read(minute.plus(2)).unwrap().is_empty());
        assert_eq!(
            next.minutes().unwrap().into_iter().collect::<Vec<_>>(),
            [minute, minute.plus(1)]
        );
    }
}
