//! Both scorers against the Python ones: by numbers that these gave once (`fixtures/scorers.json`), and by running them
//! where python3, numpy and ../shared are there.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use rand::{Rng as _, RngExt as _, SeedableRng as _};
use rand_chacha::ChaCha8Rng;
use serde_json::{Value, json};

use super::{events, nab};
use crate::data;

fn fixture() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/scorers.json")
}

fn tools() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/tools")
}

/// 2018-01-01 and so many seconds.
fn time(seconds: i64, zone: &str) -> String {
    let at = jiff::Timestamp::from_second(1_514_764_800 + seconds).unwrap();
    let separator = if zone.is_empty() { " " } else { "T" };
    at.strftime(&format!("%Y-%m-%d{separator}%H:%M:%S{zone}"))
        .to_string()
}

/// Half of the scores are on a coarse grid: equal scores are where scorers differ.
fn score(random: &mut ChaCha8Rng, strange: bool) -> f64 {
    let score: f64 = random.random::<f64>() * if strange { 1.3 } else { 1.0 };
    if random.next_u32().is_multiple_of(2) {
        (score * 16.0).floor() / 16.0
    } else {
        score
    }
}

/// A corpus of both kinds below `folder`, and a score for each row: always the same.
fn generate(folder: &Path) {
    let mut random = ChaCha8Rng::seed_from_u64(7);
    let write = |path: &str, text: String| {
        let path = folder.join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    };
    let mut windows = serde_json::Map::new();
    for (name, rows, bounds) in [
        ("a/none.csv", 700, vec![]),
        ("a/one.csv", 1300, vec![(600, 730)]),
        (
            "b/neighbours.csv",
            900,
            vec![(300, 360), (361, 420), (800, 899)],
        ),
        (
            "b/probation.csv",
            1000,
            vec![(20, 100), (140, 200), (500, 520)],
        ),
        ("b/long.csv", 6000, vec![(4000, 4400)]),
    ] {
        let (mut data, mut scores) = (
            "timestamp,value\n".to_owned(),
            "timestamp,value,anomaly_score\n".to_owned(),
        );
        for row in 0..rows {
            let inside = bounds.iter().any(|&(from, to)| (from..=to).contains(&row));
            let at = time(row * 300, "");
            writeln!(data, "{at},{row}").unwrap();
            writeln!(scores, "{at},{row},{}", score(&mut random, inside)).unwrap();
        }
        write(&format!("nab/data/{name}"), data);
        write(&format!("nab-scores/{name}"), scores);
        let bounds: Vec<_> = bounds
            .iter()
            .map(|&(a, b)| json!([time(a * 300, "") + ".000000", time(b * 300, "") + ".000000"]))
            .collect();
        windows.insert(name.to_owned(), bounds.into());
    }
    write(
        "nab/labels/combined_windows.json",
        Value::from(windows).to_string(),
    );
    for (name, rows, interval, zone) in [
        ("x/minutes.csv", 9000, 60, "Z"),
        ("x/hours.csv", 2000, 3600, ""),
        ("y/fives.csv", 3000, 300, "Z"),
        ("quiet.csv", 1500, 60, ""),
    ] {
        let (mut data, mut scores) = (
            "TimeStamp,Value,Label\n".to_owned(),
            "timestamp,value,anomaly_score\n".to_owned(),
        );
        let mut run = 0;
        for row in 0..rows {
            if run == 0 && name != "quiet.csv" && random.next_u32().is_multiple_of(150) {
                run = 1 + random.next_u32() % 12;
            }
            let at = time(row * interval, zone);
            let missing = random.next_u32().is_multiple_of(50);
            let value = if missing {
                String::new()
            } else {
                row.to_string()
            };
            writeln!(data, "{at},{value},{}", u8::from(run > 0)).unwrap();
            writeln!(scores, "{at},{value},{}", score(&mut random, run > 0)).unwrap();
            run = run.saturating_sub(1);
        }
        write(&format!("cloud/{name}"), data);
        write(&format!("cloud-scores/{name}"), scores);
    }
}

/// The scores of one file, which nothing but this test writes.
fn read(path: &Path) -> Vec<f64> {
    let records = data::records(path).unwrap();
    records
        .iter()
        .map(|record| record[2].parse().unwrap())
        .collect()
}

/// A threshold that a third of all rows exceed.
const LOW: f64 = 0.6;

/// Every number that the Python scorers print, from ours.
fn ours(data_nab: &Path, scores_nab: &Path, data_cloud: &Path, scores_cloud: &Path) -> Value {
    let files = data::nab::load(data_nab).unwrap();
    let scores: Vec<_> = files
        .iter()
        .map(|file| read(&scores_nab.join(&file.series.name)))
        .collect();
    let pairs = || {
        files
            .iter()
            .zip(&scores)
            .map(|(file, scores)| (&file.layout, scores.as_slice()))
    };
    let mut columns = serde_json::Map::new();
    for profile in nab::PROFILES {
        let best = nab::best(pairs(), profile);
        let earned: Vec<_> = pairs()
            .map(|(layout, scores)| nab::at(layout, scores, profile, best.threshold))
            .collect();
        let raw = earned.iter().map(|earned| earned.raw).sum::<f64>();
        // The two ways to the same figure
        let layouts = files.iter().map(|file| &file.layout);
        assert!((nab::normalised(raw, layouts, profile) - best.score).abs() < 1e-9);
        // At a low threshold every part of the geometry is flagged.
        let low = pairs().map(|(layout, scores)| nab::at(layout, scores, profile, LOW).raw);
        columns.insert(
            profile.name.to_owned(),
            json!({"threshold": best.threshold, "score": best.score, "raw": raw, "low": low.sum::<f64>()}),
        );
    }
    let series = data::cloud::load(data_cloud).unwrap();
    let scores: Vec<_> = series
        .iter()
        .map(|file| read(&scores_cloud.join(&file.series.name)))
        .collect();
    let scored = events::Scored::new(
        series
            .iter()
            .zip(&scores)
            .map(|(file, scores)| (&file.labels, scores.as_slice())),
    );
    let point = |point: events::Point| {
        json!({"threshold": point.threshold, "f1": point.f1, "precision": point.precision, "recall": point.recall,
            "false_alarms": point.false_alarms, "minutes": point.minutes})
    };
    let outcome = scored.outcome_of_all();
    json!({"nab": columns, "events": {
        "events": series.iter().map(|file| file.labels.events()).sum::<usize>(),
        "best": point(outcome.best), "at 0.9": point(scored.at(0.9)),
        "recall at 1": outcome.recall_at_1, "recall at 0.25": outcome.recall_at_quarter}})
}

