//! What people are told, and when.

use simulator::FaultKind;

use super::world::{World, fault};

/// What was told, as (minutes after the start, symptom, action, whether messages were sent).
async fn told(
    world: &World,
    minutes: std::ops::Range<i64>,
) -> Vec<(i64, &'static str, &'static str, bool)> {
    let first = minutes.start;
    let outcomes = world.pass(minutes).await;
    let numbered = outcomes.into_iter().zip(first..);
    numbered
        .flat_map(|(outcome, at)| {
            outcome
                .told
                .into_iter()
                .map(move |told| (at, told.symptom, told.action, told.messages > 0))
        })
        .collect()
}

#[tokio::test]
async fn one_slow_stretch_becomes_one_page_that_resolves() {
    let world = World::with(vec![fault(FaultKind::Latency, 10, 10)]).await;
    let told = told(&world, 0..30).await;
    let [
        (opened, "latency", "open", true),
        (resolved, "latency", "resolve", true),
    ] = told[..]
    else {
        panic!("{told:?}")
    };
    assert!(
        (10..=12).contains(&opened) && (22..=26).contains(&resolved),
        "{told:?}"
    );
    let sent = world.inbox.all();
    let topics: Vec<_> = sent
        .iter()
        .map(|publication| publication.topic.as_str())
        .collect();
    assert_eq!(
        topics,
        ["page", "chat", "page", "chat"],
        "who is woken is told first"
    );
    assert!(
        sent[0].subject.starts_with("ALARM: ") && sent[2].subject.starts_with("OK: "),
        "{sent:?}"
    );
    assert!(
        sent[0].email.starts_with("[PAGE] CarManager: "),
        "{}",
        sent[0].email
    );
}

#[tokio::test]
async fn failing_requests_and_throttles_are_told_apart() {
    let world = World::with(vec![
        fault(FaultKind::Error, 8, 8),
        fault(FaultKind::Throttle, 35, 8),
    ])
    .await;
    let told = told(&world, 0..56).await;
    let heard: Vec<_> = told
        .iter()
        .filter(|(.., messages)| *messages)
        .map(|(_, symptom, action, _)| (*symptom, *action))
        .collect();
    assert_eq!(
        heard,
        [
            ("errors", "open"),
            ("errors", "resolve"),
            ("throttles", "open"),
            ("throttles", "resolve")
        ],
        "{told:?}"
    );
}

#[tokio::test]
async fn a_normal_hour_says_nothing() {
    let world = World::with(Vec::new()).await;
    assert_eq!(told(&world, 0..60).await, []);
    assert!(world.inbox.ids().is_empty());
}

#[tokio::test]
async fn a_run_that_is_repeated_changes_nothing() {
    let world = World::with(vec![fault(FaultKind::Error, 3, 8)]).await;
    world.pass(0..7).await;
    let (before, sent) = (world.incidents().await, world.inbox.ids());
    for after in [6, 6, 3] {
        let outcome = world.tick(after).await.unwrap();
        assert_eq!((outcome.status, outcome.told.len()), ("done", 0));
    }
    assert_eq!((world.incidents().await, world.inbox.ids()), (before, sent));
}

#[tokio::test]
async fn a_run_that_comes_after_its_window_was_decided_changes_nothing() {
    let world = World::with(Vec::new()).await;
    world.pass(0..3).await;
    for after in 3..6 {
        world.arrives(after).await;
    }
    world.tick(5).await.unwrap();
    let late = world.tick(4).await.unwrap();
    assert_eq!((late.status, late.windows_decided), ("ran", 0));
}

#[tokio::test]
async fn a_detector_that_was_away_tells_what_it_would_have_told() {
    let punctual = World::with(vec![fault(FaultKind::Latency, 10, 8)]).await;
    punctual.pass(0..28).await;
    let away = World::with(vec![fault(FaultKind::Latency, 10, 8)]).await;
    away.pass(0..9).await;
    for after in 9..28 {
        away.arrives(after).await;
    }
    let outcome = away.tick(27).await.unwrap();
    assert_eq!(outcome.windows_decided, 19);
    assert_eq!(away.incidents().await, punctual.incidents().await);
    let by_id = |world: &World| {
        let mut sent = world.inbox.all();
        sent.sort_by(|a, b| a.id.cmp(&b.id));
        sent
    };
    assert_eq!(by_id(&away), by_id(&punctual));
}

#[tokio::test]
async fn a_lost_state_object_is_learned_anew_from_the_rollups() {
    let world = World::with(vec![fault(FaultKind::Latency, 10, 8)]).await;
    world.pass(0..9).await;
    std::fs::remove_dir_all(world.folder.path().join("state")).unwrap();
    *world.deps.warm.0.lock().await = None;
    let told = told(&world, 9..14).await;
    assert_eq!(
        told.iter()
            .map(|(_, symptom, action, _)| (*symptom, *action))
            .collect::<Vec<_>>(),
        [("latency", "open")]
    );
}

#[tokio::test]
async fn a_minute_that_arrives_late_is_judged_when_it_arrives() {
    let world = World::with(vec![fault(FaultKind::Error, 5, 12)]).await;
    world.pass(0..5).await;
    for after in 5..8 {
        assert!(
            world.tick(after).await.unwrap().told.is_empty(),
            "nothing is known yet"
        );
    }
    for after in 5..9 {
        world.arrives(after).await;
    }
    let told = world.tick(8).await.unwrap().told;
    assert_eq!(
        told.iter()
            .map(|told| (told.symptom, told.action))
            .collect::<Vec<_>>(),
        [("errors", "open")]
    );
    let incident = world.incidents().await.remove(0).incident.unwrap();
    assert_eq!(
        incident.onset,
        world.minute(5),
        "the onset is when it began, not when it was seen"
    );
}

#[tokio::test]
async fn the_heartbeat_comes_after_success_and_says_what_was_done() {
    let world = World::with(Vec::new()).await;
    world.pass(0..1).await;
    let line: serde_json::Value =
        serde_json::from_str(world.emitted.lines().last().unwrap()).unwrap();
    assert_eq!(line["DetectorRun"], 1.0);
    assert_eq!(line["DataLagSeconds"], 0.0);
    assert!(line["SeriesEvaluated"].as_f64().unwrap() > 10.0, "{line}");
}
