use std::path::Path;

use serde_json::{Value, json};

use super::*;
use crate::ingest::input::Input;
use crate::ingest::replay::ReplayArgs;

const EVENT: i64 = 1_795_200_000_000;

/// A Lambda event with one log event of stream `stream`.
fn payload(stream: &str, message: &str) -> String {
    let events = [crate::local::journal::LogEvent {
        id: "1".to_owned(),
        timestamp: EVENT,
        message: message.to_owned(),
    }];
    String::from_utf8(
        crate::local::subscription::payload("/aws/lambda/f", stream, &events).unwrap(),
    )
    .unwrap()
}

fn report(duration: &str) -> String {
    format!(
        "REPORT RequestId: r\tDuration: {duration} ms\tBilled Duration: 4 ms\tMemory Size: 256 MB\tMax Memory Used: 60 MB\t\n"
    )
}

/// Exit code, standard output and standard error of `ingest` on one file.
fn ingest(summary: bool, files: &[(&str, &str)]) -> (ExitCode, String, String) {
    let folder = tempfile::tempdir().unwrap();
    let files = files.iter().map(|(name, content)| {
        let path = folder.path().join(name);
        std::fs::write(&path, content).unwrap();
        path
    });
    let args = IngestArgs {
        summary,
        repeat: 2,
        replay: ReplayArgs::default(),
        files: files.collect(),
    };
    let (mut stdout, mut stderr) = (Vec::new(), Vec::new());
    let code = match run(&args, &mut stdout, &mut stderr) {
        Ok(code) => code,
        Err(error) => {
            write!(stderr, "{error:#}").unwrap();
            ExitCode::from(2)
        }
    };
    let text = |bytes: Vec<u8>| {
        String::from_utf8(bytes)
            .unwrap()
            .replace(&*folder.path().to_string_lossy(), "DIR")
    };
    (code, text(stdout), text(stderr))
}

#[test]
fn lines_are_sorted_by_series_and_have_the_contracts_members() {
    let (code, stdout, stderr) = ingest(false, &[("a.json", &payload("s", &report("3.5")))]);
    assert_eq!((code, stderr.as_str()), (ExitCode::SUCCESS, ""));
    let lines: Vec<Value> = stdout
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    let series: Vec<_> = lines
        .iter()
        .map(|line| line["series"].as_str().unwrap())
        .collect();
    assert!(series.is_sorted());
    assert_eq!(lines.len(), 5);
    let expected = r#"{"series":"lambda/f/duration_ms{}","minute":"2026-11-20T18:40:00Z","count":1,"sum":3.5,"min":3.5,"max":3.5,"p50":3.5,"p90":3.5,"p99":3.5}"#;
    assert!(stdout.lines().any(|line| line == expected), "{stdout}");
}

#[test]
fn percentiles_are_null_when_no_single_value_was_seen() {
    let document = json!({
        "_aws": { "Timestamp": EVENT, "CloudWatchMetrics": [
            { "Namespace": "N", "Dimensions": [[]], "Metrics": [{ "Name": "M" }] }
        ]},
        "M": { "Max": 9, "Min": 1, "Count": 3, "Sum": 12 },
    });
    let (_, stdout, _) = ingest(false, &[("a.json", &payload("s", &document.to_string()))]);
    let expected = r#"{"series":"emf/N/M{}","minute":"2026-11-20T18:40:00Z","count":3,"sum":12.0,"min":1.0,"max":9.0,"p50":null,"p90":null,"p99":null}"#;
    assert_eq!(stdout.trim_end(), expected);
}

