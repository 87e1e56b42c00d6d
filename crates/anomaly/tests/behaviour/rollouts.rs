//! What is promised of the comparison of two versions, by simulation: how often a healthy rollout is accused, and
//! how soon a bad version is seen.
//!
//! `ROLLOUTS=200000 cargo test --release -p anomaly --test rollouts -- --nocapture` for the long run.

use anomaly::comparison::{
    Comparison, FALSE_ALARM, Finding, Latencies, LatencyPair, Pair, Tally, errors, latencies,
};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use rand_distr::{Distribution, Poisson, StandardNormal};

/// A look a minute while the new version bakes.
const BAKE: usize = 15;
const ROLLOUTS: u64 = 2_000;

/// One version, and the weather that both have.
#[derive(Clone, Copy)]
struct Habits {
    requests_a_minute: f64,
    /// Share of the requests that the new version gets.
    weight: f64,
    /// Failures of any version on a calm minute.
    errors: f64,
    /// What the new version adds: a share of failures, and a factor of latency.
    more_errors: f64,
    slower: f64,
    /// The new version's first requests that meet a new environment.
    cold: u64,
}

const HEALTHY: Habits = Habits {
    requests_a_minute: 100.0,
    weight: 0.1,
    errors: 0.002,
    more_errors: 0.0,
    slower: 1.0,
    cold: 3,
};

struct Minute {
    outcomes: Pair,
    latencies: LatencyPair,
}

/// Buckets like those of a stored histogram: 32 to an octave.
fn bucket(ms: f64) -> f64 {
    ((ms.log2() * 32.0).floor() / 32.0).exp2()
}

fn minute(random: &mut ChaCha8Rng, habits: &Habits, cold: &mut u64, weight: f64) -> Minute {
    // One minute in twenty is bad for everybody: up to half of all requests fail, and all are slower.
    let bad = random.random::<f64>() < 0.05;
    let errors = if bad {
        random.random_range(0.0..0.5)
    } else {
        habits.errors
    };
    let slow = if bad {
        random.random_range(1.0..5.0)
    } else {
        1.0
    };
    // No rate here is refused.
    let requests = Poisson::new(habits.requests_a_minute).map_or(0.0, |p| p.sample(random)) as u64;
    let mut minute = Minute {
        outcomes: Pair::default(),
        latencies: LatencyPair::default(),
    };
    for _ in 0..requests {
        let is_new = random.random::<f64>() < weight;
        let (tally, latencies, more, slower): (&mut Tally, &mut Latencies, f64, f64) = if is_new {
            let (more, slower) = (habits.more_errors, habits.slower);
            (
                &mut minute.outcomes.new,
                &mut minute.latencies.new,
                more,
                slower,
            )
        } else {
            (
                &mut minute.outcomes.old,
                &mut minute.latencies.old,
                0.0,
                1.0,
            )
        };
        let fails = random.random::<f64>() < errors + more;
        let spread: f64 = StandardNormal.sample(random);
        let is_cold = is_new && *cold > 0;
        if is_cold {
            *cold -= 1;
            latencies.cold += 1;
        }
        let first = if is_cold { 10.0 } else { 1.0 };
        tally.of += 1;
        tally.bad += u64::from(fails);
        let ms = bucket(30.0 * (0.5 * spread).exp() * slow * slower * first);
        match latencies
            .values
            .iter_mut()
            .find(|(value, _)| value.to_bits() == ms.to_bits())
        {
            Some((_, count)) => *count += 1,
            None => latencies.values.push((ms, 1)),
        }
    }
    minute
}

/// The answers of each look at one rollout: errors, latency.
fn looks(seed: u64, habits: &Habits) -> Vec<[Comparison; 2]> {
    looks_with_a_bad_host(seed, habits, None)
}

/// The same when in one minute the only environment of the new version is bad: so many more fail, so much slower.
fn looks_with_a_bad_host(
    seed: u64,
    habits: &Habits,
    bad: Option<(usize, f64, f64)>,
) -> Vec<[Comparison; 2]> {
    let mut random = ChaCha8Rng::seed_from_u64(seed);
    let mut cold = habits.cold;
    let (mut pairs, mut slowness) = (Vec::new(), Vec::new());
    (0..BAKE)
        .map(|number| {
            // The weights change within the first minute.
            let weight = if number == 0 {
                habits.weight / 2.0
            } else {
                habits.weight
            };
            let habits = match bad {
                Some((at, more_errors, slower)) if at == number => Habits {
                    more_errors,
                    slower,
                    ..*habits
                },
                _ => *habits,
            };
            let minute = minute(&mut random, &habits, &mut cold, weight);
            pairs.push(minute.outcomes);
            slowness.push(minute.latencies);
            [errors(&pairs), latencies(&slowness)]
        })
        .collect()
}

fn is_worse(look: &[Comparison; 2]) -> bool {
    look.iter().any(|answer| answer.finding == Finding::Worse)
}

fn rollouts() -> u64 {
    option_env!("ROLLOUTS")
        .and_then(|text| text.parse().ok())
        .unwrap_or(ROLLOUTS)
}

/// Quiet and busy services, canaries of 5 % to one half, calm ones and such that fail all the time.
fn healthy(seed: u64) -> Habits {
    Habits {
        requests_a_minute: [10.0, 40.0, 120.0][seed as usize % 3],
        weight: [0.1, 0.05, 0.5, 0.1][seed as usize % 4],
        errors: [0.001, 0.02, 0.1][seed as usize % 5 % 3],
        cold: seed % 4,
        ..HEALTHY
    }
}

