use lambda_http::Context;
use serde_json::{Value, json};

use super::harness::*;
use crate::gateway::InvocationError;

const REST_V1: &str = include_str!("fixtures/rest_v1_post.json");
const HTTP_V2: &str = include_str!("fixtures/http_v2_get.json");
const FUNCTION_URL: &str = include_str!("fixtures/function_url_put.json");

async fn invoke(world: &World, event: &str) -> Value {
    let mut context = Context::default();
    context.request_id = "r-1".to_owned();
    serde_json::from_str(world.service.handle(event, context).await.unwrap().get()).unwrap()
}

fn body(response: &Value) -> Value {
    serde_json::from_str(response["body"].as_str().unwrap()).unwrap()
}

#[tokio::test]
async fn the_three_gateways_are_understood() {
    let world = World::new().await;
    let created = invoke(&world, REST_V1).await;
    assert_eq!(
        (&created["statusCode"], &created["isBase64Encoded"]),
        (&json!(201), &json!(false))
    );
    assert_eq!(
        created["multiValueHeaders"]["location"],
        json!(["/dev/cars/c-1"]),
        "with the stage that the client sees"
    );
    assert_eq!(body(&created)["year"], 2024);

    let read = invoke(&world, HTTP_V2).await;
    assert_eq!(
        (&read["statusCode"], &read["headers"]["etag"]),
        (&json!(200), &json!(etag(1)))
    );
    assert_eq!(read["headers"]["x-correlation-id"], "order-17");

    // Its body is base64.
    let replaced = invoke(&world, FUNCTION_URL).await;
    assert_eq!(replaced["statusCode"], 200, "{replaced}");
    assert_eq!(body(&replaced)["model"], "Model_2");
    assert_eq!(world.last()["request_id"], "r-1");
}

#[tokio::test]
async fn a_stage_is_taken_off_the_path_and_put_back_into_links() {
    let world = World::new().await;
    world.car("c-1").await;
    let with = |path: &str, stage: &str| {
        let mut event: Value = serde_json::from_str(HTTP_V2).unwrap();
        event["rawPath"] = json!(path);
        event["requestContext"]["stage"] = json!(stage);
        event.to_string()
    };
    let cases = [
        ("no stage in the path", with("/cars/c-1", "$default"), 200),
        ("a named stage", with("/prod/cars/c-1", "prod"), 200),
        (
            "a stage named like the path",
            with("/cars/cars/c-1", "cars"),
            200,
        ),
        (
            "a path that only begins like the stage",
            with("/production/cars", "prod"),
            404,
        ),
    ];
    for (rule, event, status) in cases {
        assert_eq!(invoke(&world, &event).await["statusCode"], status, "{rule}");
    }
    let problem = invoke(&world, &with("/prod/cars/none", "prod")).await;
    assert_eq!(body(&problem)["instance"], "/prod/cars/none");

    let mut rest: Value = serde_json::from_str(REST_V1).unwrap();
    rest["requestContext"]["stage"] = json!("cars");
    rest["body"] = json!("{\"car_id\":\"c-2\",\"model\":\"M\",\"year\":2024}");
    assert_eq!(
        invoke(&world, &rest.to_string()).await["statusCode"],
        201,
        "a REST API whose stage is named like the path"
    );
}

#[tokio::test]
async fn an_event_that_is_none_of_a_gateway_fails_the_invocation() {
    let world = World::new().await;
    for event in ["", "[]", "{\"Records\":[]}", "{"] {
        let error = world
            .service
            .handle(event, Context::default())
            .await
            .unwrap_err();
        assert!(
            matches!(error, InvocationError::Event(_)),
            "{event}: {error}"
        );
    }
}
