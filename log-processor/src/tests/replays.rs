//! What an invocation says of log events that come again.

use async_trait::async_trait;
use platform::clock::ManualClock;

use super::calls::{Between, Fate, Place};
use super::streams::*;
use super::*;

#[derive(Debug)]
struct Nobody;

#[async_trait]
impl Between for Nobody {
    async fn at(&self, _: Place) -> Fate {
        Fate::On
    }
}

fn world() -> (Deps, Arc<dyn SeriesStore>) {
    let (ledger, series) = in_memory();
    let clock = ManualClock::at(jiff::Timestamp::from_millisecond(EVENT).unwrap());
    let deps = processor(ledger, series.clone(), Arc::new(clock), Arc::new(Nobody));
    (deps, series)
}

/// Of one invocation: log events skipped, batches replayed, gaps, batches without a ledger, whether anything was
/// written.
async fn told(deps: &Deps, payload: &[u8]) -> (u64, u64, u64, u64, bool) {
    let outcome = handle(payload, deps).await.unwrap();
    (
        outcome.events_skipped,
        outcome.batches_replayed,
        outcome.ledger_gaps,
        outcome.ledger_unclaimed,
        outcome.items_written > 0,
    )
}

#[tokio::test]
async fn an_invocation_says_what_it_did_not_count_again() {
    let (deps, series) = world();
    for (cut, expected, why) in [
        ((0, 10), (0, 0, 0, 0, true), "new"),
        (
            (0, 10),
            (0, 0, 0, 0, true),
            "delivered again: it overwrites itself",
        ),
        ((2, 8), (6, 1, 0, 0, false), "a part of what was counted"),
        ((5, 15), (5, 0, 0, 0, true), "half of it is new"),
        ((20, 30), (0, 0, 0, 0, true), "later"),
        (
            (0, 30),
            (25, 0, 0, 0, true),
            "all of it and what was missing",
        ),
        (
            (5, 30),
            (25, 1, 0, 0, false),
            "five claims of three batches",
        ),
        ((0, 10), (0, 0, 0, 0, true), "the first one again, later"),
        ((15, 35), (15, 0, 0, 0, true), "and on"),
    ] {
        assert_eq!(told(&deps, &batch(cut)).await, expected, "{why}");
    }
    difference(&stored(series.as_ref()).await, &reference((0, 35))).unwrap();
}

#[tokio::test]
async fn several_batches_of_one_payload_claim_each_its_own() {
    let (deps, series) = world();
    let documents = [
        ("s", (0, 10)),
        ("t", (0, 10)),
        ("s", (5, 15)),
        ("s", (0, 10)),
    ];
    let text: String = documents
        .map(|(stream, cut)| stream_document(stream, cut).to_string())
        .concat();
    let event = event(&gzip(text.as_bytes()));
    for _ in 0..2 {
        assert_eq!(told(&deps, &event).await, (5, 0, 0, 0, true));
    }
    let mut expected = reference((0, 15));
    for (minute, series) in reference((0, 10)) {
        for (key, rollup) in series {
            expected
                .get_mut(&minute)
                .unwrap()
                .get_mut(&key)
                .unwrap()
                .merge(&rollup);
        }
    }
    difference(&stored(series.as_ref()).await, &expected).unwrap();
}

/// A batch of these log events of the stream only.
fn only(cut: Cut, numbers: &[usize]) -> Vec<u8> {
    let mut document = stream_document("s", cut);
    let events = document["logEvents"].as_array_mut().unwrap();
    let mut number = cut.0;
    events.retain(|_| {
        number += 1;
        numbers.contains(&(number - 1))
    });
    payload(&document)
}

#[tokio::test]
async fn where_runs_are_not_contiguous_it_is_counted_and_nothing_is_lost() {
    let (odd, even): (Vec<usize>, Vec<usize>) = (0..20).partition(|number| number % 2 == 1);
    for (name, first, second) in [
        ("two that mesh", only((0, 20), &odd), only((0, 20), &even)),
        (
            "the other way round",
            only((0, 20), &even),
            only((0, 20), &odd),
        ),
        (
            "one from within to beyond",
            batch((0, 10)),
            only((5, 20), &[5, 7, 11, 12]),
        ),
        (
            "one from before to within",
            batch((10, 20)),
            only((0, 15), &[1, 2, 11, 12]),
        ),
        ("one around", only((5, 10), &[5, 6, 9]), batch((0, 20))),
        (
            "one around a hole",
            only((0, 20), &[7]),
            only((0, 20), &[1, 4, 10]),
        ),
    ] {
        let (deps, series) = world();
        assert_eq!(told(&deps, &first).await, (0, 0, 0, 0, true), "{name}");
        assert_eq!(told(&deps, &second).await.2, 1, "{name}");
        let (found, outcome) = (
            stored(series.as_ref()).await,
            handle(&second, &deps).await.unwrap(),
        );
        assert_eq!(outcome.events_skipped, 0, "{name}");
        for payload in [&first, &second] {
            let (batches, _) = deps.read(payload, &Skip::new()).unwrap();
            let key: signals::SeriesKey = "lambda/f/duration_ms{}".parse().unwrap();
            for (minute, series) in &batches[0].rollups {
                let there = found[minute][&key].count();
                assert!(
                    there >= series[&key].count(),
                    "{name}: {minute} is not whole"
                );
            }
        }
    }
}

#[tokio::test]
async fn ids_that_are_none_or_fall_or_no_ledger_leave_a_batch_without_claims() {
    let mut document = stream_document("s", (0, 6));
    document["logEvents"][3]["id"] = json!("3");
    let odd = payload(&document);
    let mut document = stream_document("s", (0, 6));
    document["logEvents"].as_array_mut().unwrap().swap(1, 4);
    let falling = payload(&document);
    let (mut deps, _) = world();
    for payload in [&odd, &falling] {
        for _ in 0..2 {
            assert_eq!(told(&deps, payload).await, (0, 0, 0, 1, true));
        }
    }
    deps.ledger = None;
    assert_eq!(told(&deps, &batch((0, 10))).await, (0, 0, 0, 1, true));
    assert_eq!(told(&deps, &batch((0, 10))).await, (0, 0, 0, 1, true));
}
