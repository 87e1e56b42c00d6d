//! A new version of car-api gets traffic step by step, under alarms that look at it alone.

use cfn::Template;
use serde_json::{Value, json};

use super::{drop, holds, put, target};

const CANARY: [(&str, &str, &str); 4] = [
    ("CanaryErrorsAlarm", "AWS/Lambda", "Errors"),
    ("CanaryLatencyAlarm", "AWS/Lambda", "Duration"),
    ("CanaryThrottlesAlarm", "AWS/Lambda", "Throttles"),
    ("CanaryVerdictAlarm", "Outrider", "CanaryVerdict"),
];

/// The dimensions of an alarm, by name.
fn dimension<'a>(template: &'a Template, alarm: &str, name: &str) -> Option<&'a Value> {
    let dimensions = template
        .resource(alarm)?
        .property("/Dimensions")?
        .as_array()?;
    dimensions
        .iter()
        .find(|dimension| dimension.get("Name").and_then(Value::as_str) == Some(name))?
        .get("Value")
}

fn blind(template: &Template) -> Vec<String> {
    let Some(car) = template.resource("CarApi") else {
        return Vec::new(); // deploy/attach.json rolls out nothing that it watches
    };
    let mut complaints = Vec::new();
    let alarms: Vec<&str> = car
        .property("/DeploymentPreference/Alarms")
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
        .filter_map(target)
        .collect();
    let version = json!({"Fn::GetAtt": ["CarApi", "Version.Version"]});
    let function = json!({"Ref": "CarApi"});
    for (id, namespace, metric) in CANARY {
        if !alarms.contains(&id) {
            complaints.push(format!("CarApi: {id} cannot stop a rollout"));
        }
        let Some(alarm) = template.resource(id) else {
            complaints.push(format!("{id}: is not there"));
            continue;
        };
        let is = |at: &str, value: Value| alarm.property(at) == Some(&value);
        if !is("/Namespace", json!(namespace)) || !is("/MetricName", json!(metric)) {
            complaints.push(format!("{id}: does not look at {namespace} {metric}"));
        }
        if !is("/TreatMissingData", json!("notBreaching")) {
            complaints.push(format!("{id}: stops a rollout for lack of data"));
        }
        if !is("/Period", json!(60)) {
            complaints.push(format!("{id}: is too slow for a bake of minutes"));
        }
        let named: &[(&str, &Value)] = if namespace == "Outrider" {
            &[("function", &function), ("version", &version)]
        } else {
            &[
                ("FunctionName", &function),
                ("Resource", &json!({"Fn::Sub": "${CarApi}:live"})),
                ("ExecutedVersion", &version),
            ]
        };
        for (name, value) in named {
            if dimension(template, id, name) != Some(*value) {
                complaints.push(format!(
                    "{id}: its dimension {name} does not name the new version alone"
                ));
            }
        }
        if namespace == "Outrider"
            && !(is("/EvaluationPeriods", json!(1)) && is("/Statistic", json!("Maximum")))
        {
            complaints.push(format!(
                "{id}: a verdict is a judgement over minutes already: 1 of 1, Maximum"
            ));
        }
    }
    let latency = template.resource("CanaryLatencyAlarm");
    let latency = |at: &str| latency.as_ref().and_then(|alarm| alarm.property(at));
    // `ignore` changes no state below 100 requests a minute, of a tenth of the traffic.
    if latency("/EvaluateLowSampleCountPercentile") != Some(&json!("evaluate")) {
        complaints.push("CanaryLatencyAlarm: is mute for most services".to_owned());
    }
    if latency("/DatapointsToAlarm").and_then(Value::as_u64) < Some(3) {
        complaints.push("CanaryLatencyAlarm: one slow request would decide".to_owned());
    }
    // No page of AWS says that CodeDeploy sends the account.
    let trust = template.resource("RolloutRole");
    let trust = trust.and_then(|role| role.property("/AssumeRolePolicyDocument/Statement/0"));
    if trust.is_none_or(|trust| trust.pointer("/Condition/StringEquals").is_some()) {
        complaints.push("RolloutRole: may refuse CodeDeploy".to_owned());
    }
    if car.property("/DeploymentPreference/Type") != Some(&json!({"Ref": "RolloutType"})) {
        complaints.push("CarApi: the kind of rollout is no parameter".to_owned());
    }
    let default = template
        .root()
        .get("Parameters")
        .and_then(|all| all.pointer("/RolloutType/Default"));
    if default != Some(&json!("Canary10Percent15Minutes")) {
        complaints.push(format!(
            "RolloutType: the default is {default:?}, not a canary with time to bake"
        ));
    }
    match car
        .property("/DeploymentPreference/Hooks/PreTraffic")
        .and_then(target)
        .and_then(|id| template.resource(id))
    {
        Some(hook) => {
            let tries = hook.property("/Environment/Variables/CAR_API_VERSION_ARN");
            if tries != Some(&json!({"Ref": "CarApi.Version"})) {
                complaints.push(format!("{}: does not try the new version", hook.id));
            }
        }
        None => {
            complaints.push("CarApi: nothing tries a version before it gets traffic".to_owned())
        }
    }
    complaints
}

