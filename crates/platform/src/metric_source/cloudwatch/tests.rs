//! CloudWatch's side by hand: Smithy's RPC v2 protocol, answers in CBOR (RFC 8949).

use std::sync::{Arc, Mutex};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

use super::*;
use crate::aws::for_endpoint;

fn head(major: u8, length: usize, out: &mut Vec<u8>) {
    let major = major << 5;
    match u8::try_from(length) {
        Ok(length @ 0..24) => out.push(major | length),
        Ok(length) => out.extend([major | 24, length]),
        Err(_) => {
            out.push(major | 25);
            out.extend(u16::try_from(length).unwrap().to_be_bytes());
        }
    }
}

fn text(text: &str, out: &mut Vec<u8>) {
    head(3, text.len(), out);
    out.extend(text.as_bytes());
}

fn number(value: f64, out: &mut Vec<u8>) {
    out.push(0xfb);
    out.extend(value.to_be_bytes());
}

/// One query's part of a page: what became of it, and minute and value of each point.
type Part = (usize, &'static str, Vec<(i64, f64)>);

/// A page of an answer; `more` when another follows.
fn page(parts: &[Part], more: bool) -> Vec<u8> {
    let mut out = Vec::new();
    head(5, 1 + usize::from(more), &mut out);
    if more {
        text("NextToken", &mut out);
        text("next", &mut out);
    }
    text("MetricDataResults", &mut out);
    head(4, parts.len(), &mut out);
    for (position, status, points) in parts {
        head(5, 4, &mut out);
        text("Id", &mut out);
        text(&format!("q{position}"), &mut out);
        text("StatusCode", &mut out);
        text(status, &mut out);
        text("Timestamps", &mut out);
        head(4, points.len(), &mut out);
        for (minute, _) in points {
            out.push(0xc1); // tag 1: seconds since the epoch
            number((minute * 60) as f64, &mut out);
        }
        text("Values", &mut out);
        head(4, points.len(), &mut out);
        for (_, value) in points {
            number(*value, &mut out);
        }
    }
    out
}

/// A CloudWatch that gives these answers, one a request, and keeps the requests.
#[expect(
    clippy::disallowed_methods,
    reason = "a test's server ends with the test's runtime"
)]
async fn cloudwatch(answers: Vec<Vec<u8>>) -> (CloudWatch, Arc<Mutex<Vec<Vec<u8>>>>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let endpoint = format!("http://{}", listener.local_addr().unwrap());
    let asked = Arc::new(Mutex::new(Vec::new()));
    let mine = Arc::clone(&asked);
    tokio::spawn(async move {
        let mut answers = answers.into_iter();
        loop {
            let (mut stream, _) = listener.accept().await.unwrap();
            let (mut pending, mut buffer) = (Vec::new(), [0; 65_536]);
            while let Ok(read @ 1..) = stream.read(&mut buffer).await {
                pending.extend_from_slice(&buffer[..read]);
                let Some(end) = pending.windows(4).position(|four| four == b"\r\n\r\n") else {
                    continue;
                };
                let head = String::from_utf8_lossy(&pending[..end]).to_lowercase();
                let length = head
                    .lines()
                    .find_map(|line| line.strip_prefix("content-length: "))
                    .map_or(0, |length| length.parse().unwrap());
                if pending.len() < end + 4 + length {
                    continue;
                }
                mine.lock().unwrap().push(pending[end + 4..].to_vec());
                pending.clear();
                let body = answers.next().unwrap();
                let head = format!(
                    "HTTP/1.1 200 OK\r\nsmithy-protocol: rpc-v2-cbor\r\ncontent-type: application/cbor\r\ncontent-length: {}\r\n\r\n",
                    body.len()
                );
                stream.write_all(head.as_bytes()).await.unwrap();
                stream.write_all(&body).await.unwrap();
            }
        }
    });
    let sdk = for_endpoint(&endpoint).await;
    (CloudWatch::new(Client::new(&sdk)), asked)
}

fn queries(count: usize) -> Vec<PastQuery> {
    let query = of_lambda(Some("f"), Metric::Duration, PastStatistic::Percentile(90));
    vec![query; count]
}

fn at(minute: i64) -> Minute {
    Minute::from_index(29_000_000 + minute)
}

fn points(values: &[(i64, f64)]) -> Vec<(i64, f64)> {
    let absolute = |(minute, value): &(i64, f64)| (at(*minute).index(), *value);
    values.iter().map(absolute).collect()
}

#[tokio::test]
async fn the_pages_of_an_answer_are_read_to_the_last_one() {
    let (source, asked) = cloudwatch(vec![
        page(
            &[
                (0, "PartialData", points(&[(0, 1.0), (1, 2.0)])),
                (1, "Complete", points(&[(1, 7.0)])),
            ],
            true,
        ),
        page(&[(0, "Complete", points(&[(2, 3.0)]))], false),
    ])
    .await;
    let found = source
        .past(&queries(2), at(0), at(2), Resolution::Minute)
        .await
        .unwrap();
    assert_eq!(
        found,
        [
            BTreeMap::from([(at(0), 1.0), (at(1), 2.0), (at(2), 3.0)]),
            BTreeMap::from([(at(1), 7.0)])
        ]
    );
    let asked = asked.lock().unwrap();
    assert_eq!(asked.len(), 2);
    let said = |body: &[u8], word: &str| body.windows(word.len()).any(|it| it == word.as_bytes());
    for word in [
        "p90",
        "AWS/Lambda",
        "Duration",
        "FunctionName",
        "TimestampAscending",
    ] {
        assert!(said(&asked[0], word), "{word}");
    }
    assert!(said(&asked[1], "NextToken") && !said(&asked[0], "NextToken"));
}

#[tokio::test]
async fn a_query_that_was_not_answered_is_not_one_without_values() {
    for (status, retryable) in [("InternalError", true), ("Forbidden", false)] {
        let (source, _) = cloudwatch(vec![page(
            &[(0, "Complete", points(&[(0, 1.0)])), (1, status, vec![])],
            false,
        )])
        .await;
        let queries = queries(2);
        let asked = source.past(&queries, at(0), at(2), Resolution::Minute);
        let error = asked.await.unwrap_err();
        assert_eq!(error.is_retryable(), retryable, "{error}");
        assert!(
            error.to_string().contains("Duration") && error.to_string().contains(status),
            "{error}"
        );
    }
}

#[tokio::test]
async fn no_call_has_more_queries_than_it_may() {
    let answer = |position| page(&[(position, "Complete", points(&[(0, 1.0)]))], false);
    let (source, asked) = cloudwatch(vec![answer(3), answer(QUERIES_PER_CALL)]).await;
    let found = source
        .past(
            &queries(QUERIES_PER_CALL + 1),
            at(0),
            at(4),
            Resolution::FiveMinutes,
        )
        .await
        .unwrap();
    assert_eq!(asked.lock().unwrap().len(), 2);
    let answered: Vec<_> = (0..found.len())
        .filter(|it| !found[*it].is_empty())
        .collect();
    assert_eq!(answered, [3, QUERIES_PER_CALL]);
}

#[test]
fn what_is_a_setting_is_never_asked_for() {
    for signal in AwsSignal::ALL {
        let is_setting = matches!(
            signal,
            AwsSignal::ConcurrencyLimit | AwsSignal::UnreservedLimit
        );
        assert_eq!(
            past_query(None, *signal).is_none(),
            is_setting,
            "{signal:?}"
        );
    }
}
