//! The contract of the port on `dynoxide`, over HTTP.

use jiff::{Timestamp, ToSpan};

use super::dynamodb::DynamoDbErrorsSeen;
use super::*;
use crate::series_store::dynamodb::create_table;

fn error(fingerprint: &str) -> ErrorSeen {
    ErrorSeen {
        log_group: "/aws/lambda/f".to_owned(),
        fingerprint: fingerprint.to_owned(),
        class: "logged".to_owned(),
        kind: "ValueError".to_owned(),
        message: "car <num> lost".to_owned(),
        request_id: None,
        at: now(),
    }
}

fn now() -> Timestamp {
    "2026-11-20T22:05:00Z".parse().unwrap()
}

#[tokio::test]
async fn an_error_is_new_once_whoever_sees_it() {
    let server = crate::testing::Server::start().await;
    let client = server.client().await;
    create_table(&client, "series").await.unwrap();
    let (one, two) = (
        DynamoDbErrorsSeen::new(client.clone(), "series"),
        DynamoDbErrorsSeen::new(client, "series"),
    );
    let (a, b) = (error("a"), error("a"));
    let (first, second) = tokio::join!(one.see(&a, now()), two.see(&b, now()));
    let mut both = [first.unwrap(), second.unwrap()];
    both.sort_by_key(|novelty| *novelty == Novelty::Known);
    assert_eq!(both, [Novelty::New, Novelty::Known]);
    assert_eq!(one.see(&error("b"), now()).await.unwrap(), Novelty::New);
    let elsewhere = ErrorSeen {
        log_group: "/aws/lambda/g".to_owned(),
        ..error("a")
    };
    assert_eq!(one.see(&elsewhere, now()).await.unwrap(), Novelty::New);
}

#[tokio::test]
async fn an_error_stays_known_for_30_days_after_it_was_last_seen() {
    let server = crate::testing::Server::start().await;
    let client = server.client().await;
    create_table(&client, "series").await.unwrap();
    let store = DynamoDbErrorsSeen::new(client.clone(), "series");
    let day = |days: i64| now() + (days * 24).hours();
    for (days, novelty) in [
        (0, Novelty::New),
        (1, Novelty::Known),
        (30, Novelty::Known),
        // Renewed on day 30.
        (59, Novelty::Known),
        // And forgotten: dynoxide deletes nothing by itself, as DynamoDB may take days to do.
        (90, Novelty::New),
    ] {
        assert_eq!(
            store.see(&error("a"), day(days)).await.unwrap(),
            novelty,
            "{days}"
        );
    }
    let item = client
        .get_item()
        .table_name("series")
        .key(
            "pk",
            aws_sdk_dynamodb::types::AttributeValue::S("errors#/aws/lambda/f".to_owned()),
        )
        .key(
            "sk",
            aws_sdk_dynamodb::types::AttributeValue::S("a".to_owned()),
        )
        .send()
        .await
        .unwrap();
    let item = item.item.unwrap();
    assert_eq!(item["first_seen"].as_s().unwrap(), "2026-11-20T22:05:00Z");
    let expires: i64 = item["expires"].as_n().unwrap().parse().unwrap();
    assert_eq!(expires, day(120).as_second());
}

#[tokio::test]
async fn a_table_that_is_not_there_is_an_error_that_says_so() {
    let server = crate::testing::Server::start().await;
    let store = DynamoDbErrorsSeen::new(server.client().await, "series");
    let error = store.see(&error("a"), now()).await.unwrap_err();
    assert!(
        error.to_string().contains("errors seen in table series"),
        "{error}"
    );
    assert!(!error.is_retryable());
}
