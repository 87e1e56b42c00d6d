//! Which Lambda events there are, and where each of them stands.

use std::io::Read;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Context, bail};
use serde::de::IgnoredAny;

/// One Lambda event.
#[derive(Debug)]
pub(crate) struct Input {
    file: Arc<str>,
    /// Its line, from 1; `None` when it is the whole file.
    line: Option<usize>,
    content: Arc<[u8]>,
    range: Range<usize>,
}

impl Input {
    pub(crate) fn bytes(&self) -> &[u8] {
        &self.content[self.range.clone()]
    }

    /// Where it stands: `file` or `file:line`.
    pub(crate) fn name(&self) -> String {
        match self.line {
            Some(line) => format!("{}:{line}", self.file),
            None => self.file.to_string(),
        }
    }
}

/// The events of all files, in order.
pub(crate) fn read(files: &[PathBuf]) -> anyhow::Result<Vec<Input>> {
    let mut inputs = Vec::new();
    for path in files {
        if path == Path::new("-") {
            let mut content = Vec::new();
            std::io::stdin()
                .lock()
                .read_to_end(&mut content)
                .context("cannot read standard input")?;
            inputs.extend(of_stdin(content));
            continue;
        }
        let name = path.display().to_string();
        if path.is_dir() {
            bail!("{name} is a folder: name the files in it, such as {name}/*.jsonl");
        }
        let by_line = match path.extension().and_then(|extension| extension.to_str()) {
            Some("json") => false,
            Some("jsonl") => true,
            _ => bail!(
                "{name}: name it .json if it holds one Lambda event, .jsonl if it holds one a line"
            ),
        };
        let content = std::fs::read(path).with_context(|| format!("{name}: cannot read it"))?;
        inputs.extend(split(&name, content, by_line));
    }
    Ok(inputs)
}

/// Standard input has no extension: what is one JSON document as a whole is one event.
pub(crate) fn of_stdin(content: Vec<u8>) -> Vec<Input> {
    let by_line = serde_json::from_slice::<IgnoredAny>(&content).is_err();
    split("standard input", content, by_line)
}

fn split(name: &str, content: Vec<u8>, by_line: bool) -> Vec<Input> {
    let file: Arc<str> = name.into();
    let content: Arc<[u8]> = content.into();
    let input = |line, range| Input {
        file: file.clone(),
        line,
        content: content.clone(),
        range,
    };
    if !by_line {
        return vec![input(None, 0..content.len())];
    }
    let mut start = 0;
    let mut inputs = Vec::new();
    for (index, line) in content.split(|byte| *byte == b'\n').enumerate() {
        if !line.trim_ascii().is_empty() {
            inputs.push(input(Some(index + 1), start..start + line.len()));
        }
        start += line.len() + 1;
    }
    inputs
}
