//! A page in the inbox of the embedded stack, its link in a browser, its button, and what everybody is told then.

use std::path::Path;
use std::process::Command;
use std::sync::Arc;

use e2e::built;
use e2e::function::Function;
use incidents::acknowledge_link::{Key, Links};
use incidents::{
    Action, Condition, Direction, Group, Observation, Policy, Record, Symptom, Transition,
};
use outrider::local::gateway::Arrivals;
use outrider::local::lambda::Arrival;
use outrider::local::{Options, Stack};
use platform::clock::{Clock, ManualClock, SystemClock};
use platform::incident_store;
use platform::state_store::dynamodb::{DynamoDbStateStore, create_table};
use platform::state_store::{Pointer, StateStore};
use platform::testing::Server;
use reqwest::{Client, Method, StatusCode};
use serde_json::{Value, json};
use signals::Minute;

#[derive(Debug)]
struct Undisturbed;

impl Arrivals for Undisturbed {
    fn next(&self) -> Arrival {
        Arrival {
            request: 0,
            throttled: false,
            init_ms: None,
        }
    }
}

/// The SNS requests in the inbox, in order.
fn inbox(data: &Path) -> Vec<Value> {
    let mut files: Vec<_> = std::fs::read_dir(data.join("inbox"))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    files.sort();
    let read = |file| serde_json::from_slice(&std::fs::read(file).unwrap()).unwrap();
    files.iter().map(read).collect()
}

/// The address on the mail's line `Acknowledge: …` of the newest page.
fn link(data: &Path) -> String {
    let pages = inbox(data);
    let forms: Value = serde_json::from_str(pages[0]["Message"].as_str().unwrap()).unwrap();
    let mail = forms["email"].as_str().unwrap();
    let line = mail
        .lines()
        .find_map(|line| line.strip_prefix("Acknowledge: "));
    line.unwrap_or_else(|| panic!("no link in\n{mail}"))
        .to_owned()
}

/// Many errors, as the detector opens them.
fn opened(window: Minute) -> (Action, Record) {
    let group = Group::new("local", "CarManager", Symptom::Errors, Direction::High).unwrap();
    let observation = Observation {
        window,
        condition: Condition::Breaching {
            onset: window.plus(-2),
        },
        members: vec![],
        muted: None,
    };
    let due = window.plus(1).start();
    let policy = Policy::default();
    let decision = incidents::decide(&Record::new(group), &observation, &policy, due);
    (decision.action, decision.next.unwrap())
}

/// Stores it with its messages, as the detector does.
async fn open(stack: &Stack, window: Minute) {
    let (action, next) = opened(window);
    let due = window.plus(1).start();
    let deps = &stack.detector;
    let place = incidents::Context {
        acknowledge: deps.links.as_ref().unwrap().of(&next, due).unwrap(),
        ..detector::place(&deps.watch, &deps.watch.services[0])
    };
    let publications = incidents::render(
        &place,
        &Transition {
            action,
            at: due,
            record: &next,
            members: &[],
            unaffected: &[],
            also_seen: &[],
            examples: &[],
        },
    );
    let transition = incident_store::transition(&next, &publications).unwrap();
    deps.state.apply(&transition).await.unwrap();
    // The detector has decided this window, and says so to whoever asks for its incidents.
    let to = Pointer {
        committed: window.plus(-6),
        decided: window,
    };
    deps.state.advance(0, to).await.unwrap();
}

