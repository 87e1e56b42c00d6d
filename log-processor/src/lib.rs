//! Lambda function: batches of log events in, rollups out.
//!
//! A batch is read by pure functions (payload → documents → messages → samples → rollups by minute and series) and
//! written under a name made of all its event ids, so that delivering it again changes nothing. Before that it claims
//! its log events in the ledger of their stream, so that those which come again in other batches are counted once
//! (`claims.rs`). A line that cannot be read is counted with its reason and never fails the batch; a payload that
//! cannot be read, and a store that does not take what it is given before the deadline, fail the invocation: after
//! Lambda's two retries the event lies in the on-failure destination.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use extraction::{Batch, Counts, PayloadError, Reader, Reason, Rules, Skip};
use platform::clock::Clock;
use platform::deadline::Deadline;
use platform::emit::Emitter;
use platform::ledger::{Ledger, LedgerError};
use platform::series_store::{SeriesStore, SeriesStoreError, Written};
use serde::Serialize;

mod claims;
pub mod settings;
mod sightings;
mod start;
mod telemetry;
#[cfg(test)]
mod tests;

pub use sightings::Sightings;
pub use start::{connect, ledger, start};

/// What an invocation needs.
#[derive(Debug)]
pub struct Deps {
    /// Where rollups go.
    pub series: Arc<dyn SeriesStore>,
    /// Which batch counts which log events; `None` when it is switched off: see [`settings::LEDGER`].
    pub ledger: Option<Arc<dyn Ledger>>,
    /// The processor's own metrics.
    pub emitter: Arc<dyn Emitter>,
    /// For the timestamp of its own metrics, for waits, and to tell what comes late; what is read is dated by itself.
    pub clock: Arc<dyn Clock>,
    /// The name of this function on Lambda, a dimension of its own metrics; empty elsewhere.
    pub function_name: String,
    /// How payloads are read.
    pub rules: Rules,
    /// What reads them. An environment has one invocation at a time, so nobody waits for the lock.
    pub reader: Mutex<Reader>,
    /// What is told beside the rollups: new errors, violations, what CloudWatch cannot know of the functions.
    pub sightings: Sightings,
}

impl Deps {
    fn read(&self, event: &[u8], skip: &Skip) -> Result<(Vec<Batch>, Counts), PayloadError> {
        let mut reader = self.reader.lock().unwrap_or_else(|poisoned| {
            // A panic left it half way through a payload: begin anew.
            let mut reader = poisoned.into_inner();
            *reader = Reader::default();
            reader
        });
        reader.read(event, &self.rules, skip)
    }
}

/// What an invocation came to.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Outcome {
    /// Documents by which CloudWatch Logs only asked whether anybody is there.
    pub control_messages: u64,
    /// Bytes of JSON after decompression.
    pub bytes: u64,
    /// Log events, rejected ones included.
    pub events: u64,
    /// Samples.
    pub samples: u64,
    /// Series that have samples.
    pub series: u64,
    /// Minutes that have samples.
    pub minutes: u64,
    /// What was rejected, by reason.
    pub rejected: BTreeMap<&'static str, u64>,
    /// Log events that tell of an error, by class.
    pub application_errors: BTreeMap<&'static str, u64>,
    /// Errors that no log line of their log group had told of in 30 days.
    pub new_errors: u64,
    /// Rollup items written.
    pub items_written: u64,
    /// Batches all of whose log events other batches have counted: redelivered in another cut.
    pub batches_replayed: u64,
    /// Log events that other batches have counted, and this one did not.
    pub events_skipped: u64,
    /// Claims of other batches that do not fit what this payload holds between their ends: the stream was not
    /// delivered in contiguous runs. Nothing is skipped for their sake.
    pub ledger_gaps: u64,
    /// Batches that no ledger knows: it is switched off, or their ids are none or do not rise.
    pub ledger_unclaimed: u64,
}

/// Why an invocation failed.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The payload cannot be read. Lambda retries all the same, and then hands it to the on-failure destination.
    #[error(transparent)]
    Payload(#[from] PayloadError),
    /// The rollups could not be written. What was written is overwritten by the retry.
    #[error("rollups of {log_group} were not written: {source}")]
    Store {
        /// The log group.
        log_group: String,
        /// What the store said.
        source: SeriesStoreError,
    },
    /// The log events could not be claimed. Nothing of the payload was written; what was claimed waits for the retry.
    #[error("log events of {log_group} were not claimed: {source}")]
    Ledger {
        /// The log group.
        log_group: String,
        /// What the ledger said.
        source: LedgerError,
    },
    /// Others claimed log events of the same stream at the same time, again and again.
    #[error(
        "log events of {log_group} were not claimed in {tries} tries: other batches of their stream were faster each \
         time; the retry comes when they are done"
    )]
    Contended {
        /// The log group.
        log_group: String,
        /// How often it was tried.
        tries: u32,
    },
    /// A call had no answer when the time was up.
    #[error(
        "{what} of {log_group} had no answer before the function's deadline; the retry begins where this ended, raise \
         the function's time-out if it happens often"
    )]
    OutOfTime {
        /// The log group.
        log_group: String,
        /// The call.
        what: &'static str,
    },
}

