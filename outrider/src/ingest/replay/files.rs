//! Records in files: what was copied out of a bucket or a queue. Nothing is removed from them.

use std::collections::VecDeque;
use std::fs::File;
use std::io::{BufRead, BufReader, Cursor, Read};
use std::path::{Path, PathBuf};

use anyhow::Context;
use serde::de::IgnoredAny;

use super::record::{LARGEST, Unreadable};

/// Files one after the other, and never more than one record in memory.
pub(super) struct Files {
    waiting: VecDeque<PathBuf>,
    open: Option<Lines>,
}

/// A file with a record a line.
struct Lines {
    name: String,
    reader: Box<dyn BufRead>,
    line: usize,
}

/// One record as it is stored.
pub(super) struct FileRecord {
    /// `file` or `file:line`.
    pub(super) name: String,
    pub(super) bytes: Result<Vec<u8>, Unreadable>,
}

impl Files {
    /// The files of these paths: a folder stands for all files below it, in the order of their names.
    ///
    /// # Errors
    /// A path that is not there, a folder that cannot be read.
    pub(super) fn of(paths: &[PathBuf]) -> anyhow::Result<Self> {
        let mut waiting = VecDeque::new();
        for path in paths {
            if path == Path::new("-") {
                waiting.push_back(path.clone());
            } else {
                find(path, &mut waiting)?;
            }
        }
        Ok(Self {
            waiting,
            open: None,
        })
    }

    /// The next record; `None` after the last.
    ///
    /// # Errors
    /// A file that cannot be read.
    pub(super) fn next(&mut self) -> anyhow::Result<Option<FileRecord>> {
        loop {
            if let Some(lines) = &mut self.open {
                match lines.next()? {
                    Some(record) => return Ok(Some(record)),
                    None => self.open = None,
                }
            }
            let Some(path) = self.waiting.pop_front() else {
                return Ok(None);
            };
            if let Some(record) = self.begin(&path)? {
                return Ok(Some(record));
            }
        }
    }

    /// Opens a file; what is one record as a whole is given at once.
    fn begin(&mut self, path: &Path) -> anyhow::Result<Option<FileRecord>> {
        let (name, mut reader): (String, Box<dyn BufRead>) = if path == Path::new("-") {
            (
                "standard input".to_owned(),
                Box::new(BufReader::new(std::io::stdin())),
            )
        } else {
            let name = path.display().to_string();
            let file = File::open(path).with_context(|| format!("{name}: cannot read it"))?;
            (name, Box::new(BufReader::new(file)))
        };
        let extension = path.extension().and_then(|extension| extension.to_str());
        if extension != Some("jsonl") {
            let mut start = Vec::new();
            (&mut reader)
                .take(LARGEST as u64 + 1)
                .read_to_end(&mut start)
                .with_context(|| format!("{name}: cannot read it"))?;
            // Standard input has no name that says so: what is no document as a whole has one a line.
            let by_line = path == Path::new("-")
                && (start.len() > LARGEST || serde_json::from_slice::<IgnoredAny>(&start).is_err());
            if !by_line {
                let bytes = if start.len() > LARGEST {
                    Err(Unreadable::TooLarge)
                } else {
                    Ok(start)
                };
                return Ok(Some(FileRecord { name, bytes }));
            }
            reader = Box::new(Cursor::new(start).chain(reader));
        }
        self.open = Some(Lines {
            name,
            reader,
            line: 0,
        });
        Ok(None)
    }
}

impl Lines {
    fn next(&mut self) -> anyhow::Result<Option<FileRecord>> {
        loop {
            let Some(bytes) =
                line(&mut self.reader).with_context(|| format!("{}: cannot read it", self.name))?
            else {
                return Ok(None);
            };
            self.line += 1;
            if bytes
                .as_ref()
                .is_ok_and(|bytes| bytes.trim_ascii().is_empty())
            {
                continue;
            }
            let name = format!("{}:{}", self.name, self.line);
            return Ok(Some(FileRecord { name, bytes }));
        }
    }
}

/// The next line, without more of it in memory than a record may have.
fn line(reader: &mut dyn BufRead) -> std::io::Result<Option<Result<Vec<u8>, Unreadable>>> {
    let mut bytes = Vec::new();
    let read = reader
        .take(LARGEST as u64 + 2)
        .read_until(b'\n', &mut bytes)?;
    if read == 0 {
        return Ok(None);
    }
    let ended = bytes.last() == Some(&b'\n');
    if bytes.len() - usize::from(ended) <= LARGEST {
        return Ok(Some(Ok(bytes)));
    }
    if !ended {
        // What is left of the line is read and thrown away, a piece at a time.
        let mut rest = Vec::new();
        while rest.last() != Some(&b'\n') {
            rest.clear();
            if reader.take(LARGEST as u64).read_until(b'\n', &mut rest)? == 0 {
                break;
            }
        }
    }
    Ok(Some(Err(Unreadable::TooLarge)))
}

fn find(path: &Path, found: &mut VecDeque<PathBuf>) -> anyhow::Result<()> {
    let failed = || format!("{}: cannot read it", path.display());
    if !std::fs::metadata(path).with_context(failed)?.is_dir() {
        found.push_back(path.to_owned());
        return Ok(());
    }
    let mut inside = std::fs::read_dir(path)
        .and_then(Iterator::collect::<Result<Vec<_>, _>>)
        .with_context(failed)?;
    inside.sort_by_key(std::fs::DirEntry::file_name);
    for entry in inside {
        // A half-written file of somebody else's; a link could lead anywhere, also back.
        let hidden = entry.file_name().to_string_lossy().starts_with('.');
        let link = entry.file_type().with_context(failed)?.is_symlink();
        if !hidden && !link {
            find(&entry.path(), found)?;
        }
    }
    Ok(())
}
