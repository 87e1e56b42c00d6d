//! The AWS/Lambda metrics arrow: what the platform counts about a function and never logs.

use std::collections::BTreeMap;
use std::sync::Arc;

use async_trait::async_trait;
use platform::metric_source::{MetricQuery, MetricSource, MetricSourceError, MetricValues};
use signals::{AwsSignal, Minute};

use super::journal::Journal;

/// The metrics of one function, and of an account that has no other.
#[derive(Debug)]
pub(crate) struct FunctionMetrics {
    /// The function's name.
    pub function: String,
    /// Where its invocations are filed.
    pub journal: Arc<Journal>,
}

#[derive(Debug, Clone, Copy, Default)]
struct Counts {
    invocations: u32,
    errors: u32,
    throttles: u32,
}

impl FunctionMetrics {
    fn counts(&self, minute: Minute) -> anyhow::Result<Counts> {
        let mut counts = Counts::default();
        for entry in self.journal.read(minute)?.into_values() {
            counts.throttles += u32::from(entry.throttled);
            counts.invocations += u32::from(!entry.throttled);
            counts.errors += u32::from(entry.error);
        }
        Ok(counts)
    }
}

#[async_trait]
impl MetricSource for FunctionMetrics {
    async fn read(
        &self,
        queries: &[MetricQuery],
        from: Minute,
        to: Minute,
    ) -> Result<MetricValues, MetricSourceError> {
        let mut values = MetricValues::new();
        for index in from.index()..=to.index() {
            let minute = Minute::from_index(index);
            let counts = self.counts(minute).map_err(|error| MetricSourceError {
                queries: queries.len(),
                from,
                to,
                message: format!("{error:#}"),
                retryable: false,
            })?;
            // Like AWS: a minute in which nothing was asked of the function has no values at all.
            if counts.invocations + counts.throttles == 0 {
                continue;
            }
            for query in queries.iter().filter(|query| {
                query
                    .function
                    .as_ref()
                    .is_none_or(|name| *name == self.function)
            }) {
                let value = match query.signal {
                    AwsSignal::Invocations => counts.invocations,
                    AwsSignal::Errors => counts.errors,
                    AwsSignal::Throttles => counts.throttles,
                    // One request at a time here; a refused one means that the limit was reached.
                    AwsSignal::ConcurrentExecutions => 1,
                    // What an account with other functions has.
                    _ => continue,
                };
                let series: &mut BTreeMap<_, _> = values.entry(query.clone()).or_default();
                series.insert(minute, f64::from(value));
            }
        }
        Ok(values)
    }
}
