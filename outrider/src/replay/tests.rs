use std::path::Path;

use serde_json::Value;
use simulator::{Fault, FaultKind, Scenario};

use super::*;

/// The file's text of one minute, as `ingest` prints it.
fn lines(scenario: &Scenario, minutes: std::ops::Range<i64>) -> String {
    let mut text = String::new();
    for minute in minutes.map(|after| scenario.from.plus(after)) {
        let series = if minute < scenario.from {
            scenario.history(minute)
        } else {
            scenario.rollups(minute)
        };
        for (key, rollup) in series {
            let line = serde_json::json!({
                "series": key.to_string(), "minute": minute.to_string(), "count": rollup.count(),
                "sum": rollup.sum(), "min": rollup.min(), "max": rollup.max(), "p50": rollup.quantile(0.5),
                "p90": rollup.quantile(0.9), "p99": rollup.quantile(0.99),
            });
            text.push_str(&format!("{line}\n"));
        }
    }
    text
}

/// A service with a day of history and, if there is one, a fault from the 20th minute to the 30th.
fn scenario(fault: Option<FaultKind>) -> Scenario {
    let from = Minute::parse("2026-11-18T10:00:00Z").unwrap();
    let mut scenario = Scenario::demo(7, from);
    scenario.history_minutes = 1_440;
    scenario.minutes = 60;
    scenario.faults = fault
        .map(|kind| Fault {
            kind,
            from: from.plus(20),
            to: from.plus(30),
            share: 0.6,
            extra_ms: 900.0,
        })
        .into_iter()
        .collect();
    scenario
}

/// Exit code, standard output and the error of `replay` in a folder.
fn replay(
    folder: &Path,
    change: impl FnOnce(&mut ReplayArgs),
) -> (Option<ExitCode>, String, String) {
    let mut args = ReplayArgs {
        files: vec![folder.join("rollups.jsonl")],
        config: None,
        from: Some("2026-11-18T10:00:00Z".to_owned()),
        messages: None,
        json: true,
    };
    change(&mut args);
    let mut stdout = Vec::new();
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    let code = runtime.block_on(run(&args, &mut stdout));
    let shown = |text: String| text.replace(&*folder.to_string_lossy(), "DIR");
    let error = code
        .as_ref()
        .err()
        .map(|error| format!("{error:#}"))
        .unwrap_or_default();
    (
        code.ok(),
        shown(String::from_utf8(stdout).unwrap()),
        shown(error),
    )
}

fn world(files: &[(&str, &str)]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (name, content) in files {
        std::fs::write(folder.path().join(name), content).unwrap();
    }
    folder
}

const CONFIG: &str = "
environment = 'prod'
region = 'eu-west-1'
account = '000000000000'
runbooks = 'https://example.com/runbooks'
[[service]]
name = 'CarManager'
log_group = '/aws/lambda/car-api'
owner = 'team-cars'
[service.emf]
namespace = 'CarManager'
";

#[test]
fn a_recorded_fault_pages_and_a_quiet_hour_does_not() {
    let pages = Some(ExitCode::FAILURE);
    for (name, fault, code, symptom) in [
        ("nothing wrong", None, Some(ExitCode::SUCCESS), None),
        ("slow", Some(FaultKind::Latency), pages, Some("latency")),
        ("errors", Some(FaultKind::Error), pages, Some("errors")),
        (
            "throttled",
            Some(FaultKind::Throttle),
            pages,
            Some("throttles"),
        ),
    ] {
        let recorded = lines(&scenario(fault), -1_440..60);
        let world = world(&[("rollups.jsonl", &recorded), ("outrider.toml", CONFIG)]);
        let config = world.path().join("outrider.toml");
        let (found, stdout, error) = replay(world.path(), |args| args.config = Some(config));
        assert_eq!((found, error.as_str()), (code, ""), "{name}: {stdout}");
        let summary: Value = serde_json::from_str(&stdout).unwrap();
        assert_eq!(
            summary["services"],
            serde_json::json!(["CarManager"]),
            "{name}"
        );
        assert_eq!(summary["minutes"], 60, "{name}");
        let incidents = summary["incidents"].as_array().unwrap();
        let symptoms: Vec<_> = incidents
            .iter()
            .map(|incident| incident["symptom"].as_str().unwrap())
            .collect();
        assert!(
            symptom.is_none_or(|symptom| symptoms.contains(&symptom)),
            "{name}: {symptoms:?}"
        );
        if let Some(symptom) = symptom {
            let incident = incidents
                .iter()
                .find(|incident| incident["symptom"] == symptom)
                .unwrap();
            assert_eq!(incident["onset"], "2026-11-18T10:20:00Z", "{name}");
            assert!(
                incident["delay_seconds"].as_i64().unwrap() <= 300,
                "{name}: {incident}"
            );
            assert!(summary["pages"].as_u64().unwrap() > 0, "{name}");
        } else {
            assert_eq!(
                (summary["pages"].as_u64(), incidents.len()),
                (Some(0), 0),
                "{name}: {stdout}"
            );
        }
    }
}

