//! Services that are new here: their past is fetched, stored and learned, whatever fails on the way.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};

use async_trait::async_trait;
use platform::metric_source::{
    AccountLimits, LimitError, MetricQuery, MetricSource, MetricSourceError, MetricValues,
    PastQuery, PastStatistic, Resolution,
};
use signals::{AwsSignal, Minute, Rollup, SeriesKey};
use simulator::{FaultKind, Scenario};

use super::shaky::Shaky;
use super::world::{GROUP, World, fault};
use crate::state::{History, State};
use crate::{Outcome, backfill};

const NEVER: u32 = u32::MAX;

/// CloudWatch as it would be had the scenario run for two days before anybody looked.
#[derive(Debug)]
struct Past {
    now: Arc<dyn MetricSource>,
    scenario: Scenario,
    calls: AtomicU32,
    /// The calls below this number fail.
    fails: AtomicU32,
    /// Whether a call never answers.
    hangs: AtomicBool,
    /// Whether it says anything: a function that never ran has no past.
    empty: bool,
}

impl Past {
    fn behind(world: &World) -> Self {
        Self {
            now: world.deps.metrics.clone(),
            scenario: Scenario {
                history_minutes: 2 * 1_440 + 60,
                ..world.scenario.clone()
            },
            calls: AtomicU32::new(0),
            fails: AtomicU32::new(0),
            hangs: AtomicBool::new(false),
            empty: false,
        }
    }

    /// The series of a minute; none before the scenario, or when it says nothing.
    fn series(&self, minute: Minute) -> BTreeMap<SeriesKey, Rollup> {
        if self.empty || minute < self.scenario.history_from() {
            return BTreeMap::new();
        }
        self.scenario.history(minute)
    }
}

/// What a query is told of a minute.
fn value(query: &PastQuery, series: &BTreeMap<SeriesKey, Rollup>) -> Option<f64> {
    let key = if query.namespace == "AWS/Lambda" {
        let signal = AwsSignal::ALL
            .iter()
            .find(|signal| signal.as_str().replace('_', "") == query.metric.to_lowercase())?;
        SeriesKey::aws(Some("car-api"), *signal)
    } else {
        let dimensions = query.dimensions.iter();
        let dimensions = dimensions.map(|(name, value)| (name.as_str(), value.as_str()));
        SeriesKey::emf(&query.namespace, &query.metric, dimensions)
    };
    let rollup = series.get(&key)?;
    match query.statistic {
        PastStatistic::Sum => Some(rollup.sum()),
        PastStatistic::Maximum => rollup.max(),
        PastStatistic::SampleCount => Some(rollup.count() as f64),
        PastStatistic::Percentile(percent) => rollup.quantile(f64::from(percent) / 100.0),
    }
}

fn refusal(queries: usize, from: Minute, to: Minute) -> MetricSourceError {
    MetricSourceError {
        queries,
        from,
        to,
        message: "the connection was reset".to_owned(),
        retryable: true,
    }
}

#[async_trait]
impl MetricSource for Past {
    async fn read(
        &self,
        queries: &[MetricQuery],
        from: Minute,
        to: Minute,
    ) -> Result<MetricValues, MetricSourceError> {
        self.now.read(queries, from, to).await
    }

    fn knows_silence(&self) -> bool {
        true
    }

    fn past_days(&self) -> u16 {
        63
    }

    async fn past(
        &self,
        queries: &[PastQuery],
        from: Minute,
        to: Minute,
        resolution: Resolution,
    ) -> Result<Vec<BTreeMap<Minute, f64>>, MetricSourceError> {
        assert_eq!(
            resolution,
            Resolution::Minute,
            "two days are within fifteen"
        );
        if self.hangs.load(Ordering::SeqCst) {
            std::future::pending::<()>().await;
        }
        if self.calls.fetch_add(1, Ordering::SeqCst) < self.fails.load(Ordering::SeqCst) {
            return Err(refusal(queries.len(), from, to));
        }
        let mut answers = vec![BTreeMap::new(); queries.len()];
        for minute in (from.index()..=to.index()).map(Minute::from_index) {
            let series = self.series(minute);
            for (query, answer) in queries.iter().zip(&mut answers) {
                answer.extend(value(query, &series).map(|value| (minute, value)));
            }
        }
        Ok(answers)
    }
}

