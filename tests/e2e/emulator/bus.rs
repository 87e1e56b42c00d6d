//! Who listens to the bus of cars.

use std::time::Duration;

use e2e::emulator::wait::until;
use e2e::emulator::{ACCOUNT, REGION};
use serde_json::{Value, json};

use super::queue::queue_for;
use super::{STACK, World};

/// A rule that sends every event of a car to a queue; returns the queue's address.
pub(super) async fn listen(world: &World) -> String {
    let (bus, rule) = (format!("{STACK}-cars"), "everything");
    let arn = format!("arn:aws:events:{REGION}:{ACCOUNT}:rule/{bus}/{rule}");
    let (queue, target) = queue_for(world, "listener", "events.amazonaws.com", &arn).await;
    let pattern = json!({ "detail-type": [{ "prefix": "acme.acs.acm.events." }] }).to_string();
    let put = json!({ "Name": rule, "EventBusName": bus, "EventPattern": pattern });
    world
        .account
        .json("events", "AWSEvents.PutRule", &put)
        .await;
    let put =
        json!({ "Rule": rule, "EventBusName": bus, "Targets": [{ "Id": "queue", "Arn": target }] });
    world
        .account
        .json("events", "AWSEvents.PutTargets", &put)
        .await;
    queue
}

/// One event for each change; a queue does not keep their order.
pub(super) async fn the_bus_tells_what_became_of_a_car(world: &World, queue: &str, path: &str) {
    let car = path.trim_start_matches("/cars/");
    let mut heard = Vec::new();
    until("the events of a car", Duration::from_secs(20), async || {
        let receive = world.account.sqs.receive_message().queue_url(queue);
        let received = receive.max_number_of_messages(10).send().await.unwrap();
        for message in received.messages.unwrap_or_default() {
            let event: Value = serde_json::from_str(&message.body.unwrap()).unwrap();
            let kind = event["detail-type"].as_str().unwrap().rsplit('.').next();
            if event["detail"].to_string().contains(car) {
                heard.push(kind.unwrap().to_owned());
            }
        }
        // Created, changed, replaced, deleted.
        (heard.len() >= 4).then_some(())
    })
    .await;
    heard.sort_unstable();
    assert_eq!(
        heard,
        ["CarCreated", "CarDeleted", "CarUpdated", "CarUpdated"]
    );
}
