//! Creations that happen later, and messages that nothing can be done with.

use std::time::Duration;

use aws_sdk_sqs::types::{Message, QueueAttributeName};
use e2e::emulator::wait::until;
use reqwest::Method;
use serde_json::json;

use super::World;

/// An event source of the emulator asks its queue several times a second.
const SOON: Duration = Duration::from_secs(20);

async fn accept(world: &World) -> String {
    let car = json!({ "model": "Later", "year": 2024 });
    let accepted = world
        .ask(
            Method::POST,
            "/cars",
            &[("prefer", "respond-async")],
            Some(&car),
        )
        .await;
    assert_eq!(
        (accepted.status, accepted.header("preference-applied")),
        (202, "respond-async"),
        "{accepted:?}"
    );
    accepted.header("location").to_owned()
}

/// Follows the status link to the car.
async fn created(world: &World, link: &str) -> String {
    until("the accepted creation", SOON, async || {
        let status = world.ask(Method::GET, link, &[], None).await;
        assert_eq!(status.status, 200, "{status:?}");
        (status.text("status") != "accepted").then(|| {
            assert_eq!(status.text("status"), "created", "{status:?}");
            status.text("location").to_owned()
        })
    })
    .await
}

pub(super) async fn a_creation_is_accepted_and_happens_later(world: &World) {
    let link = accept(world).await;
    let path = created(world, &link).await;
    let car = world.ask(Method::GET, &path, &[], None).await;
    assert_eq!((car.status, car.text("model")), (200, "Later"), "{car:?}");
}

/// What an operator does who redrives twice. The emulator has no `StartMessageMoveTask`; the runbook's way for one
/// message is to send its body to the queue again.
pub(super) async fn a_message_that_is_delivered_again_changes_nothing(world: &World) {
    let (queue, dead) = (
        world.outputs.get("CarQueueUrl"),
        world.outputs.get("CarDeadLettersUrl"),
    );
    consume(world, false).await;
    let link = accept(world).await;
    let message = take(world, queue, "the accepted creation on its queue").await;
    send(world, dead, &message).await;
    consume(world, true).await;
    let waiting = world.ask(Method::GET, &link, &[], None).await;
    assert_eq!(
        waiting.text("status"),
        "accepted",
        "nobody has done it yet: {waiting:?}"
    );

    let message = take(world, dead, "the message among the dead letters").await;
    send(world, queue, &message).await;
    send(world, queue, &message).await;
    let path = created(world, &link).await;
    let before = world.ask(Method::GET, &path, &[], None).await;
    send(world, queue, &message).await;
    until("the queue to be empty", SOON, async || {
        empty(world, queue).await.then_some(())
    })
    .await;
    let after = world.ask(Method::GET, &path, &[], None).await;
    assert_eq!(
        (before.status, &before.body),
        (200, &after.body),
        "it is the same car as before"
    );
    assert_eq!(created(world, &link).await, path);
    assert!(
        empty(world, dead).await,
        "none of the three deliveries failed"
    );
}

/// The fifth delivery is the last. On AWS that takes five minutes, because a message that was given back is hidden for
/// the queue's 60 s; here the queue is told not to hide it.
pub(super) async fn a_poisoned_message_ends_in_the_dead_letters_and_is_reported(world: &World) {
    let (queue, dead) = (
        world.outputs.get("CarQueueUrl"),
        world.outputs.get("CarDeadLettersUrl"),
    );
    visibility(world, queue, "0").await;
    send(world, queue, r#"{"v":1,"create":{"car":"poison"}}"#).await;
    let message = take(world, dead, "the poisoned message among the dead letters").await;
    assert_eq!(message, r#"{"v":1,"create":{"car":"poison"}}"#);
    visibility(world, queue, "60").await;
    let group = world.log_group("CarApiFunction");
    let reports = until("a report of each delivery", SOON, async || {
        let log = world.account.log(&group).await;
        let reports = log.iter().filter(|event| {
            event.message.contains("poison-message") && event.message.contains("ERROR")
        });
        let reports = reports.count();
        (reports >= 5).then_some(reports)
    })
    .await;
    assert_eq!(reports, 5);
}

/// A queue that `service` may send to on behalf of `source`: its address and its ARN.
pub(super) async fn queue_for(
    world: &World,
    name: &str,
    service: &str,
    source: &str,
) -> (String, String) {
    let sqs = &world.account.sqs;
    let queue = sqs.create_queue().queue_name(name).send().await.unwrap();
    let queue = queue.queue_url.unwrap();
    let ask = sqs.get_queue_attributes().queue_url(&queue);
    let ask = ask.attribute_names(QueueAttributeName::QueueArn);
    let arn = ask.send().await.unwrap().attributes.unwrap()[&QueueAttributeName::QueueArn].clone();
    let policy = json!({ "Version": "2012-10-17", "Statement": [{
        "Effect": "Allow", "Principal": { "Service": service }, "Action": "sqs:SendMessage", "Resource": arn,
        "Condition": { "ArnEquals": { "aws:SourceArn": source } },
    }] });
    let set = sqs.set_queue_attributes().queue_url(&queue);
    let set = set.attributes(QueueAttributeName::Policy, policy.to_string());
    set.send().await.unwrap();
    (queue, arn)
}

async fn send(world: &World, queue: &str, body: &str) {
    world
        .account
        .sqs
        .send_message()
        .queue_url(queue)
        .message_body(body)
        .send()
        .await
        .unwrap();
}

/// Waits for a message, deletes it and returns its body.
async fn take(world: &World, queue: &str, what: &str) -> String {
    let message: Message = until(what, SOON, async || {
        let received = world
            .account
            .sqs
            .receive_message()
            .queue_url(queue)
            .send()
            .await
            .unwrap();
        received.messages.unwrap_or_default().pop()
    })
    .await;
    let delete = world
        .account
        .sqs
        .delete_message()
        .queue_url(queue)
        .set_receipt_handle(message.receipt_handle);
    delete.send().await.unwrap();
    message.body.unwrap()
}

async fn empty(world: &World, queue: &str) -> bool {
    let counts = [
        QueueAttributeName::ApproximateNumberOfMessages,
        QueueAttributeName::ApproximateNumberOfMessagesNotVisible,
    ];
    let ask = world
        .account
        .sqs
        .get_queue_attributes()
        .queue_url(queue)
        .set_attribute_names(Some(counts.to_vec()));
    let attributes = ask.send().await.unwrap().attributes.unwrap();
    counts.iter().all(|name| attributes[name] == "0")
}

async fn visibility(world: &World, queue: &str, seconds: &str) {
    let set = world.account.sqs.set_queue_attributes().queue_url(queue);
    set.attributes(QueueAttributeName::VisibilityTimeout, seconds)
        .send()
        .await
        .unwrap();
}

/// Has the event source deliver what is on the queue, or leave it there.
async fn consume(world: &World, enabled: bool) {
    let lambda = &world.account.lambda;
    let sources = lambda
        .list_event_source_mappings()
        .function_name(format!("{}:live", world.outputs.get("CarApiFunction")))
        .send()
        .await
        .unwrap();
    let sources = sources.event_source_mappings.unwrap();
    let [source] = sources.as_slice() else {
        panic!("car-api has one event source: {sources:?}")
    };
    let update = lambda
        .update_event_source_mapping()
        .set_uuid(source.uuid.clone())
        .enabled(enabled);
    update.send().await.unwrap();
}
