//! [`MetricSource`] on Amazon CloudWatch.

use async_trait::async_trait;
use aws_sdk_cloudwatch::Client;
use aws_sdk_cloudwatch::error::{DisplayErrorContext, ProvideErrorMetadata, SdkError};
use aws_sdk_cloudwatch::primitives::DateTime;
use aws_sdk_cloudwatch::types::{
    Dimension, Metric as CloudWatchMetric, MetricDataQuery, MetricStat, ScanBy,
};
use signals::{AwsSignal, Metric, Minute};

use super::{MetricQuery, MetricSource, MetricSourceError, MetricValues};

/// `MetricDataQueries` may hold 500 (CloudWatch API reference, `GetMetricData`).
pub const QUERIES_PER_CALL: usize = 500;
const NAMESPACE: &str = "AWS/Lambda";
const DIMENSION: &str = "FunctionName";

/// CloudWatch through the AWS SDK.
#[derive(Debug, Clone)]
pub struct CloudWatch(Client);

impl CloudWatch {
    /// A source that asks through `client`.
    #[must_use]
    pub fn new(client: Client) -> Self {
        Self(client)
    }
}

/// CloudWatch's name of a signal, and the statistic that means something: concurrency is read by its maximum.
fn metric_of(signal: AwsSignal) -> (Metric, &'static str) {
    match signal {
        AwsSignal::Invocations => (Metric::Invocations, "Sum"),
        AwsSignal::Errors => (Metric::Errors, "Sum"),
        AwsSignal::Throttles => (Metric::Throttles, "Sum"),
        AwsSignal::ConcurrentExecutions => (Metric::ConcurrentExecutions, "Maximum"),
    }
}

fn query_of(position: usize, query: &MetricQuery) -> MetricDataQuery {
    let (metric, statistic) = metric_of(query.signal);
    let dimension = query
        .function
        .as_ref()
        .map(|function| Dimension::builder().name(DIMENSION).value(function).build());
    let metric = CloudWatchMetric::builder()
        .namespace(NAMESPACE)
        .metric_name(metric.name())
        .set_dimensions(dimension.map(|dimension| vec![dimension]))
        .build();
    let stat = MetricStat::builder()
        .metric(metric)
        .period(60)
        .stat(statistic)
        .build();
    // An id begins with a lower-case letter (CloudWatch API reference, `MetricDataQuery`).
    MetricDataQuery::builder()
        .id(format!("q{position}"))
        .metric_stat(stat)
        .return_data(true)
        .build()
}

fn is_retryable<E: ProvideErrorMetadata, R>(error: &SdkError<E, R>) -> bool {
    match error {
        SdkError::ServiceError(service) => {
            matches!(
                service.err().code(),
                Some("Throttling" | "ThrottlingException" | "InternalServiceFault")
            )
        }
        SdkError::ConstructionFailure(_) => false,
        _ => true,
    }
}

#[async_trait]
impl MetricSource for CloudWatch {
    async fn read(
        &self,
        queries: &[MetricQuery],
        from: Minute,
        to: Minute,
    ) -> Result<MetricValues, MetricSourceError> {
        let mut values = MetricValues::new();
        for (chunk, asked) in queries.chunks(QUERIES_PER_CALL).enumerate() {
            let first = chunk * QUERIES_PER_CALL;
            let mut pages = self
                .0
                .get_metric_data()
                .set_metric_data_queries(Some(
                    asked
                        .iter()
                        .enumerate()
                        .map(|(position, query)| query_of(first + position, query))
                        .collect(),
                ))
                .start_time(DateTime::from_millis(from.start_millis()))
                .end_time(DateTime::from_millis(to.plus(1).start_millis()))
                .scan_by(ScanBy::TimestampAscending)
                .into_paginator()
                .send();
            while let Some(page) = pages.next().await {
                let page = page.map_err(|error| MetricSourceError {
                    queries: queries.len(),
                    from,
                    to,
                    retryable: is_retryable(&error),
                    message: DisplayErrorContext(&error).to_string(),
                })?;
                for result in page.metric_data_results() {
                    let position = result
                        .id()
                        .and_then(|id| id.strip_prefix('q')?.parse::<usize>().ok());
                    let Some(query) = position.and_then(|position| queries.get(position)) else {
                        continue;
                    };
                    let series = values.entry(query.clone()).or_default();
                    for (time, value) in result.timestamps().iter().zip(result.values()) {
                        if let Ok(millis) = time.to_millis() {
                            series.insert(Minute::from_millis(millis), *value);
                        }
                    }
                }
            }
        }
        Ok(values)
    }
}
