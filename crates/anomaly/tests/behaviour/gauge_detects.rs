//! What the general detector finds, in which row, and that it says so once.

use anomaly::gauge::{Gauge, Reading, STATISTICS, State, Tuning, TuningError};
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use rand_distr::{Distribution, StandardNormal};

const DAY: i64 = 288;

/// Nine days of five-minute rows with a daily wave; `change` alters the last day from noon on.
fn series(seed: u64, change: impl Fn(i64, f64) -> f64) -> Vec<Reading> {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let mut gauge = Gauge::new(&Tuning::default());
    (0..9 * DAY)
        .map(|row| {
            let noise: f64 = StandardNormal.sample(&mut rng);
            let wave = (row as f64 / DAY as f64 * std::f64::consts::TAU).sin();
            let value = 100.0 + 20.0 * wave + 3.0 * noise;
            let since = row - (8 * DAY + DAY / 2);
            let value = if since >= 0 {
                change(since, value)
            } else {
                value
            };
            gauge.step(row * 300, Some(value))
        })
        .collect()
}

fn strongest(readings: &[Reading]) -> f64 {
    readings
        .iter()
        .map(|reading| reading.score)
        .fold(0.0, f64::max)
}

#[test]
fn incidents_of_every_shape_score_above_anything_in_the_week_before() {
    type Change = fn(i64, f64) -> f64;
    let table: [(&str, Change, usize); 7] = [
        (
            "spike of one row",
            |since, value| if since == 5 { value + 60.0 } else { value },
            6,
        ),
        (
            "dip to zero",
            |since, value| if (5..8).contains(&since) { 0.0 } else { value },
            8,
        ),
        ("shift up", |_, value| value + 40.0, 12),
        ("shift down", |_, value| value - 40.0, 12),
        ("ramp", |since, value| value + since as f64 * 1.5, 60),
        (
            "ten times the noise",
            |since, value| value + if since % 2 == 0 { 30.0 } else { -30.0 },
            12,
        ),
        ("an order of magnitude", |_, value| value * 10.0, 2),
    ];
    for (name, change, within) in table {
        for seed in 0..3 {
            let readings = series(seed, change);
            let begin = (8 * DAY + DAY / 2) as usize;
            let before = strongest(&readings[2 * DAY as usize..begin]);
            let after = strongest(&readings[begin..begin + within]);
            assert!(
                after > before,
                "{name}, seed {seed}: {before} before, {after} after"
            );
        }
    }
}

#[test]
fn an_incident_speaks_once_though_every_row_of_it_is_surprising() {
    let readings = series(7, |_, value| value + 60.0);
    let begin = (8 * DAY + DAY / 2) as usize;
    let incident = &readings[begin..begin + 30];
    let peak = strongest(incident);
    let loud = incident
        .iter()
        .filter(|reading| reading.score > peak * 0.8)
        .count();
    assert!(loud <= 3, "{loud} rows speak");
    let surprising = incident
        .iter()
        .filter(|reading| reading.surprise > 3.0)
        .count();
    assert!(surprising >= 5, "{surprising} rows are surprising");
}

#[test]
fn a_reading_says_what_was_expected_and_which_statistic_speaks() {
    let readings = series(
        3,
        |since, value| if since == 5 { value + 80.0 } else { value },
    );
    let spike = readings[(8 * DAY + DAY / 2) as usize + 5];
    assert_eq!(spike.state, State::Ready);
    assert!((90.0..110.0).contains(&spike.expected), "{spike:?}");
    assert!(
        spike.low < spike.expected && spike.expected < spike.high && spike.high < 140.0,
        "{spike:?}"
    );
    let (place, part) = spike.loudest().unwrap_or_default();
    assert!(
        part > 3.0 && STATISTICS[place].contains("far from the level"),
        "{spike:?}"
    );
    let quiet = series(3, |_, value| value);
    assert!(quiet.iter().all(|reading| reading.expected.is_finite()));
}

#[test]
fn the_scale_and_the_origin_of_a_series_do_not_matter() {
    let run = |factor: f64| -> Vec<f64> {
        let mut rng = ChaCha8Rng::seed_from_u64(11);
        let mut gauge = Gauge::new(&Tuning::default());
        (0..2_000)
            .map(|row| {
                let noise: f64 = StandardNormal.sample(&mut rng);
                let value = 100.0 + 3.0 * noise + if row > 1_900 { 30.0 } else { 0.0 };
                gauge.step(row * 60, Some(value * factor)).score
            })
            .collect()
    };
    let plain = run(1.0);
    for factor in [2_f64.powi(40), 2_f64.powi(-40), -1.0] {
        for (row, (left, right)) in plain.iter().zip(run(factor)).enumerate() {
            assert!(
                (left - right).abs() < 1e-3,
                "factor {factor}, row {row}: {left} {right}"
            );
        }
    }
}

#[test]
fn constants_are_read_and_set_by_their_place_and_refused_outside_their_range() {
    let mut tuning = Tuning::default();
    for (index, constant) in Tuning::CONSTANTS.iter().enumerate() {
        assert!(constant.low <= constant.default && constant.default <= constant.high);
        assert_eq!(tuning.get(index), Ok(constant.default), "{}", constant.name);
        for value in [constant.low, constant.high, constant.default] {
            assert_eq!(tuning.set(index, value), Ok(()), "{}", constant.name);
            assert_eq!(tuning.get(index), Ok(value), "{}", constant.name);
        }
        for value in [
            f64::NAN,
            f64::INFINITY,
            constant.low - 1.0,
            constant.high + 1.0,
        ] {
            let error = tuning.set(index, value).expect_err(constant.name);
            assert!(error.to_string().contains(constant.name), "{error}");
        }
    }
    assert_eq!(tuning, Tuning::default());
    let count = Tuning::CONSTANTS.len();
    let error = TuningError::Index {
        index: count,
        count,
    };
    assert_eq!(tuning.get(count), Err(error.clone()));
    assert_eq!(tuning.set(count, 1.0), Err(error));
}

#[test]
fn any_tuning_within_its_ranges_gives_scores() {
    for end in [0, 1] {
        let mut tuning = Tuning::default();
        for (index, constant) in Tuning::CONSTANTS.iter().enumerate() {
            let value = if end == 0 {
                constant.low
            } else {
                constant.high
            };
            assert_eq!(tuning.set(index, value), Ok(()));
        }
        let mut gauge = Gauge::new(&tuning);
        for row in 0..3_000_i64 {
            let value = ((row * 37) % 101) as f64 + if row > 2_900 { 500.0 } else { 0.0 };
            let reading = gauge.step(row * 60, Some(value));
            assert!((0.0..1.0).contains(&reading.score), "{reading:?}");
        }
    }
}
