//! Rollouts of simulated versions: what the runs say of them, and when.

use std::collections::BTreeMap;

use platform::series_store::{BatchId, Version};
use serde_json::Value;
use signals::{LambdaSignal, Rollup, SeriesKey, SeriesName};
use simulator::{Fault, FaultKind, Scenario};

use super::world::{GROUP, World, fault};
use crate::canary::{Verdict, look};
use crate::learning::Heard;
use crate::{Outcome, Tick};

/// CodeDeploy's `Canary10Percent15Minutes` shifts the rest after so many minutes.
const BAKE: i64 = 15;
/// Metrics in the embedded format are extracted within two minutes; an alarm of 1 of 1 at 60 s needs one more.
const CLOUDWATCH: i64 = 2 + 1;
/// Minutes that are left then, at least.
const LEFT: i64 = 5;

/// A service whose requests are split among versions.
struct Rollout {
    world: World,
    requests_a_minute: f64,
}

/// One version for some minutes: its share of the requests and what is wrong with it.
#[derive(Clone)]
struct Serving {
    version: &'static str,
    minutes: std::ops::Range<i64>,
    share: f64,
    faults: Vec<Fault>,
}

fn serving(version: &'static str, minutes: std::ops::Range<i64>, share: f64) -> Serving {
    Serving {
        version,
        minutes,
        share,
        faults: Vec::new(),
    }
}

impl Serving {
    /// From minute 0 to 59 this share of its requests fails, or takes 900 ms longer.
    fn with(mut self, kind: FaultKind, share: f64) -> Self {
        self.faults = vec![Fault {
            share,
            ..fault(kind, 0, 60)
        }];
        self
    }
}

/// The usual: everything to 41, from minute 0 on a tenth to 42.
fn canary(new: impl FnOnce(Serving) -> Serving) -> Vec<Serving> {
    let new = new(serving("42", 0..60, 0.1));
    vec![serving("41", -5..0, 1.0), serving("41", 0..60, 0.9), new]
}

impl Rollout {
    async fn of(requests_a_minute: f64) -> Self {
        Self {
            world: World::with_history(120, Vec::new()).await,
            requests_a_minute,
        }
    }

    fn scenario(&self, serving: &Serving) -> Scenario {
        let number: u64 = serving.version.parse().unwrap_or_default();
        Scenario {
            seed: self.world.scenario.seed + number,
            requests_per_minute: self.requests_a_minute * serving.share,
            faults: serving.faults.clone(),
            ..self.world.scenario.clone()
        }
    }

    /// What log-processor would have written of a minute, a batch for each version.
    async fn arrives(&self, after: i64, versions: &[Serving]) {
        let minute = self.world.minute(after);
        for serving in versions.iter().filter(|it| it.minutes.contains(&after)) {
            let mut series = self.scenario(serving).rollups(minute);
            series.retain(|key, _| !matches!(key.name, SeriesName::Aws { .. }));
            self.stores(after, serving.version, series).await;
        }
    }

    async fn stores(&self, after: i64, version: &str, series: BTreeMap<SeriesKey, Rollup>) {
        let minute = self.world.minute(after);
        let batch = BatchId::of([minute.to_string().as_bytes(), version.as_bytes()]);
        let minutes = BTreeMap::from([(minute, series)]);
        let version = Version::parse(version);
        let store = &self.world.deps.series;
        store
            .put_batch_of(GROUP, &batch, version, &minutes)
            .await
            .unwrap();
    }

    /// Minutes arrive and runs follow.
    async fn pass(&self, minutes: std::ops::Range<i64>, versions: &[Serving]) -> Vec<Outcome> {
        let mut outcomes = Vec::new();
        for after in minutes {
            self.arrives(after, versions).await;
            outcomes.push(self.world.tick(after).await.unwrap());
        }
        outcomes
    }

