//! Reading in a process of its own, whose memory is that of reading and of nothing else.

use std::io::{BufRead, BufReader, Read, Write};
use std::path::Path;
use std::process::{Command, Stdio};

use anyhow::{Context, ensure};
use extraction::{Reader, Rules, Skip};
use serde::{Deserialize, Serialize};

use super::processor::time;

/// The first argument of such a process. The second is a file to read; without one, it is one event on standard input.
pub(crate) const CHILD: &str = "--read-apart";
/// Processes of each measurement, and times that each reads its event.
const TIMES: usize = 3;

/// What such a process says.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Apart {
    /// The most memory it had, less what it had before it read, KiB.
    kib: u32,
    /// Processor time of the best reading, milliseconds; 0 for a file.
    pub(super) ms: f64,
    /// What became of the event.
    pub(super) outcome: String,
}

impl Apart {
    pub(super) fn mib(&self) -> f64 {
        f64::from(self.kib) / 1024.0
    }

    /// The best of two: noise only ever adds.
    fn or(self, other: Self) -> Self {
        Self {
            kib: self.kib.min(other.kib),
            ms: self.ms.min(other.ms),
            outcome: other.outcome,
        }
    }
}

/// The most memory this process has had, in KiB (proc(5), `VmHWM`).
fn peak_kib() -> anyhow::Result<u32> {
    let status = std::fs::read_to_string("/proc/self/status")?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let number = line.and_then(|line| line.split_whitespace().next());
    Ok(number.context("/proc/self/status has no VmHWM")?.parse()?)
}

fn start(argument: Option<&Path>, event: &[u8]) -> anyhow::Result<Apart> {
    let mut process = Command::new(std::env::current_exe()?)
        .arg(CHILD)
        .args(argument)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()?;
    process
        .stdin
        .take()
        .context("a process without standard input")?
        .write_all(event)?;
    let ended = process.wait_with_output()?;
    ensure!(ended.status.success(), "a reading process failed");
    Ok(serde_json::from_slice(&ended.stdout)?)
}

fn best(argument: Option<&Path>, event: &[u8]) -> anyhow::Result<Apart> {
    let first = start(argument, event)?;
    (1..TIMES).try_fold(first, |best, _| Ok(best.or(start(argument, event)?)))
}

/// MiB that a process needs over what it has when it is idle, for reading every event of a file one by one.
pub(super) fn resident(file: &Path) -> anyhow::Result<f64> {
    Ok(best(Some(file), b"")?.mib())
}

/// What one event costs.
pub(super) fn event(event: &[u8]) -> anyhow::Result<Apart> {
    best(None, event)
}

fn of_file(file: &str) -> anyhow::Result<Apart> {
    let before = peak_kib()?;
    let mut lines = BufReader::new(std::fs::File::open(file)?);
    let (mut reader, mut line) = (Reader::default(), Vec::new());
    while lines.read_until(b'\n', &mut line)? > 0 {
        reader.extract(&line, &Rules::default(), &Skip::new())?;
        line.clear();
    }
    Ok(Apart {
        kib: peak_kib()?.saturating_sub(before),
        ms: 0.0,
        outcome: String::new(),
    })
}

fn of_event() -> anyhow::Result<Apart> {
    let mut event = Vec::new();
    std::io::stdin().read_to_end(&mut event)?;
    let (rules, skip) = (Rules::default(), Skip::new());
    let before = peak_kib()?;
    let mut outcome = String::new();
    let took = (0..TIMES).map(|_| {
        time(|| {
            let mut reader = Reader::default();
            outcome = match reader.extract(&event, &rules, &skip) {
                Ok(reading) => format!("{} samples", reading.counts().samples),
                Err(error) => error.as_str().to_owned(),
            };
        })
    });
    let ms = took.min().unwrap_or_default().as_secs_f64() * 1e3;
    Ok(Apart {
        kib: peak_kib()?.saturating_sub(before),
        ms,
        outcome,
    })
}

/// What such a process does.
#[expect(clippy::print_stdout, reason = "what this process is for")]
pub(crate) fn child(file: Option<&str>) -> anyhow::Result<()> {
    let apart = file.map_or_else(of_event, of_file)?;
    println!("{}", serde_json::to_string(&apart)?);
    Ok(())
}
