//! The requests of one minute.

use rand::{Rng, RngExt};
use rand_chacha::ChaCha8Rng;
use rand_distr::{Distribution, Exp1, Gamma, Poisson, StandardNormal};
use signals::Minute;

use crate::seed::{Purpose, stream};
use crate::{Fault, FaultKind, season};

/// What a request asks of the service.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Operation {
    /// Adds a car.
    Create,
    /// Reads one.
    Read,
    /// Lists some.
    List,
    /// Replaces one.
    Update,
    /// Changes a part of one.
    Patch,
    /// Removes one.
    Delete,
}

/// How an operation behaves.
struct Habit {
    operation: Operation,
    /// Share of all requests.
    share: f64,
    /// Median service time in milliseconds.
    median_ms: f64,
    /// Share of it spent in DynamoDB and in EventBridge, on average.
    dynamodb: f64,
    eventbridge: f64,
}

/// Service times of a small Rust function beside DynamoDB: single-digit milliseconds a call, a put of an event
/// about as much as a write.
const HABITS: [Habit; 6] = [
    Habit {
        operation: Operation::Create,
        share: 0.10,
        median_ms: 34.0,
        dynamodb: 0.40,
        eventbridge: 0.35,
    },
    Habit {
        operation: Operation::Read,
        share: 0.42,
        median_ms: 18.0,
        dynamodb: 0.60,
        eventbridge: 0.0,
    },
    Habit {
        operation: Operation::List,
        share: 0.24,
        median_ms: 38.0,
        dynamodb: 0.70,
        eventbridge: 0.0,
    },
    Habit {
        operation: Operation::Update,
        share: 0.11,
        median_ms: 32.0,
        dynamodb: 0.45,
        eventbridge: 0.35,
    },
    Habit {
        operation: Operation::Patch,
        share: 0.09,
        median_ms: 30.0,
        dynamodb: 0.45,
        eventbridge: 0.35,
    },
    Habit {
        operation: Operation::Delete,
        share: 0.04,
        median_ms: 28.0,
        dynamodb: 0.45,
        eventbridge: 0.35,
    },
];

impl Operation {
    /// Every one of them.
    pub const ALL: [Self; 6] = [
        Self::Create,
        Self::Read,
        Self::List,
        Self::Update,
        Self::Patch,
        Self::Delete,
    ];

    /// The HTTP method.
    #[must_use]
    pub fn method(self) -> &'static str {
        match self {
            Self::Create => "POST",
            Self::Read | Self::List => "GET",
            Self::Update => "PUT",
            Self::Patch => "PATCH",
            Self::Delete => "DELETE",
        }
    }
}

/// What the fault-injection header asks of a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Injected {
    /// Take this many milliseconds longer.
    LatencyMs(u32),
    /// Fail.
    Error,
}

/// One request. Times are milliseconds.
#[derive(Debug, Clone, PartialEq)]
pub struct Request {
    /// Its number within the minute, from 0.
    pub index: u32,
    /// Arrival, since the Unix epoch; rises strictly within the minute and stays inside it.
    pub at_millis: i64,
    /// What it asks.
    pub operation: Operation,
    /// Which car: `0..inventory` for reading and changing, `inventory..2·inventory` for creating and deleting, so
    /// that what is read is never deleted. A deletion may name a car that does not exist: that is a 404.
    pub car: u32,
    /// Time in the service without injected latency.
    pub service_ms: f64,
    /// The part of it in DynamoDB.
    pub dynamodb_ms: f64,
    /// The part of it in EventBridge; 0 for what publishes nothing. The two parts are less than the whole.
    pub eventbridge_ms: f64,
    /// Time of the init phase, if this request met a new environment; not part of `service_ms`.
    pub cold_start: Option<f64>,
    /// What a fault does to it.
    pub injected: Option<Injected>,
    /// Refused by the platform: it never reaches the function.
    pub throttled: bool,
}

impl Request {
    /// Time from request to response as the service measures it, injected latency included.
    #[must_use]
    pub fn latency_ms(&self) -> f64 {
        match self.injected {
            Some(Injected::LatencyMs(extra)) => self.service_ms + f64::from(extra),
            Some(Injected::Error) | None => self.service_ms,
        }
    }

    /// Does it fail?
    #[must_use]
    pub fn fails(&self) -> bool {
        self.injected == Some(Injected::Error)
    }
}

/// Traffic varies by this much more than a Poisson process: 6 % (√0.004) from minute to minute.
const DISPERSION: f64 = 0.004;
/// σ of the logarithm of service time.
const SPREAD: f64 = 0.35;
/// Requests that fail when all is well.
const BASE_ERRORS: f64 = 0.001;
/// Requests that meet a new environment when all is well, and the time its init takes.
const COLD_STARTS: f64 = 0.004;
const INIT_MEDIAN_MS: f64 = 45.0;
const INIT_SPREAD: f64 = 0.2;
/// A minute has so many milliseconds, and each request its own.
const MINUTE_MS: u32 = 60_000;

