//! Each peer does what its paper says, on series where that can be seen.

use rand::{RngExt as _, SeedableRng as _};
use rand_chacha::ChaCha8Rng;
use rand_distr::{Distribution as _, StandardNormal};

use super::pareto::Pareto;
use super::*;

/// Ten days at five minutes: a daily season with noise.
fn series() -> Vec<Row> {
    let mut random = ChaCha8Rng::seed_from_u64(1);
    (0..2_880)
        .map(|row| {
            let day = f64::from(row % 288) / 288.0;
            let noise: f64 = StandardNormal.sample(&mut random);
            Row {
                seconds: i64::from(row) * 300,
                value: Some(100.0 + 10.0 * (std::f64::consts::TAU * day).sin() + noise),
            }
        })
        .collect()
}

fn run(entry: &Entry, rows: &[Row]) -> Vec<f64> {
    let mut detector = (entry.new)(300);
    rows.iter().map(|&row| detector.step(row)).collect()
}

#[test]
fn every_detector_scores_a_spike_above_all_rows_of_the_week_before_it() {
    const SPIKE: usize = 2_500;
    let mut rows = series();
    rows[SPIKE].value = Some(300.0);
    for entry in &ENTRIES {
        let scores = run(entry, &rows);
        let before = scores[SPIKE - 2_016..SPIKE]
            .iter()
            .copied()
            .fold(0.0, f64::max);
        assert!(
            scores[SPIKE] > before,
            "{}: {} after {before}",
            entry.name,
            scores[SPIKE]
        );
    }
}

#[test]
fn scores_are_finite_and_not_negative_whatever_comes() {
    for (name, value) in [
        ("a flat line", Some(5.0)),
        ("zeros", Some(0.0)),
        ("nothing at all", None),
        ("great numbers", Some(1e30)),
    ] {
        let rows: Vec<Row> = (0..1_000)
            .map(|row| Row {
                seconds: row * 300,
                value: if row == 800 {
                    value.map(|value| value + 1.0)
                } else {
                    value
                },
            })
            .collect();
        for entry in &ENTRIES {
            let scores = run(entry, &rows);
            let bad = scores
                .iter()
                .position(|score| !score.is_finite() || *score < 0.0);
            assert_eq!(bad, None, "{} on {name}", entry.name);
        }
    }
}

#[test]
fn a_score_depends_on_no_later_row() {
    let rows = series();
    for entry in &ENTRIES {
        let whole = run(entry, &rows);
        let part = run(entry, &rows[..1_500]);
        assert!(
            whole
                .iter()
                .zip(&part)
                .all(|(a, b)| a.to_bits() == b.to_bits()),
            "{}",
            entry.name
        );
    }
}

#[test]
fn a_missing_row_scores_nothing_and_changes_nothing() {
    let rows = series();
    let mut gaps = Vec::new();
    for (at, &row) in rows.iter().enumerate() {
        if at % 10 == 3 {
            gaps.push(Row { value: None, ..row });
        }
        gaps.push(row);
    }
    // Ours knows the time, and so that rows are missing.
    for entry in &ENTRIES[1..] {
        let scores = run(entry, &gaps);
        let (missing, kept): (Vec<_>, Vec<_>) = gaps
            .iter()
            .zip(scores)
            .partition(|(row, _)| row.value.is_none());
        assert!(
            missing.iter().all(|(_, score)| *score <= 0.0),
            "{}",
            entry.name
        );
        let kept: Vec<u64> = kept.iter().map(|(_, score)| score.to_bits()).collect();
        let plain: Vec<u64> = run(entry, &rows)
            .iter()
            .map(|score| score.to_bits())
            .collect();
        assert_eq!(kept, plain, "{}", entry.name);
    }
}

#[test]
fn the_pareto_law_is_found_in_its_own_peaks() {
    let mut random = ChaCha8Rng::seed_from_u64(3);
    for (shape, scale) in [(0.3, 2.0), (-0.2, 5.0), (0.0, 1.0)] {
        let peaks: Vec<f64> = (0..20_000)
            .map(|_| {
                let u: f64 = 1.0 - random.random::<f64>();
                if shape == 0.0 {
                    -scale * u.ln()
                } else {
                    scale * (u.powf(-shape) - 1.0) / shape
                }
            })
            .collect();
        let law = Pareto::fit(&peaks).unwrap();
        // A height that one peak of a thousand exceeds.
        let height = if shape == 0.0 {
            scale * 1e3_f64.ln()
        } else {
            scale * (1e3_f64.powf(shape) - 1.0) / shape
        };
        assert!(
            (law.log_tail(height) + 3.0).abs() < 0.2,
            "{shape}: {law:?} {}",
            law.log_tail(height)
        );
    }
}

#[test]
fn the_refractory_rule_keeps_the_first_row_and_greater_ones() {
    let mut scores = vec![0.0; 100];
    for (row, score) in [(10, 5.0), (11, 4.0), (12, 6.0), (20, 6.0), (43, 5.0)] {
        scores[row] = score;
    }
    let kept: Vec<usize> = refractory(&scores)
        .iter()
        .enumerate()
        .filter(|(_, score)| **score > 0.0)
        .map(|(row, _)| row)
        .collect();
    // 43 lies within 30 rows of 20, which did not fire and is still the greatest there.
    assert_eq!(kept, [10, 12]);
    scores[74] = 5.0;
    assert!(refractory(&scores)[74] > 0.0);
}