    /// The verdicts in the detector's own log: milliseconds, function, version, value.
    fn emitted(&self) -> Vec<(i64, String, String, f64)> {
        let lines = self.world.emitted.lines();
        let documents = lines
            .iter()
            .map(|line| serde_json::from_str::<Value>(line).unwrap());
        let verdicts = documents.filter(|document| document.get("CanaryVerdict").is_some());
        verdicts
            .map(|document| {
                let directive = &document["_aws"]["CloudWatchMetrics"][0];
                assert_eq!(directive["Namespace"], "Outrider");
                let dimensions = serde_json::json!([["function", "version"]]);
                assert_eq!(directive["Dimensions"], dimensions);
                let text = |name: &str| document[name].as_str().unwrap().to_owned();
                (
                    document["_aws"]["Timestamp"].as_i64().unwrap(),
                    text("function"),
                    text("version"),
                    document["CanaryVerdict"].as_f64().unwrap(),
                )
            })
            .collect()
    }
}

/// What a run hears while both versions serve.
fn both_heard() -> Heard {
    let versions = ["41", "42"].map(|text| Version::parse(text).unwrap());
    Heard::from([(GROUP.to_owned(), versions.into())])
}

fn verdicts(outcomes: &[Outcome]) -> Vec<&Verdict> {
    outcomes
        .iter()
        .flat_map(|outcome| &outcome.verdicts)
        .collect()
}

#[tokio::test]
async fn a_healthy_canary_is_cleared_once_it_has_served_enough() {
    let rollout = Rollout::of(40.0).await;
    let outcomes = rollout.pass(-3..BAKE, &canary(|new| new)).await;
    assert!(
        outcomes[..4]
            .iter()
            .all(|outcome| outcome.verdicts.is_empty())
    );
    let found = verdicts(&outcomes);
    assert!(found.len() > 8, "{found:?}");
    let expected = Verdict {
        function: "car-api".to_owned(),
        version: "42".to_owned(),
        against: "41".to_owned(),
        worse: false,
    };
    assert!(
        found.iter().all(|verdict| **verdict == expected),
        "{found:?}"
    );
    let emitted = rollout.emitted();
    assert_eq!(emitted.len(), found.len());
    let last = (
        rollout.world.minute(BAKE).start_millis(),
        "car-api".to_owned(),
        "42".to_owned(),
        0.0,
    );
    assert_eq!(emitted.last(), Some(&last), "the time that the run was due");
}

#[tokio::test]
async fn a_bad_version_is_told_so_early_that_cloudwatch_stops_it_while_it_bakes() {
    for (name, requests_a_minute, kind, share) in [
        ("every request fails", 20.0, FaultKind::Error, 1.0),
        ("most requests fail", 40.0, FaultKind::Error, 0.6),
        ("one in five fails", 100.0, FaultKind::Error, 0.2),
        ("most requests are slow", 40.0, FaultKind::Latency, 0.6),
    ] {
        let rollout = Rollout::of(requests_a_minute).await;
        let versions = canary(|new| new.with(kind, share));
        let outcomes = rollout.pass(0..BAKE, &versions).await;
        let is_worse = |outcome: &Outcome| outcome.verdicts.iter().any(|verdict| verdict.worse);
        let seen = outcomes.iter().position(is_worse);
        let seen = seen.unwrap_or_else(|| panic!("{name} was never seen")) as i64;
        // The run that is due when minute `seen` has ended.
        let alarm = seen + 1 + CLOUDWATCH;
        println!(
            "{name}, {requests_a_minute} a minute: verdict after {} minutes, alarm after {alarm}",
            seen + 1
        );
        assert!(
            alarm <= BAKE - LEFT,
            "{name}: the alarm comes after {alarm} minutes"
        );
        assert!(
            outcomes[seen as usize..].iter().all(is_worse),
            "{name}: once told, it stays told while it bakes"
        );
        assert!(
            verdicts(&outcomes)
                .iter()
                .all(|verdict| verdict.version == "42")
        );
        assert!(rollout.emitted().iter().any(|(.., value)| *value > 0.5));
    }
}

#[tokio::test]
async fn too_few_requests_give_no_datapoint() {
    let rollout = Rollout::of(4.0).await;
    let outcomes = rollout.pass(0..BAKE, &canary(|new| new)).await;
    assert_eq!((verdicts(&outcomes), rollout.emitted()), (vec![], vec![]));
}

