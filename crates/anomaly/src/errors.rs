//! Errors: failed attempts of a minute against its attempts (see [`crate::rate`]).

use crate::rate::Prior;

/// Three nines, worth half a failure in 500 attempts: a new service is neither trusted nor suspected. Below one
/// failure in 2,000 attempts a service is as good as one that never fails.
pub(crate) static PRIOR: Prior = Prior {
    failures: 0.5,
    attempts: 500.0,
    least_rate: 5e-4,
};
