//! Measuring and printing.

use std::time::Duration;

use anyhow::bail;
use platform::clock::{Clock, Operation, SystemClock};
use serde_json::{Map, Value};

/// Rounds of every measurement.
pub(crate) const ROUNDS: usize = 5;

/// What was measured.
#[derive(Debug)]
pub(crate) struct Figures {
    json: bool,
    found: Map<String, Value>,
}

impl Figures {
    pub(crate) fn from_args(args: impl Iterator<Item = String>) -> anyhow::Result<Self> {
        let mut json = false;
        for arg in args {
            match arg.as_str() {
                "--json" => json = true,
                other => bail!("{other}: write bench or bench --json"),
            }
        }
        Ok(Self {
            json,
            found: Map::new(),
        })
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

    /// Prints the document.
    #[expect(clippy::print_stdout, reason = "what this program is for")]
    pub(crate) fn finish(self) {
        if self.json {
            println!("{}", Value::Object(self.found));
        }
    }
}

/// The shortest of the rounds.
pub(crate) fn best(mut round: impl FnMut()) -> Duration {
    let clock = SystemClock;
    let rounds = (0..ROUNDS).map(|_| {
        let mark = clock.start();
        round();
        clock.finish(Operation::Request, mark)
    });
    rounds.min().unwrap_or_default()
}

/// Nanoseconds for each of `times`.
pub(crate) fn nanos_each(total: Duration, times: u32) -> f64 {
    total.as_secs_f64() * 1e9 / f64::from(times)
}
