use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use aws_sdk_dynamodb::Client;
use axum::Router;
use axum::body::Body;
use http::{HeaderMap, Request};
use http_body_util::BodyExt;
use lambda_http::Context;
use platform::clock::{Clock, ManualClock};
use platform::emit::{Captured, Emitter};
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::sync::oneshot;
use tower::ServiceExt;

use super::documents;
use crate::events::{CarEvent, EventPublisher, Published};
use crate::queue::{QueueError, WorkQueue};
use crate::requests::dynamodb::{DynamoDbRequests, create_table as create_request_table};
use crate::store::CarStore;
use crate::store::dynamodb::{DynamoDb, create_table};
use crate::{Backlog, Deps, Service, Settings};

pub(crate) const TABLE: &str = "acm_cars";
pub(crate) const REQUESTS: &str = "acm_requests";
/// What a world needs to have a queue.
pub(crate) const QUEUE: [(&str, &str); 2] = [
    (
        "CAR_QUEUE_URL",
        "https://sqs.eu-west-1.amazonaws.com/1/cars",
    ),
    ("CAR_REQUEST_TABLE_NAME", REQUESTS),
];

/// A server that stops when it is dropped.
#[derive(Debug)]
pub(crate) struct Server {
    pub(crate) endpoint: String,
    _stop: oneshot::Sender<()>,
}

impl Server {
    #[expect(
        clippy::disallowed_methods,
        reason = "a test's server ends with the test's runtime"
    )]
    pub(crate) async fn dynamodb() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let endpoint = format!("http://{}", listener.local_addr().unwrap());
        let database = dynoxide::Database::memory().unwrap();
        let (stop, stopped) = oneshot::channel::<()>();
        tokio::spawn(dynoxide::server::serve_with_shutdown(
            listener,
            database,
            async { drop(stopped.await) },
        ));
        Self {
            endpoint,
            _stop: stop,
        }
    }

    #[expect(
        clippy::disallowed_methods,
        reason = "a test's server ends with the test's runtime"
    )]
    pub(crate) async fn router(router: Router) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let endpoint = format!("http://{}", listener.local_addr().unwrap());
        let (stop, stopped) = oneshot::channel::<()>();
        tokio::spawn(async {
            axum::serve(listener, router)
                .with_graceful_shutdown(async { drop(stopped.await) })
                .await
        });
        Self {
            endpoint,
            _stop: stop,
        }
    }
}

/// A bus that keeps what it is told, and refuses as many events as it is asked to.
#[derive(Debug, Default)]
pub(crate) struct Bus {
    pub(crate) told: Mutex<Vec<CarEvent>>,
    pub(crate) refuse: Mutex<usize>,
}

impl Bus {
    /// The last part of each detail type, in order.
    pub(crate) fn heard(&self) -> Vec<String> {
        let name = |event: &CarEvent| {
            event
                .happened
                .detail_type()
                .rsplit('.')
                .next()
                .unwrap()
                .to_owned()
        };
        self.told.lock().unwrap().iter().map(name).collect()
    }

    pub(crate) fn details(&self) -> Vec<Value> {
        self.told
            .lock()
            .unwrap()
            .iter()
            .map(|event| serde_json::from_str(&event.detail).unwrap())
            .collect()
    }
}

#[async_trait]
impl EventPublisher for Bus {
    async fn publish(&self, events: &[CarEvent]) -> Published {
        let refused = events.len().min(*self.refuse.lock().unwrap());
        self.told
            .lock()
            .unwrap()
            .extend(events[refused..].iter().cloned());
        let count = |number: usize| u64::try_from(number).unwrap();
        let reason = (refused > 0).then(|| "the bus at arn:aws:events refused".to_owned());
        Published {
            accepted: count(events.len() - refused),
            left: events[..refused].to_vec(),
            retries: 2 * count(refused),
            reason,
        }
    }
}

/// A queue that keeps what it is sent, and refuses when it is told to.
#[derive(Debug, Default)]
pub(crate) struct Queue {
    pub(crate) sent: Mutex<Vec<String>>,
    pub(crate) refuse: Mutex<Option<QueueError>>,
}

impl Queue {
    /// Takes the messages off the queue.
    pub(crate) fn take(&self) -> Vec<String> {
        std::mem::take(&mut *self.sent.lock().unwrap())
    }
}

#[async_trait]
impl WorkQueue for Queue {
    async fn send(&self, message: &str) -> Result<(), QueueError> {
        if let Some(error) = self.refuse.lock().unwrap().clone() {
            return Err(error);
        }
        self.sent.lock().unwrap().push(message.to_owned());
        Ok(())
    }
}

/// The service on an empty table.
pub(crate) struct World {
    pub(crate) clock: Arc<ManualClock>,
    pub(crate) emitter: Arc<Captured>,
    pub(crate) bus: Arc<Bus>,
    pub(crate) queue: Arc<Queue>,
    pub(crate) service: Service,
    /// To build another environment on the same services.
    pub(crate) deps: Deps,
    pub(crate) endpoint: String,
    pub(crate) client: Client,
    pub(crate) store: Arc<dyn CarStore>,
    pub(crate) router: Router,
    _server: Server,
}

