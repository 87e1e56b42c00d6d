//! From failing requests to a message on the topic that wakes somebody.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use aws_lambda_events::event::sns::{CloudWatchAlarmPayload, SnsMessage};
use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::routing::post;
use e2e::emulator::wait::until;
use e2e::listener::Listener;
use platform::clock::{Clock, SystemClock};
use platform::state_store::dynamodb::DynamoDbStateStore;
use platform::state_store::{Claim, StateStore};
use reqwest::Method;
use serde_json::{Value, json};
use signals::{Metric, Minute};

use super::queue::queue_for;
use super::{World, now};

/// Requests that fail in a minute, on top of the forty or so that the loaded history has there.
const FAILING: usize = 30;
/// What is left of a minute in which they are sent, so that they are all in it.
const ROOM: i64 = 20;
/// What fails.
const SYMPTOM: &str = "errors";
/// A schedule's first run is a minute after it was made.
const SCHEDULED: Duration = Duration::from_secs(90);

/// Has requests fail in one minute after `after`; returns it.
pub(super) async fn fail_some_requests(world: &World, after: Minute) -> Minute {
    let minute = until(
        "a minute with room in it",
        Duration::from_secs(130),
        async || {
            let left = 60 - SystemClock.now().as_second().rem_euclid(60);
            (now() > after && left > ROOM).then(now)
        },
    )
    .await;
    for _ in 0..FAILING {
        let failed = world
            .ask(Method::GET, "/cars", &[("x-outrider-fault", "error")], None)
            .await;
        assert_eq!(failed.status, 500, "{failed:?}");
    }
    assert_eq!(now(), minute, "{FAILING} requests took more than {ROOM} s");
    minute
}

/// On AWS each run is told its own time; here they are all told the one of the deployment, which the table in
/// `tests/emulator/deploy.py` says. Nobody else in this test asks for that window.
pub(super) async fn the_schedule_runs_the_detector(world: &World) {
    let group = world.log_group("DetectorFunction");
    until("the schedule's first run", SCHEDULED, async || {
        let log = world.account.log(&group).await;
        let mut lines = log
            .iter()
            .filter_map(|event| serde_json::from_str::<Value>(&event.message).ok());
        lines
            .any(|line| line.get(Metric::DetectorRun.name()).is_some())
            .then_some(())
    })
    .await;
    let state = DynamoDbStateStore::new(
        world.account.dynamodb.clone(),
        world.outputs.get("StateTableName"),
    );
    let now = SystemClock.now();
    let claim = state
        .claim_window(0, world.deployed.plus(-1), "this test", now, now)
        .await
        .unwrap();
    assert_eq!(
        claim,
        Claim::Done,
        "the run is about the minute before the one it was told"
    );
}

/// The detector is told the ends of the two minutes, whether they are over or not, and opens one incident with the first.
pub(super) async fn somebody_is_woken(world: &World, first: Minute, second: Minute) {
    let queue = subscribed_queue(world).await;
    let hook = Webhook::subscribe(world).await;
    for (window, opens, rule) in [
        (first, 1, "so many failures need no second minute"),
        (second, 0, "the second minute is of the same incident"),
    ] {
        let outcome = tick(world, window).await;
        assert_eq!(opened(&outcome), opens, "{rule}: {outcome}");
        assert_eq!(
            (&outcome["messages_dead"], &outcome["polls_failed"]),
            (&json!(0), &json!(0)),
            "{outcome}"
        );
    }

    let (message, page) = received(world, &queue).await;
    assert_eq!(message.topic_arn, world.outputs.get("PageTopicArn"));
    let subject = message.subject.unwrap();
    assert!(subject.starts_with("ALARM: "), "{subject}");
    for (member, expected) in [
        ("action", "open"),
        ("environment", "test"),
        ("owner", "team-cars"),
        ("service", "CarManager"),
        ("severity", "page"),
        ("state", "ALARM"),
        ("symptom", SYMPTOM),
        ("runbook", "https://example.com/runbooks/errors.md"),
    ] {
        assert_eq!(page[member], expected, "{member} in {page}");
    }
    assert_eq!(
        (&page["peak"]["label"], &page["peak"]["metric"]),
        (&json!("GET /cars"), &json!("errors")),
        "what broke: {page}"
    );
    // A request of the loaded history may have failed in the same minute.
    let observed = page["peak"]["observed"].as_f64().unwrap() as usize;
    assert!(
        (FAILING..FAILING + 5).contains(&observed),
        "how bad: {page}"
    );
    assert_eq!(page["onset"], first.to_string(), "since when: {page}");

    let alarm = hook.alarm(page["alarm_name"].as_str().unwrap()).await;
    assert_eq!(
        alarm.new_state_value, "ALARM",
        "the form of AWS's own alarms, which incident managers read"
    );
    let again = tick(world, second).await;
    assert_eq!(
        (&again["status"], &again["messages_published"]),
        (&json!("done"), &json!(0)),
        "{again}"
    );
}

