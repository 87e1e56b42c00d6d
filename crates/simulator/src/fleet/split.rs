//! A minute's numbers by route and by version.

use std::collections::BTreeMap;

use super::request::{Invocation, Outcome};
use super::run::rank_of;

/// The numbers of the invocations that have something in common.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Split {
    /// Invocations that ran.
    pub invocations: u32,
    /// Invocations that failed, timeouts and those out of memory included.
    pub errors: u32,
    /// Invocations that ran into the timeout.
    pub timeouts: u32,
    /// Invocations that waited for a new environment.
    pub cold_starts: u32,
    /// Median duration, milliseconds.
    pub p50: f64,
    /// 99th percentile of the duration, milliseconds.
    pub p99: f64,
}

/// By the place of the route in the function.
#[must_use]
pub fn by_route(requests: &[Invocation]) -> BTreeMap<usize, Split> {
    by(requests, |one| one.route)
}

/// By the number of the version.
#[must_use]
pub fn by_version(requests: &[Invocation]) -> BTreeMap<u32, Split> {
    by(requests, |one| one.version)
}

fn by<K: Ord>(requests: &[Invocation], key: impl Fn(&Invocation) -> K) -> BTreeMap<K, Split> {
    let mut parts: BTreeMap<K, Vec<&Invocation>> = BTreeMap::new();
    for one in requests {
        parts.entry(key(one)).or_default().push(one);
    }
    parts
        .into_iter()
        .map(|(key, part)| (key, of(&part)))
        .collect()
}

fn of(part: &[&Invocation]) -> Split {
    let mut split = Split::default();
    let mut durations: Vec<f64> = part.iter().map(|one| one.duration_ms).collect();
    durations.sort_by(f64::total_cmp);
    for one in part {
        split.invocations += 1;
        split.errors += u32::from(one.outcome.is_error());
        split.timeouts += u32::from(one.outcome == Outcome::Timeout);
        split.cold_starts += u32::from(one.init_ms.is_some());
    }
    let percentile = |q| {
        let rank = rank_of(q, split.invocations) as usize;
        durations.get(rank - 1).copied().unwrap_or(0.0)
    };
    (split.p50, split.p99) = (percentile(0.5), percentile(0.99));
    split
}
