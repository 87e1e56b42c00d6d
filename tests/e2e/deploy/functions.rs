//! What every function has: a log group, a share of the concurrency, a way out for what fails, and time enough.

use std::collections::BTreeSet;

use cfn::{Resource, Stack, Template};
use serde_json::{Value, json};

use super::{FUNCTION, drop, holds, number, put, take, target};

fn log_group<'a>(template: &'a Template, function: &Resource<'a>) -> Option<Resource<'a>> {
    template.resource(
        function
            .property("/LoggingConfig/LogGroup")
            .and_then(target)?,
    )
}

/// The functions that somebody invokes without waiting for an answer, so that Lambda keeps the event and retries:
/// log subscriptions and schedules, and rules and topics if there were any. A queue is polled, an API waits; what
/// CodeDeploy invokes fails the rollout if it fails.
fn asynchronous(template: &Template) -> BTreeSet<&str> {
    let mut found = BTreeSet::new();
    for resource in template.resources() {
        let at = match resource.kind {
            "AWS::Logs::SubscriptionFilter" => "/DestinationArn",
            "AWS::Scheduler::Schedule" => "/Target/Arn",
            "AWS::SNS::Subscription" => "/Endpoint",
            _ => continue,
        };
        let id = resource.property(at).and_then(target);
        found.extend(id.filter(|id| {
            template
                .resource(id)
                .is_some_and(|found| found.kind == FUNCTION)
        }));
    }
    for rule in template.of_type("AWS::Events::Rule") {
        let targets = rule.property("/Targets").and_then(Value::as_array);
        found.extend(
            targets
                .into_iter()
                .flatten()
                .filter_map(|goal| target(goal.get("Arn")?)),
        );
    }
    found
}

fn equipped(template: &Template) -> Vec<String> {
    let mut complaints = Vec::new();
    let asynchronous = asynchronous(template);
    for function in template.of_type(FUNCTION) {
        let id = function.id;
        let mut complain = |text: &str| complaints.push(format!("{id}: {text}"));
        match log_group(template, &function) {
            Some(group) if group.property("/RetentionInDays").is_some() => {
                let name = |resource: &Resource<'_>, at| {
                    resource
                        .property(at)
                        .and_then(|name| name.get("Fn::Sub")?.as_str())
                        .map(str::to_owned)
                };
                let own =
                    name(&function, "/FunctionName").map(|name| format!("/aws/lambda/{name}"));
                if own.is_none() || name(&group, "/LogGroupName") != own {
                    complain("its log group is not named for it");
                }
            }
            Some(_) => complain("its log group keeps log events for ever"),
            None => complain("has no log group in this template"),
        }
        if function.property("/ReservedConcurrentExecutions").is_none() {
            complain("has no reserved concurrency");
        }
        if function.property("/LoggingConfig/LogFormat") != Some(&json!("JSON")) {
            complain("does not log JSON, which the filter pattern needs");
        }
        if function.property("/LoggingConfig/SystemLogLevel") != Some(&json!("INFO")) {
            complain("platform.report is at INFO: its system log level must be");
        }
        if asynchronous.contains(id) {
            let failures =
                function.property("/EventInvokeConfig/DestinationConfig/OnFailure/Destination");
            if failures
                .and_then(target)
                .is_none_or(|queue| template.resource(queue).is_none())
            {
                complain("is invoked asynchronously and has no destination for what fails");
            }
            if number(&function, "/EventInvokeConfig/MaximumRetryAttempts") != Some(2)
                || function
                    .property("/EventInvokeConfig/MaximumEventAgeInSeconds")
                    .is_none()
            {
                complain("does not say how often and how long Lambda retries");
            }
        }
    }
    complaints
}

#[test]
fn every_function_has_a_log_group_a_share_and_a_way_out() {
    assert_eq!(
        asynchronous(&super::template()),
        BTreeSet::from(["Detector", "LogProcessor"])
    );
    holds(
        equipped,
        &[
            (
                "no log group",
                &|template| drop(template, &["DetectorLogGroup"]),
                "Detector: has no log group",
            ),
            (
                "endless logs",
                &|template| take(template, "DetectorLogGroup", "RetentionInDays"),
                "for ever",
            ),
            (
                "another's name",
                &|template| {
                    put(
                        template,
                        "DetectorLogGroup",
                        "/LogGroupName",
                        json!({"Fn::Sub": "/aws/lambda/x"}),
                    )
                },
                "not named for it",
            ),
            (
                "no share",
                &|template| take(template, "LogProcessor", "ReservedConcurrentExecutions"),
                "no reserved concurrency",
            ),
            (
                "no way out",
                &|template| take(template, "LogProcessor", "EventInvokeConfig"),
                "LogProcessor: is invoked asynchronously",
            ),
            (
                "a queue that is gone",
                &|template| drop(template, &["DetectorFailures"]),
                "Detector: is invoked asynchronously",
            ),
            (
                "text logs",
                &|template| {
                    put(
                        template,
                        "Detector",
                        "/LoggingConfig/LogFormat",
                        json!("Text"),
                    )
                },
                "does not log JSON",
            ),
            (
                "no reports",
                &|template| {
                    put(
                        template,
                        "CarApi",
                        "/LoggingConfig/SystemLogLevel",
                        json!("WARN"),
                    )
                },
                "platform.report",
            ),
        ],
    );
}

