//! The demo as a user runs it: the binary `outrider`, its exit code, its document and its inbox.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::{Command, Output, Stdio};

use serde_json::Value;

use crate::built;

/// How a demo ended.
#[derive(Debug)]
pub struct Finished {
    /// Its exit code; `None` when a signal ended it.
    pub code: Option<i32>,
    /// The document on standard output; null when there was none.
    pub summary: Value,
    /// What was said on standard error.
    pub stderr: String,
    /// The published messages by file name.
    pub inbox: BTreeMap<String, Vec<u8>>,
}

/// Runs `outrider demo --json` to its end.
///
/// # Panics
/// When it cannot be started, or writes anything but one document.
#[must_use]
pub fn run(seed: u64, data: &Path) -> Finished {
    let mut command = Command::new(built::binary("outrider"));
    command
        .args(["demo", "--json", "--seed", &seed.to_string(), "--data"])
        .arg(data);
    finished(output(&mut command), data)
}

/// Runs the demo until its `at`-th event of a store call, where it kills itself; 0 = never. Returns how many
/// events there were, and `None` when it died.
///
/// # Panics
/// When it cannot be started, or ends by itself without having finished.
#[must_use]
pub fn run_killed(seed: u64, data: &Path, at: u64) -> Option<u64> {
    let mut command = Command::new(built::binary("demo_killed"));
    command.arg(data).args([seed.to_string(), at.to_string()]);
    let output = output(&mut command);
    output.status.code()?;
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    Some(
        text.trim()
            .parse()
            .unwrap_or_else(|error| panic!("{error} in {text}")),
    )
}

fn output(command: &mut Command) -> Output {
    command
        .stdin(Stdio::null())
        .output()
        .unwrap_or_else(|error| panic!("{command:?} cannot be started: {error}"))
}

fn finished(output: Output, data: &Path) -> Finished {
    let stdout = String::from_utf8_lossy(&output.stdout).into_owned();
    let summary = if stdout.is_empty() {
        Value::Null
    } else {
        serde_json::from_str(&stdout)
            .unwrap_or_else(|error| panic!("--json wrote no document: {error}\n{stdout}"))
    };
    let stderr = String::from_utf8_lossy(&output.stderr).into_owned();
    Finished {
        code: output.status.code(),
        summary,
        stderr,
        inbox: inbox(&data.join("inbox")),
    }
}

/// The files of an inbox; none when there is no inbox.
fn inbox(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    let entries = std::fs::read_dir(folder)
        .into_iter()
        .flatten()
        .flatten()
        .map(|entry| entry.path());
    let visible = entries.filter(|path| !name(path).starts_with('.'));
    visible
        .map(|path| (name(&path), std::fs::read(&path).unwrap_or_default()))
        .collect()
}

fn name(path: &Path) -> String {
    path.file_name()
        .map(|name| name.to_string_lossy().into_owned())
        .unwrap_or_default()
}

impl Finished {
    /// The document without what names the data directory: equal for runs in different ones.
    #[must_use]
    pub fn story(&self) -> Value {
        without(&self.summary, &["inbox"])
    }

    /// The story without what a new process adds to it: its own cold start, which it logs and counts.
    #[must_use]
    pub fn incidents(&self) -> Value {
        without(&self.summary, &["inbox", "log_events", "rollups"])
    }

    /// One of the document's counts.
    ///
    /// # Panics
    /// When it is no count.
    #[must_use]
    pub fn count(&self, name: &str) -> u64 {
        self.summary[name]
            .as_u64()
            .unwrap_or_else(|| panic!("{name} is no count in {}", self.summary))
    }
}

fn without(document: &Value, members: &[&str]) -> Value {
    let mut document = document.clone();
    if let Some(all) = document.as_object_mut() {
        all.retain(|name, _| !members.contains(&name.as_str()));
    }
    document
}
