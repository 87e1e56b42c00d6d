//! What AWS/Lambda says about a function and the function's own log cannot.

use std::collections::BTreeMap;
use std::fmt;

use async_trait::async_trait;
use signals::{AwsSignal, Minute};

pub mod cloudwatch;

/// One metric to ask for. Billed by the metric asked, so ask for what is needed.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct MetricQuery {
    /// The function; `None` for the whole account.
    pub function: Option<String>,
    /// What to ask for.
    pub signal: AwsSignal,
}

/// The answer: for each query the minutes that have a value. A minute that is not there is unknown.
pub type MetricValues = BTreeMap<MetricQuery, BTreeMap<Minute, f64>>;

/// Why the metrics could not be read.
#[derive(Debug, thiserror::Error)]
#[error("GetMetricData for {queries} metrics from {from} to {to} failed: {message}")]
pub struct MetricSourceError {
    /// How many metrics were asked for.
    pub queries: usize,
    /// The first minute.
    pub from: Minute,
    /// The last minute.
    pub to: Minute,
    /// What the service said.
    pub message: String,
    /// Whether the same call may succeed later.
    pub retryable: bool,
}

impl MetricSourceError {
    /// Whether the same call may succeed later.
    #[must_use]
    pub fn is_retryable(&self) -> bool {
        self.retryable
    }
}

/// Reads metrics at one-minute period.
#[async_trait]
pub trait MetricSource: Send + Sync + fmt::Debug {
    /// The values of `queries` for the minutes `from` to `to`, both included.
    async fn read(
        &self,
        queries: &[MetricQuery],
        from: Minute,
        to: Minute,
    ) -> Result<MetricValues, MetricSourceError>;
}
