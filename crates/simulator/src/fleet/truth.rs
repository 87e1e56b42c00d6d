//! What a detector should find, as data with RFC 3339 times.

use std::collections::BTreeMap;

use serde::Serialize;
use signals::Minute;

use super::{Fault, Fleet, Kind};
use crate::fault::rfc3339;

/// A fleet's ground truth.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Truth {
    /// The scenario's name.
    pub scenario: &'static str,
    /// Where all randomness came from.
    pub seed: u64,
    /// The first minute.
    #[serde(serialize_with = "rfc3339")]
    pub from: Minute,
    /// The first minute that is no history.
    #[serde(serialize_with = "rfc3339")]
    pub scored_from: Minute,
    /// The first minute after the last.
    #[serde(serialize_with = "rfc3339")]
    pub to: Minute,
    /// The functions, by name.
    pub functions: Vec<FunctionTruth>,
    /// What happened, in order of time.
    pub faults: Vec<FaultTruth>,
}

/// A function and what was harmless about it.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct FunctionTruth {
    /// Its name.
    pub name: String,
    /// Its rhythm.
    pub shape: super::Shape,
    /// Mean invocations a minute, schedules apart.
    pub level: f64,
    /// Harmless deployments.
    pub deploys: Vec<DeployTruth>,
}

/// A harmless deployment.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct DeployTruth {
    /// Its first minute.
    #[serde(serialize_with = "rfc3339")]
    pub at: Minute,
    /// Its number.
    pub version: u32,
}

/// One fault.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct FaultTruth {
    /// The function's name.
    pub function: String,
    /// Other functions that show it.
    pub also: Vec<String>,
    /// What happened.
    pub kind: &'static str,
    /// Its first minute.
    #[serde(serialize_with = "rfc3339")]
    pub from: Minute,
    /// The first minute after it.
    #[serde(serialize_with = "rfc3339")]
    pub to: Minute,
    /// How much: see [`super::Kind`].
    pub size: f64,
    /// Share of the requests that are hit.
    pub share: f64,
    /// The signal that shows it first.
    pub signal: &'static str,
    /// The bad route.
    pub route: Option<String>,
    /// The bad version.
    pub version: Option<u32>,
    /// Whether somebody has to be told.
    pub told: bool,
    /// Minutes that the best detector needs on average, at one false alarm in ten weeks, for the function's first fault
    /// of this kind; `None` where nobody has to be told.
    pub bound_minutes: Option<f64>,
}

/// False alarms a week at which the bounds of a truth file hold.
const FALSE_ALARMS_PER_WEEK: f64 = 0.1;

impl Fleet {
    /// What a detector should find.
    #[must_use]
    pub fn truth(&self) -> Truth {
        let functions = self.functions.iter().map(|one| FunctionTruth {
            name: one.name.clone(),
            shape: one.shape,
            level: one.level,
            deploys: one
                .deploys
                .iter()
                .map(|deploy| DeployTruth {
                    at: deploy.at,
                    version: deploy.version,
                })
                .collect(),
        });
        // The same fault of the same function again has nearly the same bound, at most a fifth of the rate apart.
        let mut bounds: BTreeMap<(usize, Kind), f64> = BTreeMap::new();
        let faults = self.faults.iter().map(|fault| {
            let bound = fault.kind.is_told().then(|| {
                *bounds
                    .entry((fault.function, fault.kind))
                    .or_insert_with(|| self.bound(fault, FALSE_ALARMS_PER_WEEK))
            });
            self.told(fault, bound)
        });
        let faults = faults.collect();
        Truth {
            scenario: self.scenario,
            seed: self.seed,
            from: self.from,
            scored_from: self.scored_from,
            to: self.to(),
            functions: functions.collect(),
            faults,
        }
    }

    fn told(&self, fault: &Fault, bound_minutes: Option<f64>) -> FaultTruth {
        let function = &self.functions[fault.function];
        let also = (0..self.functions.len())
            .filter(|place| *place != fault.function && self.shows(fault, *place))
            .map(|place| self.functions[place].name.clone());
        FaultTruth {
            function: function.name.clone(),
            also: also.collect(),
            kind: fault.kind.as_str(),
            from: fault.from,
            to: fault.to,
            size: fault.size,
            share: fault.share,
            signal: fault.kind.signal().as_str(),
            route: fault
                .route
                .and_then(|route| function.routes.get(route))
                .map(|route| route.name.clone()),
            version: fault.version,
            told: fault.kind.is_told(),
            bound_minutes,
        }
    }
}
