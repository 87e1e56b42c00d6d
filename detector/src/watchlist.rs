//! Which series of a minute are scored, and what number of each: rollups in, samples out. Pure.

use std::collections::BTreeMap;

use anomaly::{Input, Kind, Settings};
use incidents::Symptom;
use signals::{AwsSignal, LambdaSignal, Minute, Rollup, SeriesKey, SeriesName};

use crate::measure::{LATENCY_PERCENTILE, Measure};
use crate::watch::{Emf, Scope, Service};

/// All series of one log group in one minute.
pub type Series = BTreeMap<SeriesKey, Rollup>;

/// [`LATENCY_PERCENTILE`] as a share.
pub const LATENCY_QUANTILE: f64 = LATENCY_PERCENTILE as f64 / 100.0;
/// What a series of the whole service is called, beside those of its routes.
pub(crate) const WHOLE: &str = "all routes";

/// One thing that is scored: a number of a series.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Subject {
    /// What people would notice.
    pub symptom: Symptom,
    /// The series the value comes from.
    pub series: SeriesKey,
    /// Which number of it.
    pub measure: Measure,
    /// What a reader calls it: the route, `all routes`, or the function.
    pub label: String,
}

impl Subject {
    /// The name under which its model is kept.
    #[must_use]
    pub fn id(&self) -> String {
        let suffix = self.measure.suffix();
        format!("{}{suffix}|{}", self.symptom.as_str(), self.series)
    }

    pub(crate) fn is_traffic(&self) -> bool {
        (self.symptom, self.measure) == (Symptom::Traffic, Measure::Count)
    }

    pub(crate) fn is_cold_start(&self) -> bool {
        self.symptom == Symptom::ColdStarts
    }

    /// The kind of model that judges it; `None` for what is held against a limit that is known.
    #[must_use]
    pub fn kind(&self) -> Option<Kind> {
        match (self.symptom, self.measure) {
            (_, Measure::Percentile(_)) => Some(Kind::Latency),
            (Symptom::Throttles, Measure::Count) => Some(Kind::Throttles),
            (Symptom::Traffic, Measure::Count) => Some(Kind::Traffic),
            // Cold starts of invocations are a share like failures of requests: the traffic is the exposure.
            (_, Measure::Count) => Some(Kind::Errors),
            _ => None,
        }
    }

    /// The guards its model judges by.
    #[must_use]
    pub fn settings(&self, kind: Kind) -> Settings {
        let base = Settings::for_kind(kind);
        let tuned = match (self.symptom, self.measure) {
            // The tail needs three samples beyond it, the middle a minute that is not a mixture of a few routes.
            (Symptom::Latency, Measure::Percentile(99)) => base.with_min_weight(FEWEST_FOR_P99),
            (Symptom::Latency, Measure::Percentile(50)) => base.with_min_weight(FEWEST_FOR_P50),
            // An idle function starts cold more often, and nobody waits for a handful.
            (Symptom::ColdStarts, Measure::Count) => base
                .with_min_weight(30.0)
                .and_then(|it| it.with_absolute_floor(5.0))
                .and_then(|it| it.with_relative_floor(0.05))
                .and_then(|it| it.with_warm_up(24 * 60)),
            (Symptom::ColdStarts, _) => base.with_absolute_floor(100.0),
            _ => Ok(base),
        };
        // Constants in their range: a test looks at each.
        tuned.unwrap_or(base)
    }
}

/// Samples of a minute below which its 99th percentile is its maximum, or nearly.
const FEWEST_FOR_P99: f64 = 300.0;
/// Samples of a minute below which its median says which routes were called, and not how fast they were.
const FEWEST_FOR_P50: f64 = 100.0;

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

/// The share of a minute's invocations that waited for a new environment, 0 to 1; 0 when nothing was reported.
fn cold_share(service: &Service, series: &Series) -> f64 {
    let sum = |signal| {
        let key = SeriesKey::lambda(service.function(), signal);
        series.get(&key).map_or(0.0, Rollup::sum)
    };
    let (cold, all) = (
        sum(LambdaSignal::ColdStarts),
        sum(LambdaSignal::Invocations),
    );
    if all > 0.0 {
        (cold / all).clamp(0.0, 1.0)
    } else {
        0.0
    }
}

/// Latency of warm invocations: a series for each percentile that enough samples stand behind.
///
/// A report does not say which of a minute's samples were cold ones; it says how many. What runs in a new environment
/// connects and fills caches first, so those samples are taken for the slowest: the percentile is read among the
/// others, and a storm of new environments is a matter of cold starts and not of latency.
fn latencies(
    key: &SeriesKey,
    rollup: &Rollup,
    (label, cold): (&str, f64),
    whole: bool,
    samples: &mut Vec<Sample>,
) {
    let warm = count(rollup) * (1.0 - cold);
    for (percent, fewest) in [
        (LATENCY_PERCENTILE, 0.0),
        (50, FEWEST_FOR_P50),
        (99, FEWEST_FOR_P99),
    ] {
        // The others of a route would be as many tests more, and say nothing that the route's p90 does not.
        if percent != LATENCY_PERCENTILE && (!whole || warm < fewest) {
            continue;
        }
        let quantile = f64::from(percent) / 100.0 * (1.0 - cold);
        samples.push(Sample {
            subject: Subject {
                symptom: Symptom::Latency,
                series: key.clone(),
                measure: Measure::Percentile(percent),
                label: label.to_owned(),
            },
            value: rollup.quantile(quantile).filter(|_| warm > 0.0),
            weight: warm,
        });
    }
}

