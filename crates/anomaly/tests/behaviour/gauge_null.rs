//! `surprise` is calibrated: if all is well, a share of 10^−s of the rows has a surprise of s or more.

use anomaly::gauge::{Gauge, Tuning};
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use rand_distr::{Distribution, Poisson, StandardNormal};

/// Rows of one series; the first quarter is not counted.
const ROWS: i64 = 240_000;
/// Series of each kind: together, 360,000 rows are counted, 114 of them expected beyond 3.5.
const SERIES: u64 = 2;

#[test]
fn surprises_come_as_often_as_they_say() {
    type Next = fn(&mut ChaCha8Rng, i64, &mut f64) -> f64;
    let normal: Next = |rng, _, _| 100.0 + 10.0 * noise(rng);
    let log_normal: Next = |rng, _, _| (3.0 + 0.5 * noise(rng)).exp();
    let walking: Next = |rng, _, state| {
        *state = 0.9 * *state + noise(rng);
        50.0 + *state
    };
    let seasonal: Next = |rng, row, _| {
        let wave = (row as f64 / 1_440.0 * std::f64::consts::TAU).sin();
        100.0 * (1.0 + 0.5 * wave) * (0.1 * noise(rng)).exp()
    };
    let counts: Next = |rng, _, _| match Poisson::new(30.0) {
        Ok(poisson) => poisson.sample(rng),
        Err(_) => 0.0,
    };
    for (name, next) in [
        ("normal", normal),
        ("log-normal", log_normal),
        ("autoregressive", walking),
        ("seasonal", seasonal),
        ("Poisson", counts),
    ] {
        let mut counted = 0;
        let mut beyond = [0.0; 3];
        for seed in 0..SERIES {
            let mut rng = ChaCha8Rng::seed_from_u64(seed);
            let mut gauge = Gauge::new(&Tuning::default());
            let mut state = 0.0;
            for row in 0..ROWS {
                let value = next(&mut rng, row, &mut state);
                let surprise = gauge.step(row * 60, Some(value)).surprise;
                if row >= ROWS / 4 {
                    counted += 1;
                    for (level, beyond) in [2.0, 3.0, 3.5].into_iter().zip(&mut beyond) {
                        *beyond += f64::from(u8::from(surprise >= level));
                    }
                }
            }
        }
        for (level, beyond) in [2.0, 3.0, 3.5].into_iter().zip(beyond) {
            let times = beyond / (f64::from(counted) * 10_f64.powf(-level));
            assert!(
                (0.65..1.45).contains(&times),
                "{name}: a surprise of {level} came {times:.2} times as often as it says"
            );
        }
    }
}

fn noise(rng: &mut ChaCha8Rng) -> f64 {
    StandardNormal.sample(rng)
}
