//! Which series of a minute are scored, and what number of each: rollups in, samples out. Pure.

use std::collections::BTreeMap;

use anomaly::{Input, Kind};
use incidents::Symptom;
use signals::{AwsSignal, LambdaSignal, Minute, Rollup, SeriesKey, SeriesName};

use crate::watch::{Emf, Service};

/// All series of one log group in one minute.
pub type Series = BTreeMap<SeriesKey, Rollup>;

/// The percentile that stands for latency. p99 of forty requests is their maximum; p90 moves when a tenth of
/// the users wait, and is there at any traffic worth judging.
pub const LATENCY_QUANTILE: f64 = 0.9;
/// How [`LATENCY_QUANTILE`] reads.
pub const LATENCY_LABEL: &str = "p90";

/// What a series of the whole service is called, beside those of its routes.
const WHOLE: &str = "all routes";

/// One thing that is scored: a signal of a series.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Subject {
    /// What people would notice.
    pub symptom: Symptom,
    /// The series the value comes from.
    pub series: SeriesKey,
    /// What a reader calls it: the route, `all routes`, or the function.
    pub label: String,
}

impl Subject {
    /// The name under which its model is kept.
    #[must_use]
    pub fn id(&self) -> String {
        format!("{}|{}", self.symptom.as_str(), self.series)
    }

    /// The kind of model that judges it.
    #[must_use]
    pub fn kind(&self) -> Kind {
        match self.symptom {
            Symptom::Latency => Kind::Latency,
            Symptom::Errors => Kind::Errors,
            Symptom::Throttles => Kind::Throttles,
            Symptom::Traffic => Kind::Traffic,
        }
    }
}

/// A subject with its number in one minute.
#[derive(Debug, Clone, PartialEq)]
pub struct Sample {
    /// What is scored.
    pub subject: Subject,
    /// The number; `None` is unknown.
    pub value: Option<f64>,
    /// Samples or attempts behind it.
    pub weight: f64,
}

impl Sample {
    /// The model's input for `minute`.
    #[must_use]
    pub fn input(&self, minute: Minute) -> Input {
        Input {
            minute: minute.index(),
            value: self.value,
            weight: self.weight,
        }
    }
}

#[expect(clippy::cast_precision_loss, reason = "no minute holds 2^53 samples")]
fn count(rollup: &Rollup) -> f64 {
    rollup.count() as f64
}

/// The samples of a service's own metrics.
fn from_emf(emf: &Emf, series: &Series, samples: &mut Vec<Sample>) {
    for (key, rollup) in series {
        let SeriesName::Emf { namespace, metric } = &key.name else {
            continue;
        };
        if *namespace != emf.namespace {
            continue;
        }
        let route = key.dimensions.get(&emf.route_dimension);
        let expected = 1 + usize::from(route.is_some());
        if key.dimensions.len() != expected || !key.dimensions.contains_key(&emf.service_dimension)
        {
            continue;
        }
        let label = route.map_or_else(|| WHOLE.to_owned(), Clone::clone);
        let requests = SeriesKey {
            name: SeriesName::Emf {
                namespace: namespace.clone(),
                metric: emf.requests.clone(),
            },
            dimensions: key.dimensions.clone(),
        };
        let attempts = series
            .get(&requests)
            .map_or_else(|| count(rollup), Rollup::sum);
        let (symptom, value, weight) = if *metric == emf.latency {
            (
                Symptom::Latency,
                rollup.quantile(LATENCY_QUANTILE),
                count(rollup),
            )
        } else if *metric == emf.faults {
            (Symptom::Errors, Some(rollup.sum()), attempts)
        } else if *metric == emf.throttled && route.is_none() {
            (Symptom::Throttles, Some(rollup.sum()), attempts)
        } else if *metric == emf.requests && route.is_none() {
            (Symptom::Traffic, Some(rollup.sum()), 1.0)
        } else {
            continue;
        };
        samples.push(Sample {
            subject: Subject {
                symptom,
                series: key.clone(),
                label,
            },
            value,
            weight,
        });
    }
}

