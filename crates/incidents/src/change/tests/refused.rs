//! What is no change, what is no event, and hostile ones.

use proptest::prelude::*;
use serde_json::{Value, json};

use super::super::*;
use super::{CALL, HEALTH, HOME, call, event, marker};

#[test]
fn what_changes_nothing_here_is_no_change_and_says_why() {
    for (what, fixture, member, value, why) in [
        (
            "a failed call",
            CALL,
            "/detail/errorCode",
            json!("AccessDenied"),
            NoChange::Failed,
        ),
        (
            "a dry run",
            CALL,
            "/detail/requestParameters/dryRun",
            json!(true),
            NoChange::DryRun,
        ),
        (
            "another call",
            CALL,
            "/detail/eventName",
            json!("AddPermission20150331v2"),
            NoChange::OtherCall,
        ),
        (
            "a date in the middle",
            CALL,
            "/detail/eventName",
            json!("20150331UpdateAlias"),
            NoChange::OtherCall,
        ),
        (
            "a name of digits",
            CALL,
            "/detail/eventName",
            json!("20150331"),
            NoChange::OtherCall,
        ),
        (
            "another account",
            CALL,
            "/account",
            json!("999999999999"),
            NoChange::Elsewhere,
        ),
        (
            "another region",
            CALL,
            "/region",
            json!("us-east-1"),
            NoChange::Elsewhere,
        ),
        (
            "the backup region's copy",
            HEALTH,
            "/detail/eventRegion",
            json!("us-east-1"),
            NoChange::Elsewhere,
        ),
        (
            "an organization's member",
            HEALTH,
            "/detail/affectedAccount",
            json!("9"),
            NoChange::Elsewhere,
        ),
        (
            "something to come",
            HEALTH,
            "/detail/statusCode",
            json!("upcoming"),
            NoChange::NotNow,
        ),
        (
            "a bill",
            HEALTH,
            "/detail/eventTypeCategory",
            json!("accountNotification"),
            NoChange::NotNow,
        ),
    ] {
        let found = read(&event(fixture, &[(member, value)]), HOME).unwrap();
        assert_eq!(found, Read::NoChange(why), "{what}");
    }
}

#[test]
fn what_is_no_event_is_refused_with_what_belongs_there() {
    let long = "x".repeat(10_000);
    for (fixture, member, value, said) in [
        (CALL, "/source", json!(null), "no usable /source"),
        (CALL, "/source", json!("aws.ec2"), "an event of \"aws.ec2\""),
        (CALL, "/source", json!(long), "an event of \"xxx"),
        (
            CALL,
            "/detail-type",
            json!("AWS Service Event via CloudTrail"),
            "accepted are",
        ),
        (CALL, "/id", json!(7), "no usable /id"),
        (CALL, "/id", json!("a#b"), "letters, digits and hyphens"),
        (CALL, "/id", json!(long), "1 to 64"),
        (CALL, "/id", json!(""), "1 to 64"),
        (
            CALL,
            "/time",
            json!("yesterday"),
            "such as 2026-11-18T09:56:00Z",
        ),
        (CALL, "/time", json!(1_700_000_000), "no usable /time"),
        (
            CALL,
            "/account",
            json!(123_456_789_012_u64),
            "no usable /account",
        ),
        (
            CALL,
            "/detail",
            json!("text"),
            "no usable /detail/eventName",
        ),
        (
            CALL,
            "/detail/requestParameters",
            json!(null),
            "a function's name or ARN",
        ),
        (
            CALL,
            "/detail/requestParameters/functionName",
            json!(["car-api"]),
            "a function's name or ARN",
        ),
        (
            CALL,
            "/detail/requestParameters/functionName",
            json!(long),
            "a function's name or ARN",
        ),
        (
            CALL,
            "/detail/requestParameters/functionName",
            json!("car\u{7}api"),
            "a function's name or ARN",
        ),
        (
            CALL,
            "/detail/requestParameters/functionName",
            json!("a:function:"),
            "a function's name or ARN",
        ),
        (
            HEALTH,
            "/detail/service",
            json!(null),
            "no usable /detail/service",
        ),
        (
            HEALTH,
            "/detail/eventTypeCode",
            json!({}),
            "no usable /detail/eventTypeCode",
        ),
        (
            HEALTH,
            "/detail/statusCode",
            json!(null),
            "open, closed or upcoming",
        ),
    ] {
        let refused = read(&event(fixture, &[(member, value)]), HOME).unwrap_err();
        let refused = refused.to_string();
        assert!(
            refused.contains(said) && refused.len() < 400,
            "{member}: {refused}"
        );
    }
    for none in [
        json!(null),
        json!([]),
        json!("text"),
        json!({"at": "2026-11-20T22:00:00Z"}),
    ] {
        assert!(read(&none, HOME).is_err(), "{none}");
    }
}

