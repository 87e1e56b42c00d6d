//! contracts.md on `outrider demo`, at ten seeds.

use std::path::Path;
use std::process::Command;

use e2e::built;
use e2e::demo::{Finished, run};
use jiff::Timestamp;
use outrider::local::Lock;
use serde_json::Value;
use tempfile::tempdir;

use super::messages::{pages, threads};

/// The members of the document, as contracts.md lists them.
const MEMBERS: [&str; 10] = [
    "false_pages",
    "faults",
    "from",
    "inbox",
    "log_events",
    "requests",
    "rollups",
    "seed",
    "to",
    "week",
];

fn time(value: &Value) -> Timestamp {
    value
        .as_str()
        .and_then(|text| text.parse().ok())
        .unwrap_or_else(|| panic!("{value} is no time"))
}

#[track_caller]
fn assert_document(seed: u64, data: &Path, summary: &Value) {
    let members: Vec<_> = summary
        .as_object()
        .unwrap_or_else(|| panic!("no document: {summary}"))
        .keys()
        .collect();
    assert_eq!(members, MEMBERS);
    assert_eq!(summary["seed"].as_u64(), Some(seed));
    for count in ["requests", "log_events", "rollups"] {
        assert!(
            summary[count].as_u64().is_some_and(|count| count > 1_000),
            "{count} of {summary}"
        );
    }
    assert!(
        summary["log_events"].as_u64() > summary["requests"].as_u64(),
        "a request logs several events: {summary}"
    );
    assert!(time(&summary["from"]) < time(&summary["to"]), "{summary}");
    let week = time(&summary["from"]).strftime("%G-W%V").to_string();
    assert_eq!(summary["week"].as_str(), Some(week.as_str()));
    assert_eq!(
        summary["inbox"].as_str().map(Path::new),
        Some(data.join("inbox").as_path())
    );
}

#[track_caller]
fn assert_every_fault_was_found(summary: &Value) {
    let faults = summary["faults"].as_array().unwrap();
    let mut kinds: Vec<_> = faults
        .iter()
        .map(|fault| fault["kind"].as_str().unwrap())
        .collect();
    kinds.sort_unstable();
    assert_eq!(kinds, ["error", "latency", "throttle"]);
    for fault in faults {
        let (started, detected) = (time(&fault["started"]), time(&fault["detected"]));
        assert!(
            time(&summary["from"]) <= started && started < detected,
            "{fault}"
        );
        assert_eq!(
            fault["seconds_to_detect"].as_i64(),
            Some(detected.as_second() - started.as_second()),
            "{fault}"
        );
        assert!(detected < time(&fault["resolved"]), "{fault}");
    }
    assert_eq!(summary["false_pages"].as_u64(), Some(0), "{summary}");
}

/// One page for each fault and one that closes it, each with a chat message, and nothing else.
#[track_caller]
fn assert_everybody_was_told_once(finished: &Finished) {
    let (pages, threads) = (pages(&finished.inbox), threads(&finished.inbox));
    assert_eq!(pages.len(), 3, "{pages:?}");
    assert!(
        pages.values().all(|states| states == &["ALARM", "OK"]),
        "{pages:?}"
    );
    assert_eq!(threads.len(), 3, "a thread for each incident: {threads:?}");
    assert!(
        threads.values().all(|messages| *messages == 2),
        "{threads:?}"
    );
    assert_eq!(finished.inbox.len(), 12, "{:?}", finished.inbox.keys());
}

fn every_fault_is_paged_once_and_nothing_else(seed: u64) {
    let data = tempdir().unwrap();
    let finished = run(seed, data.path());
    assert_eq!(
        finished.code,
        Some(0),
        "{}\n{}",
        finished.summary,
        finished.stderr
    );
    assert_eq!(finished.stderr, "", "progress is for terminals");
    assert_document(seed, data.path(), &finished.summary);
    assert_every_fault_was_found(&finished.summary);
    assert_everybody_was_told_once(&finished);
}

macro_rules! at_seeds {
    ($($name:ident = $seed:expr),* $(,)?) => {
        $(#[test]
        fn $name() {
            every_fault_is_paged_once_and_nothing_else($seed);
        })*
    };
}

// Chosen before anything was run on them: the first five, three without meaning, and the ends of the range.
at_seeds! {
    every_fault_is_paged_once_and_nothing_else_at_seed_0 = 0,
    every_fault_is_paged_once_and_nothing_else_at_seed_1 = 1,
    every_fault_is_paged_once_and_nothing_else_at_seed_2 = 2,
    every_fault_is_paged_once_and_nothing_else_at_seed_3 = 3,
    every_fault_is_paged_once_and_nothing_else_at_seed_4 = 4,
    every_fault_is_paged_once_and_nothing_else_at_seed_42 = 42,
    every_fault_is_paged_once_and_nothing_else_at_seed_1848 = 1_848,
    every_fault_is_paged_once_and_nothing_else_at_seed_20261118 = 20_261_118,
    every_fault_is_paged_once_and_nothing_else_at_seed_half = u64::MAX / 2,
    every_fault_is_paged_once_and_nothing_else_at_the_largest_seed = u64::MAX,
}

#[test]
fn the_same_seed_tells_the_same_story_to_the_byte() {
    let folders = [tempdir().unwrap(), tempdir().unwrap()];
    let [first, second] = [0, 1].map(|run_number| run(7, folders[run_number].path()));
    assert_eq!(first.story(), second.story());
    assert_eq!(first.inbox, second.inbox);
}

#[test]
fn a_data_directory_in_use_is_refused_with_one_line() {
    let data = tempdir().unwrap();
    let lock = Lock::take(data.path()).unwrap();
    let refused = run(1, data.path());
    drop(lock);
    assert_eq!((refused.code, &refused.summary), (Some(2), &Value::Null));
    assert_eq!(refused.stderr.lines().count(), 1, "{}", refused.stderr);
    let folder = data.path().display().to_string();
    assert!(
        refused.stderr.contains("in use") && refused.stderr.contains(&folder),
        "{}",
        refused.stderr
    );
}

#[test]
fn wrong_use_is_refused_without_a_trace() {
    let data = tempdir().unwrap();
    let folder = data.path().join("made");
    for wrong in [["--seed", "many"], ["--seed", "-1"], ["--sed", "1"]] {
        let refused = Command::new(built::binary("outrider"))
            .args(["demo", "--data"])
            .arg(&folder)
            .args(wrong)
            .output()
            .unwrap();
        assert_eq!(
            (refused.status.code(), refused.stdout.len()),
            (Some(2), 0),
            "{wrong:?}: {refused:?}"
        );
        assert!(
            !refused.stderr.is_empty() && !folder.exists(),
            "{wrong:?}: {refused:?}"
        );
    }
}
