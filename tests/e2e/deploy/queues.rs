//! Queues: long enough hidden, and nothing that failed lies unseen.

use std::collections::BTreeSet;

use cfn::Template;
use serde_json::json;

use super::{drop, holds, number, put, target};

const QUEUE: &str = "AWS::SQS::Queue";

/// Seconds that SQS keeps a message when nobody says how long, and at most, 4 and 14 days:
/// <https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/quotas-messages.html>
const DEFAULT_RETENTION: u64 = 345_600;
const LONGEST_RETENTION: u64 = 1_209_600;
/// Seconds that car-api knows a request, 30 days (car-api/src/requests.rs). A message lives on its queue, as a dead
/// letter, and after a redrive on its queue again.
const KNOWN: u64 = 2_592_000;

/// Queues that something which failed is put into.
pub(super) fn dead_letters(template: &Template) -> BTreeSet<&str> {
    let mut found = BTreeSet::new();
    for resource in template.resources() {
        for at in [
            "/RedrivePolicy/deadLetterTargetArn",
            "/EventInvokeConfig/DestinationConfig/OnFailure/Destination",
            "/Target/DeadLetterConfig/Arn",
            "/DeadLetterQueue/TargetArn",
        ] {
            found.extend(resource.property(at).and_then(target));
        }
        let goals = resource.property("/Targets").map(super::leaves);
        found.extend(
            goals
                .unwrap_or_default()
                .into_iter()
                .filter_map(|goal| target(goal.pointer("/DeadLetterConfig/Arn")?)),
        );
    }
    found
}

/// The queues whose metric an alarm watches.
fn watched<'a>(template: &'a Template, metric: &str) -> BTreeSet<&'a str> {
    template
        .of_type("AWS::CloudWatch::Alarm")
        .filter(|alarm| alarm.property("/MetricName") == Some(&json!(metric)))
        .filter_map(|alarm| target(alarm.property("/Dimensions/0/Value")?))
        .collect()
}

fn unseen(template: &Template) -> Vec<String> {
    let dead = dead_letters(template);
    let depth = watched(template, "ApproximateNumberOfMessagesVisible");
    let age = watched(template, "ApproximateAgeOfOldestMessage");
    let mut complaints = Vec::new();
    for queue in template.of_type(QUEUE) {
        let id = queue.id;
        if dead.contains(id) {
            if !depth.contains(id) {
                complaints.push(format!("{id}: holds what failed, and no alarm looks at it"));
            }
            // Lambda keeps no copy, so the queue keeps it as long as it can.
            if number(&queue, "/MessageRetentionPeriod") != Some(LONGEST_RETENTION) {
                complaints.push(format!("{id}: keeps what failed less than 14 days"));
            }
        } else {
            if queue
                .property("/RedrivePolicy/deadLetterTargetArn")
                .is_none()
            {
                complaints.push(format!("{id}: has no queue for what fails"));
            }
            if number(&queue, "/RedrivePolicy/maxReceiveCount") != Some(5) {
                complaints.push(format!(
                    "{id}: is not received five times before it is given up"
                ));
            }
            let kept = number(&queue, "/MessageRetentionPeriod").unwrap_or(DEFAULT_RETENTION);
            if 2 * kept + LONGEST_RETENTION > KNOWN {
                complaints.push(format!(
                    "{id}: a message may come after its request is forgotten"
                ));
            }
            if !depth.contains(id) || !age.contains(id) {
                complaints.push(format!("{id}: no alarm looks at its depth and its age"));
            }
        }
    }
    for lost in dead.iter().filter(|id| template.resource(id).is_none()) {
        complaints.push(format!(
            "{lost}: something fails into it, and it is not there"
        ));
    }
    for subscription in template.of_type("AWS::SNS::Subscription") {
        if subscription
            .property("/RedrivePolicy/deadLetterTargetArn")
            .is_none()
        {
            complaints.push(format!(
                "{}: what it cannot deliver is lost",
                subscription.id
            ));
        }
    }
    complaints
}