#[test]
fn hostile_texts_stay_one_short_line() {
    let long = format!(
        "ada@example.com\u{7}\nALARM: \u{202e}{}",
        "x".repeat(10_000)
    );
    let hostile = call(
        "UpdateFunctionConfiguration20150331v2",
        json!({"functionName": "car-api", "runtime": long, "handler": long, "memorySize": "a lot", "timeout": -1,
               "environment": long}),
        json!({"version": long}),
    );
    let mut hostile = hostile;
    hostile["detail"]["userIdentity"] = json!({"arn": format!("arn:aws:iam::1:user/{long}")});
    let found = marker(&hostile);
    assert!(
        found.text.chars().count() <= 200 && !found.text.contains("ada@"),
        "{}",
        found.text
    );
    assert!(
        !found
            .text
            .chars()
            .any(|c| c.is_control() || c == '\u{202e}'),
        "{:?}",
        found.text
    );
    assert!(found.to_json().len() < 1_000, "{}", found.to_json());
}

/// Any JSON, often in the place of a member that is read.
fn anything() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<String>().prop_map(Value::from),
    ];
    leaf.prop_recursive(2, 8, 3, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..3).prop_map(Value::from),
            prop::collection::btree_map(any::<String>(), inner, 0..3)
                .prop_map(|members| Value::Object(members.into_iter().collect())),
        ]
    })
}

proptest! {
    #[test]
    fn whatever_stands_in_an_event_is_a_short_line_or_refused(
        health in any::<bool>(),
        name in prop::sample::select(&["UpdateAlias20150331", "UpdateFunctionCode20150331v2", "UpdateFunctionConfiguration"][..]),
        members in prop::collection::vec((0_usize..19, anything()), 1..4),
    ) {
        const MEMBERS: [&str; 19] = [
            "/id", "/time", "/region", "/detail/eventTime", "/detail/errorCode", "/detail/userIdentity",
            "/detail/userIdentity/arn", "/detail/requestParameters/functionName", "/detail/requestParameters/name",
            "/detail/requestParameters/functionVersion", "/detail/requestParameters/routingConfig",
            "/detail/responseElements/version", "/detail/requestParameters/runtime", "/detail/startTime",
            "/detail/eventTypeCode", "/detail/service", "/detail/statusCode", "/detail/eventTypeCategory",
            "/detail/endTime",
        ];
        let mut event = event(if health { HEALTH } else { CALL }, &[("/detail/eventName", json!(name))]);
        for (at, value) in members {
            let (parent, name) = MEMBERS[at].rsplit_once('/').unwrap();
            if let Some(Value::Object(parent)) = event.pointer_mut(parent) {
                parent.insert(name.to_owned(), value);
            }
        }
        if let Ok(Read::Change(found)) = read(&event, HOME) {
            prop_assert!(found.text.chars().count() <= 200 && !found.text.chars().any(char::is_control), "{:?}", found.text);
            let name = found.name();
            prop_assert!(name.len() <= 100 && name.is_ascii(), "{}", name);
            prop_assert_eq!(ChangeMarker::from_json(&found.to_json()).unwrap(), *found);
        }
    }
}
