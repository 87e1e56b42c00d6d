//! A Lambda fleet over weeks: traffic with seasons and noise of real shape, harmless deployments and bursts, and faults
//! with exact ground truth.
//!
//! A [`Scenario`] by name and a seed make a [`Fleet`]; [`Fleet::run`] gives a function's minutes as plain numbers, a
//! microsecond or two each, whatever the traffic; and behind each of these [`Point`]s stand its requests, which
//! [`Fleet::requests`] draws when somebody asks: their percentiles, counts and routes are those of the point.
//! From them come the rollups that would be stored, and the log events that a subscription would deliver.
//!
//! ```
//! use signals::Minute;
//! use simulator::fleet::{Scenario, Signal};
//!
//! let from = Minute::parse("2026-11-02T00:00:00Z").unwrap();
//! let fleet = Scenario::by_name("timeout-wall").unwrap().fleet(7, from, Some(1));
//! let fault = &fleet.faults[0];
//! let point = fleet.run(fault.function).find(|point| point.minute == fault.from).unwrap();
//! assert!(point.value(Signal::Timeouts) > Some(2.0));
//! assert_eq!(fleet.requests(&point).len(), point.signals.invocations as usize);
//! ```

use rand::RngExt;
use rand_chacha::ChaCha8Rng;
use signals::Minute;

mod bound;
mod concurrency;
mod draw;
mod fault;
mod function;
mod latency;
mod logs;
mod place;
mod point;
mod regime;
mod request;
mod rollups;
mod run;
mod scenario;
mod shape;
mod split;
#[cfg(test)]
mod tests;
mod truth;

pub use bound::Bound;
pub use fault::{Fault, Kind, Signal};
pub use function::{Cron, Deploy, Function, Route};
pub use logs::{LogEvent, LogStream};
pub use point::{Point, Signals};
pub use regime::Arrival;
pub use request::{Invocation, Outcome};
pub use rollups::{NAMESPACE, Series};
pub use run::Run;
pub use scenario::{Scenario, UnknownScenario};
pub use shape::Shape;
pub use split::{Split, by_route, by_version};
pub use truth::{DeployTruth, FaultTruth, FunctionTruth, Truth};

use concurrency::refused;
use regime::Regime;
use shape::Season;

/// Functions over a stretch of time, and what happens to them; all of it from a seed.
#[derive(Debug, Clone, PartialEq)]
pub struct Fleet {
    /// The scenario's name.
    pub scenario: &'static str,
    /// Where all randomness comes from.
    pub seed: u64,
    /// The first minute.
    pub from: Minute,
    /// How many minutes.
    pub minutes: u32,
    /// The first minute in which anything may happen: what lies before is history, free of faults, and not counted.
    pub scored_from: Minute,
    /// The functions; a function is named by its place here.
    pub functions: Vec<Function>,
    /// What happens, in order of time.
    pub faults: Vec<Fault>,
    /// Environments that the functions without a reservation share.
    pub account_limit: u32,
    /// The seed of this very fleet: scenarios of one seed share no noise.
    noise: u64,
    /// Share of the calls without a reservation that the account refuses, minute by minute; empty: none, ever.
    refused: Vec<f32>,
}

impl Fleet {
    /// A fleet of a caller's own making. Versions are numbered anew, in order of time.
    #[must_use]
    pub fn new(
        scenario: &'static str,
        seed: u64,
        (from, minutes, history): (Minute, u32, u32),
        functions: Vec<Function>,
        mut faults: Vec<Fault>,
        account_limit: u32,
    ) -> Self {
        faults.sort_by_key(|fault| (fault.from, fault.function));
        let mut fleet = Self {
            scenario,
            seed,
            from,
            minutes,
            scored_from: from.plus(i64::from(history)),
            functions,
            faults,
            account_limit,
            noise: seed ^ hash(scenario),
            refused: Vec::new(),
        };
        fleet.number_versions();
        fleet.fit_slow_requests();
        fleet.refused = fleet.refused_minutes();
        fleet
    }

    /// The first minute after it.
    #[must_use]
    pub fn to(&self) -> Minute {
        self.from.plus(i64::from(self.minutes))
    }

