//! What people do after the demo, with the commands that its messages name.

use std::path::Path;
use std::process::{Command, Output};

use e2e::built;
use serde_json::Value;

fn outrider(data: &Path, arguments: &[&str]) -> Output {
    Command::new(built::binary("outrider"))
        .args(arguments)
        .arg("--data")
        .arg(data)
        .output()
        .unwrap()
}

/// What a command said on standard output; it must succeed.
fn said(data: &Path, arguments: &[&str]) -> String {
    let output = outrider(data, arguments);
    let error = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(0), "{arguments:?}: {error}");
    String::from_utf8(output.stdout).unwrap()
}

/// The one line in which a command refuses.
fn refusal(data: &Path, arguments: &[&str]) -> String {
    let output = outrider(data, arguments);
    assert_eq!(output.status.code(), Some(2), "{arguments:?}: {output:?}");
    assert!(output.stdout.is_empty(), "{arguments:?}: {output:?}");
    let line = String::from_utf8(output.stderr).unwrap();
    assert_eq!(line.lines().count(), 1, "{line}");
    line
}

#[test]
fn incidents_are_listed_judged_and_silenced_and_what_is_over_is_not_taken_on() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("demo");
    said(&data, &["demo", "--seed", "1", "--json"]);

    let list = said(&data, &["incidents", "list"]);
    let id = &list.lines().next().unwrap()[..26];
    let [by, name] = ["--by", "Ada"];
    for (arguments, says) in [
        (
            vec!["incidents", "ack", id, by, name],
            "nothing left to acknowledge",
        ),
        (
            vec!["incidents", "ack", "ZZZ", by, name],
            "`outrider incidents list` names them",
        ),
        (
            vec!["incidents", "verdict", id, "maybe", by, name],
            "real, expected or false",
        ),
        (
            vec![
                "silence",
                "add",
                "--service",
                "CarManager",
                by,
                name,
                "--reason",
                "x",
            ],
            "needs an end",
        ),
        (
            vec!["silence", "add", "--for", "2h", by, name, "--reason", "x"],
            "everything",
        ),
        (
            vec![
                "silence",
                "add",
                "--symptom",
                "slow",
                "--for",
                "2h",
                by,
                name,
                "--reason",
                "x",
            ],
            "write one of latency, errors",
        ),
        (
            vec!["silence", "expire", "sil-0"],
            "`outrider silence list` names them",
        ),
    ] {
        let line = refusal(&data, &arguments);
        assert!(line.contains(says), "{arguments:?}: {line}");
    }

    said(
        &data,
        &[
            "incidents",
            "verdict",
            id,
            "expected",
            by,
            name,
            "--note",
            "load test",
        ],
    );
    let list = said(&data, &["incidents", "list"]);
    assert!(list.contains("; expected, says Ada: load test"), "{list}");
    let shown: Value =
        serde_json::from_str(&said(&data, &["incidents", "show", id, "--json"])).unwrap();
    assert_eq!(shown[0]["verdict"]["verdict"], "expected", "{shown}");

    let pages = said(&data, &["incidents", "pages"]);
    assert!(
        pages.starts_with("3 pages were sent in 28 days, 0.75 a service and week"),
        "{pages}"
    );
    assert!(
        pages.contains(
            "many errors: 1 incidents, 2 messages; 0 real, 1 expected, 0 false, 0 not judged"
        ),
        "{pages}"
    );

    let service = ["--service", "CarManager"];
    let add = [
        &[
            "silence", "add", "--for", "2h", by, name, "--reason", "move",
        ],
        &service[..],
    ]
    .concat();
    let added = said(&data, &add);
    let silence = added.split(' ').next().unwrap();
    assert!(
        added.contains("service=CarManager: active until 2") && added.contains("by Ada: move"),
        "{added}"
    );
    said(&data, &["silence", "expire", &silence[..8], by, "Grace"]);
    let list: Value = serde_json::from_str(&said(&data, &["silence", "list", "--json"])).unwrap();
    assert_eq!(list[0]["expired_by"], "Grace", "{list}");
    let line = refusal(&data, &["silence", "expire", silence]);
    assert!(line.contains("nothing changes"), "{line}");
}