#[test]
fn without_a_configuration_the_function_is_a_service_with_its_own_metrics() {
    let recorded = lines(&scenario(Some(FaultKind::Latency)), -1_440..60);
    let world = world(&[("rollups.jsonl", &recorded)]);
    let (code, stdout, error) = replay(world.path(), |_| {});
    assert_eq!((code, error.as_str()), (Some(ExitCode::FAILURE), ""));
    let summary: Value = serde_json::from_str(&stdout).unwrap();
    assert_eq!(summary["services"], serde_json::json!(["car-api"]));
    assert_eq!(summary["incidents"][0]["symptom"], "latency", "{stdout}");
}

#[test]
fn the_story_is_told_line_by_line_and_twice_the_same() {
    let recorded = lines(&scenario(Some(FaultKind::Latency)), -1_440..60);
    let world = world(&[("rollups.jsonl", &recorded)]);
    let tell = || replay(world.path(), |args| args.json = false).1;
    let told = tell();
    assert_eq!(tell(), told);
    let lines: Vec<_> = told.lines().collect();
    assert!(
        lines[0].starts_with("60 minutes from 2026-11-18T10:00:00Z to 2026-11-18T10:59:00Z, "),
        "{told}"
    );
    let open = lines
        .iter()
        .find(|line| line.contains("  open     page   "))
        .expect(&told);
    assert!(
        open.starts_with("2026-11-18T10:2") && open.ends_with(" s after it began)"),
        "{told}"
    );
    assert!(
        lines.iter().any(|line| line.contains("  resolve  page   ")),
        "{told}"
    );
    assert!(
        lines
            .last()
            .unwrap()
            .contains(" 0 of them open at the end; "),
        "{told}"
    );
}

#[test]
fn messages_are_written_as_sns_would_get_them() {
    let recorded = lines(&scenario(Some(FaultKind::Latency)), -1_440..60);
    let world = world(&[("rollups.jsonl", &recorded)]);
    let inbox = world.path().join("inbox");
    let (_, stdout, error) = replay(world.path(), |args| args.messages = Some(inbox.clone()));
    assert_eq!(error, "");
    let summary: Value = serde_json::from_str(&stdout).unwrap();
    let mut names: Vec<_> = std::fs::read_dir(&inbox)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    assert_eq!(names.len() as u64, summary["messages"].as_u64().unwrap());
    assert_eq!(names[0], "0001-page.json");
    let text = std::fs::read_to_string(inbox.join(&names[0])).unwrap();
    let request: Value = serde_json::from_str(&text).unwrap();
    assert!(
        request["Subject"].as_str().unwrap().starts_with("ALARM: "),
        "{text}"
    );
    assert_eq!(
        request["TopicArn"],
        "arn:aws:sns:eu-west-1:000000000000:outrider-page"
    );
    assert_eq!(
        request["MessageAttributes"]["severity"]["StringValue"],
        "page"
    );
    let forms: Value = serde_json::from_str(request["Message"].as_str().unwrap()).unwrap();
    assert!(
        forms["email"].as_str().unwrap().contains("car-api"),
        "{text}"
    );
    let (_, _, again) = replay(world.path(), |args| args.messages = Some(inbox));
    assert!(
        again.contains("--messages DIR/inbox: it holds something; empty it"),
        "{again}"
    );
}