#[test]
fn a_new_version_is_watched_alone_and_tried_first() {
    holds(
        blind,
        &[
            (
                "an alarm less",
                &|template| drop(template, &["CanaryThrottlesAlarm"]),
                "CanaryThrottlesAlarm: is not there",
            ),
            (
                "an alarm that stops nothing",
                &|template| {
                    put(
                        template,
                        "CarApi",
                        "/DeploymentPreference/Alarms",
                        json!([{"Ref": "CanaryErrorsAlarm"}]),
                    )
                },
                "CanaryVerdictAlarm cannot stop",
            ),
            (
                "all versions together",
                &|template| {
                    put(
                        template,
                        "CanaryErrorsAlarm",
                        "/Dimensions/2/Name",
                        json!("Version"),
                    )
                },
                "ExecutedVersion does not name",
            ),
            (
                "another alias",
                &|template| {
                    put(
                        template,
                        "CanaryErrorsAlarm",
                        "/Dimensions/1/Value",
                        json!("x:prod"),
                    )
                },
                "Resource does not name",
            ),
            (
                "no data, no rollout",
                &|template| {
                    put(
                        template,
                        "CanaryLatencyAlarm",
                        "/TreatMissingData",
                        json!("breaching"),
                    )
                },
                "lack of data",
            ),
            (
                "an alarm for much traffic only",
                &|template| {
                    let at = "/EvaluateLowSampleCountPercentile";
                    put(template, "CanaryLatencyAlarm", at, json!("ignore"));
                },
                "is mute for most services",
            ),
            (
                "a hasty alarm",
                &|template| {
                    put(
                        template,
                        "CanaryLatencyAlarm",
                        "/DatapointsToAlarm",
                        json!(1),
                    )
                },
                "one slow request",
            ),
            (
                "a strict trust",
                &|template| {
                    let at = "/AssumeRolePolicyDocument/Statement/0/Condition";
                    let strict = json!({"StringEquals": {"aws:SourceAccount": "1"}});
                    put(template, "RolloutRole", at, strict);
                },
                "may refuse CodeDeploy",
            ),
            (
                "two verdicts",
                &|template| {
                    put(
                        template,
                        "CanaryVerdictAlarm",
                        "/EvaluationPeriods",
                        json!(2),
                    )
                },
                "1 of 1",
            ),
            (
                "a slow alarm",
                &|template| put(template, "CanaryErrorsAlarm", "/Period", json!(300)),
                "too slow",
            ),
            (
                "all at once",
                &|template| {
                    template
                        .set("/Parameters/RolloutType/Default", json!("AllAtOnce"))
                        .unwrap()
                },
                "not a canary",
            ),
            (
                "no trial",
                &|template| put(template, "CarApi", "/DeploymentPreference/Hooks", json!({})),
                "nothing tries",
            ),
            (
                "a trial of what is live",
                &|template| {
                    put(
                        template,
                        "Responder",
                        "/Environment/Variables/CAR_API_VERSION_ARN",
                        json!({"Ref": "CarApi.Alias"}),
                    )
                },
                "does not try the new version",
            ),
        ],
    );
}

/// What has an alias is invoked by it, or a rollout would reach everybody at once; what has none cannot be.
fn unaliased(template: &Template) -> Vec<String> {
    let mut complaints = Vec::new();
    for resource in template.resources() {
        let at = match resource.kind {
            "AWS::Lambda::Permission" | "AWS::Lambda::EventSourceMapping" => "/FunctionName",
            "AWS::ApiGatewayV2::Integration" => "/IntegrationUri",
            "AWS::Logs::SubscriptionFilter" => "/DestinationArn",
            "AWS::Scheduler::Schedule" => "/Target/Arn",
            _ => continue,
        };
        let invoked = resource.property(at);
        let Some(function) = invoked
            .and_then(target)
            .and_then(|id| template.resource(id))
        else {
            complaints.push(format!("{}: does not name what it invokes", resource.id));
            continue;
        };
        let by_alias = invoked
            .and_then(|value| value.get("Ref")?.as_str())
            .is_some_and(|name| name.ends_with(".Alias"));
        if by_alias != function.property("/AutoPublishAlias").is_some() {
            let id = function.id;
            complaints.push(format!(
                "{}: must invoke {id} by its alias if it has one, and only then",
                resource.id
            ));
        }
    }
    if let Some(car) = template.resource("CarApi")
        && car.property("/AutoPublishAlias") != Some(&json!("live"))
    {
        complaints.push("CarApi: the alias is not live".to_owned());
    }
    complaints
}

#[test]
fn what_invokes_a_function_with_an_alias_invokes_the_alias() {
    holds(
        unaliased,
        &[
            (
                "an API on $LATEST",
                &|template| {
                    put(
                        template,
                        "ApiIntegration",
                        "/IntegrationUri",
                        json!({"Ref": "CarApi"}),
                    )
                },
                "ApiIntegration",
            ),
            (
                "a schedule on an alias that is not there",
                &|template| {
                    put(
                        template,
                        "DetectorSchedule",
                        "/Target/Arn",
                        json!({"Ref": "Detector.Alias"}),
                    )
                },
                "DetectorSchedule: must invoke Detector",
            ),
            (
                "another alias",
                &|template| put(template, "CarApi", "/AutoPublishAlias", json!("prod")),
                "the alias is not live",
            ),
        ],
    );
}
