//! A simulated fleet and what is told of it: the fault that the truth names is opened once and resolved, and nobody
//! hears of anything else.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::ExitCode;

use outrider::replay::{self, ReplayArgs};
use outrider::simulate::{self, SimulateArgs, Which};
use serde_json::Value;
use signals::Minute;

fn simulated(scenario: &str, payloads: Which, out: &Path) {
    let args = SimulateArgs {
        scenario: Some(scenario.to_owned()),
        seed: 7,
        out: Some(out.to_owned()),
        days: Some(1),
        payloads: Some(payloads),
        list: false,
    };
    let code = simulate::run(&args, &mut |_| {}).unwrap();
    assert_eq!(code, ExitCode::SUCCESS);
}

fn minute(value: &Value) -> Minute {
    Minute::parse(value.as_str().unwrap()).unwrap()
}

#[tokio::test]
async fn the_fault_of_a_scenario_is_opened_once_and_resolved_and_nothing_else_pages() {
    let folder = tempfile::tempdir().unwrap();
    let sim = folder.path().join("sim");
    simulated("timeout-wall", Which::None, &sim);
    let truth = std::fs::read_to_string(sim.join("truth.json")).unwrap();
    let truth: Value = serde_json::from_str(&truth).unwrap();
    // The function that is struck first, and the one that is struck last, which is healthy all this time.
    let mut faults: Vec<&Value> = truth["faults"].as_array().unwrap().iter().collect();
    faults.sort_by_key(|fault| minute(&fault["from"]));
    let (fault, healthy) = (faults[0], faults[faults.len() - 1]);
    let (from, to) = (minute(&fault["from"]), minute(&fault["to"]));
    let end = to.plus(60);
    assert!(end < minute(&healthy["from"]), "another seed");
    let names = [fault, healthy].map(|fault| fault["function"].as_str().unwrap());
    let lines = std::fs::read_to_string(sim.join("rollups.jsonl")).unwrap();
    let kept: String = lines
        .split_inclusive('\n')
        .filter(|line| names.iter().any(|name| line.contains(name)))
        .take_while(|line| {
            let line: Value = serde_json::from_str(line).unwrap();
            minute(&line["minute"]) < end
        })
        .collect();
    let recording = folder.path().join("kept.jsonl");
    std::fs::write(&recording, kept).unwrap();

    let messages = folder.path().join("messages");
    let args = ReplayArgs {
        files: vec![recording],
        config: None,
        from: Some(from.plus(-30).to_string()),
        messages: Some(messages.clone()),
        json: true,
    };
    let mut told = Vec::new();
    let code = replay::run(&args, &mut told).await.unwrap();
    let told: Value = serde_json::from_slice(&told).unwrap();
    assert_eq!(code, ExitCode::FAILURE, "{told}");
    let incidents = told["incidents"].as_array().unwrap();
    for incident in incidents {
        assert_eq!(incident["service"], names[0], "{told}");
    }
    let paged: Vec<_> = incidents
        .iter()
        .filter(|incident| incident["severity"] == "page")
        .collect();
    let [page] = paged.as_slice() else {
        panic!("paged {} times: {told}", paged.len());
    };
    let opened = minute(&page["opened"]);
    assert!((from..from.plus(5)).contains(&opened), "{page}");
    let resolved = minute(&page["resolved"]);
    assert!((to..to.plus(15)).contains(&resolved), "{page}");
    assert_eq!(
        told["pages"], 2,
        "one that opens and one that resolves: {told}"
    );
    let first = std::fs::read_to_string(messages.join("0001-page.json")).unwrap();
    assert!(first.contains("timeout wall (certain)"), "{first}");
}

/// Every file below a folder, by its path.
fn files(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    let mut found = BTreeMap::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(inner) = folders.pop() {
        for entry in std::fs::read_dir(&inner).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else {
                let name = path.strip_prefix(folder).unwrap().display().to_string();
                found.insert(name, std::fs::read(&path).unwrap());
            }
        }
    }
    found
}

#[test]
fn the_same_seed_writes_the_same_bytes() {
    let folder = tempfile::tempdir().unwrap();
    let (one, other) = (folder.path().join("one"), folder.path().join("other"));
    simulated("low-traffic", Which::All, &one);
    simulated("low-traffic", Which::All, &other);
    let (one, other) = (files(&one), files(&other));
    assert!(one.contains_key("payloads/00000.jsonl"), "{:?}", one.keys());
    for (name, bytes) in &one {
        assert!(other.get(name) == Some(bytes), "{name}");
    }
    assert_eq!(one.len(), other.len());
}
