//! Virtual time: the clock stands still until the scenario moves it or something takes its modelled time.

use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use jiff::Timestamp;
use platform::clock::{Clock, Mark, Operation};

/// How long the parts of one request take.
#[derive(Debug, Clone, Copy, Default)]
pub struct Modelled {
    /// The whole request, without injected latency.
    pub request: Duration,
    /// All its calls to DynamoDB together.
    pub dynamodb: Duration,
    /// All its calls to EventBridge together.
    pub eventbridge: Duration,
}

#[derive(Debug, Default)]
struct Plan {
    left: Modelled,
    request: Duration,
    paused: Duration,
}

/// A clock for one request at a time. The whole request takes its modelled time whatever path it goes, so a
/// request that is repeated after a crash, and finds its work half done, takes just as long.
#[derive(Debug)]
pub struct VirtualClock {
    nanos: AtomicI64,
    plan: Mutex<Plan>,
}

fn nanos(duration: Duration) -> i64 {
    i64::try_from(duration.as_nanos()).unwrap_or(i64::MAX)
}

fn nanos_of(at: Timestamp) -> i64 {
    i64::try_from(at.as_nanosecond()).unwrap_or(i64::MAX)
}

impl VirtualClock {
    /// A clock that stands at `now`.
    #[must_use]
    pub fn at(now: Timestamp) -> Self {
        Self {
            nanos: AtomicI64::new(nanos_of(now)),
            plan: Mutex::default(),
        }
    }

    /// Moves the clock to `now`; nothing that follows has a modelled time until a request begins.
    pub fn set(&self, now: Timestamp) {
        self.begin(now, Modelled::default());
    }

    /// A request arrives at `now` and will take what the model says.
    pub fn begin(&self, now: Timestamp, modelled: Modelled) {
        self.nanos.store(nanos_of(now), Ordering::SeqCst);
        let mut plan = self.plan.lock().unwrap_or_else(PoisonError::into_inner);
        *plan = Plan {
            left: modelled,
            request: modelled.request,
            paused: Duration::ZERO,
        };
    }

    fn forward(&self, by: Duration) {
        self.nanos.fetch_add(nanos(by), Ordering::SeqCst);
    }

    fn since(&self, mark: Mark) -> Duration {
        let now = u64::try_from(self.nanos.load(Ordering::SeqCst)).unwrap_or(0);
        Duration::from_nanos(now.saturating_sub(mark.0))
    }
}

#[async_trait]
impl Clock for VirtualClock {
    fn now(&self) -> Timestamp {
        Timestamp::from_nanosecond(i128::from(self.nanos.load(Ordering::SeqCst)))
            .unwrap_or(Timestamp::MAX)
    }

    fn start(&self) -> Mark {
        Mark(u64::try_from(self.nanos.load(Ordering::SeqCst)).unwrap_or(0))
    }

    fn finish(&self, operation: Operation, since: Mark) -> Duration {
        let mut plan = self.plan.lock().unwrap_or_else(PoisonError::into_inner);
        let takes = match operation {
            Operation::DynamoDb => std::mem::take(&mut plan.left.dynamodb),
            Operation::EventBridge => std::mem::take(&mut plan.left.eventbridge),
            Operation::Request => (plan.request + plan.paused).saturating_sub(self.since(since)),
        };
        drop(plan);
        self.forward(takes);
        self.since(since)
    }

    async fn pause(&self, duration: Duration) {
        self.plan
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .paused += duration;
        self.forward(duration);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_request_takes_its_modelled_time_and_the_injected_one_on_any_path() {
        let ms = Duration::from_millis;
        let modelled = Modelled {
            request: ms(100),
            dynamodb: ms(40),
            eventbridge: ms(20),
        };
        for calls in 0..3 {
            let clock = VirtualClock::at("2026-11-16T00:00:00Z".parse().unwrap());
            clock.begin(clock.now(), modelled);
            let request = clock.start();
            for _ in 0..calls {
                let call = clock.start();
                clock.finish(Operation::DynamoDb, call);
            }
            clock.pause(ms(800)).await;
            assert_eq!(
                clock.finish(Operation::Request, request),
                ms(900),
                "{calls} calls"
            );
            assert_eq!(clock.now().to_string(), "2026-11-16T00:00:00.9Z");
        }
    }
}
