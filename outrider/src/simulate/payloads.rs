//! Subscription payloads, in the order in which they would come.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};

use anyhow::Context;
use signals::Minute;
use simulator::fleet::{Arrival, LogStream, Point};

use crate::local::journal::LogEvent;
use crate::local::subscription::payload;

/// Events of one payload: CloudWatch Logs cuts by size and time.
const EVENTS: usize = 500;
/// A file ends when it has so many bytes.
const FILE_BYTES: usize = 16 * 1024 * 1024;

/// Files of payloads, `00000.jsonl` and so on.
pub(super) struct Payloads {
    folder: PathBuf,
    file: Option<BufWriter<File>>,
    bytes: usize,
    files: u32,
    count: u64,
    /// What comes in a later minute.
    later: BTreeMap<Minute, Vec<LogStream>>,
}

impl Payloads {
    pub(super) fn in_folder(folder: &Path) -> anyhow::Result<Self> {
        std::fs::create_dir_all(folder)
            .with_context(|| format!("cannot make the folder {}", folder.display()))?;
        Ok(Self {
            folder: folder.to_owned(),
            file: None,
            bytes: 0,
            files: 0,
            count: 0,
            later: BTreeMap::new(),
        })
    }

    /// What a point logged, now or when it comes; what is lost is not written.
    pub(super) fn add(&mut self, point: &Point, logs: Vec<LogStream>) -> anyhow::Result<()> {
        match point.arrival {
            Arrival::OnTime => logs.into_iter().try_for_each(|stream| self.write(stream)),
            Arrival::Late(minutes) => {
                let at = point.minute.plus(i64::from(minutes));
                self.later.entry(at).or_default().extend(logs);
                Ok(())
            }
            Arrival::Lost => Ok(()),
        }
    }

    /// Writes what was late until now.
    pub(super) fn end_minute(&mut self, minute: Minute) -> anyhow::Result<()> {
        while let Some(entry) = self.later.first_entry()
            && *entry.key() <= minute
        {
            entry
                .remove()
                .into_iter()
                .try_for_each(|stream| self.write(stream))?;
        }
        Ok(())
    }

    fn write(&mut self, stream: LogStream) -> anyhow::Result<()> {
        let events: Vec<LogEvent> = stream
            .events
            .into_iter()
            .map(|event| LogEvent {
                id: event.id,
                timestamp: event.timestamp,
                message: event.message,
            })
            .collect();
        for events in events.chunks(EVENTS) {
            let mut line = payload(&stream.group, &stream.stream, events)?;
            line.push(b'\n');
            let folder = &self.folder;
            let file = match &mut self.file {
                Some(file) if self.bytes + line.len() <= FILE_BYTES => file,
                file => {
                    if let Some(full) = file {
                        full.flush()?;
                    }
                    let path = folder.join(format!("{:05}.jsonl", self.files));
                    let new = File::create_new(&path)
                        .with_context(|| format!("cannot write {}", path.display()))?;
                    self.files += 1;
                    self.bytes = 0;
                    file.insert(BufWriter::new(new))
                }
            };
            file.write_all(&line).context("cannot write a payload")?;
            self.bytes += line.len();
            self.count += 1;
        }
        Ok(())
    }

    /// Writes what comes after the last minute. How many files and payloads there are.
    pub(super) fn finish(mut self) -> anyhow::Result<(u32, u64)> {
        self.end_minute(Minute::from_index(i64::MAX))?;
        if let Some(mut file) = self.file {
            file.flush().context("cannot write a payload")?;
        }
        Ok((self.files, self.count))
    }
}