#[tokio::test]
async fn one_version_or_none_costs_no_read_and_says_nothing() {
    for version in ["41", "$LATEST"] {
        let rollout = Rollout::of(40.0).await;
        let outcomes = rollout.pass(0..8, &[serving(version, 0..8, 1.0)]).await;
        assert!(outcomes.iter().all(|outcome| outcome.status == "ran"));
        assert_eq!(
            outcomes
                .iter()
                .map(|outcome| outcome.version_reads)
                .sum::<u64>(),
            0
        );
        assert!(rollout.emitted().is_empty());
    }
}

#[tokio::test]
async fn two_versions_cost_one_read_a_run_until_one_is_gone() {
    let rollout = Rollout::of(40.0).await;
    let versions = [serving("41", 0..3, 1.0), serving("42", 2..12, 1.0)];
    let outcomes = rollout.pass(0..12, &versions).await;
    let reads: Vec<_> = outcomes
        .iter()
        .map(|outcome| outcome.version_reads)
        .collect();
    // Minute 2 is of both, and for seven minutes it is among those that every run reads anyway.
    assert_eq!(reads, [0, 0, 1, 1, 1, 1, 1, 1, 1, 0, 0, 0]);
}

#[tokio::test]
async fn a_hotfix_is_held_against_what_serves_and_not_against_what_was_rolled_back() {
    let rollout = Rollout::of(60.0).await;
    let versions = [
        serving("41", 0..5, 0.9),
        serving("42", 0..5, 0.1).with(FaultKind::Error, 1.0),
        serving("41", 5..6, 1.0),
        serving("41", 6..20, 0.9),
        serving("43", 6..20, 0.1),
    ];
    let outcomes = rollout.pass(0..14, &versions).await;
    let (before, after) = outcomes.split_at(6);
    assert!(
        verdicts(before)
            .iter()
            .any(|verdict| verdict.worse && verdict.version == "42")
    );
    // The one that was rolled back stays accused, by name; the alarm of the hotfix looks at the hotfix.
    let mut found = verdicts(after);
    assert!(
        found
            .iter()
            .all(|verdict| verdict.worse == (verdict.version == "42"))
    );
    found.retain(|verdict| verdict.version != "42");
    assert!(!found.is_empty());
    assert!(
        found.iter().all(|verdict| (
            verdict.version.as_str(),
            verdict.against.as_str(),
            verdict.worse
        ) == ("43", "41", false)),
        "{found:?}"
    );
}

#[tokio::test]
async fn a_rollback_leaves_the_newer_version_accused_and_never_the_older_one() {
    let rollout = Rollout::of(100.0).await;
    let versions = [
        serving("41", 0..6, 0.9),
        serving("42", 0..6, 0.1).with(FaultKind::Error, 0.5),
        serving("41", 6..40, 1.0),
    ];
    let outcomes = rollout.pass(0..16, &versions).await;
    let worse: Vec<_> = (0..)
        .zip(&outcomes)
        .filter(|(_, outcome)| !outcome.verdicts.is_empty())
        .collect();
    assert!(
        worse
            .iter()
            .all(|(_, outcome)| outcome.verdicts[0].version == "42")
    );
    let told_until = worse
        .iter()
        .filter(|(_, outcome)| outcome.verdicts[0].worse)
        .map(|(at, _)| *at)
        .max();
    assert_eq!(
        told_until,
        Some(11),
        "as long as a newest minute is of both"
    );
    assert_eq!(
        worse.last().map(|(at, _)| *at),
        Some(11),
        "and then there is no datapoint"
    );
}

#[tokio::test]
async fn going_back_to_an_older_version_by_a_rollout_does_not_accuse_it() {
    let rollout = Rollout::of(100.0).await;
    // The newer one serves, and a tenth goes to the older one, which fails.
    let versions = [
        serving("42", 0..20, 0.9),
        serving("41", 0..20, 0.1).with(FaultKind::Error, 0.5),
    ];
    let found = rollout.pass(0..12, &versions).await;
    let found = verdicts(&found);
    assert!(
        found
            .iter()
            .all(|verdict| verdict.version == "42" && !verdict.worse),
        "{found:?}"
    );
}

