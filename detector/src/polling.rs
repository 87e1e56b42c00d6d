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
/// Minutes that a poll reads: CloudWatch stamps errors with the invocation's time and corrects late. As many more than
/// lie between two polls as it takes for each minute to be read once when it is [`CERTAIN_MINUTES`] old. No more than
/// one above the least `settle_minutes`: the run before sealed what is older, and would not see what is written there.
pub const REREAD_MINUTES: i64 = ROUTINE_MINUTES + CERTAIN_MINUTES;
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
mod tests;
