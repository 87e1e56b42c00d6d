//! The scenarios by name: each with its own base rate, size and duration.

use rand_chacha::ChaCha8Rng;
use signals::Minute;

use super::fault::{Fault, Kind};
use super::function::Function;
use super::shape::Shape;
use super::{Fleet, deploys, place};
use crate::seed::{Purpose, stream};

mod mixed;

/// Account concurrency without an increase of the quota (Lambda quotas, "Concurrent executions": 1,000).
const ACCOUNT: u32 = 1_000;

/// A scenario that has a name.
#[derive(Debug, Clone, Copy)]
pub struct Scenario {
    /// Its name.
    pub name: &'static str,
    /// One line about it.
    pub about: &'static str,
    /// Days that an evaluation plays, history included.
    pub days: u32,
    /// Days that are written to files unless somebody says otherwise.
    pub written_days: u32,
    make: Make,
}

#[derive(Debug, Clone, Copy)]
enum Make {
    One(One),
    Account,
    Quiet,
    Mixed,
}

/// Functions that each have one kind of fault again and again.
#[derive(Debug, Clone, Copy)]
struct One {
    kind: Kind,
    /// Mean invocations a minute.
    level: f64,
    minutes: i64,
    size: f64,
    share: f64,
}

/// No scenario has this name.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "no scenario is called {name:?}: did you mean {nearest:?}? `simulate --list` names all of them"
)]
pub struct UnknownScenario {
    /// What was asked for.
    pub name: String,
    /// The name that is most like it.
    pub nearest: &'static str,
}

const fn one(
    name: &'static str,
    about: &'static str,
    (kind, level, minutes): (Kind, f64, i64),
    (size, share): (f64, f64),
) -> Scenario {
    Scenario {
        name,
        about,
        days: 21,
        written_days: 1,
        make: Make::One(One {
            kind,
            level,
            minutes,
            size,
            share,
        }),
    }
}

