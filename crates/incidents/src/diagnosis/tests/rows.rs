//! The rows: a healthy function, and what happens to it.

use crate::contribution::{self, Dimension, Slice};
use crate::diagnosis::Facts;
use crate::diagnosis::facts::{ColdStarts, Concurrency, Dependency, Memory, Rival, Runs, Signal};
use crate::{Direction, Symptom};

mod parts;
mod walls;

/// Every row; the first one is about nothing that is known.
pub(super) fn all() -> impl Iterator<Item = &'static Row> {
    walls::ROWS.iter().chain(parts::ROWS)
}

/// The facts of a row.
pub(super) fn facts_of(row: &Row) -> Facts {
    let mut facts = healthy(row.1);
    (row.2)(&mut facts);
    facts
}

/// A healthy function of which everything is known, and that breaches for no reason yet.
pub(crate) fn healthy(symptom: Symptom) -> Facts {
    let direction = Direction::High;
    Facts {
        minutes: 5,
        heard: 5,
        counted_by_aws: Some(500.0),
        idle_before: Some(0),
        requests: Some(range(100.0, 100.0)),
        answered: Some(range(99.0, 99.0)),
        failed: Some(range(1.0, 1.0)),
        refused: Some(range(0.0, 0.0)),
        latency_ms: Some(range(90.0, 90.0)),
        mean_latency_ms: Some(range(50.0, 50.0)),
        slow: Some(10),
        cold: Some(ColdStarts {
            count: 2,
            invocations: 500,
            share_before: 0.004,
            init_ms: Some(180.0),
        }),
        runs: Some(Runs {
            p99_ms: Some(200.0),
            timeout_ms: Some(3_000.0),
            timeouts: 0,
            invocations: 500,
        }),
        memory: Some(Memory {
            peak_mb: Some(60.0),
            peak_before_mb: Some(60.0),
            size_mb: Some(128.0),
            out_of_memory: 0,
        }),
        concurrency: Concurrency {
            peak: Some(5.0),
            peak_before: Some(5.0),
            reserved: None,
            account_limit: Some(1_000.0),
            account_peak: Some(200.0),
            neighbours: vec![("batch".to_owned(), 120.0), ("web".to_owned(), 70.0)],
        },
        dependencies: vec![dependency("DynamoDbLatency", 20.0, 20.0)],
        ..Facts::of(symptom, direction)
    }
}

/// Observed against an expectation with a tenth to either side.
pub(super) fn range(observed: f64, expected: f64) -> Signal {
    Signal {
        observed,
        expected,
        low: 0.9 * expected,
        high: 1.1 * expected,
    }
}

pub(super) fn dependency(name: &str, observed: f64, expected: f64) -> Dependency {
    Dependency {
        name: name.to_owned(),
        per_request_ms: range(observed, expected),
    }
}

pub(super) fn rival(version: &str, requests: u64, hit: u64) -> Rival {
    Rival {
        version: version.to_owned(),
        requests,
        hit,
    }
}

pub(super) fn slow(facts: &mut Facts) {
    facts.latency_ms = Some(range(400.0, 90.0));
    facts.mean_latency_ms = Some(range(150.0, 50.0));
    facts.slow = Some(150);
}

pub(super) fn refused(facts: &mut Facts, a_minute: f64) {
    facts.refused = Some(range(a_minute, 0.0));
}

pub(super) fn cold(count: u64, invocations: u64) -> Option<ColdStarts> {
    Some(ColdStarts {
        count,
        invocations,
        share_before: 0.004,
        init_ms: Some(180.0),
    })
}

pub(super) fn routes(post: (f64, f64), get: (f64, f64)) -> Vec<crate::Contributions> {
    let slice = |label: &str, during: (f64, f64), exposure_before: f64| Slice {
        label: label.to_owned(),
        hits_before: 0.01 * exposure_before,
        exposure_before,
        hits_during: during.0,
        exposure_during: during.1,
    };
    contribution::of_ratio(
        Dimension::Route,
        &[
            slice("POST /cars", post, 100.0),
            slice("GET /cars", get, 900.0),
        ],
    )
    .into_iter()
    .collect()
}

pub(super) type Row = (&'static str, Symptom, fn(&mut Facts), &'static str);
