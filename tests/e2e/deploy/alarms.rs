//! Alarms: each says what to do and tells somebody, and each looks at a metric that something emits.

use std::collections::BTreeSet;
use std::fs;

use cfn::{Stack, Template};
use e2e::built::workspace;
use serde_json::{Value, json};

use super::{drop, holds, put, take, target};

const ALARM: &str = "AWS::CloudWatch::Alarm";

fn heading(line: &str) -> Option<String> {
    let text = line.strip_prefix('#')?.trim_start_matches('#').trim();
    Some(text.to_lowercase().replace([' '], "-"))
}

/// What is wrong with the link that an alarm's description begins with.
fn broken_link(description: &str) -> Option<String> {
    let Some(link) = description
        .strip_prefix("Runbook: RUNBOOKS/")
        .and_then(|rest| rest.split(". ").next())
    else {
        return Some("does not begin with its runbook".to_owned());
    };
    let (page, part) = link
        .split_once('#')
        .map_or((link, None), |(page, part)| (page, Some(part)));
    let path = workspace().join("docs/runbooks").join(page);
    let Ok(text) = fs::read_to_string(&path) else {
        return Some(format!("its runbook {page} does not exist"));
    };
    let part = part.filter(|part| {
        !text
            .lines()
            .filter_map(heading)
            .any(|heading| heading == *part)
    });
    part.map(|part| format!("{page} has no part {part}"))
}

fn mute(template: &Template) -> Vec<String> {
    let stack = Stack::new(template, [("RunbooksUrl", "RUNBOOKS")]);
    let dead = super::queues::dead_letters(template);
    let mut complaints = Vec::new();
    for alarm in template.of_type(ALARM) {
        let id = alarm.id;
        let mut complain = |text: String| complaints.push(format!("{id}: {text}"));
        let description = alarm
            .property("/AlarmDescription")
            .and_then(|text| stack.text(text).ok())
            .unwrap_or_default();
        // 1,024 characters (CloudWatch API reference, PutMetricAlarm); the address of the runbooks may need 150.
        if description.len() > 850 {
            complain("its description is too long".to_owned());
        }
        if let Some(problem) = broken_link(&description) {
            complain(problem);
        }
        for at in ["/AlarmActions/0", "/OKActions/0"] {
            let told = alarm
                .property(at)
                .and_then(target)
                .and_then(|id| template.resource(id));
            if told.is_none_or(|topic| topic.kind != "AWS::SNS::Topic") {
                complain(format!("{at} tells nobody"));
            }
        }
        let looks_at = alarm.property("/Dimensions/0/Value").and_then(target);
        let wanted = if id == "DetectorHeartbeatAlarm" {
            "breaching"
        } else if looks_at.is_some_and(|queue| dead.contains(queue)) {
            // SQS stops the metrics of a queue that nobody uses, while the messages still lie there.
            "ignore"
        } else {
            "notBreaching"
        };
        if alarm.property("/TreatMissingData") != Some(&json!(wanted)) {
            complain(format!("missing data must be {wanted}"));
        }
    }
    complaints
}

#[test]
fn every_alarm_tells_somebody_what_to_do() {
    assert!(super::template().of_type(ALARM).count() >= 30);
    holds(
        mute,
        &[
            (
                "no action",
                &|template| take(template, "DetectorErrorsAlarm", "AlarmActions"),
                "AlarmActions/0 tells nobody",
            ),
            (
                "no end",
                &|template| take(template, "DetectorErrorsAlarm", "OKActions"),
                "OKActions/0 tells nobody",
            ),
            (
                "an action that is gone",
                &|template| drop(template, &["TicketTopic"]),
                "tells nobody",
            ),
            (
                "no runbook",
                &|template| {
                    put(
                        template,
                        "DetectorErrorsAlarm",
                        "/AlarmDescription",
                        json!("Errors."),
                    )
                },
                "does not begin with its runbook",
            ),
            (
                "a page that is not there",
                &|template| {
                    put(
                        template,
                        "DetectorErrorsAlarm",
                        "/AlarmDescription",
                        json!({"Fn::Sub": "Runbook: ${RunbooksUrl}/nowhere.md. Errors."}),
                    )
                },
                "nowhere.md does not exist",
            ),
            (
                "a part that is not there",
                &|template| {
                    put(
                        template,
                        "DetectorErrorsAlarm",
                        "/AlarmDescription",
                        json!({"Fn::Sub": "Runbook: ${RunbooksUrl}/pipeline.md#nothing. Errors."}),
                    )
                },
                "no part nothing",
            ),
            (
                "a silence that is fine",
                &|template| {
                    put(
                        template,
                        "DetectorHeartbeatAlarm",
                        "/TreatMissingData",
                        json!("ignore"),
                    )
                },
                "missing data must be breaching",
            ),
            (
                "dead letters that go quiet",
                &|template| {
                    put(
                        template,
                        "CarDeadLettersAlarm",
                        "/TreatMissingData",
                        json!("notBreaching"),
                    )
                },
                "CarDeadLettersAlarm: missing data must be ignore",
            ),
        ],
    );
}

