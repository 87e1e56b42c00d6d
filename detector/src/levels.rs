//! What needs no baseline because its limit is known: concurrency, scaling rate, timeout, memory. Pure.
//!
//! A model would call a function that always runs at 97 % of its limit normal. These are the few numbers for which
//! near the limit is bad however long it has been so.

use incidents::Symptom;
use serde::{Deserialize, Serialize};
use signals::{AwsSignal, LambdaSignal, Rollup, SeriesKey};

use crate::facts::{Facts, concurrency};
use crate::forecast::{self, HORIZON_DAYS};
use crate::measure::Measure;
use crate::watch::{Scope, Service};
use crate::watchlist::{Sample, Series, Subject};

/// Environments that Lambda adds to one function within ten seconds at most (AWS Lambda developer guide, "Lambda
/// function scaling", November 2026).
pub const SCALING_PER_10_S: f64 = 1_000.0;
/// Samples of a minute from which its 99th percentile of the duration says something of the timeout.
const FEWEST_DURATIONS: u64 = 20;
/// Environments of a reservation below which it is full by design: a singleton, a few consumers of a queue.
const FEWEST_RESERVED: f64 = 10.0;
/// Percentage points below a limit from which it counts as clear: the band between is the hysteresis.
const CLEAR_BELOW: f64 = 5.0;

/// A limit, in percent.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Level {
    /// From here on it breaches.
    pub at: f64,
}

impl Level {
    /// Whether a value is over the limit.
    #[must_use]
    pub fn is_breached(self, value: f64) -> bool {
        value >= self.at
    }

    /// Whether a value is clearly below it.
    #[must_use]
    pub fn is_clear(self, value: f64) -> bool {
        value < self.at - CLEAR_BELOW
    }

    /// The limit of a subject; `None` for what a model judges.
    ///
    /// 80 % leaves time to ask for more, at 95 % the next burst is refused. p99 above 80 % of the timeout is a
    /// headroom of less than a fifth. Above 90 % of the memory the next larger request may be the last.
    #[must_use]
    pub fn of(subject: &Subject) -> Option<Self> {
        let at = match (subject.symptom, subject.measure) {
            (Symptom::Saturation, _) => 95.0,
            (_, Measure::OfLimit | Measure::OfScaling | Measure::OfTimeout) => 80.0,
            (_, Measure::OfMemory) => 90.0,
            (_, Measure::Projected) => 100.0,
            (_, Measure::Percentile(_) | Measure::Count) => return None,
        };
        Some(Self { at })
    }
}

/// What has a limit in this minute, in a fixed order. Values are percentages of it; weights are 1.
#[must_use]
pub fn samples(service: &Service, series: &Series, facts: &Facts) -> Vec<Sample> {
    let mut samples = Vec::new();
    match service.scope() {
        Scope::Account => of_account(series, facts, &mut samples),
        Scope::Function => of_function(service, series, facts, &mut samples),
        Scope::Drill => {}
    }
    samples
}

fn push(
    samples: &mut Vec<Sample>,
    (symptom, measure): (Symptom, Measure),
    (series, label): (&SeriesKey, &str),
    value: f64,
) {
    samples.push(Sample {
        subject: Subject {
            symptom,
            series: series.clone(),
            measure,
            label: label.to_owned(),
        },
        value: Some(value).filter(|value| value.is_finite()),
        weight: 1.0,
    });
}

/// A value in percent of a limit; `None` without a limit to speak of.
fn percent(value: f64, limit: Option<f64>) -> Option<f64> {
    let limit = limit.filter(|limit| *limit > 0.0)?;
    Some(100.0 * value / limit)
}

