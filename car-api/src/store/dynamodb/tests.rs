use std::collections::VecDeque;
use std::sync::Mutex;

use axum::extract::State as Shared;
use axum::routing::post;
use axum::{Json, Router};
use http::StatusCode;
use platform::clock::ManualClock;
use serde_json::{Value, json};

use super::*;
use crate::car::Draft;
use crate::store::Answer;
use crate::tests::harness::{Server, TABLE, World, delete, get, noon, patch};

/// The first version of a car that is created at noon.
const FIRST: u64 = 1_794_830_400_000_000;

fn text(value: &str) -> AttributeValue {
    AttributeValue::S(value.to_owned())
}

fn car(id: &str) -> Car {
    let body = json!({ "model": "M", "year": 2024 });
    let draft = Draft::parse(body.as_object().unwrap())
        .input
        .unwrap()
        .fields;
    Car::create(id.parse().unwrap(), draft, noon())
}

#[tokio::test]
async fn items_of_the_service_that_this_one_replaces_are_read_listed_and_changed() {
    let world = World::new().await;
    let old = [
        ("car_id", text("old-1")),
        ("type", text("Model_3")),
        ("nb_passenger", AttributeValue::N("4".to_owned())),
        ("status", text("Free")),
        ("latitude", text("37.7")),
        ("created_at", text("2024-05-01T10:00:00")),
    ];
    let item = old
        .into_iter()
        .map(|(name, value)| (name.to_owned(), value))
        .collect();
    world
        .client
        .put_item()
        .table_name(TABLE)
        .set_item(Some(item))
        .send()
        .await
        .unwrap();

    let read = world.call(get("/cars/old-1")).await;
    let expected = json!({
        "car_id": "old-1", "model": "Model_3", "year": null, "status": "Free", "latitude": "37.7", "longitude": null,
        "nb_passengers": 4, "bike_rack": false, "created_at": "2024-05-01T10:00:00Z", "updated_at": null, "version": 0,
    });
    assert_eq!(
        (read.status, &read.body, read.header("etag")),
        (200, &expected, "\"0\"")
    );
    assert_eq!(
        world.call(get("/cars?status=Free")).await.body,
        json!([expected])
    );

    let changed = world
        .call(
            patch("/cars/old-1")
                .header("if-match", "\"0\"")
                .json(json!({ "status": "Rented" })),
        )
        .await;
    assert_eq!(
        (
            changed.status,
            &changed.body["version"],
            &changed.body["model"]
        ),
        (200, &json!(1), &json!("Model_3"))
    );
    assert_eq!(world.call(get("/cars/old-1")).await.body, changed.body);
}

#[tokio::test]
async fn an_item_with_fields_of_any_type_is_changed_and_answered_and_deleted() {
    let world = World::new().await;
    let odd = [
        ("car_id", text("old-1")),
        ("model", AttributeValue::N("3".to_owned())),
        ("bike_rack", text("True")),
        ("nb_passengers", text("many")),
        ("created_at", AttributeValue::N("1714557600".to_owned())),
        ("updated_at", AttributeValue::Bool(false)),
        ("latitude", AttributeValue::L(vec![text("37.7")])),
        ("longitude", AttributeValue::Ss(vec!["1".to_owned()])),
    ];
    let item: Item = odd
        .into_iter()
        .map(|(name, value)| (name.to_owned(), value))
        .collect();
    let put = world.client.put_item().table_name(TABLE);
    put.set_item(Some(item)).send().await.unwrap();
    let changed = world
        .call(patch("/cars/old-1").json(json!({ "year": 2024, "status": "Rented" })))
        .await;
    assert_eq!(changed.status, 200, "{}", changed.text);
    assert_eq!(
        (&changed.body["model"], &changed.body["bike_rack"]),
        (&json!("3"), &json!(true))
    );
    let read = world.call(get("/cars/old-1")).await;
    assert_eq!(read.body, changed.body);
    assert_eq!(world.call(delete("/cars/old-1")).await.status, 204);
}

