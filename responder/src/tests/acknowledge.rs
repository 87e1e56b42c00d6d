//! Links: opened by people and by machines, forged, late, at once, and on a store that fails.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use incidents::acknowledge_link::{Key, LIFETIME, Links, page};
use incidents::{
    Condition, Context, Direction, Group, Observation, Policy, Publication, Record, Symptom, Topic,
    decide,
};
use jiff::{SignedDuration, Timestamp};
use platform::clock::ManualClock;
use serde_json::{Value, json};
use signals::Minute;
use tokio::sync::Barrier;

use super::store::{Fault, Store};
use crate::acknowledge::{Deps, Response, answer};
use crate::{Answer, Error, Responder};

const FIXTURE: &str = include_str!("../../../tests/fixtures/function_url.json");

fn key(byte: u8) -> Key {
    Key::new(&[byte; 32]).unwrap()
}

fn opened() -> Minute {
    Minute::parse("2026-11-20T22:04:00Z").unwrap()
}

fn observed(window: Minute, condition: Condition) -> Observation {
    Observation {
        window,
        condition,
        members: vec![],
        muted: None,
    }
}

fn after(record: &Record, observation: &Observation) -> Record {
    let due = observation.window.plus(1).start();
    let decision = decide(record, observation, &Policy::default(), due);
    decision.next.unwrap_or_else(|| record.clone())
}

fn open_record() -> Record {
    let group = Group::new("prod", "CarManager", Symptom::Errors, Direction::High).unwrap();
    let onset = opened().plus(-1);
    let observation = observed(opened(), Condition::Breaching { onset });
    after(&Record::new(group), &observation)
}

fn resolved_record() -> Record {
    (1..=6).fold(open_record(), |record, minute| {
        after(&record, &observed(opened().plus(minute), Condition::Clear))
    })
}

struct World {
    store: Arc<Store>,
    deps: Deps,
    clock: Arc<ManualClock>,
    path: String,
}

fn path_of(record: &Record, key: Key, at: Timestamp) -> String {
    let links = Links::new("https://ack.example.com", key).unwrap();
    let link = links.of(record, at).unwrap().unwrap();
    link.strip_prefix("https://ack.example.com")
        .unwrap()
        .to_owned()
}

impl World {
    fn on(store: Store) -> Self {
        let store = Arc::new(store);
        let at = opened().plus(1).start();
        let clock = Arc::new(ManualClock::at(at + SignedDuration::from_mins(3)));
        Self {
            deps: Deps {
                keys: key(1).into(),
                state: store.clone(),
                place: Context {
                    region: "eu-west-1".to_owned(),
                    runbook_base: Some("https://docs.example.com".to_owned()),
                    ..Context::default()
                },
                clock: clock.clone(),
            },
            clock,
            path: path_of(&open_record(), key(1), at),
            store,
        }
    }

    fn new() -> Self {
        Self::on(Store::holding(&open_record()))
    }

    async fn ask(&self, method: &str, path: &str, body: Value) -> Response {
        answer(&event(method, path, body), &self.deps).await
    }

    async fn get(&self) -> Response {
        self.ask("GET", &self.path, Value::Null).await
    }

    /// Each a second after the one before.
    async fn post(&self, by: &str) -> Response {
        self.clock.advance(Duration::from_secs(1));
        self.ask("POST", &self.path, json!(format!("by={by}")))
            .await
    }

    fn taken_by(&self) -> Option<String> {
        let incident = self.store.record().incident.unwrap();
        incident.acknowledged.map(|taken| taken.by)
    }

    fn messages(&self) -> Vec<Publication> {
        let outbox = self.store.outbox.lock().unwrap();
        let read = |body: &String| serde_json::from_str(body).unwrap();
        outbox.iter().map(|item| read(&item.body)).collect()
    }
}

/// As Lambda sends it.
fn event(method: &str, path: &str, body: Value) -> Value {
    let mut event: Value = serde_json::from_str(FIXTURE).unwrap();
    event["rawPath"] = json!(path);
    event["requestContext"]["http"]["method"] = json!(method);
    event["requestContext"]["http"]["path"] = json!(path);
    if !body.is_null() {
        event["body"] = body;
    }
    event
}