#[test]
fn payloads_are_read_as_log_processor_reads_them_and_counted_once() {
    let start = Minute::parse("2026-11-18T10:00:00Z").unwrap();
    let mut text = String::new();
    for minute in 0..30_i64 {
        let events: Vec<_> = (0..20)
            .map(|n: i64| crate::local::journal::LogEvent {
                id: format!("{:056}", minute * 100 + n),
                timestamp: start.plus(minute).start_millis() + n,
                message: "REPORT RequestId: r\tDuration: 3 ms\tBilled Duration: 4 ms\tMemory Size: 256 MB\tMax Memory Used: 60 MB\t\n".to_owned(),
            })
            .collect();
        let payload =
            crate::local::subscription::payload("/aws/lambda/orders", "s", &events).unwrap();
        text.push_str(&String::from_utf8(payload).unwrap());
        text.push('\n');
    }
    let world = world(&[("rollups.jsonl", &text), ("again.jsonl", &text)]);
    let again = world.path().join("again.jsonl");
    let (code, stdout, error) = replay(world.path(), |args| {
        args.from = None;
        args.files.push(again);
    });
    assert_eq!((code, error.as_str()), (Some(ExitCode::SUCCESS), ""));
    let summary: Value = serde_json::from_str(&stdout).unwrap();
    assert_eq!(summary["services"], serde_json::json!(["orders"]));
    assert_eq!(
        (&summary["from"], &summary["minutes"]),
        (&"2026-11-18T10:00:00Z".into(), &30.into())
    );
}

#[test]
fn mistakes_name_the_file_and_the_fix() {
    let quiet = lines(&scenario(None), 0..2);
    let far = quiet
        .lines()
        .next()
        .unwrap()
        .replace("2026-11-18", "2024-11-18");
    let apart = format!("{quiet}{far}\n");
    let nothing: fn(&mut ReplayArgs) = |_| {};
    for (name, file, content, change, words) in [
        (
            "no file",
            "other.jsonl",
            "",
            nothing,
            "rollups.jsonl: cannot read it",
        ),
        (
            "an empty file",
            "rollups.jsonl",
            "\n",
            nothing,
            "there is nothing in these files",
        ),
        (
            "a line that is none",
            "rollups.jsonl",
            "\n{\"a\":1}\n",
            nothing,
            "rollups.jsonl:2: it is neither a rollup",
        ),
        (
            "a payload that is damaged",
            "rollups.jsonl",
            "{\"awslogs\":{\"data\":\"%%\"}}\n",
            nothing,
            "rollups.jsonl:1: ",
        ),
        (
            "minutes that lie apart",
            "rollups.jsonl",
            &apart,
            nothing,
            "the recording spans 730 days, from 2024-11-18",
        ),
        (
            "a time that is none",
            "rollups.jsonl",
            &quiet,
            |args| args.from = Some("noon".to_owned()),
            "--from \"noon\" is no instant",
        ),
        (
            "a time after all",
            "rollups.jsonl",
            &quiet,
            |args| args.from = Some("2027-01-01T00:00:00Z".to_owned()),
            "the recording ends before, at 2026-11-18T10:01:00Z",
        ),
        (
            "a configuration that is not there",
            "rollups.jsonl",
            &quiet,
            |args| args.config = Some("/nowhere/outrider.toml".into()),
            "--config /nowhere/outrider.toml",
        ),
        (
            "a configuration that is none",
            "rollups.jsonl",
            &quiet,
            |args| args.config = Some(args.files[0].clone()),
            "--config DIR/rollups.jsonl",
        ),
    ] {
        let world = world(&[(file, content)]);
        let (code, _, error) = replay(world.path(), |args| {
            args.from = None;
            change(args);
        });
        assert_eq!(code, None, "{name}");
        assert!(error.contains(words), "{name}: {error}");
    }
}
