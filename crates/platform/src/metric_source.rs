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

/// How the samples of a minute of the past become one number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum PastStatistic {
    /// Their sum.
    Sum,
    /// The largest.
    Maximum,
    /// How many there were.
    SampleCount,
    /// The value below which this percentage (1 to 99) of them lie.
    Percentile(u8),
}

/// One statistic of one metric, whoever emits it. Billed like a [`MetricQuery`].
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PastQuery {
    /// CloudWatch namespace.
    pub namespace: String,
    /// Metric name.
    pub metric: String,
    /// Exactly these dimensions.
    pub dimensions: BTreeMap<String, String>,
    /// Which number of each minute.
    pub statistic: PastStatistic,
}

/// How fine the past is asked for. CloudWatch keeps minutes for 15 days and five minutes for 63 (Amazon CloudWatch
/// API reference, `GetMetricData`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Resolution {
    /// Every minute.
    Minute,
    /// One value for five minutes, stamped with the first of them.
    FiveMinutes,
}

/// Days for which [`Resolution::Minute`] is kept.
pub const MINUTE_DAYS: u16 = 15;
/// Days for which [`Resolution::FiveMinutes`] is kept.
pub const FIVE_MINUTE_DAYS: u16 = 63;

impl Resolution {
    /// Minutes between two values.
    #[must_use]
    pub fn minutes(self) -> i64 {
        match self {
            Self::Minute => 1,
            Self::FiveMinutes => 5,
        }
    }
}

/// What the account lets run at the same time.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct AccountLimits {
    /// Environments of all functions together, at least 0.
    pub concurrency: f64,
    /// What of it no function has reserved, at least 0.
    pub unreserved: f64,
}

/// Why a limit could not be read.
#[derive(Debug, thiserror::Error)]
#[error("{operation} of {what} failed: {message}")]
pub struct LimitError {
    /// The operation in AWS' words.
    pub operation: &'static str,
    /// The function, or the account.
    pub what: String,
    /// What the service said.
    pub message: String,
    /// Whether the same call may succeed later.
    pub retryable: bool,
}

impl LimitError {
    /// Whether the same call may succeed later.
    #[must_use]
    pub fn is_retryable(&self) -> bool {
        self.retryable
    }
}

/// Reads metrics at one-minute period, their past, and the limits they run into.
#[async_trait]
pub trait MetricSource: Send + Sync + fmt::Debug {
    /// The values of `queries` for the minutes `from` to `to`, both included.
    async fn read(
        &self,
        queries: &[MetricQuery],
        from: Minute,
        to: Minute,
    ) -> Result<MetricValues, MetricSourceError>;

    /// Whether a minute that it gives no invocations for is a minute without any. A source that does not know every
    /// function, such as a recording, leaves such minutes unknown.
    fn knows_silence(&self) -> bool {
        false
    }

    /// Days of the past that [`MetricSource::past`] knows; 0 for a source that begins with its first run.
    fn past_days(&self) -> u16 {
        0
    }

    /// The values of each query, in the order of `queries`, for the minutes `from` to `to`, both included. All or
    /// nothing: a minute that is not in the answer had no samples.
    async fn past(
        &self,
        queries: &[PastQuery],
        _from: Minute,
        _to: Minute,
        _resolution: Resolution,
    ) -> Result<Vec<BTreeMap<Minute, f64>>, MetricSourceError> {
        Ok(vec![BTreeMap::new(); queries.len()])
    }

    /// The account's limits; `None` where there are none to read.
    async fn account_limits(&self) -> Result<Option<AccountLimits>, LimitError> {
        Ok(None)
    }

    /// The concurrency reserved for a function; `None` when nothing is.
    async fn reserved_concurrency(&self, _function: &str) -> Result<Option<f64>, LimitError> {
        Ok(None)
    }
}
