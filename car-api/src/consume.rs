//! Works off what waits on the queue, a batch at a time.
//!
//! Only the messages that failed are given back (`batchItemFailures`); SQS delivers them again, and after the fifth
//! delivery moves them to the dead letters. Every message may come twice.
//!
//! # Why the effects are in this order
//!
//! An accepted creation: the car, then its event, then the status, and only then is the message gone. A crash between
//! any two of them brings the message back, and each step done again is the same step: the car is created once under its
//! key, the event has the same id and content, and the status changes once. The status comes last, so that *created*
//! says that the car is there and others were told; the message is the only thing that remembers what is still to do.
//! A status that is final ends a repetition at once, so that a refusal that was told stays true whatever happens to
//! that car later.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;

use futures_util::FutureExt;
use lambda_http::Context;
use serde::{Deserialize, Serialize};
use tracing::Instrument;

use crate::creation::{self, Order};
use crate::events::CarEvent;
use crate::observe::{App, Flight};
use crate::problem::Failure;
use crate::queue::{Creation, Work};
use crate::requests::{REQUEST_LIFE, State, WORK_LIFE};
use crate::routes::Call;
use crate::service::panic_text;
use crate::telemetry::FinishedWork;

/// Calls to dependencies that one message may need one after the other: the status, the car, the bus, the queue, the
/// status.
const CALLS: u32 = 5;

/// A batch of messages as SQS hands it over (AWS Lambda developer guide, "Using Lambda with Amazon SQS").
#[derive(Debug, Deserialize)]
pub struct Batch {
    #[serde(rename = "Records")]
    records: Vec<Message>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Message {
    message_id: String,
    event_source: String,
    #[serde(default)]
    body: String,
    #[serde(default)]
    attributes: Attributes,
}

#[derive(Debug, Default, Deserialize)]
struct Attributes {
    #[serde(default, rename = "ApproximateReceiveCount")]
    receive_count: Option<String>,
}

/// What is answered to SQS: everything that is not named is done and deleted.
#[derive(Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Answer {
    batch_item_failures: Vec<ItemFailure>,
}

#[derive(Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
struct ItemFailure {
    item_identifier: String,
}

impl Batch {
    /// The batch, if the event is one. Clients of a gateway write nothing but texts inside an event, so none of them can
    /// make one.
    #[must_use]
    pub fn of_queue(event: &str) -> Option<Self> {
        const SOURCE: &str = "aws:sqs";
        // Events of a gateway are common and must not be parsed twice.
        let batch: Self = event
            .contains(SOURCE)
            .then(|| serde_json::from_str(event).ok())
            .flatten()?;
        let from_queue = batch
            .records
            .iter()
            .all(|message| message.event_source == SOURCE);
        (from_queue && !batch.records.is_empty()).then_some(batch)
    }
}

