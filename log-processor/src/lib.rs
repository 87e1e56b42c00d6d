//! Lambda function: batches of log events in, rollups out.
//!
//! A batch is read by pure functions (payload → documents → messages → samples → rollups by minute and series) and
//! written under a name made of all its event ids, so that delivering it again changes nothing. A line that cannot
//! be read is counted with its reason and never fails the batch; a payload that cannot be read fails the
//! invocation, and after Lambda's two retries it lies in the on-failure destination.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};

use extraction::{Batch, Counts, PayloadError, Reader, Reason, Rules, Skip};
use platform::clock::Clock;
use platform::emit::Emitter;
use platform::series_store::{SeriesStore, SeriesStoreError};
use serde::Serialize;

pub mod settings;
mod start;
mod telemetry;
#[cfg(test)]
mod tests;

pub use start::{connect, start};

/// What an invocation needs.
#[derive(Debug)]
pub struct Deps {
    /// Where rollups go.
    pub series: Arc<dyn SeriesStore>,
    /// The processor's own metrics.
    pub emitter: Arc<dyn Emitter>,
    /// For the timestamp of its own metrics only; what is read is dated by itself.
    pub clock: Arc<dyn Clock>,
    /// The name of this function on Lambda, a dimension of its own metrics; empty elsewhere.
    pub function_name: String,
    /// How payloads are read.
    pub rules: Rules,
    /// What reads them. An environment has one invocation at a time, so nobody waits for the lock.
    pub reader: Mutex<Reader>,
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
    /// Rollup items written.
    pub items_written: u64,
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
}

impl Error {
    /// Whether the same payload may succeed later.
    #[must_use]
    pub fn is_retryable(&self) -> bool {
        match self {
            Self::Payload(error) => error.is_retryable(),
            Self::Store { source, .. } => source.is_retryable(),
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

/// One invocation: `event` is the Lambda event as it came.
///
/// # Errors
/// A payload that cannot be read; a store that does not take the rollups.
pub async fn handle(event: &[u8], deps: &Deps) -> Result<Outcome, Error> {
    let (batches, counts) = match deps.read(event, &Skip::new()) {
        Ok(read) => read,
        Err(error) => {
            telemetry::emit_unreadable(deps, &error);
            return Err(error.into());
        }
    };
    let mut outcome = Outcome::of(&counts, &batches);
    for batch in batches {
        let written = deps
            .series
            .put_batch_of(&batch.log_group, &batch.id, batch.version, &batch.rollups)
            .await;
        let written = written.map_err(|source| Error::Store {
            log_group: batch.log_group,
            source,
        })?;
        outcome.items_written += written.items;
        if written.too_large > 0 {
            *outcome
                .rejected
                .entry(Reason::SeriesTooLarge.as_str())
                .or_default() += written.too_large;
        }
    }
    telemetry::emit(deps, &outcome);
    Ok(outcome)
}
