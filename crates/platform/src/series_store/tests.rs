//! The contract of the port, on a real DynamoDB API: `dynoxide` over HTTP.

use std::collections::HashMap;

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::types::AttributeValue;
use proptest::prelude::*;
use signals::LambdaSignal;

use super::dynamodb::{DynamoDbSeriesStore, create_table};
use super::*;

mod late;
mod reluctant;
mod versions;

const GROUP: &str = "/aws/lambda/car-api";

async fn table() -> (Client, crate::testing::Server) {
    let server = crate::testing::Server::start().await;
    let client = Client::new(&crate::aws::for_endpoint(&server.endpoint).await);
    create_table(&client, "series").await.unwrap();
    create_table(&client, "series").await.unwrap();
    (client, server)
}

async fn store() -> (DynamoDbSeriesStore, crate::testing::Server) {
    let (client, server) = table().await;
    (DynamoDbSeriesStore::new(client, "series"), server)
}

fn minute(offset: i64) -> Minute {
    Minute::parse("2026-11-20T22:05:00Z").unwrap().plus(offset)
}

fn series(number: usize) -> SeriesKey {
    SeriesKey::lambda(&format!("function-{number}"), LambdaSignal::DurationMs)
}

fn batch(name: &str) -> BatchId {
    BatchId::of([name.as_bytes()])
}

/// Rollups of (minute, series, value).
fn rollups(samples: &[(i64, usize, f64)]) -> Rollups {
    let mut rollups = Rollups::new();
    for (offset, number, value) in samples {
        rollups
            .entry(minute(*offset))
            .or_default()
            .entry(series(*number))
            .or_default()
            .add(*value, 1);
    }
    rollups
}

/// Series with long names: about `count` × 1 KB.
fn wide(count: usize, value: f64) -> Rollups {
    let long = "x".repeat(900);
    let series = (0..count).map(|i| {
        (
            SeriesKey::emf("N", "M", [(long.as_str(), i.to_string().as_str())]),
            Rollup::of(value),
        )
    });
    Rollups::from([(minute(0), series.collect())])
}

#[test]
fn a_batch_is_named_by_its_parts_and_by_where_they_end() {
    assert_eq!(
        BatchId::of([&b"ab"[..], b"c"]),
        BatchId::of([&b"ab"[..], b"c"])
    );
    assert_ne!(
        BatchId::of([&b"ab"[..], b"c"]),
        BatchId::of([&b"a"[..], b"bc"])
    );
    assert_ne!(
        BatchId::of([&b"ab"[..], b"c"]),
        BatchId::of([&b"c"[..], b"ab"])
    );
    let name = batch("b");
    assert!(
        name.as_str().len() == 32
            && name
                .as_str()
                .bytes()
                .all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'))
    );
}

#[tokio::test]
async fn a_batch_that_is_written_twice_counts_once() {
    let (store, _server) = store().await;
    let said = rollups(&[(0, 1, 5.0), (0, 1, 7.0), (1, 2, 1.0)]);
    for _ in 0..2 {
        let written = store.put_batch(GROUP, &batch("a"), &said).await.unwrap();
        assert_eq!(
            written,
            Written {
                items: 2,
                too_large: 0
            }
        );
    }
    assert_eq!(
        store
            .raw_minutes(GROUP, minute(0), minute(1))
            .await
            .unwrap(),
        said
    );
}

#[tokio::test]
async fn a_range_includes_both_ends_and_one_log_group_only() {
    let (store, _server) = store().await;
    let said = rollups(&[
        (-1, 1, 1.0),
        (0, 1, 1.0),
        (1, 1, 1.0),
        (2, 1, 1.0),
        (600, 1, 1.0),
    ]);
    store.put_batch(GROUP, &batch("a"), &said).await.unwrap();
    store
        .put_batch("/aws/lambda/car-api-2", &batch("b"), &said)
        .await
        .unwrap();
    let read = store
        .raw_minutes(GROUP, minute(0), minute(1))
        .await
        .unwrap();
    assert_eq!(read, rollups(&[(0, 1, 1.0), (1, 1, 1.0)]));
    assert!(
        store
            .raw_minutes(GROUP, minute(3), minute(599))
            .await
            .unwrap()
            .is_empty()
    );
    assert!(
        store
            .raw_minutes(GROUP, minute(1), minute(0))
            .await
            .is_err_and(|e| !e.is_retryable()),
        "a range backwards"
    );
}

#[tokio::test]
async fn raw_items_sealed_minutes_and_hours_do_not_meet() {
    let (store, _server) = store().await;
    let (raw, sealed, hours) = (
        rollups(&[(0, 1, 1.0)]),
        rollups(&[(0, 1, 2.0)]),
        rollups(&[(-5, 1, 3.0)]),
    );
    store.put_batch(GROUP, &batch("a"), &raw).await.unwrap();
    store.seal_minutes(GROUP, &sealed).await.unwrap();
    store.seal_hours(GROUP, &hours).await.unwrap();
    assert_eq!(minute(-5), minute(0).hour());
    assert_eq!(
        store
            .raw_minutes(GROUP, minute(-60), minute(60))
            .await
            .unwrap(),
        raw
    );
    assert_eq!(
        store
            .sealed_minutes(GROUP, minute(-60), minute(60))
            .await
            .unwrap(),
        sealed
    );
    assert_eq!(
        store.hours(GROUP, minute(0), minute(3)).await.unwrap(),
        hours
    );
}

