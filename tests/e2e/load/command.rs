//! The binary: exit codes, one line for wrong use, one document for programs, Ctrl-C.

use std::path::Path;
use std::process::Stdio;

use e2e::built;
use serde_json::Value;
use tokio::process::Command;

use super::service::Service;

fn load(url: &str, more: &[&str]) -> Command {
    let mut command = Command::new(built::binary("outrider"));
    command
        .args(["load", "--url", url, "--rate", "40", "--duration", "1s"])
        .args(more);
    command
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .kill_on_drop(true);
    command
}

struct Ended {
    code: Option<i32>,
    stdout: String,
    stderr: String,
}

async fn run(mut command: Command) -> Ended {
    let output = command.output().await.unwrap();
    Ended {
        code: output.status.code(),
        stdout: String::from_utf8(output.stdout).unwrap(),
        stderr: String::from_utf8(output.stderr).unwrap(),
    }
}

#[tokio::test]
async fn wrong_use_is_one_line_with_the_fix_and_sends_nothing() {
    let service = Service::start().await;
    let url = service.listener.endpoint();
    let folder = tempfile::tempdir().unwrap();
    let absent = folder
        .path()
        .join("no/such/result.json")
        .display()
        .to_string();
    let other = folder.path().join("other.json");
    std::fs::write(&other, "{\"version\":9}").unwrap();
    let other = other.display().to_string();
    for (rule, url, more, says) in [
        (
            "another machine",
            "https://cars.example.com",
            vec![],
            "--yes",
        ),
        (
            "its cost",
            "https://cars.example.com",
            vec![],
            "on AWS this costs about $0.",
        ),
        (
            "a rate beyond the cap",
            &url,
            vec!["--rate=9999"],
            "write 0.1 to 5000",
        ),
        (
            "a duration beyond the cap",
            &url,
            vec!["--duration=3h"],
            "at most 2h",
        ),
        (
            "an unknown scenario",
            &url,
            vec!["--scenario=flood"],
            "write constant",
        ),
        ("an unknown option", &url, vec!["--speed=9"], "--speed"),
        (
            "a file that is not there",
            &url,
            vec!["--compare", &absent],
            "no/such/result.json",
        ),
        (
            "a file of another version",
            &url,
            vec!["--compare", &other],
            "version 9",
        ),
        (
            "a folder that is not there",
            &url,
            vec!["--out", &absent],
            "make the folder",
        ),
    ] {
        let mut command = load(url, &[]);
        // The later of two wins only where an option may be given twice: replace the defaults.
        let overridden: Vec<&str> = more
            .iter()
            .filter_map(|word| word.split_once('='))
            .map(|(name, _)| name)
            .collect();
        if !overridden.is_empty() {
            command = Command::new(built::binary("outrider"));
            command.args(["load", "--url", url]);
            for (name, value) in [("--rate", "40"), ("--duration", "1s")] {
                if !overridden.contains(&name) {
                    command.args([name, value]);
                }
            }
        }
        command.args(&more);
        let ended = run(command).await;
        assert_eq!(
            (ended.code, ended.stdout.as_str()),
            (Some(2), ""),
            "{rule}: {}",
            ended.stderr
        );
        assert_eq!(ended.stderr.lines().count(), 1, "{rule}: {}", ended.stderr);
        assert!(ended.stderr.contains(says), "{rule}: {}", ended.stderr);
    }
    assert!(service.left().is_empty());
}

#[tokio::test]
async fn a_run_writes_a_result_that_the_next_run_is_compared_with() {
    let service = Service::start().await;
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("result.json");
    let out = out.to_str().unwrap();
    let ended = run(load(
        &service.listener.endpoint(),
        &["--json", "--out", out, "--slo-ms", "30000"],
    ))
    .await;
    assert_eq!(
        (ended.code, ended.stderr.as_str()),
        (Some(0), ""),
        "{}",
        ended.stdout
    );
    let document: Value = serde_json::from_str(&ended.stdout).unwrap();
    assert_eq!(
        (&document["planned"], &document["endings"]["ok"]),
        (&40.into(), &40.into())
    );
    let file: Value =
        serde_json::from_str(&std::fs::read_to_string(Path::new(out)).unwrap()).unwrap();
    assert_eq!(file, document, "the file is the document");
    assert!(service.left().is_empty(), "{:?}", service.left());

    let ended = run(load(
        &service.listener.endpoint(),
        &["--compare", out, "--slo-ms", "30000"],
    ))
    .await;
    assert_eq!(
        (ended.code, ended.stderr.as_str()),
        (Some(0), ""),
        "{}",
        ended.stdout
    );
    for line in [
        "p99.9",
        "errors %",
        "old       new",
        "corrected for coordinated omission",
        "objective met",
    ] {
        assert!(ended.stdout.contains(line), "{line} in {}", ended.stdout);
    }
}

#[tokio::test]
async fn a_missed_objective_is_exit_code_1() {
    let service = Service::start().await;
    let ended = run(load(&service.listener.endpoint(), &["--slo-ms", "0.001"])).await;
    assert_eq!(ended.code, Some(1), "{}{}", ended.stdout, ended.stderr);
    assert!(
        ended.stdout.contains("objective MISSED"),
        "{}",
        ended.stdout
    );
}

#[tokio::test]
async fn ctrl_c_ends_with_what_was_measured_and_leaves_no_car() {
    let service = Service::start().await;
    let mut command = Command::new(built::binary("outrider"));
    command.args([
        "load",
        "--json",
        "--rate",
        "40",
        "--duration",
        "2h",
        "--slo-ms",
        "30000",
        "--url",
    ]);
    command.arg(service.listener.endpoint());
    command
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .kill_on_drop(true);
    let child = command.spawn().unwrap();
    service.seen(40).await;
    let pid = child
        .id()
        .and_then(|id| rustix::process::Pid::from_raw(id.cast_signed()))
        .unwrap();
    rustix::process::kill_process(pid, rustix::process::Signal::INT).unwrap();
    let output = child.wait_with_output().await.unwrap();
    assert_eq!(
        output.status.code(),
        Some(0),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    let document: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(document["interrupted"], true);
    assert_eq!(document["planned"], 288_000);
    assert!(
        document["endings"]["ok"]
            .as_u64()
            .is_some_and(|ok| ok >= 15),
        "{}",
        document["endings"]
    );
    assert!(service.left().is_empty(), "{:?}", service.left());
}
