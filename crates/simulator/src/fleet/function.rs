//! What a function of a fleet is like while nothing is wrong.

use rand::RngExt;
use rand_chacha::ChaCha8Rng;
use signals::Minute;

use super::draw::normal;
use super::shape::Shape;

/// A route: its template, its share of the requests, and its median duration relative to the function's.
#[derive(Debug, Clone, PartialEq)]
pub struct Route {
    /// Value of the dimension `route`.
    pub name: String,
    /// Share of the requests, 0 to 1.
    pub share: f64,
    /// Median duration ÷ the function's.
    pub factor: f64,
}

/// A batch that a schedule starts.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Cron {
    /// Minutes from one run to the next, from 1.
    pub every: u32,
    /// The minute of the first run after a multiple of `every`.
    pub offset: u32,
    /// Invocations of a run.
    pub size: f64,
}

/// A new version that takes all traffic at once and is as good as the one before.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Deploy {
    /// Its first minute.
    pub at: Minute,
    /// Its number.
    pub version: u32,
    /// Its durations ÷ the first version's: within a few percent of 1.
    pub factor: f64,
}

/// A function. All rates are means over a week.
#[derive(Debug, Clone, PartialEq)]
pub struct Function {
    /// Its name: no two of a fleet have the same.
    pub name: String,
    /// Its rhythm.
    pub shape: Shape,
    /// Minutes that its users are ahead of UTC.
    pub phase: i64,
    /// Invocations a minute, schedules apart: 0 to 10,000.
    pub level: f64,
    /// A batch on top of it.
    pub cron: Option<Cron>,
    /// Standard deviation of the level's logarithm, and its correlation from minute to minute.
    pub level_noise: (f64, f64),
    /// Variance of a factor on the rate that each minute has for itself: over-dispersion.
    pub dispersion: f64,
    /// Harmless bursts a day, and the mean of the logarithm of their height.
    pub bursts: (f64, f64),
    /// Median duration, milliseconds.
    pub median_ms: f64,
    /// Standard deviation of the duration's logarithm within a route.
    pub sigma: f64,
    /// Share of the Pareto tail, its start ÷ the median, and its power.
    pub tail: (f64, f64, f64),
    /// Standard deviation of the latency level's logarithm, and its correlation from minute to minute.
    pub latency_noise: (f64, f64),
    /// Power with which durations follow the load relative to the mean.
    pub load: f64,
    /// Share of the invocations that fail.
    pub error_rate: f64,
    /// Standard deviation of the error rate's logarithm, and its correlation from minute to minute.
    pub error_noise: (f64, f64),
    /// Share of the failed requests that clients send once more.
    pub retried: f64,
    /// Median of the init phase, milliseconds, and the standard deviation of its logarithm.
    pub init: (f64, f64),
    /// Longest duration, milliseconds.
    pub timeout_ms: f64,
    /// Memory configured, megabytes.
    pub memory_size_mb: u32,
    /// Peak memory of a usual environment, megabytes.
    pub memory_used_mb: f64,
    /// Environments that it may have at most; `None`: as many as the account has left.
    pub reserved: Option<u32>,
    /// One to four routes; their shares add up to 1.
    pub routes: Vec<Route>,
    /// Harmless deployments, in order of time.
    pub deploys: Vec<Deploy>,
    /// Whether the platform writes JSON records (else REPORT lines).
    pub json_logs: bool,
}

const ROUTES: [[&str; 4]; 3] = [
    [
        "GET /items/{id}",
        "GET /items",
        "POST /items",
        "DELETE /items/{id}",
    ],
    [
        "GET /orders/{id}",
        "POST /orders",
        "GET /orders",
        "POST /orders/{id}/pay",
    ],
    ["GET /search", "GET /suggest", "POST /feedback", "GET /top"],
];

