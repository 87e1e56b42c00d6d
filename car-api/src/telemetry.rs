//! One wide EMF document for each request, and one for each cold start.
//!
//! A metric's name is its field's name in Pascal case; a test compares each with `signals::Metric`. Counters are in
//! every document, as 0 when nothing happened, so that a rate has its denominator; a latency is there only when the
//! call was made, because a call that was not made did not take 0 ms. The two counters of what went to the queue are
//! there only when something did: it is rare, `Requests` and `EventsPublished` are their denominators, and each counter
//! makes a series for every route.
//!
//! Dimensions are `[service]` and `[service, route]`, the route being a template from a fixed list: a raw path would
//! make one billed metric for each car. Everything else that identifies a request is a property.
//!
//! Synthetic requests, with which a new version is tried out before it gets traffic, have the same document without
//! `_aws`: a log line with all that is known and no metrics, so that they stay out of every baseline.
//!
//! The timestamp is the end of the request: a slow request is then never stamped with a minute that the detector
//! has already sealed. Documents go to the emitter and not through `tracing`: at a level of WARN they must survive.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use jiff::Timestamp;
use metrique::emf::Emf;
use metrique::emf::flags::NoMetric;
use metrique::unit::{Count, Millisecond};
use metrique::unit_of_work::metrics;
use metrique::writer::Entry;
use metrique::writer::format::Format;
use metrique::{CloseValue, RootEntry};
use platform::emit::Emitter;
use platform::logging::Identity;

use crate::store::Cost;

mod work;

pub use work::FinishedWork;

/// What happened during one request, or one piece of work, beside what its store calls cost.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Figures {
    /// The car that it was about. A property, never a dimension: each value would be a billed metric.
    pub car_id: Option<String>,
    /// Members of the body that no car has.
    pub unknown_fields: u64,
    /// Time in store calls; none when there was none.
    pub dynamodb: Option<Duration>,
    /// Time in publications; none when there was none.
    pub eventbridge: Option<Duration>,
    /// Events that the bus took.
    pub events_published: u64,
    /// Events that neither the bus nor the queue took.
    pub event_publish_failures: u64,
    /// Events that the bus did not take and that wait on the queue.
    pub events_deferred: u64,
    /// Second and later attempts of publications.
    pub event_retries: u64,
    /// Creations that were accepted and wait on the queue.
    pub accepted: u64,
    /// Cars created.
    pub created: u64,
    /// Cars changed.
    pub updated: u64,
    /// Cars deleted.
    pub deleted: u64,
}

impl Figures {
    fn events_left(&self) -> u64 {
        self.event_publish_failures + self.events_deferred
    }
}

/// One finished request.
#[derive(Debug, Clone)]
pub struct Finished<'a> {
    /// When it ended.
    pub at: Timestamp,
    /// The route template with its method.
    pub route: &'static str,
    /// The HTTP status.
    pub status: u16,
    /// How long it took.
    pub latency: Duration,
    /// Why it failed, as one word.
    pub error_type: Option<&'static str>,
    /// Whether a dependency had no capacity left.
    pub throttled: bool,
    /// Whether validation refused it.
    pub invalid: bool,
    /// What it did.
    pub figures: Figures,
    /// What its store calls cost.
    pub cost: Cost,
    /// Lambda's id for it.
    pub request_id: &'a str,
    /// The client's id for it.
    pub correlation_id: &'a str,
    /// X-Ray's id for it.
    pub trace_id: Option<&'a str>,
    /// Whether it was the first of its environment.
    pub cold_start: bool,
}

#[metrics(rename_all = "PascalCase", emf::dimension_sets = [["service"], ["service", "route"]])]
struct RequestDocument {
    #[metrics(timestamp)]
    timestamp: SystemTime,
    #[metrics(name = "service")]
    service: String,
    #[metrics(name = "route")]
    route: &'static str,
    #[metrics(unit = Millisecond)]
    latency: Duration,
    #[metrics(unit = Count)]
    requests: u64,
    #[metrics(unit = Count)]
    client_errors: u64,
    #[metrics(unit = Count)]
    faults: u64,
    #[metrics(unit = Count)]
    throttled: u64,
    #[metrics(unit = Count)]
    validation_failures: u64,
    #[metrics(unit = Count)]
    unknown_fields: u64,
    #[metrics(unit = Millisecond)]
    dynamo_db_latency: Option<Duration>,
    #[metrics(unit = Millisecond)]
    event_bridge_latency: Option<Duration>,
    #[metrics(unit = Count)]
    consumed_read_capacity: f64,
    #[metrics(unit = Count)]
    consumed_write_capacity: f64,
    #[metrics(unit = Count)]
    retry_attempts: u64,
    #[metrics(unit = Count)]
    retries_exhausted: u64,
    #[metrics(unit = Count)]
    events_published: u64,
    #[metrics(unit = Count)]
    event_publish_failures: u64,
    #[metrics(unit = Count)]
    events_deferred: Option<u64>,
    #[metrics(unit = Count)]
    requests_accepted: Option<u64>,
    #[metrics(unit = Count)]
    cars_created: u64,
    #[metrics(unit = Count)]
    cars_updated: u64,
    #[metrics(unit = Count)]
    cars_deleted: u64,
    #[metrics(name = "request_id")]
    request_id: String,
    #[metrics(name = "correlation_id")]
    correlation_id: String,
    #[metrics(name = "xray_trace_id")]
    trace_id: Option<String>,
    #[metrics(name = "function_version")]
    function_version: String,
    #[metrics(name = "status", flags(NoMetric))]
    status: u64,
    #[metrics(name = "cold_start", flags(NoMetric))]
    cold_start: bool,
    #[metrics(name = "error_type")]
    error_type: Option<&'static str>,
    #[metrics(name = "car_id")]
    car_id: Option<String>,
}

