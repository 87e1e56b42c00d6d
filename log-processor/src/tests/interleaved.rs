//! Several processors on one stream at once, step by step in an order that a seed gives: after every effect of any of
//! them, any other may go on, and any may die and be tried again.

use std::pin::Pin;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context, Poll, Waker};

use async_trait::async_trait;
use platform::clock::{Mark, Operation};
use platform::ledger::{Claim, Link};
use proptest::prelude::*;
use signals::{BatchId, EventId, StreamId};

use super::calls::{Between, Fate, Place};
use super::streams::*;
use super::*;

/// Every place is a step: whoever comes to one lets the others go first.
#[derive(Debug)]
struct Stepwise;

/// Pending once.
#[derive(Default)]
struct Step(bool);

impl Future for Step {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<()> {
        if std::mem::replace(&mut self.0, true) {
            Poll::Ready(())
        } else {
            Poll::Pending
        }
    }
}

#[async_trait]
impl Between for Stepwise {
    async fn at(&self, _: Place) -> Fate {
        Step::default().await;
        Fate::On
    }
}

/// Time that passes from step to step, milliseconds.
#[derive(Debug, Default)]
struct Steps(AtomicU64);

#[async_trait]
impl Clock for Steps {
    fn now(&self) -> jiff::Timestamp {
        let passed = i64::try_from(self.0.load(Ordering::SeqCst)).unwrap();
        jiff::Timestamp::from_millisecond(EVENT + passed).unwrap()
    }

    fn start(&self) -> Mark {
        Mark(self.0.load(Ordering::SeqCst) * 1_000_000)
    }

    fn finish(&self, _: Operation, since: Mark) -> Duration {
        Duration::from_nanos(self.start().0 - since.0)
    }

    async fn pause(&self, duration: Duration) {
        let begun = self.start();
        while self.finish(Operation::Request, begun) < duration {
            Step::default().await;
        }
    }
}

/// SplitMix64 (Steele, Lea, Flood: "Fast splittable pseudorandom number generators", 2014).
struct Dice(u64);

impl Dice {
    fn below(&mut self, bound: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        usize::try_from((z ^ (z >> 31)) % bound as u64).unwrap()
    }
}

/// What a run does to its processors.
#[derive(Debug, Clone, Copy)]
struct Weather {
    seed: u64,
    /// Steps of a hundred at which the processor dies.
    deaths: usize,
    /// How long an invocation may take, milliseconds; a step takes up to 9.
    limit: u64,
}

/// A run that takes longer never ends: what is left undone shows in the rollups.
const MOST_STEPS: usize = 20_000;

type Run<'a> = Pin<Box<dyn Future<Output = Result<Outcome, Error>> + 'a>>;

/// Delivers all payloads, as many at once as there are, until each has succeeded. Returns what its last try said.
fn deliver(
    payloads: &[Vec<u8>],
    (ledger, series): (Arc<dyn Ledger>, Arc<dyn SeriesStore>),
    weather: Weather,
) -> Vec<Outcome> {
    let clock = Arc::new(Steps::default());
    let deps: Vec<_> = payloads
        .iter()
        .map(|_| {
            processor(
                ledger.clone(),
                series.clone(),
                clock.clone(),
                Arc::new(Stepwise),
            )
        })
        .collect();
    let mut dice = Dice(weather.seed);
    let mut outcomes = vec![None; payloads.len()];
    // How many tries each payload has had; what fails again and again is at last let alone, as a replay would.
    let mut tries = vec![0; payloads.len()];
    let mut running: Vec<Option<Run<'_>>> = payloads.iter().map(|_| None).collect();
    for _ in 0..MOST_STEPS {
        if outcomes.iter().all(Option::is_some) {
            break;
        }
        clock.0.fetch_add(dice.below(10) as u64, Ordering::SeqCst);
        let chosen = dice.below(payloads.len());
        if outcomes[chosen].is_some() {
            continue;
        }
        let spared = tries[chosen] > 3;
        let run = running[chosen].get_or_insert_with(|| {
            tries[chosen] += 1;
            let limit = if spared { 3_600_000 } else { weather.limit };
            let deadline = Deadline::after(clock.clone(), Duration::from_millis(limit));
            let (payload, deps) = (&payloads[chosen], &deps[chosen]);
            Box::pin(async move { handle_until(payload, deps, &deadline).await })
        });
        match run.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
            Poll::Ready(Ok(outcome)) => {
                outcomes[chosen] = Some(outcome);
                running[chosen] = None;
            }
            Poll::Ready(Err(error)) => {
                assert!(error.is_retryable(), "{error}");
                running[chosen] = None;
            }
            Poll::Pending if !spared && dice.below(100) < weather.deaths => running[chosen] = None,
            Poll::Pending => {}
        }
    }
    outcomes.into_iter().flatten().collect()
}

/// Polls what has no steps in it.
fn now<T>(future: impl Future<Output = T>) -> T {
    match std::pin::pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(output) => output,
        Poll::Pending => unreachable!("memory does not wait"),
    }
}