const ALL: &[Scenario] = &[
    one(
        "errors-x3-at-10",
        "errors 1 % → 3 % at 10 invocations a minute, for 4 hours",
        (Kind::ErrorRate, 10.0, 240),
        (3.0, 1.0),
    ),
    one(
        "errors-x3-at-100",
        "errors 1 % → 3 % at 100 invocations a minute, for an hour",
        (Kind::ErrorRate, 100.0, 60),
        (3.0, 1.0),
    ),
    one(
        "errors-x3-at-1000",
        "errors 1 % → 3 % at 1,000 invocations a minute, for 30 minutes",
        (Kind::ErrorRate, 1_000.0, 30),
        (3.0, 1.0),
    ),
    one(
        "p99-x1.5",
        "5 % of the requests slow: p99 + 50 %, median unmoved, at 200 a minute, for an hour",
        (Kind::TailLatency, 200.0, 60),
        (1.5, 0.05),
    ),
    one(
        "latency-x1.5",
        "all durations + 50 % at 100 a minute, for 30 minutes",
        (Kind::Latency, 100.0, 30),
        (1.5, 1.0),
    ),
    one(
        "timeout-wall",
        "10 % of the invocations hang until the timeout, at 100 a minute, for 30 minutes",
        (Kind::TimeoutWall, 100.0, 30),
        (1.0, 0.1),
    ),
    one(
        "throttle-reserved",
        "reserved concurrency lowered below the need, at 600 a minute, for 30 minutes",
        (Kind::ReservedThrottle, 600.0, 30),
        (1.0, 1.0),
    ),
    Scenario {
        name: "throttle-account",
        about: "a neighbour's traffic × 8 uses up the account's concurrency, for 30 minutes",
        days: 21,
        written_days: 1,
        make: Make::Account,
    },
    one(
        "cold-storm",
        "30 % of the invocations start an environment, at 100 a minute, for 30 minutes",
        (Kind::ColdStorm, 100.0, 30),
        (1.0, 0.3),
    ),
    one(
        "deploy-slower",
        "a new version takes 60 % longer, at 100 a minute, rolled back after an hour",
        (Kind::DeployLatency, 100.0, 60),
        (1.6, 1.0),
    ),
    one(
        "deploy-erring",
        "a new version fails 8 times as often, at 100 a minute, rolled back after an hour",
        (Kind::DeployErrors, 100.0, 60),
        (8.0, 1.0),
    ),
    one(
        "traffic-x10",
        "traffic × 10 from 100 a minute, for 30 minutes",
        (Kind::TrafficUp, 100.0, 30),
        (10.0, 1.0),
    ),
    one(
        "traffic-to-0",
        "no traffic where there were 100 a minute, for an hour",
        (Kind::TrafficStop, 100.0, 60),
        (0.0, 1.0),
    ),
    one(
        "silence",
        "neither logs nor metrics where there were 30 invocations a minute, for an hour",
        (Kind::Silence, 30.0, 60),
        (0.0, 1.0),
    ),
    one(
        "missing-data",
        "no logs for 20 minutes while the function works on: nobody is to be paged",
        (Kind::MissingData, 100.0, 20),
        (0.0, 1.0),
    ),
    one(
        "late-data",
        "logs come 15 minutes late, for an hour: nobody is to be paged",
        (Kind::LateData, 100.0, 60),
        (15.0, 1.0),
    ),
    one(
        "low-traffic",
        "one invocation a minute, of which 60 % fail, for 2 hours",
        (Kind::ErrorRate, 1.0, 120),
        (60.0, 1.0),
    ),
    one(
        "retry-storm",
        "half of the attempts fail and each request is tried 2.5 times, from 100 a minute, for 30 minutes",
        (Kind::RetryStorm, 100.0, 30),
        (2.5, 0.5),
    ),
    one(
        "memory-pressure",
        "memory fills up, then 8 % of the invocations run out of it, at 100 a minute, for 90 minutes",
        (Kind::MemoryPressure, 100.0, 90),
        (1.0, 0.08),
    ),
    one(
        "slow-dependency",
        "30 % of the requests wait 4 times as long, at 100 a minute, for 30 minutes",
        (Kind::SlowDependency, 100.0, 30),
        (4.0, 0.3),
    ),
    one(
        "bad-route",
        "the errors of one route, 15 % of the traffic, × 30, at 200 a minute, for 30 minutes",
        (Kind::BadRoute, 200.0, 30),
        (30.0, 1.0),
    ),
    one(
        "bad-version",
        "a new version with a fifth of the traffic fails 20 times as often, at 200 a minute, for 30 minutes",
        (Kind::BadVersion, 200.0, 30),
        (20.0, 0.2),
    ),
    one(
        "creep",
        "durations rise in a straight line to twice theirs, at 100 a minute, over 6 hours",
        (Kind::Creep, 100.0, 360),
        (2.0, 1.0),
    ),
    Scenario {
        name: "quiet",
        about: "60 functions of all kinds without a fault: seasons, bursts, deployments; 240 function-weeks",
        days: 42,
        written_days: 1,
        make: Make::Quiet,
    },
    Scenario {
        name: "fleet",
        about: "24 functions of all kinds, 0.05 to 10,000 invocations a minute, and every fault in four weeks",
        days: 42,
        written_days: 1,
        make: Make::Mixed,
    },
];

impl Scenario {
    /// Every one of them.
    #[must_use]
    pub fn all() -> &'static [Self] {
        ALL
    }

    /// The scenario of this name.
    ///
    /// # Errors
    /// There is none; the nearest name is said.
    pub fn by_name(name: &str) -> Result<&'static Self, UnknownScenario> {
        ALL.iter().find(|one| one.name == name).ok_or_else(|| {
            let nearest = ALL.iter().min_by_key(|one| distance(one.name, name));
            UnknownScenario {
                name: name.to_owned(),
                nearest: nearest.map_or("", |one| one.name),
            }
        })
    }

    /// The fleet of a seed: so many days from `from`, those of an evaluation without `days`. Two thirds of them, at
    /// most two weeks, are history.
    #[must_use]
    pub fn fleet(&self, seed: u64, from: Minute, days: Option<u32>) -> Fleet {
        let minutes = days.unwrap_or(self.days).clamp(1, 3_650) * 1_440;
        let mut random = stream(seed ^ super::hash(self.name), Purpose::Fleet, from.index());
        let (functions, faults, account) = match &self.make {
            Make::One(one) => {
                let (functions, faults) = one.make(&mut random, from, minutes);
                (functions, faults, ACCOUNT)
            }
            Make::Account => account(&mut random, from, minutes),
            Make::Quiet => (
                mixed::functions(&mut random, 60, from, minutes),
                Vec::new(),
                10 * ACCOUNT,
            ),
            Make::Mixed => {
                let functions = mixed::functions(&mut random, 24, from, minutes);
                let faults = mixed::faults(&mut random, &functions, from, minutes);
                (functions, faults, 5 * ACCOUNT)
            }
        };
        let span = (from, minutes, place::history(minutes));
        Fleet::new(self.name, seed, span, functions, faults, account)
    }
}

