//! Rows of a CSV: the two columns that matter, each mistake with its place and its fix.

use std::cell::Cell;
use std::io::{BufRead, BufReader, Read};
use std::rc::Rc;

use csv::{ByteRecord, ReaderBuilder};

use super::moment;

/// Bytes that are read for one row at most. A quote that is never closed would else take the whole file into memory.
const LONGEST_ROW: u64 = 1 << 20;
/// How much of a text an error repeats.
const SHOWN_CHARS: usize = 60;
/// How many columns an error names.
const SHOWN_COLUMNS: usize = 12;

/// What is wrong with a CSV.
#[derive(Debug, thiserror::Error)]
pub(super) enum TableError {
    #[error("cannot read it: {0}")]
    Unreadable(String),
    #[error("it is empty; write a first line that names the columns, such as timestamp,value")]
    Empty,
    #[error(
        "line 1: no column is called {name}, there is {found}; name the columns in the first line, separated by commas"
    )]
    NoColumn { name: &'static str, found: String },
    #[error("line 1: columns {first} and {second} are both called {name}; rename one of them")]
    TwoColumns {
        name: &'static str,
        first: usize,
        second: usize,
    },
    #[error(
        "line {line}: it has {found} columns and the first line has {expected}; every row needs as many as the first line names"
    )]
    Ragged {
        line: u64,
        found: usize,
        expected: usize,
    },
    #[error(
        "line {line}: column {column} (timestamp) is {text}, which is no instant; write 2026-11-20T22:05:00Z, 2026-11-20 22:05:00 (UTC), or seconds or milliseconds since 1970"
    )]
    Timestamp {
        line: u64,
        column: usize,
        text: String,
    },
    #[error(
        "line {line}: column {column} (value) is {text}, which is no number; write one such as 12.5, or nothing where the value is missing"
    )]
    Value {
        line: u64,
        column: usize,
        text: String,
    },
    #[error(
        "line {line}: the row is longer than {LONGEST_ROW} bytes; close the quote that it opens, or cut it"
    )]
    TooLong { line: u64 },
}

/// One row: the texts as they stand, and what they mean.
#[derive(Debug, PartialEq)]
pub(super) struct Row<'a> {
    pub(super) timestamp: &'a [u8],
    pub(super) value: &'a [u8],
    /// Since 1970.
    pub(super) seconds: i64,
    /// `None`: missing. Finite.
    pub(super) number: Option<f64>,
}

/// Counts what was read since the last row, and ends a row that does not end.
struct Metered<R> {
    inner: R,
    since_row: Rc<Cell<u64>>,
}

impl<R: Read> Read for Metered<R> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        if self.since_row.get() > LONGEST_ROW {
            return Err(std::io::Error::from(std::io::ErrorKind::FileTooLarge));
        }
        let read = self.inner.read(buffer)?;
        self.since_row.set(self.since_row.get() + read as u64);
        Ok(read)
    }
}

/// An open CSV. `O` opens it, and once more to say in which line a mistake is.
pub(super) struct Table<R, O> {
    opener: O,
    reader: csv::Reader<Metered<R>>,
    since_row: Rc<Cell<u64>>,
    record: ByteRecord,
    timestamp: usize,
    value: usize,
    columns: usize,
}

impl<R: Read, O: Fn() -> std::io::Result<R>> Table<R, O> {
    /// Reads the first line.
    pub(super) fn open(opener: O) -> Result<Self, TableError> {
        let inner = opener().map_err(|error| TableError::Unreadable(error.to_string()))?;
        let since_row = Rc::new(Cell::new(0));
        let reader = ReaderBuilder::new()
            .has_headers(false)
            .flexible(true)
            .buffer_capacity(1 << 16)
            .from_reader(Metered {
                inner,
                since_row: since_row.clone(),
            });
        let mut table = Self {
            opener,
            reader,
            since_row,
            record: ByteRecord::new(),
            timestamp: 0,
            value: 0,
            columns: 0,
        };
        if !table.advance()? {
            return Err(TableError::Empty);
        }
        table.columns = table.record.len();
        table.timestamp = column(&table.record, "timestamp")?;
        table.value = column(&table.record, "value")?;
        Ok(table)
    }

