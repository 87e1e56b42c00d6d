use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

use super::*;

/// Mean run of the very sum, without a grid, over so many seeded runs.
fn simulated(increments: &Increments, threshold: f64, now: bool, runs: u32) -> f64 {
    let mut random = ChaCha8Rng::from_seed([9; 32]);
    let mut shares = 0.0;
    let table: Vec<(f64, f64)> = increments
        .all
        .iter()
        .map(|(nats, old, new)| {
            shares += if now { new } else { old };
            (shares, *nats)
        })
        .collect();
    let mut minutes = 0_u64;
    for _ in 0..runs {
        let mut sum = 0.0_f64;
        while sum < threshold {
            let u: f64 = random.random();
            let at = table.partition_point(|(share, _)| *share < u);
            sum = (sum + table[at.min(table.len() - 1)].1).max(0.0);
            minutes += 1;
        }
    }
    minutes as f64 / f64::from(runs)
}

fn count(mean: f64, shape: f64) -> Distribution {
    Distribution::Count { mean, shape }
}

fn log(mean: f64, deviation: f64) -> Distribution {
    Distribution::Log { mean, deviation }
}

#[test]
fn run_lengths_of_the_chain_are_those_of_the_sum_itself() {
    for (rule, before, after) in [
        ("rare errors × 3", count(0.1, 1e7), count(0.3, 1e7)),
        ("errors × 3", count(1.0, 25.0), count(3.0, 25.0)),
        ("latency + 10 %", log(4.0, 0.1), log(4.1, 0.1)),
        ("latency that scatters", log(4.0, 0.1), log(4.05, 0.15)),
        ("large counts", count(8_000.0, 400.0), count(9_000.0, 400.0)),
    ] {
        let increments = increments(&before, &after, &after);
        let between = 400.0;
        let threshold = threshold(&increments, between);
        assert!(threshold < between.ln(), "{rule}: {threshold}");
        let quiet = simulated(&increments, threshold, false, 4_000);
        // A lattice of counts has no threshold for every rate: it may be rarer, never more frequent.
        assert!(
            (0.92 * between..2.5 * between).contains(&quiet),
            "{rule}: {quiet} minutes between false alarms"
        );
        let found = simulated(&increments, threshold, true, 4_000);
        let mean = delay(std::slice::from_ref(&increments), 1e9, threshold);
        assert!(
            (mean / found - 1.0).abs() < 0.06,
            "{rule}: {mean}, not {found}"
        );
        // Lorden: of the order of ln(minutes between false alarms) ÷ divergence.
        let first = between.ln() / divergence(&increments);
        assert!(
            (0.3..1.6).contains(&(mean / first)) || mean < 2.0,
            "{rule}: {mean} by {first}"
        );
    }
}

#[test]
fn certainty_takes_one_minute_and_rarer_false_alarms_take_longer() {
    let sure = increments(
        &count(100.0, 200.0),
        &count(1_000.0, 200.0),
        &count(1_000.0, 200.0),
    );
    let at = threshold(&sure, 1e5);
    assert!((delay(std::slice::from_ref(&sure), 1e9, at) - 1.0).abs() < 1e-3);
    let slow = increments(&count(0.1, 1e7), &count(0.3, 1e7), &count(0.3, 1e7));
    let delays: Vec<f64> = [1e3, 1e4, 1e5]
        .map(|between| delay(std::slice::from_ref(&slow), 1e9, threshold(&slow, between)))
        .to_vec();
    assert!(
        delays[0] * 1.2 < delays[1] && delays[1] * 1.1 < delays[2],
        "{delays:?}"
    );
}

#[test]
fn larger_faults_and_busier_functions_have_lower_bounds() {
    let from = Minute::parse("2026-11-02T00:00:00Z").unwrap();
    let bound = |name: &str| {
        let fleet = super::super::Scenario::by_name(name)
            .unwrap()
            .fleet(3, from, Some(3));
        fleet.bound(&fleet.faults[0], 0.1)
    };
    let [ten, hundred, thousand] =
        ["errors-x3-at-10", "errors-x3-at-100", "errors-x3-at-1000"].map(bound);
    assert!((40.0..160.0).contains(&ten), "{ten}");
    assert!((3.0..15.0).contains(&hundred), "{hundred}");
    assert!((1.0..2.5).contains(&thousand), "{thousand}");
    for name in [
        "traffic-x10",
        "traffic-to-0",
        "silence",
        "timeout-wall",
        "retry-storm",
    ] {
        let found = bound(name);
        assert!((1.0..1.3).contains(&found), "{name}: {found}");
    }
    let creep = bound("creep");
    assert!((5.0..120.0).contains(&creep), "{creep}");
}
