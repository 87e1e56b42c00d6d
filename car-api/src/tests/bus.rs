use std::collections::VecDeque;
use std::sync::{Arc, Mutex};

use axum::extract::State;
use axum::routing::post;
use axum::{Json, Router};
use http::StatusCode;
use platform::clock::{Clock, ManualClock};
use serde_json::{Value, json};

use super::harness::{Server, noon};
use crate::car::{Car, Draft};
use crate::events::eventbridge::EventBridge;
use crate::events::{CarEvent, EventPublisher, Happened, Published};

/// For each round, the error code of each entry ("" = accepted); or a status that refuses the whole call.
#[derive(Debug, Default)]
struct Script {
    rounds: Mutex<VecDeque<Result<Vec<&'static str>, u16>>>,
    received: Mutex<Vec<Vec<Value>>>,
}

async fn put_events(State(script): State<Arc<Script>>, body: String) -> (StatusCode, Json<Value>) {
    let request: Value = serde_json::from_str(&body).unwrap();
    script
        .received
        .lock()
        .unwrap()
        .push(request["Entries"].as_array().unwrap().clone());
    match script
        .rounds
        .lock()
        .unwrap()
        .pop_front()
        .expect("a round that the script knows")
    {
        Ok(codes) => {
            let failed = codes.iter().filter(|code| !code.is_empty()).count();
            let entries: Vec<_> = codes
                .iter()
                .map(|code| {
                    if code.is_empty() {
                        json!({ "EventId": "e" })
                    } else {
                        json!({ "ErrorCode": code, "ErrorMessage": "no" })
                    }
                })
                .collect();
            (
                StatusCode::OK,
                Json(json!({ "FailedEntryCount": failed, "Entries": entries })),
            )
        }
        Err(status) => (
            StatusCode::from_u16(status).unwrap(),
            Json(json!({ "__type": "AccessDeniedException", "message": "no" })),
        ),
    }
}

fn event(happened: Happened) -> CarEvent {
    let body = json!({ "model": "M", "year": 2024 });
    let draft = Draft::parse(body.as_object().unwrap())
        .input
        .unwrap()
        .fields;
    let car = Car::create("c-1".parse().unwrap(), draft, noon());
    CarEvent::new(happened, &car, "e-1", noon(), "order-17")
}

async fn publish(
    rounds: Vec<Result<Vec<&'static str>, u16>>,
) -> (Published, Vec<Vec<String>>, jiff::Timestamp) {
    let script = Arc::new(Script {
        rounds: Mutex::new(rounds.into()),
        ..Script::default()
    });
    let server = Server::router(
        Router::new()
            .route("/", post(put_events))
            .with_state(script.clone()),
    )
    .await;
    let client =
        aws_sdk_eventbridge::Client::new(&platform::aws::for_endpoint(&server.endpoint).await);
    let clock = Arc::new(ManualClock::at(noon()));
    let bus = EventBridge::new(client, "cars", clock.clone());
    let published = bus
        .publish(&[event(Happened::Updated), event(Happened::StatusChanged)])
        .await;
    let kind = |entry: &Value| {
        entry["DetailType"]
            .as_str()
            .unwrap()
            .rsplit('.')
            .next()
            .unwrap()
            .to_owned()
    };
    let received = script
        .received
        .lock()
        .unwrap()
        .iter()
        .map(|round| round.iter().map(kind).collect())
        .collect();
    (published, received, clock.now())
}

#[tokio::test]
async fn what_the_bus_refuses_for_now_is_sent_again_alone_and_what_it_refuses_is_counted() {
    let both = || vec!["CarUpdated".to_owned(), "CarStatusChanged".to_owned()];
    let second = || vec!["CarStatusChanged".to_owned()];
    let cases = [
        (
            "all taken",
            vec![Ok(vec!["", ""])],
            (2, 0, 0),
            vec![both()],
            0,
        ),
        (
            "one taken later",
            vec![Ok(vec!["", "ThrottlingException"]), Ok(vec![""])],
            (2, 0, 1),
            vec![both(), second()],
            50,
        ),
        (
            "one never taken",
            vec![
                Ok(vec!["", "InternalFailure"]),
                Ok(vec!["InternalFailure"]),
                Ok(vec!["InternalFailure"]),
            ],
            (1, 1, 2),
            vec![both(), second(), second()],
            150,
        ),
        (
            "one refused for good",
            vec![Ok(vec!["", "MalformedDetail"])],
            (1, 1, 0),
            vec![both()],
            0,
        ),
        (
            "the call refused",
            vec![Err(400)],
            (0, 2, 0),
            vec![both()],
            0,
        ),
    ];
    for (rule, rounds, (accepted, failed, retries), expected, waited) in cases {
        let (published, received, ended) = publish(rounds).await;
        assert_eq!(
            (published.accepted, published.left.len(), published.retries),
            (accepted, failed, retries),
            "{rule}"
        );
        assert_eq!(published.reason.is_some(), failed > 0, "{rule}");
        assert_eq!(received, expected, "{rule}");
        assert_eq!(
            ended.duration_since(noon()).as_millis(),
            waited,
            "{rule}: waits are the clock's"
        );
    }
}

#[tokio::test]
async fn an_entry_names_the_bus_the_source_and_the_time() {
    let script = Arc::new(Script {
        rounds: Mutex::new(VecDeque::from([Ok(vec![""])])),
        ..Script::default()
    });
    let server = Server::router(
        Router::new()
            .route("/", post(put_events))
            .with_state(script.clone()),
    )
    .await;
    let client =
        aws_sdk_eventbridge::Client::new(&platform::aws::for_endpoint(&server.endpoint).await);
    let event = event(Happened::Created);
    EventBridge::new(client, "cars", Arc::new(ManualClock::at(noon())))
        .publish(std::slice::from_ref(&event))
        .await;
    let entry = script.received.lock().unwrap()[0][0].clone();
    assert_eq!(
        (&entry["EventBusName"], &entry["Source"]),
        (&json!("cars"), &json!("acs.acm"))
    );
    assert_eq!(
        (&entry["DetailType"], &entry["Detail"]),
        (
            &json!("acme.acs.acm.events.CarCreated"),
            &json!(event.detail)
        )
    );
    assert_eq!(entry["Time"].as_f64(), Some(noon().as_second() as f64));
}
