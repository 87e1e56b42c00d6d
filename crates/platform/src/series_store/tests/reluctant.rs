//! A server that speaks BatchWriteItem and takes only a few items of each call, as DynamoDB does under load.

use std::sync::{Arc, Mutex};

use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use super::*;

/// Answers one request: takes `accept` items and leaves the others out. Returns how many were in the call.
async fn answer(stream: &mut TcpStream, accept: usize, taken: &Mutex<Vec<String>>) -> usize {
    let mut request = Vec::new();
    let body = loop {
        let mut buffer = [0; 4096];
        let read = stream.read(&mut buffer).await.unwrap();
        request.extend_from_slice(&buffer[..read]);
        let text = String::from_utf8_lossy(&request);
        let Some((head, body)) = text.split_once("\r\n\r\n") else {
            continue;
        };
        let length = head
            .lines()
            .find_map(|line| line.strip_prefix("content-length: "))
            .unwrap();
        if body.len() >= length.parse().unwrap() {
            break body.to_owned();
        }
    };
    let body: Value = serde_json::from_str(&body).unwrap();
    let puts = body["RequestItems"]["series"].as_array().unwrap();
    let (head, tail) = puts.split_at(accept.min(puts.len()));
    let keys = head.iter().map(|put| {
        put["PutRequest"]["Item"]["sk"]["S"]
            .as_str()
            .unwrap()
            .to_owned()
    });
    taken.lock().unwrap().extend(keys);
    let left = if tail.is_empty() {
        json!({})
    } else {
        json!({ "series": tail })
    };
    let body = json!({ "UnprocessedItems": left }).to_string();
    let head = format!(
        "HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: {}\r\n\r\n",
        body.len()
    );
    stream.write_all((head + &body).as_bytes()).await.unwrap();
    puts.len()
}

/// Refuses one request.
async fn throttle(stream: &mut TcpStream) {
    let body = r#"{"__type":"com.amazonaws.dynamodb.v20120810#ProvisionedThroughputExceededException","message":"too much"}"#;
    let head = format!(
        "HTTP/1.1 400 Bad Request\r\nconnection: close\r\ncontent-length: {}\r\n\r\n",
        body.len()
    );
    let mut buffer = [0; 64 * 1024];
    let _ = stream.read(&mut buffer).await.unwrap();
    stream.write_all((head + body).as_bytes()).await.unwrap();
}

struct Reluctant {
    store: DynamoDbSeriesStore,
    /// Sort keys of what was taken.
    taken: Arc<Mutex<Vec<String>>>,
    /// How many items each call had.
    calls: Arc<Mutex<Vec<usize>>>,
}

async fn reluctant(accept: usize) -> Reluctant {
    after(0, accept).await
}

/// The same; the first `refusals` calls are throttled as a whole.
#[expect(
    clippy::disallowed_methods,
    reason = "a test's server ends with the test's runtime"
)]
async fn after(mut refusals: usize, accept: usize) -> Reluctant {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let endpoint = format!("http://{}", listener.local_addr().unwrap());
    let taken = Arc::new(Mutex::new(Vec::new()));
    let calls = Arc::new(Mutex::new(Vec::new()));
    let (mine, counted) = (Arc::clone(&taken), Arc::clone(&calls));
    tokio::spawn(async move {
        loop {
            let (mut stream, _) = listener.accept().await.unwrap();
            if refusals > 0 {
                refusals -= 1;
                throttle(&mut stream).await;
                continue;
            }
            let len = answer(&mut stream, accept, &mine).await;
            counted.lock().unwrap().push(len);
        }
    });
    let client = Client::new(&crate::aws::for_endpoint(&endpoint).await);
    Reluctant {
        store: DynamoDbSeriesStore::new(client, "series"),
        taken,
        calls,
    }
}

fn minutes(count: i64) -> Rollups {
    (0..count)
        .flat_map(|offset| rollups(&[(offset, 1, 1.0)]))
        .collect()
}

#[tokio::test]
async fn items_that_the_service_left_out_are_written_in_the_next_attempt() {
    let server = reluctant(10).await;
    let written = server
        .store
        .put_batch(GROUP, &batch("a"), &minutes(30))
        .await
        .unwrap();
    assert_eq!(written.items, 30);
    assert_eq!(*server.calls.lock().unwrap(), [25, 15, 5, 5]);
    let mut taken = server.taken.lock().unwrap().clone();
    taken.sort();
    taken.dedup();
    assert_eq!(taken.len(), 30);
}

#[tokio::test]
async fn attempts_are_bounded_and_the_error_says_how_many_items_are_left() {
    let server = reluctant(1).await;
    let error = server
        .store
        .put_batch(GROUP, &batch("a"), &minutes(30))
        .await
        .unwrap_err();
    assert!(error.is_retryable());
    assert!(
        error
            .to_string()
            .starts_with("series table series: 24 of 30 items were not written in 6 attempts"),
        "{error}"
    );
    assert_eq!(server.calls.lock().unwrap().len(), 6);
}

#[tokio::test]
async fn part_0_is_written_last_so_that_a_batch_appears_whole() {
    let server = reluctant(25).await;
    server
        .store
        .put_batch(GROUP, &batch("a"), &wide(1_200, 1.0))
        .await
        .unwrap();
    let taken = server.taken.lock().unwrap().clone();
    assert!(
        taken.len() >= 4 && taken.last().unwrap().ends_with("#0000"),
        "{taken:?}"
    );
}

#[tokio::test]
async fn with_a_deadline_items_are_tried_until_it_is_near_and_no_longer() {
    use crate::clock::{Clock, ManualClock};
    use crate::deadline::Deadline;
    use std::time::Duration;

    for (accept, seconds, expected) in [(1, 600, true), (0, 30, false)] {
        let server = reluctant(accept).await;
        let clock = Arc::new(ManualClock::at("2026-11-20T22:05:00Z".parse().unwrap()));
        let deadline = Deadline::after(clock.clone(), Duration::from_secs(seconds));
        let minutes = minutes(20);
        let written = server
            .store
            .put_batch_until(GROUP, &batch("a"), None, &minutes, &deadline)
            .await;
        assert_eq!(written.is_ok(), expected, "{written:?}");
        assert!(
            server.calls.lock().unwrap().len() > 15,
            "more than without one"
        );
        if let Err(error) = written {
            let said = error.to_string();
            assert!(
                error.is_retryable() && said.contains("20 of 20 items were not written"),
                "{said}"
            );
            let left = deadline.left();
            assert!(
                left > Duration::ZERO && left < Duration::from_secs(5),
                "{left:?}"
            );
            assert!(clock.now() > "2026-11-20T22:05:00Z".parse().unwrap());
        }
    }
}

#[tokio::test]
async fn with_a_deadline_calls_that_are_throttled_as_a_whole_are_tried_again() {
    use crate::clock::ManualClock;
    use crate::deadline::Deadline;
    use std::time::Duration;

    // The SDK tries each call three times by itself.
    let put = async |deadline: Option<u64>| {
        let server = after(4, 25).await;
        let clock = Arc::new(ManualClock::at("2026-11-20T22:05:00Z".parse().unwrap()));
        let deadline = deadline.map_or_else(
            || Deadline::never(clock.clone()),
            |seconds| Deadline::after(clock.clone(), Duration::from_secs(seconds)),
        );
        server
            .store
            .put_batch_until(GROUP, &batch("a"), None, &minutes(1), &deadline)
            .await
    };
    assert_eq!(put(Some(60)).await.unwrap().items, 1);
    assert!(put(None).await.unwrap_err().is_retryable());
}
