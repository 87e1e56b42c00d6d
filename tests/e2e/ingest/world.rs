//! One endpoint that is DynamoDB and SQS, as AWS is: calls to DynamoDB go on to the one in this process, the queue is
//! written here, independently of the embedded one. A test may have calls fail.

use std::collections::BTreeMap;
use std::process::Output;
use std::sync::{Arc, Mutex};

use axum::Json;
use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use e2e::built;
use e2e::function::Function;
use e2e::listener::Listener;
use e2e::runtime_api::Answer;
use platform::series_store::dynamodb::{DynamoDbSeriesStore, create_table};
use platform::series_store::{Rollups, SeriesStore};
use platform::testing::Server;
use serde_json::{Value, json};
use signals::Minute;

pub(super) const TABLE: &str = "outrider-series";
const QUEUE: &str = "failures";

/// What happens to a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fate {
    /// What was asked for.
    Works,
    /// It is refused for now.
    Throttled,
    /// It is done, and the answer is lost.
    AnswerLost,
    /// It is refused for good.
    Denied,
}

/// Says what happens to the `nth` call of an operation, counted from 0.
type Plan = Box<dyn Fn(&str, u32) -> Fate + Send + Sync>;

#[derive(Debug)]
struct Message {
    body: String,
    /// How often it was received; its receipt is valid until the next time.
    received: u32,
    hidden: bool,
}

struct Shared {
    dynamodb: String,
    client: reqwest::Client,
    plan: Mutex<Plan>,
    calls: Mutex<BTreeMap<String, u32>>,
    queue: Mutex<BTreeMap<u32, Message>>,
}

/// The world of one test.
pub(super) struct World {
    database: Server,
    listener: Listener,
    shared: Arc<Shared>,
}

impl World {
    pub(super) async fn start() -> Self {
        let database = Server::start().await;
        create_table(&database.client().await, TABLE).await.unwrap();
        let shared = Arc::new(Shared {
            dynamodb: database.endpoint.clone(),
            client: reqwest::Client::new(),
            plan: Mutex::new(Box::new(|_, _| Fate::Works)),
            calls: Mutex::default(),
            queue: Mutex::default(),
        });
        let router = Router::new().fallback(serve).with_state(shared.clone());
        Self {
            database,
            listener: Listener::serve(router).await,
            shared,
        }
    }

    /// From now on calls end as `plan` says; each operation is counted anew.
    pub(super) fn plan(&self, plan: impl Fn(&str, u32) -> Fate + Send + Sync + 'static) {
        *self.shared.plan.lock().unwrap() = Box::new(plan);
        self.shared.calls.lock().unwrap().clear();
    }

    /// How often an operation was called since the last plan.
    pub(super) fn calls(&self, operation: &str) -> u32 {
        let calls = self.shared.calls.lock().unwrap();
        calls.get(operation).copied().unwrap_or(0)
    }

    pub(super) async fn function(&self) -> Function {
        let endpoint = self.listener.endpoint();
        let vars = [
            ("AWS_ENDPOINT_URL", endpoint.as_str()),
            ("CAROBS_SERIES_TABLE", TABLE),
        ];
        Function::start("log-processor", &vars).await
    }

    /// Invokes the function as Lambda does for CloudWatch Logs: twice more when it fails, and then its record goes to
    /// the queue. Says whether it succeeded.
    pub(super) async fn invoke(&self, function: &mut Function, payload: &Value) -> bool {
        let mut answer = Value::Null;
        for _ in 0..3 {
            match function.invoke(payload).await {
                Answer::Response(_) => return true,
                Answer::Error { body, .. } => answer = body,
            }
        }
        let record = json!({
            "version": "1.0",
            "timestamp": "2026-11-20T22:09:00.000Z",
            "requestContext": {
                "requestId": "e4b46cbf-b738-4880-8880-a18cdf61200e",
                "functionArn": "arn:aws:lambda:eu-west-1:000000000000:function:outrider-log-processor:$LATEST",
                "condition": "RetriesExhausted",
                "approximateInvokeCount": 3,
            },
            "requestPayload": payload,
            "responseContext": { "statusCode": 200, "executedVersion": "$LATEST", "functionError": "Unhandled" },
            "responsePayload": answer,
        });
        self.send(&record.to_string());
        false
    }

    /// Puts a message into the queue.
    pub(super) fn send(&self, body: &str) {
        let mut queue = self.shared.queue.lock().unwrap();
        let id = queue.last_key_value().map_or(0, |(id, _)| id + 1);
        let message = Message {
            body: body.to_owned(),
            received: 0,
            hidden: false,
        };
        queue.insert(id, message);
    }