#[tokio::test]
async fn a_car_that_changes_while_it_is_deleted_is_deleted_as_it_then_is() {
    let found = |mark: &str, version: u64| json!({ "car_id": { "S": "c-1" }, "write_id": { "S": mark }, "version": { "N": version.to_string() } });
    let read = || (200, json!({ "Item": found("w-1", 1) }));
    let changed = || {
        let (status, mut body) = refusal("ConditionalCheckFailedException");
        body["Item"] = found("w-2", 2);
        (status, body)
    };
    let absent = || refusal("ConditionalCheckFailedException");
    let lost = || (500, json!({ "__type": "InternalServerError" }));
    let anew = || {
        let (status, mut body) = changed();
        body["Item"]["created_at"] = json!({ "S": "2026-11-16T12:00:00Z" });
        (status, body)
    };
    let done = || (200, json!({}));
    let cases = [
        (
            "changed once",
            vec![read(), changed(), done()],
            None,
            "version: 2",
            3,
        ),
        (
            "changed when an answer was lost",
            vec![read(), lost(), changed(), done()],
            None,
            "version: 2",
            4,
        ),
        (
            "deleted when an answer was lost, and created anew",
            vec![read(), lost(), anew()],
            None,
            "version: 1",
            3,
        ),
        (
            "changed from the version that is expected",
            vec![read(), changed()],
            Some(1),
            "Stale",
            2,
        ),
        (
            "changed again and again",
            vec![read(), changed()],
            None,
            "Unavailable",
            5,
        ),
        (
            "deleted by somebody else",
            vec![read(), absent()],
            None,
            "Absent",
            2,
        ),
        ("never there", vec![(200, json!({}))], None, "Absent", 1),
    ];
    for (rule, answers, expected, outcome, asked) in cases {
        let (store, script, _server) = scripted(answers).await;
        let versions = expected.map(|version| vec![version]);
        let write = Write {
            id: "w-9",
            expected: versions.as_deref(),
            now: noon(),
        };
        let deleted = store
            .delete(&"c-1".parse().unwrap(), write, &Meter::default())
            .await;
        let shown = format!("{deleted:?}");
        assert!(shown.contains(outcome), "{rule}: {shown}");
        assert_eq!(*script.asked.lock().unwrap(), asked, "{rule}");
    }
}

#[tokio::test]
async fn a_write_that_is_repeated_after_a_lost_answer_is_a_success() {
    let world = World::new().await;
    let meter = Meter::default();
    let write = |id| Write {
        id,
        expected: Some(&[FIRST]),
        now: noon(),
    };
    let car = car("c-1");
    let again = Created::Again(Box::new(car.clone()));
    for expected in [Created::New, again] {
        assert_eq!(
            world.store.create(&car, None, write("w-1"), &meter).await,
            Ok(expected)
        );
    }
    assert_eq!(
        world.store.create(&car, None, write("w-2"), &meter).await,
        Ok(Created::Duplicate)
    );

    let changes = Changes {
        year: Some(2025),
        ..Changes::default()
    };
    let after = Box::new(car.changed(&changes, noon()));
    let first = world
        .store
        .update(&car.car_id, &changes, write("w-3"), &meter)
        .await;
    assert_eq!(
        first,
        Ok(Updated::Yes {
            car: after.clone(),
            was: Status::Available
        })
    );
    let again = world
        .store
        .update(&car.car_id, &changes, write("w-3"), &meter)
        .await;
    assert_eq!(
        again,
        Ok(Updated::Yes {
            car: after,
            was: Status::Available
        })
    );
    assert_eq!(
        world
            .store
            .update(&car.car_id, &changes, write("w-4"), &meter)
            .await,
        Ok(Updated::Stale)
    );
}

#[derive(Debug, Default)]
struct Script {
    answers: Mutex<VecDeque<(u16, Value)>>,
    asked: Mutex<u32>,
}

async fn next(Shared(script): Shared<Arc<Script>>) -> (StatusCode, Json<Value>) {
    *script.asked.lock().unwrap() += 1;
    let mut answers = script.answers.lock().unwrap();
    // The last answer is given for ever.
    let (status, body) = if answers.len() > 1 {
        answers.pop_front().unwrap()
    } else {
        answers[0].clone()
    };
    (StatusCode::from_u16(status).unwrap(), Json(body))
}

/// A store that talks to a server which gives these answers.
async fn scripted(answers: Vec<(u16, Value)>) -> (DynamoDb, Arc<Script>, Server) {
    let script = Arc::new(Script {
        answers: Mutex::new(answers.into()),
        ..Script::default()
    });
    let server = Server::router(
        Router::new()
            .route("/", post(next))
            .with_state(script.clone()),
    )
    .await;
    let client =
        aws_sdk_dynamodb::Client::new(&platform::aws::for_endpoint(&server.endpoint).await);
    (
        DynamoDb::new(client, TABLE, Arc::new(ManualClock::at(noon()))),
        script,
        server,
    )
}

fn refusal(kind: &str) -> (u16, Value) {
    (
        400,
        json!({ "__type": format!("com.amazonaws.dynamodb.v20120810#{kind}"), "message": "no" }),
    )
}

