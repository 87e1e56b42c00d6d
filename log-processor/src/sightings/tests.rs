//! New errors and what is told of a payload, with stores in memory.

use std::collections::BTreeSet;
use std::sync::Mutex;

use async_trait::async_trait;
use extraction::testing::{EVENT, document, payload};
use extraction::{Batch, Reader, Rules, Skip};
use jiff::ToSpan;
use platform::clock::{Clock, ManualClock};
use platform::errors_seen::ErrorsSeenError;

use super::*;

/// What is known, and every call that was made.
#[derive(Debug, Default)]
struct Memory {
    known: Mutex<BTreeSet<(String, String)>>,
    calls: Mutex<Vec<ErrorSeen>>,
    broken: bool,
}

#[async_trait]
impl ErrorsSeen for Memory {
    async fn see(&self, error: &ErrorSeen, _now: Timestamp) -> Result<Novelty, ErrorsSeenError> {
        self.calls.lock().unwrap().push(error.clone());
        if self.broken {
            return Err(ErrorsSeenError {
                table: "t".to_owned(),
                message: "no".to_owned(),
                retryable: true,
            });
        }
        let key = (error.log_group.clone(), error.fingerprint.clone());
        Ok(if self.known.lock().unwrap().insert(key) {
            Novelty::New
        } else {
            Novelty::Known
        })
    }
}

impl Memory {
    fn calls(&self) -> usize {
        self.calls.lock().unwrap().len()
    }
}

fn batches(lines: &[&str]) -> Vec<Batch> {
    Reader::default()
        .read(&payload(&document(lines)), &Rules::default(), &Skip::new())
        .unwrap()
        .0
}

async fn recorded(sightings: &Sightings, batches: &[Batch], clock: &ManualClock) -> u64 {
    let deadline = Deadline::never(std::sync::Arc::new(ManualClock::at(clock.now())));
    sightings.record(batches, clock.now(), &deadline).await
}

fn clock() -> ManualClock {
    ManualClock::at(Timestamp::from_millisecond(EVENT).unwrap())
}

#[tokio::test]
async fn an_error_is_announced_once_by_whoever_comes_first() {
    let store = Arc::new(Memory::default());
    let (one, two) = (
        Sightings::new(store.clone(), false),
        Sightings::new(store.clone(), false),
    );
    let first = batches(&[
        "[ERROR] ValueError: car 17 lost",
        "hello",
        "[ERROR] ValueError: car 18 lost",
    ]);
    let clock = clock();
    assert_eq!(recorded(&one, &first, &clock).await, 1);
    assert_eq!(store.calls(), 1, "two lines, one error");
    assert_eq!(recorded(&one, &first, &clock).await, 0);
    assert_eq!(
        store.calls(),
        1,
        "an environment remembers what it has recorded"
    );
    assert_eq!(
        recorded(&two, &first, &clock).await,
        0,
        "the store knows it"
    );
    let other = batches(&["[ERROR] KeyError: car 17 lost"]);
    assert_eq!(recorded(&two, &other, &clock).await, 1);
    let error = store.calls.lock().unwrap()[0].clone();
    assert_eq!(
        (error.kind.as_str(), error.message.as_str()),
        ("ValueError", "car <num> lost")
    );
    assert_eq!(error.at.as_millisecond(), EVENT);
}

#[tokio::test]
async fn what_is_known_is_renewed_on_the_next_day() {
    let store = Arc::new(Memory::default());
    let sightings = Sightings::new(store.clone(), false);
    let lines = batches(&["[ERROR] x"]);
    recorded(&sightings, &lines, &clock()).await;
    let tomorrow = ManualClock::at(clock().now() + 24.hours());
    assert_eq!(recorded(&sightings, &lines, &tomorrow).await, 0);
    assert_eq!(store.calls(), 2);
}

#[tokio::test]
async fn a_store_that_fails_is_asked_once_and_costs_nothing_else() {
    let store = Arc::new(Memory {
        broken: true,
        ..Memory::default()
    });
    let sightings = Sightings::new(store.clone(), false);
    let lines = batches(&["[ERROR] x", "[ERROR] y", "[ERROR] z"]);
    assert_eq!(recorded(&sightings, &lines, &clock()).await, 0);
    assert_eq!(store.calls(), 1);
}

#[tokio::test]
async fn a_storm_of_errors_makes_a_bounded_number_of_calls() {
    let store = Arc::new(Memory::default());
    let sightings = Sightings::new(store.clone(), false);
    let lines: Vec<_> = ('a'..='z').map(|c| format!("[ERROR] g{c}{c}x")).collect();
    let lines: Vec<_> = lines.iter().map(String::as_str).collect();
    let lines = batches(&lines);
    assert_eq!(
        recorded(&sightings, &lines, &clock()).await,
        MAX_CALLS as u64
    );
    assert_eq!(
        recorded(&sightings, &lines, &clock()).await,
        6,
        "the rest next time"
    );
    assert_eq!(store.calls(), 26);
}
