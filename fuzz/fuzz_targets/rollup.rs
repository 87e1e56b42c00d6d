//! Stored bytes: what reads them never panics, and writes back what it read.
#![no_main]

use std::collections::BTreeMap;

use fuzz::agree;
use libfuzzer_sys::fuzz_target;
use signals::{Rollup, packed};

fuzz_target!(|bytes: &[u8]| {
    if let Ok(rollup) = Rollup::decode(bytes) {
        round(&rollup);
        let mut twice = rollup.clone();
        twice.merge(&rollup);
        round(&twice);
    }
    let mut series = BTreeMap::new();
    if packed::merge_into(&mut series, bytes).is_ok() {
        series.keys().for_each(agree::named);
        let mut again = BTreeMap::new();
        for part in packed::pack(&series, 400) {
            packed::merge_into(&mut again, &part).expect("what was packed is read");
        }
        assert_eq!(again, series);
    }
});

fn round(rollup: &Rollup) {
    for q in [0.0, 0.5, 1.0] {
        let _ = rollup.quantile(q);
    }
    let mut written = Vec::new();
    rollup.encode(&mut written);
    let read = Rollup::decode(&written).expect("what was written is read");
    let mut again = Vec::new();
    read.encode(&mut again);
    assert_eq!(again, written);
}