/// A cut of the stream into contiguous batches, each delivered once at least.
fn cut(events: usize) -> impl Strategy<Value = Vec<Cut>> {
    prop::collection::btree_set(1..events, 0..6).prop_map(move |ends| {
        let ends = ends.into_iter().chain([events]);
        ends.scan(0, |from, to| Some((std::mem::replace(from, to), to)))
            .collect()
    })
}

/// Several cuts of one stream, some batches once more as they were, in any order.
fn deliveries() -> impl Strategy<Value = (usize, Vec<Cut>)> {
    (2_usize..40).prop_flat_map(|events| {
        let cuts = prop::collection::vec(cut(events), 1..4);
        let all = (cuts, any::<prop::sample::Index>()).prop_map(|(cuts, again)| {
            let mut all: Vec<_> = cuts.into_iter().flatten().collect();
            all.push(*again.get(&all));
            all
        });
        (Just(events), all.prop_shuffle())
    })
}

fn weather() -> impl Strategy<Value = Weather> {
    (
        any::<u64>(),
        prop_oneof![Just(0), 1_usize..25],
        50_u64..5_000,
    )
        .prop_map(|(seed, deaths, limit)| Weather {
            seed,
            deaths,
            limit,
        })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn in_whatever_cuts_and_order_whoever_dies_every_log_event_counts_once(
        (events, cuts) in deliveries(),
        weather in weather(),
    ) {
        let payloads: Vec<_> = cuts.iter().map(|cut| batch(*cut)).collect();
        let (ledger, series) = in_memory();
        let outcomes = deliver(&payloads, (ledger, series.clone()), weather);
        let found = now(stored(series.as_ref()));
        if let Err(why) = difference(&found, &reference((0, events))) {
            prop_assert!(false, "{}", why);
        }
        prop_assert_eq!(outcomes.iter().map(|outcome| outcome.ledger_gaps).sum::<u64>(), 0);
    }
}

/// A ledger that breaks its promise.
#[derive(Debug)]
enum Broken {
    /// It gives a gap to whoever asks.
    Unconditional(Arc<dyn Ledger>),
    /// It does not know whose claims those are that it reads.
    Forgetful(Arc<dyn Ledger>),
    /// It knows what is claimed but not what follows what is put in between.
    Loose(Arc<dyn Ledger>),
}

#[async_trait]
impl Ledger for Broken {
    async fn links(
        &self,
        stream: &StreamId,
        first: &EventId,
        last: &EventId,
    ) -> Result<Vec<Link>, LedgerError> {
        let (Self::Unconditional(inner) | Self::Forgetful(inner) | Self::Loose(inner)) = self;
        let mut links = inner.links(stream, first, last).await?;
        if matches!(self, Self::Forgetful(_)) {
            for link in &mut links {
                let claims = link.of.iter_mut().chain(&mut link.after);
                claims.chain([&mut link.next]).for_each(|claim| {
                    claim.owner = BatchId::of([claim.owner.as_str().as_bytes()]);
                });
            }
        }
        Ok(links)
    }

    async fn put(
        &self,
        stream: &StreamId,
        link: &Link,
        seen: Option<&Claim>,
        now: jiff::Timestamp,
    ) -> Result<bool, LedgerError> {
        let (Self::Unconditional(inner) | Self::Forgetful(inner) | Self::Loose(inner)) = self;
        let place = link.key().unwrap_or(link.next.run.first);
        let stored = inner.links(stream, &place, &place).await?;
        let stored = stored
            .into_iter()
            .find(|stored| stored.key() == link.key())
            .map(|stored| stored.next);
        match self {
            Self::Unconditional(_) => inner.put(stream, link, stored.as_ref(), now).await,
            // Whoever owns it: the place is as it was seen.
            Self::Forgetful(_) => {
                let as_seen = stored.as_ref().map(|claim| claim.run) == seen.map(|claim| claim.run);
                Ok(as_seen && inner.put(stream, link, stored.as_ref(), now).await?)
            }
            Self::Loose(_) => {
                let link = Link {
                    after: None,
                    ..link.clone()
                };
                inner.put(stream, &link, seen, now).await
            }
        }
    }
}

#[test]
fn these_tests_notice_a_ledger_that_breaks_its_promise() {
    let cuts = [(0, 12), (6, 18), (12, 30), (0, 30), (18, 30), (3, 9)];
    let payloads = cuts.map(batch);
    let breaks: [fn(Arc<dyn Ledger>) -> Broken; 3] =
        [Broken::Unconditional, Broken::Forgetful, Broken::Loose];
    for broken in breaks {
        let noticed = (0..300).any(|seed| {
            let (ledger, series) = in_memory();
            let weather = Weather {
                seed,
                deaths: 10,
                limit: 5_000,
            };
            deliver(
                &payloads,
                (Arc::new(broken(ledger)), series.clone()),
                weather,
            );
            difference(&now(stored(series.as_ref())), &reference((0, 30))).is_err()
        });
        let (ledger, _) = in_memory();
        assert!(noticed, "nobody noticed {:?}", broken(ledger));
    }
}
