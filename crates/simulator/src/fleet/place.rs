//! Where the faults of a scenario lie: after the history, one in each slot, at a rate that the scenario fixes.

use rand::RngExt;
use rand_chacha::ChaCha8Rng;
use signals::Minute;

use super::fault::{Fault, Kind};
use super::function::Function;
use super::shape::Season;

/// History is two thirds of a scenario, at most two weeks.
const HISTORY: u32 = 14 * 1_440;
/// A fault a day for each function.
const SLOT: i64 = 1_440;
/// Quiet minutes at the end of a slot.
const QUIET: i64 = 60;
/// How far the season may move the rate from the one that a scenario fixes.
const NEAR: std::ops::Range<f64> = 0.85..1.2;
const TRIES: u32 = 500;

/// Minutes without faults at the start.
pub(super) fn history(minutes: u32) -> u32 {
    (minutes / 3 * 2).min(HISTORY)
}

/// First minutes of faults that last so long: one for each day after the history, at least one, never overlapping.
pub(super) fn starts(
    random: &mut ChaCha8Rng,
    function: &Function,
    (from, minutes): (Minute, u32),
    length: i64,
) -> Vec<Minute> {
    let first = i64::from(history(minutes));
    let room = i64::from(minutes) - first;
    let slots = (room / SLOT.max(length + QUIET)).max(1);
    let season = Season::new(function.shape, function.phase);
    (0..slots)
        .map(|slot| {
            let start = first + slot * (room / slots);
            let latest = (room / slots - length - QUIET).max(1);
            let mut at = from.plus(start + random.random_range(0..latest));
            for _ in 0..TRIES {
                if NEAR.contains(&season.factor(at)) {
                    break;
                }
                at = from.plus(start + random.random_range(0..latest));
            }
            at
        })
        .collect()
}

/// Whether a fault would lie within an hour of another that the same function shows.
pub(super) fn is_taken(faults: &[Fault], new: &Fault) -> bool {
    faults.iter().any(|one| {
        (one.function == new.function || [one.kind, new.kind].contains(&Kind::AccountThrottle))
            && one.from < new.to.plus(2 * QUIET)
            && new.from < one.to.plus(2 * QUIET)
    })
}
