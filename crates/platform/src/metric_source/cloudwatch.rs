//! [`MetricSource`] on Amazon CloudWatch. Limits are not its business: it knows none.

use std::collections::BTreeMap;

use async_trait::async_trait;
use aws_sdk_cloudwatch::Client;
use aws_sdk_cloudwatch::error::{DisplayErrorContext, ProvideErrorMetadata, SdkError};
use aws_sdk_cloudwatch::primitives::DateTime;
use aws_sdk_cloudwatch::types::{
    Dimension, Metric as CloudWatchMetric, MetricDataQuery, MetricDataResult, MetricStat, ScanBy,
    StatusCode,
};
use signals::{AwsSignal, Metric, Minute};

use super::{
    FIVE_MINUTE_DAYS, MetricQuery, MetricSource, MetricSourceError, MetricValues, PastQuery,
    PastStatistic, Resolution,
};

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
/// `None`: it is a setting and no metric.
fn metric_of(signal: AwsSignal) -> Option<(Metric, PastStatistic)> {
    Some(match signal {
        AwsSignal::Invocations => (Metric::Invocations, PastStatistic::Sum),
        AwsSignal::Errors => (Metric::Errors, PastStatistic::Sum),
        AwsSignal::Throttles => (Metric::Throttles, PastStatistic::Sum),
        AwsSignal::ConcurrentExecutions => (Metric::ConcurrentExecutions, PastStatistic::Maximum),
        AwsSignal::ClaimedAccountConcurrency => {
            (Metric::ClaimedAccountConcurrency, PastStatistic::Maximum)
        }
        AwsSignal::UnreservedConcurrentExecutions => (
            Metric::UnreservedConcurrentExecutions,
            PastStatistic::Maximum,
        ),
        AwsSignal::ConcurrencyLimit | AwsSignal::UnreservedLimit => return None,
    })
}

/// The question for one statistic of a function or, without one, of the account; `None` for what is no metric.
#[must_use]
pub fn past_query(function: Option<&str>, signal: AwsSignal) -> Option<PastQuery> {
    let (metric, statistic) = metric_of(signal)?;
    Some(of_lambda(function, metric, statistic))
}

/// The question for a statistic of a metric of AWS/Lambda.
#[must_use]
pub fn of_lambda(function: Option<&str>, metric: Metric, statistic: PastStatistic) -> PastQuery {
    let dimension = function.map(|function| (DIMENSION.to_owned(), function.to_owned()));
    PastQuery {
        namespace: NAMESPACE.to_owned(),
        metric: metric.name().to_owned(),
        dimensions: dimension.into_iter().collect(),
        statistic,
    }
}

fn query_of(position: usize, query: &PastQuery, resolution: Resolution) -> MetricDataQuery {
    let dimensions: Vec<_> = query
        .dimensions
        .iter()
        .map(|(name, value)| Dimension::builder().name(name).value(value).build())
        .collect();
    let metric = CloudWatchMetric::builder()
        .namespace(&query.namespace)
        .metric_name(&query.metric)
        .set_dimensions((!dimensions.is_empty()).then_some(dimensions))
        .build();
    let statistic = match query.statistic {
        PastStatistic::Sum => "Sum".to_owned(),
        PastStatistic::Maximum => "Maximum".to_owned(),
        PastStatistic::SampleCount => "SampleCount".to_owned(),
        PastStatistic::Percentile(percent) => format!("p{percent}"),
    };
    let period = match resolution {
        Resolution::Minute => 60,
        Resolution::FiveMinutes => 300,
    };
    let stat = MetricStat::builder()
        .metric(metric)
        .period(period)
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

/// Which query a result answers.
fn position_of(result: &MetricDataResult) -> Option<usize> {
    result.id()?.strip_prefix('q')?.parse().ok()
}

impl CloudWatch {
    /// Asks every query, [`QUERIES_PER_CALL`] at a time; a call's answer comes in pages of 100,800 values.
    async fn ask(
        &self,
        queries: &[PastQuery],
        (from, to): (Minute, Minute),
        resolution: Resolution,
    ) -> Result<Vec<BTreeMap<Minute, f64>>, MetricSourceError> {
        let failed = |message: String, retryable: bool| MetricSourceError {
            queries: queries.len(),
            from,
            to,
            message,
            retryable,
        };
        let mut values = vec![BTreeMap::new(); queries.len()];
        for (chunk, asked) in queries.chunks(QUERIES_PER_CALL).enumerate() {
            let first = chunk * QUERIES_PER_CALL;
            let of_chunk = asked.iter().enumerate();
            let data: Vec<_> = of_chunk
                .map(|(position, query)| query_of(first + position, query, resolution))
                .collect();
            let mut pages = self
                .0
                .get_metric_data()
                .set_metric_data_queries(Some(data))
                .start_time(DateTime::from_millis(from.start_millis()))
                .end_time(DateTime::from_millis(to.plus(1).start_millis()))
                .scan_by(ScanBy::TimestampAscending)
                .into_paginator()
                .send();
            // The last word on each query: one that CloudWatch did not answer is not one without values.
            let mut refused: BTreeMap<usize, StatusCode> = BTreeMap::new();
            while let Some(page) = pages.next().await {
                let page = page.map_err(|error| {
                    failed(
                        DisplayErrorContext(&error).to_string(),
                        is_retryable(&error),
                    )
                })?;
                for result in page.metric_data_results() {
                    let Some(position) = position_of(result).filter(|at| *at < queries.len())
                    else {
                        continue;
                    };
                    refused.remove(&position);
                    if let Some(status @ (StatusCode::Forbidden | StatusCode::InternalError)) =
                        result.status_code()
                    {
                        refused.insert(position, status.clone());
                    }
                    for (time, value) in result.timestamps().iter().zip(result.values()) {
                        if let Ok(millis) = time.to_millis() {
                            values[position].insert(Minute::from_millis(millis), *value);
                        }
                    }
                }
            }
            if let Some((position, status)) = refused.into_iter().next() {
                let metric = queries.get(position).map_or("", |query| &query.metric);
                return Err(failed(
                    format!("{metric}: {status}"),
                    status == StatusCode::InternalError,
                ));
            }
        }
        Ok(values)
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
        let known: Vec<_> = queries
            .iter()
            .filter_map(|query| {
                let past = past_query(query.function.as_deref(), query.signal)?;
                Some((query, past))
            })
            .collect();
        let asked: Vec<_> = known.iter().map(|(_, past)| past.clone()).collect();
        let answers = self.ask(&asked, (from, to), Resolution::Minute).await?;
        let pairs = known.iter().zip(answers);
        Ok(pairs
            .filter(|(_, values)| !values.is_empty())
            .map(|((query, _), values)| ((*query).clone(), values))
            .collect())
    }

    fn knows_silence(&self) -> bool {
        true
    }

    fn past_days(&self) -> u16 {
        FIVE_MINUTE_DAYS
    }

    async fn past(
        &self,
        queries: &[PastQuery],
        from: Minute,
        to: Minute,
        resolution: Resolution,
    ) -> Result<Vec<BTreeMap<Minute, f64>>, MetricSourceError> {
        self.ask(queries, (from, to), resolution).await
    }
}

#[cfg(test)]
mod tests;