#[track_caller]
fn is_page(response: &Response, status: u16, title: &str) {
    let Response {
        status_code,
        headers,
        body,
        ..
    } = response;
    assert_eq!(*status_code, status, "{body}");
    assert!(body.contains(&format!("<h1>{title}</h1>")), "{body}");
    for (name, value) in page::headers() {
        assert_eq!(headers.get(name), Some(&value), "{name}");
    }
    // What went wrong inside, and the proof, are nobody's business.
    for inside in [
        "connection",
        "DynamoDB",
        "state table",
        "/acknowledge/",
        "v1.",
    ] {
        assert!(!body.contains(inside), "{inside}: {body}");
    }
}

#[tokio::test]
async fn whoever_opens_the_link_sees_the_incident_and_changes_nothing() {
    let world = World::new();
    let seen = world.get().await;
    is_page(&seen, 200, "Acknowledge this incident?");
    assert!(
        seen.body.contains("CarManager") && seen.body.contains("many errors"),
        "{}",
        seen.body
    );
    for agent in [
        "Slackbot-LinkExpanding 1.0 (+https://api.slack.com/robots)",
        "Mozilla/5.0 (compatible; Microsoft Defender SafeLinks)",
        "WhatsApp/2.24",
    ] {
        let mut event = event("GET", &world.path, Value::Null);
        event["headers"]["user-agent"] = json!(agent);
        event["headers"]["purpose"] = json!("prefetch");
        event["rawQueryString"] = json!("by=Mallory&utm_source=mail");
        assert_eq!(answer(&event, &world.deps).await, seen, "{agent}");
    }
    let head = world.ask("HEAD", &world.path, Value::Null).await;
    assert_eq!(
        (head.status_code, &head.headers, head.body.as_str()),
        (200, &seen.headers, "")
    );
    assert_eq!(world.store.written(), 0);
    assert_eq!(world.store.record(), open_record());
}

#[tokio::test]
async fn the_button_stores_who_took_it_on_and_tells_the_chat_once() {
    let world = World::new();
    is_page(&world.post("Anna+K.").await, 200, "Acknowledged");
    assert_eq!(world.taken_by().as_deref(), Some("Anna K."));
    for again in [
        world.post("Bea").await,
        world.post("Anna+K.").await,
        world.get().await,
    ] {
        is_page(&again, 200, "Already acknowledged");
        assert!(
            again.body.contains("Anna K.") && !again.body.contains("Bea"),
            "{}",
            again.body
        );
    }
    assert_eq!(world.store.written(), 1);
    let messages = world.messages();
    assert_eq!(messages.len(), 1, "{messages:?}");
    assert_eq!(messages[0].topic, Topic::Chat);
    assert!(
        messages[0].message.contains("Anna K.") && messages[0].message.contains("[ACKNOWLEDGED]"),
        "{messages:?}"
    );
    assert!(
        !messages[0].message.contains("not configured"),
        "{messages:?}"
    );
}

#[tokio::test]
async fn a_name_is_optional_and_shown_as_text() {
    let world = World::new();
    world.post("").await;
    assert_eq!(world.taken_by().as_deref(), Some("somebody with the link"));
    let world = World::new();
    let done = world.post("%3Cscript%3Ealert(1)%3C/script%3E").await;
    is_page(&done, 200, "Acknowledged");
    assert!(!done.body.contains("<script"), "{}", done.body);
}

