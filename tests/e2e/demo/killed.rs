//! The demo is killed with SIGKILL after a number of store calls, and restarted: nothing is lost, nothing is told
//! twice.
//!
//! Twenty kills in four groups of five. A group has its own seed, learns from an undisturbed run how many events of
//! store calls there are, and draws one kill from each fifth of them: so kills are different and fall into the
//! history, the normal traffic and the faults alike.
//!
//! One thing is not as if nothing had happened: the restarted process is a new environment of car-api, which logs its
//! cold start as on Lambda. So there may be one log event and one rollup more, never fewer, and no message differs.

use std::path::Path;

use e2e::demo::{Finished, run, run_killed};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use tempfile::tempdir;

use super::messages::pages;

/// Kills of a group.
const KILLS: u64 = 5;

/// Where the demo of `seed`, which has `events` of store calls, is killed: once in each equal part.
fn kills(seed: u64, events: u64) -> Vec<u64> {
    let mut random = ChaCha8Rng::seed_from_u64(seed);
    (0..KILLS)
        .map(|part| random.random_range(events * part / KILLS + 1..=events * (part + 1) / KILLS))
        .collect()
}

/// Everything that can be compared between two runs.
fn finish(seed: u64, data: &Path) -> Finished {
    let finished = run(seed, data);
    assert_eq!(
        finished.code,
        Some(0),
        "{}\n{}",
        finished.summary,
        finished.stderr
    );
    finished
}

/// Messages are equal to the byte; the first that is not is shown as text.
#[track_caller]
fn none_differs(one: &Finished, other: &Finished, context: &str) {
    let text =
        |(name, bytes): (&String, &Vec<u8>)| format!("{name}\n{}", String::from_utf8_lossy(bytes));
    assert_eq!(one.inbox.len(), other.inbox.len(), "{context}");
    for (left, right) in one.inbox.iter().zip(&other.inbox) {
        assert!(
            left == right,
            "{context}: a message differs\n{}\n{}",
            text(left),
            text(right)
        );
    }
}

fn killed_and_restarted_it_ends_the_same(seed: u64) {
    let folder = tempdir().unwrap();
    let events = run_killed(seed, folder.path(), 0)
        .unwrap_or_else(|| panic!("an undisturbed run dies of itself"));
    // The plain binary finds nothing left to do, and tells what there is.
    let undisturbed = finish(seed, folder.path());
    for at in kills(seed, events) {
        let folder = tempdir().unwrap();
        assert_eq!(
            run_killed(seed, folder.path(), at),
            None,
            "seed {seed} survived event {at} of {events}"
        );
        let restarted = finish(seed, folder.path());
        let context = format!("seed {seed} killed at event {at} of {events}");
        assert_eq!(
            pages(&restarted.inbox),
            pages(&undisturbed.inbox),
            "{context}"
        );
        assert_eq!(restarted.incidents(), undisturbed.incidents(), "{context}");
        for count in ["log_events", "rollups"] {
            let more = restarted.count(count).checked_sub(undisturbed.count(count));
            assert!(
                more.is_some_and(|more| more <= 1),
                "{context}: {count} differ by more than a cold start: {more:?}"
            );
        }
        none_differs(&restarted, &undisturbed, &context);
    }
}

#[test]
fn killed_anywhere_and_restarted_it_ends_the_same_first_group() {
    killed_and_restarted_it_ends_the_same(1);
}

#[test]
fn killed_anywhere_and_restarted_it_ends_the_same_second_group() {
    killed_and_restarted_it_ends_the_same(2);
}

#[test]
fn killed_anywhere_and_restarted_it_ends_the_same_third_group() {
    killed_and_restarted_it_ends_the_same(3);
}

#[test]
fn killed_anywhere_and_restarted_it_ends_the_same_fourth_group() {
    killed_and_restarted_it_ends_the_same(4);
}

#[test]
fn every_part_of_a_run_is_killed_once() {
    for events in [KILLS, 99, 31_337] {
        let kills = kills(1, events);
        assert!(kills.windows(2).all(|pair| pair[0] < pair[1]), "{kills:?}");
        assert!(
            kills[0] >= 1 && kills[4] <= events && kills[1] > events / KILLS,
            "{kills:?} of {events}"
        );
    }
}
