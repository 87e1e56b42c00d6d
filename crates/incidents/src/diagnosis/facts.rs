//! What is known when a diagnosis is asked for: the minutes of the incident beside the minutes before it.
//!
//! Everything is optional, because nothing is measured everywhere. `None` is "not measured" and convicts nobody.

use crate::contribution::Contributions;
use crate::{Direction, Symptom};

/// One signal over the minutes of the incident, beside what is normal. Units are those of the signal.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Signal {
    /// What was measured while it breached.
    pub observed: f64,
    /// What was to be expected.
    pub expected: f64,
    /// Lower end of the normal range.
    pub low: f64,
    /// Upper end of the normal range.
    pub high: f64,
}

/// Cold starts of the minutes of the incident.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ColdStarts {
    /// Invocations that waited for an init phase.
    pub count: u64,
    /// Invocations in all.
    pub invocations: u64,
    /// Their share of the invocations before, 0 to 1.
    pub share_before: f64,
    /// p90 of the init phase, milliseconds.
    pub init_ms: Option<f64>,
}

/// How long invocations ran.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Runs {
    /// p99 of the time in the handler, milliseconds.
    pub p99_ms: Option<f64>,
    /// The function's timeout, milliseconds.
    pub timeout_ms: Option<f64>,
    /// Invocations that Lambda ended at the timeout.
    pub timeouts: u64,
    /// Invocations in all.
    pub invocations: u64,
}

/// Memory of the function's environments.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Memory {
    /// Highest use while it breached, megabytes.
    pub peak_mb: Option<f64>,
    /// Highest use before, megabytes.
    pub peak_before_mb: Option<f64>,
    /// Configured size, megabytes.
    pub size_mb: Option<f64>,
    /// Invocations that ended at the memory limit.
    pub out_of_memory: u64,
}

/// Concurrency and its limits. Limits are read, never assumed: the default of 1,000 holds for few accounts.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Concurrency {
    /// The function's highest while it breached.
    pub peak: Option<f64>,
    /// The function's highest before.
    pub peak_before: Option<f64>,
    /// Its reservation; `Some(0)` is a function that is switched off.
    pub reserved: Option<f64>,
    /// The account's limit in the region.
    pub account_limit: Option<f64>,
    /// The account's highest use while it breached: what on-demand invocations could not have.
    pub account_peak: Option<f64>,
    /// Other functions with their peaks, in any order.
    pub neighbours: Vec<(String, f64)>,
}

/// A sample of the requests of the incident, told apart by their correlation ids.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Correlation {
    /// Requests looked at.
    pub requests: u64,
    /// Different correlation ids among them.
    pub distinct: u64,
}

/// A call that the service makes while it works on a request.
#[derive(Debug, Clone, PartialEq)]
pub struct Dependency {
    /// What a reader calls it: `DynamoDbLatency`.
    pub name: String,
    /// Mean time in its calls **per request** of the service, milliseconds: means add up, percentiles do not.
    pub per_request_ms: Signal,
}

/// A deploy before the onset, or a version that was first heard then.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Deploy {
    /// Minutes from it to the onset; negative: after it.
    pub minutes_before: i64,
    /// The version that came, where known.
    pub version: Option<String>,
}

/// A change of settings before the onset.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Changed {
    /// Minutes from it to the onset; negative: after it.
    pub minutes_before: i64,
    /// What was done, and by whom: `PutFunctionConcurrency car-api by ada (reserved 5)`.
    pub what: String,
}

/// What each of two versions answered in the same minutes.
#[derive(Debug, Clone, PartialEq)]
pub struct Rival {
    /// The version.
    pub version: String,
    /// Requests it had.
    pub requests: u64,
    /// Those of them that failed, were slow or were refused: the symptom's own count.
    pub hit: u64,
}

/// Everything that a diagnosis is made of. [`Facts::of`] knows nothing yet.
#[derive(Debug, Clone, PartialEq)]
pub struct Facts {
    /// What breaches.
    pub symptom: Symptom,
    /// On which side.
    pub direction: Direction,
    /// Minutes of the incident so far.
    pub minutes: u32,
    /// Those of them that any log data came for.
    pub heard: u32,
    /// Invocations that AWS counted in those minutes, where it was asked.
    pub counted_by_aws: Option<f64>,
    /// Minutes in a row before the onset in which nothing was asked of the function.
    pub idle_before: Option<u32>,
    /// Requests a minute.
    pub requests: Option<Signal>,
    /// Requests a minute that were answered well: the work that got done.
    pub answered: Option<Signal>,
    /// Failed requests or invocations a minute.
    pub failed: Option<Signal>,
    /// Refused requests or invocations a minute.
    pub refused: Option<Signal>,
    /// p90 of latency, milliseconds.
    pub latency_ms: Option<Signal>,
    /// Mean latency, milliseconds.
    pub mean_latency_ms: Option<Signal>,
    /// Requests above the upper end of the normal latency.
    pub slow: Option<u64>,
    /// Cold starts.
    pub cold: Option<ColdStarts>,
    /// How long invocations ran.
    pub runs: Option<Runs>,
    /// Memory.
    pub memory: Option<Memory>,
    /// Concurrency.
    pub concurrency: Concurrency,
    /// Correlation ids.
    pub correlation: Option<Correlation>,
    /// Calls to others.
    pub dependencies: Vec<Dependency>,
    /// The last deploy.
    pub deploy: Option<Deploy>,
    /// The last change of settings before the onset, where AWS tells of changes.
    pub changed: Option<Changed>,
    /// The versions that served while it breached.
    pub versions: Vec<Rival>,
    /// Who explains the change, one entry for each dimension that was looked at.
    pub contributions: Vec<Contributions>,
}

impl Signal {
    /// A signal whose normal range is one number.
    #[must_use]
    pub fn against(observed: f64, expected: f64) -> Self {
        Self {
            observed,
            expected,
            low: expected,
            high: expected,
        }
    }

    /// Observed divided by expected; `None` when nothing was expected or a number is none.
    #[must_use]
    pub fn ratio(&self) -> Option<f64> {
        let ratio = self.observed / self.expected;
        (self.expected > 0.0 && ratio.is_finite()).then_some(ratio)
    }

    /// Above its normal range and at least `times` the expected. Something where nothing was expected is a rise.
    #[must_use]
    pub fn rose(&self, times: f64) -> bool {
        self.observed > self.high
            && self.observed > 0.0
            && self.ratio().is_none_or(|it| it >= times)
    }

    /// Below its normal range and at most `times` the expected.
    #[must_use]
    pub fn fell(&self, times: f64) -> bool {
        self.observed < self.low && self.ratio().is_some_and(|ratio| ratio <= times)
    }
}

impl Facts {
    /// Facts of an incident of which nothing is known yet.
    #[must_use]
    pub fn of(symptom: Symptom, direction: Direction) -> Self {
        Self {
            symptom,
            direction,
            minutes: 0,
            heard: 0,
            counted_by_aws: None,
            idle_before: None,
            requests: None,
            answered: None,
            failed: None,
            refused: None,
            latency_ms: None,
            mean_latency_ms: None,
            slow: None,
            cold: None,
            runs: None,
            memory: None,
            concurrency: Concurrency::default(),
            correlation: None,
            dependencies: Vec::new(),
            deploy: None,
            changed: None,
            versions: Vec::new(),
            contributions: Vec::new(),
        }
    }
}
