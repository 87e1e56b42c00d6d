//! The invocations behind a minute's numbers.
//!
//! The numbers came first; so the durations are drawn between the order statistics that are known, and who fails, who
//! waits for an environment and who was refused is drawn until the counts are those of the point. Which route and which
//! version a request belongs to follows from its duration, by the share that each has there; who fails follows from
//! both.

use rand::RngExt;
use rand_chacha::ChaCha8Rng;

use super::latency::{Class, normal_quantile};
use super::point::Point;
use super::run::rank_of;
use super::{Fleet, Function};
use crate::seed::{Purpose, stream_of};

/// Share of the answers that tell clients of a mistake of theirs.
const CLIENT_ERRORS: f64 = 0.02;
/// A schedule's batch is started in the first part of the minute.
const BATCH_MILLIS: f64 = 20_000.0;
const MINUTE_MILLIS: f64 = 60_000.0;

/// How an invocation ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Outcome {
    /// It answered.
    Success,
    /// It answered 4xx, which is no error of the function.
    ClientError,
    /// It failed, with status 500.
    Error,
    /// It failed because a dependency had no capacity left: 429.
    Refused,
    /// It ran into the timeout.
    Timeout,
    /// It ran out of memory.
    OutOfMemory,
}

impl Outcome {
    /// Whether the function failed.
    #[must_use]
    pub fn is_error(self) -> bool {
        !matches!(self, Self::Success | Self::ClientError)
    }

    /// The HTTP status; those that Lambda ended are a bad gateway to the client.
    #[must_use]
    pub fn status(self) -> u16 {
        match self {
            Self::Success => 200,
            Self::ClientError => 404,
            Self::Error => 500,
            Self::Refused => 429,
            Self::Timeout | Self::OutOfMemory => 502,
        }
    }
}

/// An invocation that ran.
#[derive(Debug, Clone, PartialEq)]
pub struct Invocation {
    /// Its place in the minute, from 0, in order of time.
    pub index: u32,
    /// When it ended, in milliseconds since the epoch, within the minute: that is when it is reported.
    pub ended_millis: i64,
    /// The route, by its place in the function.
    pub route: usize,
    /// The version that served it.
    pub version: u32,
    /// Time in the handler, milliseconds, to the hundredth.
    pub duration_ms: f64,
    /// Init phase that it waited for, milliseconds, to the hundredth.
    pub init_ms: Option<f64>,
    /// Peak memory of its environment, whole megabytes.
    pub memory_mb: f64,
    /// How it ended.
    pub outcome: Outcome,
    /// Which request of the minute this is an attempt of: attempts share it, also those that were refused.
    pub correlation: u32,
}

fn hundredths(ms: f64) -> f64 {
    ((ms * 100.0).round() / 100.0).max(0.01)
}

impl Fleet {
    /// The invocations behind a point of this fleet, in order of time.
    ///
    /// # Panics
    /// The point is of a fleet with more functions.
    #[must_use]
    pub fn requests(&self, point: &Point) -> Vec<Invocation> {
        let function = &self.functions[point.function];
        let place = u32::try_from(point.function).unwrap_or(u32::MAX);
        let mut random = stream_of(self.noise, Purpose::Behind, place, point.minute.index());
        let mut all = durations(&mut random, function, point);
        times(&mut random, function, point, &mut all);
        outcomes(&mut random, point, &mut all);
        environments(&mut random, function, point, &mut all);
        correlations(&mut random, point, &mut all);
        all.into_iter().map(|(one, _)| one).collect()
    }
}

type Drawn = Vec<(Invocation, Class)>;

/// Durations between the known order statistics, and beyond the last one those that hang.
fn durations(random: &mut ChaCha8Rng, function: &Function, point: &Point) -> Drawn {
    let anchors = &point.anchors;
    let mut shares = Vec::with_capacity(point.signals.invocations as usize);
    let (mut known, mut low) = (0, 0.0);
    for (rank, high) in &anchors.ranks[..anchors.len] {
        for _ in known + 1..*rank {
            shares.push(low + (high - low) * random.random::<f64>());
        }
        shares.push(*high);
        (known, low) = (*rank, *high);
    }
    for _ in 0..point.signals.timeouts {
        shares.push(anchors.below + (1.0 - anchors.below) * random.random::<f64>());
    }
    let regime = &point.regime;
    let ordinary = shares.len() - point.signals.timeouts as usize;
    let drawn = shares.into_iter().enumerate().map(|(at, share)| {
        let ms = point.mixture.quantile(share);
        let class = point.mixture.class_of(ms, random.random());
        let (outcome, ms) = if at < ordinary {
            (Outcome::Success, ms.min(function.timeout_ms))
        } else {
            (Outcome::Timeout, function.timeout_ms)
        };
        let one = Invocation {
            index: 0,
            ended_millis: 0,
            route: usize::from(class.route),
            version: if class.newer {
                regime.newer
            } else {
                regime.version
            },
            duration_ms: hundredths(ms),
            init_ms: None,
            memory_mb: 0.0,
            outcome,
            correlation: 0,
        };
        (one, class)
    });
    drawn.collect()
}

