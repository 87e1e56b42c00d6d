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
/// Minutes that a poll reads again: CloudWatch stamps errors with the invocation's time and corrects late. Three more
/// than lie between two polls, so that each minute is read once when it is [`CERTAIN_MINUTES`] old.
pub const REREAD_MINUTES: i64 = ROUTINE_MINUTES + CERTAIN_MINUTES + 1;
/// Minutes after which a minute without a value is one without invocations: Lambda sends none for a minute in which
/// nothing was invoked, and what it sends is there within a minute or two. A value that comes later replaces the 0.
pub const CERTAIN_MINUTES: i64 = 2;

/// What AWS/Lambda says of a function and its log cannot.
const OF_FUNCTION: [AwsSignal; 4] = [
    AwsSignal::Invocations,
    AwsSignal::Errors,
    AwsSignal::Throttles,
    AwsSignal::ConcurrentExecutions,
];
/// What moves only with the others, asked with the functions' turn.
const OF_ACCOUNT_IN_TURN: [AwsSignal; 2] = [
    AwsSignal::ClaimedAccountConcurrency,
    AwsSignal::UnreservedConcurrentExecutions,
];

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

/// The account's own series: four every minute, all in turn.
#[must_use]
pub fn account(window: Minute, late: bool) -> Vec<MetricQuery> {
    let in_turn = late || is_turn(window);
    let more = OF_ACCOUNT_IN_TURN.iter().filter(|_| in_turn);
    let signals = OF_FUNCTION.iter().chain(more);
    signals
        .map(|signal| MetricQuery {
            function: None,
            signal: *signal,
        })
        .collect()
}

fn is_turn(window: Minute) -> bool {
    window.index().rem_euclid(ROUTINE_MINUTES) == 0
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
    } else if is_turn(window) {
        Some(Why::Routine)
    } else {
        None
    }
}

/// The series of one function.
#[must_use]
pub fn of_function(function: &str) -> Vec<MetricQuery> {
    OF_FUNCTION
        .iter()
        .map(|signal| MetricQuery {
            function: Some(function.to_owned()),
            signal: *signal,
        })
        .collect()
}

/// Says that nothing was invoked in the minutes `from` to `window` that are certain and have no value, in the answer
/// about one function.
pub fn declare_silence(function: &str, values: &mut MetricValues, from: Minute, window: Minute) {
    let query = MetricQuery {
        function: Some(function.to_owned()),
        signal: AwsSignal::Invocations,
    };
    let invocations = values.entry(query).or_default();
    for index in from.index()..=window.index() - CERTAIN_MINUTES {
        invocations.entry(Minute::from_index(index)).or_insert(0.0);
    }
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
    fn every_minute_is_asked_for_when_it_is_certain_and_before_it_is_learned() {
        let mut certain = std::collections::BTreeSet::new();
        let settle = 6;
        for index in 100..130 {
            let window = Minute::from_index(index);
            if !is_turn(window) {
                continue;
            }
            let mut values = MetricValues::new();
            declare_silence("f", &mut values, window.plus(1 - REREAD_MINUTES), window);
            certain.extend(values.into_values().flatten().map(|(minute, _)| minute));
            let learned = window.plus(-settle);
            assert!(
                index < 110 || certain.contains(&learned),
                "{learned} is learned at {window}"
            );
        }
        let whole: Vec<_> = (102..=123).map(Minute::from_index).collect();
        assert!(
            whole.iter().all(|minute| certain.contains(minute)),
            "{certain:?}"
        );
    }

    #[test]
    fn silence_is_declared_where_nothing_was_said_and_enough_time_has_passed() {
        let window = Minute::from_index(100);
        let query = |signal| MetricQuery {
            function: Some("f".to_owned()),
            signal,
        };
        let said = BTreeMap::from([(window.plus(-4), 7.0)]);
        let mut values = MetricValues::from([(query(AwsSignal::Invocations), said)]);
        declare_silence("f", &mut values, window.plus(-5), window);
        let expected = BTreeMap::from([
            (window.plus(-5), 0.0),
            (window.plus(-4), 7.0),
            (window.plus(-3), 0.0),
            (window.plus(-2), 0.0),
        ]);
        assert_eq!(
            values,
            MetricValues::from([(query(AwsSignal::Invocations), expected)])
        );
    }

    #[test]
    fn the_account_s_pools_are_asked_in_turn() {
        for (name, minute, late, asked) in [
            ("between", 101, false, 4),
            ("its turn", 100, false, 6),
            ("after a gap", 101, true, 6),
        ] {
            assert_eq!(
                account(Minute::from_index(minute), late).len(),
                asked,
                "{name}"
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
