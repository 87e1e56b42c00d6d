//! Faults on demand: how the demo, the drills and the detector's tests make this service ill.
//!
//! The header `X-Outrider-Fault` works only where the environment allows it, and is as unknown as any other header
//! everywhere else. Faults strike before the handler runs, so that nothing is left half-done.
//!
//! | fault | what the client sees | what CloudWatch counts |
//! |---|---|---|
//! | `latency=800` | the answer, 800 ms later | `Latency` |
//! | `error` | 500 | `Faults`; no Lambda `Errors`: the function answered |
//! | `throttle` | 503 with `Retry-After` | `Throttled` |
//! | `panic` | 502 from the gateway | Lambda `Errors`: the function ended without an answer |
//!
//! An HTTP 5xx is an answer, and to Lambda an invocation that answers has succeeded. Only a function that crashes,
//! times out or returns an error counts in `Errors`; that is why `panic` really panics.

use std::time::Duration;

/// The header that asks for faults, several separated by commas.
pub const HEADER: &str = "x-outrider-fault";
/// Longest latency that can be asked for. API Gateway gives up after 29 s anyway.
const LONGEST: Duration = Duration::from_secs(30);

/// How a request ends that is made to fail.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ending {
    /// With an internal error.
    Error,
    /// As if the store had no capacity left.
    Throttle,
    /// Without an answer.
    Panic,
}

/// What a request asks for.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Fault {
    /// How long it waits first.
    pub latency: Duration,
    /// How it then ends; none = as usual.
    pub ending: Option<Ending>,
}

/// The header does not say what shall happen.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "header X-Outrider-Fault: {0}; write latency=<milliseconds up to 30000>, error, throttle or panic, separated by commas"
)]
pub struct UnknownFault(String);

impl UnknownFault {
    /// The same header is refused again.
    #[must_use]
    pub fn is_retryable(&self) -> bool {
        false
    }
}

impl Fault {
    /// # Errors
    /// A word that names no fault, a latency out of range, or two endings.
    pub fn parse(header: &str) -> Result<Self, UnknownFault> {
        let mut fault = Self::default();
        for word in header
            .split(',')
            .map(str::trim)
            .filter(|word| !word.is_empty())
        {
            let ending = match word.split_once('=') {
                Some(("latency", milliseconds)) => {
                    let latency = milliseconds.parse().ok().map(Duration::from_millis);
                    fault.latency = latency
                        .filter(|latency| *latency <= LONGEST)
                        .ok_or_else(|| UnknownFault("the latency is out of range".to_owned()))?;
                    continue;
                }
                None if word == "error" => Ending::Error,
                None if word == "throttle" => Ending::Throttle,
                None if word == "panic" => Ending::Panic,
                _ => {
                    return Err(UnknownFault(
                        "it names a fault that there is not".to_owned(),
                    ));
                }
            };
            if fault.ending.replace(ending).is_some() {
                return Err(UnknownFault("a request can end only once".to_owned()));
            }
        }
        Ok(fault)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_header_asks_for_faults_that_can_be_combined() {
        let fault = |latency, ending| {
            Some(Fault {
                latency: Duration::from_millis(latency),
                ending,
            })
        };
        let cases = [
            ("nothing", "", fault(0, None)),
            ("latency", "latency=800", fault(800, None)),
            ("an ending", "error", fault(0, Some(Ending::Error))),
            (
                "both, in any order",
                " throttle , latency=50",
                fault(50, Some(Ending::Throttle)),
            ),
            ("a panic", "panic", fault(0, Some(Ending::Panic))),
            ("an unknown word", "explode", None),
            ("a latency without end", "latency=30001", None),
            ("a latency that is no number", "latency=long", None),
            ("a latency without a number", "latency", None),
            ("two endings", "error,panic", None),
        ];
        for (rule, header, expected) in cases {
            assert_eq!(Fault::parse(header).ok(), expected, "{rule}");
        }
    }
}