/// The alarms that must be there, whatever else is: metric, and the logical id that some dimension names.
fn unwatched(template: &Template) -> Vec<String> {
    let watched: BTreeSet<(&str, &str)> = template
        .of_type(ALARM)
        .flat_map(|alarm| {
            let metric = alarm
                .property("/MetricName")
                .and_then(Value::as_str)
                .unwrap_or_default();
            let dimensions = alarm
                .property("/Dimensions")
                .and_then(Value::as_array)
                .map(Vec::as_slice)
                .unwrap_or_default();
            // The metrics of a table do not show those of its indexes, which name the table too.
            let named = if metric.ends_with("ThrottleEvents") {
                dimensions.len().saturating_sub(1)
            } else {
                0
            };
            dimensions[named..].iter().map(move |dimension| {
                let value = &dimension["Value"];
                (
                    metric,
                    target(value).or_else(|| value.as_str()).unwrap_or_default(),
                )
            })
        })
        .collect();
    let mut wanted = vec![
        ("DetectorRun", "detector"),
        ("MessagesDead", "detector"),
        ("InvocationDroppedCount", "DetectorScheduleGroup"),
        ("TargetErrorCount", "DetectorScheduleGroup"),
    ];
    for function in ["LogProcessor", "Detector"] {
        wanted.extend(
            [
                "Errors",
                "Throttles",
                "AsyncEventsDropped",
                "DestinationDeliveryFailures",
            ]
            .map(|metric| (metric, function)),
        );
    }
    for topic in template.of_type("AWS::SNS::Topic") {
        wanted.push(("NumberOfNotificationsFailed", topic.id));
    }
    for table in template.of_type("AWS::DynamoDB::Table") {
        let indexes = table
            .property("/GlobalSecondaryIndexes")
            .and_then(Value::as_array)
            .into_iter()
            .flatten()
            .filter_map(|index| index["IndexName"].as_str());
        for name in indexes.chain([table.id]) {
            wanted.extend([("ReadThrottleEvents", name), ("WriteThrottleEvents", name)]);
        }
    }
    for filter in template.of_type("AWS::Logs::SubscriptionFilter") {
        let group = filter
            .property("/LogGroupName")
            .and_then(target)
            .unwrap_or_default();
        wanted.extend(
            [
                "DeliveryErrors",
                "DeliveryThrottling",
                "EMFParsingErrors",
                "EMFValidationErrors",
            ]
            .map(|metric| (metric, group)),
        );
    }
    let mut complaints: Vec<String> = wanted
        .into_iter()
        .filter(|pair| !watched.contains(pair))
        .map(|(metric, what)| format!("no alarm on {metric} of {what}"))
        .collect();
    let heart = template.resource("DetectorHeartbeatAlarm");
    let pages = heart.and_then(|alarm| alarm.property("/AlarmActions/0").and_then(target));
    if pages != Some("PageTopic") {
        complaints.push("DetectorHeartbeatAlarm: does not page".to_owned());
    }
    if heart.and_then(|alarm| alarm.body().get("DependsOn")) != Some(&json!("DetectorSchedule")) {
        complaints.push("DetectorHeartbeatAlarm: pages before there can be a run".to_owned());
    }
    let page = template.resource("PageTopicFailedAlarm");
    if page.and_then(|alarm| alarm.property("/AlarmActions/0").and_then(target))
        == Some("PageTopic")
    {
        complaints.push("PageTopicFailedAlarm: tells of a broken path on that path".to_owned());
    }
    complaints
}

#[test]
fn outrider_is_watched_by_what_does_not_need_it() {
    holds(
        unwatched,
        &[
            (
                "no heartbeat",
                &|template| drop(template, &["DetectorHeartbeatAlarm"]),
                "no alarm on DetectorRun",
            ),
            (
                "a heartbeat for working hours",
                &|template| {
                    put(
                        template,
                        "DetectorHeartbeatAlarm",
                        "/AlarmActions",
                        json!([{"Ref": "TicketTopic"}]),
                    )
                },
                "does not page",
            ),
            (
                "a broken path that tells itself",
                &|template| {
                    put(
                        template,
                        "PageTopicFailedAlarm",
                        "/AlarmActions",
                        json!([{"Ref": "PageTopic"}]),
                    )
                },
                "on that path",
            ),
            (
                "no look at the path of logs",
                &|template| drop(template, &["LogDeliveryErrorsAlarm"]),
                "no alarm on DeliveryErrors",
            ),
            (
                "no look at lines that are no JSON",
                &|template| drop(template, &["ServiceEmfParsingAlarm"]),
                "no alarm on EMFParsingErrors",
            ),
            (
                "no look at an index",
                &|template| drop(template, &["CarsByStatusReadThrottlesAlarm"]),
                "no alarm on ReadThrottleEvents of by_status",
            ),
            (
                "an index for its table",
                &|template| drop(template, &["CarsTableWriteThrottlesAlarm"]),
                "no alarm on WriteThrottleEvents of CarsTable",
            ),
            (
                "a table less",
                &|template| drop(template, &["CarRequestsTableReadThrottlesAlarm"]),
                "no alarm on ReadThrottleEvents of CarRequestsTable",
            ),
            (
                "a page on the first day",
                &|template| {
                    template
                        .set(
                            "/Resources/DetectorHeartbeatAlarm/DependsOn",
                            json!("PageTopic"),
                        )
                        .unwrap()
                },
                "before there can be a run",
            ),
        ],
    );
}
