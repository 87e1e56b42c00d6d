use std::collections::BTreeMap;
use std::path::Path;

use serde_json::Value;

use super::*;
use crate::ingest::{IngestArgs, ReplayArgs};

/// Exit code, standard output, and the error's one line.
fn simulate(arguments: &[&str]) -> (Option<ExitCode>, String, String) {
    #[derive(clap::Parser)]
    struct Line {
        #[command(flatten)]
        args: SimulateArgs,
    }
    let words = std::iter::once("simulate").chain(arguments.iter().copied());
    let args = match <Line as clap::Parser>::try_parse_from(words) {
        Ok(line) => line.args,
        Err(error) => return (None, String::new(), error.to_string()),
    };
    let mut printed = String::new();
    match run(&args, &mut |line| printed += &format!("{line}\n")) {
        Ok(code) => (Some(code), printed, String::new()),
        Err(error) => (None, printed, format!("{error:#}")),
    }
}

fn files(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    let mut found = BTreeMap::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(next) = folders.pop() {
        for entry in std::fs::read_dir(next).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else {
                let name = path.strip_prefix(folder).unwrap().display().to_string();
                found.insert(name, std::fs::read(path).unwrap());
            }
        }
    }
    found
}

fn lines(text: &[u8]) -> BTreeMap<(String, String), Value> {
    std::str::from_utf8(text)
        .unwrap()
        .lines()
        .map(|line| {
            let value: Value = serde_json::from_str(line).unwrap();
            let part = |name: &str| value[name].as_str().unwrap().to_owned();
            ((part("series"), part("minute")), value)
        })
        .collect()
}

/// What `ingest` says of the payloads of a folder.
fn ingested(folder: &Path) -> BTreeMap<(String, String), Value> {
    let mut files: Vec<PathBuf> = std::fs::read_dir(folder.join("payloads"))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    files.sort();
    let args = IngestArgs {
        summary: false,
        repeat: 1,
        replay: ReplayArgs::default(),
        files,
    };
    let (mut stdout, mut stderr) = (Vec::new(), Vec::new());
    let code = crate::ingest::run(&args, &mut stdout, &mut stderr).unwrap();
    assert_eq!(
        (code, String::from_utf8(stderr).unwrap().as_str()),
        (ExitCode::SUCCESS, "")
    );
    lines(&stdout)
}

/// An hour and a half of two functions of a scenario (one logs JSON, one text), around the first fault of one, which
/// both have.
fn small(name: &str) -> Fleet {
    let from = Minute::parse(FROM).unwrap();
    let whole = Scenario::by_name(name).unwrap().fleet(5, from, Some(1));
    let fault = whole
        .faults
        .iter()
        .find(|fault| fault.function == 0)
        .unwrap();
    let first = fault.shown_from().plus(-20);
    let faults = [0, 1].map(|function| {
        let mut fault = fault.clone();
        fault.function = function;
        fault.from = fault.from.max(first);
        fault.to = fault.to.min(first.plus(70));
        fault
    });
    Fleet::new(
        whole.scenario,
        5,
        (first, 90, 0),
        whole.functions[..2].to_vec(),
        faults.to_vec(),
        whole.account_limit,
    )
}

#[test]
fn ingest_of_the_payloads_gives_the_rollups() {
    // One kind of trouble each: errors by version, an end by Lambda, an end by memory, data that are late, data that
    // never come, refusals, and minutes without traffic.
    for (name, which) in [
        ("low-traffic", Which::All),
        ("bad-version", Which::All),
        ("timeout-wall", Which::All),
        ("memory-pressure", Which::All),
        ("late-data", Which::All),
        ("missing-data", Which::All),
        ("retry-storm", Which::All),
        ("cold-storm", Which::None),
    ] {
        let folder = tempfile::tempdir().unwrap();
        let out = folder.path();
        let fleet = small(name);
        let told = write(&fleet, out, Some(which), &ProgressBar::hidden()).unwrap();
        assert!(
            told.starts_with(&format!("{name}: 2 functions, ")),
            "{told}"
        );
        let expected = lines(&std::fs::read(out.join("rollups.jsonl")).unwrap());
        let mut logged = expected
            .keys()
            .filter(|(series, _)| !series.starts_with("aws/"));
        if which == Which::None {
            assert!(logged.next().is_some());
            assert_eq!(
                std::fs::read_dir(out.join("payloads")).unwrap().count(),
                0,
                "{name}"
            );
            continue;
        }
        let found = ingested(out);
        assert_eq!(logged.count(), found.len(), "{name}");
        assert!(found.len() > 700, "{name}: {}", found.len());
        for (key, value) in &found {
            let own = expected
                .get(key)
                .unwrap_or_else(|| panic!("{name}: {key:?} is no rollup"));
            for member in ["count", "min", "max", "p50", "p90", "p99"] {
                assert_eq!(value[member], own[member], "{name}: {key:?} {member}");
            }
            let (sum, own) = (value["sum"].as_f64().unwrap(), own["sum"].as_f64().unwrap());
            assert!(
                (sum - own).abs() <= 1e-12 * own.abs(),
                "{name}: {key:?} {sum} {own}"
            );
        }
    }
}

