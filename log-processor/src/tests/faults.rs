//! Every call fails, hangs, is throttled, has half its effect or loses its answer, one after the other and for as long
//! as one likes; Lambda tries again with the same bytes, twice, and then somebody replays the dead letter.

use std::sync::atomic::{AtomicUsize, Ordering};

use async_trait::async_trait;
use platform::clock::ManualClock;
use platform::ledger::dynamodb::DynamoDbLedger;
use platform::series_store::dynamodb::{DynamoDbSeriesStore, create_table};
use tokio::sync::Notify;

use super::calls::{Between, Fate, Place};
use super::streams::*;
use super::*;

/// What happens to the calls that are hit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fault {
    /// An error.
    Fails,
    /// An error of lacking capacity.
    Throttled,
    /// No answer, ever.
    Hangs,
    /// The process is gone.
    Dies,
}

/// Hits some places of some calls, counted from the beginning.
#[derive(Debug)]
struct Hits {
    from: usize,
    until: usize,
    fault: Fault,
    passed: AtomicUsize,
    died: Notify,
}

#[async_trait]
impl Between for Hits {
    async fn at(&self, _: Place) -> Fate {
        let number = self.passed.fetch_add(1, Ordering::SeqCst);
        if !(self.from..self.until).contains(&number) {
            return Fate::On;
        }
        match self.fault {
            Fault::Fails => Fate::Fails,
            Fault::Throttled => Fate::Throttled,
            Fault::Hangs => std::future::pending().await,
            Fault::Dies => {
                self.died.notify_one();
                std::future::pending().await
            }
        }
    }
}

/// Delivers the payloads one after the other as Lambda does, then those that it gave up. Returns how many places
/// there were and how many payloads were given up.
async fn deliver(
    payloads: &[Vec<u8>],
    deps: &Deps,
    hits: &Hits,
    limit: Option<Duration>,
) -> (usize, usize) {
    let mut dead = Vec::new();
    let once = async |payload: &[u8]| {
        let deadline = match limit {
            Some(limit) => Deadline::after(deps.clock.clone(), limit),
            None => Deadline::never(deps.clock.clone()),
        };
        tokio::select! {
            biased;
            outcome = handle_until(payload, deps, &deadline) => match outcome {
                Ok(_) => true,
                Err(error) => {
                    assert!(error.is_retryable(), "{error}");
                    false
                }
            },
            () = hits.died.notified() => false,
        }
    };
    for payload in payloads {
        if !(once(payload).await || once(payload).await || once(payload).await) {
            dead.push(payload);
        }
    }
    // Whoever replays dead letters does it until it has worked.
    for payload in &dead {
        while !once(payload).await {}
    }
    (hits.passed.load(Ordering::SeqCst), dead.len())
}

/// A stream that comes again in other batches, out of order.
const DELIVERIES: [Cut; 5] = [(0, 8), (12, 20), (5, 15), (12, 20), (0, 25)];

fn hits(fault: Fault, from: usize, length: usize) -> Arc<Hits> {
    Arc::new(Hits {
        from,
        until: from + length,
        fault,
        passed: AtomicUsize::new(0),
        died: Notify::new(),
    })
}

fn clock() -> Arc<ManualClock> {
    Arc::new(ManualClock::at(
        jiff::Timestamp::from_millisecond(EVENT).unwrap(),
    ))
}

#[tokio::test]
async fn whatever_call_fails_hangs_or_kills_every_log_event_counts_once() {
    let payloads = DELIVERIES.map(batch);
    let limit = Some(Duration::from_secs(5));
    let mut given_up = 0;
    for fault in [Fault::Fails, Fault::Throttled, Fault::Hangs, Fault::Dies] {
        // Alone; two tries in a row; all three tries of an invocation, at the least.
        for length in [1, 2, 3, 40] {
            for from in 0.. {
                let (ledger, series) = in_memory();
                let hits = hits(fault, from, length);
                let deps = processor(ledger, series.clone(), clock(), hits.clone());
                let (places, dead) = deliver(&payloads, &deps, &hits, limit).await;
                difference(&stored(series.as_ref()).await, &reference((0, 25)))
                    .unwrap_or_else(|why| panic!("{fault:?} at {from}, {length} long: {why}"));
                given_up += dead;
                if places <= from {
                    assert!(from > 30, "{from} places");
                    break;
                }
            }
        }
    }
    assert!(
        given_up > 100,
        "{given_up}: dead letters were replayed, too"
    );
}

#[tokio::test]
async fn the_same_on_a_real_dynamodb_api() {
    let payloads = DELIVERIES.map(batch);
    for (fault, length) in [(Fault::Fails, 1), (Fault::Dies, 2)] {
        for from in 0.. {
            let server = platform::testing::Server::start().await;
            let client = server.client().await;
            create_table(&client, "series").await.unwrap();
            let ledger = Arc::new(DynamoDbLedger::new(client.clone(), "series"));
            let series = Arc::new(DynamoDbSeriesStore::new(client, "series"));
            let hits = hits(fault, from, length);
            let deps = processor(ledger, series.clone(), clock(), hits.clone());
            let (places, _) = deliver(&payloads, &deps, &hits, None).await;
            difference(&stored(series.as_ref()).await, &reference((0, 25)))
                .unwrap_or_else(|why| panic!("{fault:?} at {from}: {why}"));
            if places <= from {
                break;
            }
        }
    }
}

#[tokio::test]
async fn a_call_that_hangs_is_an_error_with_its_cause_before_the_function_is_killed() {
    for (from, cause) in [
        (
            0,
            "reading the ledger of /aws/lambda/f had no answer before the function's deadline",
        ),
        (2, "claiming log events of /aws/lambda/f had no answer"),
        (4, "marking late minutes of /aws/lambda/f had no answer"),
        (6, "writing rollups of /aws/lambda/f had no answer"),
    ] {
        let (ledger, series) = in_memory();
        let hits = hits(Fault::Hangs, from, 1);
        let clock = clock();
        let deps = processor(ledger, series, clock.clone(), hits);
        let ends = u64::try_from(EVENT).unwrap() + 60_000;
        let error = invoke(&batch((0, 8)), &deps, ends).await.unwrap_err();
        assert!(error.to_string().starts_with(cause), "{error}");
        let left = EVENT + 60_000 - clock.now().as_millisecond();
        assert_eq!(left, 500, "time to say so");
        let told = lambda_runtime::Diagnostic::from(error);
        assert_eq!(told.error_type, "LogProcessor.Retryable");
    }
}
