//! What the new version may answer, and what CodeDeploy is then told.

use serde_json::{Value, json};

use super::world::{Act, World, answer, problem};
use crate::Verdict;
use crate::deployments::Reported;
use crate::plan::API_ID;
use crate::version::InvokeError;

#[tokio::test]
async fn a_version_that_does_everything_right_gets_its_traffic_and_keeps_no_car() {
    let world = World::new();
    let outcome = world.run().await.unwrap();
    assert_eq!(outcome.verdict, Verdict::Succeeded);
    assert_eq!((outcome.calls, outcome.complaint), (6, None));
    assert_eq!(outcome.reported, Reported::Now);
    assert_eq!(world.told(), [Verdict::Succeeded]);
    assert!(world.cars().is_empty());
}

#[tokio::test]
async fn every_event_is_marked_as_synthetic_and_can_be_found_in_the_log() {
    let world = World::new();
    world.run().await.unwrap();
    for event in world.calls() {
        assert_eq!(event["requestContext"]["apiId"], API_ID, "{event}");
        assert_eq!(
            event["headers"]["x-correlation-id"], "pre-traffic-d-ABC123",
            "{event}"
        );
        assert!(
            !event.to_string().contains("eyJleGVjdXRpb24i"),
            "the token is in {event}"
        );
    }
}

fn header(name: &'static str) -> fn(&mut Value) {
    match name {
        "etag" => |answer| answer["headers"]["etag"] = json!("\"7\""),
        _ => |answer| answer["headers"] = json!({}),
    }
}

/// The answer as if the car's version were another one, in the body and in the ETag.
fn version_less(by: u64, answer: &mut Value) {
    let etag = answer["headers"]["etag"].as_str().unwrap().replace('"', "");
    let version = etag.parse::<u64>().unwrap() - by;
    answer["headers"]["etag"] = json!(format!("\"{version}\""));
    body(|car| car["version"] = json!(0), answer);
    let text = answer["body"]
        .as_str()
        .unwrap()
        .replace("\"version\":0", &format!("\"version\":{version}"));
    answer["body"] = json!(text);
}

fn body(change: fn(&mut Value), answer: &mut Value) {
    let mut car: Value = serde_json::from_str(answer["body"].as_str().unwrap()).unwrap();
    change(&mut car);
    answer["body"] = Value::String(car.to_string());
}

