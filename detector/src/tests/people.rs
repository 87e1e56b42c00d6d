//! What people do to incidents, and what the detector makes of it.

use incidents::acknowledge_link::{Key, Links, Token};
use incidents::silence::{Matcher, Request, Schedule, Silence};
use incidents::{Symptom, Topic, Verdict};
use jiff::SignedDuration;
use platform::clock::Clock;
use platform::state_store::{Note, Notes};
use simulator::FaultKind;

use super::world::{World, fault};
use crate::taking::{Acknowledged, TakingError, acknowledge, judge};

/// The id of the incident that is open, or was last.
async fn newest(world: &World) -> String {
    let incidents = world.incidents().await;
    let incident = incidents.last().unwrap().incident.as_ref().unwrap();
    incident.id.to_string()
}

/// Keeps a silence of the service, or of one of its symptoms, for so many minutes from the start.
async fn silence(world: &World, symptom: Option<Symptom>, minutes: i64) {
    let (from, to) = (world.minute(0).start(), world.minute(minutes).start());
    let request = Request {
        matcher: Matcher {
            service: Some("CarManager".to_owned()),
            symptom,
            ..Matcher::default()
        },
        schedule: Schedule::Once { from, to },
        author: "Ada".to_owned(),
        reason: "migration".to_owned(),
    };
    let silence = Silence::new(request, from).unwrap();
    keep(world, silence.id.as_str(), silence.to_json()).await;
}

async fn keep(world: &World, id: &str, body: String) {
    let note = Note {
        id: id.to_owned(),
        body,
        until: world.minute(600).start(),
    };
    world.deps.state.keep(Notes::Silences, &note).await.unwrap();
}

fn topics(world: &World) -> Vec<Topic> {
    let sent = world.inbox.all();
    sent.iter().map(|publication| publication.topic).collect()
}

#[tokio::test]
async fn who_takes_an_incident_on_is_named_in_the_chat_once() {
    let world = World::with(vec![fault(FaultKind::Error, 5, 12)]).await;
    world.pass(0..8).await;
    assert_eq!(topics(&world), [Topic::Page, Topic::Chat]);
    let id = newest(&world).await;

    let first = acknowledge(&world.deps, &id[..12], " Ada ").await.unwrap();
    assert!(
        matches!(&first, Acknowledged::Now(taken) if taken.as_str() == id),
        "{first:?}"
    );
    let second = acknowledge(&world.deps, &id, "Grace").await.unwrap();
    assert!(
        matches!(&second, Acknowledged::Already(_, taken) if taken.by == "Ada"),
        "{second:?}"
    );

    world.pass(8..9).await;
    let sent = world.inbox.all();
    assert_eq!(topics(&world), [Topic::Page, Topic::Chat, Topic::Chat]);
    let said = &sent[2].chat;
    assert!(
        said.contains("[ACKNOWLEDGED]") && said.contains("Ada at 2026-11-18"),
        "{said}"
    );
    assert!(!said.contains("Grace"), "{said}");

    world.pass(9..30).await;
    let sent = world.inbox.all();
    let last = &sent.last().unwrap().chat;
    assert!(
        last.contains("[RESOLVED]") && last.contains("Ada at"),
        "{last}"
    );
    let over = acknowledge(&world.deps, &id, "Grace").await.unwrap_err();
    assert!(
        over.to_string().contains("nothing left to acknowledge"),
        "{over}"
    );
}

#[tokio::test]
async fn a_page_carries_the_link_of_its_incident_until_somebody_has_taken_it_on() {
    let mut world = World::with(vec![fault(FaultKind::Error, 5, 12)]).await;
    let key = Key::new(&[7; 32]).unwrap();
    world.deps.links = Some(Links::new("https://ack.example.com", key.clone()).unwrap());
    world.pass(0..8).await;
    let sent = world.inbox.all();
    let line = sent[0].email.lines().nth(3).unwrap();
    let token = line
        .strip_prefix("Acknowledge: https://ack.example.com/acknowledge/")
        .unwrap_or_else(|| panic!("{}", sent[0].email));
    let claim = Token::verify(token, &key.into(), world.clock.now()).unwrap();
    assert_eq!(claim.incident().as_str(), newest(&world).await);
    assert!(
        !sent[1].message.contains("ack.example.com"),
        "{:?}",
        sent[1]
    );

    acknowledge(&world.deps, claim.incident().as_str(), "Ada")
        .await
        .unwrap();
    world.pass(8..30).await;
    let sent = world.inbox.all();
    assert!(sent.len() > 3, "the end is told: {sent:?}");
    for later in &sent[2..] {
        assert!(!later.message.contains("ack.example.com"), "{later:?}");
    }
}