pub(crate) fn settings(more: &[(&str, &str)]) -> Settings {
    let fixed = [
        ("CAR_TABLE_NAME", TABLE),
        ("CAR_EVENT_BUS", "cars"),
        ("AWS_LAMBDA_FUNCTION_VERSION", "7"),
    ];
    let vars: BTreeMap<_, _> = fixed
        .iter()
        .chain(more)
        .map(|(key, value)| ((*key).to_owned(), (*value).to_owned()))
        .collect();
    Settings::read(&vars).unwrap()
}

pub(crate) fn noon() -> jiff::Timestamp {
    "2026-11-16T12:00:00Z".parse().unwrap()
}

/// The version of a car that was created at noon, by the number of its writes.
pub(crate) fn version(writes: u64) -> u64 {
    u64::try_from(noon().as_microsecond()).unwrap() + writes - 1
}

/// The entity tag of that version.
pub(crate) fn etag(writes: u64) -> String {
    format!("\"{}\"", version(writes))
}

impl World {
    pub(crate) async fn new() -> Self {
        Self::with(&[], |store| store).await
    }

    pub(crate) async fn with(
        vars: &[(&str, &str)],
        decorate: impl FnOnce(Arc<dyn CarStore>) -> Arc<dyn CarStore>,
    ) -> Self {
        let server = Server::dynamodb().await;
        let client =
            aws_sdk_dynamodb::Client::new(&platform::aws::for_endpoint(&server.endpoint).await);
        create_table(&client, TABLE).await.unwrap();
        let clock = Arc::new(ManualClock::at(noon()));
        let emitter = Arc::new(Captured::default());
        let bus = Arc::new(Bus::default());
        let store: Arc<dyn CarStore> = Arc::new(DynamoDb::new(
            client.clone(),
            TABLE,
            clock.clone() as Arc<dyn Clock>,
        ));
        let queue = Arc::new(Queue::default());
        let settings = settings(vars);
        let backlog = settings.backlog.as_ref().map(|_| Backlog {
            queue: queue.clone(),
            requests: Arc::new(DynamoDbRequests::new(client.clone(), REQUESTS)),
        });
        if backlog.is_some() {
            create_request_table(&client, REQUESTS).await.unwrap();
        }
        let deps = Deps {
            store: decorate(store.clone()),
            backlog,
            events: bus.clone(),
            clock: clock.clone(),
            emitter: emitter.clone() as Arc<dyn Emitter>,
            settings,
        };
        let service = Service::new(deps.clone());
        Self {
            clock,
            emitter,
            bus,
            queue,
            client,
            store,
            router: service.router(),
            service,
            deps,
            endpoint: server.endpoint.clone(),
            _server: server,
        }
    }

    /// Sends a request and checks what is true of every answer.
    pub(crate) async fn call(&self, ask: Ask) -> Reply {
        let before = self.documents().len();
        let path = ask.path.clone();
        let reply = answer(&self.router, ask).await;
        let documents = self.documents();
        let about: Vec<_> = documents[before..]
            .iter()
            .filter(|document| document.get("Requests").is_some())
            .collect();
        assert_eq!(about.len(), 1, "one document for each request");
        assert_eq!(about[0]["status"], reply.status);
        assert_eq!(about[0]["correlation_id"], reply.header("x-correlation-id"));
        if reply.status >= 400 {
            reply.is_a_problem(&path);
            assert_eq!(
                about[0]["error_type"]
                    .as_str()
                    .map(|word| format!("urn:acm:problem:{word}"))
                    .as_deref(),
                reply.body["type"].as_str()
            );
        }
        reply
    }

    /// Every metric document so far, checked.
    pub(crate) fn documents(&self) -> Vec<Value> {
        let lines = self.emitter.lines();
        lines.iter().map(|line| documents::checked(line)).collect()
    }

    /// The last request's document.
    pub(crate) fn last(&self) -> Value {
        self.documents().pop().unwrap()
    }

    /// Hands messages to the function as SQS does; the positions of those that are given back.
    pub(crate) async fn deliver(&self, bodies: &[String]) -> Vec<usize> {
        deliver(&self.service, bodies).await
    }

    /// Creates a car and returns it.
    pub(crate) async fn car(&self, id: &str) -> Value {
        let reply = self
            .call(post("/cars").json(json!({ "car_id": id, "model": "Model_1", "year": 2024 })))
            .await;
        assert_eq!(reply.status, 201, "{}", reply.body);
        reply.body
    }
}