    /// The next row; `None` after the last one.
    pub(super) fn next(&mut self) -> Result<Option<Row<'_>>, TableError> {
        if !self.advance()? {
            return Ok(None);
        }
        if self.record.len() != self.columns {
            return Err(TableError::Ragged {
                line: self.line(),
                found: self.record.len(),
                expected: self.columns,
            });
        }
        // There are as many columns as in the first line, where both were found.
        let (timestamp, value) = (&self.record[self.timestamp], &self.record[self.value]);
        let seconds = text(timestamp).and_then(moment::seconds);
        let seconds = seconds.ok_or_else(|| TableError::Timestamp {
            line: self.line(),
            column: self.timestamp + 1,
            text: shown(timestamp),
        })?;
        let number = number(value).ok_or_else(|| TableError::Value {
            line: self.line(),
            column: self.value + 1,
            text: shown(value),
        })?;
        Ok(Some(Row {
            timestamp,
            value,
            seconds,
            number,
        }))
    }

    fn advance(&mut self) -> Result<bool, TableError> {
        self.since_row.set(0);
        let start = self.reader.position().byte();
        match self.reader.read_byte_record(&mut self.record) {
            Ok(there) => Ok(there),
            Err(error) => Err(match error.into_kind() {
                csv::ErrorKind::Io(error) if error.kind() == std::io::ErrorKind::FileTooLarge => {
                    let line = self.line_at(start);
                    TableError::TooLong { line }
                }
                csv::ErrorKind::Io(error) => TableError::Unreadable(error.to_string()),
                other => TableError::Unreadable(format!("{other:?}")),
            }),
        }
    }

    fn line(&self) -> u64 {
        let start = self.record.position().map_or(0, csv::Position::byte);
        self.line_at(start)
    }

    /// The line of the first row from byte `start` on. The reader's own count stands before the empty lines that it
    /// skips, and before a line feed that follows a carriage return; so the lines are counted once more, which only a
    /// mistake costs.
    fn line_at(&self, start: u64) -> u64 {
        let Ok(again) = (self.opener)() else { return 0 };
        let (mut at, mut line) = (0, 1);
        let mut reader = BufReader::new(again);
        while let Ok(bytes) = reader.fill_buf() {
            if bytes.is_empty() {
                break;
            }
            for byte in bytes {
                if at >= start && !matches!(byte, b'\r' | b'\n') {
                    return line;
                }
                line += u64::from(*byte == b'\n');
                at += 1;
            }
            let read = bytes.len();
            reader.consume(read);
        }
        line
    }
}

fn column(record: &ByteRecord, name: &'static str) -> Result<usize, TableError> {
    let mut found = record
        .iter()
        .enumerate()
        .filter(|(_, field)| field.trim_ascii().eq_ignore_ascii_case(name.as_bytes()))
        .map(|(position, _)| position);
    let first = found.next().ok_or_else(|| TableError::NoColumn {
        name,
        found: columns(record),
    })?;
    match found.next() {
        Some(second) => Err(TableError::TwoColumns {
            name,
            first: first + 1,
            second: second + 1,
        }),
        None => Ok(first),
    }
}

fn columns(record: &ByteRecord) -> String {
    let mut names: Vec<_> = record.iter().take(SHOWN_COLUMNS).map(shown).collect();
    if record.len() > SHOWN_COLUMNS {
        names.push(format!("and {} more", record.len() - SHOWN_COLUMNS));
    }
    names.join(", ")
}

/// UTF-8 without the blanks around it.
fn text(field: &[u8]) -> Option<&str> {
    std::str::from_utf8(field.trim_ascii()).ok()
}

/// `Some(None)`: missing. So is what says of itself that it is no number: NaN and infinities cannot be measured.
#[expect(clippy::option_option, reason = "no number, missing, and a number")]
fn number(field: &[u8]) -> Option<Option<f64>> {
    let text = text(field)?;
    if text.is_empty() {
        return Some(None);
    }
    let number: f64 = text.parse().ok()?;
    Some(number.is_finite().then_some(number))
}

/// A text of a file, as a terminal may have it.
fn shown(field: &[u8]) -> String {
    let text = String::from_utf8_lossy(field);
    let mut short: String = text.chars().take(SHOWN_CHARS).collect();
    if short.len() < text.len() {
        short.push('…');
    }
    format!("{short:?}")
}
