//! Errors that nobody has seen yet: recorded in the store, counted, and told of in one line each.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use extraction::Batch;
use extraction::application::{Fingerprint, Seen};
use jiff::Timestamp;
use platform::deadline::Deadline;
use platform::errors_seen::{ErrorSeen, ErrorsSeen, Novelty};
use platform::logging::redaction::redact;

use crate::Deps;
use crate::telemetry::Guard;

#[cfg(test)]
mod tests;

/// Calls of the store that one invocation makes for errors. What is left is recorded when it is seen again.
const MAX_CALLS: usize = 20;
/// Errors that an environment remembers; then it forgets all, and asks the store again.
const MAX_KNOWN: usize = 4096;

/// What is told beside the rollups, and what an environment remembers of having told it.
#[derive(Debug, Default)]
pub struct Sightings {
    pub(crate) store: Option<Arc<dyn ErrorsSeen>>,
    pub(crate) functions: bool,
    pub(crate) guard: Mutex<Guard>,
}

impl Sightings {
    /// Records new errors in `store`; `functions`: whether what CloudWatch cannot know of the watched functions is
    /// published as metrics.
    #[must_use]
    pub fn new(store: Arc<dyn ErrorsSeen>, functions: bool) -> Self {
        Self {
            store: Some(store),
            functions,
            guard: Mutex::default(),
        }
    }

    /// A panic while it was held leaves nothing half done: it holds sets of names.
    pub(crate) fn guard(&self) -> MutexGuard<'_, Guard> {
        self.guard.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn knows(&self, log_group: &str, fingerprint: Fingerprint, day: i64) -> bool {
        let known = &self.guard().known;
        known.get(&(log_group.to_owned(), fingerprint)) == Some(&day)
    }

    fn remember(&self, log_group: &str, fingerprint: Fingerprint, day: i64) {
        let known: &mut BTreeMap<_, _> = &mut self.guard().known;
        if known.len() >= MAX_KNOWN {
            known.clear();
        }
        known.insert((log_group.to_owned(), fingerprint), day);
    }

    /// The store's write decides who announces. A processor that dies between the write and the line that announces
    /// leaves an error unannounced; the other order would announce it with every delivery.
    async fn record(&self, batches: &[Batch], now: Timestamp, deadline: &Deadline) -> u64 {
        let Some(store) = &self.store else {
            return 0;
        };
        let day = now.as_second().div_euclid(86_400);
        let all = batches.iter().flat_map(|batch| {
            let errors = batch.errors.seen().iter();
            errors.map(|(fingerprint, seen)| (batch.log_group.as_str(), *fingerprint, seen))
        });
        let unknown: Vec<_> = all
            .filter(|(group, fingerprint, _)| !self.knows(group, *fingerprint, day))
            .take(MAX_CALLS)
            .collect();
        let mut new = 0;
        for (log_group, fingerprint, seen) in unknown {
            let error = error_seen(log_group, fingerprint, seen, now);
            match deadline.cut(store.see(&error, now)).await {
                Some(Ok(novelty)) => {
                    self.remember(log_group, fingerprint, day);
                    if novelty == Novelty::New {
                        announce(&error);
                        new += 1;
                    }
                }
                Some(Err(failure)) => {
                    tracing::warn!(log_group, error = %failure, "an error was not recorded");
                    break;
                }
                None => {
                    tracing::warn!(log_group, "no time was left to record errors");
                    break;
                }
            }
        }
        new
    }
}

/// Records the errors of these batches and says how many of them are new. Never fails: an error that could not be
/// recorded is when it is seen again, and the rollups are worth more than the announcement.
pub(crate) async fn record(batches: &[Batch], deps: &Deps, deadline: &Deadline) -> u64 {
    deps.sightings
        .record(batches, deps.clock.now(), deadline)
        .await
}

fn error_seen(log_group: &str, fingerprint: Fingerprint, seen: &Seen, now: Timestamp) -> ErrorSeen {
    ErrorSeen {
        log_group: log_group.to_owned(),
        fingerprint: fingerprint.to_string(),
        class: seen.class.as_str().to_owned(),
        kind: redact(&seen.kind).into_owned(),
        message: redact(&seen.message).into_owned(),
        request_id: seen.example.as_ref().map(|(_, id)| id.clone()),
        at: Timestamp::from_millisecond(seen.first).unwrap_or(now),
    }
}

/// One line; the logger writes it as JSON, so nothing in it can break out.
fn announce(error: &ErrorSeen) {
    tracing::warn!(
        log_group = error.log_group,
        fingerprint = error.fingerprint,
        error_class = error.class,
        error_type = error.kind,
        error_message = error.message,
        request_id = error.request_id.as_deref().unwrap_or_default(),
        first_seen = %error.at,
        "new error: no line of this log group has told of it in the last 30 days"
    );
}
