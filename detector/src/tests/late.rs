//! Data that come after their minute was sealed: what is sealed is what the raw rollups say, whatever came when.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use platform::series_store::late::REST_SECONDS;
use platform::series_store::{BatchId, Rollups};
use proptest::prelude::*;
use signals::{Minute, Rollup, SeriesKey};

use super::shaky::{Shaky, now_and_then};
use super::world::{GROUP, World};
use crate::late::{LIMITS, Limits, look_within};
use crate::{Error, Outcome};

/// A world whose series store counts calls and fails where it is told to.
async fn world() -> (World, Arc<Shaky>) {
    let mut world = World::with_history(20, Vec::new()).await;
    let shaky = Arc::new(Shaky::new(world.deps.series.clone()));
    world.deps.series = shaky.clone();
    (world, shaky)
}

fn key() -> SeriesKey {
    SeriesKey::emf("N", "Late", [])
}

/// Rollups of one sample each in these minutes after the start.
fn said(world: &World, minutes: &[i64], value: f64) -> Rollups {
    let one = || [(key(), Rollup::of(value))].into_iter().collect();
    minutes
        .iter()
        .map(|after| (world.minute(*after), one()))
        .collect()
}

/// What log-processor does with a batch.
async fn write(world: &World, name: &str, rollups: &Rollups) -> bool {
    let (batch, now) = (BatchId::of([name.as_bytes()]), world.deps.clock.now());
    let series = &world.deps.series;
    series.mark_late(GROUP, &batch, rollups, now).await.is_ok()
        && series.put_batch(GROUP, &batch, rollups).await.is_ok()
}

/// So many samples of the late series are sealed in a minute after the start.
async fn sealed(world: &World, after: i64) -> u64 {
    let minute = world.minute(after);
    let sealed = world.deps.series.sealed_minutes(GROUP, minute, minute);
    let sealed = sealed.await.unwrap();
    sealed
        .get(&minute)
        .and_then(|series| series.get(&key()))
        .map_or(0, Rollup::count)
}

async fn in_hour(world: &World, after: i64) -> u64 {
    let hour = world.minute(after).hour();
    let hours = world.deps.series.hours(GROUP, hour, hour).await.unwrap();
    hours
        .get(&hour)
        .and_then(|series| series.get(&key()))
        .map_or(0, Rollup::count)
}

/// The marks that are there have rested.
fn rest(world: &World) {
    let rest = Duration::from_secs(REST_SECONDS.unsigned_abs());
    world.clock.advance(rest);
}

/// A look alone, without the rest of a run and without its time limit: this machine's speed is not what is tested.
async fn look(world: &World) -> Outcome {
    let limits = Limits {
        time: Duration::from_secs(600),
        ..LIMITS
    };
    let mut outcome = Outcome::default();
    look_within(&limits, &world.deps, 0, world.minute(0), &mut outcome).await;
    outcome
}

async fn waiting(world: &World) -> usize {
    let late = world.deps.series.late(GROUP, 5_000).await.unwrap();
    late.marks.len()
}

#[tokio::test]
async fn a_minute_that_comes_late_is_in_its_minute_and_its_hour_after_the_next_run() {
    let (world, _) = world().await;
    world.arrives(20).await;
    for after in [29, 58, 70] {
        world.tick(after).await.unwrap();
    }
    assert!(write(&world, "late", &said(&world, &[20, 21, 64, 66], 1.0)).await);
    let before = world.incidents().await;
    let outcome = world.tick(71).await.unwrap();
    // 10:64 is sealed and its hour is not over, 10:66 is not sealed yet.
    assert_eq!((outcome.late_minutes, outcome.late_sealed), (4, 3));
    assert_eq!((outcome.late_refused, outcome.late_failed), (0, 0));
    let in_minutes = [
        sealed(&world, 20).await,
        sealed(&world, 21).await,
        sealed(&world, 64).await,
    ];
    assert_eq!(in_minutes, [1, 1, 1]);
    assert_eq!(
        (in_hour(&world, 20).await, in_hour(&world, 64).await),
        (2, 0)
    );
    assert_eq!(waiting(&world).await, 2, "the marks have not rested");
    assert_eq!(world.incidents().await, before);
    assert!(outcome.told.is_empty(), "nobody is woken for it");
    let line: serde_json::Value =
        serde_json::from_str(world.emitted.lines().last().unwrap()).unwrap();
    assert_eq!(line["LateMinutes"], 4.0);

    world.tick(90).await.unwrap();
    assert_eq!(waiting(&world).await, 2, "the marks have not rested");
    world.tick(104).await.unwrap();
    assert_eq!(waiting(&world).await, 0, "the work is done");
    assert_eq!(sealed(&world, 66).await, 1);
    let last = world.tick(125).await.unwrap();
    assert_eq!((last.late_minutes, in_hour(&world, 64).await), (0, 2));
}

