//! Where a function's log lines go: standard output on Lambda, a buffer in tests, a log stream locally.

use std::io::Write;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};

/// Takes one line, without its newline. Never fails: a log that cannot be written must not fail a request.
pub trait Emitter: Send + Sync + std::fmt::Debug {
    /// Writes the line whole: a torn line is no valid EMF document.
    fn emit(&self, line: &str);
}

/// Standard output, or any other writer. Lines that could not be written are counted.
pub struct Writer<W> {
    writer: Mutex<W>,
    lost: AtomicU64,
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
    /// Writes to `writer`, one `write_all` a line.
    pub fn new(writer: W) -> Self {
        Self {
            writer: Mutex::new(writer),
            lost: AtomicU64::new(0),
        }
    }

    /// How many lines could not be written.
    pub fn lost(&self) -> u64 {
        self.lost.load(Ordering::Relaxed)
    }
}

impl<W: Write + Send> Emitter for Writer<W> {
    fn emit(&self, line: &str) {
        let mut bytes = Vec::with_capacity(line.len() + 1);
        bytes.extend_from_slice(line.as_bytes());
        bytes.push(b'\n');
        // A panic of another thread while it held the lock leaves at worst half a line behind: keep writing.
        let mut writer = self
            .writer
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner);
        if writer
            .write_all(&bytes)
            .and_then(|()| writer.flush())
            .is_err()
        {
            self.lost.fetch_add(1, Ordering::Relaxed);
        }
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
            .unwrap_or_else(std::sync::PoisonError::into_inner)
            .clone()
    }
}

impl Emitter for Captured {
    fn emit(&self, line: &str) {
        self.0
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner)
            .push(line.to_owned());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Broken;

    impl Write for Broken {
        fn write(&mut self, _: &[u8]) -> std::io::Result<usize> {
            Err(std::io::Error::other("no space left"))
        }

        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn a_writer_that_fails_costs_the_line_and_nothing_else() {
        let emitter = Writer::new(Broken);
        emitter.emit("{}");
        emitter.emit("{}");
        assert_eq!(emitter.lost(), 2);
    }

    #[test]
    fn a_line_is_written_whole_with_its_newline() {
        let emitter = Writer::new(Vec::new());
        emitter.emit("one");
        emitter.emit("two");
        assert_eq!(emitter.writer.lock().unwrap().as_slice(), b"one\ntwo\n");
    }
}
