//! The standard output of a function whose log group nobody is subscribed to: a file.

use std::fs::OpenOptions;
use std::path::Path;
use std::sync::Arc;

use anyhow::Context;
use platform::clock::Clock;
use platform::emit::{Emitter, Writer};
use serde_json::json;

/// A file of log events, one JSON line each: `{"timestamp":…,"message":"…"}`.
#[derive(Debug)]
pub(crate) struct File {
    lines: Writer<std::fs::File>,
    clock: Arc<dyn Clock>,
}

impl File {
    /// Appends to the file at `path`.
    ///
    /// # Errors
    /// A file that cannot be written.
    pub(crate) fn open(path: &Path, clock: Arc<dyn Clock>) -> anyhow::Result<Self> {
        let file = OpenOptions::new().create(true).append(true).open(path);
        let file = file.with_context(|| format!("cannot write {}", path.display()))?;
        Ok(Self {
            lines: Writer::new(file),
            clock,
        })
    }
}

impl Emitter for File {
    fn emit(&self, line: &str) {
        let event = json!({ "timestamp": self.clock.now().as_millisecond(), "message": line });
        self.lines.emit(&event.to_string());
    }
}
