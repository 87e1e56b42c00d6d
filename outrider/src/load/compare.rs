//! Two runs side by side: which differences are more than noise.
//!
//! A percentile of n requests is uncertain by about √(n·q·(1−q)) ranks. But requests of one run are not independent:
//! a busy machine makes many slow together. So the tenths of the run are asked too how much the percentile moves within
//! it, and the wider of the two intervals counts, each with 99 % confidence. Two percentiles differ when their
//! intervals do not meet *and* they are further apart than what machines differ by from one run to the next.

use serde::Serialize;
use signals::Histogram;

use super::report::{Latency, Part, Report};

/// Confidence of 99 % as standard deviations of a normal distribution.
const DEVIATIONS: f64 = 2.576;
/// The same of Student's distribution for ten batches.
const STUDENT: f64 = 3.25;
/// The same machine differs by this much from one run to the next (a share): judgement, above the spread of repeated
/// runs on an idle machine.
const RUN_TO_RUN: f64 = 0.10;
/// Differences below this many milliseconds are the timer's.
const TIMER_MS: f64 = 1.0;
/// Half a bucket of the histogram, as a share.
const BUCKET: f64 = 1.0 / 64.0;

/// What a difference is worth.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// No more than noise.
    Same,
    /// Lower than before.
    Better,
    /// Higher than before.
    Worse,
    /// Too few requests for this percentile.
    TooFew,
}

/// One number of both runs.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Row {
    /// Which.
    pub name: &'static str,
    /// The other run's.
    pub old: f64,
    /// This run's.
    pub new: f64,
    /// What the difference is worth.
    pub verdict: Verdict,
}

/// Two runs side by side.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Comparison {
    /// Why the two can hardly be compared, each a sentence; empty when they can.
    pub differs: Vec<String>,
    /// Corrected latencies, milliseconds, then the share of requests that did not end well, percent.
    pub rows: Vec<Row>,
}

fn histogram(latency: &Latency) -> Histogram {
    let mut histogram = Histogram::default();
    for (value, weight) in &latency.buckets {
        // A file may say anything; only a finite number has a bucket.
        if value.is_finite() {
            histogram.add(*value, *weight);
        }
    }
    histogram
}

/// The interval in which a percentile lies; `None` when it is beyond the last request. `tenth` is the same percentile
/// of a tenth of the run.
fn interval(report: &Report, q: f64, tenth: fn(&Part) -> f64) -> Option<(f64, f64)> {
    let histogram = histogram(&report.latency_ms);
    #[expect(clippy::cast_precision_loss, reason = "no run has 2^53 requests")]
    let count = histogram.total() as f64;
    let spread = DEVIATIONS * (q * (1.0 - q) / count.max(1.0)).sqrt();
    if count < 1.0 || q + spread >= 1.0 {
        return None;
    }
    let of_ranks = (
        histogram.quantile(q - spread)?,
        histogram.quantile(q + spread)?,
    );
    let middle = histogram.quantile(q)?;
    let moved = middle * movement(&report.tenths, tenth);
    let low = of_ranks.0.min(middle - moved) * (1.0 - BUCKET);
    Some((low, of_ranks.1.max(middle + moved) * (1.0 + BUCKET)))
}

/// Half the interval of a percentile as a share of it, from how much it differs between the tenths of the run (batch
/// means; Law and Kelton, "Simulation Modeling and Analysis"). 0 when too few of them have requests.
#[expect(clippy::cast_precision_loss, reason = "there are ten")]
fn movement(tenths: &[Part], of: fn(&Part) -> f64) -> f64 {
    let values: Vec<f64> = tenths
        .iter()
        .filter(|part| part.arrivals > 0)
        .map(of)
        .collect();
    let count = values.len() as f64;
    let mean = values.iter().sum::<f64>() / count.max(1.0);
    if values.len() < 3 || mean <= 0.0 {
        return 0.0;
    }
    let variance = values
        .iter()
        .map(|value| (value - mean).powi(2))
        .sum::<f64>()
        / (count - 1.0);
    STUDENT * (variance / count).sqrt() / mean
}

