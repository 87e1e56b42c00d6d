//! Payloads as CloudWatch Logs would send them, one Lambda event a line.

use std::io::ErrorKind;
use std::path::Path;

use anyhow::{Context, ensure};

/// The events of a file.
#[derive(Debug)]
pub(super) struct Corpus {
    text: Vec<u8>,
}

impl Corpus {
    pub(super) fn events(&self) -> impl Iterator<Item = &[u8]> {
        self.text
            .split(|byte| *byte == b'\n')
            .filter(|line| !line.is_empty())
    }
}

/// The corpus in a file; `None` when there is no such file.
pub(super) fn read(file: &Path) -> anyhow::Result<Option<Corpus>> {
    let text = match std::fs::read(file) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        read => read.with_context(|| format!("{} cannot be read", file.display()))?,
    };
    let corpus = Corpus { text };
    ensure!(
        corpus.events().next().is_some(),
        "{} is empty: remove it and run make bench",
        file.display()
    );
    Ok(Some(corpus))
}

/// The base64 text of an event that has nothing but it.
pub(super) fn data(event: &[u8]) -> &[u8] {
    const BEFORE: &[u8] = b"\"data\":\"";
    let start = memchr::memmem::find(event, BEFORE).map_or(event.len(), |at| at + BEFORE.len());
    let rest = &event[start..];
    &rest[..memchr::memchr(b'"', rest).unwrap_or(rest.len())]
}
