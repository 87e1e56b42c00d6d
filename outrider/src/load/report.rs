//! What a run came to: the document of `--json` and of the file that `--out` writes.
//!
//! Times are milliseconds, rates are requests a second. Members may be added; [`VERSION`] goes up when one changes
//! its meaning or goes away.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::cost::Bill;
use super::record::{Durations, Recorder, Slot};

/// The version that this build reads and writes.
pub const VERSION: u32 = 1;

/// Everything about one run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Report {
    /// [`VERSION`].
    pub version: u32,
    /// What was asked for.
    pub run: Run,
    /// Requests that the plan had.
    pub planned: u64,
    /// Whether it was stopped before its end.
    pub interrupted: bool,
    /// Planned requests by how they ended: `ok`, `rejected`, `throttled`, `failed`, `timed_out`, `unreachable`,
    /// `unsent`, `interrupted`. Every request that was due is in one of them.
    pub endings: BTreeMap<super::Ending, u64>,
    /// Attempts by what came back: a status code, `timed out` or `unreachable`.
    pub answers: BTreeMap<String, u64>,
    /// Attempts beyond each request's first.
    pub repeats: u64,
    /// What the first request that did not end well was told.
    pub first_failure: Option<String>,
    /// Requests a second that ended well, over the planned time; over the time it ran, when it was interrupted.
    pub ok_per_second: f64,
    /// From when each request was due until its client knew its end, however it ended: corrected for coordinated
    /// omission. A request that was given up is in it with the time until then.
    pub latency_ms: Latency,
    /// From the sending of each attempt to its end: what a tool says that leaves waiting out.
    pub service_ms: Latency,
    /// How late each request was first sent: the wait for a free connection, and up to 2 ms of the tool's own timer.
    pub late_ms: Latency,
    /// The objective and its error budget.
    pub objective: Objective,
    /// What the run would cost on AWS, preparing and cleaning up included.
    pub cost: Bill,
    /// By operation: `create`, `read`, `list`, `update`, `patch`, `delete`.
    pub operations: BTreeMap<String, Part>,
    /// The ten tenths of the run: what gets slowly worse shows between the first and the last, and how much they
    /// differ says how much of a difference between runs is noise.
    pub tenths: Vec<Part>,
    /// Seconds of each point of `series`: 1 up to an hour.
    pub step_seconds: f64,
    /// One point after the other, by when requests were due.
    pub series: Vec<Part>,
    /// Cars that the run made and could not remove again.
    pub left_over: Vec<String>,
}

/// What was asked for.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Run {
    /// The service, without user, password and query.
    pub url: String,
    /// When it began, RFC 3339.
    pub started: String,
    /// The scenario.
    pub scenario: String,
    /// The highest rate.
    pub rate: f64,
    /// The planned length.
    pub seconds: f64,
    /// Where arrivals and operations come from.
    pub seed: u64,
    /// Most requests under way at the same time.
    pub connections: usize,
}

/// Durations of many requests.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Latency {
    /// How many.
    pub count: u64,
    /// Their mean.
    pub mean: f64,
    /// Half are below, by 1.6 % at most wrong, as all percentiles.
    pub p50: f64,
    /// Nine of ten are below.
    pub p90: f64,
    /// 99 % are below.
    pub p99: f64,
    /// 99.9 % are below.
    pub p99_9: f64,
    /// The longest, exactly.
    pub max: f64,
    /// The histogram: (middle of a bucket, how many), rising.
    pub buckets: Vec<(f64, u64)>,
}

/// Requests within a limit, and how many need not be.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Objective {
    /// A request must end well within this time.
    pub ms: f64,
    /// Percent of the requests that must.
    pub percent: f64,
    /// The error budget: requests that need not.
    pub allowed: f64,
    /// Requests that did not.
    pub used: u64,
    /// Whether the budget was enough.
    pub met: bool,
}

/// A part of the run.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Part {
    /// Requests that were due.
    pub arrivals: u64,
    /// Those that ended well.
    pub ok: u64,
    /// Those that could not be sent in time.
    pub unsent: u64,
    /// Median latency, corrected.
    pub p50: f64,
    /// 90th percentile, corrected.
    pub p90: f64,
    /// 99th percentile, corrected.
    pub p99: f64,
    /// The longest, corrected.
    pub max: f64,
}

/// Microseconds are enough.
fn rounded(ms: f64) -> f64 {
    (ms * 1e3).round() / 1e3
}

impl Latency {
    pub(crate) fn of(durations: &Durations) -> Self {
        let count = durations.histogram.total();
        // The middle of the last bucket may lie above everything in it.
        let quantile = |q| {
            rounded(
                durations
                    .histogram
                    .quantile(q)
                    .unwrap_or(0.0)
                    .min(durations.max),
            )
        };
        #[expect(clippy::cast_precision_loss, reason = "no run has 2^53 requests")]
        let mean = if count == 0 {
            0.0
        } else {
            rounded(durations.sum / count as f64)
        };
        Self {
            count,
            mean,
            p50: quantile(0.5),
            p90: quantile(0.9),
            p99: quantile(0.99),
            p99_9: quantile(0.999),
            max: rounded(durations.max),
            buckets: durations.histogram.iter().collect(),
        }
    }
}

impl Part {
    pub(crate) fn of(slot: &Slot) -> Self {
        let latency = Latency::of(&slot.latency);
        Self {
            arrivals: slot.arrivals,
            ok: slot.good,
            unsent: slot.unsent,
            p50: latency.p50,
            p90: latency.p90,
            p99: latency.p99,
            max: latency.max,
        }
    }
}

impl Objective {
    #[expect(clippy::cast_precision_loss, reason = "no run has 2^53 requests")]
    pub(crate) fn of(ms: f64, percent: f64, record: &Recorder) -> Self {
        let arrivals = record.arrivals();
        let allowed = arrivals as f64 * (100.0 - percent) / 100.0;
        let used = arrivals.saturating_sub(record.within);
        Self {
            ms,
            percent,
            allowed: rounded(allowed),
            used,
            met: used as f64 <= allowed + 1e-9,
        }
    }
}

impl Report {
    /// Requests that did not end well, of those that were due.
    #[must_use]
    pub fn errors(&self) -> u64 {
        let bad = self.endings.iter().filter(|(ending, _)| {
            !matches!(ending, super::Ending::Ok | super::Ending::Interrupted)
        });
        bad.map(|(_, count)| count).sum()
    }

    /// Reads a result file.
    ///
    /// # Errors
    /// A text that is no result of this version.
    pub fn parse(text: &str) -> anyhow::Result<Self> {
        #[derive(Deserialize)]
        struct Versioned {
            version: u32,
        }
        let Versioned { version } = serde_json::from_str(text)?;
        anyhow::ensure!(
            version == VERSION,
            "it is of version {version} and this outrider reads version {VERSION}: run both loads with one outrider"
        );
        Ok(serde_json::from_str(text)?)
    }
}