    /// The minutes of the function at this place, from the first to the last.
    ///
    /// # Panics
    /// There is no function at this place.
    #[must_use]
    pub fn run(&self, function: usize) -> Run<'_> {
        Run::new(self, function)
    }

    /// Function-weeks that count: those after the history.
    #[must_use]
    pub fn scored_weeks(&self) -> f64 {
        self.to().since(self.scored_from) as f64 * self.functions.len() as f64 / 10_080.0
    }

    /// Whether a fault acts on a function in a minute.
    #[must_use]
    pub fn fault_at(&self, function: usize, minute: Minute) -> Option<&Fault> {
        self.faults
            .iter()
            .find(|fault| self.shows(fault, function) && fault.covers(minute))
    }

    /// Whether the function at `place` shows a fault: the account's concurrency is everybody's who has no reservation.
    #[must_use]
    pub fn shows(&self, fault: &Fault, place: usize) -> bool {
        fault.function == place
            || (fault.kind == Kind::AccountThrottle
                && self
                    .functions
                    .get(place)
                    .is_some_and(|one| one.reserved.is_none()))
    }

    fn refused_by_account(&self, minute: Minute) -> f64 {
        usize::try_from(minute.since(self.from))
            .ok()
            .and_then(|at| self.refused.get(at))
            .map_or(0.0, |share| f64::from(*share))
    }

    fn number_versions(&mut self) {
        for (place, function) in self.functions.iter_mut().enumerate() {
            function.deploys.sort_by_key(|deploy| deploy.at);
            let mut deploys = function.deploys.iter_mut().peekable();
            let mut version = 1;
            let bad = |fault: &&mut Fault| {
                fault.function == place
                    && matches!(
                        fault.kind,
                        Kind::BadVersion | Kind::DeployLatency | Kind::DeployErrors
                    )
            };
            for fault in self.faults.iter_mut().filter(bad) {
                while let Some(deploy) = deploys.next_if(|deploy| deploy.at <= fault.from) {
                    version += 1;
                    deploy.version = version;
                }
                version += 1;
                fault.version = Some(version);
            }
            for deploy in deploys {
                version += 1;
                deploy.version = version;
            }
        }
    }

    /// Makes the slow requests of a tail fault as slow as its percentile asks, by bisection.
    fn fit_slow_requests(&mut self) {
        for fault in &mut self.faults {
            if fault.kind != Kind::TailLatency {
                continue;
            }
            let function = &self.functions[fault.function];
            let p99 = |faults: &[&Fault]| {
                let regime = Regime::of(function, faults, fault.from);
                regime.durations(function, 1.0).quantile(0.99)
            };
            let wanted = p99(&[]) * fault.size;
            let (mut low, mut high) = (1.0, 100.0);
            for _ in 0..60 {
                let slow = f64::sqrt(low * high);
                let tried = Fault {
                    slow,
                    ..fault.clone()
                };
                if p99(&[&tried]) < wanted {
                    low = slow;
                } else {
                    high = slow;
                }
            }
            fault.slow = low;
        }
    }

    /// What all functions without a reservation need on average, against what there is.
    fn refused_minutes(&self) -> Vec<f32> {
        let mut needed = vec![0.0_f64; self.minutes as usize];
        for (place, function) in self.functions.iter().enumerate() {
            if function.reserved.is_some() {
                continue;
            }
            let season = Season::new(function.shape, function.phase);
            let mean = Regime::of(function, &[], self.from)
                .durations(function, 1.0)
                .mean(function.timeout_ms);
            for (minute, needed) in (self.from.index()..)
                .map(Minute::from_index)
                .zip(&mut needed)
            {
                *needed += function.level * season.factor(minute) * mean / 60_000.0;
            }
            for fault in self.faults.iter().filter(|fault| fault.function == place) {
                let factor = match fault.kind {
                    Kind::TrafficUp | Kind::AccountThrottle | Kind::RetryStorm => fault.size,
                    Kind::TrafficStop => 0.0,
                    _ => continue,
                };
                for at in fault.from.since(self.from)..fault.to.since(self.from) {
                    let minute = self.from.plus(at);
                    if let Some(needed) = usize::try_from(at).ok().and_then(|at| needed.get_mut(at))
                    {
                        let usual = function.level * season.factor(minute) * mean / 60_000.0;
                        *needed += usual * (factor - 1.0);
                    }
                }
            }
        }
        let refused: Vec<f32> = needed
            .into_iter()
            .map(|load| refused(load, self.account_limit) as f32)
            .collect();
        if refused.iter().any(|share| *share > 0.0) {
            refused
        } else {
            Vec::new()
        }
    }
}

/// FNV-1a with 64 bits.
fn hash(text: &str) -> u64 {
    text.bytes().fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x100_0000_01b3)
    })
}

/// Times of harmless deployments: on working days between 8 and 17, a mean of `days` apart.
fn deploys(random: &mut ChaCha8Rng, from: Minute, minutes: u32, days: f64) -> Vec<Deploy> {
    let mut deploys = Vec::new();
    let mut at = 0.0;
    loop {
        at += -days * 1_440.0 * (1.0 - random.random::<f64>()).ln();
        if at >= f64::from(minutes) {
            return deploys;
        }
        let minute = from.plus(at as i64);
        let day = minute.index().div_euclid(1_440);
        let working = (day + 3).rem_euclid(7) < 5;
        let hour = minute.index().rem_euclid(1_440) / 60;
        if working && (8..17).contains(&hour) {
            deploys.push(Deploy {
                at: minute,
                version: 0,
                factor: (0.02 * draw::normal(random)).exp(),
            });
        }
    }
}