/// The same from the Python scorers; none without python3, numpy or ../shared.
fn python(
    data_nab: &Path,
    scores_nab: &Path,
    data_cloud: &Path,
    scores_cloud: &Path,
) -> Option<Value> {
    let there = Command::new("python3")
        .args(["-c", "import numpy"])
        .output();
    if !tools().is_dir() || !there.is_ok_and(|output| output.status.success()) {
        return None;
    }
    let run = |script: &str, args: &[&std::ffi::OsStr]| -> Value {
        let output = Command::new("python3")
            .arg(tools().join(script))
            .args(args)
            .output()
            .unwrap();
        let error = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{script}: {error}");
        serde_json::from_slice(&output.stdout).unwrap()
    };
    let found = run(
        "nab_score.py",
        &[
            scores_nab.as_os_str(),
            "--nab".as_ref(),
            data_nab.as_os_str(),
            "--json".as_ref(),
        ],
    );
    let low = run(
        "nab_score.py",
        &[
            scores_nab.as_os_str(),
            "--nab".as_ref(),
            data_nab.as_os_str(),
            "--json".as_ref(),
            "--threshold".as_ref(),
            LOW.to_string().as_ref(),
        ],
    );
    let mut columns = serde_json::Map::new();
    for (profile, name) in
        nab::PROFILES
            .iter()
            .zip(["standard", "reward_low_FP_rate", "reward_low_FN_rate"])
    {
        let mut theirs = found["profiles"][name].clone();
        theirs["low"] = low["profiles"][name]["raw"].clone();
        columns.insert(profile.name.to_owned(), theirs);
    }
    let found = run(
        "event_score.py",
        &[
            data_cloud.as_os_str(),
            scores_cloud.as_os_str(),
            "--json".as_ref(),
            "--threshold".as_ref(),
            "0.9".as_ref(),
        ],
    );
    let point = |point: &Value| {
        json!({"threshold": point["threshold"], "f1": point["f1"], "precision": point["precision"],
            "recall": point["recall"], "false_alarms": point["false_alarms_per_series_week"],
            "minutes": point["median_minutes_to_detect"]})
    };
    Some(json!({"nab": columns, "events": {
        "events": found["events"], "best": point(&found["best_f1"]), "at 0.9": point(&found["at_threshold"]),
        "recall at 1": found["recall_at_1_false_alarms_per_series_week"],
        "recall at 0.25": found["recall_at_0.25_false_alarms_per_series_week"]}}))
}

/// The same numbers to nine digits behind the point, and the same shape.
fn same(ours: &Value, theirs: &Value, at: &str) {
    match (ours, theirs) {
        (Value::Object(a), Value::Object(b)) => {
            assert_eq!(
                a.keys().collect::<Vec<_>>(),
                b.keys().collect::<Vec<_>>(),
                "{at}"
            );
            for (key, value) in a {
                same(value, &b[key], &format!("{at} / {key}"));
            }
        }
        _ => match (ours.as_f64(), theirs.as_f64()) {
            (Some(a), Some(b)) => assert!((a - b).abs() <= 1e-9, "{at}: {a} is not {b}"),
            _ => assert_eq!(ours, theirs, "{at}"),
        },
    }
}

fn folders(root: &Path) -> [PathBuf; 4] {
    ["nab", "nab-scores", "cloud", "cloud-scores"].map(|name| root.join(name))
}

#[test]
fn both_scorers_give_what_the_python_ones_gave() {
    let root = tempfile::tempdir().unwrap();
    generate(root.path());
    let [a, b, c, d] = folders(root.path());
    let theirs = serde_json::from_slice(&std::fs::read(fixture()).unwrap()).unwrap();
    same(&ours(&a, &b, &c, &d), &theirs, "fixture");
}

#[test]
fn both_scorers_give_what_the_python_ones_give_now() {
    let root = tempfile::tempdir().unwrap();
    generate(root.path());
    let [a, b, c, d] = folders(root.path());
    match python(&a, &b, &c, &d) {
        Some(theirs) => same(&ours(&a, &b, &c, &d), &theirs, "python"),
        None => eprintln!("left out: python3 with numpy, or ../shared, is not there"),
    }
}

#[test]
#[ignore = "writes fixtures/scorers.json from what the Python scorers say"]
fn write_the_fixture() {
    let root = tempfile::tempdir().unwrap();
    generate(root.path());
    let [a, b, c, d] = folders(root.path());
    let theirs = python(&a, &b, &c, &d).expect("python3 with numpy and ../shared");
    std::fs::write(
        fixture(),
        serde_json::to_string_pretty(&theirs).unwrap() + "\n",
    )
    .unwrap();
}