#[tokio::test]
async fn an_id_that_names_nothing_is_refused_with_what_to_do() {
    let world = World::with(vec![]).await;
    world.pass(0..2).await;
    for given in ["", "01ABC"] {
        let refused = acknowledge(&world.deps, given, "Ada").await.unwrap_err();
        assert!(matches!(refused, TakingError::Unknown(_)), "{refused}");
        assert!(
            refused.to_string().contains("`outrider incidents list`"),
            "{refused}"
        );
        let refused = judge(&world.deps, given, Verdict::Real, "Ada", None).await;
        assert!(refused.is_err(), "{refused:?}");
    }
}

#[tokio::test]
async fn a_silenced_service_is_judged_and_told_once_when_the_silence_ends() {
    let world = World::with(vec![fault(FaultKind::Error, 5, 20)]).await;
    silence(&world, None, 15).await;
    world.pass(0..14).await;
    assert_eq!(topics(&world), [], "nobody is told");
    let record = world.incidents().await.pop().unwrap();
    assert!(record.is_open() && record.incident.unwrap().seq == 0);
    world.pass(14..17).await;
    assert_eq!(topics(&world), [Topic::Page, Topic::Chat]);
    world.pass(17..24).await;
    assert_eq!(topics(&world).len(), 2, "once");
}

#[tokio::test]
async fn a_silenced_cause_does_not_speak_for_what_nobody_silenced() {
    let faults = vec![
        fault(FaultKind::Error, 5, 12),
        fault(FaultKind::Latency, 17, 9),
    ];
    let world = World::with(faults).await;
    silence(&world, Some(Symptom::Errors), 60).await;
    world.pass(0..19).await;
    let open = world.incidents().await;
    assert!(
        open.iter()
            .any(|one| one.group.symptom == Symptom::Errors && one.is_open()),
        "the cause is still open: {open:?}"
    );
    let sent = world.inbox.all();
    let subjects: Vec<_> = sent.iter().map(|one| one.subject.as_str()).collect();
    assert!(
        !subjects.is_empty()
            && subjects
                .iter()
                .all(|subject| subject.contains("high latency")),
        "{subjects:?}"
    );
}

#[tokio::test]
async fn a_silence_that_cannot_be_read_silences_nothing() {
    let world = World::with(vec![fault(FaultKind::Error, 5, 10)]).await;
    keep(&world, "newer", "{\"schema\":99}".to_owned()).await;
    keep(&world, "damaged", "no JSON".to_owned()).await;
    world.pass(0..9).await;
    assert_eq!(topics(&world), [Topic::Page, Topic::Chat]);
}

#[tokio::test]
async fn in_shadow_mode_everything_happens_but_the_message() {
    let mut world = World::with(vec![fault(FaultKind::Error, 5, 8)]).await;
    world.deps.watch.detector.shadow = true;
    let outcomes = world.pass(0..30).await;
    assert_eq!(topics(&world), []);
    let withheld: u64 = outcomes
        .iter()
        .map(|outcome| outcome.messages_withheld)
        .sum();
    assert_eq!(
        withheld, 4,
        "page and chat, at the beginning and at the end"
    );
    assert!(world.deps.state.outbox().await.unwrap().is_empty());
    let record = world.incidents().await.pop().unwrap();
    let incident = record.incident.unwrap();
    assert!(
        incident.resolved.is_some() && incident.seq == 2,
        "{incident:?}"
    );
}

#[tokio::test]
async fn what_somebody_said_of_an_incident_is_told_with_the_next_one_like_it() {
    // More than the half hour apart within which it would be the same incident.
    let faults = vec![
        fault(FaultKind::Error, 2, 5),
        fault(FaultKind::Error, 52, 6),
    ];
    let world = World::with(faults).await;
    world.pass(0..20).await;
    let first = world.inbox.all()[0].email.clone();
    assert!(first.contains("Similar   none in 30 days"), "{first}");
    let id = newest(&world).await;
    let note = Some("load test");
    judge(&world.deps, &id, Verdict::False, "Grace", None)
        .await
        .unwrap();
    world
        .clock
        .advance(SignedDuration::from_secs(1).unsigned_abs());
    judge(&world.deps, &id, Verdict::Expected, "Ada", note)
        .await
        .unwrap();

    world.pass(20..57).await;
    let sent = world.inbox.all();
    let last = sent.iter().rfind(|one| one.topic == Topic::Page).unwrap();
    let said = format!("judged expected by Ada: load test ({id})");
    assert!(
        last.email
            .contains("Similar   1 like this in 30 days; last 2026-11-18 10:0")
            && last.email.contains(&said),
        "{}",
        last.email
    );
}
