use std::path::Path;

use detector::state::State;
use incidents::Record;
use serde_json::Value;

use super::*;
use crate::local::OpenDetector;
use crate::recorded;

/// Standard output, or the error.
async fn state(data: &Path, action: Action) -> Result<Value, String> {
    let args = StateArgs {
        action,
        data: data.to_owned(),
        config: None,
        json: true,
    };
    let mut stdout = Vec::new();
    match run(&args, &mut stdout).await {
        Ok(_) => Ok(serde_json::from_slice(&stdout).unwrap()),
        Err(error) => Err(format!("{error:#}")),
    }
}

fn export(file: &Path) -> Action {
    Action::Export {
        file: file.to_owned(),
    }
}

fn import(file: &Path, replace: bool) -> Action {
    Action::Import {
        file: file.to_owned(),
        replace,
    }
}

/// The newest state object, and the records of all incidents without the number of their writes.
async fn known(open: &OpenDetector) -> (Vec<u8>, Vec<Record>) {
    let pointer = open.deps.state.pointer(0).await.unwrap().unwrap();
    let bytes = open
        .deps
        .checkpoints
        .read(0, pointer.committed)
        .await
        .unwrap()
        .unwrap();
    let scenario = recorded::scenario();
    let history = open
        .deps
        .state
        .history(scenario.from, scenario.to())
        .await
        .unwrap();
    let records = history.iter().map(|body| {
        let mut record = Record::from_json(body).unwrap();
        record.ver = 0;
        record
    });
    (bytes.to_vec(), records.collect())
}

#[tokio::test]
async fn a_detector_that_begins_with_the_file_goes_on_as_the_other_one_does() {
    let folder = tempfile::tempdir().unwrap();
    let [old, new, file] = ["old", "new", "file"].map(|name| folder.path().join(name));
    // In the middle of an incident.
    recorded::run(&old, 26).await;
    let exported = state(&old, export(&file)).await.unwrap();
    assert_eq!(exported["incidents"], 1, "{exported}");
    let imported = state(&new, import(&file, false)).await.unwrap();
    assert_eq!(imported["shards"], exported["shards"]);
    assert_eq!(imported["shards"][0]["replaced"], Value::Null);

    let (left, right) = (
        OpenDetector::open(&old, None).await.unwrap(),
        OpenDetector::open(&new, None).await.unwrap(),
    );
    let told = |outcomes: Vec<detector::Outcome>| -> Vec<_> {
        outcomes
            .into_iter()
            .flat_map(|outcome| outcome.told)
            .collect()
    };
    let (before, after) = (
        told(recorded::go_on(&left, 26..50).await),
        told(recorded::go_on(&right, 26..50).await),
    );
    assert!(
        before.iter().any(|told| told.action == "resolve"),
        "{before:?}"
    );
    assert_eq!(before, after);
    let (left_known, right_known) = (known(&left).await, known(&right).await);
    assert!(
        left_known.0 == right_known.0,
        "the states are the same to the bit"
    );
    assert_eq!(left_known.1, right_known.1);
    left.close().await.unwrap();
    right.close().await.unwrap();
}

#[tokio::test]
async fn what_was_learned_here_is_replaced_only_when_asked_and_named() {
    let folder = tempfile::tempdir().unwrap();
    let [old, new, early, late] =
        ["old", "new", "early", "late"].map(|name| folder.path().join(name));
    recorded::run(&old, 10).await;
    state(&old, export(&early)).await.unwrap();
    recorded::run(&new, 15).await;
    state(&new, export(&late)).await.unwrap();

    for (name, data, file) in [
        ("an older state", &new, &early),
        ("a newer one", &old, &late),
    ] {
        let before = std::fs::read_dir(data.join("state/state/0"))
            .unwrap()
            .count();
        let error = state(data, import(file, false)).await.unwrap_err();
        assert!(
            error.contains("has learned up to 2026-11-18T10:0") && error.contains("--replace"),
            "{name}: {error}"
        );
        assert_eq!(
            std::fs::read_dir(data.join("state/state/0"))
                .unwrap()
                .count(),
            before,
            "{name}"
        );
    }
    // Forward: the state of the file is the newest one from now on.
    let moved = state(&old, import(&late, true)).await.unwrap();
    assert_eq!(moved["shards"][0]["learned"], "2026-11-18T10:08:00Z");
    assert_eq!(
        moved["shards"][0]["replaced"]["learned"],
        "2026-11-18T10:03:00Z"
    );
    // Backward: the state of the file learns what has settled here since, which gives the state that was here.
    let open = OpenDetector::open(&new, None).await.unwrap();
    let before = known(&open).await.0;
    open.close().await.unwrap();
    let moved = state(&new, import(&early, true)).await.unwrap();
    assert_eq!(moved["shards"][0]["learned"], "2026-11-18T10:08:00Z");
    let open = OpenDetector::open(&new, None).await.unwrap();
    let after = known(&open).await.0;
    assert_eq!(
        State::decode(&after).unwrap(),
        State::decode(&before).unwrap()
    );
    recorded::go_on(&open, 15..17).await;
    open.close().await.unwrap();
}

#[tokio::test]
async fn files_that_are_of_no_use_change_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let [data, fresh, file, bad] =
        ["data", "fresh", "file", "bad"].map(|name| folder.path().join(name));
    recorded::run(&data, 3).await;
    state(&data, export(&file)).await.unwrap();
    let whole = std::fs::read(&file).unwrap();
    let mut flipped = whole.clone();
    *flipped.last_mut().unwrap() ^= 1;
    let mut another = Contents::decode(&whole).unwrap();
    another.shards[0].state[0] = 250;
    for (name, content, words) in [
        ("nothing", &b""[..], "it is no state of outrider"),
        (
            "a part",
            &whole[..whole.len() / 2],
            "it is damaged: its checksum is another one",
        ),
        ("a byte changed", &flipped, "it is damaged"),
        (
            "a state of another build",
            &another.encode().unwrap(),
            "it has version 250",
        ),
    ] {
        std::fs::write(&bad, content).unwrap();
        let error = state(&fresh, import(&bad, false)).await.unwrap_err();
        assert!(
            error.contains("bad: ") && error.contains(words),
            "{name}: {error}"
        );
        assert!(!fresh.exists(), "{name}");
    }
    let error = state(&fresh, export(&bad)).await.unwrap_err();
    assert!(error.contains("holds no data of outrider"), "{error}");
    let error = state(&fresh, import(&fresh.join("nowhere"), false))
        .await
        .unwrap_err();
    assert!(error.contains("nowhere: cannot read it"), "{error}");
}
