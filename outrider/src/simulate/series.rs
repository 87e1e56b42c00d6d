//! The signals of each function as tables for `detect`: `timestamp,value,label`, a row a minute. An empty value is
//! missing; the label is 1 while a fault that somebody has to be told of moves this signal.

use std::fmt::Write as _;
use std::fs::OpenOptions;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use anyhow::Context;
use simulator::fleet::{Fleet, Point, Signal};

/// What is held of a table before it is written.
const HELD: usize = 32 * 1024;

struct Table {
    path: PathBuf,
    held: String,
}

impl Table {
    fn write(&mut self) -> anyhow::Result<()> {
        let written = OpenOptions::new()
            .create(true)
            .append(true)
            .open(&self.path)
            .and_then(|mut file| file.write_all(self.held.as_bytes()));
        self.held.clear();
        written.with_context(|| format!("cannot write {}", self.path.display()))
    }
}

/// A table for each function and signal. Files are open only while something is written: there may be more of them
/// than a process may open.
pub(super) struct Tables {
    of: Vec<Vec<Table>>,
}

impl Tables {
    pub(super) fn in_folder(folder: &Path, fleet: &Fleet) -> anyhow::Result<Self> {
        let mut of = Vec::new();
        for function in &fleet.functions {
            let folder = folder.join(&function.name);
            std::fs::create_dir_all(&folder)
                .with_context(|| format!("cannot make the folder {}", folder.display()))?;
            let tables = Signal::ALL.iter().map(|signal| Table {
                path: folder.join(format!("{}.csv", signal.as_str())),
                held: "timestamp,value,label\n".to_owned(),
            });
            of.push(tables.collect());
        }
        Ok(Self { of })
    }

    pub(super) fn add(&mut self, fleet: &Fleet, point: &Point) -> anyhow::Result<()> {
        let fault = fleet
            .faults
            .iter()
            .filter(|fault| fault.kind.is_told() && fault.covers(point.minute))
            .find(|fault| fleet.shows(fault, point.function));
        let time = point.minute.to_string();
        let tables = self.of.get_mut(point.function);
        for (table, signal) in tables.into_iter().flatten().zip(Signal::ALL) {
            let label = u8::from(fault.is_some_and(|fault| fault.kind.moves(*signal)));
            // Writing to a string cannot fail.
            let _ = match point.seen(*signal) {
                Some(value) => writeln!(table.held, "{time},{value},{label}"),
                None => writeln!(table.held, "{time},,{label}"),
            };
            if table.held.len() > HELD {
                table.write()?;
            }
        }
        Ok(())
    }

    pub(super) fn finish(mut self) -> anyhow::Result<()> {
        self.of.iter_mut().flatten().try_for_each(Table::write)
    }
}
