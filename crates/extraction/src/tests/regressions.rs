//! What fuzzing once found. Each input is a file of `fuzz/findings`, in the folder of the target that found it, under a
//! name that says what was wrong.

use std::fs;
use std::path::{Path, PathBuf};

use signals::{Rollup, packed};

use super::*;

fn findings(target: &str) -> Vec<(PathBuf, Vec<u8>)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fuzz/findings");
    let files = fs::read_dir(folder.join(target)).into_iter().flatten();
    files
        .map(|file| {
            let path = file.unwrap().path();
            let bytes = fs::read(&path).unwrap();
            (path, bytes)
        })
        .collect()
}

/// Both ways of reading, twice: the second time with everything that was learned.
fn agree(path: &Path, event: &[u8]) {
    let mut reader = Reader::default();
    let (rules, skip) = (Rules::default(), Skip::new());
    for _ in 0..2 {
        let expected = read_payload(event, &rules, &skip).map_err(|error| error.as_str());
        let found = reader
            .read(event, &rules, &skip)
            .map_err(|error| error.as_str());
        assert_eq!(found, expected, "{}", path.display());
    }
}

#[test]
fn every_payload_that_fuzzing_found_is_read_alike_by_all_tiers() {
    for (path, bytes) in findings("payload") {
        agree(&path, &bytes);
    }
    for target in ["envelope", "inflate"] {
        for (path, text) in findings(target) {
            agree(&path, &event(&gzip(&text)));
            agree(&path, &event(&text));
        }
    }
}

#[test]
fn every_message_that_fuzzing_found_is_read_alike_by_all_tiers() {
    for target in ["emf", "report", "differential", "fingerprint"] {
        for (path, bytes) in findings(target) {
            let text = String::from_utf8_lossy(&bytes);
            // A finding of `differential` or `fingerprint` is lines; any text is one line at least.
            let mut lines: Vec<&str> = text.lines().chain([&*text]).collect();
            agree(&path, &payload(&document(&lines)));
            lines.reverse();
            agree(&path, &payload(&document(&lines)));
        }
    }
}

#[test]
fn stored_bytes_that_fuzzing_found_are_refused_or_written_back_as_they_were_read() {
    for (path, bytes) in findings("rollup") {
        let path = path.display();
        let _ = packed::merge_into(&mut BTreeMap::new(), &bytes);
        let Ok(rollup) = Rollup::decode(&bytes) else {
            continue;
        };
        let mut twice = rollup.clone();
        twice.merge(&rollup);
        for rollup in [rollup, twice] {
            let _ = rollup.quantile(0.5);
            let mut written = Vec::new();
            rollup.encode(&mut written);
            assert_eq!(Rollup::decode(&written).as_ref(), Ok(&rollup), "{path}");
        }
    }
}

#[test]
fn there_are_findings() {
    assert!(
        findings("rollup").len() >= 2,
        "fuzz/findings is not where it was"
    );
}
