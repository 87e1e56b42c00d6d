//! What a model is fed, and what becomes of numbers that mean nothing.

use crate::Missing;
use crate::elementary::ln;

/// What a series measures, which decides its statistic.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Kind {
    /// A percentile of latency in milliseconds; weight = how many samples it was taken from.
    Latency,
    /// How many attempts failed; weight = how many there were.
    Errors,
    /// How many attempts were refused; weight = invocations + throttles.
    Throttles,
    /// How many requests came; weight = 1.
    Traffic,
    /// A series of unknown meaning (the age of a queue, memory in use): any finite number; weight = 1.
    Gauge,
}

impl Kind {
    /// Every one of them.
    pub const ALL: [Self; 5] = [
        Self::Latency,
        Self::Errors,
        Self::Throttles,
        Self::Traffic,
        Self::Gauge,
    ];

    /// The spelling in configuration and logs.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Latency => "latency",
            Self::Errors => "errors",
            Self::Throttles => "throttles",
            Self::Traffic => "traffic",
            Self::Gauge => "gauge",
        }
    }
}

/// One minute of one series.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Input {
    /// Minutes since the Unix epoch, UTC; each one once, in rising order. Another order is gated and not learned.
    pub minute: i64,
    /// The measurement in the unit of its [`Kind`]. `None` is missing: unknown, never zero. A value that is not
    /// finite counts as missing, and so does a negative one, but for [`Kind::Gauge`].
    pub value: Option<f64>,
    /// Samples, attempts or 1, as its [`Kind`] says. What is not finite or is negative counts as 0. For a missing
    /// value more than 0 says that the service was seen alive (see [`Missing::Zero`]).
    pub weight: f64,
}

/// No minute of any service holds more; above 2^53 an f64 cannot count by one, and products of two such numbers
/// stay finite.
pub(crate) const MAX_COUNT: f64 = 1e15;
/// A microsecond: a latency of zero has no logarithm, and clocks resolve no less.
const MIN_LATENCY_MS: f64 = 1e-3;

/// An input that every formula can take.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Point {
    pub(crate) minute: i64,
    /// As it came, for the verdict.
    pub(crate) given: Option<f64>,
    /// Within the range that the kind's formulas hold for; the logarithm for latency.
    pub(crate) value: Option<f64>,
    pub(crate) weight: f64,
    /// There was no value, and this series means zero by that.
    pub(crate) assumed_zero: bool,
}

impl Point {
    pub(crate) fn checked(kind: Kind, missing: Missing, input: &Input) -> Self {
        let assumed_zero = input.value.is_none()
            && missing == Missing::Zero
            && !matches!(kind, Kind::Latency | Kind::Gauge)
            && input.weight > 0.0
            && input.weight.is_finite();
        let given = if assumed_zero { Some(0.0) } else { input.value }
            .filter(|value| value.is_finite() && (*value >= 0.0 || kind == Kind::Gauge));
        let value = given.map(|value| match kind {
            Kind::Latency => ln(value.max(MIN_LATENCY_MS)),
            Kind::Errors | Kind::Throttles | Kind::Traffic => value.min(MAX_COUNT),
            Kind::Gauge => value,
        });
        let weight = if input.weight.is_finite() {
            input.weight.clamp(0.0, MAX_COUNT)
        } else {
            0.0
        };
        // More failures than attempts: the attempts were counted late, and each failure is one.
        let weight = match kind {
            Kind::Errors | Kind::Throttles => weight.max(value.unwrap_or(0.0)),
            Kind::Latency | Kind::Traffic | Kind::Gauge => weight,
        };
        Self {
            minute: input.minute,
            given,
            value,
            weight,
            assumed_zero,
        }
    }
}

#[cfg(test)]
mod tests;