#[tokio::test]
async fn a_mark_whose_rollups_come_after_the_look_is_worked_off_again() {
    let (world, _) = world().await;
    for after in [29, 58, 70] {
        world.tick(after).await.unwrap();
    }
    let rollups = said(&world, &[20], 1.0);
    let (batch, now) = (BatchId::of([b"slow".as_slice()]), world.deps.clock.now());
    let series = &world.deps.series;
    series
        .mark_late(GROUP, &batch, &rollups, now)
        .await
        .unwrap();
    world.tick(71).await.unwrap();
    assert_eq!((sealed(&world, 20).await, waiting(&world).await), (0, 1));
    series.put_batch(GROUP, &batch, &rollups).await.unwrap();
    world.tick(102).await.unwrap();
    assert_eq!((sealed(&world, 20).await, waiting(&world).await), (1, 0));
    assert_eq!(in_hour(&world, 20).await, 1);
}

#[tokio::test]
async fn what_cannot_be_computed_again_stays_as_it_is_sealed_and_is_counted() {
    let (world, _) = world().await;
    world.tick(29).await.unwrap();
    // Sealed by somebody who had more than is left: the history has no raw rollups but for its newest minutes.
    let old = world.minute(-20);
    let before = world.deps.series.sealed_minutes(GROUP, old, old).await;
    assert!(write(&world, "less", &said(&world, &[-20], 1.0)).await);
    // Sixteen days old: its raw rollups expire.
    assert!(write(&world, "old", &said(&world, &[-16 * 1_440], 1.0)).await);
    let young = world.tick(30).await.unwrap();
    assert_eq!(
        (young.late_minutes, young.late_refused),
        (2, 0),
        "{young:?}"
    );
    let rested = world.tick(61).await.unwrap();
    assert_eq!(
        (rested.late_sealed, rested.late_refused),
        (0, 2),
        "{rested:?}"
    );
    let after = world.deps.series.sealed_minutes(GROUP, old, old).await;
    assert_eq!(after.unwrap(), before.unwrap());
    assert_eq!(sealed(&world, -16 * 1_440).await, 0);
    assert_eq!(waiting(&world).await, 0);
}

#[tokio::test]
async fn what_a_detector_that_was_away_learned_is_sealed_all_the_same() {
    let (world, _) = world().await;
    world.tick(0).await.unwrap();
    let minutes: Vec<i64> = (0..180).collect();
    assert!(write(&world, "meanwhile", &said(&world, &minutes, 1.0)).await);
    for after in [240, 241, 272] {
        world.tick(after).await.unwrap();
    }
    for after in minutes {
        assert_eq!(sealed(&world, after).await, 1, "{after}");
    }
    let hours = [
        in_hour(&world, 0).await,
        in_hour(&world, 60).await,
        in_hour(&world, 120).await,
    ];
    assert_eq!(hours, [60, 60, 60]);
}

