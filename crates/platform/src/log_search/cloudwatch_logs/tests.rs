use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use super::*;
use crate::aws;

/// Answers the requests with these, one after the other, and the last one again and again; `None` never answers.
type Answers = Vec<Option<(u16, String)>>;

async fn serve(mut stream: TcpStream, answers: Arc<Answers>, asked: Arc<Mutex<Vec<String>>>) {
    let mut pending = Vec::new();
    let mut buffer = [0; 4096];
    while let Ok(read @ 1..) = stream.read(&mut buffer).await {
        pending.extend_from_slice(&buffer[..read]);
        let text = String::from_utf8_lossy(&pending).into_owned();
        let Some((head, body)) = text.split_once("\r\n\r\n") else {
            continue;
        };
        let length = head
            .lines()
            .find_map(|line| line.strip_prefix("content-length: "))
            .map_or(0, |length| length.parse().unwrap());
        if body.len() < length {
            continue;
        }
        assert!(head.contains("Logs_20140328.FilterLogEvents"), "{head}");
        let number = {
            let mut asked = asked.lock().unwrap();
            asked.push(body.to_owned());
            asked.len() - 1
        };
        pending.clear();
        let Some((status, body)) = &answers[number.min(answers.len() - 1)] else {
            // Until the client goes away.
            continue;
        };
        let answer = format!(
            "HTTP/1.1 {status} x\r\ncontent-type: application/x-amz-json-1.1\r\ncontent-length: {}\r\n\r\n{body}",
            body.len()
        );
        stream.write_all(answer.as_bytes()).await.unwrap();
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "a test's server ends with the test's runtime"
)]
async fn search(answers: Answers) -> (CloudWatchLogs, Arc<Mutex<Vec<String>>>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let endpoint = format!("http://{}", listener.local_addr().unwrap());
    let asked = Arc::new(Mutex::new(Vec::new()));
    let (answers, seen) = (Arc::new(answers), asked.clone());
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            tokio::spawn(serve(stream, answers.clone(), seen.clone()));
        }
    });
    let config = aws::for_endpoint(&endpoint).await;
    (CloudWatchLogs::new(Client::new(&config)), asked)
}

fn query(limit: u16, time: Duration) -> LogQuery {
    LogQuery {
        log_group: "/aws/lambda/car-api".to_owned(),
        from: "2026-11-20T21:59:00Z".parse().unwrap(),
        to: "2026-11-20T22:05:00Z".parse().unwrap(),
        pattern: "{ $.Faults > 0 }".to_owned(),
        limit,
        time,
    }
}

/// A page with these messages, and more behind it.
fn page(messages: &[&str], token: Option<&str>) -> Option<(u16, String)> {
    let events: Vec<_> = messages
        .iter()
        .map(|message| serde_json::json!({"timestamp": 1_795_212_000_000_i64, "message": message}))
        .collect();
    let mut page = serde_json::json!({ "events": events });
    if let Some(token) = token {
        page["nextToken"] = token.into();
    }
    Some((200, page.to_string()))
}

const LONG: Duration = Duration::from_secs(30);

#[tokio::test]
async fn an_empty_page_is_no_end_and_the_search_stops_when_it_has_enough() {
    let (search, asked) = search(vec![
        page(&[], Some("a")),
        page(&["one"], Some("b")),
        page(&["two", "three"], Some("c")),
    ])
    .await;
    let found = search.find(&query(2, LONG)).await.unwrap();
    let messages: Vec<_> = found.iter().map(|event| event.message.as_str()).collect();
    assert_eq!(messages, ["one", "two"]);
    assert_eq!(found[0].at.to_string(), "2026-11-20T22:00:00Z");
    let asked = asked.lock().unwrap();
    let asked: Vec<serde_json::Value> = asked
        .iter()
        .map(|body| serde_json::from_str(body).unwrap())
        .collect();
    assert_eq!(asked.len(), 3);
    assert_eq!(
        asked[0],
        serde_json::json!({
            "logGroupName": "/aws/lambda/car-api",
            "startTime": 1_795_211_940_000_i64,
            "endTime": 1_795_212_299_999_i64,
            "filterPattern": "{ $.Faults > 0 }",
            "limit": 2,
        })
    );
    assert_eq!(
        (&asked[1]["nextToken"], &asked[2]["nextToken"]),
        (&"a".into(), &"b".into())
    );
}

#[tokio::test]
async fn pages_without_end_end() {
    let (search, asked) = search(vec![page(&[], Some("again"))]).await;
    assert_eq!(search.find(&query(5, LONG)).await.unwrap(), []);
    assert_eq!(asked.lock().unwrap().len(), PAGES);
}

#[tokio::test]
async fn a_refusal_says_where_and_whether_to_try_again() {
    let refused = |status, kind: &str| {
        Some((
            status,
            format!("{{\"__type\":\"{kind}\",\"message\":\"no\"}}"),
        ))
    };
    for (answer, retryable) in [
        (refused(400, "ResourceNotFoundException"), false),
        (refused(400, "AccessDeniedException"), false),
        (refused(400, "ThrottlingException"), true),
    ] {
        let (search, _) = search(vec![answer]).await;
        let error = search.find(&query(5, LONG)).await.unwrap_err();
        assert_eq!(error.is_retryable(), retryable, "{error}");
        assert!(
            error
                .to_string()
                .starts_with("FilterLogEvents of /aws/lambda/car-api from 2026-11-20T21:59:00Z"),
            "{error}"
        );
    }
}

#[tokio::test]
async fn time_that_is_up_is_a_failure_unless_something_was_found() {
    let short = Duration::from_millis(300);
    let (nothing, _) = search(vec![None]).await;
    let error = nothing.find(&query(5, short)).await.unwrap_err();
    assert!(
        error.is_retryable() && error.to_string().contains("300 ms"),
        "{error}"
    );
    let (some, _) = search(vec![page(&["one"], Some("a")), None]).await;
    let found = some.find(&query(5, Duration::from_secs(1))).await.unwrap();
    assert_eq!(found.len(), 1);
}
