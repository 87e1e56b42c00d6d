//! Throttles: refused attempts of a minute against invocations and throttles (see [`crate::rate`]).

use crate::rate::Prior;

/// A function with enough concurrency is never throttled: one in 100,000, worth little, so that the first burst
/// already stands out; a function throttled day by day teaches its own rate.
pub(crate) static PRIOR: Prior = Prior {
    failures: 0.05,
    attempts: 5_000.0,
    least_rate: 1e-5,
};