#[expect(clippy::disallowed_types, reason = "what the test itself has written")]
#[test]
fn payloads_come_in_order_and_late_ones_later() {
    let folder = tempfile::tempdir().unwrap();
    let fleet = small("late-data");
    write(&fleet, folder.path(), None, &ProgressBar::hidden()).unwrap();
    let text = std::fs::read_to_string(folder.path().join("payloads/00000.jsonl")).unwrap();
    // When a payload comes: its newest log event, and a quarter of an hour more while the fault acts.
    let comes = text.lines().map(|line| {
        let event: Value = serde_json::from_str(line).unwrap();
        let data = event["awslogs"]["data"].as_str().unwrap();
        let zipped = base64_simd::STANDARD.decode_to_vec(data).unwrap();
        let document: Value =
            serde_json::from_reader(flate2::read::GzDecoder::new(&zipped[..])).unwrap();
        assert_eq!(document["messageType"], "DATA_MESSAGE");
        let minute = Minute::from_millis(document["logEvents"][0]["timestamp"].as_i64().unwrap());
        let late = fleet.faults[0].covers(minute);
        (minute.plus(if late { 15 } else { 0 }), late)
    });
    let comes: Vec<(Minute, bool)> = comes.collect();
    assert!(comes.is_sorted_by_key(|one| one.0), "{comes:?}");
    assert!(comes.iter().filter(|one| one.1).count() > 50);
}

#[test]
fn the_same_seed_writes_the_same_bytes_and_another_does_not() {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, seed: &str| {
        let out = folder.path().join(name);
        let shown = out.display().to_string();
        let (code, _, error) = simulate(&[
            "--scenario",
            "low-traffic",
            "--seed",
            seed,
            "--days",
            "1",
            "--out",
            &shown,
        ]);
        assert_eq!(code, Some(ExitCode::SUCCESS), "{error}");
        files(&out)
    };
    let (one, again, other) = (write("a", "3"), write("b", "3"), write("c", "4"));
    assert_eq!(one, again);
    assert_eq!(
        one.keys().collect::<Vec<_>>(),
        other.keys().collect::<Vec<_>>()
    );
    for name in ["truth.json", "rollups.jsonl", "payloads/00000.jsonl"] {
        assert_ne!(one[name], other[name], "{name}");
    }
}

#[test]
fn tables_have_a_row_a_minute_and_the_faults_of_the_truth_as_labels() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().display().to_string();
    simulate(&[
        "--scenario",
        "low-traffic",
        "--days",
        "1",
        "--payloads",
        "none",
        "--out",
        &out,
    ]);
    let truth: Value =
        serde_json::from_slice(&std::fs::read(folder.path().join("truth.json")).unwrap()).unwrap();
    let fault = &truth["faults"][0];
    let (from, to) = (
        fault["from"].as_str().unwrap(),
        fault["to"].as_str().unwrap(),
    );
    let series = folder
        .path()
        .join("series")
        .join(fault["function"].as_str().unwrap());
    let table = |signal: &str| -> Vec<(String, String, bool)> {
        let text = std::fs::read_to_string(series.join(format!("{signal}.csv"))).unwrap();
        let mut lines = text.lines();
        assert_eq!(lines.next(), Some("timestamp,value,label"));
        lines
            .map(|line| {
                let cells: Vec<&str> = line.split(',').collect();
                (cells[0].to_owned(), cells[1].to_owned(), cells[2] == "1")
            })
            .collect()
    };
    let errors = table("errors");
    assert_eq!(errors.len(), 1_440);
    assert!(errors.windows(2).all(|two| two[0].0 < two[1].0));
    for (time, _, label) in &errors {
        assert_eq!(
            *label,
            from <= time.as_str() && time.as_str() < to,
            "{time}"
        );
    }
    assert!(table("duration_p50").iter().all(|(_, _, label)| !label));
    assert!(errors.iter().any(|(_, value, _)| value.is_empty()));
    let failed = |label| -> f64 {
        let rows = errors.iter().filter(|row| row.2 == label);
        rows.filter_map(|row| row.1.parse::<f64>().ok()).sum()
    };
    assert!(failed(true) > 20.0 && failed(false) < 40.0);
    assert!(!folder.path().join("payloads/00000.jsonl").exists());
}

#[test]
fn wrong_use_is_told_in_one_line() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().display().to_string();
    std::fs::write(folder.path().join("mine.txt"), "mine").unwrap();
    for (rule, arguments, says) in [
        (
            "a name that is none",
            &["--scenario", "time-wall", "--out", "/nowhere"][..],
            "no scenario is called \"time-wall\": did you mean \"timeout-wall\"?",
        ),
        (
            "a folder with something in it",
            &["--scenario", "quiet", "--out", &out],
            "is not empty: name a folder that is",
        ),
        ("no folder", &["--scenario", "quiet"], "--out <DIR>"),
        (
            "no day",
            &["--scenario", "quiet", "--out", "x", "--days", "0"],
            "0 is not in 1..=366",
        ),
    ] {
        let (code, printed, error) = simulate(arguments);
        assert_eq!((code, printed.as_str()), (None, ""), "{rule}");
        assert!(error.contains(says), "{rule}: {error}");
    }
    assert_eq!(
        std::fs::read(folder.path().join("mine.txt")).unwrap(),
        b"mine"
    );
    let (code, printed, _) = simulate(&["--list"]);
    assert_eq!(code, Some(ExitCode::SUCCESS));
    assert_eq!(printed.lines().count(), Scenario::all().len());
    assert!(printed.contains("quiet ") && printed.contains("timeout-wall "));
}
