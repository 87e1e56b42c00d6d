//! What AWS tells of changes: rules that bring it to the detector, and nothing else.

use cfn::Template;
use incidents::change::{Home, Read, read};
use serde_json::{Value, json};

use super::{drop, holds, put, target};

const RULE: &str = "AWS::Events::Rule";

fn lost(template: &Template) -> Vec<String> {
    let mut complaints = Vec::new();
    for rule in template.of_type(RULE) {
        let mut complain = |text: &str| complaints.push(format!("{}: {text}", rule.id));
        let goals = rule.property("/Targets").and_then(Value::as_array);
        for goal in goals.into_iter().flatten() {
            if goal.get("Arn").and_then(target) != Some("Detector") {
                complain("brings events to somebody who does not read them");
            }
            for limit in ["MaximumEventAgeInSeconds", "MaximumRetryAttempts"] {
                // EventBridge's own are a day and 185 times:
                // https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-rule-retry-policy.html
                if goal["RetryPolicy"][limit].as_u64().is_none() {
                    complain("does not say how often and how long EventBridge retries");
                }
            }
            let queue = goal.pointer("/DeadLetterConfig/Arn").and_then(target);
            let admitted = template
                .of_type("AWS::SQS::QueuePolicy")
                .filter(|policy| policy.property("/Queues/0").and_then(target) == queue)
                .any(|policy| {
                    policy
                        .body()
                        .to_string()
                        .contains(&format!("[\"{}\",\"Arn\"]", rule.id))
                });
            if queue.is_none() || !admitted {
                complain("what cannot be delivered is lost");
            }
        }
        let admitted = template
            .of_type("AWS::Lambda::Permission")
            .any(|permission| {
                let is = |at, id| permission.property(at).and_then(target) == Some(id);
                is("/SourceArn", rule.id)
                    && is("/FunctionName", "Detector")
                    && permission.property("/Principal") == Some(&json!("events.amazonaws.com"))
            });
        if !admitted {
            complain("may not invoke the detector");
        }
    }
    let fed = template.of_type(RULE).count() == 2;
    let told = template.resource("Detector").and_then(|it| {
        it.property("/Environment/Variables/CAROBS_CHANGE_FEED")
            .cloned()
    });
    if fed != (told == Some(json!("enabled"))) {
        complaints.push("Detector: messages say of the feed what is not so".to_owned());
    }
    complaints
}

#[test]
fn what_changed_reaches_the_detector_or_a_queue_that_somebody_looks_at() {
    holds(
        lost,
        &[
            (
                "no permission",
                &|template| drop(template, &["AwsHealthPermission"]),
                "AwsHealth: may not invoke",
            ),
            (
                "the permission of the other rule",
                &|template| {
                    put(
                        template,
                        "AwsHealthPermission",
                        "/SourceArn",
                        json!({"Fn::GetAtt": ["FunctionChanges", "Arn"]}),
                    )
                },
                "AwsHealth: may not invoke",
            ),
            (
                "no queue",
                &|template| {
                    put(
                        template,
                        "FunctionChanges",
                        "/Targets/0/DeadLetterConfig",
                        json!({}),
                    )
                },
                "FunctionChanges: what cannot be delivered",
            ),
            (
                "a queue that does not admit it",
                &|template| {
                    put(
                        template,
                        "FunctionChanges",
                        "/Targets/0/DeadLetterConfig/Arn",
                        json!({"Fn::GetAtt": ["AlertDeadLetters", "Arn"]}),
                    )
                },
                "FunctionChanges: what cannot be delivered",
            ),
            (
                "a day of retries",
                &|template| {
                    put(
                        template,
                        "FunctionChanges",
                        "/Targets/0/RetryPolicy",
                        json!({}),
                    )
                },
                "FunctionChanges: does not say how often",
            ),
            (
                "another function",
                &|template| {
                    put(
                        template,
                        "FunctionChanges",
                        "/Targets/0/Arn",
                        json!({"Fn::GetAtt": ["LogProcessor", "Arn"]}),
                    )
                },
                "FunctionChanges: brings events to somebody",
            ),
            (
                "a feed that nobody listens to",
                &|template| {
                    put(
                        template,
                        "Detector",
                        "/Environment/Variables/CAROBS_CHANGE_FEED",
                        json!("disabled"),
                    )
                },
                "Detector: messages say of the feed",
            ),
        ],
    );
}

#[test]
fn every_call_that_the_rule_lets_through_is_a_change_of_the_watched_function() {
    let attached = json!([":function:${CarApi}", {"CarApi": {"Ref": "FunctionName"}}]);
    for (template, watched, suffix) in [
        (super::template(), "CarApi", json!(":function:${CarApi}")),
        (super::attached(), "FunctionName", attached),
    ] {
        let rule = template.resource("FunctionChanges").unwrap();
        let calls = rule
            .property("/EventPattern/detail/eventName")
            .and_then(Value::as_array);
        let calls = calls.unwrap();
        assert_eq!(calls.len(), 8);
        for call in calls {
            let name = call["prefix"].as_str().unwrap();
            for dated in [
                name.to_owned(),
                format!("{name}20150331"),
                format!("{name}20150331v2"),
            ] {
                let event = json!({
                    "id": "1", "time": "2026-11-20T21:55:02Z", "source": "aws.lambda", "account": "123456789012",
                    "detail-type": rule.property("/EventPattern/detail-type/0"), "region": "eu-west-1",
                    "detail": {"eventName": dated, "requestParameters": {"functionName": "car-api"}},
                });
                let home = Home {
                    account: "123456789012",
                    region: "eu-west-1",
                };
                assert!(matches!(read(&event, home), Ok(Read::Change(_))), "{dated}");
            }
        }
        let functions = rule.property("/EventPattern/detail/requestParameters/functionName");
        assert_eq!(
            functions,
            Some(&json!([{"Ref": watched}, {"suffix": {"Fn::Sub": suffix}}]))
        );
        assert_eq!(
            rule.property("/EventPattern/detail/errorCode"),
            Some(&json!([{"exists": false}])),
            "a call that failed changed nothing"
        );
    }
}