#[tokio::test]
async fn who_has_no_good_link_learns_and_changes_nothing() {
    let at = opened().plus(1).start();
    let other = {
        let mut record = open_record();
        let later = observed(
            opened().plus(600),
            Condition::Breaching {
                onset: opened().plus(599),
            },
        );
        record.incident = None;
        record.status = incidents::Status::Ok;
        after(&record, &later)
    };
    let elsewhere = {
        let group = Group::new("prod", "Orders", Symptom::Errors, Direction::High).unwrap();
        let onset = opened().plus(-1);
        after(
            &Record::new(group),
            &observed(opened(), Condition::Breaching { onset }),
        )
    };
    let good = World::new().path;
    let mut cut = good.clone();
    cut.pop();
    let late = path_of(&open_record(), key(1), at - LIFETIME);
    for (rule, path, status) in [
        ("another key's", path_of(&open_record(), key(9), at), 403),
        ("changed", good.replace(".1795", ".1796"), 403),
        ("cut off", cut, 400),
        ("no token", "/acknowledge/x".to_owned(), 400),
        (
            "a megabyte",
            format!("/acknowledge/{}", "v1.".repeat(400_000)),
            400,
        ),
        ("ended", late, 410),
        ("of a later incident", path_of(&other, key(1), at), 410),
        ("of another service", path_of(&elsewhere, key(1), at), 410),
        ("another address", "/favicon.ico".to_owned(), 404),
        ("no address", "/".to_owned(), 404),
    ] {
        let world = World::new();
        for method in ["GET", "POST"] {
            let refused = world.ask(method, &path, json!("by=Mallory")).await;
            is_page(&refused, status, "Not acknowledged");
            assert!(
                !refused.body.contains("CarManager"),
                "{rule}: {}",
                refused.body
            );
        }
        assert_eq!(world.store.written(), 0, "{rule}");
        let reads = world.store.calls.load(Ordering::SeqCst);
        assert!(
            status == 410 || reads == 0,
            "{rule}: the store was asked before the key"
        );
        assert_eq!(world.store.record(), open_record(), "{rule}");
    }
}

#[tokio::test]
async fn other_methods_are_told_which_there_are() {
    let world = World::new();
    for method in ["PUT", "DELETE", "PATCH", "OPTIONS", "get", ""] {
        let refused = world.ask(method, &world.path, json!("by=Mallory")).await;
        is_page(&refused, 405, "Not acknowledged");
        assert_eq!(
            refused.headers.get("Allow"),
            Some(&"GET, HEAD, POST"),
            "{method}"
        );
    }
    assert_eq!(world.store.calls.load(Ordering::SeqCst), 0);
}

#[tokio::test]
async fn a_form_that_is_none_and_a_name_that_cannot_be_shown_are_refused() {
    let world = World::new();
    for (rule, body, status) in [
        ("a novel", json!(format!("by={}", "x".repeat(5_000))), 413),
        ("a long name", json!(format!("by={}", "x".repeat(81))), 400),
        ("two lines", json!("by=a%0aALARM"), 400),
        ("turned around", json!("by=%E2%80%AEannA"), 400),
        ("no text", json!("by=%ff"), 400),
    ] {
        let refused = world.ask("POST", &world.path, body).await;
        is_page(&refused, status, "Not acknowledged");
        assert_eq!(world.store.written(), 0, "{rule}");
    }
    assert_eq!(world.taken_by(), None);
}

#[tokio::test]
async fn an_incident_that_is_over_is_not_taken_on() {
    let world = World::on(Store::holding(&resolved_record()));
    is_page(&world.get().await, 200, "This incident is over");
    is_page(&world.post("Anna").await, 200, "This incident is over");
    assert_eq!(world.store.written(), 0);
}

#[tokio::test]
async fn of_two_at_once_the_first_stays_and_the_other_is_told() {
    let mut store = Store::holding(&open_record());
    // Both have read before either writes; the one that lost reads again, alone.
    store.meet = Some(Barrier::new(2));
    let world = World::on(store);
    let (anna, bea) = tokio::join!(world.post("Anna"), world.post("Bea"));
    let pages = [anna, bea];
    let firsts = pages
        .iter()
        .filter(|page| page.body.contains("<h1>Acknowledged</h1>"));
    assert_eq!(firsts.count(), 1, "{pages:?}");
    let by = world.taken_by().unwrap();
    for page in &pages {
        assert!(page.body.contains(&by), "{}", page.body);
    }
    assert_eq!((world.store.written(), world.messages().len()), (2, 1));
}

