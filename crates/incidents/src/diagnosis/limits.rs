//! The walls of a function: its timeout and its memory.

use super::Confidence::{Certain, Likely, Possible};
use super::facts::Facts;
use super::{CauseKind, Found, count, n, percent, share};

/// p99 this near to the timeout is pinned there: what would have taken longer was cut off at it.
const PINNED: f64 = 0.98;
/// A share of timed-out invocations that moves a percentile: p99 needs one in a hundred.
const MOVES_P99: f64 = 0.01;
/// Memory in use above this share is pressure (AWS's recommended alarm on Lambda Insights' memory use: 90 %).
const PRESSURE: f64 = 0.9;
/// A share of the size by which use must have grown to be news: what was full before and healthy explains nothing.
const GROWN: f64 = 0.05;

/// Invocations end at the timeout. A single one among thousands is an event, and no wall.
pub(super) fn timeout_wall(facts: &Facts) -> Found {
    let runs = facts.runs?;
    let at = runs
        .timeout_ms
        .map_or_else(String::new, |it| format!(" of {} ms", n(it)));
    let ended = share(runs.timeouts, runs.invocations);
    let pinned = runs
        .p99_ms
        .zip(runs.timeout_ms)
        .filter(|(p99, timeout)| *timeout > 0.0 && *p99 >= PINNED * timeout);
    if runs.timeouts > 0 && ended >= MOVES_P99 {
        let reason = format!(
            "Lambda ended {} of {} invocations ({}) at the timeout{at}",
            count(runs.timeouts),
            count(runs.invocations),
            percent(ended)
        );
        return Some((CauseKind::TimeoutWall, Certain, reason));
    }
    let (p99, timeout) = pinned?;
    let reason = format!(
        "p99 of the duration is {} ms, pinned at the timeout of {} ms",
        n(p99),
        n(timeout)
    );
    Some((CauseKind::TimeoutWall, Likely, reason))
}

/// The memory limit ended invocations, or memory has just become scarce.
pub(super) fn memory(facts: &Facts) -> Found {
    let memory = facts.memory?;
    let used = memory
        .peak_mb
        .zip(memory.size_mb)
        .filter(|(_, size)| *size > 0.0);
    if memory.out_of_memory > 0 {
        let of = used.map_or_else(String::new, |(peak, size)| {
            format!("; peak {} of {} MB", n(peak), n(size))
        });
        let ended = count(memory.out_of_memory);
        let reason = format!("{ended} invocations ended at the memory limit{of}");
        return Some((CauseKind::OutOfMemory, Certain, reason));
    }
    let (peak, size) = used?;
    let before = memory.peak_before_mb?;
    let suffers = [facts.latency_ms, facts.failed]
        .iter()
        .flatten()
        .any(|it| it.observed > it.high);
    (peak >= PRESSURE * size && peak - before >= GROWN * size && suffers).then(|| {
        let reason = format!(
            "memory went from {} to {} of {} MB ({})",
            n(before),
            n(peak),
            n(size),
            percent(peak / size)
        );
        (CauseKind::MemoryPressure, Possible, reason)
    })
}
