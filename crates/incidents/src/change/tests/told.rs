//! What messages list of the markers, beside the version change that the logs tell of.

use serde_json::{Value, json};

use super::super::*;
use super::{HEALTH, call, event, marker};
use crate::message::example::instant;

/// One deploy, as CloudTrail tells it.
fn deploy() -> Vec<ChangeMarker> {
    let by = |event: Value, time: &str, who: &str| {
        let mut event = event;
        event["time"] = json!(time);
        event["detail"]["eventTime"] = json!(time);
        event["detail"]["userIdentity"] =
            json!({"arn": format!("arn:aws:iam::123456789012:user/{who}")});
        marker(&event)
    };
    let car = json!({"functionName": "car-api"});
    let alias = json!({"functionName": "car-api", "name": "live", "functionVersion": "42"});
    vec![
        by(
            call(
                "UpdateFunctionCode20150331v2",
                car.clone(),
                json!({"version": "$LATEST"}),
            ),
            "2026-11-20T21:50:00Z",
            "ci",
        ),
        by(
            call(
                "PublishVersion20150331",
                car.clone(),
                json!({"version": "42"}),
            ),
            "2026-11-20T21:50:10Z",
            "ci",
        ),
        by(
            call("UpdateAlias20150331", alias, json!({})),
            "2026-11-20T21:55:20Z",
            "ada",
        ),
        by(
            call("PutFunctionConcurrency20171031", car, json!({})),
            "2026-11-20T21:54:00Z",
            "ada",
        ),
    ]
}

#[test]
fn a_deploy_that_the_logs_tell_of_too_is_told_once_and_with_who_did_it() {
    let heard = |to| Heard {
        at: instant("21:55"),
        from: "41",
        to,
    };
    let texts = |heard| -> Vec<String> {
        told(&deploy(), "car-api", heard)
            .into_iter()
            .map(|change| change.text)
            .collect()
    };
    let concurrency = "PutFunctionConcurrency car-api by ada".to_owned();
    assert_eq!(
        texts(Some(heard("42"))),
        [
            concurrency.clone(),
            "car-api version 41 -> 42 by ci, ada".to_owned()
        ]
    );
    // The alias points elsewhere than what is heard: two things happened. The new code may be either's.
    assert_eq!(
        texts(Some(heard("43"))),
        [
            "PublishVersion car-api by ci (version 42)".to_owned(),
            "UpdateAlias car-api by ada (live -> 42)".to_owned(),
            concurrency,
            "car-api version 41 -> 43 by ci".to_owned(),
        ]
    );
    assert_eq!(
        texts(None).len(),
        4,
        "without logs the feed tells everything"
    );
    let late = Heard {
        at: instant("22:20"),
        ..heard("42")
    };
    assert_eq!(
        texts(Some(late)).len(),
        5,
        "too long after the calls to be the same"
    );
}

#[test]
fn a_marker_of_another_function_is_not_told_and_one_of_the_region_is() {
    let mut markers = deploy();
    markers.push(marker(&event(HEALTH, &[])));
    let told = told(&markers, "orders", None);
    let texts: Vec<_> = told
        .iter()
        .map(|change| (change.text.as_str(), change.ours))
        .collect();
    assert_eq!(
        texts,
        [(
            "AWS Health: LAMBDA operational issue open in eu-west-1",
            false
        )]
    );
}