#[tokio::test]
async fn new_environments_do_not_make_a_version_slow() {
    let rollout = Rollout::of(100.0).await;
    let versions = canary(|new| new);
    let own = |metric| SeriesKey::emf("CarManager", metric, [("service", "CarManager")]);
    let lambda = |signal| SeriesKey::lambda("car-api", signal);
    for after in 0..BAKE {
        rollout.arrives(after, &versions).await;
        if after < 2 {
            // Eight more requests, each the first of its environment.
            let mut series = BTreeMap::new();
            for (key, value) in [
                (own("Requests"), 1.0),
                (own("Faults"), 0.0),
                (own("Latency"), 2_500.0),
                (lambda(LambdaSignal::DurationMs), 2_500.0),
                (lambda(LambdaSignal::Invocations), 1.0),
                (lambda(LambdaSignal::ColdStarts), 1.0),
                (lambda(LambdaSignal::InitMs), 900.0),
            ] {
                let mut rollup = Rollup::default();
                rollup.add(value, 8);
                series.insert(key, rollup);
            }
            let minute = rollout.world.minute(after);
            rollout
                .world
                .deps
                .series
                .put_batch_of(
                    GROUP,
                    &BatchId::of([b"cold".as_slice(), &[after as u8]]),
                    Version::parse("42"),
                    &BTreeMap::from([(minute, series)]),
                )
                .await
                .unwrap();
        }
        let outcome = rollout.world.tick(after).await.unwrap();
        assert!(
            outcome.verdicts.iter().all(|verdict| !verdict.worse),
            "minute {after}"
        );
    }
}

#[tokio::test]
async fn a_run_that_is_repeated_or_replayed_says_the_same() {
    let rollout = Rollout::of(60.0).await;
    let versions = canary(|new| new.with(FaultKind::Error, 0.6));
    let outcomes = rollout.pass(0..10, &versions).await;
    let said = rollout.emitted();
    assert_eq!(rollout.world.tick(9).await.unwrap().status, "done");
    assert_eq!(rollout.emitted(), said, "what was said is not said again");
    for (after, first) in (0..10).zip(&outcomes) {
        // Whoever looks again at the minutes up to then, without having read anything before.
        let at = rollout.world.minute(after).plus(1).start();
        let mut again = Outcome::default();
        look(&rollout.world.deps, at, Some(&both_heard()), &mut again).await;
        assert_eq!(again.verdicts, first.verdicts, "minute {after}");
    }
    assert_eq!(rollout.emitted()[said.len()..], said);
}

#[tokio::test]
async fn a_run_after_its_window_was_decided_looks_at_nothing() {
    let rollout = Rollout::of(60.0).await;
    let versions = canary(|new| new.with(FaultKind::Error, 0.6));
    rollout.pass(0..8, &versions).await;
    for after in 8..11 {
        rollout.arrives(after, &versions).await;
    }
    rollout.world.tick(10).await.unwrap();
    let late = rollout.world.tick(9).await.unwrap();
    assert_eq!((late.windows_decided, late.version_reads), (0, 0));
    rollout.arrives(11, &versions).await;
    let next = rollout.world.tick(11).await.unwrap();
    assert!(next.verdicts[0].worse, "the next run does");
}

#[tokio::test]
async fn data_that_come_late_count_in_the_next_run() {
    let rollout = Rollout::of(60.0).await;
    let versions = canary(|new| new.with(FaultKind::Error, 0.8));
    let (old, new) = (&versions[..2], &versions[2..]);
    // For seven minutes nothing is heard of the new version.
    let outcomes = rollout.pass(0..7, old).await;
    assert!(verdicts(&outcomes).is_empty());
    for after in 0..7 {
        rollout.arrives(after, new).await;
    }
    let outcomes = rollout.pass(7..8, &versions).await;
    assert!(outcomes[0].verdicts[0].worse);
}

#[tokio::test]
async fn the_schedule_s_time_decides_which_minutes_are_looked_at() {
    let rollout = Rollout::of(60.0).await;
    let versions = canary(|new| new.with(FaultKind::Error, 0.6));
    for after in 0..10 {
        rollout.arrives(after, &versions).await;
    }
    let tick = Tick {
        at: rollout.world.minute(1).start(),
        shard: 0,
    };
    let mut outcome = Outcome::default();
    look(
        &rollout.world.deps,
        tick.at,
        Some(&both_heard()),
        &mut outcome,
    )
    .await;
    assert!(
        outcome.verdicts.is_empty(),
        "one minute accuses nobody, whatever came after it"
    );
}

mod reads;