#[tokio::test]
async fn whatever_call_fails_nobody_takes_it_for_done_and_the_next_try_settles_it() {
    for fault in [Fault::Fails, Fault::Loses] {
        for call in 0..2 {
            let world = World::new();
            *world.store.fault.lock().unwrap() = Some((call, fault));
            let page = world.post("Anna").await;
            is_page(&page, 503, "Not known to be acknowledged");
            let again = world.post("Anna").await;
            let stored = call == 1 && fault == Fault::Loses;
            let title = if stored {
                "Already acknowledged"
            } else {
                "Acknowledged"
            };
            is_page(&again, 200, title);
            assert_eq!(
                world.taken_by().as_deref(),
                Some("Anna"),
                "{fault:?} {call}"
            );
            assert_eq!(world.messages().len(), 1, "{fault:?} {call}");
        }
        let world = World::new();
        *world.store.fault.lock().unwrap() = Some((0, fault));
        is_page(&world.get().await, 503, "Not known to be acknowledged");
        assert_eq!(world.store.written(), 0);
    }
}

#[tokio::test]
async fn a_write_that_was_repeated_by_itself_is_ones_own() {
    let world = World::new();
    *world.store.fault.lock().unwrap() = Some((1, Fault::Repeats));
    is_page(&world.post("Anna").await, 200, "Acknowledged");
    assert_eq!(world.messages().len(), 1);
}

#[tokio::test]
async fn a_record_that_changes_meanwhile_is_read_again_and_not_for_ever() {
    let world = World::new();
    world.store.contended.store(3, Ordering::SeqCst);
    is_page(&world.post("Anna").await, 200, "Acknowledged");
    assert_eq!(world.taken_by().as_deref(), Some("Anna"));

    let world = World::new();
    world.store.contended.store(u32::MAX, Ordering::SeqCst);
    is_page(
        &world.post("Anna").await,
        503,
        "Not known to be acknowledged",
    );
    assert_eq!((world.store.written(), world.taken_by()), (5, None));
}

#[tokio::test]
async fn links_of_the_previous_key_are_good_until_it_is_dropped() {
    let mut world = World::new();
    world.deps.keys.current = key(2);
    assert_eq!(world.get().await.status_code, 403);
    world.deps.keys.previous = Some(key(1));
    is_page(&world.post("Anna").await, 200, "Acknowledged");
}

#[tokio::test]
async fn a_request_never_reaches_the_trial_and_codedeploy_never_a_link() {
    let World { deps, path, .. } = World::new();
    let responder = Responder {
        trial: None,
        links: Some(deps),
    };
    let mut request = event("GET", &path, Value::Null);
    request["DeploymentId"] = json!("d-1");
    request["LifecycleEventHookExecutionId"] = json!("e-1");
    let Ok(Answer::Page(page)) = responder.serve(request.clone(), 0).await else {
        panic!("no page")
    };
    let sent = serde_json::to_value(Answer::Page(page)).unwrap();
    assert_eq!(
        (&sent["statusCode"], &sent["isBase64Encoded"]),
        (&json!(200), &json!(false))
    );
    let hook = json!({"DeploymentId": "d-1", "LifecycleEventHookExecutionId": "e-1"});
    let refused = responder.serve(hook, 0).await.unwrap_err();
    assert!(matches!(refused, Error::NothingToTry), "{refused}");

    let world = super::world::World::new();
    let responder = Responder {
        trial: Some(world.deps),
        links: None,
    };
    let refused = responder.serve(request, 0).await.unwrap_err();
    assert!(matches!(refused, Error::NoLinks), "{refused}");
    for event in [json!({}), json!(null), json!({"DeploymentId": "d-1"})] {
        let refused = responder.serve(event, 0).await.unwrap_err();
        assert!(
            matches!(&refused, Error::Event(_)) && !refused.is_retryable(),
            "{refused}"
        );
    }
}
