//! Events in the shapes of AWS's own pages, and what must not be made of others.
//!
//! `fixtures/call.json`: the envelope of
//! <https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-service-event-cloudtrail.html>, the identity of
//! <https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-event-reference-user-identity.html>, and the
//! rest as a recorded `UpdateFunctionCode20150331v2` has it
//! (<https://stratus-red-team.cloud/attack-techniques/AWS/aws.persistence.lambda-overwrite-code/>). `health.json`: the
//! sample of <https://docs.aws.amazon.com/health/latest/ug/aws-health-events-eventbridge-schema.html>, with its names
//! and times replaced.

use serde_json::{Value, json};

use super::*;

mod refused;
mod told;

const CALL: &str = include_str!("fixtures/call.json");
const HEALTH: &str = include_str!("fixtures/health.json");
const HOME: Home<'static> = Home {
    account: "123456789012",
    region: "eu-west-1",
};

fn event(text: &str, members: &[(&str, Value)]) -> Value {
    let mut event: Value = serde_json::from_str(text).unwrap();
    for (at, value) in members {
        let (parent, name) = at.rsplit_once('/').unwrap();
        event.pointer_mut(parent).unwrap()[name] = value.clone();
    }
    event
}

fn call(name: &str, asked: Value, answered: Value) -> Value {
    let members = [
        ("/detail/eventName", json!(name)),
        ("/detail/requestParameters", asked),
        ("/detail/responseElements", answered),
    ];
    event(CALL, &members)
}

fn marker(event: &Value) -> ChangeMarker {
    match read(event, HOME).unwrap() {
        Read::Change(marker) => *marker,
        Read::NoChange(why) => panic!("{why}: {event}"),
    }
}

/// A call's name, what it asked, what it was answered; the kind, the versions and the text of its marker.
type Row = (
    &'static str,
    Value,
    Value,
    ChangeKind,
    &'static [&'static str],
    &'static str,
);

#[test]
fn every_call_that_changes_a_function_says_what_and_by_whom() {
    let car = json!("car-api");
    let rows: [Row; 10] = [
        (
            "UpdateFunctionCode20150331v2",
            json!({"functionName": car, "publish": true, "dryRun": false}),
            json!({"version": "42"}),
            ChangeKind::Deploy,
            &["42"],
            "UpdateFunctionCode car-api by ci-deploy/build-812 (version 42)",
        ),
        (
            "UpdateFunctionCode20150331v2",
            json!({"functionName": "123456789012:function:car-api"}),
            json!({"version": "$LATEST"}),
            ChangeKind::Deploy,
            &[],
            "UpdateFunctionCode car-api by ci-deploy/build-812",
        ),
        (
            "PublishVersion20150331",
            json!({"functionName": "car-api"}),
            json!({"version": "42", "memorySize": 256}),
            ChangeKind::Deploy,
            &["42"],
            "PublishVersion car-api by ci-deploy/build-812 (version 42)",
        ),
        (
            "UpdateAlias20150331",
            json!({"functionName": "car-api", "name": "live", "functionVersion": "42"}),
            json!({}),
            ChangeKind::Alias,
            &["42"],
            "UpdateAlias car-api by ci-deploy/build-812 (live -> 42)",
        ),
        (
            "UpdateAlias20150331",
            json!({"functionName": "car-api", "name": "live", "functionVersion": "41",
                   "routingConfig": {"additionalVersionWeights": {"42": 0.1}}}),
            json!({}),
            ChangeKind::Alias,
            &["41", "42"],
            "UpdateAlias car-api by ci-deploy/build-812 (live -> 41, 42 gets 10%)",
        ),
        (
            "UpdateFunctionConfiguration20150331v2",
            json!({"functionName": "car-api", "memorySize": 128, "timeout": 3, "runtime": "provided.al2023",
                   "layers": ["arn:aws:lambda:eu-west-1:580247275435:layer:LambdaInsightsExtension:53"],
                   "environment": {"variables": {"KEY": "hunter2"}}}),
            json!({}),
            ChangeKind::Configuration,
            &[],
            "UpdateFunctionConfiguration car-api by ci-deploy/build-812 (memory 128 MB, timeout 3 s, runtime \
             provided.al2023, environment, layers)",
        ),
        (
            "PutFunctionConcurrency20171031",
            json!({"functionName": "car-api", "reservedConcurrentExecutions": 0}),
            json!({"reservedConcurrentExecutions": 0}),
            ChangeKind::Concurrency,
            &[],
            "PutFunctionConcurrency car-api by ci-deploy/build-812 (reserved 0)",
        ),
        (
            "DeleteFunctionConcurrency20171031",
            json!({"functionName": "car-api"}),
            Value::Null,
            ChangeKind::Concurrency,
            &[],
            "DeleteFunctionConcurrency car-api by ci-deploy/build-812",
        ),
        (
            "PutProvisionedConcurrencyConfig",
            json!({"functionName": "car-api", "qualifier": "live", "provisionedConcurrentExecutions": 5}),
            json!({}),
            ChangeKind::Concurrency,
            &[],
            "PutProvisionedConcurrencyConfig car-api by ci-deploy/build-812 (live, provisioned 5)",
        ),
        (
            "UpdateAlias",
            json!({"functionName": "car-api:live"}),
            json!({}),
            ChangeKind::Alias,
            &[],
            "UpdateAlias car-api by ci-deploy/build-812 (an alias)",
        ),
    ];
    for (name, asked, answered, kind, versions, text) in rows {
        let found = marker(&call(name, asked, answered));
        assert_eq!(found.text, text);
        assert_eq!(
            (found.kind, found.function.as_deref()),
            (kind, Some("car-api")),
            "{text}"
        );
        assert_eq!(found.versions, versions, "{text}");
        assert_eq!(found.at.to_string(), "2026-11-20T21:55:02Z");
    }
}