impl Error {
    /// Whether the same payload may succeed later.
    #[must_use]
    pub fn is_retryable(&self) -> bool {
        match self {
            Self::Payload(error) => error.is_retryable(),
            Self::Store { source, .. } => source.is_retryable(),
            Self::Ledger { source, .. } => source.is_retryable(),
            Self::Contended { .. } | Self::OutOfTime { .. } => true,
        }
    }
}

/// What Lambda is told of an invocation that failed: the kind decides nothing there, but it is what its metrics
/// and the on-failure destination show.
impl From<Error> for lambda_runtime::Diagnostic {
    fn from(error: Error) -> Self {
        let kind = if error.is_retryable() {
            "LogProcessor.Retryable"
        } else {
            "LogProcessor.Permanent"
        };
        Self {
            error_type: kind.to_owned(),
            error_message: error.to_string(),
        }
    }
}

impl Outcome {
    fn of(counts: &Counts, batches: &[Batch]) -> Self {
        let minutes = || batches.iter().flat_map(|batch| &batch.rollups);
        let series: BTreeSet<_> = minutes().flat_map(|(_, series)| series.keys()).collect();
        let mut outcome = Self {
            control_messages: counts.control_messages,
            bytes: counts.bytes,
            events: counts.events,
            samples: counts.samples,
            series: series.len() as u64,
            minutes: minutes()
                .map(|(minute, _)| minute)
                .collect::<BTreeSet<_>>()
                .len() as u64,
            ..Self::default()
        };
        for (reason, times) in &counts.rejected {
            *outcome.rejected.entry(reason.as_str()).or_default() += times;
        }
        for (class, times) in &counts.application_errors {
            *outcome
                .application_errors
                .entry(class.as_str())
                .or_default() += times;
        }
        outcome
    }
}

/// One invocation without a deadline: `event` is the Lambda event as it came.
///
/// # Errors
/// A payload that cannot be read; a ledger or a store that does not take what it is given.
pub async fn handle(event: &[u8], deps: &Deps) -> Result<Outcome, Error> {
    handle_until(event, deps, &Deadline::never(deps.clock.clone())).await
}

/// What an invocation keeps of its time to say why it failed.
const TO_SAY_SO: Duration = Duration::from_millis(500);

/// One invocation that Lambda ends at `ends`, milliseconds since 1970.
///
/// # Errors
/// A payload that cannot be read; a ledger or a store that does not take what it is given in time.
pub async fn invoke(event: &[u8], deps: &Deps, ends: u64) -> Result<Outcome, Error> {
    let now = u64::try_from(deps.clock.now().as_millisecond()).unwrap_or(0);
    let left = Duration::from_millis(ends.saturating_sub(now)).saturating_sub(TO_SAY_SO);
    handle_until(event, deps, &Deadline::after(deps.clock.clone(), left)).await
}

/// One invocation.
///
/// # Errors
/// A payload that cannot be read; a ledger or a store that does not take what it is given before the deadline.
pub async fn handle_until(
    event: &[u8],
    deps: &Deps,
    deadline: &Deadline,
) -> Result<Outcome, Error> {
    let unreadable = |error: PayloadError| {
        telemetry::emit_unreadable(deps, &error);
        Error::from(error)
    };
    let (mut batches, mut counts) = deps.read(event, &Skip::new()).map_err(unreadable)?;
    let claimed = claims::claim(event, &batches, deps, deadline).await?;
    if !claimed.skip.is_empty() {
        (batches, counts) = deps.read(event, &claimed.skip).map_err(unreadable)?;
    }
    let mut outcome = Outcome::of(&counts, &batches);
    outcome.batches_replayed = claimed.replayed;
    outcome.events_skipped = counts.skipped;
    outcome.ledger_gaps = claimed.gaps;
    outcome.ledger_unclaimed = claimed.unclaimed;
    for batch in &batches {
        let written = write(batch, deps, deadline).await?;
        outcome.items_written += written.items;
        if written.too_large > 0 {
            *outcome
                .rejected
                .entry(Reason::SeriesTooLarge.as_str())
                .or_default() += written.too_large;
        }
    }
    outcome.new_errors = sightings::record(&batches, deps, deadline).await;
    telemetry::emit(deps, &outcome, (event.len(), &counts, &batches));
    Ok(outcome)
}

/// Writes the rollups of a batch; what may be sealed by now is marked before.
async fn write(batch: &Batch, deps: &Deps, deadline: &Deadline) -> Result<Written, Error> {
    let Batch {
        log_group,
        id,
        version,
        rollups,
        ..
    } = batch;
    let in_time = |what, answer: Option<Result<_, SeriesStoreError>>| match answer {
        Some(Ok(answer)) => Ok(answer),
        Some(Err(source)) => Err(Error::Store {
            log_group: log_group.clone(),
            source,
        }),
        None => Err(Error::OutOfTime {
            log_group: log_group.clone(),
            what,
        }),
    };
    let now = deps.clock.now();
    let marked = deps.series.mark_late(log_group, id, rollups, now);
    let marked = deadline.cut(marked).await;
    in_time(
        "marking late minutes",
        marked.map(|marked| marked.map(|_| Written::default())),
    )?;
    let put = deps
        .series
        .put_batch_until(log_group, id, *version, rollups, deadline);
    in_time("writing rollups", deadline.cut(put).await)
}