/// A service that has been watched for a quarter of an hour, and its past.
async fn new_here(change: impl FnOnce(&mut Past)) -> (World, Arc<Past>) {
    let mut world = World::with_history(15, vec![fault(FaultKind::Latency, 20, 6)]).await;
    let mut past = Past::behind(&world);
    change(&mut past);
    let past = Arc::new(past);
    world.deps.metrics = past.clone();
    (world, past)
}

async fn state(world: &World) -> State {
    world.deps.warm.0.lock().await.as_ref().unwrap().1.clone()
}

fn fetched(outcomes: &[Outcome]) -> u64 {
    outcomes
        .iter()
        .map(|outcome| outcome.backfilled_minutes)
        .sum()
}

/// What was opened, as (minute after the start, symptom).
fn opened(outcomes: &[Outcome]) -> Vec<(usize, &'static str)> {
    let numbered = outcomes.iter().enumerate();
    numbered
        .flat_map(|(at, outcome)| outcome.told.iter().map(move |told| (at, told)))
        .filter(|(_, told)| told.action == "open")
        .map(|(at, told)| (at, told.symptom))
        .collect()
}

#[tokio::test]
async fn a_new_service_is_judged_by_its_past_on_its_first_day() {
    let (world, past) = new_here(|_| {}).await;
    let outcomes = world.pass(0..26).await;
    assert_eq!(opened(&outcomes)[0].1, "latency", "{outcomes:?}");
    assert!(fetched(&outcomes) > 2_800, "{}", fetched(&outcomes));
    let calls = past.calls.load(Ordering::SeqCst);
    assert!(calls <= 4, "a day at a time, once: {calls}");
    let first = &outcomes[1];
    assert!(
        first.services_backfilling == 1 && first.series_warming_up > 0,
        "{first:?}"
    );
    let last = outcomes.last().unwrap();
    assert_eq!((last.services_backfilling, last.backfill_failed), (0, 0));
    assert_eq!(state(&world).await.history(GROUP), History::Learned);
    let line = world
        .emitted
        .lines()
        .into_iter()
        .find(|line| line.contains("BackfilledMinutes"));
    assert!(line.is_some_and(|line| line.contains("SeriesWarmingUp")));
}

#[tokio::test]
async fn without_a_past_it_says_that_it_is_warming_up_and_wakes_nobody() {
    for (name, change) in [
        (
            "no source knows it",
            (|past| past.empty = true) as fn(&mut Past),
        ),
        ("it is never answered", |past| {
            past.fails = AtomicU32::new(NEVER)
        }),
    ] {
        let (world, _) = new_here(change).await;
        let outcomes = world.pass(0..26).await;
        assert_eq!(opened(&outcomes), [], "{name}");
        assert!(outcomes[25].series_warming_up > 0, "{name}");
        assert!(
            outcomes.iter().all(|outcome| outcome.status == "ran"),
            "{name}"
        );
    }
}

#[tokio::test]
async fn questions_that_fail_are_asked_again_and_lead_to_the_same_state() {
    let (undisturbed, _) = new_here(|_| {}).await;
    undisturbed.pass(0..16).await;
    let expected = state(&undisturbed).await;
    for fails in [1, 2] {
        let (world, past) = new_here(|past| past.fails = AtomicU32::new(fails)).await;
        let outcomes = world.pass(0..16).await;
        let failed: u64 = outcomes.iter().map(|outcome| outcome.backfill_failed).sum();
        assert_eq!(failed, u64::from(fails));
        assert!(past.calls.load(Ordering::SeqCst) > fails);
        assert!(state(&world).await == expected, "{fails} failures");
    }
}

#[tokio::test]
async fn a_store_that_fails_at_any_call_leads_to_the_same_state() {
    let (undisturbed, _) = new_here(|_| {}).await;
    undisturbed.pass(0..16).await;
    let expected = state(&undisturbed).await;
    for fails in [0, 7, 14, 21, 28] {
        let (mut world, _) = new_here(|_| {}).await;
        world.pass(0..2).await;
        let store = world.deps.series.clone();
        let shaky = Arc::new(Shaky::new(store.clone()));
        shaky.fail_at(fails);
        for after in 2..16 {
            world.deps.series = store.clone();
            world.arrives(after).await;
            world.deps.series = shaky.clone();
            // A run that fails is repeated by the schedule.
            if world.tick(after).await.is_err() {
                world.tick(after).await.unwrap();
            }
        }
        assert!(state(&world).await == expected, "call {fails}");
    }
}

