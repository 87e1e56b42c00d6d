use std::sync::Arc;

use incidents::silence::{Matcher, Request, Schedule, Silence};
use jiff::SignedDuration;
use platform::state_store::{Note, Notes};

use super::report::Stage;
use super::*;
use crate::local::OpenDetector;
use crate::local::journal::{Entry, LogEvent};

fn args(data: &Path, by: &str, json: bool) -> DrillArgs {
    DrillArgs {
        data: Some(data.to_owned()),
        aws: false,
        by: by.to_owned(),
        json,
    }
}

async fn ran(args: DrillArgs) -> (ExitCode, Vec<String>) {
    let mut lines = Vec::new();
    let code = run(args, &mut |line| lines.push(line.to_owned())).await;
    (code.unwrap(), lines)
}

/// A drill that `Ada` starts at `now`.
async fn drilled(
    data: &Path,
    now: jiff::Timestamp,
    before: impl FnOnce(&mut Stack),
) -> anyhow::Result<Report> {
    drill(data, &By::new("Ada")?, now, before).await
}

fn stages(report: &Report) -> Vec<Stage> {
    report.stages.iter().map(|reached| reached.stage).collect()
}

#[tokio::test]
async fn a_drill_goes_the_whole_way_and_its_messages_say_what_they_are() {
    let folder = tempfile::tempdir().unwrap();
    let (code, lines) = ran(args(folder.path(), "Ada", false)).await;
    assert_eq!(code, ExitCode::SUCCESS, "{lines:#?}");
    for (line, parts) in lines.iter().zip([
        "lines     60 log lines written to /outrider/drill",
        "rollups   rollups of 60 failed requests stored",
        "incident  incident ",
        "messages  2 messages published: outrider-page, outrider-chat",
        "resolved  resolved, and told: outrider-page, outrider-chat",
        "the whole chain works",
    ]) {
        assert!(line.contains(parts), "{parts}: {line}");
    }
    let mut mails = Vec::new();
    for entry in std::fs::read_dir(folder.path().join("email")).unwrap() {
        mails.push(std::fs::read_to_string(entry.unwrap().path()).unwrap());
    }
    mails.sort();
    let [page, end] = &*mails else {
        panic!("{mails:?}")
    };
    for part in [
        "Subject: ALARM: outrider drill",
        "[PAGE] outrider drill: ",
        "First action: nothing: this is a drill, started by Ada. Runbook: docs/runbooks/drill.md",
    ] {
        assert!(page.contains(part), "{part}: {page}");
    }
    assert!(end.contains("Subject: OK: outrider drill"), "{end}");
    assert!(end.contains("nothing: this was a drill"), "{end}");
}

#[tokio::test]
async fn a_drill_may_be_repeated_and_is_an_incident_of_its_own() {
    let folder = tempfile::tempdir().unwrap();
    let mut incidents = Vec::new();
    for _ in 0..2 {
        let (code, lines) = ran(args(folder.path(), "Ada", true)).await;
        assert_eq!(code, ExitCode::SUCCESS, "{lines:?}");
        let report: serde_json::Value = serde_json::from_str(&lines[0]).unwrap();
        assert_eq!((lines.len(), &report["arrived"]), (1, &true.into()));
        assert_eq!(report["stages"].as_array().unwrap().len(), 5, "{report}");
        assert_eq!(report["messages"].as_array().unwrap().len(), 4, "{report}");
        incidents.push(report["incident"].as_str().unwrap().to_owned());
    }
    assert_ne!(incidents[0], incidents[1]);
}

#[tokio::test]
async fn a_notifier_that_tells_nobody_is_named_as_what_failed() {
    let folder = tempfile::tempdir().unwrap();
    let report = drilled(folder.path(), SystemClock.now(), |stack| {
        stack.detector.notifier = Arc::new(local::Nobody);
    });
    let report = report.await.unwrap();
    assert!(!report.arrived());
    assert_eq!(
        stages(&report),
        [Stage::Lines, Stage::Rollups, Stage::Incident]
    );
    assert_eq!(report.failed.as_ref().unwrap().stage, Stage::Messages);
    let mut lines = Vec::new();
    report.tell(&mut |line| lines.push(line.to_owned()));
    let said = lines.join("\n");
    assert!(said.contains("messages  FAILED: 0 of 2 messages"), "{said}");
    assert!(
        said.contains("look at docs/runbooks/pipeline.md#messages-not-delivered"),
        "{said}"
    );

    // It was left open and untold; the next one waits until it is over, and arrives.
    let next = drilled(folder.path(), SystemClock.now(), |_| {});
    let next = next.await.unwrap();
    assert!(next.arrived(), "{next:?}");
}

