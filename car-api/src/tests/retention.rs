//! How long an accepted request lives, and what of it is kept when it is done.

use std::time::Duration;

use aws_sdk_dynamodb::types::AttributeValue;
use serde_json::{Value, json};

use super::harness::*;

const HOUR: Duration = Duration::from_hours(1);

fn order() -> Ask {
    let car = json!({ "car_id": "c-1", "model": "M", "year": 2024, "latitude": "48.85837" });
    post("/cars")
        .header("prefer", "respond-async")
        .header("idempotency-key", "k-1")
        .json(car)
}

#[tokio::test]
async fn a_record_forgets_the_car_once_the_work_is_done() {
    for refused in [false, true] {
        let world = World::with(&QUEUE, |store| store).await;
        if refused {
            world.car("c-1").await;
        }
        let accepted = world.call(order()).await;
        let id = accepted.body["request_id"].as_str().unwrap().to_owned();
        let kept = async || {
            let read = world.client.get_item().table_name(REQUESTS);
            let read = read.key("request_id", AttributeValue::S(id.clone()));
            read.send().await.unwrap().item.unwrap()
        };
        assert!(format!("{:?}", kept().await).contains("48.85837"));
        assert!(world.deliver(&world.queue.take()).await.is_empty());
        let item = kept().await;
        assert!(!item.contains_key("message"), "{item:?}");
        assert!(!format!("{item:?}").contains("48.85837"), "{item:?}");
        let word = if refused { "refused" } else { "created" };
        let again = world.call(order()).await;
        assert_eq!(
            (
                again.status,
                &again.body["status"],
                again.header("idempotency-replayed")
            ),
            (202, &json!(word), "true")
        );
        assert!(world.queue.take().is_empty(), "nothing is left to do");
    }
}

#[tokio::test]
async fn a_message_that_outlives_its_record_creates_no_car() {
    let day = 24 * HOUR;
    for (rule, age, given_back) in [
        (
            "just in time",
            30 * day - HOUR - Duration::from_secs(1),
            false,
        ),
        ("while its record may vanish", 30 * day - HOUR, true),
        ("long after", 90 * day, true),
    ] {
        let world = World::with(&QUEUE, |store| store).await;
        world.call(order()).await;
        let message = world.queue.take();
        world.clock.advance(age);
        let expected: &[usize] = if given_back { &[0] } else { &[] };
        assert_eq!(world.deliver(&message).await, expected, "{rule}");
        let document = world.last();
        let told: Vec<&Value> = ["WorkPoisoned", "WorkFailed", "CarsCreated"]
            .map(|name| &document[name])
            .into();
        let poison = u64::from(given_back);
        assert_eq!(
            told,
            [&json!(poison), &json!(0), &json!(1 - poison)],
            "{rule}"
        );
        let status = if given_back { 404 } else { 200 };
        assert_eq!(world.call(get("/cars/c-1")).await.status, status, "{rule}");
    }
}
