//! Which metrics to ask CloudWatch for: billed by the metric asked, so the account is asked every minute and a
//! function only when something suggests it. Pure.
//!
//! $0.01 per 1,000 metrics requested (Amazon CloudWatch pricing, us-east-1, November 2026): one metric every
//! minute costs $0.43 a month, so four signals of a hundred functions every minute would cost $173, and the
//! hierarchy below $36.

use platform::metric_source::{MetricQuery, MetricValues};
use signals::{AwsSignal, Minute};

use crate::watch::Service;

/// Minutes between polls of a function that nothing suggests.
pub const ROUTINE_MINUTES: i64 = 5;
/// Minutes that a poll reads again: CloudWatch stamps errors with the invocation's time and corrects late.
pub const REREAD_MINUTES: i64 = 5;

/// Why a function is asked this minute.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Why {
    /// Its turn has come.
    Routine,
    /// It has reserved concurrency: it can be throttled while the account's aggregate does not move.
    Reserved,
    /// The account saw throttles or errors within the minutes read.
    AccountMoved,
    /// An incident of it is open.
    IncidentOpen,
}

/// The account's own series, asked every minute.
#[must_use]
pub fn account() -> Vec<MetricQuery> {
    AwsSignal::ALL
        .iter()
        .map(|signal| MetricQuery {
            function: None,
            signal: *signal,
        })
        .collect()
}

/// Whether the account's aggregate suggests that some function is in trouble.
#[must_use]
pub fn moved(account: &MetricValues) -> bool {
    account.iter().any(|(query, values)| {
        matches!(query.signal, AwsSignal::Throttles | AwsSignal::Errors)
            && values.values().any(|value| *value > 0.0)
    })
}

/// Whether a service's function is asked in `window`, and why.
#[must_use]
pub fn asked(
    service: &Service,
    window: Minute,
    account_moved: bool,
    incident_open: bool,
) -> Option<Why> {
    if incident_open {
        Some(Why::IncidentOpen)
    } else if service.reserved_concurrency {
        Some(Why::Reserved)
    } else if account_moved {
        Some(Why::AccountMoved)
    } else if window.index().rem_euclid(ROUTINE_MINUTES) == 0 {
        Some(Why::Routine)
    } else {
        None
    }
}

/// The series of one function.
#[must_use]
pub fn of_function(function: &str) -> Vec<MetricQuery> {
    AwsSignal::ALL
        .iter()
        .map(|signal| MetricQuery {
            function: Some(function.to_owned()),
            signal: *signal,
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::watch::Watch;

    fn service(reserved: bool) -> Service {
        let text = format!(
            "environment='t'\nregion='eu-west-1'\naccount='1'\nrunbooks='r'\n[[service]]\nname='c'\nlog_group='g'\nowner='o'\nreserved_concurrency={reserved}"
        );
        Watch::parse(&text).unwrap().services.remove(0)
    }

    #[test]
    fn a_function_is_asked_when_something_suggests_it() {
        let turn = Minute::from_index(100);
        for (rule, reserved, window, moved, open, expected) in [
            (
                "a quiet function waits for its turn",
                false,
                turn.plus(1),
                false,
                false,
                None,
            ),
            (
                "its turn comes every five minutes",
                false,
                turn,
                false,
                false,
                Some(Why::Routine),
            ),
            (
                "reserved concurrency hides from the aggregate",
                true,
                turn.plus(1),
                false,
                false,
                Some(Why::Reserved),
            ),
            (
                "the aggregate moved",
                false,
                turn.plus(1),
                true,
                false,
                Some(Why::AccountMoved),
            ),
            (
                "an open incident is followed closely",
                false,
                turn.plus(1),
                false,
                true,
                Some(Why::IncidentOpen),
            ),
        ] {
            assert_eq!(
                asked(&service(reserved), window, moved, open),
                expected,
                "{rule}"
            );
        }
    }

    #[test]
    fn only_throttles_and_errors_move_the_aggregate() {
        let value = |signal, value: f64| {
            BTreeMap::from([(
                MetricQuery {
                    function: None,
                    signal,
                },
                BTreeMap::from([(Minute::from_index(1), value)]),
            )])
        };
        assert!(moved(&value(AwsSignal::Throttles, 1.0)));
        assert!(moved(&value(AwsSignal::Errors, 3.0)));
        assert!(!moved(&value(AwsSignal::Throttles, 0.0)));
        assert!(!moved(&value(AwsSignal::Invocations, 500.0)));
    }
}
