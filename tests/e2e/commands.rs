//! The command itself: exit codes, and what goes to which stream.

use std::path::Path;
use std::process::{Command, Output};

use e2e::built;

fn outrider(folder: &Path, arguments: &[&str]) -> Output {
    Command::new(built::binary("outrider"))
        .args(arguments)
        .current_dir(folder)
        .output()
        .unwrap()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

#[test]
fn exit_codes_and_streams_are_as_they_are_promised() {
    let folder = tempfile::tempdir().unwrap();
    let series = folder.path().join("series");
    std::fs::create_dir(&series).unwrap();
    std::fs::write(
        series.join("a.csv"),
        "timestamp,value\n2026-11-20 22:05:00,1\n2026-11-20 22:06:00,\n",
    )
    .unwrap();
    let quiet = r#"{"series":"lambda/f/invocations{}","minute":"2026-11-20T22:05:00Z","count":1,"sum":1.0,"min":1.0,"max":1.0,"p50":1.0,"p90":1.0,"p99":1.0}"#;
    std::fs::write(folder.path().join("quiet.jsonl"), quiet).unwrap();
    for (name, arguments, code, stdout, stderr) in [
        (
            "detect",
            &["detect", "--input", "series", "--output", "scores"][..],
            0,
            "1 files, 2 rows scored, scores in scores; 1 rows without a value\n",
            "",
        ),
        (
            "detect as JSON",
            &[
                "detect", "--input", "series", "--output", "scores", "--json",
            ],
            0,
            "{\"files\":1,\"failed\":0,",
            "",
        ),
        (
            "detect without an output",
            &["detect", "--input", "series"],
            2,
            "",
            "--output <DIR>",
        ),
        (
            "detect of nothing",
            &["detect", "--input", ".", "--output", "series/x"],
            2,
            "",
            "outrider: --output series/x lies in --input .; name a folder beside it\n",
        ),
        (
            "replay of a quiet minute",
            &["replay", "quiet.jsonl", "--json"],
            0,
            "{\"from\":\"2026-11-20T22:05:00Z\",",
            "",
        ),
        (
            "replay of nothing",
            &["replay", "series/a.csv"],
            2,
            "",
            "name it .json",
        ),
        (
            "explain without data",
            &["explain", "errors", "--at", "2026-11-20T22:05:00Z"],
            2,
            "",
            "outrider: .outrider holds no data of outrider; name the folder with --data, or AWS with --aws\n",
        ),
        (
            "a drill",
            &["drill", "--data", "drilled", "--by", "Ada", "--json"],
            0,
            "{\"arrived\":true,\"incident\":\"",
            "",
        ),
        (
            "a drill on AWS",
            &["drill", "--aws"],
            2,
            "",
            "outrider: drill --aws is not possible yet",
        ),
        (
            "a state that is none",
            &["state", "import", "quiet.jsonl"],
            2,
            "",
            "outrider: quiet.jsonl: it is no state of outrider",
        ),
        (
            "a scenario that is none",
            &["simulate", "--scenario", "meteor", "--out", "sim"],
            2,
            "",
            "meteor",
        ),
        (
            "a simulation over files",
            &["simulate", "--scenario", "quiet", "--out", "series"],
            2,
            "",
            "outrider: series is not empty: name a folder that is, or one that is not there yet\n",
        ),
        (
            "no days",
            &[
                "simulate",
                "--scenario",
                "quiet",
                "--days",
                "0",
                "--out",
                "sim",
            ],
            2,
            "",
            "--days <N>",
        ),
        (
            "payloads that are a folder",
            &["ingest", "--summary", "series"],
            2,
            "",
            "outrider: series is a folder: name the files in it, such as series/*.jsonl\n",
        ),
        (
            "a file whose name moves the cursor",
            &["replay", "\u{1b}[2Ja.jsonl"],
            2,
            "",
            "outrider: \\u{1b}[2Ja.jsonl: cannot read it",
        ),
        (
            "a time that is none",
            &["replay", "quiet.jsonl", "--from", "noon"],
            2,
            "",
            "outrider: --from \"noon\" is no instant: write one such as 2026-11-20T22:05:00Z",
        ),
        (
            "a deploy of nothing",
            &["check-deploy", "--function", "f"],
            2,
            "",
            "holds no data of outrider",
        ),
    ] {
        let output = outrider(folder.path(), arguments);
        let (out, err) = (text(&output.stdout), text(&output.stderr));
        assert_eq!(output.status.code(), Some(code), "{name}: {out}{err}");
        assert!(out.starts_with(stdout), "{name}: {out}");
        assert!(err.contains(stderr), "{name}: {err}");
        assert_eq!(err.lines().count(), usize::from(code == 2), "{name}: {err}");
        assert!(code == 0 || out.is_empty(), "{name}: {out}");
    }
    assert!(
        !folder.path().join(".outrider").exists(),
        "a question makes no folder"
    );
    let scores = std::fs::read_to_string(folder.path().join("scores/a.csv")).unwrap();
    assert_eq!(
        scores,
        "timestamp,value,anomaly_score\n2026-11-20 22:05:00,1,0\n2026-11-20 22:06:00,,0\n"
    );
}
