//! The Lambda arrow: runs car-api's handler on an event, adds the platform's own records to what it logged, and
//! files both.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::sync::Arc;

use anyhow::Context;
use aws_config::SdkConfig;
use car_api::events::eventbridge::EventBridge;
use car_api::queue::sqs::Sqs;
use car_api::requests::dynamodb::DynamoDbRequests;
use car_api::settings::{
    CAR_EVENT_BUS, CAR_QUEUE_URL, CAR_REQUEST_TABLE_NAME, CAR_TABLE_NAME, CAROBS_FAULT_INJECTION,
};
use car_api::store::dynamodb::DynamoDb;
use car_api::{Backlog, Service};
use platform::clock::{Clock, Operation};
use platform::emit::Emitter;
use serde_json::{Value, json};
use signals::Minute;
use tracing::instrument::WithSubscriber;

use super::journal::{Entry, Journal, LogEvent};

tokio::task_local! {
    /// The lines of the invocation that this task runs. An invocation stays on its task, so concurrent ones
    /// cannot mix their lines.
    static LINES: RefCell<Vec<(i64, String)>>;
}

/// The standard output of a function: lines belong to the invocation that writes them.
#[derive(Debug)]
pub struct InvocationOutput(pub Arc<dyn Clock>);

impl Emitter for InvocationOutput {
    fn emit(&self, line: &str) {
        let at = self.0.now().as_millisecond();
        // Outside an invocation (during init) nobody listens.
        let _ = LINES.try_with(|lines| lines.borrow_mut().push((at, line.to_owned())));
    }
}

/// What is to happen to the next request.
#[derive(Debug, Clone, Copy)]
pub struct Arrival {
    /// Its number in its minute.
    pub request: u32,
    /// Refuse it for lack of concurrency.
    pub throttled: bool,
    /// It is the first of a new environment, whose init took so many milliseconds.
    pub init_ms: Option<f64>,
}

/// How an invocation ended.
#[derive(Debug)]
pub enum Outcome {
    /// The function's answer.
    Answered(Value),
    /// The function failed.
    Failed,
    /// The function never ran.
    Throttled,
}

/// The car-api function.
pub struct Function {
    service: Service,
    dispatch: tracing::Dispatch,
    clock: Arc<dyn Clock>,
    journal: Arc<Journal>,
}

impl std::fmt::Debug for Function {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Function")
            .field("journal", &self.journal)
            .finish_non_exhaustive()
    }
}

/// Memory that the platform reports for an invocation of a function with 128 MB; no such thing is measured here.
const MEMORY_SIZE_MB: u32 = 128;
const MEMORY_USED_MB: u32 = 34;

impl Function {
    /// car-api on these services (of the queue: how to reach it, and its URL), with its environment and fault injection
    /// switched on.
    ///
    /// # Errors
    /// An environment that car-api refuses.
    pub fn car_api(
        dynamodb: aws_sdk_dynamodb::Client,
        [table, requests]: [&str; 2],
        event_bus: &SdkConfig,
        (queue, queue_url): (&SdkConfig, &str),
        clock: Arc<dyn Clock>,
        journal: Arc<Journal>,
    ) -> anyhow::Result<Self> {
        let vars: BTreeMap<String, String> = [
            (CAR_TABLE_NAME, table),
            (CAR_EVENT_BUS, "cars"),
            (CAR_QUEUE_URL, queue_url),
            (CAR_REQUEST_TABLE_NAME, requests),
            (CAROBS_FAULT_INJECTION, "enabled"),
        ]
        .map(|(key, value)| (key.to_owned(), value.to_owned()))
        .into();
        let settings = car_api::Settings::read(&vars)?;
        let emitter: Arc<dyn Emitter> = Arc::new(InvocationOutput(clock.clone()));
        let subscriber = platform::logging::subscriber(
            emitter.clone(),
            clock.clone(),
            &settings.identity,
            &settings.log_level,
        );
        let eventbridge = aws_sdk_eventbridge::Client::new(event_bus);
        let backlog = Backlog {
            queue: Arc::new(Sqs::new(aws_sdk_sqs::Client::new(queue), queue_url)),
            requests: Arc::new(DynamoDbRequests::new(dynamodb.clone(), requests)),
        };
        let service = Service::new(car_api::Deps {
            backlog: Some(backlog),
            store: Arc::new(DynamoDb::new(dynamodb, table, clock.clone())),
            events: Arc::new(EventBridge::new(
                eventbridge,
                settings.event_bus.clone(),
                clock.clone(),
            )),
            clock: clock.clone(),
            emitter,
            settings,
        });
        Ok(Self {
            service,
            dispatch: tracing::Dispatch::new(subscriber),
            clock,
            journal,
        })
    }