#[tokio::test]
async fn sealing_again_replaces_and_a_silent_minute_is_sealed_too() {
    let (store, _server) = store().await;
    store
        .seal_minutes(GROUP, &rollups(&[(0, 1, 1.0), (0, 2, 1.0), (1, 1, 1.0)]))
        .await
        .unwrap();
    let silent = Rollups::from([
        (minute(1), SeriesRollups::new()),
        (minute(2), SeriesRollups::new()),
    ]);
    store.seal_minutes(GROUP, &silent).await.unwrap();
    let mut expected = rollups(&[(0, 1, 1.0), (0, 2, 1.0)]);
    expected.extend(silent);
    assert_eq!(
        store
            .sealed_minutes(GROUP, minute(0), minute(9))
            .await
            .unwrap(),
        expected
    );
}

#[tokio::test]
async fn many_minutes_take_several_calls() {
    let (store, _server) = store().await;
    let said: Rollups = (0..60)
        .flat_map(|offset| rollups(&[(offset, 1, 1.0)]))
        .collect();
    assert_eq!(
        store
            .put_batch(GROUP, &batch("a"), &said)
            .await
            .unwrap()
            .items,
        60
    );
    assert_eq!(
        store
            .raw_minutes(GROUP, minute(0), minute(59))
            .await
            .unwrap(),
        said
    );
}

#[tokio::test]
async fn a_large_minute_is_cut_into_parts_and_read_over_several_pages() {
    let (store, _server) = store().await;
    for (name, value) in [("a", 1.0), ("b", 2.0)] {
        // 1.2 MB: DynamoDB's page ends after 1 MB.
        let written = store
            .put_batch(GROUP, &batch(name), &wide(1_200, value))
            .await
            .unwrap();
        assert!(written.items >= 4, "{written:?}");
    }
    let read = store
        .raw_minutes(GROUP, minute(0), minute(0))
        .await
        .unwrap();
    assert_eq!(read[&minute(0)].len(), 1_200);
    assert!(
        read[&minute(0)]
            .values()
            .all(|rollup| (rollup.count(), rollup.sum()) == (2, 3.0))
    );
}

#[tokio::test]
async fn a_batch_that_is_rewritten_with_fewer_parts_leaves_nothing_behind() {
    let (store, _server) = store().await;
    store
        .put_batch(GROUP, &batch("a"), &wide(1_200, 1.0))
        .await
        .unwrap();
    store
        .put_batch(GROUP, &batch("a"), &wide(500, 1.0))
        .await
        .unwrap();
    let read = store
        .raw_minutes(GROUP, minute(0), minute(0))
        .await
        .unwrap();
    assert_eq!(read[&minute(0)].len(), 500);
}

#[tokio::test]
async fn a_series_that_no_item_can_hold_is_counted_and_its_neighbours_are_kept() {
    let (store, _server) = store().await;
    let values = vec!["é".repeat(10_000); 8];
    let names: Vec<_> = (0..8).map(|i| i.to_string()).collect();
    let huge = SeriesKey::emf(
        "N",
        "M",
        names
            .iter()
            .map(String::as_str)
            .zip(values.iter().map(String::as_str)),
    );
    let mut said = rollups(&[(0, 1, 1.0)]);
    said.entry(minute(0))
        .or_default()
        .insert(huge.clone(), Rollup::of(1.0));
    assert_eq!(
        store.put_batch(GROUP, &batch("a"), &said).await.unwrap(),
        Written {
            items: 1,
            too_large: 1
        }
    );
    assert_eq!(
        store
            .raw_minutes(GROUP, minute(0), minute(0))
            .await
            .unwrap(),
        rollups(&[(0, 1, 1.0)])
    );
}

#[tokio::test]
async fn the_registry_is_the_latest_list() {
    let (store, _server) = store().await;
    assert!(store.registry(GROUP).await.unwrap().is_empty());
    let many: BTreeSet<_> = (0..20_000).map(series).collect();
    store.put_registry(GROUP, &many, minute(0)).await.unwrap();
    assert_eq!(store.registry(GROUP).await.unwrap(), many);
    let few: BTreeSet<_> = (0..3).map(series).collect();
    store.put_registry(GROUP, &few, minute(1)).await.unwrap();
    assert_eq!(store.registry(GROUP).await.unwrap(), few);
}