#[tokio::test]
async fn the_link_of_a_page_in_the_inbox_works_in_a_browser() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path();
    let window = Minute::parse("2026-11-20T22:04:00Z").unwrap();
    let clock = Arc::new(ManualClock::at(window.plus(1).start()));
    let stack = Stack::start(Options {
        data: data.to_owned(),
        port: 0,
        clock: clock.clone(),
        arrivals: Arc::new(Undisturbed),
        links: true,
        store_calls: None,
    })
    .await
    .unwrap();
    open(&stack, window).await;
    stack.end_minute(window.plus(1)).await.unwrap();

    let link = link(data);
    assert!(
        link.starts_with(&format!("{}/acknowledge/v1.", stack.url())),
        "{link}"
    );
    let client = Client::new();
    let ask = async |method: Method, body: &'static str| {
        let request = client
            .request(method, &link)
            .header("content-type", "application/x-www-form-urlencoded")
            .body(body);
        let answer = request.send().await.unwrap();
        let policy = answer.headers()["content-security-policy"]
            .to_str()
            .unwrap();
        assert!(policy.starts_with("default-src 'none'"), "{policy}");
        assert_eq!(answer.headers()["cache-control"], "no-store");
        (answer.status(), answer.text().await.unwrap())
    };
    let (status, page) = ask(Method::GET, "").await;
    assert_eq!(status, StatusCode::OK, "{page}");
    assert!(
        page.contains("<h1>Acknowledge this incident?</h1>") && page.contains("many errors"),
        "{page}"
    );
    let (status, page) = ask(Method::HEAD, "").await;
    assert_eq!((status, page.as_str()), (StatusCode::OK, ""));
    let (status, page) = ask(Method::DELETE, "").await;
    assert_eq!(status, StatusCode::METHOD_NOT_ALLOWED, "{page}");
    let (status, page) = ask(Method::POST, "by=Anna+K.").await;
    assert_eq!(status, StatusCode::OK, "{page}");
    assert!(
        page.contains("<h1>Acknowledged</h1>") && page.contains("Anna K."),
        "{page}"
    );
    let (_, page) = ask(Method::POST, "by=Bea").await;
    assert!(
        page.contains("<h1>Already acknowledged</h1>") && !page.contains("Bea"),
        "{page}"
    );

    // The API is where it was.
    let health = client
        .get(format!("{}/health", stack.url()))
        .send()
        .await
        .unwrap();
    assert_eq!(health.status(), StatusCode::OK);

    let before = inbox(data).len();
    clock.set(window.plus(3).start());
    stack.end_minute(window.plus(2)).await.unwrap();
    let after = inbox(data);
    assert_eq!(after.len(), before + 1, "{after:?}");
    let chat = after.last().unwrap()["Message"].as_str().unwrap();
    assert!(
        chat.contains("[ACKNOWLEDGED]") && chat.contains("Anna K."),
        "{chat}"
    );
    stack.stop().await.unwrap();

    let shown = Command::new(built::binary("outrider"))
        .args(["incidents", "show", "0", "--json", "--data"])
        .arg(data)
        .output()
        .unwrap();
    let shown: Value = serde_json::from_slice(&shown.stdout).unwrap();
    assert_eq!(
        shown[0]["incident"]["acknowledged"]["by"], "Anna K.",
        "{shown}"
    );
}

#[tokio::test]
async fn the_function_itself_answers_what_a_function_url_sends_and_logs_no_link() {
    const KEY: &str = "a key of more than 32 random bytes";
    let dynamodb = Server::start().await;
    let client = dynamodb.client().await;
    create_table(&client, "state").await.unwrap();
    let state = DynamoDbStateStore::new(client, "state");
    let now = SystemClock.now();
    let (_, record) = opened(Minute::containing(now).plus(-5));
    let stored = incident_store::transition(&record, &[]).unwrap();
    state.apply(&stored).await.unwrap();
    let links = Links::new("https://h", Key::new(KEY.as_bytes()).unwrap()).unwrap();
    let link = links.of(&record, now).unwrap().unwrap();

    let mut function = Function::start(
        "responder",
        &[
            ("AWS_ENDPOINT_URL_DYNAMODB", &dynamodb.endpoint),
            ("CAROBS_STATE_TABLE", "state"),
            ("CAROBS_ACKNOWLEDGE_KEY", KEY),
            ("CAROBS_TIME_ZONE", "Europe/Paris"),
        ],
    )
    .await;
    let mut event: Value =
        serde_json::from_str(include_str!("../fixtures/function_url.json")).unwrap();
    event["rawPath"] = json!(link.strip_prefix("https://h"));
    let seen = function.invoke(&event).await.response();
    assert_eq!(seen["statusCode"], 200, "{seen}");
    assert_eq!(seen["headers"]["Content-Type"], "text/html; charset=utf-8");
    let page = seen["body"].as_str().unwrap();
    assert!(
        page.contains("many errors") && page.contains("Europe/Paris"),
        "{page}"
    );

    event["requestContext"]["http"]["method"] = json!("POST");
    event["isBase64Encoded"] = json!(true);
    event["body"] = json!(base64_simd::STANDARD.encode_to_string(b"by=Anna"));
    let done = function.invoke(&event).await.response();
    assert!(
        done["body"]
            .as_str()
            .unwrap()
            .contains("<h1>Acknowledged</h1>"),
        "{done}"
    );
    let item = state
        .alert(record.fingerprint.as_str())
        .await
        .unwrap()
        .unwrap();
    let incident = Record::from_json(&item.body).unwrap().incident.unwrap();
    assert_eq!(incident.acknowledged.unwrap().by, "Anna");
    let waiting = state.outbox().await.unwrap();
    assert!(
        waiting.len() == 1 && waiting[0].body.contains("Anna"),
        "{waiting:?}"
    );

    event["rawPath"] = json!("/acknowledge/x");
    assert_eq!(function.invoke(&event).await.response()["statusCode"], 400);
    let lines = function.log().lines;
    assert!(lines.len() >= 3, "{lines:?}");
    let token = link.rsplit('/').next().unwrap();
    for line in lines {
        let line = line.to_string();
        assert!(!line.contains(token) && !line.contains(KEY), "{line}");
    }
}
