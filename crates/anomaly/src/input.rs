//! What a model is fed, and what becomes of numbers that mean nothing.

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
}

impl Kind {
    /// Every one of them.
    pub const ALL: [Self; 4] = [Self::Latency, Self::Errors, Self::Throttles, Self::Traffic];

    /// The spelling in configuration and logs.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Latency => "latency",
            Self::Errors => "errors",
            Self::Throttles => "throttles",
            Self::Traffic => "traffic",
        }
    }
}

/// One minute of one series.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Input {
    /// Minutes since the Unix epoch, UTC; each one once, in rising order. Another order is gated and not learned.
    pub minute: i64,
    /// The measurement in the unit of its [`Kind`]. `None` is missing: unknown, never zero. A value that is not
    /// finite, or negative, counts as missing.
    pub value: Option<f64>,
    /// Samples, attempts or 1, as its [`Kind`] says. What is not finite or is negative counts as 0.
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
}

impl Point {
    pub(crate) fn checked(kind: Kind, input: &Input) -> Self {
        let given = input
            .value
            .filter(|value| value.is_finite() && *value >= 0.0);
        let value = given.map(|value| match kind {
            Kind::Latency => value.max(MIN_LATENCY_MS).ln(),
            Kind::Errors | Kind::Throttles | Kind::Traffic => value.min(MAX_COUNT),
        });
        let weight = if input.weight.is_finite() {
            input.weight.clamp(0.0, MAX_COUNT)
        } else {
            0.0
        };
        // More failures than attempts: the attempts were counted late, and each failure is one.
        let weight = match kind {
            Kind::Errors | Kind::Throttles => weight.max(value.unwrap_or(0.0)),
            Kind::Latency | Kind::Traffic => weight,
        };
        Self {
            minute: input.minute,
            given,
            value,
            weight,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_number_has_a_defined_meaning() {
        for (name, kind, value, weight, expected) in [
            ("not a number", Kind::Traffic, f64::NAN, 1.0, (None, 1.0)),
            ("infinity", Kind::Latency, f64::INFINITY, 9.0, (None, 9.0)),
            ("a negative count", Kind::Errors, -1.0, 9.0, (None, 9.0)),
            (
                "weight that is no number",
                Kind::Latency,
                1.0,
                f64::NAN,
                (Some(0.0), 0.0),
            ),
            (
                "infinite weight",
                Kind::Latency,
                1.0,
                f64::INFINITY,
                (Some(0.0), 0.0),
            ),
            (
                "negative weight",
                Kind::Latency,
                1.0,
                -3.0,
                (Some(0.0), 0.0),
            ),
            (
                "a latency of zero",
                Kind::Latency,
                0.0,
                9.0,
                (Some(MIN_LATENCY_MS.ln()), 9.0),
            ),
            (
                "a count beyond counting",
                Kind::Traffic,
                1e300,
                1.0,
                (Some(MAX_COUNT), 1.0),
            ),
            (
                "more errors than requests",
                Kind::Errors,
                12.0,
                9.0,
                (Some(12.0), 12.0),
            ),
        ] {
            let point = Point::checked(
                kind,
                &Input {
                    minute: 0,
                    value: Some(value),
                    weight,
                },
            );
            assert_eq!((point.value, point.weight), expected, "{name}");
        }
    }
}