#[tokio::test]
async fn a_failure_at_any_call_loses_no_late_minute() {
    for fails in 0.. {
        let (world, shaky) = world().await;
        for after in [29, 58, 80] {
            world.tick(after).await.unwrap();
        }
        shaky.fail_at(fails);
        let rollups = said(&world, &[20, 30, 70], 1.0);
        // The writer is invoked again when it fails, as Lambda does.
        if !write(&world, "late", &rollups).await {
            assert!(write(&world, "late", &rollups).await);
        }
        let runs = [world.tick(81).await, world.tick(82).await];
        rest(&world);
        let looks = [look(&world).await, look(&world).await];
        let failed = shaky.failed();
        shaky.recover();
        let failures = runs.iter().filter(|run| run.is_err()).count() as u64
            + runs
                .iter()
                .flatten()
                .map(|run| run.late_failed)
                .sum::<u64>()
            + looks.iter().map(|look| look.late_failed).sum::<u64>();
        let counted = [
            sealed(&world, 20).await,
            sealed(&world, 30).await,
            sealed(&world, 70).await,
            in_hour(&world, 20).await,
        ];
        assert_eq!(counted, [1, 1, 1, 2], "call {fails}");
        assert_eq!(waiting(&world).await, 0, "call {fails}");
        if !failed {
            assert!(fails > 15, "the test ended after {fails} calls");
            assert_eq!(failures, 0);
            return;
        }
        assert!(failures <= 1, "call {fails}");
    }
}

#[tokio::test]
async fn two_weeks_that_come_at_once_are_worked_off_in_bounded_runs() {
    const WEEKS: i64 = 14 * 1_440;
    let (world, shaky) = world().await;
    world.tick(0).await.unwrap();
    // As the dead letters give it back: a batch of its own for each minute, from the newest to the oldest.
    let minutes: Vec<i64> = (-WEEKS..-60).collect();
    let now = world.deps.clock.now();
    for chunk in minutes.rchunks(60) {
        let rollups = said(&world, chunk, 1.0);
        let batch = BatchId::of([chunk[0].to_string().as_bytes()]);
        world
            .deps
            .series
            .put_batch(GROUP, &batch, &rollups)
            .await
            .unwrap();
        for name in [b"a".as_slice(), b"b", b"c"] {
            let batch = BatchId::of([name, chunk[0].to_string().as_bytes()]);
            world
                .deps
                .series
                .mark_late(GROUP, &batch, &rollups, now)
                .await
                .unwrap();
        }
    }
    let marks = waiting(&world).await;
    assert!(marks > 1_000, "{marks}");
    rest(&world);
    let (mut runs, mut most, mut left) = (0, 0, marks);
    while left > 0 {
        let before = shaky.calls();
        let outcome = look(&world).await;
        most = most.max(shaky.calls() - before);
        assert_eq!(outcome.late_failed, 0);
        assert!(outcome.late_minutes > 0, "the backlog is told");
        let now = waiting(&world).await;
        assert!(now < left, "every run gets something done");
        left = now;
        runs += 1;
    }
    // One call to read marks; for an hour two reads, its minutes, the hour and the removal.
    assert!(most <= 1 + 24 * 5, "{most} calls in one run");
    assert!(runs <= 20, "{runs} runs");
    for after in [-WEEKS, -WEEKS / 2, -61] {
        assert_eq!(sealed(&world, after).await, 1);
    }
    assert_eq!(in_hour(&world, -1_440).await, 60);
}

/// Something that happens to the store.
#[derive(Debug, Clone)]
enum Event {
    /// A batch of a few minutes, so many minutes before now; `crash` is the call after which its writer dies.
    Write {
        ago: i64,
        minutes: i64,
        batch: u8,
        crash: u32,
    },
    /// A run so many minutes later, which dies at this call, while this late batch is written at that call.
    Run {
        later: i64,
        dies: u32,
        meanwhile: Option<(u32, i64)>,
    },
}

