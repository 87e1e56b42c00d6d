//! A model restored at any minute goes on bit for bit as if nothing had happened; damaged bytes are an error.

use crate::fleet::Normal;
use anomaly::{Kind, Model, Settings, SnapshotError};
use proptest::prelude::*;

fn bytes(model: &Model) -> Vec<u8> {
    let mut out = Vec::new();
    model.encode(&mut out);
    out
}

#[test]
fn restored_at_every_minute_the_bits_are_the_same() {
    for kind in Kind::ALL {
        let mut series = Normal::new(kind, 40.0, 0.01, 5);
        let mut straight = Model::new(kind, Settings::for_kind(kind));
        let mut restored = straight.clone();
        for minute in 0..4_000 {
            let mut input = series.minute(minute);
            if minute > 3_000 && minute < 3_500 {
                input.value = input.value.map(|value| (value + 2.0) * 6.0);
            }
            if minute % 97 == 0 {
                input.value = None;
            }
            restored = Model::decode(&bytes(&restored)).unwrap();
            assert_eq!(
                straight.step(&input),
                restored.step(&input),
                "{kind:?} minute {minute}"
            );
            assert_eq!(
                bytes(&straight),
                bytes(&restored),
                "{kind:?} minute {minute}"
            );
        }
        // A gauge's state is its detector's 4 KB, and what every series has beside its baseline.
        let most = if kind == Kind::Gauge {
            4_096 + 640
        } else {
            4_096
        };
        assert!(
            bytes(&straight).len() < most,
            "{kind:?} takes {} bytes",
            bytes(&straight).len()
        );
    }
}

#[test]
fn truncated_bytes_name_what_is_missing() {
    for kind in Kind::ALL {
        let mut series = Normal::new(kind, 40.0, 0.01, 5);
        let mut model = Model::new(kind, Settings::for_kind(kind));
        for minutes in [0, 5, 50] {
            for minute in 0..minutes {
                model.step(&series.minute(minute));
            }
            let whole = bytes(&model);
            assert_eq!(Model::decode(&whole).as_ref(), Ok(&model));
            for len in 0..whole.len() {
                let found = Model::decode(&whole[..len]);
                assert!(
                    matches!(found, Err(SnapshotError::Truncated { .. })),
                    "{kind:?}, {len} bytes: {found:?}"
                );
            }
        }
    }
}

#[test]
fn other_versions_and_leftovers_are_refused() {
    let mut whole = bytes(&Model::new(
        Kind::Traffic,
        Settings::for_kind(Kind::Traffic),
    ));
    whole.push(0);
    assert!(
        Model::decode(&whole)
            .unwrap_err()
            .to_string()
            .contains("1 bytes are left over")
    );
    whole[0] = 9;
    assert_eq!(
        Model::decode(&whole),
        Err(SnapshotError::Version {
            found: 9,
            expected: 3
        })
    );
}

proptest! {
    // There is no lib.rs beside an integration test to keep failures in; proptest prints them.
    #![proptest_config(ProptestConfig { cases: 2_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn damaged_bytes_never_panic_neither_then_nor_later(
        kind in 0_usize..5,
        warm in prop::bool::ANY,
        place in 0_usize..2_000,
        number in any::<f64>(),
        whole_number in prop::bool::ANY,
    ) {
        let kind = Kind::ALL[kind];
        let mut series = Normal::new(kind, 40.0, 0.01, 5);
        let mut model = Model::new(kind, Settings::for_kind(kind));
        for minute in 0..if warm { 40 } else { 3 } {
            model.step(&series.minute(minute));
        }
        let mut damaged = bytes(&model);
        let place = place % damaged.len();
        let number = number.to_le_bytes();
        for (byte, value) in damaged[place..].iter_mut().zip(&number[..if whole_number { 8 } else { 1 }]) {
            *byte = *value;
        }
        if let Ok(mut model) = Model::decode(&damaged) {
            for minute in 40..60 {
                let verdict = model.step(&series.minute(minute));
                prop_assert!(verdict.tail > 0.0 && verdict.tail <= 1.0);
            }
        }
    }

    #[test]
    fn arbitrary_bytes_never_panic(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
        let _ = Model::decode(&bytes);
    }
}
