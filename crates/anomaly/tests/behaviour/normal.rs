//! Normal data does not alarm: realised breaching shares on simulated series, at fixed seeds.

use crate::fleet::Normal;
use anomaly::{Kind, Model, Settings, State};

/// Three weeks each.
const MINUTES: i64 = 30_240;

#[test]
fn more_than_a_million_normal_minutes_breach_less_often_than_the_threshold() {
    let mut total = 0_u32;
    for (kind, rates, bound) in [
        (Kind::Latency, [15.0, 40.0, 120.0], 2e-5),
        (Kind::Errors, [15.0, 40.0, 3_000.0], 2e-5),
        (Kind::Throttles, [15.0, 40.0, 3_000.0], 0.0),
        (Kind::Traffic, [15.0, 40.0, 3_000.0], 1e-5),
    ] {
        let (mut points, mut breaches, mut pairs, mut rare) = (0_u32, 0_u32, 0_u32, 0_u32);
        for (position, rate) in rates.into_iter().enumerate() {
            for (seed, dispersion) in [(1, 0.0), (2, 0.005), (3, 0.02)] {
                let mut series = Normal::new(kind, rate, dispersion, seed * 100 + position as u64);
                // The floors hide what the statistic does: here it must hold alone.
                let settings = Settings::for_kind(kind)
                    .with_absolute_floor(0.0)
                    .and_then(|settings| settings.with_relative_floor(0.0))
                    .unwrap();
                let mut model = Model::new(kind, settings);
                let mut recent = [false; 3];
                for minute in 0..MINUTES {
                    let verdict = model.step(&series.minute(minute));
                    let breaching = verdict.breaching;
                    rare += u32::from(verdict.state == State::Ready && verdict.tail < 1e-3);
                    recent = [recent[1], recent[2], breaching];
                    points += 1;
                    breaches += u32::from(breaching);
                    pairs += u32::from(recent.iter().filter(|breaching| **breaching).count() >= 2);
                }
            }
        }
        let share = f64::from(breaches) / f64::from(points);
        println!(
            "{}: {breaches} of {points} minutes, {pairs} twice in three",
            kind.as_str()
        );
        // A tail of 1e-3 comes no more often than that, and a model that never says it would be deaf.
        let rare = f64::from(rare) / f64::from(points);
        println!(
            "{}: a tail below 1e-3 in {rare:.1e} of the minutes",
            kind.as_str()
        );
        assert!(
            rare <= 1.3e-3 && (rare >= 5e-5 || kind == Kind::Throttles),
            "{kind:?}: {rare:e}"
        );
        assert!(
            share <= bound,
            "{kind:?}: {share:e} of {points} minutes breach"
        );
        assert_eq!(pairs, 0, "{kind:?}: two of three normal minutes breach");
        total += points;
    }
    assert!(total >= 1_000_000, "{total}");
}