#[test]
fn nothing_that_failed_lies_unseen() {
    holds(
        unseen,
        &[
            (
                "an alarm less",
                &|template| drop(template, &["AlertDeadLettersAlarm"]),
                "AlertDeadLetters: holds what failed",
            ),
            (
                "a short memory",
                &|template| {
                    put(
                        template,
                        "DetectorFailures",
                        "/MessageRetentionPeriod",
                        json!(345_600),
                    )
                },
                "less than 14 days",
            ),
            (
                "a long memory",
                &|template| {
                    put(
                        template,
                        "CarQueue",
                        "/MessageRetentionPeriod",
                        json!(1_209_600),
                    )
                },
                "CarQueue: a message may come",
            ),
            (
                "a queue without one",
                &|template| put(template, "CarQueue", "/RedrivePolicy", json!({})),
                "CarQueue: has no queue for what fails",
            ),
            (
                "no age",
                &|template| drop(template, &["CarQueueAgeAlarm"]),
                "CarQueue: no alarm looks",
            ),
            (
                "a queue that is gone",
                &|template| drop(template, &["ScheduleDeadLetters"]),
                "ScheduleDeadLetters: something fails into it",
            ),
            (
                "a subscription without",
                &|template| put(template, "PageSubscription", "/RedrivePolicy", json!({})),
                "PageSubscription: what it cannot deliver",
            ),
        ],
    );
}

/// <https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-configure.html>: the visibility time-out is at least six
/// times the function's, so that a message is not delivered to a second environment while the first still has it.
const TIMES: u64 = 6;

fn doubled(template: &Template) -> Vec<String> {
    let mut complaints = Vec::new();
    for mapping in template.of_type("AWS::Lambda::EventSourceMapping") {
        let id = mapping.id;
        let end = |at: &str| {
            mapping
                .property(at)
                .and_then(target)
                .and_then(|id| template.resource(id))
        };
        let (Some(queue), Some(function)) = (end("/EventSourceArn"), end("/FunctionName")) else {
            complaints.push(format!("{id}: does not name its queue and its function"));
            continue;
        };
        let hidden = number(&queue, "/VisibilityTimeout").unwrap_or(30);
        let runs = number(&function, "/Timeout").unwrap_or(3);
        if hidden < TIMES * runs {
            complaints.push(format!(
                "{}: is hidden for {hidden} s, less than {TIMES} times {runs} s",
                queue.id
            ));
        }
        if mapping.property("/FunctionResponseTypes") != Some(&json!(["ReportBatchItemFailures"])) {
            complaints.push(format!(
                "{id}: one message that fails brings back its whole batch"
            ));
        }
        if mapping
            .property("/ScalingConfig/MaximumConcurrency")
            .is_none()
        {
            complaints.push(format!("{id}: may take all concurrency of its function"));
        }
        // The API needs environments beside the pollers, or they throttle each other.
        let default = |name: &str| {
            template
                .section("Parameters")
                .find(|(found, _)| *found == name)?
                .1
                .get("Default")?
                .as_u64()
        };
        if default("CarApiReservedConcurrency")
            < default("CarQueueConcurrency").map(|pollers| pollers + 2)
        {
            complaints.push(format!("{id}: by default more pollers than environments"));
        }
    }
    complaints
}

#[test]
fn a_message_is_hidden_for_longer_than_it_is_worked_on() {
    assert_eq!(
        super::template()
            .of_type("AWS::Lambda::EventSourceMapping")
            .count(),
        1
    );
    holds(
        doubled,
        &[
            (
                "SQS's default",
                &|template| super::take(template, "CarQueue", "VisibilityTimeout"),
                "CarQueue: is hidden for 30 s",
            ),
            (
                "a slower function",
                &|template| put(template, "CarApi", "/Timeout", json!(21)),
                "less than 6 times 21 s",
            ),
            (
                "whole batches",
                &|template| super::take(template, "CarQueueMapping", "FunctionResponseTypes"),
                "its whole batch",
            ),
            (
                "no bound",
                &|template| super::take(template, "CarQueueMapping", "ScalingConfig"),
                "all concurrency",
            ),
            (
                "a bare name",
                &|template| {
                    put(
                        template,
                        "CarQueueMapping",
                        "/FunctionName",
                        json!("car-api"),
                    )
                },
                "does not name",
            ),
            (
                "many pollers",
                &|template| {
                    template
                        .set("/Parameters/CarQueueConcurrency/Default", json!(50))
                        .unwrap()
                },
                "more pollers",
            ),
        ],
    );
}
