//! Lambda function: the inventory of autonomous robot cars.
//!
//! [`Service`] is the whole of it as a value: it needs a store, a bus, perhaps a queue, a clock and an emitter, and
//! nothing else of the machine. `main` hands it events from the Lambda runtime, the embedded stack from its own.

use std::sync::Arc;

use aws_config::SdkConfig;
use platform::clock::Clock;
use platform::config::{ConfigErrors, Vars};
use platform::emit::Emitter;

pub mod car;
pub mod consume;
mod creation;
pub mod events;
pub mod fault;
pub mod gateway;
pub mod ids;
pub mod observe;
pub mod problem;
pub mod queue;
pub mod requests;
pub mod routes;
mod service;
pub mod settings;
mod start;
pub mod store;
pub mod telemetry;
#[cfg(test)]
mod tests;
mod trace;

pub use service::Service;
pub use settings::Settings;
pub use start::start;

use events::EventPublisher;
use events::eventbridge::EventBridge;
use queue::WorkQueue;
use queue::sqs::Sqs;
use requests::RequestStore;
use requests::dynamodb::DynamoDbRequests;
use store::CarStore;
use store::dynamodb::DynamoDb;
use telemetry::Telemetry;

/// Where work waits, and where it is said what became of it.
#[derive(Debug, Clone)]
pub struct Backlog {
    /// Where work waits.
    pub queue: Arc<dyn WorkQueue>,
    /// What became of accepted requests.
    pub requests: Arc<dyn RequestStore>,
}

/// What the service is made of.
#[derive(Debug, Clone)]
pub struct Deps {
    /// Where cars are kept.
    pub store: Arc<dyn CarStore>,
    /// Who is told about them.
    pub events: Arc<dyn EventPublisher>,
    /// Where work waits; none = nothing waits.
    pub backlog: Option<Backlog>,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// Where metric documents go.
    pub emitter: Arc<dyn Emitter>,
    /// How it runs.
    pub settings: Settings,
}

impl Deps {
    /// The service on DynamoDB, EventBridge and SQS as `aws` names them. Makes each client once; they are kept as long
    /// as the environment lives.
    #[must_use]
    pub fn connect(
        settings: Settings,
        aws: &SdkConfig,
        clock: Arc<dyn Clock>,
        emitter: Arc<dyn Emitter>,
    ) -> Self {
        let dynamodb = aws_sdk_dynamodb::Client::new(aws);
        let eventbridge = aws_sdk_eventbridge::Client::new(aws);
        let backlog = settings.backlog.as_ref().map(|backlog| Backlog {
            queue: Arc::new(Sqs::new(aws_sdk_sqs::Client::new(aws), &backlog.queue_url)),
            requests: Arc::new(DynamoDbRequests::new(
                dynamodb.clone(),
                &backlog.request_table,
            )),
        });
        Self {
            backlog,
            store: Arc::new(DynamoDb::new(
                dynamodb,
                settings.table.clone(),
                clock.clone(),
            )),
            events: Arc::new(EventBridge::new(
                eventbridge,
                settings.event_bus.clone(),
                clock.clone(),
            )),
            clock,
            emitter,
            settings,
        }
    }
}

/// Tells that the function cannot start: one metric, and one log line for each problem.
pub fn refuse_to_start(
    errors: &ConfigErrors,
    vars: &dyn Vars,
    clock: &dyn Clock,
    emitter: Arc<dyn Emitter>,
) {
    // Under the default namespace: the configured one may be what is wrong.
    Telemetry::new(settings::DEFAULT_NAME, settings::identity(vars), emitter)
        .config_error(clock.now());
    for problem in errors.problems() {
        tracing::error!(error_class = "ConfigError", "{problem}");
    }
}