/// The samples that the platform gives for any function, whatever it emits.
fn from_platform(service: &Service, series: &Series, samples: &mut Vec<Sample>) {
    let function = service.function();
    let lambda = |signal| SeriesKey::lambda(function, signal);
    let duration = lambda(LambdaSignal::DurationMs);
    if let Some(rollup) = series.get(&duration) {
        samples.push(Sample {
            subject: Subject {
                symptom: Symptom::Latency,
                series: duration,
                label: WHOLE.to_owned(),
            },
            value: rollup.quantile(LATENCY_QUANTILE),
            weight: count(rollup),
        });
    }
    let invocations = lambda(LambdaSignal::Invocations);
    if let Some(rollup) = series.get(&invocations) {
        samples.push(Sample {
            subject: Subject {
                symptom: Symptom::Traffic,
                series: invocations,
                label: WHOLE.to_owned(),
            },
            value: Some(rollup.sum()),
            weight: 1.0,
        });
    }
}

/// Function errors and throttles: from AWS/Lambda where it was asked, errors else from the function's reports.
fn from_outcomes(service: &Service, series: &Series, samples: &mut Vec<Sample>) {
    let function = service.function();
    let label = || format!("function {function}");
    let aws = |signal| SeriesKey::aws(Some(function), signal);
    let sum = |key: &SeriesKey| series.get(key).map(Rollup::sum);
    let (aws_errors, aws_invocations) = (aws(AwsSignal::Errors), aws(AwsSignal::Invocations));
    let lambda_errors = SeriesKey::lambda(function, LambdaSignal::Errors);
    let invocations = sum(&aws_invocations);
    // Reports count an error only when there is one, so without a sample there were none among the invocations.
    let from_reports = || {
        let reported = sum(&SeriesKey::lambda(function, LambdaSignal::Invocations))?;
        Some((sum(&lambda_errors).unwrap_or(0.0), reported))
    };
    let errors = match (sum(&aws_errors), invocations) {
        (Some(errors), Some(invocations)) => Some((errors, invocations)),
        _ => from_reports(),
    };
    if let Some((errors, attempts)) = errors {
        // One subject whichever source spoke: a model must not start anew because a poll was late.
        let subject = Subject {
            symptom: Symptom::Errors,
            series: aws_errors,
            label: label(),
        };
        samples.push(Sample {
            subject,
            value: Some(errors),
            weight: attempts,
        });
    }
    let throttles = aws(AwsSignal::Throttles);
    if let Some(throttled) = sum(&throttles) {
        let subject = Subject {
            symptom: Symptom::Throttles,
            series: throttles,
            label: label(),
        };
        // Invocations exclude what was throttled (AWS Lambda developer guide, "Invocation metrics").
        samples.push(Sample {
            subject,
            value: Some(throttled),
            weight: throttled + invocations.unwrap_or(0.0),
        });
    }
}

