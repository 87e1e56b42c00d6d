use std::collections::BTreeMap;
use std::convert::Infallible;
use std::sync::{Arc, Mutex};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use super::*;
use crate::dynamodb;

#[tokio::test]
async fn every_client_fails_fast_and_tries_a_bounded_number_of_times() {
    let config = for_endpoint("http://127.0.0.1:1").await;
    let timeouts = config.timeout_config().unwrap();
    assert_eq!(timeouts.connect_timeout(), Some(CONNECT_TIMEOUT));
    assert_eq!(timeouts.operation_timeout(), Some(OPERATION_TIMEOUT));
    assert!(
        OPERATION_TIMEOUT < Duration::from_secs(3),
        "Lambda's default timeout is 3 s"
    );
    let retries = config.retry_config().unwrap();
    assert_eq!(
        (retries.max_attempts(), retries.initial_backoff()),
        (MAX_ATTEMPTS, FIRST_PAUSE)
    );
}

#[test]
fn amazon_s_five_roots_are_trusted_unless_the_environment_names_others() {
    let amazon = Some(5);
    for (name, value, count) in [
        ("SSL_CERT_FILE", "/var/task/proxy.pem", None),
        ("SSL_CERT_DIR", "/var/task/certificates", None),
        ("SSL_CERT_FILE", "", amazon),
        ("SOMETHING_ELSE", "x", amazon),
    ] {
        let vars = BTreeMap::from([(name.to_owned(), value.to_owned())]);
        let trusted = roots(&vars).map(|roots| {
            let text = std::str::from_utf8(roots).unwrap();
            text.matches("-----BEGIN CERTIFICATE-----").count()
        });
        assert_eq!(trusted, count, "{name}={value}");
    }
}

/// What came over one connection: the heads of its requests.
type Heads = Vec<String>;

/// Answers every request on the connection and notes its head.
async fn serve(mut stream: TcpStream, heads: Arc<Mutex<Vec<Heads>>>, number: usize) {
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
        heads.lock().unwrap()[number].push(head.to_owned());
        pending.clear();
        let answer = "HTTP/1.1 200 OK\r\ncontent-length: 17\r\n\r\n{\"TableNames\":[]}";
        stream.write_all(answer.as_bytes()).await.unwrap();
    }
}

/// A server that remembers what came over which connection.
#[expect(
    clippy::disallowed_methods,
    reason = "a test's server ends with the test's runtime"
)]
async fn listener() -> (String, Arc<Mutex<Vec<Heads>>>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let endpoint = format!("http://{}", listener.local_addr().unwrap());
    let heads = Arc::new(Mutex::new(Vec::new()));
    let mine = Arc::clone(&heads);
    tokio::spawn(async move {
        loop {
            let (stream, _) = listener.accept().await.unwrap();
            let number = {
                let mut heads = mine.lock().unwrap();
                heads.push(Vec::new());
                heads.len() - 1
            };
            tokio::spawn(serve(stream, Arc::clone(&mine), number));
        }
    });
    (endpoint, heads)
}

#[tokio::test]
async fn a_knock_is_anonymous_and_opens_the_connection_that_the_next_client_s_call_takes() {
    let (endpoint, heads) = listener().await;
    let sdk = for_endpoint(&endpoint).await;
    dynamodb::warm(&sdk).await;
    aws_sdk_dynamodb::Client::new(&sdk)
        .list_tables()
        .send()
        .await
        .unwrap();
    let heads = heads.lock().unwrap();
    let [connection] = heads.as_slice() else {
        panic!("one connection, not {heads:?}");
    };
    let [knock, call] = connection.as_slice() else {
        panic!("a knock and a call, not {connection:?}");
    };
    assert!(knock.starts_with("GET / "), "{knock}");
    for name in ["authorization", "x-amz-", "content-type", "user-agent"] {
        assert!(!knock.to_lowercase().contains(name), "{name} in {knock}");
    }
    assert!(
        call.starts_with("POST / ") && call.contains("authorization"),
        "{call}"
    );
}

#[tokio::test]
async fn a_service_that_cannot_be_reached_does_not_stop_the_start() {
    dynamodb::warm(&for_endpoint("http://127.0.0.1:1").await).await;
    knock(
        "nobody",
        std::future::pending::<Result<Infallible, Infallible>>(),
    )
    .await;
}