fn event() -> impl Strategy<Value = Event> {
    let write =
        (0_i64..150, 1_i64..40, 0_u8..6, 0_u32..6).prop_map(|(ago, minutes, batch, crash)| {
            Event::Write {
                ago,
                minutes,
                batch,
                crash,
            }
        });
    let run = (1_i64..45, 0_u32..80, now_and_then((0_u32..40, 8_i64..90))).prop_map(
        |(later, dies, meanwhile)| Event::Run {
            later,
            dies,
            meanwhile,
        },
    );
    prop_oneof![3 => write, 4 => run]
}

async fn run(world: &World, after: i64) -> Result<Outcome, Error> {
    world.tick(after).await
}

/// Everything that is sealed is what the raw rollups say.
async fn is_right(world: &World, upto: i64) -> Result<(), TestCaseError> {
    let (from, to) = (world.minute(0), world.minute(upto));
    let series = &world.deps.series;
    let raw = series.raw_minutes(GROUP, from, to).await.unwrap();
    let sealed = series.sealed_minutes(GROUP, from, to).await.unwrap();
    prop_assert_eq!(unlike(&sealed, &raw), Vec::<String>::new());
    let mut whole = Rollups::new();
    for (minute, series) in raw {
        let hour = whole.entry(minute.hour()).or_default();
        for (key, rollup) in series {
            hour.entry(key).or_default().merge(&rollup);
        }
    }
    let over = |hour: &Minute| hour.plus(59) <= to;
    whole.retain(|hour, _| over(hour));
    let mut hours = series.hours(GROUP, from, to).await.unwrap();
    hours.retain(|hour, _| over(hour));
    prop_assert_eq!(unlike(&hours, &whole), Vec::<String>::new());
    Ok(())
}

/// Where two stores differ, and what they say there.
fn unlike(left: &Rollups, right: &Rollups) -> Vec<String> {
    let places: BTreeSet<_> = [left, right]
        .into_iter()
        .flatten()
        .flat_map(|(minute, series)| series.keys().map(|key| (*minute, key.clone())))
        .collect();
    let said = |of: &Rollups, minute: &Minute, key: &SeriesKey| {
        let rollup = of.get(minute)?.get(key)?.clone();
        Some(rollup)
    };
    places
        .iter()
        .filter_map(|(minute, key)| {
            let (left, right) = (said(left, minute, key), said(right, minute, key));
            let count = |of: &Option<Rollup>| of.as_ref().map(Rollup::count);
            (left != right)
                .then(|| format!("{minute} {key}: {:?} and {:?}", count(&left), count(&right)))
        })
        .collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(16))]

    #[test]
    fn whatever_comes_when_and_dies_where_what_is_sealed_is_what_the_raw_rollups_say(
        events in prop::collection::vec(event(), 4..14),
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let (world, shaky) = world().await;
            world.tick(0).await.unwrap();
            let mut now = 0;
            for (number, event) in events.into_iter().enumerate() {
                match event {
                    Event::Write { ago, minutes, batch, crash } => {
                        let last = now - ago;
                        let span: Vec<i64> = (last - minutes..=last).filter(|at| *at >= 0).collect();
                        // A batch that is written again says at least what it said; another build may say more.
                        let rollups = said(&world, &span, f64::from(u8::try_from(number).unwrap()));
                        let name = format!("{batch} {last} {minutes}");
                        shaky.die_at(crash);
                        write(&world, &name, &rollups).await;
                    }
                    Event::Run { later, dies, meanwhile } => {
                        now += later;
                        shaky.die_at(dies);
                        if let Some((call, ago)) = meanwhile
                            && now > ago
                        {
                            let rollups = said(&world, &[now - ago], 1.0);
                            let batch = BatchId::of([format!("meanwhile {number}").as_bytes()]);
                            let at = world.minute(now).plus(1).start();
                            shaky.write_at(call, GROUP, batch, rollups, at);
                        }
                        let _ = run(&world, now).await;
                    }
                }
                shaky.recover();
            }
            // What is late has rested, and nothing new comes.
            for _ in 0..6 {
                now += 20;
                run(&world, now).await.unwrap();
            }
            prop_assert_eq!(waiting(&world).await, 0);
            is_right(&world, now - 6).await
        })?;
    }
}