fn of_account(series: &Series, facts: &Facts, samples: &mut Vec<Sample>) {
    for (signal, limit, label) in [
        (
            AwsSignal::ClaimedAccountConcurrency,
            facts.limits.account,
            "the account",
        ),
        (
            AwsSignal::UnreservedConcurrentExecutions,
            facts.limits.unreserved,
            "functions without reserved concurrency",
        ),
    ] {
        let key = SeriesKey::aws(None, signal);
        let busy = series.get(&key).and_then(Rollup::max);
        if let Some(share) = busy.and_then(|busy| percent(busy, limit)) {
            for symptom in [Symptom::Saturation, Symptom::Capacity] {
                push(samples, (symptom, Measure::OfLimit), (&key, label), share);
            }
        }
    }
    let key = SeriesKey::aws(None, AwsSignal::ClaimedAccountConcurrency);
    projected(facts, facts.limits.account, (&key, "the account"), samples);
}

fn of_function(service: &Service, series: &Series, facts: &Facts, samples: &mut Vec<Sample>) {
    let function = service.function();
    let label = format!("function {function}");
    let key = SeriesKey::aws(Some(function), AwsSignal::ConcurrentExecutions);
    let limits = &facts.limits;
    let limit = limits.reserved.or(limits.unreserved);
    let place = (&key, label.as_str());
    // A reservation that protects something is right to be full, and one of a few is full whenever it works: only
    // refused calls say that it harms.
    let meant = limits.reserved.is_some_and(|it| it < FEWEST_RESERVED) && !facts.is_refusing;
    let saturation = (Symptom::Saturation, Measure::OfLimit);
    if let Some(share) = concurrency(service, series).and_then(|busy| percent(busy, limit)) {
        // What functions share is full whoever fills it: that page is the account's.
        if limits.reserved.is_some() {
            let harms = if facts.is_refusing { share } else { 0.0 };
            push(samples, saturation, place, harms);
        }
        let share = if meant { 0.0 } else { share };
        push(samples, (Symptom::Capacity, Measure::OfLimit), place, share);
    }
    let gone = facts.had_reserved && limits.reserved.is_none();
    if gone {
        // None of a limit that is known to be gone is used: what it led to is over.
        push(samples, saturation, place, 0.0);
    }
    if let Some(rise) = facts.rise {
        let share = 100.0 * rise.max(0.0) / SCALING_PER_10_S;
        push(
            samples,
            (Symptom::Capacity, Measure::OfScaling),
            (&key, &label),
            share,
        );
    }
    if gone || (meant && !facts.peaks.is_empty()) {
        let kind = (Symptom::Headroom, Measure::Projected);
        push(samples, kind, (&key, &label), 0.0);
    } else {
        projected(facts, limits.reserved, (&key, &label), samples);
    }
    let lambda = |signal| {
        let key = SeriesKey::lambda(function, signal);
        series.get(&key).map(|rollup| (key, rollup))
    };
    if let Some((key, rollup)) = lambda(LambdaSignal::DurationMs)
        && rollup.count() >= FEWEST_DURATIONS
        && let Some(slow) = rollup.quantile(0.99)
        && let Some(share) =
            percent(slow, limits.timeout_ms).or_else(|| facts.had_timeout.then_some(0.0))
    {
        let kind = (Symptom::Headroom, Measure::OfTimeout);
        push(samples, kind, (&key, &label), share);
    }
    if let Some((key, rollup)) = lambda(LambdaSignal::MemoryUsedMb)
        && let Some(used) = rollup.max()
        && let Some(share) = percent(used, limits.memory_mb)
    {
        let kind = (Symptom::Headroom, Measure::OfMemory);
        push(samples, kind, (&key, &label), share);
    }
}

/// Where the trend of the days leads to. It is said every minute of a day and changes at midnight.
fn projected(
    facts: &Facts,
    limit: Option<f64>,
    place: (&SeriesKey, &str),
    samples: &mut Vec<Sample>,
) {
    // Without a trend it stays where the newest day was, which is below every limit that speaks for itself.
    let Some(newest) = facts.peaks.last() else {
        return;
    };
    let expected = forecast::expected(&facts.peaks, f64::from(HORIZON_DAYS)).unwrap_or(*newest);
    if let Some(share) = percent(expected, limit) {
        push(
            samples,
            (Symptom::Headroom, Measure::Projected),
            place,
            share,
        );
    }
}

#[cfg(test)]
mod tests;
