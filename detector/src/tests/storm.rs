//! More pages than a person can read become one.

use incidents::Topic;
use platform::state_store::{AlertItem, Transition};
use simulator::FaultKind;

use super::world::{WATCH, World, fault};
use crate::watch::Watch;

/// Two faults half an hour apart, and one page an hour.
async fn world() -> World {
    let mut world = World::with(vec![
        fault(FaultKind::Error, 8, 6),
        fault(FaultKind::Throttle, 25, 6),
    ])
    .await;
    let text = WATCH.replace(
        "[[service]]",
        "[detector.incidents]\nstorm_pages_per_hour = 1\n[[service]]",
    );
    world.deps.watch = Watch::parse(&text).unwrap();
    world
}

/// What the page topic got, by the first line of its mail.
fn pages(world: &World) -> Vec<String> {
    let sent = world.inbox.all().into_iter();
    sent.filter(|it| it.topic == Topic::Page)
        .map(|it| it.email.lines().next().unwrap_or_default().to_owned())
        .collect()
}

#[tokio::test]
async fn a_page_above_the_limit_is_told_by_the_storm_and_nothing_is_lost() {
    let world = world().await;
    world.pass(0..59).await;
    let pages = pages(&world);
    let expected = [
        "[PAGE] CarManager: ",
        "[RESOLVED] CarManager: many errors ",
        "[PAGE] test alert storm: 1 group",
        "[RESOLVED] test alert storm is over after ",
    ];
    assert_eq!(pages.len(), expected.len(), "{pages:#?}");
    for (page, begins) in pages.iter().zip(expected) {
        assert!(page.starts_with(begins), "{page} is not {begins}");
    }
    let sent = world.inbox.all();
    let chats: Vec<_> = sent.iter().filter(|it| it.topic == Topic::Chat).collect();
    assert!(
        chats.iter().any(|it| it.email.contains("throttles")),
        "the chat has what was held: {chats:#?}"
    );
    let storm = sent.iter().find(|it| it.subject.contains("alert storm"));
    let mail = &storm.unwrap().email;
    // What is over is not part of it any more.
    assert!(
        mail.contains("throttles") && !mail.contains("many errors"),
        "{mail}"
    );
}

#[tokio::test]
async fn a_storm_that_cannot_be_read_keeps_nobody_asleep() {
    let world = world().await;
    let item = Transition {
        alert: AlertItem {
            fingerprint: "storm".to_owned(),
            version: 1,
            body: "{\"schema\":99}".to_owned(),
        },
        incident: None,
        outbox: Vec::new(),
    };
    world.deps.state.apply(&item).await.unwrap();
    world.pass(0..40).await;
    let pages = pages(&world);
    assert_eq!(
        pages
            .iter()
            .filter(|page| page.starts_with("[PAGE]"))
            .count(),
        2,
        "{pages:#?}"
    );
}

#[tokio::test]
async fn a_run_that_is_repeated_says_a_storm_once() {
    let world = world().await;
    for after in 0..45 {
        world.arrives(after).await;
        world.tick(after).await.unwrap();
        world.tick(after).await.unwrap();
    }
    let ids = world.inbox.ids();
    let mut once = ids.clone();
    once.sort();
    once.dedup();
    assert_eq!(ids.len(), once.len(), "{ids:?}");
    let storms = pages(&world);
    let begun = storms
        .iter()
        .filter(|it| it.starts_with("[PAGE] test alert storm"));
    assert_eq!(begun.count(), 1, "{storms:#?}");
}