#[tokio::test]
async fn each_refusal_of_the_service_is_named_for_what_it_means() {
    let cases = [
        (
            "throttled on and on",
            refusal("ProvisionedThroughputExceededException"),
            "throttled",
            3,
            2,
            1,
        ),
        (
            "throttled by the control plane",
            refusal("ThrottlingException"),
            "throttled",
            3,
            2,
            1,
        ),
        (
            "a fault of the service",
            (
                500,
                json!({ "__type": "InternalServerError", "message": "no" }),
            ),
            "unavailable",
            3,
            2,
            1,
        ),
        (
            "a missing table",
            refusal("ResourceNotFoundException"),
            "refused",
            1,
            0,
            0,
        ),
        (
            "a missing permission",
            refusal("AccessDeniedException"),
            "refused",
            1,
            0,
            0,
        ),
    ];
    for (rule, answer, expected, asked, retries, exhausted) in cases {
        let (store, script, _server) = scripted(vec![answer]).await;
        let meter = Meter::default();
        let error = store
            .get(&"c-1".parse().unwrap(), &meter)
            .await
            .unwrap_err();
        let name = match error {
            StoreError::Throttled { .. } => "throttled",
            StoreError::Unavailable { .. } => "unavailable",
            StoreError::Refused { .. } => "refused",
        };
        assert_eq!(
            (name, *script.asked.lock().unwrap()),
            (expected, asked),
            "{rule}"
        );
        assert_eq!(
            (meter.total().retries, meter.total().exhausted),
            (retries, exhausted),
            "{rule}"
        );
    }
}

#[tokio::test]
async fn a_throttle_that_passes_costs_an_attempt_and_nothing_else() {
    let found = json!({ "Item": { "car_id": { "S": "c-1" } }, "ConsumedCapacity": { "TableName": TABLE, "CapacityUnits": 1.0 } });
    let (store, _script, _server) = scripted(vec![
        refusal("ProvisionedThroughputExceededException"),
        (200, found),
    ])
    .await;
    let meter = Meter::default();
    assert!(
        store
            .get(&"c-1".parse().unwrap(), &meter)
            .await
            .unwrap()
            .is_some()
    );
    let expected = crate::store::Cost {
        read_units: 1.0,
        write_units: 0.0,
        retries: 1,
        exhausted: 0,
    };
    assert_eq!(meter.total(), expected);
}

fn canceled(codes: [&str; 2]) -> (u16, Value) {
    let reasons = codes.map(|code| json!({ "Code": code }));
    (
        400,
        json!({ "__type": "TransactionCanceledException", "Message": "canceled", "CancellationReasons": reasons }),
    )
}

#[tokio::test]
async fn a_transaction_that_collides_is_tried_again_and_one_that_is_throttled_is_not() {
    let once = Once {
        origin: crate::store::Origin {
            request_id: "r-1".to_owned(),
            correlation_id: "order-17".to_owned(),
        },
        key: "idempotency#k".to_owned(),
        request: "r".to_owned(),
        answer: Answer {
            status: 201,
            location: "/cars/c-1".to_owned(),
            etag: "\"1\"".to_owned(),
            body: "{}".to_owned(),
        },
        expires: noon(),
    };
    let write = Write {
        id: "w-1",
        expected: None,
        now: noon(),
    };
    let collision = || canceled(["TransactionConflict", "None"]);
    let cases = [
        (
            "a collision that passes",
            vec![collision(), (200, json!({}))],
            "New",
            2,
        ),
        (
            "a collision that does not",
            vec![collision()],
            "Unavailable",
            4,
        ),
        (
            "a throttle of a part",
            vec![canceled(["None", "ThrottlingError"])],
            "Throttled",
            1,
        ),
        (
            "the car is there",
            vec![canceled(["None", "ConditionalCheckFailed"])],
            "Duplicate",
            1,
        ),
        (
            "a mistake of ours",
            vec![canceled(["ValidationError", "None"])],
            "Refused",
            1,
        ),
    ];
    for (rule, answers, expected, asked) in cases {
        let (store, script, _server) = scripted(answers).await;
        let outcome = store
            .create(&car("c-1"), Some(&once), write, &Meter::default())
            .await;
        let shown = format!("{outcome:?}");
        assert!(shown.contains(expected), "{rule}: {shown}");
        assert_eq!(*script.asked.lock().unwrap(), asked, "{rule}");
    }
}

#[tokio::test]
async fn creating_the_table_twice_changes_nothing() {
    let world = World::new().await;
    world.car("c-1").await;
    create_table(&world.client, TABLE).await.unwrap();
    assert_eq!(world.call(get("/cars/c-1")).await.status, 200);
}