fn judge(old: f64, new: f64, intervals: Option<((f64, f64), (f64, f64))>, least: f64) -> Verdict {
    let Some(((old_low, old_high), (new_low, new_high))) = intervals else {
        return Verdict::TooFew;
    };
    let apart = (new - old).abs() > (RUN_TO_RUN * old.max(new)).max(least);
    if apart && new_low > old_high {
        Verdict::Worse
    } else if apart && new_high < old_low {
        Verdict::Better
    } else {
        Verdict::Same
    }
}

/// The share of requests that did not end well with its interval (Wilson, "Probable inference", 1927), percent.
#[expect(clippy::cast_precision_loss, reason = "no run has 2^53 requests")]
fn errors(report: &Report) -> (f64, Option<(f64, f64)>) {
    let (bad, count) = (report.errors() as f64, report.latency_ms.count as f64);
    if count < 1.0 {
        return (0.0, None);
    }
    let (share, square) = (bad / count, DEVIATIONS * DEVIATIONS);
    let middle = (share + square / (2.0 * count)) / (1.0 + square / count);
    let half = DEVIATIONS / (1.0 + square / count)
        * (share * (1.0 - share) / count + square / (4.0 * count * count)).sqrt();
    (
        share * 100.0,
        Some(((middle - half) * 100.0, (middle + half) * 100.0)),
    )
}

fn differs(old: &Report, new: &Report) -> Vec<String> {
    let (a, b) = (&old.run, &new.run);
    let mut found = Vec::new();
    let mut note = |name: &str, old: String, new: String| {
        if old != new {
            found.push(format!("{name} was {old} and is {new}"));
        }
    };
    note("the scenario", a.scenario.clone(), b.scenario.clone());
    note("the rate", a.rate.to_string(), b.rate.to_string());
    note(
        "the duration in seconds",
        a.seconds.to_string(),
        b.seconds.to_string(),
    );
    note(
        "the number of connections",
        a.connections.to_string(),
        b.connections.to_string(),
    );
    note(
        "interrupted",
        old.interrupted.to_string(),
        new.interrupted.to_string(),
    );
    found
}

/// Compares a run with an earlier one.
#[must_use]
pub fn compare(old: &Report, new: &Report) -> Comparison {
    let mut rows = Vec::new();
    let of = |latency: &Latency| [latency.p50, latency.p90, latency.p99, latency.p99_9];
    // Few tenths have a thousand requests: what is rarest moves at least as much as the 99th percentile.
    let tenths: [fn(&Part) -> f64; 4] = [
        |part| part.p50,
        |part| part.p90,
        |part| part.p99,
        |part| part.p99,
    ];
    let names = [("p50", 0.5), ("p90", 0.9), ("p99", 0.99), ("p99.9", 0.999)];
    let values = of(&old.latency_ms).into_iter().zip(of(&new.latency_ms));
    for (((name, q), tenth), (before, now)) in names.into_iter().zip(tenths).zip(values) {
        let intervals = interval(old, q, tenth).zip(interval(new, q, tenth));
        let verdict = judge(before, now, intervals, TIMER_MS);
        rows.push(Row {
            name,
            old: before,
            new: now,
            verdict,
        });
    }
    // One request decides a maximum: it is shown, and nothing follows from it.
    let (old_max, new_max) = (old.latency_ms.max, new.latency_ms.max);
    rows.push(Row {
        name: "max",
        old: old_max,
        new: new_max,
        verdict: Verdict::TooFew,
    });
    let ((before, was), (now, is)) = (errors(old), errors(new));
    let verdict = judge(before, now, was.zip(is), 0.0);
    rows.push(Row {
        name: "errors %",
        old: before,
        new: now,
        verdict,
    });
    Comparison {
        differs: differs(old, new),
        rows,
    }
}
