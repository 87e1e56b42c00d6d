//! What the processor says of itself: a line an invocation, and one for each reason of rejection. Their number
//! depends on the reasons there are and never on the lines that were read.

use jiff::Timestamp;
use platform::emit::Emitter;
use platform::telemetry::document;
use signals::Metric;

use crate::Outcome;
use crate::payload::PayloadError;

/// The value of the dimension `service`.
pub(crate) const SERVICE: &str = "log-processor";

#[expect(clippy::cast_precision_loss, reason = "counts of one payload")]
fn number(count: u64) -> f64 {
    count as f64
}

/// Tells what a payload came to.
pub(crate) fn emit(emitter: &dyn Emitter, at: Timestamp, outcome: &Outcome) {
    let rejected = outcome.rejected.values().sum();
    let totals = [
        (Metric::LogEvents, number(outcome.events)),
        (Metric::Samples, number(outcome.samples)),
        (Metric::RejectedEvents, number(rejected)),
        (Metric::RollupsWritten, number(outcome.items_written)),
    ];
    emitter.emit(&document(at, &[("service", SERVICE)], &totals));
    for (reason, times) in &outcome.rejected {
        emit_rejected(emitter, at, reason, *times);
    }
}

/// Tells of a payload that could not be read at all.
pub(crate) fn emit_unreadable(emitter: &dyn Emitter, at: Timestamp, error: &PayloadError) {
    emitter.emit(&document(
        at,
        &[("service", SERVICE)],
        &[(Metric::RejectedEvents, 1.0)],
    ));
    emit_rejected(emitter, at, error.as_str(), 1);
}

fn emit_rejected(emitter: &dyn Emitter, at: Timestamp, reason: &str, times: u64) {
    let metrics = [(Metric::RejectedEvents, number(times))];
    emitter.emit(&document(
        at,
        &[("service", SERVICE), ("reason", reason)],
        &metrics,
    ));
}
