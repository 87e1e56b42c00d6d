//! Waiting for what happens elsewhere.

use std::time::Duration;

use platform::clock::{Clock, Operation, SystemClock};

/// Between two questions.
const PAUSE: Duration = Duration::from_millis(100);

/// Asks until there is an answer.
///
/// # Panics
/// When there is none within `at_most`: says what was waited for.
pub async fn until<T>(what: &str, at_most: Duration, mut ask: impl AsyncFnMut() -> Option<T>) -> T {
    let clock = SystemClock;
    let since = clock.start();
    loop {
        if let Some(answer) = ask().await {
            return answer;
        }
        assert!(
            clock.finish(Operation::Request, since) < at_most,
            "{what}: not within {at_most:?}"
        );
        clock.pause(PAUSE).await;
    }
}
