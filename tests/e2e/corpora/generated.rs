//! Corpora made for a run: by the generators beside the workspace, and of the fixtures of extraction.

use std::path::{Path, PathBuf};
use std::process::Command;

use e2e::built::workspace;
use e2e::subscription::{document, event};
use serde_json::{Value, json};

use super::compare;

/// The sizes the generator has, and those that a short run makes do with.
const SIZES: (&str, &str) = (
    "[(10, 2000), (100, 300), (1000, 40), (10000, 5)]",
    "[(10, 60), (100, 6), (1000, 2)]",
);

/// Where the generators are; they are no part of the workspace.
fn tools() -> PathBuf {
    workspace().join("../shared/tools")
}

/// Runs a generator, with a part of its text changed.
fn run(script: &str, (from, to): (&str, &str), arguments: &[&str], hard: bool) {
    let path = tools().join(script);
    let text = std::fs::read_to_string(&path).unwrap();
    assert!(text.contains(from), "{} has no {from}", path.display());
    let output = Command::new("python3")
        .args(["-c", &text.replace(from, to)])
        .args(arguments)
        .env("HARD", if hard { "1" } else { "0" })
        .output()
        .unwrap();
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
}

/// Compares the corpora of one seed, and the same with damage done to them.
fn seed(seed: u64, hard: bool, full: bool) -> u64 {
    let folder = tempfile::tempdir().unwrap();
    let sizes = if full { (SIZES.0, SIZES.0) } else { SIZES };
    let path = |name: &str| folder.path().join(name);
    let text = |path: &Path| path.to_str().unwrap().to_owned();
    run(
        "log_corpus.py",
        sizes,
        &[&text(folder.path()), &seed.to_string()],
        hard,
    );
    let mut events = 0;
    for size in ["10", "100", "1000", "10000"] {
        let file = path(&format!("c{size}.jsonl"));
        if !file.exists() {
            continue;
        }
        let damaged = path(&format!("damaged-{size}.jsonl"));
        let with = format!("random.Random({seed})");
        let arguments = [text(&file), text(&damaged)];
        let arguments = arguments.each_ref().map(String::as_str);
        run(
            "log_corpus_mutate.py",
            ("random.Random(7)", &with),
            &arguments,
            hard,
        );
        events += compare(&file) + compare(&damaged);
    }
    events
}

#[expect(
    clippy::disallowed_methods,
    reason = "how long a run by hand is to be is no configuration of the product"
)]
#[test]
fn ingest_says_of_generated_corpora_what_a_plain_reading_says() {
    if !tools().join("log_corpus.py").exists() {
        eprintln!(
            "\n*** NOT COMPARED: the generators of corpora are not in {} ***\n*** only those kept in tests/corpora were ***\n",
            tools().display()
        );
        return;
    }
    let number = |name| std::env::var(name).ok().and_then(|text| text.parse().ok());
    let seeds: u64 = number("SEEDS").unwrap_or(2);
    let first: u64 = number("FIRST_SEED").unwrap_or(1);
    let full = std::env::var("CORPORA").is_ok_and(|which| which == "full");
    let mut events = 0;
    for number in first..first + seeds {
        for hard in [false, true] {
            let compared = seed(number, hard, full);
            eprintln!("seed {number}, hard {hard}: {compared} log events");
            events += compared;
        }
    }
    eprintln!("{events} log events compared");
    assert!(events > 1_000);
}

/// A payload for each message of the fixtures of extraction, as lines.
pub(super) fn fixtures() -> String {
    let folder = workspace().join("crates/extraction/fixtures");
    let mut files = vec![];
    for folder in [folder.clone(), folder.join("emitters")] {
        let entries = std::fs::read_dir(folder)
            .unwrap()
            .map(|entry| entry.unwrap().path());
        files
            .extend(entries.filter(|path| path.extension().is_some_and(|ending| ending == "json")));
    }
    files.sort();
    let mut payloads = String::new();
    let mut line = |messages: &[Value], position: usize| {
        let messages: Vec<_> = messages
            .iter()
            .map(|text| text.as_str().unwrap().to_owned())
            .collect();
        let mut document = document("/aws/lambda/f", 1_795_200_000_000, &messages);
        document["logStream"] = json!(position.to_string());
        payloads.push_str(&format!("{}\n", event(&document)));
    };
    let mut position = 0;
    for file in files {
        let text = std::fs::read_to_string(&file).unwrap();
        let Ok(read) = serde_json::from_str::<Value>(&text) else {
            panic!("{} is no JSON", file.display());
        };
        let rows = read
            .as_array()
            .or(read["rows"].as_array())
            .cloned()
            .unwrap_or_default();
        for row in rows {
            position += 1;
            match row["messages"].as_array() {
                Some(messages) => line(messages, position),
                None => line(&[row["message"].clone()], position),
            }
        }
    }
    payloads
}