/// How many incidents of the symptom a run opened.
fn opened(outcome: &Value) -> usize {
    let told = outcome["told"].as_array().unwrap().iter();
    told.filter(|told| told["symptom"] == SYMPTOM && told["action"] == "open")
        .count()
}

/// A run about `window`.
async fn tick(world: &World, window: Minute) -> Value {
    let tick = json!({ "at": window.plus(1).to_string(), "shard": 0 });
    let answer = world
        .account
        .invoke(world.outputs.get("DetectorFunction"), &tick)
        .await;
    assert!(!answer.failed, "{answer:?}");
    assert_eq!(answer.payload["window"], window.to_string(), "{answer:?}");
    answer.payload
}

/// A queue that the page topic sends to.
async fn subscribed_queue(world: &World) -> String {
    let topic = world.outputs.get("PageTopicArn");
    let (queue, arn) = queue_for(world, "pager", "sns.amazonaws.com", topic).await;
    let subscribe = world.account.sns.subscribe().topic_arn(topic);
    subscribe
        .protocol("sqs")
        .endpoint(arn)
        .send()
        .await
        .unwrap();
    queue
}

/// The page about the symptom: the notification, and the message in it.
async fn received(world: &World, queue: &str) -> (SnsMessage, Value) {
    let what = "a message on the queue of the page topic";
    until(what, Duration::from_secs(20), async || {
        let received = world.account.sqs.receive_message().queue_url(queue);
        let received = received.send().await.unwrap().messages.unwrap_or_default();
        let bodies = received.into_iter().filter_map(|message| message.body);
        let mut read = bodies.map(|body| {
            let message: SnsMessage = serde_json::from_str(&body).unwrap();
            let page = serde_json::from_str(&message.message).unwrap();
            (message, page)
        });
        read.find(|(_, page): &(SnsMessage, Value)| page["symptom"] == SYMPTOM)
    })
    .await
}

/// An incident manager: an address that the topic posts to.
struct Webhook {
    _listener: Listener,
    posted: Arc<Mutex<Vec<Value>>>,
}

impl Webhook {
    /// On AWS the address begins with https; the emulator takes this one and sends it what is meant for https.
    async fn subscribe(world: &World) -> Self {
        let posted: Arc<Mutex<Vec<Value>>> = Arc::default();
        let take = async |State(posted): State<Arc<Mutex<Vec<Value>>>>, body: Bytes| {
            posted
                .lock()
                .unwrap()
                .push(serde_json::from_slice(&body).unwrap());
        };
        let listener = Listener::serve(
            Router::new()
                .route("/", post(take))
                .with_state(posted.clone()),
        )
        .await;
        let (sns, topic) = (&world.account.sns, world.outputs.get("PageTopicArn"));
        let subscribe = sns
            .subscribe()
            .topic_arn(topic)
            .protocol("https")
            .endpoint(format!("{}/", listener.endpoint()));
        subscribe.send().await.unwrap();
        let hook = Self {
            _listener: listener,
            posted,
        };
        let token = hook.next("a question to confirm", |message| {
            message["Token"].as_str().map(str::to_owned)
        });
        let token = token.await;
        sns.confirm_subscription()
            .topic_arn(topic)
            .token(token)
            .send()
            .await
            .unwrap();
        hook
    }

    /// The first message that `read` makes something of.
    async fn next<T>(&self, what: &str, read: impl Fn(&Value) -> Option<T>) -> T {
        until(what, Duration::from_secs(20), async || {
            let posted = self.posted.lock().unwrap();
            posted.iter().find_map(&read)
        })
        .await
    }

    async fn alarm(&self, name: &str) -> CloudWatchAlarmPayload {
        self.next("the alarm at the webhook", |message| {
            let text = message["Message"].as_str()?;
            let alarm: CloudWatchAlarmPayload = serde_json::from_str(text).ok()?;
            (alarm.alarm_name == name).then_some(alarm)
        })
        .await
    }
}
