use std::sync::atomic::{AtomicU32, Ordering};

use platform::clock::ManualClock;
use reqwest::Client;

use super::super::gateway::Arrivals;
use super::super::lambda::Arrival;
use super::super::{Options, Stack};
use super::*;

#[derive(Debug, Default)]
struct InOrder(AtomicU32);

impl Arrivals for InOrder {
    fn next(&self) -> Arrival {
        Arrival {
            request: self.0.fetch_add(1, Ordering::SeqCst),
            throttled: false,
            init_ms: None,
        }
    }
}

async fn stack(data: &Path, clock: &Arc<ManualClock>) -> Stack {
    Stack::start(Options {
        data: data.to_owned(),
        port: 0,
        clock: clock.clone(),
        arrivals: Arc::new(InOrder::default()),
        links: false,
        store_calls: None,
    })
    .await
    .unwrap()
}

fn clock() -> Arc<ManualClock> {
    Arc::new(ManualClock::at("2026-11-16T12:00:00Z".parse().unwrap()))
}

async fn accepted(stack: &Stack, fault: &str) -> Value {
    let body = json!({ "car_id": "c-1", "model": "M", "year": 2024 });
    let request = Client::new()
        .post(format!("{}/cars", stack.url()))
        .header("prefer", "respond-async")
        .header("x-outrider-fault", fault);
    let answer = request.json(&body).send().await.unwrap();
    assert_eq!(answer.status(), 202);
    let location = answer.headers()["location"].to_str().unwrap().to_owned();
    let body: Value = answer.json().await.unwrap();
    assert_eq!(body["status"], "accepted");
    json!(format!("{}{location}", stack.url()))
}

async fn get(url: &str) -> Value {
    Client::new()
        .get(url)
        .send()
        .await
        .unwrap()
        .json()
        .await
        .unwrap()
}

#[tokio::test]
async fn an_accepted_creation_crosses_the_queue_and_is_done() {
    let folder = tempfile::tempdir().unwrap();
    let stack = stack(folder.path(), &clock()).await;
    let link = accepted(&stack, "").await;
    stack.work_is_due().await;
    assert_eq!(stack.work_off().await.unwrap(), 1);
    let status = get(link.as_str().unwrap()).await;
    assert_eq!(
        (&status["status"], &status["location"]),
        (&json!("created"), &json!("/cars/c-1"))
    );
    assert_eq!(
        get(&format!("{}/cars/c-1", stack.url())).await["model"],
        "M"
    );
    let events = std::fs::read_to_string(folder.path().join("events.jsonl")).unwrap();
    assert_eq!(events.lines().count(), 1, "{events}");
    assert_eq!(stack.work_off().await.unwrap(), 0, "it is gone");
    stack.stop().await.unwrap();
}

#[tokio::test]
async fn a_message_survives_the_process() {
    let folder = tempfile::tempdir().unwrap();
    let clock = clock();
    let first = stack(folder.path(), &clock).await;
    accepted(&first, "").await;
    first.stop().await.unwrap();
    let second = stack(folder.path(), &clock).await;
    assert_eq!(second.work_off().await.unwrap(), 1);
    assert_eq!(
        get(&format!("{}/cars/c-1", second.url())).await["model"],
        "M"
    );
    second.stop().await.unwrap();
}

#[tokio::test]
async fn what_fails_is_hidden_delivered_again_and_in_the_end_a_dead_letter() {
    let folder = tempfile::tempdir().unwrap();
    let clock = clock();
    let stack = stack(folder.path(), &clock).await;
    stack.queue.put("poison".to_owned()).unwrap();
    accepted(&stack, "").await;
    assert_eq!(stack.work_off().await.unwrap(), 1, "its neighbour is done");
    for delivery in 2..=MOST_DELIVERIES {
        clock.advance(HIDDEN - Duration::from_secs(1));
        assert_eq!(stack.work_off().await.unwrap(), 0);
        let deliveries = |stack: &Stack| stack.queue.kept().waiting[0].deliveries;
        assert_eq!(deliveries(&stack), delivery - 1, "still hidden");
        clock.advance(Duration::from_secs(1));
        assert_eq!(stack.work_off().await.unwrap(), 0);
        assert_eq!(deliveries(&stack), delivery);
    }
    clock.advance(HIDDEN);
    assert_eq!(stack.work_off().await.unwrap(), 0);
    let (waiting, dead) = {
        let kept = stack.queue.kept();
        let dead: Vec<_> = kept.dead.iter().map(|one| one.body.clone()).collect();
        (kept.waiting.len(), dead)
    };
    assert_eq!((waiting, dead), (0, vec!["poison".to_owned()]));
    stack.stop().await.unwrap();
}

#[tokio::test]
async fn the_arrow_takes_messages_for_its_queue_and_nothing_else() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("queue.json");
    let (server, _queue) = start(&file, clock()).await.unwrap();
    let cases = [
        (
            "AmazonSQS.ReceiveMessage",
            "cars",
            "{}",
            "UnsupportedOperation",
        ),
        (
            "AmazonSQS.SendMessage",
            "another",
            "{}",
            "QueueDoesNotExist",
        ),
        ("AmazonSQS.SendMessage", NAME, "", "InvalidMessageContents"),
    ];
    for (target, name, body, refusal) in cases {
        let request = json!({ "QueueUrl": format!("http://sqs/1/{name}"), "MessageBody": body });
        let answer = Client::new()
            .post(server.endpoint())
            .header("x-amz-target", target);
        let answer = answer.json(&request).send().await.unwrap();
        assert_eq!(answer.status(), 400, "{target} {name}");
        let answer: Value = answer.json().await.unwrap();
        assert_eq!(answer["__type"], format!("com.amazonaws.sqs#{refusal}"));
    }
    server.stop().await.unwrap();
    std::fs::write(&file, "?").unwrap();
    let error = start(&file, clock()).await.unwrap_err();
    assert!(error.to_string().contains("delete the file"), "{error}");
}