#[test]
fn healthy_rollouts_are_accused_less_often_than_promised() {
    let (mut accused, mut by_chance) = (0_u64, 0_u64);
    let rollouts = rollouts();
    for seed in 0..rollouts {
        let habits = healthy(seed);
        let looks = looks(seed, &habits);
        accused += u64::from(looks.iter().any(is_worse));
        let below = |look: &[Comparison; 2]| {
            let threshold = anomaly::comparison::threshold();
            look.iter().any(|answer| answer.chance < threshold)
        };
        by_chance += u64::from(looks.iter().any(below));
    }
    println!("{accused} of {rollouts} healthy rollouts accused; {by_chance} without the floors");
    let promised = FALSE_ALARM * rollouts as f64;
    // None of the 2,000 is; one or two leave room for another generator of random numbers.
    assert!(
        accused <= 2.max(rollouts / 1_000),
        "{accused} of {rollouts}"
    );
    assert!(
        by_chance as f64 <= promised,
        "{by_chance} of {rollouts}, without the floors"
    );
}

#[test]
fn a_bad_environment_for_a_minute_hardly_ever_accuses_its_version() {
    let (mut by_errors, mut by_latency, mut noticed) = (0_u64, 0_u64, 0_u64);
    let rollouts = rollouts();
    for seed in 0..rollouts {
        let at = 1 + seed as usize % (BAKE - 1);
        let share = [0.25, 0.5, 1.0][seed as usize % 7 % 3];
        let bad = if seed % 2 == 0 {
            (at, share, 1.0)
        } else {
            (at, 0.0, 1.0 + 8.0 * share)
        };
        let looks = looks_with_a_bad_host(seed, &healthy(seed), Some(bad));
        let accused = |question: usize| {
            let is_worse = |look: &[Comparison; 2]| look[question].finding == Finding::Worse;
            u64::from(looks.iter().any(is_worse))
        };
        by_errors += accused(0);
        by_latency += accused(1);
        let threshold = anomaly::comparison::threshold();
        let by_chance = |look: &[Comparison; 2]| look.iter().any(|it| it.chance < threshold);
        noticed += u64::from(looks.iter().any(by_chance));
    }
    println!(
        "{by_errors} by errors and {by_latency} by latency of {rollouts} rollouts with a bad minute accused; \
         chance alone would accuse {noticed}"
    );
    // 7 of 2,000: one in a hundred looks at the other minutes is what chance would do, and the floors spare the rest.
    assert!(
        by_errors + by_latency <= rollouts / 150,
        "{by_errors} and {by_latency} of {rollouts}"
    );
    assert!(
        noticed > rollouts / 10,
        "the bad minutes are no test: {noticed}"
    );
}

/// The look (from 1) at which nine rollouts of ten have accused the new version.
fn seen_after(habits: &Habits) -> Option<usize> {
    let rollouts = 200;
    let mut first: Vec<_> = (0..rollouts)
        .map(|seed| {
            looks(seed, habits)
                .iter()
                .position(is_worse)
                .map_or(BAKE + 1, |look| look + 1)
        })
        .collect();
    first.sort_unstable();
    Some(first[rollouts as usize * 9 / 10]).filter(|look| *look <= BAKE)
}

#[test]
fn a_bad_version_is_seen_in_time() {
    let bad = |requests_a_minute, more_errors, slower| Habits {
        requests_a_minute,
        more_errors,
        slower,
        ..HEALTHY
    };
    // Ten minutes leave five for what CloudWatch takes. Minutes until nine of ten are seen:
    for (name, habits, within) in [
        ("every request fails, 20 a minute", bad(20.0, 1.0, 1.0), 7),
        ("every second fails, 40 a minute", bad(40.0, 0.5, 1.0), 7),
        ("one in five fails, 40 a minute", bad(40.0, 0.2, 1.0), 15),
        ("one in five fails, 60 a minute", bad(60.0, 0.2, 1.0), 10),
        ("one in five fails, 100 a minute", bad(100.0, 0.2, 1.0), 7),
        ("one in five fails, 1000 a minute", bad(1000.0, 0.2, 1.0), 2),
        (
            "one in twenty fails, 400 a minute",
            bad(400.0, 0.05, 1.0),
            10,
        ),
        ("three times as slow, 40 a minute", bad(40.0, 0.0, 3.0), 7),
        ("twice as slow, 100 a minute", bad(100.0, 0.0, 2.0), 10),
        ("half as slow again, 400 a minute", bad(400.0, 0.0, 1.5), 10),
    ] {
        let seen = seen_after(&habits);
        println!("{name}: nine of ten after {seen:?} minutes");
        assert!(
            seen.is_some_and(|look| look <= within),
            "{name}: {seen:?}, not {within}"
        );
    }
}

#[test]
fn a_service_that_is_hardly_used_gets_no_verdict() {
    let quiet = Habits {
        requests_a_minute: 5.0,
        ..HEALTHY
    };
    for seed in 0..50 {
        let last = *looks(seed, &quiet).last().unwrap();
        assert_eq!(
            last.map(|answer| answer.finding),
            [Finding::TooFew; 2],
            "{seed}: {last:?}"
        );
    }
}