/// How one delivery ended.
enum End {
    Done,
    /// To be delivered again.
    Failed(&'static str, String),
    /// Likewise, but only to end among the dead letters.
    Poison(String),
}

/// Works off a batch, one message after the other: a standard queue has no order, and its concurrency is the event
/// source's.
pub(crate) async fn batch(app: &Arc<App>, batch: Batch, context: &Context) -> Answer {
    let clock = &app.deps.clock;
    let reserve = i64::try_from(app.deps.settings.call_timeout.as_millis())
        .unwrap_or(i64::MAX)
        .saturating_mul(i64::from(CALLS));
    // Lambda's deadline in milliseconds since 1970; 0 where there is none.
    let deadline = i64::try_from(context.deadline).unwrap_or(i64::MAX);
    let mut answer = Answer::default();
    for (position, message) in batch.records.into_iter().enumerate() {
        let late = deadline > 0 && clock.now().as_millisecond().saturating_add(reserve) > deadline;
        // The first is always tried: a reserve that is larger than the time-out must not mean that nothing is done.
        let failed = if late && position > 0 {
            tracing::warn!(
                error_class = "OutOfTime",
                message_id = message.message_id,
                "a message is given back because the function's time is nearly over; lower the batch size"
            );
            true
        } else {
            work_off(app, &message, context).await
        };
        if failed {
            answer.batch_item_failures.push(ItemFailure {
                item_identifier: message.message_id,
            });
        }
    }
    answer
}

/// Whether the message is to be given back.
async fn work_off(app: &Arc<App>, message: &Message, context: &Context) -> bool {
    let decoded = Work::decode(&message.body);
    let (word, origin, synthetic) = match &decoded {
        Ok(work @ Work::Create(creation)) => {
            (work.word(), Some(&creation.origin), creation.synthetic)
        }
        Ok(work @ Work::Publish(_)) => (work.word(), None, false),
        Err(_) => ("poison", None, false),
    };
    let correlation_id = origin.map_or(&message.message_id, |origin| &origin.correlation_id);
    let flight = Arc::new(Flight::new(
        context.request_id.clone(),
        correlation_id.clone(),
        String::new(),
        String::new(),
        synthetic,
    ));
    let cold_start = app.is_cold(synthetic);
    let attempts = message.attributes.receive_count.as_deref();
    let attempt = attempts.and_then(|count| count.parse().ok()).unwrap_or(1);
    let span = tracing::error_span!(
        "work",
        function_request_id = flight.request_id,
        correlation_id = flight.correlation_id,
        message_id = message.message_id,
        work = word,
        attempt,
        cold_start,
        synthetic = synthetic.then_some(true),
    );
    let call = Call::new(app.clone(), flight.clone());
    let end = async {
        match decoded {
            Ok(Work::Create(creation)) => create(&call, *creation).await,
            Ok(Work::Publish(event)) => publish(&call, event).await,
            Err(poison) => End::Poison(poison.to_string()),
        }
    }
    .instrument(span.clone());
    // A crash is this message's alone: without this its neighbours, done already, would be delivered again.
    let end = match AssertUnwindSafe(end).catch_unwind().await {
        Ok(end) => end,
        Err(panic) => End::Failed("Crash", panic_text(panic.as_ref())),
    };
    let _inside = span.enter();
    let error_type = match &end {
        End::Done => None,
        End::Failed(class, _) => Some(*class),
        End::Poison(_) => Some("poison-message"),
    };
    let finished = FinishedWork {
        at: app.deps.clock.now(),
        work: word,
        error_type,
        poison: matches!(end, End::Poison(_)),
        figures: flight.figures(),
        cost: flight.meter.total(),
        request_id: &flight.request_id,
        correlation_id: &flight.correlation_id,
        message_id: &message.message_id,
        attempt,
        cold_start,
    };
    if let Some(telemetry) = app.telemetry().filter(|_| !synthetic) {
        telemetry.work(&finished);
    }
    match &end {
        End::Done if app.deps.settings.telemetry => tracing::info!("work done"),
        End::Done => {}
        End::Failed(class, reason) => tracing::warn!(
            error_class = class,
            "work failed and will be delivered again: {reason}"
        ),
        // Never the message itself: it may hold anything.
        End::Poison(reason) => tracing::error!(
            error_class = "poison-message",
            "a message is poison, no retry helps, it goes to the dead letters: {reason}"
        ),
    }
    !matches!(end, End::Done)
}

async fn create(call: &Call, creation: Creation) -> End {
    let Some(backlog) = call.deps().backlog.clone() else {
        let reason = "the table of accepted requests is not configured".to_owned();
        return End::Failed("NoRequestTable", reason);
    };
    let (requests, meter) = (backlog.requests, &call.flight.meter);
    let Creation {
        request_id,
        origin,
        accepted_at,
        key,
        request,
        prefix,
        synthetic: _,
        car,
    } = creation;
    let now = call.deps().clock.now();
    // What says whether the car was created may be gone, and a car that was deleted since would come back.
    if accepted_at
        .saturating_add(WORK_LIFE)
        .is_ok_and(|end| end <= now)
    {
        let reason = format!(
            "it was accepted at {accepted_at} and may have been done since; ask the client"
        );
        return End::Poison(reason);
    }
    let known = call.stored(requests.get(&request_id, now, meter)).await;
    match known {
        Ok(Some(record)) if record.state != State::Accepted => {
            call.flight.is_about(&record.car_id);
            return End::Done;
        }
        Ok(_) => {}
        Err(failure) => return failed(&failure),
    }
    let expires = accepted_at.saturating_add(REQUEST_LIFE);
    let (asked, correlation_id) = (car.car_id.clone(), origin.correlation_id.clone());
    let instance = format!("{prefix}/cars");
    let order = Order {
        car,
        origin,
        prefix,
        once: Some((key, request, expires.unwrap_or(jiff::Timestamp::MAX))),
    };
    let (state, car_id) = match creation::make(call, order).await {
        Ok(made) => {
            if let Some(event) = made.event
                && !call.publish(&[event]).await
            {
                let reason = "the event is neither on the bus nor on the queue".to_owned();
                return End::Failed("EventPublish", reason);
            }
            (State::Created, made.car_id)
        }
        Err(failure) if failure.is_final() => {
            let problem = failure.document(&instance, &correlation_id);
            // What was just written as JSON is JSON.
            let problem = serde_json::from_str(&problem).unwrap_or_default();
            (State::Refused(problem), asked)
        }
        Err(failure) => return failed(&failure),
    };
    let now = call.deps().clock.now();
    match call
        .stored(requests.finish(&request_id, &state, &car_id, now, meter))
        .await
    {
        Ok(()) => End::Done,
        Err(failure) => failed(&failure),
    }
}

fn failed(failure: &Failure) -> End {
    End::Failed(failure.class(), failure.to_string())
}

async fn publish(call: &Call, event: CarEvent) -> End {
    // Not put on the queue again: it is there, and its deliveries are counted.
    let left = call.announce(std::slice::from_ref(&event)).await;
    if left.is_empty() {
        return End::Done;
    }
    End::Failed("EventPublish", "the bus did not take the event".to_owned())
}
