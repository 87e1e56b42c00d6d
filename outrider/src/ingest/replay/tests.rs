//! Replays on a data directory, from its own destination and from files.

mod queues;

use std::path::Path;
use std::sync::Arc;

use platform::clock::{Clock, ManualClock};
use platform::emit::Emitter;
use platform::series_store::Rollups;
use serde_json::{Value, json};
use signals::Minute;
use tempfile::TempDir;

use super::*;
use crate::local::failures::Failures;
use crate::local::gateway::Arrivals;
use crate::local::journal::{Entry, Journal, LogEvent};
use crate::local::lambda::Arrival;
use crate::local::{LOG_GROUP, OpenLogs, Options, Stack, subscription};

/// 2026-11-20T18:40:00Z
const MINUTE: i64 = 1_795_200_000_000;
const PERSONAL: &str = "jane.doe@example.com";

#[derive(Debug)]
struct Nobody;

impl Arrivals for Nobody {
    fn next(&self) -> Arrival {
        Arrival {
            request: 0,
            throttled: false,
            init_ms: None,
        }
    }
}

impl Emitter for Nobody {
    fn emit(&self, _line: &str) {}
}

fn clock() -> Arc<ManualClock> {
    Arc::new(ManualClock::at("2026-11-20T18:41:00Z".parse().unwrap()))
}

/// A data directory as a stack leaves it.
async fn data() -> TempDir {
    let data = tempfile::tempdir().unwrap();
    let stack = Stack::start(Options {
        data: data.path().to_owned(),
        port: 0,
        clock: clock(),
        arrivals: Arc::new(Nobody),
        links: false,
        store_calls: None,
    });
    stack.await.unwrap().stop().await.unwrap();
    data
}

async fn open(data: &Path) -> OpenLogs {
    OpenLogs::open(data, clock(), Arc::new(Nobody))
        .await
        .unwrap()
}

fn report(id: u64, ms: f64) -> LogEvent {
    let message = format!(
        "REPORT RequestId: {PERSONAL}\tDuration: {ms} ms\tBilled Duration: 4 ms\tMemory Size: 256 MB\tMax Memory Used: 60 MB\t\n"
    );
    LogEvent {
        id: format!("{id:056}"),
        timestamp: MINUTE + i64::try_from(id).unwrap(),
        message,
    }
}

/// What the function logged in a minute: three reports.
fn journal(data: &Path) -> Journal {
    let journal = Journal::in_folder(&data.join("logs").join("car-api")).unwrap();
    let entry = Entry {
        request: 0,
        throttled: false,
        error: false,
        events: (1..=3).map(|id| report(id, 1.5)).collect(),
    };
    journal.append(Minute::from_millis(MINUTE), &entry).unwrap();
    journal
}

/// Delivers the minute to log-processor, on the directory's store or on one that has no tables.
async fn deliver(data: &Path, mended: bool) -> subscription::Delivered {
    let journal = journal(data);
    let failures = Failures::of(data, clock());
    let minute = Minute::from_millis(MINUTE);
    let elsewhere = tempfile::tempdir().unwrap();
    if !mended {
        std::fs::write(elsewhere.path().join("dynamodb.sqlite"), "").unwrap();
    }
    let logs = open(if mended { data } else { elsewhere.path() }).await;
    let delivered =
        subscription::deliver(&journal, LOG_GROUP, minute, &logs.processor, &failures).await;
    logs.close().await.unwrap();
    delivered.unwrap()
}

async fn stored(data: &Path) -> Rollups {
    let logs = open(data).await;
    let minute = Minute::from_millis(MINUTE);
    let series = &logs.processor.series;
    let stored = series.raw_minutes(LOG_GROUP, minute, minute).await.unwrap();
    logs.close().await.unwrap();
    stored
}

/// Exit code, standard output and standard error.
async fn replay_with(args: ReplayArgs, sources: &[&Path]) -> (ExitCode, String, String) {
    let sources: Vec<_> = sources.iter().map(|path| path.to_path_buf()).collect();
    let (mut stdout, mut stderr) = (Vec::new(), Vec::new());
    let code = match run(&args, &sources, &mut stdout, &mut stderr).await {
        Ok(code) => code,
        Err(error) => {
            write!(stderr, "{error:#}").unwrap();
            ExitCode::from(2)
        }
    };
    let text = |bytes| String::from_utf8(bytes).unwrap();
    let (stdout, stderr) = (text(stdout), text(stderr));
    assert!(
        !stdout.contains(PERSONAL) && !stderr.contains(PERSONAL),
        "no text of a log line is shown: {stdout}{stderr}"
    );
    (code, stdout, stderr)
}

fn on(data: &Path) -> ReplayArgs {
    ReplayArgs {
        from_dlq: true,
        data: Some(data.to_owned()),
        ..ReplayArgs::default()
    }
}

