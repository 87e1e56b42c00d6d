//! Where a function's log lines go: standard output on Lambda, a buffer in tests, a log stream locally.

use std::io::Write;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Takes one line, without its newline. Never fails: a log that cannot be written must not fail a request.
pub trait Emitter: Send + Sync + std::fmt::Debug {
    /// Writes the line whole: a torn line is no valid EMF document.
    fn emit(&self, line: &str);

    /// Like [`Self::emit`], but the line may wait for the next one and be written together with it: every write wakes
    /// whoever reads, which costs more than making the line. Call [`Self::emit`] or [`Self::flush`] at once after it.
    fn hold(&self, line: &str) {
        self.emit(line);
    }

    /// Writes what is held.
    fn flush(&self) {}
}

/// Standard output, or any other writer. Lines that could not be written are counted.
pub struct Writer<W> {
    inner: Mutex<Inner<W>>,
    lost: AtomicU64,
}

struct Inner<W> {
    writer: W,
    /// Lines that wait for the next, each with its newline.
    held: Vec<u8>,
    held_lines: u64,
}

impl<W> std::fmt::Debug for Writer<W> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Writer")
            .field("lost", &self.lost)
            .finish_non_exhaustive()
    }
}

impl Writer<std::io::Stdout> {
    /// The function's standard output, which Lambda sends to its log group.
    #[must_use]
    pub fn stdout() -> Self {
        Self::new(std::io::stdout())
    }
}

impl<W: Write + Send> Writer<W> {
    /// Writes to `writer`, one `write_all` a line, or for several where the first were held.
    pub fn new(writer: W) -> Self {
        let inner = Inner {
            writer,
            held: Vec::new(),
            held_lines: 0,
        };
        Self {
            inner: Mutex::new(inner),
            lost: AtomicU64::new(0),
        }
    }

    /// A panic of another thread while it held the lock leaves at worst half a line behind: keep writing.
    fn inner(&self) -> MutexGuard<'_, Inner<W>> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self, inner: &mut Inner<W>) {
        let written = inner.writer.write_all(&inner.held);
        if written.and_then(|()| inner.writer.flush()).is_err() {
            self.lost.fetch_add(inner.held_lines, Ordering::Relaxed);
        }
        inner.held.clear();
        inner.held_lines = 0;
    }

    /// How many lines could not be written.
    pub fn lost(&self) -> u64 {
        self.lost.load(Ordering::Relaxed)
    }
}

impl<W: Write + Send> Emitter for Writer<W> {
    fn emit(&self, line: &str) {
        let mut inner = self.inner();
        inner.hold(line);
        self.write(&mut inner);
    }

    fn hold(&self, line: &str) {
        self.inner().hold(line);
    }

    fn flush(&self) {
        let mut inner = self.inner();
        if inner.held_lines > 0 {
            self.write(&mut inner);
        }
    }
}

impl<W> Inner<W> {
    fn hold(&mut self, line: &str) {
        self.held.reserve(line.len() + 1);
        self.held.extend_from_slice(line.as_bytes());
        self.held.push(b'\n');
        self.held_lines += 1;
    }
}

/// Keeps the lines. For tests.
#[derive(Debug, Default)]
pub struct Captured(Mutex<Vec<String>>);

impl Captured {
    /// The lines so far; they stay.
    #[must_use]
    pub fn lines(&self) -> Vec<String> {
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }
}

impl Emitter for Captured {
    fn emit(&self, line: &str) {
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .push(line.to_owned());
    }
}

#[cfg(test)]
mod tests;