    /// Runs the function on an event, whoever sends it. When this returns, what was logged is on disk.
    ///
    /// # Errors
    /// A journal that cannot be written.
    pub async fn invoke(
        &self,
        arrival: Arrival,
        request_id: &str,
        event: &Value,
    ) -> anyhow::Result<Outcome> {
        let arrived = self.clock.now();
        let minute = Minute::containing(arrived);
        if arrival.throttled {
            let entry = Entry {
                request: arrival.request,
                throttled: true,
                error: false,
                events: Vec::new(),
            };
            self.journal.append(minute, &entry)?;
            return Ok(Outcome::Throttled);
        }
        let started = self.clock.start();
        let text = event.to_string();
        let mut context = lambda_http::Context::default();
        context.request_id = request_id.to_owned();
        let run = async {
            let answer = self.service.handle(&text, context).await;
            (answer, LINES.with(RefCell::take))
        };
        let (answer, lines) = LINES
            .scope(RefCell::default(), run)
            .with_subscriber(self.dispatch.clone())
            .await;
        let duration = self.clock.finish(Operation::Request, started);
        let report = report(
            arrived,
            request_id,
            duration.as_secs_f64() * 1e3,
            arrival.init_ms,
            answer.is_err(),
        );
        let ended = self.clock.now().as_millisecond();
        let mut events = Vec::with_capacity(lines.len() + 2);
        let start = json!({
            "time": arrived.to_string(), "type": "platform.start",
            "record": { "requestId": request_id, "version": "$LATEST" },
        });
        let lines = std::iter::once((arrived.as_millisecond(), start.to_string()))
            .chain(lines)
            .chain([(ended, report.to_string())]);
        for (position, (timestamp, message)) in lines.enumerate() {
            // 56 digits like CloudWatch's: the time, the request, the line.
            let id = format!(
                "{:030}{:013}{:013}",
                minute.start_millis(),
                arrival.request,
                position
            );
            events.push(LogEvent {
                id,
                timestamp,
                message,
            });
        }
        let entry = Entry {
            request: arrival.request,
            throttled: false,
            error: answer.is_err(),
            events,
        };
        self.journal
            .append(minute, &entry)
            .context("the log of an invocation is lost")?;
        match answer {
            Ok(answer) => Ok(Outcome::Answered(serde_json::from_str(answer.get())?)),
            Err(error) => {
                tracing::debug!(request_id, %error, "the function failed");
                Ok(Outcome::Failed)
            }
        }
    }
}

fn report(
    at: jiff::Timestamp,
    request_id: &str,
    ms: f64,
    init_ms: Option<f64>,
    failed: bool,
) -> Value {
    let rounded = |ms: f64| (ms * 1e3).round() / 1e3;
    let mut metrics = json!({
        "durationMs": rounded(ms),
        // Billed time includes the init phase (AWS Lambda, since August 2025).
        "billedDurationMs": (ms + init_ms.unwrap_or(0.0)).ceil(),
        "memorySizeMB": MEMORY_SIZE_MB,
        "maxMemoryUsedMB": MEMORY_USED_MB,
    });
    if let Some(init) = init_ms {
        metrics["initDurationMs"] = json!(rounded(init));
    }
    let mut record = json!({ "requestId": request_id, "status": "success", "metrics": metrics });
    if failed {
        record["status"] = json!("error");
        record["errorType"] = json!("Runtime.ExitError");
    }
    json!({ "time": at.to_string(), "type": "platform.report", "record": record })
}
