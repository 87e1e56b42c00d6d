//! One document for each message of the queue. Its metrics are not those of requests: nobody waits for this work.

use std::time::{Duration, SystemTime};

use jiff::Timestamp;
use metrique::emf::flags::NoMetric;
use metrique::unit::{Count, Millisecond};
use metrique::unit_of_work::metrics;
use metrique::{CloseValue, RootEntry};

use super::{Figures, Telemetry};
use crate::store::Cost;

/// One delivery of a message, worked off or not.
#[derive(Debug, Clone)]
pub struct FinishedWork<'a> {
    /// When it ended.
    pub at: Timestamp,
    /// What kind of work; `poison` for a message that says none.
    pub work: &'static str,
    /// Why it was not done, as one word.
    pub error_type: Option<&'static str>,
    /// Whether no retry will help.
    pub poison: bool,
    /// What it did.
    pub figures: Figures,
    /// What its store calls cost.
    pub cost: Cost,
    /// Lambda's id for the invocation.
    pub request_id: &'a str,
    /// The id of the client whose request it comes from.
    pub correlation_id: &'a str,
    /// The queue's id for the message.
    pub message_id: &'a str,
    /// The number of this delivery, from 1.
    pub attempt: u64,
    /// Whether it was the first of its environment.
    pub cold_start: bool,
}

#[metrics(rename_all = "PascalCase", emf::dimension_sets = [["service"]])]
struct WorkDocument {
    #[metrics(timestamp)]
    timestamp: SystemTime,
    #[metrics(name = "service")]
    service: String,
    #[metrics(unit = Count)]
    work_done: u64,
    #[metrics(unit = Count)]
    work_failed: u64,
    #[metrics(unit = Count)]
    work_poisoned: u64,
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
    events_deferred: u64,
    #[metrics(unit = Count)]
    cars_created: u64,
    #[metrics(name = "work")]
    work: &'static str,
    #[metrics(name = "request_id")]
    request_id: String,
    #[metrics(name = "correlation_id")]
    correlation_id: String,
    #[metrics(name = "message_id")]
    message_id: String,
    #[metrics(name = "function_version")]
    function_version: String,
    #[metrics(name = "attempt", flags(NoMetric))]
    attempt: u64,
    #[metrics(name = "cold_start", flags(NoMetric))]
    cold_start: bool,
    #[metrics(name = "error_type")]
    error_type: Option<&'static str>,
    #[metrics(name = "car_id")]
    car_id: Option<String>,
}

impl Telemetry {
    /// Writes the document of one delivery.
    pub fn work(&self, work: &FinishedWork<'_>) {
        let FinishedWork { figures, cost, .. } = work;
        let is = |condition: bool| u64::from(condition);
        let document = WorkDocument {
            timestamp: work.at.into(),
            service: self.identity.service.clone(),
            work_done: is(work.error_type.is_none()),
            work_failed: is(work.error_type.is_some() && !work.poison),
            work_poisoned: is(work.poison),
            dynamo_db_latency: figures.dynamodb,
            event_bridge_latency: figures.eventbridge,
            consumed_read_capacity: cost.read_units,
            consumed_write_capacity: cost.write_units,
            retry_attempts: cost.retries + figures.event_retries,
            retries_exhausted: cost.exhausted + is(figures.events_left() > 0),
            events_published: figures.events_published,
            event_publish_failures: figures.event_publish_failures,
            events_deferred: figures.events_deferred,
            cars_created: figures.created,
            work: work.work,
            request_id: work.request_id.to_owned(),
            correlation_id: work.correlation_id.to_owned(),
            message_id: work.message_id.to_owned(),
            function_version: self.identity.function_version.clone(),
            attempt: work.attempt,
            cold_start: work.cold_start,
            error_type: work.error_type,
            car_id: figures.car_id.clone(),
        };
        self.write(&RootEntry::new(document.close()));
    }
}