fn records(data: &Path) -> Vec<Value> {
    let Ok(entries) = std::fs::read_dir(data.join("log-processor-failures")) else {
        return Vec::new();
    };
    entries
        .map(|entry| {
            serde_json::from_slice(&std::fs::read(entry.unwrap().path()).unwrap()).unwrap()
        })
        .collect()
}

#[tokio::test]
async fn what_the_store_refused_three_times_is_replayed_to_the_same_rollups() {
    let (undisturbed, disturbed) = (data().await, data().await);
    assert_eq!(deliver(undisturbed.path(), true).await.put_aside, 0);
    let delivered = deliver(disturbed.path(), false).await;
    assert_eq!(
        (delivered.events, delivered.items, delivered.put_aside),
        (3, 0, 1)
    );
    assert!(stored(disturbed.path()).await.is_empty());
    let [record] = &records(disturbed.path())[..] else {
        panic!("one record")
    };
    let context = &record["requestContext"];
    assert_eq!(
        (&context["condition"], &context["approximateInvokeCount"]),
        (&json!("RetriesExhausted"), &json!(3))
    );
    assert_eq!(
        record["responsePayload"]["errorType"], "LogProcessor.Permanent",
        "{record}"
    );

    let (code, stdout, stderr) = replay_with(on(disturbed.path()), &[]).await;
    assert_eq!((code, stderr.as_str()), (ExitCode::SUCCESS, ""), "{stdout}");
    assert_eq!(
        stdout,
        "1 records: 1 replayed (3 log events, 1 rollup items), 0 left, 0 unreadable\n"
    );
    assert_eq!(
        stored(disturbed.path()).await,
        stored(undisturbed.path()).await
    );
    assert!(records(disturbed.path()).is_empty(), "it is deleted");

    let (code, stdout, _) = replay_with(on(disturbed.path()), &[]).await;
    assert_eq!(code, ExitCode::SUCCESS);
    assert!(stdout.starts_with("0 records"), "{stdout}");
}

#[tokio::test]
async fn a_dry_run_tells_of_what_there_is_and_changes_nothing() {
    let data = data().await;
    deliver(data.path(), false).await;
    let args = ReplayArgs {
        dry_run: true,
        ..on(data.path())
    };
    let (code, stdout, stderr) = replay_with(args, &[]).await;
    assert_eq!((code, stderr.as_str()), (ExitCode::SUCCESS, ""), "{stdout}");
    let lines: Vec<_> = stdout.lines().collect();
    assert!(
        lines[0].starts_with("message ")
            && lines[0].ends_with(
                ": /aws/lambda/car-api 2026/11/20/[$LATEST]local, 3 log events from \
                 2026-11-20T18:40:00.001Z to 2026-11-20T18:40:00.003Z"
            ),
        "{stdout}"
    );
    assert_eq!(lines[1], "1 records: 1 would be replayed, 0 unreadable");
    assert!(stored(data.path()).await.is_empty());
    assert_eq!(records(data.path()).len(), 1);

    let args = ReplayArgs {
        dry_run: true,
        json: true,
        ..ReplayArgs::default()
    };
    let folder = data.path().join("log-processor-failures");
    let (_, stdout, _) = replay_with(args, &[&folder]).await;
    let told: Value = serde_json::from_str(&stdout).unwrap();
    let would = &told["would_replay"][0];
    assert_eq!(would["condition"], "RetriesExhausted");
    assert_eq!(would["batches"][0]["events"], 3, "a dry run on files");
}

#[tokio::test]
async fn files_hold_records_and_bare_payloads_and_what_is_neither_is_named() {
    let (undisturbed, data) = (data().await, data().await);
    deliver(undisturbed.path(), true).await;
    let stream = "2026/11/20/[$LATEST]local";
    let events: Vec<_> = (1..=3).map(|id| report(id, 1.5)).collect();
    let bare = subscription::payload(LOG_GROUP, stream, &events).unwrap();
    let bare = String::from_utf8(bare).unwrap();
    let record = format!(
        r#"{{"version":"1.0","requestContext":{{"requestId":"r"}},"requestPayload":{bare}}}"#
    );
    let files = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| {
        std::fs::create_dir_all(files.path().join(name).parent().unwrap()).unwrap();
        std::fs::write(files.path().join(name), text).unwrap();
    };
    // As S3 names objects, without an extension.
    write(
        "aws/lambda/async/f/2026/11/20/2026-11-20T18.41.00-u",
        &record,
    );
    write(
        "more.jsonl",
        &format!("{record}\n\n{bare}\n{{\"requestPayload\":7}}\n{{\"{PERSONAL}"),
    );
    write(".hidden", "{");

    let (code, stdout, stderr) = replay_with(on(data.path()), &[files.path()]).await;
    assert_eq!(code, ExitCode::from(2), "{stdout}");
    let more = files.path().join("more.jsonl").display().to_string();
    assert!(
        stderr.starts_with(&format!(
            "outrider: {more}:4: the event is no subscription payload"
        )) && stderr.ends_with(" (and 1 more)\n"),
        "{stderr}"
    );
    assert!(
        stdout.contains(&format!(
            "unreadable: {more}:5: the record is no JSON object: it ends too early"
        )),
        "{stdout}"
    );
    assert!(
        stdout.ends_with(
            "5 records: 3 replayed (9 log events, 3 rollup items), 0 left, 2 unreadable\n"
        ),
        "{stdout}"
    );
    assert_eq!(
        stored(data.path()).await,
        stored(undisturbed.path()).await,
        "three times the same batch is one batch"
    );
    assert!(files.path().join("more.jsonl").exists(), "files stay");
}

