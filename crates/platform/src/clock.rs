//! Time as a port: the system's in production, a model's in the simulated demo, a fixed one in tests.
//!
//! Why not measure with `Instant` and fake only `now`: a simulated request takes microseconds of real time and
//! must yet be *reported* as slow as its model and its injected fault say. So the clock also says how long an
//! operation took, and is told when the program waits on purpose.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use jiff::Timestamp;

/// What is being timed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Operation {
    /// A whole request, from its arrival at the function to its response.
    Request,
    /// One call to Amazon DynamoDB.
    DynamoDb,
    /// One call to Amazon EventBridge.
    EventBridge,
}

/// A point on a clock's own monotonic scale, in nanoseconds. Only differences mean anything.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Mark(pub u64);

/// The time, and how long things take.
#[async_trait]
pub trait Clock: Send + Sync + std::fmt::Debug {
    /// The wall clock.
    fn now(&self) -> Timestamp;

    /// Starts timing an operation.
    fn start(&self) -> Mark;

    /// How long the operation that began at `since` took. A simulated clock moves forward here.
    fn finish(&self, operation: Operation, since: Mark) -> Duration;

    /// Waits on purpose: injected latency, backoff between attempts.
    async fn pause(&self, duration: Duration);
}

/// The machine's own clock.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemClock;

#[expect(
    clippy::disallowed_methods,
    reason = "the one place that asks the machine for the time"
)]
fn elapsed() -> u64 {
    static START: OnceLock<std::time::Instant> = OnceLock::new();
    let start = START.get_or_init(std::time::Instant::now);
    u64::try_from(start.elapsed().as_nanos()).unwrap_or(u64::MAX)
}

#[async_trait]
impl Clock for SystemClock {
    #[expect(
        clippy::disallowed_methods,
        reason = "the one place that asks the machine for the time"
    )]
    fn now(&self) -> Timestamp {
        Timestamp::now()
    }

    fn start(&self) -> Mark {
        Mark(elapsed())
    }

    fn finish(&self, _operation: Operation, since: Mark) -> Duration {
        Duration::from_nanos(elapsed().saturating_sub(since.0))
    }

    async fn pause(&self, duration: Duration) {
        tokio::time::sleep(duration).await;
    }
}

/// A clock that stands still until it is moved, or until somebody pauses on it. For tests.
#[derive(Debug)]
pub struct ManualClock(AtomicI64);

impl ManualClock {
    /// A clock that stands at `now`.
    #[must_use]
    pub fn at(now: Timestamp) -> Self {
        Self(AtomicI64::new(now.as_millisecond()))
    }

    /// Moves the clock to `now`.
    pub fn set(&self, now: Timestamp) {
        self.0.store(now.as_millisecond(), Ordering::SeqCst);
    }

    /// Moves the clock forward; parts of a millisecond are dropped.
    pub fn advance(&self, by: Duration) {
        self.0.fetch_add(
            i64::try_from(by.as_millis()).unwrap_or(i64::MAX),
            Ordering::SeqCst,
        );
    }

    fn nanos(&self) -> u64 {
        u64::try_from(self.0.load(Ordering::SeqCst))
            .unwrap_or(0)
            .saturating_mul(1_000_000)
    }
}

#[async_trait]
impl Clock for ManualClock {
    fn now(&self) -> Timestamp {
        Timestamp::from_millisecond(self.0.load(Ordering::SeqCst)).unwrap_or(Timestamp::MAX)
    }

    fn start(&self) -> Mark {
        Mark(self.nanos())
    }

    fn finish(&self, _operation: Operation, since: Mark) -> Duration {
        Duration::from_nanos(self.nanos().saturating_sub(since.0))
    }

    async fn pause(&self, duration: Duration) {
        self.advance(duration);
    }
}

#[cfg(test)]
mod tests;
