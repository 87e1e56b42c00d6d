//! The service under load over HTTP/1.1, with connections that stay open.

use std::net::IpAddr;
use std::time::Duration;

use anyhow::Context;
use async_trait::async_trait;
use reqwest::header::{HeaderMap, RETRY_AFTER};
use reqwest::{Client, Method, Request, Url};
use simulator::Operation;

use super::cars::Call;
use super::sign::Signer;
use super::target::{Answer, Target};

/// An answer is read up to here; a page of the list has 20 cars of some 300 bytes.
const LONGEST_ANSWER: usize = 4 << 20;
/// Longest wait for a connection, at most the whole request's.
const CONNECT: Duration = Duration::from_secs(5);

/// A client of one service.
#[derive(Debug)]
pub(crate) struct Http {
    client: Client,
    base: Url,
    signer: Option<Signer>,
}

/// How the client connects.
#[derive(Debug)]
pub(crate) struct Connections {
    /// Open ones that are kept for the next request; 0: each request has a new one.
    pub(crate) kept: usize,
    /// Longest time for one attempt.
    pub(crate) timeout: Duration,
    /// Sent with each request.
    pub(crate) headers: HeaderMap,
}

/// Whether a URL stays on this machine.
pub(crate) fn is_loopback(url: &Url) -> bool {
    let host = url.host_str().unwrap_or_default();
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    match bare.parse::<IpAddr>() {
        Ok(address) => address.is_loopback(),
        Err(_) => host == "localhost" || host.ends_with(".localhost"),
    }
}

impl Http {
    /// A client of the service at `base`: the URL to which `/cars` is appended.
    ///
    /// # Errors
    /// A machine on which no client can be made.
    pub(crate) fn new(
        base: Url,
        connections: Connections,
        signer: Option<Signer>,
    ) -> anyhow::Result<Self> {
        let mut builder = Client::builder()
            .http1_only()
            .pool_max_idle_per_host(connections.kept)
            .timeout(connections.timeout)
            .connect_timeout(CONNECT.min(connections.timeout))
            .default_headers(connections.headers)
            .user_agent(concat!("outrider-load/", env!("CARGO_PKG_VERSION")))
            // Load and credentials go where they were sent and nowhere else.
            .redirect(reqwest::redirect::Policy::none());
        if is_loopback(&base) {
            builder = builder.no_proxy();
        }
        let client = builder.build().context("cannot make an HTTP client")?;
        Ok(Self {
            client,
            base,
            signer,
        })
    }

    fn url(&self, call: &Call) -> Url {
        let mut url = self.base.clone();
        if let Ok(mut path) = url.path_segments_mut() {
            path.pop_if_empty().push("cars");
            if let Some(car) = call
                .car
                .as_deref()
                .filter(|_| call.operation != Operation::Create)
            {
                path.push(car);
            }
        }
        if call.operation == Operation::List {
            url.set_query(Some("status=Available&limit=20"));
        }
        url
    }

    fn request(&self, call: &Call) -> reqwest::Result<Request> {
        let method = match call.operation {
            Operation::Create => Method::POST,
            Operation::Read | Operation::List => Method::GET,
            Operation::Update => Method::PUT,
            Operation::Patch => Method::PATCH,
            Operation::Delete => Method::DELETE,
        };
        let mut request = self
            .client
            .request(method, self.url(call))
            .header("x-correlation-id", &call.name);
        if call.operation == Operation::Create {
            request = request.header("idempotency-key", &call.name);
        }
        if let Some(body) = &call.body {
            request = request.json(body);
        }
        request.build()
    }

    async fn exchange(&self, call: &Call) -> Result<Answer, reqwest::Error> {
        let mut request = self.request(call)?;
        if let Some(signer) = &self.signer
            && let Err(error) = signer.sign(&mut request).await
        {
            return Ok(Answer::Unreachable(format!("{error:#}")));
        }
        let mut answer = self.client.execute(request).await?;
        let seconds = answer
            .headers()
            .get(RETRY_AFTER)
            .and_then(|value| value.to_str().ok()?.trim().parse().ok());
        let mut read = 0;
        // A connection can be used again only after its answer was read.
        while let Some(chunk) = answer.chunk().await? {
            read += chunk.len();
            if read > LONGEST_ANSWER {
                return Ok(Answer::Unreachable(format!(
                    "an answer of more than {LONGEST_ANSWER} bytes"
                )));
            }
        }
        let retry_after = seconds.map(Duration::from_secs);
        Ok(Answer::Status {
            code: answer.status().as_u16(),
            retry_after,
        })
    }
}

/// The innermost reason, which names what happened; what stands around it names the URL, which may hold a secret.
fn reason(error: &reqwest::Error) -> String {
    let mut cause: &dyn std::error::Error = error;
    while let Some(inner) = cause.source() {
        cause = inner;
    }
    cause.to_string()
}

