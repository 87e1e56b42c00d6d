//! Measuring and printing.

use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, bail, ensure};
use platform::clock::{Clock, Operation, SystemClock};
use serde_json::{Map, Value};

/// Rounds of every measurement.
pub(crate) const ROUNDS: usize = 5;

const USAGE: &str =
    "write bench --dist FOLDER --bare FOLDER [--corpora FOLDER] [--only NAME]… [--json]";

/// What was measured.
#[derive(Debug)]
pub(crate) struct Figures {
    json: bool,
    /// Beginnings of names: only these figures, of `ingest` and `hostile`, which need no functions. Empty: all.
    only: Vec<String>,
    /// What `log_corpus.py` made.
    pub(crate) corpora: PathBuf,
    dist: PathBuf,
    bare: PathBuf,
    found: Map<String, Value>,
}

impl Figures {
    pub(crate) fn from_args(mut args: impl Iterator<Item = String>) -> anyhow::Result<Self> {
        let (mut json, mut only) = (false, Vec::new());
        let (mut dist, mut bare) = (None, None);
        let mut corpora = PathBuf::from("target/bench");
        while let Some(arg) = args.next() {
            match arg.as_str() {
                "--json" => json = true,
                "--dist" => dist = args.next().map(PathBuf::from),
                "--bare" => bare = args.next().map(PathBuf::from),
                "--corpora" => corpora = args.next().map(PathBuf::from).context(USAGE)?,
                "--only" => only.push(args.next().context(USAGE)?),
                other => bail!("{other}: {USAGE}"),
            }
        }
        let folder = |name: &str, given: Option<PathBuf>| {
            if !only.is_empty() {
                return Ok(PathBuf::new());
            }
            let given = given.with_context(|| format!("{name} is missing: run make bench"))?;
            given
                .canonicalize()
                .with_context(|| format!("{name} {} is not there: run make bench", given.display()))
        };
        Ok(Self {
            json,
            corpora,
            dist: folder("--dist", dist)?,
            bare: folder("--bare", bare)?,
            only,
            found: Map::new(),
        })
    }

    /// Whether functions are to be measured as well.
    pub(crate) fn whole(&self) -> bool {
        self.only.is_empty()
    }

    /// Whether a figure of this name is to be measured.
    pub(crate) fn wants(&self, name: &str) -> bool {
        self.whole() || self.only.iter().any(|only| name.starts_with(only.as_str()))
    }

    /// The shipped binary of a function.
    pub(crate) fn shipped(&self, function: &str) -> PathBuf {
        self.dist.join(function).join("bootstrap")
    }

    /// The binary that makes the same clients and nothing else.
    pub(crate) fn bare(&self, function: &str) -> PathBuf {
        self.bare.join(format!("bare-{function}"))
    }

    /// The size of a file.
    pub(crate) fn take_size(&mut self, name: &str, file: &Path) -> anyhow::Result<()> {
        let bytes = std::fs::metadata(file)
            .with_context(|| format!("{} is not there: run make bench", file.display()))?
            .len();
        let kib = u32::try_from(bytes / 1024).context("a file of terabytes")?;
        self.take(name, f64::from(kib) / 1024.0, "MiB");
        Ok(())
    }

    /// Takes a figure; without `--json` it is printed at once.
    #[expect(clippy::print_stdout, reason = "what this program is for")]
    pub(crate) fn take(&mut self, name: &str, value: f64, unit: &str) {
        // Three digits behind the point: nothing here is known better.
        let value = (value * 1e3).round() / 1e3;
        self.found.insert(name.to_owned(), Value::from(value));
        if !self.json {
            println!("{name} {value} {unit}");
        }
    }

    /// Says that a figure is missing, and what it needs.
    #[expect(clippy::print_stderr, reason = "standard output is for figures")]
    pub(crate) fn left_out(&self, name: &str, needs: &Path) {
        eprintln!("{name} is left out: {} is not there", needs.display());
    }

    /// Prints the document. A name that chose nothing is a mistake, and not a run without figures.
    #[expect(clippy::print_stdout, reason = "what this program is for")]
    pub(crate) fn finish(self) -> anyhow::Result<()> {
        ensure!(
            !self.found.is_empty(),
            "--only {}: no such figure, or what it needs is not there; write the beginning of ingest_<events>, \
             ingest_hard_<events> or hostile_ms_<payload>",
            self.only.join(" --only ")
        );
        if self.json {
            println!("{}", Value::Object(self.found));
        }
        Ok(())
    }
}

/// The shortest of the rounds.
pub(crate) fn best(mut round: impl FnMut()) -> Duration {
    let rounds = (0..ROUNDS).map(|_| once(&mut round));
    rounds.min().unwrap_or_default()
}

/// The time of one round, for what takes seconds.
pub(crate) fn once(round: impl FnOnce()) -> Duration {
    let clock = SystemClock;
    let mark = clock.start();
    round();
    clock.finish(Operation::Request, mark)
}

/// Nanoseconds for each of `times`.
pub(crate) fn nanos_each(total: Duration, times: u32) -> f64 {
    total.as_secs_f64() * 1e9 / f64::from(times)
}
