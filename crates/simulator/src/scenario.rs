//! What is simulated: which service, when, how busy, and which faults.

use std::collections::BTreeMap;

use serde::Serialize;
use signals::{Minute, Rollup, SeriesKey};

use crate::fault::rfc3339;
use crate::{Fault, Request, Service, plan, request, rollups};

/// Two weeks of history.
const HISTORY_MINUTES: u32 = 14 * 24 * 60;
/// Enough for percentiles each minute, and few enough that chance is visible.
const REQUESTS_PER_MINUTE: f64 = 40.0;
/// A minute gives each request its own millisecond; beyond this the season's peak would not fit.
const MOST_REQUESTS: f64 = 40_000.0;

/// A service over a stretch of time, all of it from a seed.
#[derive(Debug, Clone, PartialEq)]
pub struct Scenario {
    /// Where all randomness comes from.
    pub seed: u64,
    /// Names of the service and its series.
    pub service: Service,
    /// The first minute of live traffic.
    pub from: Minute,
    /// How many minutes of it.
    pub minutes: u32,
    /// How many minutes of history lie before it.
    pub history_minutes: u32,
    /// Mean over a week; day and week move it between about half and one and a half of this.
    pub requests_per_minute: f64,
    /// What happens, in order, not overlapping.
    pub faults: Vec<Fault>,
}

/// A scenario that cannot be.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum ScenarioError {
    /// A request rate that is no rate.
    #[error("requests_per_minute is {0}: write a number from 0 to 40000")]
    Rate(f64),
    /// A fault outside the live minutes, empty, or over another.
    #[error("fault {index} ({kind}) from {from} to {to} {reason}")]
    Placement {
        /// Its place in the list, from 0.
        index: usize,
        /// Its kind.
        kind: &'static str,
        /// Its first minute.
        from: Minute,
        /// The first minute after it.
        to: Minute,
        /// What is wrong, and the fix.
        reason: &'static str,
    },
    /// A share or an added latency that is none.
    #[error("fault {index} has {name} {value}: write a number from 0 to {most}")]
    Size {
        /// Its place in the list, from 0.
        index: usize,
        /// Which number.
        name: &'static str,
        /// What was given.
        value: f64,
        /// The largest accepted.
        most: f64,
    },
}

/// What a detector should have found, as data with RFC 3339 times.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Truth {
    /// Where all randomness came from.
    pub seed: u64,
    /// The first minute of live traffic.
    #[serde(serialize_with = "rfc3339")]
    pub from: Minute,
    /// The first minute after it.
    #[serde(serialize_with = "rfc3339")]
    pub to: Minute,
    /// What happened.
    pub faults: Vec<Fault>,
}

impl Scenario {
    /// The demo: at least 12 normal minutes, then a latency, an error and a throttle fault in an order, at times
    /// and of sizes that the seed chooses, 8 to 12 minutes each, with at least 15 quiet minutes after each; 81 to
    /// 105 minutes in all, after two weeks of history.
    #[must_use]
    pub fn demo(seed: u64, from: Minute) -> Self {
        let (faults, minutes) = plan::demo(seed, from);
        Self {
            seed,
            service: Service::default(),
            from,
            minutes,
            history_minutes: HISTORY_MINUTES,
            requests_per_minute: REQUESTS_PER_MINUTE,
            faults,
        }
    }

    /// The first minute after the live traffic.
    #[must_use]
    pub fn to(&self) -> Minute {
        self.from.plus(i64::from(self.minutes))
    }

    /// The first minute of history.
    #[must_use]
    pub fn history_from(&self) -> Minute {
        self.from.plus(-i64::from(self.history_minutes))
    }

    /// Checks what a caller put together.
    ///
    /// # Errors
    /// The first number or placement that cannot be, with the fix.
    pub fn check(&self) -> Result<(), ScenarioError> {
        if !(0.0..=MOST_REQUESTS).contains(&self.requests_per_minute) {
            return Err(ScenarioError::Rate(self.requests_per_minute));
        }
        let mut free_from = self.from;
        for (index, fault) in self.faults.iter().enumerate() {
            let placed = |reason| ScenarioError::Placement {
                index,
                kind: fault.kind.as_str(),
                from: fault.from,
                to: fault.to,
                reason,
            };
            if fault.to <= fault.from {
                return Err(placed("is empty: let it end after it starts"));
            }
            if fault.from < self.from || fault.to > self.to() {
                return Err(placed("lies outside the live minutes: move it inside"));
            }
            if fault.from < free_from {
                return Err(placed(
                    "overlaps the one before or is out of order: sort and separate them",
                ));
            }
            free_from = fault.to;
            for (name, value, most) in [
                ("share", fault.share, 1.0),
                ("extra_ms", fault.extra_ms, 900_000.0),
            ] {
                if !(0.0..=most).contains(&value) {
                    return Err(ScenarioError::Size {
                        index,
                        name,
                        value,
                        most,
                    });
                }
            }
        }
        Ok(())
    }

    /// The requests of a minute, faults included: any minute, in any order, always the same.
    #[must_use]
    pub fn requests(&self, minute: Minute) -> Vec<Request> {
        request::of_minute(
            self.seed,
            minute,
            self.requests_per_minute,
            self.service.inventory,
            &self.faults,
        )
    }

    /// What log-processor and the metric poller would have stored for a minute without faults.
    #[must_use]
    pub fn history(&self, minute: Minute) -> BTreeMap<SeriesKey, Rollup> {
        let requests = request::of_minute(
            self.seed,
            minute,
            self.requests_per_minute,
            self.service.inventory,
            &[],
        );
        rollups::of_requests(self.seed, &self.service, minute, &requests)
    }

    /// The same with faults: what a perfect system would store for a live minute.
    #[must_use]
    pub fn rollups(&self, minute: Minute) -> BTreeMap<SeriesKey, Rollup> {
        rollups::of_requests(self.seed, &self.service, minute, &self.requests(minute))
    }

    /// What AWS/Lambda alone would say of a minute, faults included: the function's series and the account's.
    #[must_use]
    pub fn platform_metrics(&self, minute: Minute) -> BTreeMap<SeriesKey, Rollup> {
        rollups::of_platform(&self.service, &self.requests(minute))
    }

    /// What a detector should find.
    #[must_use]
    pub fn truth(&self) -> Truth {
        Truth {
            seed: self.seed,
            from: self.from,
            to: self.to(),
            faults: self.faults.clone(),
        }
    }
}
