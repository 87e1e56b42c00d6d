//! What a point costs, on one core, in this run on this machine.

use std::time::{Duration, Instant};

use crate::corpora::Corpora;
use crate::data::Series;
use crate::peers::{ENTRIES, Entry};
use crate::score::events::median;

/// Rounds, of which the shortest counts: noise only ever adds time.
const ROUNDS: usize = 3;
/// Each round of a detector takes no more series once this much time is over.
const ENOUGH: Duration = Duration::from_secs(3);

/// Nanoseconds a point: the median over series.
pub(crate) fn times(corpora: &Corpora) -> Vec<(&'static str, f64)> {
    let mut series: Vec<&Series> = corpora.nab.iter().map(|file| &file.series).collect();
    series.extend(corpora.cloud.iter().map(|file| &file.series));
    // From all groups, however few of them there is time for.
    let series: Vec<&Series> = (0..7)
        .flat_map(|k| series.iter().skip(k).step_by(7))
        .copied()
        .collect();
    ENTRIES
        .iter()
        .map(|entry| (entry.name, nanos(entry, &series)))
        .collect()
}

#[expect(
    clippy::disallowed_methods,
    reason = "this program measures; it decides nothing by time"
)]
fn nanos(entry: &Entry, series: &[&Series]) -> f64 {
    let begun = Instant::now();
    let mut found = Vec::new();
    for series in series {
        let interval = series.interval();
        let round = |_| {
            let mut detector = (entry.new)(interval);
            let mark = Instant::now();
            let sum: f64 = series.rows.iter().map(|&row| detector.step(row)).sum();
            let took = mark.elapsed();
            std::hint::black_box(sum);
            took
        };
        let best = (0..ROUNDS).map(round).min().unwrap_or_default();
        found.push(best.as_secs_f64() * 1e9 / series.rows.len() as f64);
        if begun.elapsed() > ENOUGH {
            break;
        }
    }
    median(&mut found).unwrap_or(f64::NAN)
}
