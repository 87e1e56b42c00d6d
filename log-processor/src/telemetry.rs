//! What the processor says of itself and, of the watched functions, what CloudWatch cannot know.
//!
//! A document an invocation, one for each reason of rejection, and a bounded number of others: how many depends on
//! what there is to say and never on the lines that were read.

use extraction::{Batch, Counts, PayloadError};
use jiff::Timestamp;
use platform::emit::Emitter;
use platform::telemetry::{document, own};
use signals::Metric;

use crate::{Deps, Outcome, Sightings};

mod functions;
mod guard;
#[cfg(test)]
mod tests;
mod violations;

pub(crate) use guard::Guard;

/// The value of the dimension `service`.
pub(crate) const SERVICE: &str = "log-processor";

#[expect(clippy::cast_precision_loss, reason = "counts of one payload")]
fn number(count: u64) -> f64 {
    count as f64
}

/// Who tells, to whom, and what it has told already.
#[derive(Debug)]
struct Speaker<'d> {
    emitter: &'d dyn Emitter,
    function_name: &'d str,
    sightings: &'d Sightings,
    at: Timestamp,
}

impl<'d> Speaker<'d> {
    fn of(deps: &'d Deps) -> Self {
        Self {
            emitter: &*deps.emitter,
            function_name: &deps.function_name,
            sightings: &deps.sightings,
            at: deps.clock.now(),
        }
    }

    fn own(&self) -> [(&'static str, &'d str); 2] {
        own(self.function_name, SERVICE)
    }

    fn tell(&self, dimensions: &[(&str, &str)], metrics: &[(Metric, f64)]) {
        self.emitter.emit(&document(self.at, dimensions, metrics));
    }

    fn rejected(&self, reason: &str, times: u64) {
        let [function, service] = self.own();
        let dimensions = [function, service, ("reason", reason)];
        self.tell(&dimensions, &[(Metric::RejectedEvents, number(times))]);
    }
}

/// Tells what a payload of so many bytes, as it came, was about.
pub(crate) fn emit(deps: &Deps, outcome: &Outcome, read: (usize, &Counts, &[Batch])) {
    emit_by(&Speaker::of(deps), outcome, read);
}

fn emit_by(
    speaker: &Speaker<'_>,
    outcome: &Outcome,
    (bytes_in, counts, batches): (usize, &Counts, &[Batch]),
) {
    let rejected = outcome.rejected.values().sum();
    let errors = outcome.application_errors.values().sum();
    let violations = counts.violations.iter().map(|(_, broken)| broken.count);
    let mut totals = vec![
        (Metric::LogEvents, number(outcome.events)),
        (Metric::Samples, number(outcome.samples)),
        (Metric::RejectedEvents, number(rejected)),
        (Metric::RollupsWritten, number(outcome.items_written)),
        (Metric::BytesIn, number(bytes_in as u64)),
        (Metric::BytesInflated, number(outcome.bytes)),
        (Metric::BatchesReplayed, number(outcome.batches_replayed)),
        (Metric::EventsSkipped, number(outcome.events_skipped)),
        (Metric::LedgerGaps, number(outcome.ledger_gaps)),
        (Metric::LogsDropped, number(counts.logs_dropped)),
        (Metric::ApplicationErrors, number(errors)),
        (Metric::NewErrors, number(outcome.new_errors)),
        (Metric::EmfViolations, number(violations.sum())),
        (
            Metric::CardinalityCapped,
            number(counts.capped.values().sum()),
        ),
    ];
    if let Some((oldest, newest)) = counts.times {
        totals.push((Metric::IngestLagSeconds, age(speaker.at, newest)));
        totals.push((Metric::OldestIngestLagSeconds, age(speaker.at, oldest)));
    }
    speaker.tell(&speaker.own(), &totals);
    for (reason, times) in &outcome.rejected {
        speaker.rejected(reason, *times);
    }
    violations::emit(speaker, counts);
    violations::emit_capped(speaker, counts);
    if speaker.sightings.functions {
        functions::emit(speaker, batches);
    }
}

/// How old a log event is, in seconds; one from the future is new.
#[expect(clippy::cast_precision_loss, reason = "milliseconds of some years")]
fn age(now: Timestamp, millis: i64) -> f64 {
    now.as_millisecond().saturating_sub(millis).max(0) as f64 / 1000.0
}

/// Tells of a payload that could not be read at all.
pub(crate) fn emit_unreadable(deps: &Deps, error: &PayloadError) {
    let speaker = Speaker::of(deps);
    speaker.tell(&speaker.own(), &[(Metric::RejectedEvents, 1.0)]);
    speaker.rejected(error.as_str(), 1);
}
