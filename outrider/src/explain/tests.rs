use std::path::Path;

use serde_json::Value;

use super::*;
use crate::local::OpenDetector;
use crate::recorded;

fn args(data: &Path, series: &str, at: &str, json: bool) -> ExplainArgs {
    ExplainArgs {
        series: series.to_owned(),
        at: at.to_owned(),
        place: Place::local(data),
        json,
    }
}

/// Standard output, or the error.
async fn explain(args: &ExplainArgs) -> Result<String, String> {
    let mut stdout = Vec::new();
    match run(args, &mut stdout).await {
        Ok(code) => {
            assert_eq!(code, ExitCode::SUCCESS);
            Ok(String::from_utf8(stdout).unwrap())
        }
        Err(error) => Err(format!("{error:#}")),
    }
}

const LATENCY: &str = "latency|emf/CarManager/Latency{service=CarManager}";

#[tokio::test]
async fn a_minute_is_explained_with_every_number_that_decided() {
    let folder = tempfile::tempdir().unwrap();
    recorded::run(folder.path(), 40).await;
    let minute = |at: &'static str| explain_json(folder.path(), at);
    let normal = minute("2026-11-18T10:10:30Z").await;
    assert_eq!(normal["minute"], "2026-11-18T10:10:00Z");
    assert_eq!(
        (&normal["breaching"], &normal["service"]),
        (&false.into(), &"CarManager".into())
    );
    assert!(normal["state"]["object"].is_string(), "{normal}");
    let bad = minute("2026-11-18T10:25:00Z").await;
    assert_eq!(bad["breaching"], true, "{bad}");
    let model = &bad["model"];
    assert_eq!(
        (&model["state"], &model["direction"]),
        (&"ready".into(), &"high".into())
    );
    assert!(
        model["value"].as_f64().unwrap() > model["high"].as_f64().unwrap(),
        "{bad}"
    );
    assert!(model["surprise"].as_f64().unwrap() > 4.0, "{bad}");
    assert_eq!(model["learning"], "kept_out");
    assert!(bad["windows"].as_str().unwrap().ends_with("####"), "{bad}");
    let guards = bad["guards"].as_array().unwrap();
    assert_eq!(guards.len(), anomaly::Gate::ALL.len());
    assert!(guards.iter().all(|guard| guard["spoke"] == false), "{bad}");
    let newest = minute("2026-11-18T10:39:00Z").await;
    assert_eq!(
        newest["state"]["object"], "2026-11-18T10:33:00Z",
        "what is not settled is taken from there"
    );

    let text = explain(&args(folder.path(), LATENCY, "2026-11-18T10:25:00Z", false))
        .await
        .unwrap();
    for words in [
        "series     latency|emf/CarManager/Latency{service=CarManager}\n",
        "what       p90 latency, \"all routes\", service \"CarManager\"\n",
        "budget     ",
        "\n           one extreme minute: ",
        "\nguard      minimum traffic  passed   ",
        "\nverdict    breaching; ALARM by ",
        "\nlearned    no: it breaches",
    ] {
        assert!(text.contains(words), "{words}: {text}");
    }
}

async fn explain_json(data: &Path, at: &str) -> Value {
    let text = explain(&args(data, LATENCY, at, true)).await.unwrap();
    serde_json::from_str(&text).unwrap()
}

#[tokio::test]
async fn without_a_state_object_the_minute_is_judged_from_the_stored_ones() {
    let folder = tempfile::tempdir().unwrap();
    recorded::run(folder.path(), 40).await;
    let open = OpenDetector::open(folder.path(), None).await.unwrap();
    let all = Minute::parse("2026-11-18T10:33:00Z").unwrap();
    open.deps.checkpoints.forget_before(0, all).await.unwrap();
    open.close().await.unwrap();
    let bad = explain_json(folder.path(), "2026-11-18T10:25:00Z").await;
    assert!(bad["state"]["minutes_since"].is_string(), "{bad}");
    assert_eq!(bad["breaching"], true, "{bad}");
    let silent = explain(&args(folder.path(), LATENCY, "2026-11-10T00:00:00Z", false)).await;
    assert!(
        silent
            .unwrap_err()
            .contains("nothing was heard of this series up to 2026-11-10")
    );
}

#[tokio::test]
async fn mistakes_say_what_is_there_instead() {
    let folder = tempfile::tempdir().unwrap();
    recorded::run(folder.path(), 10).await;
    let data = folder.path();
    for (name, args, words) in [
        (
            "no time",
            args(data, LATENCY, "noon", false),
            "--at \"noon\" is no instant: write one such as",
        ),
        (
            "a later time",
            args(data, LATENCY, "2026-11-18T11:00:00Z", false),
            "the newest minute it judged is 2026-11-18T10:09:00Z",
        ),
        (
            "an unknown series",
            args(data, "CarManger/Latncy", "2026-11-18T10:05:00Z", false),
            "no series is called \"CarManger/Latncy\"; the nearest are: latency",
        ),
        (
            "a part of several",
            args(data, "Latency", "2026-11-18T10:05:00Z", false),
            "is part of",
        ),
        (
            "no data",
            args(
                &data.join("nowhere"),
                LATENCY,
                "2026-11-18T10:05:00Z",
                false,
            ),
            "holds no data of outrider; name the folder with --data",
        ),
    ] {
        let error = explain(&args).await.unwrap_err();
        assert!(error.contains(words), "{name}: {error}");
    }
    assert!(
        !data.join("nowhere").exists(),
        "nothing is made for a question"
    );
}