#[test]
fn whoever_calls_is_named_without_an_address() {
    let arn = |arn: &str| json!({"type": "x", "arn": arn});
    for (identity, by) in [
        (arn("arn:aws:iam::123456789012:user/deploys/ada"), "ada"),
        (arn("arn:aws:iam::123456789012:root"), "root"),
        (
            arn("arn:aws:sts::123456789012:assumed-role/AWSReservedSSO_Admin_0f3a/ada@example.com"),
            "AWSReservedSSO_Admin_0f3a/[e-mail]",
        ),
        (
            json!({"type": "AssumedRole", "arn": "arn:aws:sts::123456789012:assumed-role/r/s",
                   "invokedBy": "codedeploy.amazonaws.com"}),
            "codedeploy.amazonaws.com",
        ),
        (
            json!({"type": "WebIdentityUser", "userName": "ada@example.com"}),
            "[e-mail]",
        ),
    ] {
        let found = marker(&event(CALL, &[("/detail/userIdentity", identity.clone())]));
        assert_eq!(found.by.as_deref(), Some(by), "{identity}");
    }
    for unknown in [
        json!(null),
        json!({"arn": 3}),
        json!({"arn": "none"}),
        json!({"arn": "a:b:c:d:e:"}),
    ] {
        let found = marker(&event(CALL, &[("/detail/userIdentity", unknown)]));
        assert_eq!(found.by, None);
        assert!(
            found
                .text
                .starts_with("UpdateFunctionConfiguration car-api (")
        );
    }
}

#[test]
fn health_tells_what_goes_on_here_from_when_it_began() {
    for (members, text, at) in [
        (
            vec![],
            "AWS Health: LAMBDA operational issue open in eu-west-1",
            "2026-11-20T21:57:10Z",
        ),
        (
            vec![("/detail/startTime", json!("Fri, 20 Nov 2026 19:00:00 GMT"))],
            "AWS Health: LAMBDA operational issue open in eu-west-1, since 2026-11-20 19:00 UTC",
            "2026-11-20T22:20:15Z",
        ),
        (
            vec![
                ("/detail/statusCode", json!("closed")),
                ("/detail/endTime", json!("Fri, 20 Nov 2026 22:18:00 GMT")),
            ],
            "AWS Health: LAMBDA operational issue closed in eu-west-1",
            "2026-11-20T22:18:00Z",
        ),
        (
            vec![
                ("/detail/eventRegion", json!("global")),
                ("/detail/service", json!("EC2")),
                (
                    "/detail/eventTypeCode",
                    json!("AWS_EC2_INSTANCE_REBOOT_MAINTENANCE_SCHEDULED"),
                ),
                ("/detail/eventTypeCategory", json!("scheduledChange")),
                ("/detail/startTime", json!("soon")),
            ],
            "AWS Health: EC2 instance reboot maintenance scheduled open in global",
            "2026-11-20T22:20:15Z",
        ),
        (
            vec![("/detail/eventTypeCode", json!("PUBLISHED\nALARM: forged"))],
            "AWS Health: PUBLISHED ALARM: forged open in eu-west-1",
            "2026-11-20T21:57:10Z",
        ),
    ] {
        let found = marker(&event(HEALTH, &members));
        assert_eq!(
            (found.text.as_str(), found.at.to_string().as_str()),
            (text, at)
        );
        assert_eq!((found.kind, &found.function), (ChangeKind::Health, &None));
        assert!(found.concerns("car-api") && found.concerns("any-other"));
    }
}

#[test]
fn the_stored_json_is_readable_and_stable() {
    let found = marker(&event(CALL, &[]));
    let stored = found.to_json();
    assert_eq!(
        stored,
        r#"{"schema":1,"id":"6a7e8feb-b491-4cf7-a9f1-bf3703467718","at":"2026-11-20T21:55:02Z","sent":"2026-11-20T21:55:02Z","kind":"configuration","function":"car-api","versions":[],"by":"ci-deploy/build-812","text":"UpdateFunctionConfiguration car-api by ci-deploy/build-812 (memory 128 MB, environment)"}"#
    );
    assert_eq!(ChangeMarker::from_json(&stored).unwrap(), found);
    assert_eq!(
        found.name(),
        "2026-11-20T21:55:02Z#6a7e8feb-b491-4cf7-a9f1-bf3703467718"
    );
    let newer = ChangeMarker::from_json(&stored.replace(r#""schema":1"#, r#""schema":9"#));
    assert!(newer.unwrap_err().to_string().contains("has schema 9"));
    assert!(
        ChangeMarker::from_json("{}")
            .unwrap_err()
            .to_string()
            .contains("damaged")
    );
}

#[test]
fn names_sort_by_time_also_when_an_event_tells_fractions() {
    let at = |time: &str| marker(&event(CALL, &[("/time", json!(time))])).name();
    let names = [
        at("2026-11-20T21:55:02Z"),
        at("2026-11-20T21:55:02.9Z"),
        at("2026-11-20T21:55:03Z"),
    ];
    assert_eq!(names[0], names[1]);
    assert!(names[1] < names[2]);
}