#[tokio::test]
async fn a_lost_state_learns_the_past_from_what_is_stored_and_asks_for_none_of_it() {
    let (world, past) = new_here(|_| {}).await;
    world.pass(0..12).await;
    let (before, calls) = (state(&world).await, past.calls.load(Ordering::SeqCst));
    std::fs::remove_dir_all(world.folder.path().join("state")).unwrap();
    *world.deps.warm.0.lock().await = None;
    world.pass(12..13).await;
    let after = state(&world).await;
    assert_eq!(past.calls.load(Ordering::SeqCst), calls);
    assert_eq!(after.history(GROUP), History::Learned);
    assert_eq!(after.len(), before.len());
    assert!(after.warming_up() <= before.warming_up());
}

#[tokio::test]
async fn an_answer_that_never_comes_keeps_no_run_waiting() {
    let (world, past) = new_here(|past| past.fails = AtomicU32::new(NEVER)).await;
    world.pass(0..3).await;
    past.hangs.store(true, Ordering::SeqCst);
    let deps = &world.deps;
    let mut outcome = Outcome::default();
    let mut state = state(&world).await;
    let questions = backfill::follow(deps, &mut state, &mut outcome).await;
    assert_eq!(questions.len(), 1);
    backfill::fetch_within(std::time::Duration::ZERO, deps, questions, &mut outcome).await;
    assert_eq!(
        (outcome.backfill_failed, outcome.backfilled_minutes),
        (1, 0)
    );
}

/// Limits as the account has them; the calls below a number fail.
#[derive(Debug)]
struct Limited {
    now: Arc<dyn MetricSource>,
    fails: AtomicU32,
}

impl Limited {
    fn pass(&self, operation: &'static str) -> Result<(), LimitError> {
        let left = self.fails.load(Ordering::SeqCst);
        if left == 0 {
            return Ok(());
        }
        self.fails.store(left - 1, Ordering::SeqCst);
        Err(LimitError {
            operation,
            what: "car-api".to_owned(),
            message: "the connection was reset".to_owned(),
            retryable: true,
        })
    }
}

#[async_trait]
impl MetricSource for Limited {
    async fn read(
        &self,
        queries: &[MetricQuery],
        from: Minute,
        to: Minute,
    ) -> Result<MetricValues, MetricSourceError> {
        let mut values = self.now.read(queries, from, to).await?;
        for query in queries {
            if query.signal == AwsSignal::ConcurrentExecutions && query.function.is_some() {
                let busy = (from.index()..=to.index()).map(|at| (Minute::from_index(at), 9.7));
                values.insert(query.clone(), busy.collect());
            }
            if query.signal == AwsSignal::Throttles && query.function.is_some() {
                let refused = (from.index()..=to.index()).map(|at| (Minute::from_index(at), 1.0));
                values.insert(query.clone(), refused.collect());
            }
        }
        Ok(values)
    }

    async fn account_limits(&self) -> Result<Option<AccountLimits>, LimitError> {
        self.pass("GetAccountSettings")?;
        Ok(Some(AccountLimits {
            concurrency: 1_000.0,
            unreserved: 990.0,
        }))
    }

    async fn reserved_concurrency(&self, _: &str) -> Result<Option<f64>, LimitError> {
        self.pass("GetFunctionConcurrency")?;
        Ok(Some(10.0))
    }
}

#[tokio::test]
async fn a_function_at_its_reservation_pages_once_the_limit_was_read() {
    for (name, fails, read_by) in [
        ("at once", 0, 8),
        ("the account's limit fails first", 1, 14),
        ("the function's fails for an hour", 0, 8),
    ] {
        let mut world = World::with_history(15, Vec::new()).await;
        let limited = Arc::new(Limited {
            now: world.deps.metrics.clone(),
            fails: AtomicU32::new(fails),
        });
        world.deps.metrics = limited.clone();
        let outcomes = world.pass(0..25).await;
        let failed: u64 = outcomes.iter().map(|outcome| outcome.limits_failed).sum();
        assert_eq!(failed, u64::from(fails), "{name}");
        let opened = opened(&outcomes);
        let page = opened.iter().find(|(_, symptom)| *symptom == "saturation");
        assert!(
            page.is_some_and(|(at, _)| *at <= read_by),
            "{name}: {opened:?}"
        );
        let limits = state(&world).await.limits(GROUP);
        assert_eq!(limits.reserved, Some(10.0), "{name}");
    }
}