/// The requests that arrive in a minute when `faults` act on it.
pub(crate) fn of_minute(
    seed: u64,
    minute: Minute,
    mean: f64,
    inventory: u32,
    faults: &[Fault],
) -> Vec<Request> {
    let mut random = stream(seed, Purpose::Requests, minute.index());
    let mut meddling = stream(seed, Purpose::Faults, minute.index());
    let count = arrivals(&mut random, mean * season::traffic(minute));
    let mut at: Vec<u32> = (0..count)
        .map(|_| random.random_range(0..=MINUTE_MS - count))
        .collect();
    at.sort_unstable();
    let slow = season::latency(minute);
    (0..count)
        .zip(at)
        .map(|(index, at)| {
            let mut request = normal(&mut random, slow, inventory.max(1));
            request.index = index;
            // The index keeps two that were drawn for the same millisecond apart.
            request.at_millis = minute.start_millis() + i64::from(at + index);
            for fault in faults.iter().filter(|fault| fault.covers(minute)) {
                meddle(&mut meddling, fault, &mut request);
            }
            request
        })
        .collect()
}

fn arrivals(random: &mut ChaCha8Rng, mean: f64) -> u32 {
    // Both distributions accept every mean that `Scenario` lets through; none would be no arrivals.
    let varied =
        Gamma::new(1.0 / DISPERSION, mean * DISPERSION).map_or(0.0, |gamma| gamma.sample(random));
    let count = Poisson::new(varied).map_or(0.0, |poisson| poisson.sample(random));
    count.min(f64::from(MINUTE_MS)) as u32
}

/// Every request draws the same number of times, so that faults change nothing but what they hit.
pub(crate) fn normal(random: &mut ChaCha8Rng, slow: f64, inventory: u32) -> Request {
    let habit = pick(random.random::<f64>());
    let service_ms = habit.median_ms * slow * (SPREAD * gauss(random)).exp();
    let split = random.random_range(0.8..1.2);
    let fails = random.random::<f64>() < BASE_ERRORS;
    let cold = random.random::<f64>() < COLD_STARTS;
    let init_ms = INIT_MEDIAN_MS * (INIT_SPREAD * gauss(random)).exp();
    let car = random.random_range(0..inventory);
    let apart = matches!(habit.operation, Operation::Create | Operation::Delete);
    Request {
        index: 0,
        at_millis: 0,
        operation: habit.operation,
        car: if apart {
            car.saturating_add(inventory)
        } else {
            car
        },
        service_ms,
        // At most 1.2 · 0.8: less than the whole.
        dynamodb_ms: service_ms * habit.dynamodb * split,
        eventbridge_ms: service_ms * habit.eventbridge * split,
        cold_start: cold.then_some(init_ms),
        injected: fails.then_some(Injected::Error),
        throttled: false,
    }
}

/// The operation that a number drawn from 0 to 1 stands for.
pub(crate) fn operation_at(share: f64) -> Operation {
    pick(share).operation
}

fn pick(mut share: f64) -> &'static Habit {
    for habit in &HABITS {
        share -= habit.share;
        if share < 0.0 {
            return habit;
        }
    }
    // Rounding left a hair of the last share.
    &HABITS[1]
}

fn gauss(random: &mut impl Rng) -> f64 {
    StandardNormal.sample(random)
}

fn meddle(random: &mut ChaCha8Rng, fault: &Fault, request: &mut Request) {
    let hit = random.random::<f64>() < fault.share;
    let extra = fault.extra_ms * random.random_range(0.9..1.1);
    if !hit || request.throttled {
        return;
    }
    match fault.kind {
        FaultKind::Latency => {
            request
                .injected
                .get_or_insert(Injected::LatencyMs(extra.round() as u32));
        }
        FaultKind::Error => request.injected = Some(Injected::Error),
        FaultKind::Throttle => {
            request.throttled = true;
            request.injected = None;
            request.cold_start = None;
        }
    }
}

/// The memory an invocation used, megabytes: small, and a little different each time.
pub(crate) fn memory_used_mb(random: &mut ChaCha8Rng) -> f64 {
    let above: f64 = Exp1.sample(random);
    (38.0 + 2.0 * above).round()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn habits_are_in_order_add_up_and_leave_time_for_the_service() {
        assert!(
            HABITS
                .iter()
                .map(|habit| habit.operation)
                .eq(Operation::ALL)
        );
        assert!((HABITS.iter().map(|habit| habit.share).sum::<f64>() - 1.0).abs() < 1e-9);
        assert!(
            HABITS
                .iter()
                .all(|habit| (habit.dynamodb + habit.eventbridge) * 1.2 < 1.0)
        );
    }

    #[test]
    fn a_minute_holds_what_it_can_hold() {
        let minute = Minute::from_index(1);
        for mean in [0.0, 1e-9, 40.0, 1e6] {
            let requests = of_minute(1, minute, mean, 0, &[]);
            assert!(requests.len() <= 60_000);
            assert!(
                requests
                    .windows(2)
                    .all(|pair| pair[0].at_millis < pair[1].at_millis),
                "mean {mean}"
            );
            assert!(
                requests
                    .iter()
                    .all(|request| Minute::from_millis(request.at_millis) == minute),
                "mean {mean}"
            );
        }
    }
}
