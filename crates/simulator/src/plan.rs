//! The faults of a demo: order, times and sizes from the seed.

use rand::RngExt;
use signals::Minute;

use crate::seed::{Purpose, stream};
use crate::{Fault, FaultKind};

/// Normal minutes before the first fault, at least: a reader sees what normal looks like.
const BEFORE: i64 = 12;
/// Quiet minutes after each fault, at least: an incident needs time to resolve.
const AFTER: i64 = 15;
/// Up to this many minutes are added to each quiet stretch.
const JITTER: i64 = 3;

/// One fault of each kind, none overlapping; and the number of minutes until the last quiet stretch ends.
pub(crate) fn demo(seed: u64, from: Minute) -> (Vec<Fault>, u32) {
    let mut random = stream(seed, Purpose::Plan, 0);
    let mut kinds = FaultKind::ALL;
    // Fisher–Yates.
    for last in (1..kinds.len()).rev() {
        kinds.swap(last, random.random_range(0..=last));
    }
    let mut at = BEFORE + random.random_range(0..=JITTER);
    let faults = kinds
        .into_iter()
        .map(|kind| {
            let length = random.random_range(8..=12);
            let share = random.random_range(0.3..0.7);
            let extra = random.random_range(600.0..1500.0_f64).round();
            let fault = Fault {
                kind,
                from: from.plus(at),
                to: from.plus(at + length),
                share,
                extra_ms: if kind == FaultKind::Latency {
                    extra
                } else {
                    0.0
                },
            };
            at += length + AFTER + random.random_range(0..=JITTER);
            fault
        })
        .collect();
    // At most 12 + 3 + 3·(12 + 15 + 3) = 105.
    (faults, u32::try_from(at).unwrap_or(u32::MAX))
}