#[tokio::test]
async fn expiry_counts_from_the_minute_and_keys_are_as_documented() {
    let (client, _server) = table().await;
    let store = DynamoDbSeriesStore::new(client.clone(), "series");
    let said = rollups(&[(0, 1, 1.0)]);
    store.put_batch(GROUP, &batch("a"), &said).await.unwrap();
    store.seal_minutes(GROUP, &said).await.unwrap();
    store
        .seal_hours(GROUP, &rollups(&[(-5, 1, 1.0)]))
        .await
        .unwrap();
    store
        .put_registry(GROUP, &BTreeSet::from([series(1)]), minute(0))
        .await
        .unwrap();
    let items = client
        .scan()
        .table_name("series")
        .send()
        .await
        .unwrap()
        .items
        .unwrap();
    let mut found: Vec<_> = items
        .iter()
        .map(|item| {
            let days = item["expires"].as_n().unwrap().parse::<i64>().unwrap()
                - minute(0).start().as_second();
            (item["sk"].as_s().unwrap().clone(), days / 86_400)
        })
        .collect();
    found.sort();
    let raw = format!("m#2026-11-20T22:05:00Z#{}#0000", batch("a").as_str());
    let expected = [
        ("h#2026-11-20T22:00:00Z#0000", 395), // five minutes short of 396 days after 22:05
        (raw.as_str(), 15),
        ("registry#0000", 396),
        ("s#2026-11-20T22:05:00Z#0000", 35),
    ];
    assert_eq!(found, expected.map(|(key, days)| (key.to_owned(), days)));
    assert!(
        items
            .iter()
            .all(|item| item["pk"] == AttributeValue::S("g#/aws/lambda/car-api".to_owned()))
    );
}

#[tokio::test]
async fn a_damaged_item_is_an_error_that_names_it() {
    let (client, _server) = table().await;
    let store = DynamoDbSeriesStore::new(client.clone(), "series");
    let item = HashMap::from([
        ("pk".to_owned(), AttributeValue::S(format!("g#{GROUP}"))),
        (
            "sk".to_owned(),
            AttributeValue::S("s#2026-11-20T22:05:00Z#0000".to_owned()),
        ),
        ("content".to_owned(), AttributeValue::S("c".to_owned())),
        (
            "data".to_owned(),
            AttributeValue::B(aws_sdk_dynamodb::primitives::Blob::new(*b"\x01damage")),
        ),
    ]);
    client
        .put_item()
        .table_name("series")
        .set_item(Some(item))
        .send()
        .await
        .unwrap();
    let error = store
        .sealed_minutes(GROUP, minute(0), minute(0))
        .await
        .unwrap_err();
    assert!(!error.is_retryable());
    assert!(
        error
            .to_string()
            .contains("g#/aws/lambda/car-api/s#2026-11-20T22:05:00Z#0000 is unreadable"),
        "{error}"
    );
}

#[tokio::test]
async fn a_server_that_is_gone_is_a_retryable_error_with_the_tables_name() {
    let client = Client::new(&crate::aws::for_endpoint("http://127.0.0.1:1").await);
    let store = DynamoDbSeriesStore::new(client, "series");
    let error = store
        .put_batch(GROUP, &batch("a"), &rollups(&[(0, 1, 1.0)]))
        .await
        .unwrap_err();
    assert!(error.is_retryable());
    assert!(
        error
            .to_string()
            .starts_with("series table series: BatchWriteItem failed: "),
        "{error}"
    );
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn any_split_and_order_of_the_batches_gives_the_same_counts(
        samples in prop::collection::vec((0_i64..4, 0_usize..3, -1e6..1e6_f64), 1..60),
        cuts in prop::collection::vec(1_usize..12, 1..8),
        rotate in 0_usize..8,
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let read = runtime.block_on(async {
            let (store, _server) = store().await;
            let mut batches = Vec::new();
            let mut rest = &samples[..];
            for cut in cuts.iter().cycle() {
                if rest.is_empty() { break; }
                let (head, tail) = rest.split_at((*cut).min(rest.len()));
                batches.push(rollups(head));
                rest = tail;
            }
            let len = batches.len();
            batches.rotate_left(rotate % len);
            for (number, said) in batches.iter().enumerate() {
                store.put_batch(GROUP, &batch(&number.to_string()), said).await.unwrap();
            }
            store.raw_minutes(GROUP, minute(0), minute(3)).await.unwrap()
        });
        let whole = rollups(&samples);
        prop_assert_eq!(read.keys().collect::<Vec<_>>(), whole.keys().collect::<Vec<_>>());
        for (minute, series) in &whole {
            prop_assert_eq!(read[minute].len(), series.len());
            for (key, rollup) in series {
                let found = &read[minute][key];
                prop_assert_eq!((found.count(), found.min(), found.max()), (rollup.count(), rollup.min(), rollup.max()));
                prop_assert_eq!(found.histogram(), rollup.histogram());
                prop_assert!((found.sum() - rollup.sum()).abs() <= 1e-12 * 60.0 * 1e6);
            }
        }
    }
}
