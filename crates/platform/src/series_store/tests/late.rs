//! Marks of late data.

use jiff::{SignedDuration, Timestamp};

use super::super::late::{LATE_AFTER_MINUTES, marks_of};
use super::*;

/// So many seconds after the beginning of minute 0, which is 22:05.
fn at(seconds: i64) -> Timestamp {
    minute(0).start() + SignedDuration::from_secs(seconds)
}

fn all_at(offsets: &[i64]) -> Rollups {
    let samples: Vec<_> = offsets.iter().map(|offset| (*offset, 1, 1.0)).collect();
    rollups(&samples)
}

#[test]
fn only_what_may_be_sealed_is_marked_and_by_the_hour() {
    type Row = (
        &'static str,
        i64,
        &'static [i64],
        &'static [(i64, &'static [i64])],
    );
    // (name, now, minutes written, (first minute of the hour, minutes) of each mark)
    let edge = LATE_AFTER_MINUTES * 60;
    let table: [Row; 7] = [
        ("nothing", 0, &[], &[]),
        ("in time", edge - 1, &[0, 1], &[]),
        ("just late", edge, &[0, 1], &[(-5, &[0])]),
        ("ahead of its time", 0, &[5, 700], &[]),
        ("one hour", 3_600, &[0, 7, 54], &[(-5, &[0, 7, 54])]),
        ("two hours", 7_200, &[54, 55], &[(-5, &[54]), (55, &[55])]),
        ("late beside new ones", edge, &[0, 5, 6], &[(-5, &[0])]),
    ];
    for (name, now, written, expected) in table {
        let marks = marks_of(&batch("a"), &all_at(written), at(now));
        let found: Vec<_> = marks
            .iter()
            .map(|mark| (mark.hour, mark.minutes.clone()))
            .collect();
        let expected: Vec<_> = expected
            .iter()
            .map(|(hour, minutes)| (minute(*hour), minutes.iter().copied().map(minute).collect()))
            .collect();
        assert_eq!(found, expected, "{name}");
    }
}

#[tokio::test]
async fn marks_read_back_as_they_were_written_oldest_first_and_of_one_log_group() {
    let (store, _server) = store().await;
    let minutes = all_at(&[-5, 0, 54, 55]);
    let mut expected = Vec::new();
    // Seconds apart and years apart, so that it matters that instants are compared as numbers.
    for now in [-2_000_000_000, 7_200, 7_201, 30_000_000_000] {
        for name in ["a", "b"] {
            let marked = store
                .mark_late(GROUP, &batch(name), &minutes, at(now))
                .await;
            let marks = marks_of(&batch(name), &minutes, at(now));
            assert_eq!(marked.unwrap(), marks.len() as u64);
            expected.extend(marks);
        }
    }
    expected.sort();
    assert_eq!(expected.len(), 12);
    store
        .mark_late("/aws/lambda/car-api-2", &batch("a"), &minutes, at(7_200))
        .await
        .unwrap();
    // What is no mark is not taken for one.
    store.put_batch(GROUP, &batch("a"), &minutes).await.unwrap();
    store.seal_minutes(GROUP, &minutes).await.unwrap();
    store.seal_hours(GROUP, &minutes).await.unwrap();
    for (limit, more) in [(1, true), (11, true), (12, false), (5_000, false)] {
        let late = store.late(GROUP, limit).await.unwrap();
        let first = expected.len().min(usize::from(limit));
        assert_eq!(late.marks, expected[..first], "{limit}");
        // DynamoDB says that there may be more when a query ends at its limit.
        assert!(late.more || !more, "{limit}");
    }
    assert_eq!(store.late("nobody's", 9).await.unwrap(), Late::default());
}

#[tokio::test]
async fn exactly_the_marks_that_were_seen_are_removed() {
    let (store, _server) = store().await;
    let minutes = all_at(&[0]);
    let mark = async |seconds, name: &str| {
        store
            .mark_late(GROUP, &batch(name), &minutes, at(seconds))
            .await
            .unwrap();
    };
    for number in 0..30 {
        mark(7_200, &number.to_string()).await;
    }
    let seen = store.late(GROUP, 100).await.unwrap().marks;
    // The same batch is written again, while what was seen is worked off.
    mark(7_201, "3").await;
    assert_eq!(store.forget_late(GROUP, &seen).await.unwrap(), 30);
    let left = store.late(GROUP, 100).await.unwrap().marks;
    assert_eq!(left, marks_of(&batch("3"), &minutes, at(7_201)));
    // Removing them again changes nothing.
    store.forget_late(GROUP, &seen).await.unwrap();
    assert_eq!(store.late(GROUP, 100).await.unwrap().marks, left);
    assert_eq!(store.forget_late(GROUP, &[]).await.unwrap(), 0);
}

#[tokio::test]
async fn a_mark_has_the_documented_key_and_outlives_what_it_asks_for() {
    let (client, _server) = table().await;
    let store = DynamoDbSeriesStore::new(client.clone(), "series");
    store
        .mark_late(GROUP, &batch("a"), &all_at(&[0, 1]), at(600))
        .await
        .unwrap();
    let items = client.scan().table_name("series").send().await.unwrap();
    let item = items.items()[0].clone();
    let key = format!(
        "late#001795212900000#2026-11-20T22:00:00Z#{}",
        batch("a").as_str()
    );
    assert_eq!(item["sk"], AttributeValue::S(key));
    assert_eq!(item["pk"], AttributeValue::S(format!("g#{GROUP}")));
    assert_eq!(
        item["minutes"],
        AttributeValue::N("96".to_owned()),
        "bits 5 and 6"
    );
    let expires = at(600).as_second() + 15 * 86_400;
    assert_eq!(item["expires"], AttributeValue::N(expires.to_string()));
}

#[tokio::test]
async fn what_is_in_time_costs_no_call() {
    let client = Client::new(&crate::aws::for_endpoint("http://127.0.0.1:1").await);
    let store = DynamoDbSeriesStore::new(client, "series");
    let minutes = all_at(&[0]);
    let marked = store.mark_late(GROUP, &batch("a"), &minutes, at(299)).await;
    assert_eq!(marked.unwrap(), 0);
    let error = store.mark_late(GROUP, &batch("a"), &minutes, at(300)).await;
    assert!(error.unwrap_err().is_retryable());
}

#[tokio::test]
async fn a_damaged_mark_is_an_error_that_names_it() {
    for (key, reason) in [
        (
            "late#x#2026-11-20T22:00:00Z#b",
            "an instant in milliseconds",
        ),
        ("late#001795212900000", "no hour"),
        ("late#001795212900000#2026-11-20T22:00:00Z", "no batch"),
        (
            "late#001795212900000#2026-11-20T22:00:00Z#b",
            "attribute minutes is no number",
        ),
    ] {
        let (client, _server) = table().await;
        let store = DynamoDbSeriesStore::new(client.clone(), "series");
        client
            .put_item()
            .table_name("series")
            .item("pk", AttributeValue::S(format!("g#{GROUP}")))
            .item("sk", AttributeValue::S(key.to_owned()))
            .send()
            .await
            .unwrap();
        let error = store.late(GROUP, 9).await.unwrap_err();
        assert!(!error.is_retryable());
        let text = error.to_string();
        assert!(text.contains(key) && text.contains(reason), "{text}");
    }
}