#[tokio::test]
async fn whatever_the_version_answers_wrongly_it_gets_no_traffic_and_its_car_is_deleted() {
    let crashed =
        || InvokeError::Crashed("Unhandled, Runtime.ExitError: exit status 101".to_owned());
    let rows: Vec<(&str, usize, Act, &str, &str)> = vec![
        (
            "a creation that is refused",
            1,
            Act::Answers(problem(422, "invalid-fields")),
            "create",
            "422 (urn:acm:problem:invalid-fields)",
        ),
        (
            "a creation that exists already",
            1,
            Act::Answers(problem(409, "duplicate-car")),
            "create",
            "409",
        ),
        (
            "a creation that is only accepted",
            1,
            Act::Answers(answer(202, json!({}), &json!({}))),
            "create",
            "202",
        ),
        (
            "a creation without its ETag",
            1,
            Act::Changed(header("none")),
            "create",
            "ETag is missing",
        ),
        (
            "a creation that fails inside",
            1,
            Act::Answers(problem(500, "internal-error")),
            "create",
            "500",
        ),
        (
            "a creation that changes the model",
            1,
            Act::Changed(|answer| body(|car| car["model"] = json!("x"), answer)),
            "create",
            "model",
        ),
        (
            "a creation under another key",
            1,
            Act::Changed(|answer| body(|car| car["car_id"] = json!("x"), answer)),
            "create",
            "car_id",
        ),
        (
            "a crash",
            1,
            Act::Loses(crashed()),
            "create",
            "exit status 101",
        ),
        (
            "a crash before anything",
            1,
            Act::Fails(crashed()),
            "create",
            "exit status 101",
        ),
        (
            "a payload of another format",
            1,
            Act::Payload("\"Hello from Lambda!\""),
            "create",
            "none that API Gateway takes",
        ),
        (
            "an empty payload",
            1,
            Act::Payload(""),
            "create",
            "none that API Gateway takes",
        ),
        (
            "a car that is not there",
            2,
            Act::Answers(problem(404, "no-such-car")),
            "read",
            "404",
        ),
        (
            "a car with another version",
            2,
            Act::Changed(header("etag")),
            "read",
            "ETag is \"7\"",
        ),
        (
            "a body that is no JSON",
            2,
            Act::Changed(|answer| answer["body"] = json!("<html>")),
            "read",
            "car_id of the car is null",
        ),
        (
            "a body without a version",
            2,
            Act::Changed(|answer| body(|car| car["version"] = json!(null), answer)),
            "read",
            "version",
        ),
        (
            "a read that is not allowed",
            2,
            Act::Answers(problem(403, "forbidden")),
            "read",
            "403",
        ),
        (
            "a crash at the read",
            2,
            Act::Loses(crashed()),
            "read",
            "exit status 101",
        ),
        (
            "a change that is stale at once",
            3,
            Act::Answers(problem(412, "stale-version")),
            "change",
            "412",
        ),
        (
            "a change that keeps the version",
            3,
            Act::Changed(|answer| version_less(1, answer)),
            "change",
            "after the change and was",
        ),
        (
            "a version that goes back",
            4,
            Act::Changed(|answer| version_less(1, answer)),
            "read what was changed",
            "expected",
        ),
        (
            "a weak ETag",
            2,
            Act::Changed(|answer| answer["headers"]["etag"] = json!("W/\"1\"")),
            "read",
            "no version",
        ),
        (
            "a change without an effect",
            3,
            Act::Changed(|answer| body(|car| car["nb_passengers"] = json!(0), answer)),
            "change",
            "nb_passengers of the car is 0",
        ),
        (
            "a route that was forgotten",
            3,
            Act::Answers(problem(405, "method-not-allowed")),
            "change",
            "405",
        ),
        (
            "a change that is not kept",
            4,
            Act::Changed(|answer| body(|car| car["nb_passengers"] = json!(0), answer)),
            "read what was changed",
            "nb_passengers",
        ),
        (
            "a version that is not counted",
            4,
            Act::Changed(header("etag")),
            "read what was changed",
            "ETag",
        ),
        (
            "a deletion with a body",
            5,
            Act::Answers(answer(200, json!({}), &json!({}))),
            "delete",
            "200",
        ),
        (
            "a deletion of what is not there",
            5,
            Act::Answers(problem(404, "no-such-car")),
            "delete",
            "404",
        ),
        (
            "a car that outlives its deletion",
            6,
            Act::Answers(answer(200, json!({}), &json!({}))),
            "read what was deleted",
            "200",
        ),
        (
            "a route that is gone with the car",
            6,
            Act::Answers(problem(404, "no-such-path")),
            "read what was deleted",
            "no-such-path",
        ),
    ];
    for (rule, call, act, step, reason) in rows {
        let world = World::new();
        world.plan(&[(call, act)]);
        let outcome = world.run().await.unwrap();
        assert_eq!(world.told(), [Verdict::Failed], "{rule}");
        let complaint = outcome.complaint.unwrap();
        assert_eq!(complaint.step, step, "{rule}: {complaint:?}");
        assert!(complaint.reason.contains(reason), "{rule}: {complaint:?}");
        assert!(world.cars().is_empty(), "{rule} leaves {:?}", world.cars());
        assert!(outcome.left_behind.is_empty(), "{rule}");
    }
}

#[tokio::test]
async fn a_text_of_the_version_is_cut_and_tamed_before_anybody_reads_it() {
    let world = World::new();
    let long = format!("{}\nforged line", "x".repeat(5_000));
    world.plan(&[(2, Act::Answers(problem(500, &long)))]);
    let reason = world.run().await.unwrap().complaint.unwrap().reason;
    assert!(reason.len() < 400 && !reason.contains('\n'), "{reason}");
}