impl One {
    /// Four functions of flat traffic, two of people at home, two in bursts; the rate is the scenario's when a fault
    /// begins, within a fifth.
    fn make(
        &self,
        random: &mut ChaCha8Rng,
        from: Minute,
        minutes: u32,
    ) -> (Vec<Function>, Vec<Fault>) {
        let shapes = [
            Shape::Flat,
            Shape::Flat,
            Shape::Flat,
            Shape::Flat,
            Shape::Evening,
            Shape::Evening,
            Shape::Bursty,
            Shape::Bursty,
        ];
        let mut faults = Vec::new();
        let functions = (0..)
            .zip(shapes)
            .map(|(at, shape)| {
                let mut function = Function::usual(&format!("service-{at}"), shape, self.level);
                function.median_ms = [40.0, 120.0, 120.0, 300.0][at % 4];
                function.json_logs = at % 2 == 0;
                function.error_rate = self.base_error_rate();
                function.deploys = deploys(random, from, minutes, 4.0);
                for start in place::starts(random, &function, (from, minutes), self.minutes) {
                    let mut fault = Fault::new(at, self.kind, start, self.minutes, self.size);
                    fault.share = self.share;
                    match self.kind {
                        Kind::ReservedThrottle => fault.size = needed(&function).floor().max(1.0),
                        Kind::BadRoute => fault.route = Some(2),
                        _ => {}
                    }
                    // What was deployed just before would be blamed.
                    function.deploys.retain(|deploy| {
                        (deploy.at.since(fault.from) - self.minutes / 2).abs()
                            > self.minutes / 2 + 60
                    });
                    faults.push(fault);
                }
                function
            })
            .collect();
        (functions, faults)
    }

    fn base_error_rate(&self) -> f64 {
        match self.kind {
            Kind::ErrorRate => 0.01,
            _ => 0.005,
        }
    }
}

/// Environments that a function needs on average (Little's law).
fn needed(function: &Function) -> f64 {
    let routes: f64 = function
        .routes
        .iter()
        .map(|route| route.share * route.factor)
        .sum();
    function.level / 60_000.0 * function.median_ms * routes * (0.5 * function.sigma.powi(2)).exp()
}

/// Six functions that share an account, and a seventh with a reservation of its own.
fn account(
    random: &mut ChaCha8Rng,
    from: Minute,
    minutes: u32,
) -> (Vec<Function>, Vec<Fault>, u32) {
    let mut functions: Vec<Function> = (0..7)
        .map(|at| {
            let level = [3_000.0, 600.0, 600.0, 300.0, 100.0, 60.0, 300.0][at];
            let shape = [Shape::Flat, Shape::Evening][usize::from(at % 3 == 1)];
            let mut one = Function::usual(&format!("service-{at}"), shape, level);
            one.median_ms = [150.0, 120.0, 400.0, 250.0, 120.0, 90.0, 120.0][at];
            one.deploys = deploys(random, from, minutes, 4.0);
            one
        })
        .collect();
    functions[6].reserved = Some(20);
    let all: f64 = functions[..6].iter().map(needed).sum();
    let most = functions[0].clone();
    let faults = place::starts(random, &most, (from, minutes), 30)
        .into_iter()
        .map(|start| Fault::new(0, Kind::AccountThrottle, start, 30, 8.0))
        .collect();
    // Twice and a half what all of them need: a peak of the evening fits, a neighbour × 8 does not.
    (functions, faults, (all * 2.5).ceil() as u32)
}

/// Insertions, deletions and exchanges from one name to the other (Levenshtein 1966).
fn distance(one: &str, other: &str) -> usize {
    let other: Vec<char> = other.chars().collect();
    let mut row: Vec<usize> = (0..=other.len()).collect();
    for (at, from) in one.chars().enumerate() {
        let mut corner = row[0];
        row[0] = at + 1;
        for (place, to) in other.iter().enumerate() {
            let cost = corner + usize::from(from != *to);
            corner = row[place + 1];
            row[place + 1] = cost.min(corner + 1).min(row[place] + 1);
        }
    }
    row[other.len()]
}
