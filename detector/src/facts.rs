//! What is known of a service beside its models: limits that were read, its version, its busiest minute of each day.
//! Pure, and a function of the rollups like everything in the state.

use serde::{Deserialize, Serialize};
use signals::{AwsSignal, LambdaSignal, Minute, Rollup, SeriesKey};

use crate::forecast::MOST_DAYS;
use crate::watch::{Scope, Service};
use crate::watchlist::Series;

/// Minutes in a row on an older version before that counts as a step back. While a rollout bakes, a minute without a
/// request of the newer version is ordinary.
const BACK: u32 = 3;
/// Minutes after a change of version in which cold starts are what a change brings.
pub const DEPLOY_MINUTES: i64 = 15;
/// Minutes for which refused calls count as present: what CloudWatch says of a minute comes up to two minutes later,
/// and a function whose callers wait between attempts is not refused every minute.
const REFUSING_MINUTES: i64 = 5;
/// How much longer than the learned timeout an invocation must take to prove that it is no longer that.
const LONGER: f64 = 1.02;
const DAY: i64 = 1_440;

/// What a service may use. `None` is not known.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
pub struct Limits {
    /// After this many milliseconds Lambda ends an invocation: configured, or the longest duration of a minute with
    /// timeouts.
    pub timeout_ms: Option<f64>,
    /// Memory of the function, megabytes.
    pub memory_mb: Option<f64>,
    /// Environments reserved for the function.
    pub reserved: Option<f64>,
    /// Environments that all functions without a reservation share.
    pub unreserved: Option<f64>,
    /// Environments of the whole account.
    pub account: Option<f64>,
}

/// A change of version.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Changed {
    /// The first minute in which the version was heard, from the epoch.
    pub at: i64,
    /// The version before.
    pub from: u64,
    /// The version since then.
    pub to: u64,
}

/// What a minute says of the version.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Step {
    /// A newer version was heard for the first time.
    Newer(Changed),
    /// An older version serves alone again.
    Back(Changed),
}

/// What is known of a service beside its models.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Facts {
    /// The first minute that anything was heard of it, from the epoch.
    pub first: Option<i64>,
    /// The version that serves; `None` as long as none was heard.
    pub version: Option<u64>,
    /// The last change of version.
    pub changed: Option<Changed>,
    /// Minutes in a row in which only an older version was heard.
    older: u32,
    /// What it may use.
    pub limits: Limits,
    /// Whether it ever had a reservation: what is gone is known, not unknown.
    pub(crate) had_reserved: bool,
    /// Whether a timeout was ever known, for the same reason.
    pub(crate) had_timeout: bool,
    /// The last minute in which calls of it were refused.
    refused: Option<i64>,
    /// Whether that was within the last [`REFUSING_MINUTES`].
    pub(crate) is_refusing: bool,
    /// Environments in use in the last minute that said so, with that minute.
    pub(crate) busy: Option<(i64, f64)>,
    /// The rise of environments in use since the minute before, for ten seconds; `None` without two such minutes.
    pub(crate) rise: Option<f64>,
    /// The day that is not over, from the epoch, and its highest concurrency.
    today: Option<(i64, f64)>,
    /// The highest concurrency of each day that is over, oldest first.
    pub(crate) peaks: Vec<f64>,
}

/// Environments in use: as CloudWatch saw them or, when it was not asked for this minute, as many as the durations
/// of the reports fill (requests a second × seconds each: Little 1961, "A proof for the queuing formula L = λW").
#[must_use]
pub fn concurrency(service: &Service, series: &Series) -> Option<f64> {
    let (asked, reported) = match service.scope() {
        Scope::Account => (
            SeriesKey::aws(None, AwsSignal::ClaimedAccountConcurrency),
            None,
        ),
        Scope::Function | Scope::Drill => {
            let function = service.function();
            let duration = SeriesKey::lambda(function, LambdaSignal::DurationMs);
            (
                SeriesKey::aws(Some(function), AwsSignal::ConcurrentExecutions),
                series.get(&duration),
            )
        }
    };
    let asked = series.get(&asked).and_then(Rollup::max);
    asked.or_else(|| reported.map(|rollup| rollup.sum() / 60_000.0))
}

impl Facts {
    /// Takes in a minute.
    pub(crate) fn see(
        &mut self,
        service: &Service,
        minute: Minute,
        series: &Series,
    ) -> Option<Step> {
        let at = minute.index();
        if !series.is_empty() {
            self.first.get_or_insert(at);
        }
        self.see_limits(service, series);
        self.see_refusals(service, series, at);
        self.see_concurrency(concurrency(service, series), at);
        let version = SeriesKey::lambda(service.function(), LambdaSignal::Version);
        let heard = series.get(&version).and_then(Rollup::max)?;
        self.see_version(whole(heard), at)
    }

