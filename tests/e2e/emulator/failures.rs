//! Asynchronous invocations that fail for good.

use std::time::Duration;

use aws_sdk_lambda::primitives::Blob;
use aws_sdk_lambda::types::InvocationType;
use e2e::emulator::wait::until;
use serde_json::{Value, json};

use super::World;

/// CloudWatch Logs invokes log-processor asynchronously: what fails three times is kept with its payload. On AWS the
/// attempts are one and two minutes apart; the emulator is told to wait less.
pub(super) async fn a_batch_that_cannot_be_read_is_kept(world: &World) {
    let (lambda, function) = (
        &world.account.lambda,
        world.outputs.get("LogProcessorFunction"),
    );
    let poison = json!({ "awslogs": { "data": "bm90IGd6aXA=" } });
    let invoke = lambda
        .invoke()
        .function_name(function)
        .invocation_type(InvocationType::Event);
    invoke
        .payload(Blob::new(poison.to_string()))
        .send()
        .await
        .unwrap();
    let queues = world
        .account
        .sqs
        .list_queues()
        .send()
        .await
        .unwrap()
        .queue_urls
        .unwrap();
    let queue = queues
        .iter()
        .find(|url| url.contains("LogProcessorFailures"))
        .unwrap();
    let record = until(
        "the record of the failed batch",
        Duration::from_secs(30),
        async || {
            let received = world
                .account
                .sqs
                .receive_message()
                .queue_url(queue)
                .send()
                .await
                .unwrap();
            received.messages.unwrap_or_default().pop()?.body
        },
    )
    .await;
    let record: Value = serde_json::from_str(&record).unwrap();
    assert_eq!(
        (
            &record["requestPayload"],
            &record["requestContext"]["condition"]
        ),
        (&poison, &json!("RetriesExhausted")),
        "{record}"
    );
    assert_eq!(
        record["responsePayload"]["errorType"], "LogProcessor.Permanent",
        "{record}"
    );
}