#[test]
fn the_summary_says_how_much_there_was_and_what_was_rejected() {
    let lines = [
        payload("a", &report("1.25")),
        payload("b", &report("2.25")),
        payload("c", r#"{"cut":"#),
    ]
    .join("\n");
    let (code, stdout, stderr) = ingest(true, &[("a.jsonl", &(lines + "\n\n"))]);
    assert_eq!((code, stderr.as_str()), (ExitCode::SUCCESS, ""));
    let mut summary: Value = serde_json::from_str(&stdout).unwrap();
    assert!(summary["seconds"].as_f64().unwrap() > 0.0 && summary["bytes"].as_u64().unwrap() > 500);
    summary["seconds"].take();
    summary["bytes"].take();
    let sum = 1.25 + 2.25 + 2.0 * (4.0 + 60.0 + 256.0 + 1.0);
    let expected = json!({ "payloads": 3, "events": 3, "bytes": null, "samples": 10, "series": 5, "sum": sum,
        "rejected": { "not_json": 1 }, "seconds": null });
    assert_eq!(summary, expected);
}

#[test]
fn a_batch_that_is_there_twice_counts_once() {
    let line = payload("a", &report("1.25"));
    let (code, stdout, stderr) = ingest(true, &[("a.json", &line), ("b.jsonl", &line)]);
    assert_eq!(code, ExitCode::SUCCESS);
    assert_eq!(
        stderr,
        "outrider: 1 batches are there more than once and were counted once\n"
    );
    let summary: Value = serde_json::from_str(&stdout).unwrap();
    assert_eq!(
        (summary["payloads"].as_u64(), summary["samples"].as_u64()),
        (Some(2), Some(5))
    );
}

/// A Lambda event with reports whose ids are these numbers.
fn cut(stream: &str, ids: std::ops::RangeInclusive<i64>) -> String {
    let events: Vec<_> = ids
        .map(|id| crate::local::journal::LogEvent {
            id: format!("{id:056}"),
            timestamp: EVENT + id,
            message: report(&format!("{id}.5")),
        })
        .collect();
    String::from_utf8(
        crate::local::subscription::payload("/aws/lambda/f", stream, &events).unwrap(),
    )
    .unwrap()
}

#[test]
fn log_events_that_come_again_in_another_cut_count_once() {
    let once = cut("a", 1..=9);
    let (_, expected, _) = ingest(false, &[("a.json", &once)]);
    let cuts = [cut("a", 3..=5), cut("a", 1..=4), cut("a", 5..=9)];
    for (rule, order, again) in [
        ("in order", [1, 0, 2], 3),
        ("from behind", [2, 0, 1], 3),
        ("the middle first", [0, 1, 2], 3),
    ] {
        let lines = order.map(|at| cuts[at].as_str()).join("\n");
        let (code, stdout, stderr) = ingest(false, &[("a.jsonl", &lines)]);
        assert_eq!(code, ExitCode::SUCCESS);
        assert_eq!(stdout, expected, "{rule}");
        assert_eq!(
            stderr,
            format!(
                "outrider: {again} log events are there more than once and were counted once\n"
            ),
            "{rule}"
        );
    }
    let lines = [&cuts[1], &cuts[0], &cuts[0], &once].map(String::as_str);
    let (_, stdout, stderr) = ingest(false, &[("a.jsonl", &lines.join("\n"))]);
    assert_eq!(stdout, expected, "what is left of the whole are its last");
    assert_eq!(
        stderr,
        "outrider: 1 batches and 7 log events of others are there more than once and were counted once\n"
    );
    let lines = [cut("a", 1..=3), cut("b", 2..=4)].join("\n");
    let (_, _, stderr) = ingest(false, &[("a.jsonl", &lines)]);
    assert_eq!(stderr, "", "ids are those of one stream");
}

#[test]
fn a_payload_that_cannot_be_read_is_named_and_costs_no_other() {
    let lines = [
        "{",
        &payload("a", &report("1.25")),
        r#"{"awslogs":{"data":"AAAA"}}"#,
    ]
    .join("\n");
    let (code, stdout, stderr) = ingest(true, &[("a.jsonl", &lines)]);
    assert_eq!(code, ExitCode::from(2));
    assert!(
        stderr.starts_with("outrider: DIR/a.jsonl:1: the event is no subscription payload"),
        "{stderr}"
    );
    assert!(
        stderr.ends_with("(and 1 other payload cannot be read)\n") && stderr.lines().count() == 1,
        "{stderr}"
    );
    let summary: Value = serde_json::from_str(&stdout).unwrap();
    assert_eq!(summary["samples"], 5);
    assert_eq!(
        summary["rejected"],
        json!({ "payload_not_an_event": 1, "payload_not_gzip": 1 })
    );
}

#[test]
fn files_that_are_not_there_or_have_another_name_are_wrong_use() {
    let (code, stdout, stderr) = ingest(true, &[("a.log", "")]);
    assert_eq!((code, stdout.as_str()), (ExitCode::from(2), ""));
    assert_eq!(
        stderr,
        "DIR/a.log: name it .json if it holds one Lambda event, .jsonl if it holds one a line"
    );
    let args = IngestArgs {
        summary: true,
        repeat: 1,
        replay: ReplayArgs::default(),
        files: vec!["/nowhere/a.json".into()],
    };
    let error = run(&args, &mut Vec::new(), &mut Vec::new()).unwrap_err();
    assert!(
        format!("{error:#}").starts_with("/nowhere/a.json: cannot read it: "),
        "{error:#}"
    );
}

#[test]
fn standard_input_is_one_event_or_one_a_line() {
    let one = serde_json::to_string_pretty(&json!({ "awslogs": { "data": "" } })).unwrap();
    let named = |content: &str| {
        input::of_stdin(content.into())
            .iter()
            .map(Input::name)
            .collect::<Vec<_>>()
    };
    assert_eq!(named(&one), ["standard input"]);
    assert_eq!(
        named("{}\n\n{}\n"),
        ["standard input:1", "standard input:3"]
    );
    assert!(Path::new("-") == PathBuf::from("-").as_path());
}

#[test]
fn a_reader_that_has_gone_away_does_not_hide_what_cannot_be_read() {
    struct Gone;
    impl Write for Gone {
        fn write(&mut self, _: &[u8]) -> std::io::Result<usize> {
            Err(ErrorKind::BrokenPipe.into())
        }
        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }
    let folder = tempfile::tempdir().unwrap();
    for (rule, text, expected) in [
        (
            "a payload that reads",
            payload("a", &report("1.25")),
            ExitCode::SUCCESS,
        ),
        ("a payload that does not", "{".to_owned(), ExitCode::from(2)),
    ] {
        let file = folder.path().join("a.json");
        std::fs::write(&file, text).unwrap();
        let args = IngestArgs {
            summary: false,
            repeat: 1,
            replay: ReplayArgs::default(),
            files: vec![file],
        };
        let code = run(&args, &mut Gone, &mut Vec::new()).unwrap();
        assert_eq!(code, expected, "{rule}");
    }
}