#[tokio::test]
async fn a_silence_of_the_drill_is_named_as_what_failed() {
    let folder = tempfile::tempdir().unwrap();
    let now = SystemClock.now();
    let silence = Request {
        matcher: Matcher {
            service: Some("outrider drill".to_owned()),
            ..Matcher::default()
        },
        schedule: Schedule::Once {
            from: now,
            to: now + SignedDuration::from_hours(48),
        },
        author: "Ada".to_owned(),
        reason: "a test".to_owned(),
    };
    let silence = Silence::new(silence, now).unwrap();
    let open = OpenDetector::make(folder.path(), None).await.unwrap();
    let note = Note {
        id: silence.id.to_string(),
        body: silence.to_json(),
        until: silence.until(),
    };
    let state = &open.deps.state;
    state.keep(Notes::Silences, &note).await.unwrap();
    open.close().await.unwrap();
    // Where no detector has run, a drill begins a day before `now`: within the silence.
    let tomorrow = now + SignedDuration::from_hours(36);
    let report = drilled(folder.path(), tomorrow, |_| {});
    let failed = report.await.unwrap().failed.unwrap();
    assert!(failed.why.contains("a silence mutes it"), "{}", failed.why);
}

/// A request of the car service a minute, for an hour from the minute that a drill begins in.
fn traffic(stack: &Stack, from: Minute) {
    for index in 0..60 {
        let minute = from.plus(index);
        let at = minute.start().as_millisecond();
        let message = serde_json::json!({
            "_aws": { "Timestamp": at, "CloudWatchMetrics": [{
                "Namespace": "CarManager", "Dimensions": [["service"]],
                "Metrics": [{ "Name": "Latency", "Unit": "Milliseconds" }, { "Name": "Requests", "Unit": "Count" }],
            }] },
            "service": "CarManager", "Latency": 20 + index % 7, "Requests": 1,
        });
        let event = LogEvent {
            id: format!("{at:056}"),
            timestamp: at,
            message: message.to_string(),
        };
        let entry = Entry {
            request: 0,
            throttled: false,
            error: false,
            events: vec![event],
        };
        stack.journal.append(minute, &entry).unwrap();
    }
}

/// What the detector knows of the car service at the end of that hour, with or without a drill in it.
async fn known_after(now: jiff::Timestamp, with_drill: bool) -> Vec<u8> {
    let folder = tempfile::tempdir().unwrap();
    let from = Minute::containing(now).plus(-EARLIER);
    if with_drill {
        let report = drilled(folder.path(), now, |stack| traffic(stack, from));
        assert!(report.await.unwrap().arrived());
    }
    let clock = Arc::new(VirtualClock::at(now));
    let stack = start(folder.path(), &clock).await.unwrap();
    if !with_drill {
        traffic(&stack, from);
    }
    let pointer = stack.detector.state.pointer(0).await.unwrap();
    let first = pointer.map_or(from, |pointer| pointer.decided.plus(1));
    for index in first.index()..from.plus(50).index() {
        let minute = Minute::from_index(index);
        clock.set(minute.plus(1).start());
        stack.end_minute(minute).await.unwrap();
    }
    let committed = stack.detector.state.pointer(0).await.unwrap().unwrap();
    let checkpoints = &stack.detector.checkpoints;
    let state = checkpoints.read(0, committed.committed).await.unwrap();
    stack.stop().await.unwrap();
    state.unwrap().to_vec()
}

#[tokio::test]
async fn a_drill_leaves_what_is_known_of_the_services_equal_to_the_bit() {
    let now = SystemClock.now();
    assert_eq!(known_after(now, true).await, known_after(now, false).await);
}

#[tokio::test]
async fn what_a_drill_cannot_be_run_on_is_refused_in_one_line() {
    let folder = tempfile::tempdir().unwrap();
    let demo = folder.path().join("demo");
    std::fs::create_dir(&demo).unwrap();
    std::fs::write(demo.join("demo.json"), "{}").unwrap();
    let held = folder.path().join("held");
    let _held = Lock::take(&held).unwrap();
    let aws = DrillArgs {
        data: None,
        aws: true,
        ..args(&held, "Ada", false)
    };
    for (args, says) in [
        (aws, "drill --aws is not possible yet"),
        (args(&demo, "Ada", false), "holds a demo"),
        (args(&held, "Ada", false), "in use by another outrider"),
        (args(&held, "A\u{1b}[2J", false), "control character U+001B"),
    ] {
        let error = run(args, &mut |_| {}).await.unwrap_err();
        assert!(format!("{error:#}").contains(says), "{error:#}");
    }
}

#[tokio::test]
async fn a_drill_never_takes_a_detector_beyond_the_present() {
    let folder = tempfile::tempdir().unwrap();
    let now = SystemClock.now();
    let first = drilled(folder.path(), now, |_| {}).await.unwrap();
    assert!(first.arrived());
    // The clock that says so is behind the detector, as the one of `up` would be in the minute after it.
    let earlier = now - SignedDuration::from_hours(24);
    let refused = drilled(folder.path(), earlier, |_| {}).await;
    let error = refused.unwrap_err().to_string();
    assert!(error.contains("beyond the present"), "{error}");
}