impl Function {
    /// A function with usual habits: 120 ms, 0.5 % errors, three routes, flat traffic.
    #[must_use]
    pub fn usual(name: &str, shape: Shape, level: f64) -> Self {
        let route = |name: &str, share, factor| Route {
            name: name.to_owned(),
            share,
            factor,
        };
        Self {
            name: name.to_owned(),
            shape,
            phase: 0,
            level,
            cron: None,
            level_noise: (0.06, 0.9),
            dispersion: 0.004,
            bursts: (0.3, 0.3),
            median_ms: 120.0,
            sigma: 0.3,
            tail: (0.004, 3.0, 3.2),
            latency_noise: (0.03, 0.9),
            load: 0.04,
            error_rate: 0.005,
            error_noise: (0.2, 0.9),
            retried: 0.3,
            init: (420.0, 0.15),
            timeout_ms: 6_000.0,
            memory_size_mb: 256,
            memory_used_mb: 110.0,
            reserved: None,
            routes: vec![
                route(ROUTES[0][0], 0.6, 0.85),
                route(ROUTES[0][1], 0.25, 1.3),
                route(ROUTES[0][2], 0.15, 1.6),
            ],
            deploys: Vec::new(),
            json_logs: true,
        }
    }

    /// A function as one finds them: everything but its name, rhythm and level is drawn.
    pub(super) fn drawn(name: &str, shape: Shape, level: f64, random: &mut ChaCha8Rng) -> Self {
        let spread = |random: &mut ChaCha8Rng, median: f64, sigma: f64| {
            median * (sigma * normal(random)).exp()
        };
        let mut one = Self::usual(name, shape, level);
        one.phase = random.random_range(-5..=5) * 60;
        one.level_noise = (spread(random, 0.06, 0.4).min(0.2), 0.9);
        one.dispersion = spread(random, 0.005, 0.7).min(0.05);
        one.bursts = match shape {
            Shape::Bursty => (spread(random, 8.0, 0.4), 0.6),
            _ => (spread(random, 0.3, 0.5), 0.3),
        };
        if shape == Shape::Bursty {
            one.level_noise.0 *= 2.0;
        }
        one.median_ms = spread(random, 90.0, 0.9).clamp(4.0, 1_500.0);
        one.sigma = random.random_range(0.18..0.5);
        one.tail = (
            spread(random, 0.004, 0.5).min(0.02),
            random.random_range(2.5..4.0),
            random.random_range(2.6..4.5),
        );
        one.latency_noise = (spread(random, 0.03, 0.4).min(0.1), 0.9);
        one.load = random.random_range(0.0..0.08);
        one.error_rate = spread(random, 0.003, 1.0).clamp(1e-5, 0.03);
        one.error_noise = (random.random_range(0.1..0.35), 0.9);
        one.init = (spread(random, 400.0, 0.5), 0.15);
        one.timeout_ms = [3_000.0, 6_000.0, 15_000.0, 29_000.0][random.random_range(0..4)];
        one.memory_size_mb = [128, 256, 512, 1_024][random.random_range(0..4)];
        one.memory_used_mb = f64::from(one.memory_size_mb) * random.random_range(0.25..0.75);
        let names = ROUTES[random.random_range(0..ROUTES.len())];
        let count = random.random_range(1..=4);
        let mut left = 1.0;
        one.routes = (0..count)
            .map(|at| {
                let share = if at + 1 == count {
                    left
                } else {
                    left * random.random_range(0.4..0.7)
                };
                left -= share;
                Route {
                    name: names[at].to_owned(),
                    share,
                    factor: spread(random, 1.0, 0.35),
                }
            })
            .collect();
        one.json_logs = random.random::<f64>() < 0.6;
        if shape == Shape::Cron {
            let every = [5, 15, 60][random.random_range(0..3)];
            one.cron = Some(Cron {
                every,
                offset: random.random_range(0..every),
                size: (level * f64::from(every)).max(1.0).round(),
            });
            one.level = 0.0;
        } else if random.random::<f64>() < 0.25 {
            // An hourly job of somebody else's calls it too.
            one.cron = Some(Cron {
                every: 60,
                offset: random.random_range(0..60),
                size: (level * 0.5).round(),
            });
        }
        one
    }

    /// Invocations that schedules start in a minute.
    pub(super) fn scheduled(&self, minute: Minute) -> f64 {
        self.cron.map_or(0.0, |cron| {
            let every = i64::from(cron.every.max(1));
            let hit = (minute.index() - i64::from(cron.offset)).rem_euclid(every) == 0;
            if hit { cron.size } else { 0.0 }
        })
    }

    /// The last harmless deployment up to a minute: its version and its factor.
    pub(super) fn deployed(&self, minute: Minute) -> (u32, f64) {
        self.deploys
            .iter()
            .rev()
            .find(|deploy| deploy.at <= minute)
            .map_or((1, 1.0), |deploy| (deploy.version, deploy.factor))
    }
}