#[tokio::test]
async fn what_other_batches_had_counted_is_told_and_not_counted_again() {
    let data = data().await;
    deliver(data.path(), true).await;
    let before = stored(data.path()).await;
    let events: Vec<_> = (2..=3).map(|id| report(id, 1.5)).collect();
    let stream = "2026/11/20/[$LATEST]local";
    let part = subscription::payload(LOG_GROUP, stream, &events).unwrap();
    let files = tempfile::tempdir().unwrap();
    std::fs::write(files.path().join("part.json"), part).unwrap();
    let (code, stdout, stderr) = replay_with(on(data.path()), &[files.path()]).await;
    assert_eq!((code, stderr.as_str()), (ExitCode::SUCCESS, ""), "{stdout}");
    assert_eq!(
        stdout,
        "1 records: 1 replayed (2 log events, 2 of them counted before by other batches, 0 rollup items), 0 left, 0 \
         unreadable\n"
    );
    assert_eq!(stored(data.path()).await, before);
}

#[tokio::test]
async fn a_store_that_still_fails_keeps_everything_and_ends_the_run() {
    let data = data().await;
    deliver(data.path(), false).await;
    let [record] = &records(data.path())[..] else {
        panic!("one record")
    };
    let failures = Failures::of(data.path(), clock());
    for id in ["a", "b", "c"] {
        failures.keep(id, &record.to_string()).unwrap();
    }
    // Its tables are gone.
    std::fs::remove_file(data.path().join("dynamodb.sqlite")).unwrap();
    std::fs::write(data.path().join("dynamodb.sqlite"), "").unwrap();
    let args = ReplayArgs {
        json: true,
        ..on(data.path())
    };
    let (code, stdout, stderr) = replay_with(args, &[]).await;
    assert_eq!(code, ExitCode::from(1), "{stdout}");
    assert_eq!(
        stderr,
        "outrider: stopped before the end: 3 records in a row were not written\n"
    );
    let told: Value = serde_json::from_str(&stdout).unwrap();
    assert_eq!(
        (
            &told["records"],
            &told["replayed"],
            told["left"].as_array().unwrap().len()
        ),
        (&json!(3), &json!(0), 3)
    );
    let reason = told["left"][0]["reason"].as_str().unwrap();
    assert!(
        reason.starts_with("log events of /aws/lambda/car-api were not claimed"),
        "{reason}"
    );
    assert_eq!(records(data.path()).len(), 4, "nothing is deleted");
}

#[tokio::test]
async fn wrong_use_is_told_in_a_line() {
    let url = Path::new("https://sqs.eu-west-1.amazonaws.com/1/q");
    let nowhere = Path::new("/nowhere");
    let aws = || ReplayArgs {
        endpoint: Some("http://127.0.0.1:9".to_owned()),
        ..ReplayArgs::default()
    };
    let dry = ReplayArgs {
        dry_run: true,
        ..ReplayArgs::default()
    };
    for (rule, args, sources, part) in [
        ("no source", aws(), vec![], "name the queue's URL"),
        (
            "whose queue?",
            on(nowhere),
            vec![url],
            "--aws, or --endpoint URL",
        ),
        (
            "no data",
            on(nowhere),
            vec![],
            "/nowhere holds no data of outrider",
        ),
        ("no file", dry, vec![nowhere], "/nowhere: cannot read it"),
    ] {
        let (code, stdout, stderr) = replay_with(args, &sources).await;
        assert_eq!((code, stdout.as_str()), (ExitCode::from(2), ""), "{rule}");
        assert!(stderr.contains(part), "{rule}: {stderr}");
    }
}

#[test]
fn a_line_that_is_too_long_costs_no_other() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("a.jsonl");
    let long = "a".repeat(3 * record::LARGEST);
    std::fs::write(&file, format!("one\n{long}\n\nthree")).unwrap();
    let mut files = files::Files::of(&[file]).unwrap();
    let mut seen = Vec::new();
    while let Some(record) = files.next().unwrap() {
        let line: usize = record.name.rsplit(':').next().unwrap().parse().unwrap();
        seen.push((line, record.bytes.map(|bytes| bytes.trim_ascii().to_vec())));
    }
    assert_eq!(
        seen,
        [
            (1, Ok(b"one".to_vec())),
            (2, Err(record::Unreadable::TooLarge)),
            (4, Ok(b"three".to_vec())),
        ]
    );
}