    /// Messages in the queue, and how many of them are hidden.
    pub(super) fn queued(&self) -> (usize, usize) {
        let queue = self.shared.queue.lock().unwrap();
        let hidden = queue.values().filter(|message| message.hidden).count();
        (queue.len(), hidden)
    }

    /// `outrider ingest --from-dlq QUEUE --endpoint …` as a user runs it: exit code, standard output and error.
    pub(super) async fn replay(&self, more: &[&str]) -> (i32, String, String) {
        let endpoint = self.listener.endpoint();
        let url = format!("{endpoint}/000000000000/{QUEUE}");
        let mut command = tokio::process::Command::new(built::binary("outrider"));
        command
            .args(["ingest", "--from-dlq", &url, "--endpoint", &endpoint])
            .args(more)
            .env_clear()
            .env("CAROBS_SERIES_TABLE", TABLE);
        let Output {
            status,
            stdout,
            stderr,
        } = command.output().await.unwrap();
        let text = |bytes| String::from_utf8(bytes).unwrap();
        (status.code().unwrap_or(-1), text(stdout), text(stderr))
    }

    /// What the store holds.
    pub(super) async fn stored(&self, group: &str, from: Minute, to: Minute) -> Rollups {
        let store = DynamoDbSeriesStore::new(self.database.client().await, TABLE);
        store.raw_minutes(group, from, to).await.unwrap()
    }
}

fn refused(kind: &str) -> Response {
    let body = json!({ "__type": format!("com.amazonaws#{kind}"), "message": "not now" });
    (StatusCode::BAD_REQUEST, Json(body)).into_response()
}

async fn serve(State(shared): State<Arc<Shared>>, headers: HeaderMap, body: Bytes) -> Response {
    let target = headers
        .get("x-amz-target")
        .and_then(|target| target.to_str().ok())
        .unwrap_or_default()
        .to_owned();
    let Some((service, operation)) = target.split_once('.') else {
        return StatusCode::OK.into_response(); // a knock on the door
    };
    let nth = {
        let mut calls = shared.calls.lock().unwrap();
        let nth = calls.entry(operation.to_owned()).or_default();
        *nth += 1;
        *nth - 1
    };
    let fate = (shared.plan.lock().unwrap())(operation, nth);
    match fate {
        Fate::Throttled => return refused("ThrottlingException"),
        Fate::Denied => return refused("AccessDeniedException"),
        Fate::Works | Fate::AnswerLost => {}
    }
    let answer = if service == "AmazonSQS" {
        let request: Value = serde_json::from_slice(&body).unwrap();
        queue(&shared, operation, &request)
    } else {
        let request = shared.client.post(&shared.dynamodb).body(body.clone());
        let headers = headers
            .iter()
            .filter(|(name, _)| *name != "host" && *name != "content-length")
            .map(|(name, value)| (name.clone(), value.clone()));
        let answer = request.headers(headers.collect()).send().await.unwrap();
        let status = StatusCode::from_u16(answer.status().as_u16()).unwrap();
        (status, answer.bytes().await.unwrap()).into_response()
    };
    if fate == Fate::AnswerLost {
        return refused("InternalFailure");
    }
    answer
}

/// `ReceiveMessage`, `DeleteMessage` and `ChangeMessageVisibility` (Amazon SQS API reference).
fn queue(shared: &Shared, operation: &str, request: &Value) -> Response {
    let url = request["QueueUrl"].as_str().unwrap_or_default();
    if !url.ends_with(&format!("/{QUEUE}")) {
        return refused("QueueDoesNotExist");
    }
    let mut queue = shared.queue.lock().unwrap();
    let receipt = request["ReceiptHandle"].as_str().unwrap_or_default();
    let id = receipt.split('/').next().and_then(|id| id.parse().ok());
    let answer = match operation {
        "ReceiveMessage" => {
            let next = queue.iter_mut().find(|(_, message)| !message.hidden);
            let message = next.map(|(id, message)| {
                message.hidden = true;
                message.received += 1;
                let receipt = format!("{id}/{}", message.received);
                json!({ "MessageId": format!("m-{id}"), "ReceiptHandle": receipt, "Body": message.body })
            });
            json!({ "Messages": message.into_iter().collect::<Vec<_>>() })
        }
        "DeleteMessage" => {
            queue.remove(&id.unwrap());
            json!({})
        }
        "ChangeMessageVisibility" => {
            assert_eq!(request["VisibilityTimeout"], 0);
            if let Some(message) = queue.get_mut(&id.unwrap()) {
                message.hidden = false;
            }
            json!({})
        }
        other => panic!("nobody calls {other}"),
    };
    Json(answer).into_response()
}