/// Hands messages to a function as SQS does; the positions of those that are given back.
pub(crate) async fn deliver(service: &Service, bodies: &[String]) -> Vec<usize> {
    let records: Vec<_> = bodies
        .iter()
        .enumerate()
        .map(|(position, body)| {
            json!({
                "messageId": format!("m-{position}"), "receiptHandle": "r", "body": body,
                "attributes": { "ApproximateReceiveCount": "2", "SentTimestamp": "1794830400000" },
                "messageAttributes": {}, "md5OfBody": "", "eventSource": "aws:sqs",
                "eventSourceARN": "arn:aws:sqs:eu-west-1:1:cars", "awsRegion": "eu-west-1",
            })
        })
        .collect();
    let mut context = Context::default();
    context.request_id = "batch-1".to_owned();
    let event = json!({ "Records": records }).to_string();
    let answer = service.handle(&event, context).await.unwrap();
    let answer: Value = serde_json::from_str(answer.get()).unwrap();
    let failures = answer["batchItemFailures"].as_array().unwrap();
    let position = |failure: &Value| {
        let id = failure["itemIdentifier"].as_str().unwrap();
        id.strip_prefix("m-").unwrap().parse().unwrap()
    };
    failures.iter().map(position).collect()
}

#[derive(Debug)]
pub(crate) struct Ask {
    pub(crate) path: String,
    request: http::request::Builder,
    body: Vec<u8>,
}

fn ask(method: &str, path: &str) -> Ask {
    Ask {
        path: path.split('?').next().unwrap().to_owned(),
        request: Request::builder().method(method).uri(path),
        body: Vec::new(),
    }
}

pub(crate) fn get(path: &str) -> Ask {
    ask("GET", path)
}

pub(crate) fn head(path: &str) -> Ask {
    ask("HEAD", path)
}

pub(crate) fn post(path: &str) -> Ask {
    ask("POST", path)
}

pub(crate) fn put(path: &str) -> Ask {
    ask("PUT", path)
}

pub(crate) fn patch(path: &str) -> Ask {
    ask("PATCH", path)
}

pub(crate) fn delete(path: &str) -> Ask {
    ask("DELETE", path)
}

impl Ask {
    pub(crate) fn header(mut self, name: &str, value: &str) -> Self {
        self.request = self.request.header(name, value);
        self
    }

    pub(crate) fn json(self, body: Value) -> Self {
        self.header("content-type", "application/json")
            .text(&body.to_string())
    }

    pub(crate) fn text(mut self, body: &str) -> Self {
        self.body = body.as_bytes().to_vec();
        self
    }

    /// As Lambda would hand it over.
    pub(crate) fn request_id(mut self, id: &str) -> Self {
        let mut context = Context::default();
        context.request_id = id.to_owned();
        context.xray_trace_id = Some(
            "Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=1".to_owned(),
        );
        self.request = self.request.extension(context);
        self
    }
}

#[derive(Debug)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) text: String,
    /// The body as JSON; null when it is none.
    pub(crate) body: Value,
}

pub(crate) async fn answer(router: &Router, ask: Ask) -> Reply {
    let request = ask.request.body(Body::from(ask.body)).unwrap();
    let response = router.clone().oneshot(request).await.unwrap();
    let (parts, body) = response.into_parts();
    let text = String::from_utf8(body.collect().await.unwrap().to_bytes().to_vec()).unwrap();
    let body = serde_json::from_str(&text).unwrap_or(Value::Null);
    Reply {
        status: parts.status.as_u16(),
        headers: parts.headers,
        text,
        body,
    }
}

/// Words of the inside that no client may read.
const INSIDE: [&str; 12] = [
    "dynamo",
    "aws",
    "sdk",
    "exception",
    "127.0.0.1",
    TABLE,
    "panicked",
    ".rs",
    "injected",
    "arn:",
    "eventbridge",
    "tokio",
];

impl Reply {
    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers
            .get(name)
            .map_or("", |value| value.to_str().unwrap())
    }

    /// The fields that a 422 names.
    pub(crate) fn fields(&self) -> Vec<&str> {
        self.body["errors"]
            .as_array()
            .into_iter()
            .flatten()
            .map(|error| error["field"].as_str().unwrap())
            .collect()
    }

    fn is_a_problem(&self, path: &str) {
        assert_eq!(
            self.header("content-type"),
            "application/problem+json",
            "{}",
            self.text
        );
        assert_eq!(self.body["status"], self.status);
        assert_eq!(self.body["instance"], path);
        assert_eq!(self.body["correlation_id"], self.header("x-correlation-id"));
        for member in ["type", "title", "detail"] {
            assert!(
                self.body[member]
                    .as_str()
                    .is_some_and(|text| !text.is_empty()),
                "{member} is missing in {}",
                self.text
            );
        }
        let lower = self.text.to_lowercase();
        for word in INSIDE {
            assert!(!lower.contains(word), "{word} is in {}", self.text);
        }
        assert_eq!(
            self.headers.contains_key("retry-after"),
            self.status == 503,
            "{}",
            self.text
        );
    }
}
