//! [`EventPublisher`] on an Amazon EventBridge bus.
//!
//! A `PutEvents` call that succeeds may still have refused some of its events, and says so only in
//! `FailedEntryCount`. Those that may succeed later are sent again, alone, a bounded number of times.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use aws_config::SdkConfig;
use aws_config::retry::RetryConfig;
use aws_sdk_eventbridge::Client;
use aws_sdk_eventbridge::config::interceptors::BeforeTransmitInterceptorContextRef;
use aws_sdk_eventbridge::config::{ConfigBag, Intercept, RuntimeComponents};
use aws_sdk_eventbridge::error::{BoxError, DisplayErrorContext};
use aws_sdk_eventbridge::primitives::DateTime;
use aws_sdk_eventbridge::types::PutEventsRequestEntry;
use platform::aws;
use platform::clock::Clock;

use super::{CarEvent, EventPublisher, Published, SOURCE};

/// Rounds of one publication, the first included.
const ROUNDS: u32 = 3;
/// Pause before the second round; it doubles. Not random: one request sends one or two events, and it keeps a
/// simulated run the same each time.
const PAUSE: Duration = Duration::from_millis(50);
/// Refusals of single entries that may pass (EventBridge API reference, "PutEventsResultEntry").
const LATER: [&str; 3] = [
    "InternalFailure",
    "InternalException",
    "ThrottlingException",
];

/// Opens the connection that every client made of `sdk` will use. Never fails; tries once. For the function's init.
pub async fn warm(sdk: &SdkConfig) {
    let once = aws_sdk_eventbridge::config::Builder::from(sdk)
        .retry_config(RetryConfig::disabled())
        .build();
    let call = Client::from_conf(once)
        .list_event_buses()
        .customize()
        .interceptor(aws::Knock)
        .send();
    aws::knock("EventBridge", call).await;
}

/// The bus `name`.
#[derive(Debug, Clone)]
pub struct EventBridge {
    client: Client,
    bus: String,
    clock: Arc<dyn Clock>,
}

#[derive(Debug, Clone, Default)]
struct Attempts(Arc<AtomicU64>);

impl Intercept for Attempts {
    fn name(&self) -> &'static str {
        "Attempts"
    }

    fn read_before_attempt(
        &self,
        _: &BeforeTransmitInterceptorContextRef<'_>,
        _: &RuntimeComponents,
        _: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        self.0.fetch_add(1, Ordering::Relaxed);
        Ok(())
    }
}

/// What the bus said of one round.
struct Round<'a> {
    again: Vec<&'a CarEvent>,
    refused: Vec<&'a CarEvent>,
    reason: Option<String>,
}

impl EventBridge {
    /// Publishes to `bus`; pauses between rounds are the clock's.
    #[must_use]
    pub fn new(client: Client, bus: impl Into<String>, clock: Arc<dyn Clock>) -> Self {
        Self {
            client,
            bus: bus.into(),
            clock,
        }
    }

    fn entry(&self, event: &CarEvent) -> PutEventsRequestEntry {
        PutEventsRequestEntry::builder()
            .event_bus_name(&self.bus)
            .source(SOURCE)
            .detail_type(event.happened.detail_type())
            .detail(&event.detail)
            .time(DateTime::from_millis(event.occurred_at.as_millisecond()))
            .build()
    }

    async fn send<'a>(
        &self,
        events: &[&'a CarEvent],
        attempts: &Attempts,
    ) -> Result<Round<'a>, String> {
        let entries = events.iter().map(|event| self.entry(event)).collect();
        let answer = self
            .client
            .put_events()
            .set_entries(Some(entries))
            .customize()
            .interceptor(attempts.clone())
            .send()
            .await
            .map_err(|error| DisplayErrorContext(error).to_string())?;
        let mut round = Round {
            again: Vec::new(),
            refused: Vec::new(),
            reason: None,
        };
        if answer.failed_entry_count() == 0 {
            return Ok(round);
        }
        for (event, result) in events.iter().zip(answer.entries()) {
            let Some(code) = result.error_code() else {
                continue;
            };
            let message = result.error_message().unwrap_or_default();
            round.reason = Some(format!(
                "{} was refused: {code} {message}",
                event.happened.detail_type()
            ));
            if LATER.contains(&code) {
                round.again.push(event);
            } else {
                round.refused.push(event);
            }
        }
        // An answer that is shorter than its request leaves events whose fate nobody knows.
        round
            .refused
            .extend(events.iter().skip(answer.entries().len()));
        Ok(round)
    }
}

#[async_trait]
impl EventPublisher for EventBridge {
    async fn publish(&self, events: &[CarEvent]) -> Published {
        let attempts = Attempts::default();
        let mut waiting: Vec<_> = events.iter().collect();
        let mut published = Published::default();
        let mut left: Vec<&CarEvent> = Vec::new();
        let mut pause = PAUSE;
        for round in 1..=ROUNDS {
            if waiting.is_empty() {
                break;
            }
            if round > 1 {
                self.clock.pause(pause).await;
                pause *= 2;
            }
            match self.send(&waiting, &attempts).await {
                Ok(answer) => {
                    left.extend(answer.refused);
                    published.reason = answer.reason.or(published.reason);
                    waiting = answer.again;
                }
                // The SDK has tried this call as often as it may already.
                Err(reason) => {
                    published.reason = Some(reason);
                    break;
                }
            }
        }
        left.extend(waiting);
        published.accepted =
            u64::try_from(events.len().saturating_sub(left.len())).unwrap_or(u64::MAX);
        published.left = left.into_iter().cloned().collect();
        published.retries = attempts.0.load(Ordering::Relaxed).saturating_sub(1);
        if published.left.is_empty() {
            published.reason = None;
        }
        published
    }
}