/// As AWS Powertools emits it, so that the series of the service that this one replaces goes on.
#[metrics(rename_all = "PascalCase", emf::dimension_sets = [["function_name", "service"]])]
struct ColdStartDocument {
    #[metrics(timestamp)]
    timestamp: SystemTime,
    #[metrics(name = "function_name")]
    function_name: String,
    #[metrics(name = "service")]
    service: String,
    #[metrics(unit = Count)]
    cold_start: u64,
}

#[metrics(rename_all = "PascalCase", emf::dimension_sets = [["service"]])]
struct ConfigErrorDocument {
    #[metrics(timestamp)]
    timestamp: SystemTime,
    #[metrics(name = "service")]
    service: String,
    #[metrics(unit = Count)]
    config_error: u64,
}

/// Writes the documents.
pub struct Telemetry {
    emf: Mutex<Emf>,
    identity: Identity,
    emitter: Arc<dyn Emitter>,
}

impl fmt::Debug for Telemetry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Telemetry")
            .field("identity", &self.identity)
            .finish_non_exhaustive()
    }
}

impl Telemetry {
    /// Documents in `namespace`, written by `identity`.
    #[must_use]
    pub fn new(namespace: &str, identity: Identity, emitter: Arc<dyn Emitter>) -> Self {
        // No dimension that every document has: each brings its own sets.
        let emf = Emf::builder(namespace.to_owned(), vec![vec![]]).build();
        Self {
            emf: Mutex::new(emf),
            identity,
            emitter,
        }
    }

    /// Writes the document of a request together with the line that comes next; without one, flush the emitter.
    pub fn request(&self, request: &Finished<'_>) {
        if let Some(line) = self.line(&RootEntry::new(self.document(request).close())) {
            self.emitter.hold(&line);
        }
    }

    /// Writes the same of a request that must not be heard of: without metrics.
    pub fn synthetic(&self, request: &Finished<'_>) {
        let document = RootEntry::new(self.document(request).close());
        let Some(line) = self.line(&document) else {
            return;
        };
        let object = serde_json::from_str::<serde_json::Map<_, _>>(&line);
        // What the formatter writes is an object.
        let mut object = object.unwrap_or_default();
        object.remove("_aws");
        object.insert("synthetic".to_owned(), true.into());
        self.emitter
            .emit(&serde_json::Value::Object(object).to_string());
    }

    fn document(&self, request: &Finished<'_>) -> RequestDocument {
        let Finished {
            figures,
            cost,
            status,
            ..
        } = request;
        let is = |condition: bool| u64::from(condition);
        let some = |count: u64| (count > 0).then_some(count);
        let throttled = request.throttled || *status == 429;
        RequestDocument {
            timestamp: request.at.into(),
            service: self.identity.service.clone(),
            route: request.route,
            latency: request.latency,
            requests: 1,
            client_errors: is((400..500).contains(status) && !throttled),
            faults: is(*status >= 500 && !throttled),
            throttled: is(throttled),
            validation_failures: is(request.invalid),
            unknown_fields: figures.unknown_fields,
            dynamo_db_latency: figures.dynamodb,
            event_bridge_latency: figures.eventbridge,
            consumed_read_capacity: cost.read_units,
            consumed_write_capacity: cost.write_units,
            retry_attempts: cost.retries + figures.event_retries,
            retries_exhausted: cost.exhausted + is(figures.events_left() > 0),
            events_published: figures.events_published,
            event_publish_failures: figures.event_publish_failures,
            events_deferred: some(figures.events_deferred),
            requests_accepted: some(figures.accepted),
            cars_created: figures.created,
            cars_updated: figures.updated,
            cars_deleted: figures.deleted,
            request_id: request.request_id.to_owned(),
            correlation_id: request.correlation_id.to_owned(),
            trace_id: request.trace_id.map(str::to_owned),
            function_version: self.identity.function_version.clone(),
            status: u64::from(*status),
            cold_start: request.cold_start,
            error_type: request.error_type,
            car_id: figures.car_id.clone(),
        }
    }

    /// Writes that an environment was started for a request.
    pub fn cold_start(&self, at: Timestamp) {
        let document = ColdStartDocument {
            timestamp: at.into(),
            function_name: self.identity.function_name.clone(),
            service: self.identity.service.clone(),
            cold_start: 1,
        };
        self.write(&RootEntry::new(document.close()));
    }

    /// Writes that a start was refused by a bad configuration.
    pub fn config_error(&self, at: Timestamp) {
        let service = self.identity.service.clone();
        self.write(&RootEntry::new(
            ConfigErrorDocument {
                timestamp: at.into(),
                service,
                config_error: 1,
            }
            .close(),
        ));
    }

    fn write(&self, document: &impl Entry) {
        if let Some(line) = self.line(document) {
            self.emitter.emit(&line);
        }
    }

    fn line(&self, document: &impl Entry) -> Option<String> {
        let mut line = Vec::with_capacity(2_048);
        // The formatter begins anew with every document, whatever a panic left in it.
        let written = self
            .emf
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .format(document, &mut line);
        match written {
            Ok(()) => Some(String::from_utf8_lossy(&line).trim_end().to_owned()),
            Err(error) => {
                tracing::error!(error_class = "Telemetry", %error, "a metric document was not written");
                None
            }
        }
    }
}