    fn see_limits(&mut self, service: &Service, series: &Series) {
        let function = match service.scope() {
            Scope::Account => None,
            Scope::Function | Scope::Drill => Some(service.function()),
        };
        let newest = |key: &SeriesKey| series.get(key).and_then(Rollup::max);
        let limits = &mut self.limits;
        // Both are written whenever they are read, so what is gone now does not stay.
        let limit = newest(&SeriesKey::aws(function, AwsSignal::ConcurrencyLimit));
        let unreserved = newest(&SeriesKey::aws(function, AwsSignal::UnreservedLimit));
        if limit.is_some() || unreserved.is_some() {
            limits.unreserved = unreserved;
            match service.scope() {
                Scope::Account => limits.account = limit,
                Scope::Function | Scope::Drill => {
                    limits.reserved = limit;
                    self.had_reserved |= limit.is_some();
                }
            }
        }
        let Some(function) = function else { return };
        let lambda = |signal| series.get(&SeriesKey::lambda(function, signal));
        if let Some(size) = lambda(LambdaSignal::MemorySizeMb).and_then(Rollup::max) {
            limits.memory_mb = Some(size);
        }
        if let Some(seconds) = service.timeout_seconds {
            limits.timeout_ms = Some(f64::from(seconds) * 1_000.0);
        } else if let Some(longest) = lambda(LambdaSignal::DurationMs).and_then(Rollup::max) {
            if lambda(LambdaSignal::Timeouts).is_some() {
                // Lambda ends it there, so nothing took longer.
                limits.timeout_ms = Some(longest);
            } else if limits
                .timeout_ms
                .is_some_and(|known| longest > known * LONGER)
            {
                // Something did: the timeout was raised, and nobody knows to what.
                limits.timeout_ms = None;
            }
        }
        self.had_timeout |= limits.timeout_ms.is_some();
    }

    fn see_refusals(&mut self, service: &Service, series: &Series, at: i64) {
        let key = SeriesKey::aws(Some(service.function()), AwsSignal::Throttles);
        if service.scope() == Scope::Function && series.get(&key).is_some_and(|it| it.sum() > 0.0) {
            self.refused = Some(at);
        }
        self.is_refusing = self
            .refused
            .is_some_and(|last| at.saturating_sub(last) < REFUSING_MINUTES);
    }

    fn see_concurrency(&mut self, busy: Option<f64>, at: i64) {
        self.rise = None;
        let Some(busy) = busy else { return };
        if let Some((before, last)) = self.busy
            && before.checked_add(1) == Some(at)
        {
            self.rise = Some((busy - last) / 6.0);
        }
        self.busy = Some((at, busy));
        let day = at.div_euclid(DAY);
        match &mut self.today {
            Some((of, peak)) if *of == day => *peak = peak.max(busy),
            // A minute of a day that is over comes only with a state that was put together wrongly.
            Some((of, _)) if *of > day => {}
            today => {
                if let Some((_, peak)) = today.replace((day, busy)) {
                    self.peaks.push(peak);
                    let surplus = self.peaks.len().saturating_sub(MOST_DAYS);
                    self.peaks.drain(..surplus);
                }
            }
        }
    }

    fn see_version(&mut self, heard: u64, at: i64) -> Option<Step> {
        let Some(version) = self.version else {
            self.version = Some(heard);
            return None;
        };
        let changed = Changed {
            at,
            from: version,
            to: heard,
        };
        if heard > version {
            (self.version, self.older, self.changed) = (Some(heard), 0, Some(changed));
            return Some(Step::Newer(changed));
        }
        self.older = if heard < version { self.older + 1 } else { 0 };
        if self.older < BACK {
            return None;
        }
        (self.version, self.older, self.changed) = (Some(heard), 0, Some(changed));
        Some(Step::Back(changed))
    }

    /// Whether the version changed so short a time before that cold starts are what is to be expected.
    #[must_use]
    pub fn just_deployed(&self, minute: Minute) -> bool {
        self.changed.is_some_and(|changed| {
            (0..DEPLOY_MINUTES).contains(&minute.index().saturating_sub(changed.at))
        })
    }
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "the cast saturates at both ends"
)]
fn whole(value: f64) -> u64 {
    value.round() as u64
}

#[cfg(test)]
mod tests;