/// The samples of a service's own metrics.
fn from_emf(service: &Service, emf: &Emf, series: &Series, samples: &mut Vec<Sample>) {
    let cold = cold_share(service, series);
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
            latencies(key, rollup, (&label, cold), route.is_none(), samples);
            continue;
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
                measure: Measure::Count,
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
        let cold = cold_share(service, series);
        latencies(&duration, rollup, (WHOLE, cold), true, samples);
    }
    let invocations = lambda(LambdaSignal::Invocations);
    if let Some(rollup) = series.get(&invocations) {
        samples.push(Sample {
            subject: Subject {
                symptom: Symptom::Traffic,
                series: invocations,
                measure: Measure::Count,
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
        // AWS counts failures wherever it counts invocations, so where it has none there were none.
        (None, Some(invocations)) if invocations > 0.0 => {
            from_reports().or(Some((0.0, invocations)))
        }
        _ => from_reports(),
    };
    if let Some((errors, attempts)) = errors {
        // One subject whichever source spoke: a model must not start anew because a poll was late.
        let subject = Subject {
            symptom: Symptom::Errors,
            series: aws_errors,
            measure: Measure::Count,
            label: label(),
        };
        samples.push(Sample {
            subject,
            value: Some(errors),
            weight: attempts,
        });
    }
    let throttles = aws(AwsSignal::Throttles);
    let throttled = sum(&throttles).or_else(|| invocations.filter(|it| *it > 0.0).map(|_| 0.0));
    // Without the invocations nobody knows of how many: a few refused of very many must not look like all of them.
    // When there were none at all, that is said two minutes later.
    if let (Some(throttled), Some(invocations)) = (throttled, invocations) {
        let subject = Subject {
            symptom: Symptom::Throttles,
            series: throttles,
            measure: Measure::Count,
            label: label(),
        };
        // Invocations exclude what was throttled (AWS Lambda developer guide, "Invocation metrics").
        samples.push(Sample {
            subject,
            value: Some(throttled),
            weight: throttled + invocations,
        });
    }
}

/// How often invocations waited for a new environment, and for how long.
fn from_cold_starts(service: &Service, series: &Series, samples: &mut Vec<Sample>) {
    let function = service.function();
    let lambda = |signal| SeriesKey::lambda(function, signal);
    let subject = |signal, measure| Subject {
        symptom: Symptom::ColdStarts,
        series: lambda(signal),
        measure,
        label: format!("function {function}"),
    };
    // Reports are counted, and a cold start is part of its report: none was said means that there was none. What was
    // fetched from CloudWatch says how many invocations there were and not which of them were cold; only a report
    // says what was billed.
    let reports = series.get(&lambda(LambdaSignal::Invocations));
    if let Some(reports) = reports.filter(|_| series.contains_key(&lambda(LambdaSignal::BilledMs)))
    {
        let cold = series.get(&lambda(LambdaSignal::ColdStarts));
        samples.push(Sample {
            subject: subject(LambdaSignal::ColdStarts, Measure::Count),
            value: Some(cold.map_or(0.0, Rollup::sum)),
            weight: reports.sum(),
        });
    }
    if let Some(init) = series.get(&lambda(LambdaSignal::InitMs)) {
        samples.push(Sample {
            subject: subject(LambdaSignal::InitMs, Measure::Percentile(95)),
            value: init.quantile(0.95),
            weight: count(init),
        });
    }
}

/// Whether it is certain that nothing was asked of the function: AWS was asked and counts none (see
/// [`polls`](crate::polling)), and its log says nothing either. Traffic is then 0; everything else stays unknown.
#[must_use]
pub fn is_silent(service: &Service, series: &Series) -> bool {
    let sum = |signal| {
        let key = SeriesKey::aws(Some(service.function()), signal);
        series.get(&key).map(Rollup::sum)
    };
    sum(AwsSignal::Invocations) == Some(0.0)
        && sum(AwsSignal::Throttles).unwrap_or(0.0) <= 0.0
        && series
            .keys()
            .all(|key| matches!(key.name, SeriesName::Aws { .. }))
}

/// Everything of a service that is scored by a model in one minute, in a fixed order. What is held against a limit is
/// in [`levels`](crate::levels).
#[must_use]
pub fn samples(service: &Service, series: &Series) -> Vec<Sample> {
    let mut samples = Vec::new();
    if service.scope() != Scope::Function {
        return samples;
    }
    match &service.emf {
        Some(emf) => from_emf(service, emf, series, &mut samples),
        None => from_platform(service, series, &mut samples),
    }
    from_outcomes(service, series, &mut samples);
    from_cold_starts(service, series, &mut samples);
    samples
}

#[cfg(test)]
mod tests;