/// Longest waits of the functions, in seconds, from their code: calls to dependencies of 2.5 s each that car-api makes
/// for one message of its queue (five), one DynamoDB call of log-processor and the detector
/// (`platform::aws::OPERATION_TIMEOUT`), the responder's longest trial (50),
/// a read and a write for an acknowledgement.
const NEEDS: [(&str, u64); 5] = [
    ("CarApi", 13),
    ("LogProcessor", 10),
    ("Detector", 10),
    ("Responder", 51),
    ("Acknowledger", 20),
];
/// A detector owns its minute this long: a run that lasts longer would share it.
const LEASE_SECONDS: u64 = 50;

fn hurried(template: &Template) -> Vec<String> {
    let mut complaints = Vec::new();
    for function in template.of_type(FUNCTION) {
        let id = function.id;
        let Some(seconds) = number(&function, "/Timeout") else {
            complaints.push(format!("{id}: has no time-out of its own"));
            continue;
        };
        match NEEDS.iter().find(|(name, _)| *name == id) {
            Some((_, needs)) if seconds <= *needs => {
                complaints.push(format!("{id}: may run {seconds} s and may need {needs} s"));
            }
            Some(_) => {}
            None => complaints.push(format!("{id}: say in this test how long it may need")),
        }
        if id == "Detector" && seconds >= LEASE_SECONDS {
            complaints.push(format!(
                "{id}: may run {seconds} s and owns its minute for {LEASE_SECONDS} s"
            ));
        }
    }
    let call = template.resource("CarApi").and_then(|car| {
        car.property("/Environment/Variables/CAROBS_CALL_TIMEOUT_MS")?
            .as_str()?
            .parse::<u64>()
            .ok()
    });
    if call.is_some_and(|millis| millis * 5 > NEEDS[0].1 * 1_000) {
        complaints.push(
            "CarApi: five calls to dependencies do not fit into what this test says it needs"
                .to_owned(),
        );
    }
    // An API that gives up first would answer 503 where the function says more.
    let whole = |id: &str, at: &str| template.resource(id).and_then(|found| number(&found, at));
    if let (Some(function), Some(api)) = (
        whole("CarApi", "/Timeout"),
        whole("ApiIntegration", "/TimeoutInMillis"),
    ) && api <= function * 1_000
    {
        complaints.push(format!(
            "ApiIntegration: gives up after {api} ms, before the function does"
        ));
    }
    complaints
}

#[test]
fn every_function_has_more_time_than_its_calls_may_take() {
    holds(
        hurried,
        &[
            (
                "Lambda's default",
                &|template| put(template, "CarApi", "/Timeout", json!(3)),
                "CarApi: may run 3 s",
            ),
            (
                "no time-out",
                &|template| take(template, "Responder", "Timeout"),
                "no time-out of its own",
            ),
            (
                "a run beyond its lease",
                &|template| put(template, "Detector", "/Timeout", json!(60)),
                "owns its minute",
            ),
            (
                "slow calls",
                &|template| {
                    put(
                        template,
                        "CarApi",
                        "/Environment/Variables/CAROBS_CALL_TIMEOUT_MS",
                        json!("9000"),
                    )
                },
                "five calls",
            ),
            (
                "a hasty API",
                &|template| put(template, "ApiIntegration", "/TimeoutInMillis", json!(5000)),
                "gives up",
            ),
        ],
    );
}

/// Log groups of Outrider's own functions: not watched by it, and log-processor knows them all.
fn looped(template: &Template) -> Vec<String> {
    let stack = Stack::new(template, []);
    let own: BTreeSet<&str> = template
        .of_type(FUNCTION)
        .filter(|function| function.id != "CarApi")
        .filter_map(|function| log_group(template, &function))
        .map(|group| group.id)
        .collect();
    let mut complaints = Vec::new();
    for filter in template.of_type("AWS::Logs::SubscriptionFilter") {
        let watched = filter
            .property("/LogGroupName")
            .and_then(target)
            .unwrap_or_default();
        if own.contains(watched) {
            complaints.push(format!(
                "{}: subscribes log-processor to {watched}, a log group of Outrider itself",
                filter.id
            ));
        }
        if template.resource(watched).is_none()
            && template
                .section("Parameters")
                .all(|(name, _)| name != watched)
        {
            complaints.push(format!(
                "{}: subscribes to a log group that is not named",
                filter.id
            ));
        }
    }
    let listed = template
        .resource("LogProcessor")
        .and_then(|found| found.property("/Environment/Variables/CAROBS_OWN_LOG_GROUPS"))
        .and_then(|value| stack.text(value).ok())
        .unwrap_or_default();
    let listed: BTreeSet<&str> = listed.split(',').collect();
    if listed != own {
        complaints.push(format!(
            "CAROBS_OWN_LOG_GROUPS lists {listed:?}; Outrider's own are {own:?}"
        ));
    }
    complaints
}

#[test]
fn outrider_never_reads_its_own_logs() {
    holds(
        looped,
        &[
            (
                "a loop",
                &|template| {
                    put(
                        template,
                        "CarApiSubscription",
                        "/LogGroupName",
                        json!({"Ref": "LogProcessorLogGroup"}),
                    )
                },
                "a log group of Outrider itself",
            ),
            (
                "a group by its name",
                &|template| {
                    put(
                        template,
                        "CarApiSubscription",
                        "/LogGroupName",
                        json!("/aws/lambda/outrider-detector"),
                    )
                },
                "not named",
            ),
            (
                "a list that lacks one",
                &|template| {
                    let at = "/Environment/Variables/CAROBS_OWN_LOG_GROUPS";
                    put(
                        template,
                        "LogProcessor",
                        at,
                        json!({"Ref": "LogProcessorLogGroup"}),
                    );
                },
                "CAROBS_OWN_LOG_GROUPS lists",
            ),
        ],
    );
}
