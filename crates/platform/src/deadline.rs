//! The instant at which an invocation must have said what it has to say.
//!
//! Lambda kills a function at its time-out, and a killed function reports no cause. So whatever may take long is told
//! how long it may: it is tried again while there is time, and ends as an error while there is time to say so.

use std::future::Future;
use std::hash::{BuildHasher, RandomState};
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::{Either, select};

use crate::clock::{Clock, Mark, SystemClock};

/// The first wait before something is tried again; each further one is up to twice as long ("retry with exponential
/// backoff": BatchWriteItem, Amazon DynamoDB API reference, read 2026-11-21).
pub const FIRST_WAIT: Duration = Duration::from_millis(50);
/// The longest of these waits.
pub const LONGEST_WAIT: Duration = Duration::from_secs(2);
/// How often something is tried when nobody said until when: 1.5 s of waiting in all.
const TRIES_WITHOUT_A_DEADLINE: u32 = 6;

/// How long the work at hand may still take, and how it waits meanwhile.
#[derive(Debug, Clone)]
pub struct Deadline {
    clock: Arc<dyn Clock>,
    /// When it began and how long it may take; `None` when nobody waits for it.
    limit: Option<(Mark, Duration)>,
}

impl Deadline {
    /// `limit` from now, by this clock.
    #[must_use]
    pub fn after(clock: Arc<dyn Clock>, limit: Duration) -> Self {
        let begun = clock.start();
        Self {
            clock,
            limit: Some((begun, limit)),
        }
    }

    /// No deadline: nothing is cut off, and what fails is tried a few times.
    #[must_use]
    pub fn never(clock: Arc<dyn Clock>) -> Self {
        Self { clock, limit: None }
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_never(&self) -> bool {
        self.limit.is_none()
    }

    /// What is left; [`Duration::MAX`] without a deadline.
    #[must_use]
    pub fn left(&self) -> Duration {
        self.limit.map_or(Duration::MAX, |(begun, limit)| {
            let gone = self.clock.start().0.saturating_sub(begun.0);
            limit.saturating_sub(Duration::from_nanos(gone))
        })
    }

    /// What `work` comes to, or `None` when the deadline came first; `work` is dropped then.
    pub async fn cut<F: Future + Send>(&self, work: F) -> Option<F::Output> {
        if self.limit.is_none() {
            return Some(work.await);
        }
        let (work, end) = (pin!(work), pin!(self.clock.pause(self.left())));
        match select(work, end).await {
            Either::Left((output, _)) => Some(output),
            Either::Right(_) => None,
        }
    }

    /// Waits before try number `tries` + 1 of something; `false`, at once, when there is to be none. Half of each
    /// wait is random, so that those who were refused together do not come back together.
    pub async fn again(&self, tries: u32) -> bool {
        let whole = FIRST_WAIT
            .saturating_mul(1 << tries.saturating_sub(1).min(16))
            .min(LONGEST_WAIT);
        let dice = RandomState::new().hash_one(tries) % 1_000;
        // Below 1,000, so it fits and is exact.
        let wait = whole / 2 + whole / 2 * u32::try_from(dice).unwrap_or(0) / 1_000;
        let go_on = match self.limit {
            // Whoever waits until the very end has no time left to do anything.
            Some(_) => wait.saturating_mul(2) < self.left(),
            None => tries < TRIES_WITHOUT_A_DEADLINE,
        };
        if go_on {
            self.clock.pause(wait).await;
        }
        go_on
    }
}

impl Default for Deadline {
    fn default() -> Self {
        Self::never(Arc::new(SystemClock))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::ManualClock;

    fn clock() -> Arc<ManualClock> {
        Arc::new(ManualClock::at("2026-11-16T00:00:00Z".parse().unwrap()))
    }

    #[tokio::test]
    async fn what_hangs_is_cut_off_and_what_is_ready_is_not() {
        let deadline = Deadline::after(clock(), Duration::from_secs(3));
        assert_eq!(deadline.cut(async { 7 }).await, Some(7));
        assert_eq!(deadline.left(), Duration::from_secs(3));
        assert_eq!(deadline.cut(std::future::pending::<()>()).await, None);
        assert_eq!(deadline.left(), Duration::ZERO);
    }

    #[tokio::test]
    async fn it_is_tried_again_until_just_before_the_deadline() {
        let deadline = Deadline::after(clock(), Duration::from_secs(10));
        let mut tries = 1;
        while deadline.again(tries).await {
            tries += 1;
        }
        let left = deadline.left();
        assert!(tries > 6, "{tries}");
        assert!(
            left > Duration::ZERO && left <= 2 * LONGEST_WAIT,
            "{left:?}"
        );
    }

    #[tokio::test]
    async fn without_a_deadline_it_is_tried_a_few_times() {
        let clock = clock();
        let begun = clock.now();
        let deadline = Deadline::never(clock.clone());
        let mut tries = 1;
        while deadline.again(tries).await {
            tries += 1;
        }
        assert_eq!((tries, deadline.left()), (6, Duration::MAX));
        let waited = clock.now().duration_since(begun).as_millis();
        assert!((750..=1_550).contains(&waited), "{waited}");
    }
}
