//! The state of the general detector: small, of fixed size, and the same after a restart.

use anomaly::SnapshotError;
use anomaly::gauge::{Gauge, Reading, Tuning};
use proptest::prelude::*;
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use rand_distr::{Distribution, StandardNormal};

/// A day's wave with noise, an incident, gaps, missing values, late rows and a change of the interval.
fn rows(seed: u64, count: i64) -> Vec<(i64, Option<f64>)> {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let mut seconds = 1_700_000_000;
    (0..count)
        .map(|row| {
            let interval = if row < count * 3 / 4 { 60 } else { 300 };
            seconds += match row % 211 {
                17 => 40 * interval,
                18 => -5 * interval,
                19 => 5 * interval,
                20 => 0,
                _ => interval,
            };
            let noise: f64 = StandardNormal.sample(&mut rng);
            let wave = (seconds as f64 / 86_400.0 * std::f64::consts::TAU).sin();
            let lift = if row % 900 > 870 { 4.0 } else { 1.0 };
            let value = (row % 97 != 0).then_some((50.0 + 20.0 * wave + 3.0 * noise) * lift);
            (seconds, value)
        })
        .collect()
}

fn bytes(gauge: &Gauge) -> Vec<u8> {
    let mut out = Vec::new();
    gauge.encode(&mut out);
    out
}

/// Every bit of a reading: `==` would call two NaN different and 0 and −0 the same.
fn bits(reading: &Reading) -> Vec<u64> {
    [
        reading.surprise,
        reading.score,
        reading.strength,
        reading.expected,
        reading.low,
        reading.high,
        reading.scale,
    ]
    .into_iter()
    .map(f64::to_bits)
    .chain(reading.parts.iter().map(|part| u64::from(part.to_bits())))
    .collect()
}

#[test]
fn restored_at_every_row_the_bits_are_the_same() {
    let tuning = Tuning::default();
    let mut straight = Gauge::new(&tuning);
    let mut restored = straight.clone();
    for (row, (seconds, value)) in rows(1, 6_000).into_iter().enumerate() {
        restored = Gauge::decode(&bytes(&restored), &tuning).unwrap();
        let [left, right] = [&mut straight, &mut restored].map(|gauge| gauge.step(seconds, value));
        assert_eq!(bits(&left), bits(&right), "row {row}");
        assert_eq!(left.state, right.state, "row {row}");
        assert_eq!(bytes(&straight), bytes(&restored), "row {row}");
    }
}

#[test]
fn a_series_cut_short_gives_the_same_prefix() {
    let whole = rows(2, 3_000);
    let run = |rows: &[(i64, Option<f64>)]| -> Vec<Vec<u64>> {
        let mut gauge = Gauge::new(&Tuning::default());
        rows.iter()
            .map(|(seconds, value)| bits(&gauge.step(*seconds, *value)))
            .collect()
    };
    let all = run(&whole);
    for length in [0, 1, 2, 50, 1_000, 2_999] {
        assert_eq!(run(&whole[..length]), all[..length], "{length} rows");
    }
}

#[test]
fn a_state_takes_four_kilobytes_at_most_and_owns_no_memory_elsewhere() {
    assert!(size_of::<Gauge>() <= 4_096, "{} bytes", size_of::<Gauge>());
    // A Vec, a Box or a String anywhere inside would have to be dropped: with none, a row has nothing to grow.
    assert!(!std::mem::needs_drop::<Gauge>());
    let mut gauge = Gauge::new(&Tuning::default());
    let fresh = bytes(&gauge).len();
    assert!(fresh <= 4_096, "{fresh} bytes");
    for (seconds, value) in rows(3, 4_000) {
        gauge.step(seconds, value);
    }
    assert_eq!(bytes(&gauge).len(), fresh);
}

#[test]
fn truncated_bytes_name_what_is_missing() {
    let tuning = Tuning::default();
    let mut gauge = Gauge::new(&tuning);
    for (seconds, value) in rows(4, 500) {
        gauge.step(seconds, value);
    }
    let whole = bytes(&gauge);
    assert_eq!(Gauge::decode(&whole, &tuning).as_ref(), Ok(&gauge));
    for length in 0..whole.len() {
        let found = Gauge::decode(&whole[..length], &tuning);
        assert!(
            matches!(found, Err(SnapshotError::Truncated { .. })),
            "{length} bytes: {found:?}"
        );
    }
}

#[test]
fn other_versions_and_leftovers_are_refused() {
    let tuning = Tuning::default();
    let mut whole = bytes(&Gauge::new(&tuning));
    whole.push(0);
    let error = Gauge::decode(&whole, &tuning).unwrap_err();
    assert!(error.to_string().contains("1 bytes are left over"));
    whole[0] = 9;
    assert_eq!(
        Gauge::decode(&whole, &tuning),
        Err(SnapshotError::Version {
            found: 9,
            expected: 1
        })
    );
}

proptest! {
    // There is no lib.rs beside an integration test to keep failures in; proptest prints them.
    #![proptest_config(ProptestConfig { cases: 3_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn damaged_bytes_are_an_error_or_a_state_that_works(
        warm in 0_usize..400,
        place in 0_usize..4_096,
        number in any::<u64>(),
        width in 1_usize..9,
    ) {
        let tuning = Tuning::default();
        let series = rows(5, 500);
        let mut gauge = Gauge::new(&tuning);
        for (seconds, value) in &series[..warm] {
            gauge.step(*seconds, *value);
        }
        let mut damaged = bytes(&gauge);
        let place = place % damaged.len();
        for (byte, value) in damaged[place..].iter_mut().zip(&number.to_le_bytes()[..width]) {
            *byte = *value;
        }
        if let Ok(mut gauge) = Gauge::decode(&damaged, &tuning) {
            for (seconds, value) in &series[warm..] {
                let reading = gauge.step(*seconds, *value);
                prop_assert!((0.0..=1.0).contains(&reading.score), "{reading:?}");
                prop_assert!(reading.surprise >= 0.0 && reading.surprise.is_finite(), "{reading:?}");
                prop_assert!(reading.expected.is_finite(), "{reading:?}");
                prop_assert!(reading.low <= reading.high, "{reading:?}");
            }
            // And what it becomes can be stored again.
            prop_assert!(Gauge::decode(&bytes(&gauge), &tuning).is_ok());
        }
    }

    #[test]
    fn arbitrary_bytes_never_panic(bytes in prop::collection::vec(any::<u8>(), 0..5_000)) {
        let _ = Gauge::decode(&bytes, &Tuning::default());
    }
}