#[async_trait]
impl Target for Http {
    async fn send(&self, call: &Call) -> Answer {
        match self.exchange(call).await {
            Ok(answer) => answer,
            Err(error) if error.is_timeout() => Answer::TimedOut,
            Err(error) => Answer::Unreachable(reason(&error.without_url())),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicU32, Ordering};

    use tokio::io::{AsyncReadExt, AsyncWriteExt};

    use super::*;
    use crate::load::cars::Cars;

    fn http(base: &str) -> Http {
        let connections = Connections {
            kept: 1,
            timeout: Duration::from_secs(1),
            headers: HeaderMap::new(),
        };
        Http::new(base.parse().unwrap(), connections, None).unwrap()
    }

    #[test]
    fn a_stage_in_the_url_stays_in_front_of_the_path() {
        let cars = Cars::of("t");
        for (base, create, removal) in [
            (
                "http://127.0.0.1:1",
                "http://127.0.0.1:1/cars",
                "http://127.0.0.1:1/cars/x",
            ),
            (
                "https://a.example/prod/",
                "https://a.example/prod/cars",
                "https://a.example/prod/cars/x",
            ),
            (
                "https://a.example/prod",
                "https://a.example/prod/cars",
                "https://a.example/prod/cars/x",
            ),
        ] {
            let http = http(base);
            assert_eq!(http.url(&cars.stock(0)).as_str(), create);
            assert_eq!(http.url(&cars.removal("x")).as_str(), removal);
        }
    }

    #[test]
    fn a_creation_can_be_repeated_and_every_attempt_has_one_name() {
        let cars = Cars::of("t");
        let request = http("http://127.0.0.1:1").request(&cars.stock(3)).unwrap();
        assert_eq!(request.headers()["idempotency-key"], "load-t-s3");
        assert_eq!(request.headers()["x-correlation-id"], "load-t-s3");
        let removal = http("http://127.0.0.1:1")
            .request(&cars.removal("load-t-s3"))
            .unwrap();
        assert_eq!(removal.method(), Method::DELETE);
        assert!(removal.headers().get("idempotency-key").is_none() && removal.body().is_none());
    }

    #[test]
    fn only_this_machine_is_this_machine() {
        for (url, expected) in [
            ("http://127.0.0.1:8080", true),
            ("http://127.9.9.9", true),
            ("http://[::1]:80", true),
            ("http://localhost:8080", true),
            ("http://0.0.0.0:8080", false),
            ("http://10.0.0.1", false),
            ("https://127.0.0.1.example.com", false),
            ("https://localhost.example.com", false),
        ] {
            assert_eq!(is_loopback(&url.parse().unwrap()), expected, "{url}");
        }
    }

    #[tokio::test]
    async fn nobody_there_is_an_answer_that_does_not_name_the_url() {
        // Bound and closed again: nobody listens there.
        let socket = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let address = socket.local_addr().unwrap();
        drop(socket);
        let cars = Cars::of("t");
        let answer = http(&format!("http://{address}/secret"))
            .send(&cars.stock(0))
            .await;
        let Answer::Unreachable(reason) = answer else {
            panic!("{answer:?}")
        };
        assert!(
            reason.contains("refused") && !reason.contains("secret"),
            "{reason}"
        );
    }

    /// Answers every request on every connection; says how many connections there were.
    async fn serve(listener: tokio::net::TcpListener, opened: Arc<AtomicU32>) {
        let mut connections = tokio::task::JoinSet::new();
        while let Ok((mut stream, _)) = listener.accept().await {
            opened.fetch_add(1, Ordering::SeqCst);
            connections.spawn(async move {
                let mut request = Vec::new();
                while stream.read_buf(&mut request).await.is_ok_and(|bytes| bytes > 0) {
                    if request.ends_with(b"\r\n\r\n") {
                        request.clear();
                        let answer = b"HTTP/1.1 429 Too Many Requests\r\nRetry-After: 7\r\ncontent-length: 0\r\n\r\n";
                        stream.write_all(answer).await.unwrap();
                    }
                }
            });
        }
    }

    #[tokio::test]
    async fn a_burst_has_a_connection_for_each_request_and_other_loads_keep_theirs() {
        for (kept, expected) in [(0, 3), (4, 1)] {
            let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
            let address = listener.local_addr().unwrap();
            let opened = Arc::new(AtomicU32::new(0));
            let mut server = tokio::task::JoinSet::new();
            server.spawn(serve(listener, opened.clone()));
            let connections = Connections {
                kept,
                timeout: Duration::from_secs(60),
                headers: HeaderMap::new(),
            };
            let url = format!("http://{address}").parse().unwrap();
            let http = Http::new(url, connections, None).unwrap();
            for _ in 0..3 {
                let answer = http.send(&Cars::of("t").removal("x")).await;
                let told = Some(Duration::from_secs(7));
                assert_eq!(
                    answer,
                    Answer::Status {
                        code: 429,
                        retry_after: told
                    }
                );
            }
            assert_eq!(opened.load(Ordering::SeqCst), expected, "{kept} kept");
        }
    }
}
