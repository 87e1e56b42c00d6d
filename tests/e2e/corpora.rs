//! `outrider ingest` says of corpora what a plain reading of them says: the same series and minutes, counts, minima
//! and maxima, and sums to 1e-12.
//!
//! The corpora of every run are small. For long ones: `CORPORA=full SEEDS=20 cargo test -p e2e corpora -- --nocapture`.

mod compatibility;
mod generated;
mod plain;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;

use e2e::built::{binary, workspace};
use serde_json::Value;

use plain::{Figures, Name, Reading};

/// What the built command says of files.
fn ingested(files: &[PathBuf]) -> BTreeMap<Name, Figures> {
    let output = Command::new(binary("outrider"))
        .arg("ingest")
        .args(files)
        .output()
        .unwrap();
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    let lines = String::from_utf8(output.stdout).unwrap();
    let read = |line: &str| {
        let line: Value = serde_json::from_str(line).unwrap();
        let text = |name: &str| line[name].as_str().unwrap().to_owned();
        let number = |name: &str| line[name].as_f64().unwrap();
        let count = line["count"].as_u64().unwrap();
        let figures = Figures::printed(count, number("sum"), number("min"), number("max"));
        ((text("series"), text("minute")), figures)
    };
    lines.lines().map(read).collect()
}

/// The first difference; `None` when there is none.
fn difference(
    ingested: &BTreeMap<Name, Figures>,
    plain: &BTreeMap<Name, Figures>,
) -> Option<String> {
    for (name, figures) in plain {
        let Some(its) = ingested.get(name) else {
            return Some(format!("ingest has no {name:?}: {figures:?}"));
        };
        let exact = (its.count, its.min, its.max) == (figures.count, figures.min, figures.max);
        if !exact || (its.sum - figures.sum).abs() > 1e-12 * figures.magnitude {
            return Some(format!(
                "{name:?}: ingest has {its:?}, a plain reading {figures:?}"
            ));
        }
    }
    let more = ingested.iter().find(|(name, _)| !plain.contains_key(*name));
    more.map(|(name, figures)| format!("only ingest has {name:?}: {figures:?}"))
}

/// Compares a file of payloads and says how many log events it has.
fn compare(file: &Path) -> u64 {
    let mut reading = Reading::default();
    for line in std::fs::read_to_string(file).unwrap().lines() {
        reading.payload(line);
    }
    let ingested = ingested(&[file.to_owned()]);
    assert!(
        !ingested.is_empty(),
        "{}: nothing to compare",
        file.display()
    );
    if let Some(difference) = difference(&ingested, &reading.series) {
        panic!("{}: {difference}", file.display());
    }
    reading.events
}

#[test]
fn ingest_says_of_the_corpora_kept_here_what_a_plain_reading_says() {
    let folder = workspace().join("tests/corpora");
    let files = std::fs::read_dir(&folder)
        .unwrap()
        .map(|entry| entry.unwrap().path());
    let files: Vec<_> = files
        .filter(|path| path.extension().is_some_and(|ending| ending == "jsonl"))
        .collect();
    assert!(files.len() >= 4, "{files:?}");
    for file in files {
        assert!(compare(&file) >= 100, "{}", file.display());
    }
}

#[test]
fn ingest_says_of_every_fixture_what_a_plain_reading_says() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("fixtures.jsonl");
    std::fs::write(&file, generated::fixtures()).unwrap();
    assert!(compare(&file) > 150);
}

#[test]
fn a_plain_reading_that_differs_would_be_found() {
    let folder = workspace().join("tests/corpora");
    let file = folder.join("easy.jsonl");
    let ingested = ingested(std::slice::from_ref(&file));
    let (name, figures) = ingested.iter().next_back().unwrap();
    assert_eq!(difference(&ingested, &ingested), None);
    for other in [
        Figures {
            count: figures.count + 1,
            ..*figures
        },
        Figures {
            sum: figures.sum * (1.0 + 1e-11) + 1e-11,
            ..*figures
        },
        Figures {
            min: figures.min - 1e-9,
            ..*figures
        },
        Figures {
            max: figures.max + 1e-9,
            ..*figures
        },
    ] {
        let mut changed = ingested.clone();
        changed.insert(name.clone(), other);
        assert!(difference(&ingested, &changed).is_some(), "{other:?}");
    }
    let mut fewer = ingested.clone();
    fewer.remove(name);
    assert!(difference(&ingested, &fewer).is_some() && difference(&fewer, &ingested).is_some());
}