fn times(random: &mut ChaCha8Rng, function: &Function, point: &Point, all: &mut Drawn) {
    let batch = if point.expected > 0.0 {
        function.scheduled(point.minute) / point.expected
    } else {
        0.0
    };
    for (one, _) in all.iter_mut() {
        let within = if random.random::<f64>() < batch {
            BATCH_MILLIS
        } else {
            MINUTE_MILLIS
        };
        one.ended_millis = point.minute.start_millis() + (within * random.random::<f64>()) as i64;
    }
    // Stable, and what was in order of duration is random in order of time.
    all.sort_by_key(|(one, _)| one.ended_millis);
    for (index, (one, _)) in (0..).zip(all.iter_mut()) {
        one.index = index;
    }
}

/// Draws `count` of those that may be, each with its weight, without replacement (Efraimidis and Spirakis 2006).
fn draw(
    random: &mut ChaCha8Rng,
    count: u32,
    all: &Drawn,
    weight: impl Fn(&Invocation, Class) -> f64,
) -> Vec<usize> {
    if count == 0 {
        return Vec::new();
    }
    let mut keys: Vec<(f64, usize)> = Vec::new();
    for (at, (one, class)) in all.iter().enumerate() {
        let weight = weight(one, *class);
        if weight > 0.0 {
            keys.push((-(1.0 - random.random::<f64>()).ln() / weight, at));
        }
    }
    keys.sort_by(|one, other| one.0.total_cmp(&other.0).then(one.1.cmp(&other.1)));
    keys.into_iter()
        .take(count as usize)
        .map(|(_, at)| at)
        .collect()
}

fn outcomes(random: &mut ChaCha8Rng, point: &Point, all: &mut Drawn) {
    let now = &point.signals;
    let free = |one: &Invocation| f64::from(u8::from(one.outcome == Outcome::Success));
    for at in draw(random, now.out_of_memory, all, |one, _| free(one)) {
        all[at].0.outcome = Outcome::OutOfMemory;
    }
    let failed = now.errors - now.timeouts - now.out_of_memory;
    let regime = &point.regime;
    for (number, at) in draw(random, failed, all, |one, class| {
        free(one) * regime.error_factor(class)
    })
    .into_iter()
    .enumerate()
    {
        // While clients retry, every other failure is a dependency without capacity.
        let refused = regime.failing > 0.0 && number % 2 == 1;
        all[at].0.outcome = if refused {
            Outcome::Refused
        } else {
            Outcome::Error
        };
    }
    for (one, _) in all.iter_mut() {
        if one.outcome == Outcome::Success && random.random::<f64>() < CLIENT_ERRORS {
            one.outcome = Outcome::ClientError;
        }
    }
}

/// New environments with their init phases, of which the known percentile is one; and memory.
fn environments(random: &mut ChaCha8Rng, function: &Function, point: &Point, all: &mut Drawn) {
    let now = &point.signals;
    let cold = draw(random, now.cold_starts, all, |_, _| 1.0);
    if let Some(p95) = now.init_p95 {
        let (median, sigma) = function.init;
        let rank = rank_of(0.95, now.cold_starts);
        let share = super::latency::normal_share((p95 / median).ln() / sigma);
        for (number, at) in (1..).zip(cold) {
            let ms = if number == rank {
                p95
            } else {
                let u = random.random::<f64>();
                let u = if number < rank {
                    share * u
                } else {
                    share + (1.0 - share) * u
                };
                median * (sigma * normal_quantile(u)).exp()
            };
            all[at].0.init_ms = Some(hundredths(ms));
        }
    }
    let size = f64::from(function.memory_size_mb);
    // The largest is somebody's; when some ran out of memory it is theirs.
    let usual = now.memory_max.min(size - 1.0);
    let mut largest = now.out_of_memory == 0;
    for (one, _) in all.iter_mut() {
        one.memory_mb = if one.outcome == Outcome::OutOfMemory {
            size
        } else if std::mem::take(&mut largest) {
            usual
        } else {
            (usual * (1.0 - 0.06 * random.random::<f64>())).round()
        };
    }
}

/// The first attempts have numbers of their own, later ones that of another; who was refused has left no trace.
fn correlations(random: &mut ChaCha8Rng, point: &Point, all: &mut Drawn) {
    let first = point.signals.correlations;
    let attempts = point.signals.invocations + point.signals.throttles;
    let mut ids: Vec<u32> = (0..attempts)
        .map(|attempt| {
            if attempt < first || first == 0 {
                attempt
            } else {
                random.random_range(0..first)
            }
        })
        .collect();
    if point.signals.throttles > 0 {
        for last in (1..ids.len()).rev() {
            ids.swap(last, random.random_range(0..=last));
        }
    }
    for ((one, _), id) in all.iter_mut().zip(ids) {
        one.correlation = id;
    }
}
