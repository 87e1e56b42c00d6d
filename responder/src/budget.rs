//! How the time of one invocation is divided. Pure.
//!
//! A trial that takes too long is cut off so that there is time left to clean up, and cleaning up so that there is
//! time left to tell CodeDeploy: a version that hangs is a version that failed, and somebody must say so.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

/// Longest run. A run that began longer ago than [`ABANDONED_AFTER`] has therefore ended, however it did.
const LONGEST: SignedDuration = SignedDuration::from_secs(50);
/// Kept for telling CodeDeploy: three calls of at most 2 s each (`platform::aws::OPERATION_TIMEOUT`), and pauses.
const TELL: SignedDuration = SignedDuration::from_secs(8);
/// Kept for deleting what was created.
const CLEAN: SignedDuration = SignedDuration::from_secs(10);
/// A synthetic car older than this belongs to no run that is still going: it may be deleted. Lambda repeats a failed
/// asynchronous invocation after a minute at the earliest ([error handling][async], November 2026), so a repetition
/// always finds its predecessor's car that old.
///
/// [async]: https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-error-handling.html
pub const ABANDONED_AFTER: SignedDuration = SignedDuration::from_secs(55);

/// Until when each part of a run may take.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Budget {
    /// The trial's steps.
    pub trial: Timestamp,
    /// Deleting what was created.
    pub clean: Timestamp,
    /// Telling CodeDeploy.
    pub tell: Timestamp,
}

impl Budget {
    /// Divides the time from `now` to `deadline_ms`, in milliseconds since 1970. A short time is divided in halves and
    /// quarters, so that even a function with Lambda's default time-out of 3 s says something.
    #[must_use]
    pub fn until(deadline_ms: u64, now: Timestamp) -> Self {
        let deadline = i64::try_from(deadline_ms)
            .ok()
            .and_then(|millis| Timestamp::from_millisecond(millis).ok())
            .unwrap_or(Timestamp::MAX);
        let whole = deadline
            .duration_since(now)
            .clamp(SignedDuration::ZERO, LONGEST);
        let tell = now.saturating_add(whole).unwrap_or(now);
        let before = |end: Timestamp, part: SignedDuration| {
            end.saturating_sub(part.min(whole / 4)).unwrap_or(now)
        };
        let clean = before(tell, TELL);
        let trial = before(clean, CLEAN);
        Self { trial, clean, tell }
    }
}

/// The time from `now` to `end`; none when it is over.
#[must_use]
pub fn left(end: Timestamp, now: Timestamp) -> Option<Duration> {
    Duration::try_from(end.duration_since(now))
        .ok()
        .filter(|left| !left.is_zero())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_time_is_divided_so_that_codedeploy_is_always_told() {
        let now: Timestamp = "2026-11-16T12:00:00Z".parse().unwrap();
        let millis = |seconds: i64| u64::try_from(now.as_millisecond() + seconds * 1_000).unwrap();
        for (rule, deadline, parts) in [
            ("a minute", millis(60), [32_000, 42_000, 50_000]),
            (
                "a quarter of an hour",
                millis(900),
                [32_000, 42_000, 50_000],
            ),
            ("Lambda's default", millis(3), [1_500, 2_250, 3_000]),
            ("no time at all", millis(-5), [0, 0, 0]),
            ("no deadline", u64::MAX, [32_000, 42_000, 50_000]),
        ] {
            let Budget { trial, clean, tell } = Budget::until(deadline, now);
            let after = |end: Timestamp| end.as_millisecond() - now.as_millisecond();
            assert_eq!([after(trial), after(clean), after(tell)], parts, "{rule}");
        }
    }

    #[test]
    fn whoever_finds_an_abandoned_car_is_no_longer_beside_its_owner() {
        assert!(LONGEST < ABANDONED_AFTER && ABANDONED_AFTER < SignedDuration::from_mins(1));
    }

    #[test]
    fn time_that_is_over_is_no_time() {
        let now = Timestamp::UNIX_EPOCH;
        assert_eq!(left(now, now), None);
        let past = now.saturating_sub(SignedDuration::from_secs(1)).unwrap();
        assert_eq!(left(past, now), None);
        assert_eq!(left(now, past), Some(Duration::from_secs(1)));
    }
}