/// Everything of a service that is scored in one minute, in a fixed order.
#[must_use]
pub fn samples(service: &Service, series: &Series) -> Vec<Sample> {
    let mut samples = Vec::new();
    match &service.emf {
        Some(emf) => from_emf(emf, series, &mut samples),
        None => from_platform(service, series, &mut samples),
    }
    from_outcomes(service, series, &mut samples);
    samples
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::watch::Watch;

    fn service(emf: &str) -> Service {
        let text = format!(
            "environment='t'\nregion='eu-west-1'\naccount='1'\nrunbooks='r'\n[[service]]\nname='cars'\nlog_group='/aws/lambda/car-api'\nowner='o'\n{emf}"
        );
        Watch::parse(&text).unwrap().services.remove(0)
    }

    fn ones(count: u64, of: f64) -> Rollup {
        let mut rollup = Rollup::default();
        rollup.add(of, count);
        rollup
    }

    fn read(service: &Service, series: &[(SeriesKey, Rollup)]) -> Vec<(String, Option<f64>, f64)> {
        let series = series.iter().cloned().collect();
        samples(service, &series)
            .into_iter()
            .map(|s| (s.subject.id(), s.value.map(f64::round), s.weight))
            .collect()
    }

    #[test]
    fn own_metrics_are_scored_by_service_and_route_and_nothing_else() {
        let service = service("[service.emf]\nnamespace='CarManager'");
        let emf = |metric, dims: &[(&str, &str)]| {
            SeriesKey::emf("CarManager", metric, dims.iter().copied())
        };
        let (own, route) = (
            [("service", "C")],
            [("service", "C"), ("route", "GET /cars")],
        );
        let found = read(
            &service,
            &[
                (emf("Latency", &own), ones(30, 100.0)),
                (emf("Latency", &route), ones(20, 100.0)),
                (emf("Requests", &own), ones(30, 1.0)),
                (emf("Requests", &route), ones(20, 1.0)),
                (emf("Faults", &own), ones(30, 0.1)),
                (
                    emf("Latency", &[("service", "C"), ("car", "7")]),
                    ones(1, 1.0),
                ),
                (SeriesKey::emf("Elsewhere", "Latency", own), ones(1, 1.0)),
            ],
        );
        assert_eq!(
            found,
            [
                (
                    "errors|emf/CarManager/Faults{service=C}".to_owned(),
                    Some(3.0),
                    30.0
                ),
                (
                    "latency|emf/CarManager/Latency{route=GET%20/cars,service=C}".to_owned(),
                    Some(100.0),
                    20.0
                ),
                (
                    "latency|emf/CarManager/Latency{service=C}".to_owned(),
                    Some(100.0),
                    30.0
                ),
                (
                    "traffic|emf/CarManager/Requests{service=C}".to_owned(),
                    Some(30.0),
                    1.0
                ),
            ]
        );
    }

    #[test]
    fn any_function_is_watched_by_its_reports_alone() {
        let found = read(
            &service(""),
            &[
                (
                    SeriesKey::lambda("car-api", LambdaSignal::DurationMs),
                    ones(10, 50.0),
                ),
                (
                    SeriesKey::lambda("car-api", LambdaSignal::Invocations),
                    ones(10, 1.0),
                ),
            ],
        );
        assert_eq!(
            found,
            [
                (
                    "latency|lambda/car-api/duration_ms{}".to_owned(),
                    Some(50.0),
                    10.0
                ),
                (
                    "traffic|lambda/car-api/invocations{}".to_owned(),
                    Some(10.0),
                    1.0
                ),
                ("errors|aws/car-api/errors{}".to_owned(), Some(0.0), 10.0),
            ]
        );
    }

    #[test]
    fn aws_speaks_of_errors_where_it_was_asked_and_throttles_are_attempts_that_never_ran() {
        let aws = |signal| SeriesKey::aws(Some("car-api"), signal);
        let found = read(
            &service("[service.emf]\nnamespace='N'"),
            &[
                (
                    SeriesKey::lambda("car-api", LambdaSignal::Invocations),
                    ones(10, 1.0),
                ),
                (aws(AwsSignal::Errors), Rollup::of(2.0)),
                (aws(AwsSignal::Invocations), Rollup::of(40.0)),
                (aws(AwsSignal::Throttles), Rollup::of(5.0)),
            ],
        );
        assert_eq!(
            found,
            [
                ("errors|aws/car-api/errors{}".to_owned(), Some(2.0), 40.0),
                (
                    "throttles|aws/car-api/throttles{}".to_owned(),
                    Some(5.0),
                    45.0
                ),
            ]
        );
    }

    #[test]
    fn nothing_is_scored_as_nothing() {
        assert!(read(&service(""), &[]).is_empty());
    }
}
