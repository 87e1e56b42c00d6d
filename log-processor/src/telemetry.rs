//! What the processor says of itself: a line an invocation, and one for each reason of rejection. Their number
//! depends on the reasons there are and never on the lines that were read.

use jiff::Timestamp;
use platform::telemetry::{document, own};
use signals::Metric;

use crate::{Deps, Outcome};
use extraction::PayloadError;

/// The value of the dimension `service`.
pub(crate) const SERVICE: &str = "log-processor";

#[expect(clippy::cast_precision_loss, reason = "counts of one payload")]
fn number(count: u64) -> f64 {
    count as f64
}

/// Tells what a payload came to.
pub(crate) fn emit(deps: &Deps, outcome: &Outcome) {
    let rejected = outcome.rejected.values().sum();
    let totals = [
        (Metric::LogEvents, number(outcome.events)),
        (Metric::Samples, number(outcome.samples)),
        (Metric::RejectedEvents, number(rejected)),
        (Metric::RollupsWritten, number(outcome.items_written)),
    ];
    let at = deps.clock.now();
    let dimensions = own(&deps.function_name, SERVICE);
    deps.emitter.emit(&document(at, &dimensions, &totals));
    for (reason, times) in &outcome.rejected {
        emit_rejected(deps, at, reason, *times);
    }
}

/// Tells of a payload that could not be read at all.
pub(crate) fn emit_unreadable(deps: &Deps, error: &PayloadError) {
    let at = deps.clock.now();
    let dimensions = own(&deps.function_name, SERVICE);
    let metrics = [(Metric::RejectedEvents, 1.0)];
    deps.emitter.emit(&document(at, &dimensions, &metrics));
    emit_rejected(deps, at, error.as_str(), 1);
}

fn emit_rejected(deps: &Deps, at: Timestamp, reason: &str, times: u64) {
    let [function, service] = own(&deps.function_name, SERVICE);
    let dimensions = [function, service, ("reason", reason)];
    let metrics = [(Metric::RejectedEvents, number(times))];
    deps.emitter.emit(&document(at, &dimensions, &metrics));
}
