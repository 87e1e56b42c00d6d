//! A minute of a function as plain numbers.

use signals::Minute;

use super::fault::Signal;
use super::latency::Mixture;
use super::regime::{Arrival, Regime};

/// What happened in a minute, as the service itself would know it. Numbers are exact counts; percentiles are those of
/// the very invocations that [`super::Fleet::requests`] lists, nearest rank, without a histogram's rounding.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Signals {
    /// Invocations that ran.
    pub invocations: u32,
    /// Invocations that failed, timeouts and those out of memory included.
    pub errors: u32,
    /// Invocations refused for lack of concurrency: not among `invocations`.
    pub throttles: u32,
    /// Invocations that ran into the timeout.
    pub timeouts: u32,
    /// Invocations that ran out of memory.
    pub out_of_memory: u32,
    /// Invocations that waited for a new environment.
    pub cold_starts: u32,
    /// Distinct correlation ids among all attempts, refused ones included: clients keep the id when they try again.
    pub correlations: u32,
    /// Median duration, milliseconds; `None` without invocations, and so for the next two.
    pub p50: Option<f64>,
    /// 90th percentile of the duration, milliseconds.
    pub p90: Option<f64>,
    /// 99th percentile of the duration, milliseconds.
    pub p99: Option<f64>,
    /// 95th percentile of the init phases, milliseconds; `None` without cold starts.
    pub init_p95: Option<f64>,
    /// Largest peak memory, megabytes; 0 without invocations.
    pub memory_max: f64,
    /// Environments busy at the same time, at most.
    pub concurrency_max: u32,
    /// Little's law on the minute's own rate: invocations a second × mean duration of the distribution in seconds.
    pub concurrency_estimated: f64,
}

/// Ranks among the ordinary durations of a minute and the uniform numbers drawn for them, and how many ran into the
/// timeout: what the requests behind the minute are drawn between.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub(crate) struct Anchors {
    pub(crate) ranks: [(u32, f64); 4],
    pub(crate) len: usize,
    /// Share of the distribution that lies below the timeout.
    pub(crate) below: f64,
}

/// A minute of a function.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Point {
    /// Which function, by its place in the fleet.
    pub function: usize,
    /// Which minute.
    pub minute: Minute,
    /// What happened.
    pub signals: Signals,
    /// When the function's own logs get to the store. AWS/Lambda's metrics come on time but for [`Point::silent`].
    pub arrival: Arrival,
    /// Not even AWS/Lambda's metrics come.
    pub silent: bool,
    /// Mean invocations expected in this minute, faults included: what chance varies around.
    pub expected: f64,
    pub(crate) regime: Regime,
    pub(crate) mixture: Mixture,
    pub(crate) anchors: Anchors,
}

impl Point {
    /// A signal of the minute, whether or not its data come: `None` where there is no sample (a percentile without
    /// invocations). Counts are 0 without invocations.
    #[must_use]
    pub fn value(&self, signal: Signal) -> Option<f64> {
        let now = &self.signals;
        match signal {
            Signal::Invocations => Some(f64::from(now.invocations)),
            Signal::Errors => Some(f64::from(now.errors)),
            Signal::Throttles => Some(f64::from(now.throttles)),
            Signal::P50 => now.p50,
            Signal::P90 => now.p90,
            Signal::P99 => now.p99,
            Signal::ColdStarts => Some(f64::from(now.cold_starts)),
            Signal::InitP95 => now.init_p95,
            Signal::Timeouts => Some(f64::from(now.timeouts)),
            Signal::OutOfMemory => Some(f64::from(now.out_of_memory)),
            Signal::Memory => (now.invocations > 0).then_some(now.memory_max),
            Signal::Concurrency => Some(f64::from(now.concurrency_max)),
            Signal::ConcurrencyEstimated => Some(now.concurrency_estimated),
        }
    }

    /// How many samples a signal rests on: the invocations of percentiles, the cold starts of the init phase, the
    /// invocations as the exposure of errors, timeouts, cold starts and memory, all attempts as that of throttles; 1
    /// for the rest.
    #[must_use]
    pub fn weight(&self, signal: Signal) -> f64 {
        let now = &self.signals;
        match signal {
            Signal::Invocations | Signal::Concurrency | Signal::ConcurrencyEstimated => 1.0,
            Signal::Throttles => f64::from(now.invocations + now.throttles),
            Signal::InitP95 => f64::from(now.cold_starts),
            Signal::Errors
            | Signal::P50
            | Signal::P90
            | Signal::P99
            | Signal::ColdStarts
            | Signal::Timeouts
            | Signal::OutOfMemory
            | Signal::Memory => f64::from(now.invocations),
        }
    }

    /// A signal as a store would have it once the minute has settled: `None` as well when the data never come, and
    /// when there is nothing to speak of: a minute without attempts leaves no data on Lambda, not even zeros.
    #[must_use]
    pub fn seen(&self, signal: Signal) -> Option<f64> {
        let attempts = self.signals.invocations + self.signals.throttles;
        if self.arrival == Arrival::Lost || attempts == 0 {
            return None;
        }
        self.value(signal)
    }
}
