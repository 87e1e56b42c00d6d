//! Four weeks of ten services in which everything goes wrong that can: which fault, of which service, when, how large.
//!
//! A service has at most one fault a day, on working days and in working hours, so that each message has one cause. Every
//! service has quiet days, quiet weekends and harmless deployments. On the last Friday one service calls itself without end
//! and takes the account's concurrency: every service is hit at once.

use rand::{RngExt as _, SeedableRng as _};
use rand_chacha::ChaCha8Rng;
use signals::Minute;
use simulator::fleet::{Deploy, Fault, Fleet, Function, Kind, Shape};

/// A fault as people would name it: some are made of several of the simulator's.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Injected {
    /// The service, by its place in the fleet.
    pub(super) service: usize,
    pub(super) name: &'static str,
    /// How much, in words.
    pub(super) size: &'static str,
    pub(super) from: Minute,
    /// The first minute after it.
    pub(super) to: Minute,
    /// Whether anybody is to be told.
    pub(super) told: bool,
}

/// How much simulated time there is.
#[derive(Debug, Clone, Copy)]
pub(super) struct Extent {
    pub(super) services: usize,
    /// Days of history, which are not counted.
    pub(super) history: u32,
    /// Weeks that are counted.
    pub(super) weeks: u32,
    /// Faults of each service in four weeks.
    pub(super) faults: usize,
}

/// The fleet that is reported.
pub(super) const WHOLE: Extent = Extent {
    services: LEVELS.len(),
    history: 14,
    weeks: 4,
    faults: 12,
};

/// Mean invocations a minute, and the rhythm.
const LEVELS: [(f64, Shape); 10] = [
    (20.0, Shape::Flat),
    (40.0, Shape::Office),
    (60.0, Shape::Evening),
    (100.0, Shape::Flat),
    (150.0, Shape::Bursty),
    (250.0, Shape::Office),
    (400.0, Shape::Evening),
    (600.0, Shape::Flat),
    (900.0, Shape::Evening),
    (1_200.0, Shape::Flat),
];
/// Account concurrency without an increase of the quota (Lambda quotas, "Concurrent executions": 1,000).
const ACCOUNT: u32 = 1_000;
/// Attempts of the loop, as a multiple of the service's own: twice what the account has.
const LOOP: f64 = 800.0;

/// A kind of fault: see [`Row::faults`].
#[derive(Debug, Clone, Copy)]
struct Row {
    name: &'static str,
    size: &'static str,
    kind: Kind,
    /// Invocations a minute of the least busy service that has it.
    least: f64,
    minutes: i64,
    /// See [`Kind`]; of errors the share that fails instead of a multiple.
    amount: f64,
    share: f64,
    /// How often it comes, and minutes from one beginning to the next.
    times: (i64, i64),
}

const fn row(
    (name, size): (&'static str, &'static str),
    kind: Kind,
    (least, minutes): (f64, i64),
    (amount, share): (f64, f64),
) -> Row {
    Row {
        name,
        size,
        kind,
        least,
        minutes,
        amount,
        share,
        times: (1, 0),
    }
}

const fn again(row: Row, times: i64, every: i64) -> Row {
    Row {
        times: (times, every),
        ..row
    }
}

const ROWS: [Row; 24] = [
    row(
        ("errors", "15 % fail, 1 h"),
        Kind::ErrorRate,
        (20.0, 60),
        (0.15, 1.0),
    ),
    row(
        ("tail latency", "p99 × 2, 1 h"),
        Kind::TailLatency,
        (60.0, 60),
        (2.0, 0.05),
    ),
    row(
        ("latency", "× 2, 45 min"),
        Kind::Latency,
        (20.0, 45),
        (2.0, 1.0),
    ),
    row(
        ("timeouts", "20 % hang, 30 min"),
        Kind::TimeoutWall,
        (20.0, 30),
        (1.0, 0.2),
    ),
    row(
        ("throttles", "reservation below the need, 30 min"),
        Kind::ReservedThrottle,
        (250.0, 30),
        (0.0, 1.0),
    ),
    row(
        ("cold starts", "30 % are cold, 30 min"),
        Kind::ColdStorm,
        (60.0, 30),
        (1.0, 0.3),
    ),
    row(
        ("slow deploy", "× 1.8, back after 1 h"),
        Kind::DeployLatency,
        (20.0, 60),
        (1.8, 1.0),
    ),
    row(
        ("failing deploy", "10 % fail, back after 1 h"),
        Kind::DeployErrors,
        (20.0, 60),
        (0.1, 1.0),
    ),
    row(
        ("traffic rise", "× 8, 30 min"),
        Kind::TrafficUp,
        (20.0, 30),
        (8.0, 1.0),
    ),
    row(
        ("traffic stop", "none, 1 h"),
        Kind::TrafficStop,
        (20.0, 60),
        (0.0, 1.0),
    ),
    row(
        ("silence", "neither logs nor metrics, 1 h"),
        Kind::Silence,
        (20.0, 60),
        (0.0, 1.0),
    ),
    row(
        ("missing logs", "20 min"),
        Kind::MissingData,
        (20.0, 20),
        (0.0, 1.0),
    ),
    row(
        ("late logs", "15 min late, 1 h"),
        Kind::LateData,
        (20.0, 60),
        (15.0, 1.0),
    ),
    row(
        ("retry storm", "half fail, 2.5 attempts each, 30 min"),
        Kind::RetryStorm,
        (20.0, 30),
        (2.5, 0.5),
    ),
    row(
        ("memory", "fills up, then 10 % fail, 90 min"),
        Kind::MemoryPressure,
        (20.0, 90),
        (1.0, 0.1),
    ),
    row(
        ("slow dependency", "30 % × 4, 30 min"),
        Kind::SlowDependency,
        (20.0, 30),
        (4.0, 0.3),
    ),
    row(
        ("bad route", "its 15 % fail by half, 45 min"),
        Kind::BadRoute,
        (40.0, 45),
        (0.5, 1.0),
    ),
    row(
        ("canary deploy", "a fifth, 30 % of it fail, 30 min"),
        Kind::BadVersion,
        (60.0, 30),
        (0.3, 0.2),
    ),
    row(
        ("slow ramp", "× 1 to × 2 over 6 h"),
        Kind::Creep,
        (20.0, 360),
        (2.0, 1.0),
    ),
    row(
        ("error spike", "half fail, 4 min"),
        Kind::ErrorRate,
        (20.0, 4),
        (0.5, 1.0),
    ),
    row(
        ("latency spike", "× 4, 4 min"),
        Kind::Latency,
        (20.0, 4),
        (4.0, 1.0),
    ),
    again(
        row(
            ("flapping errors", "40 % fail, 3 of 10 min, 8 times"),
            Kind::ErrorRate,
            (20.0, 3),
            (0.4, 1.0),
        ),
        8,
        10,
    ),
    again(
        row(
            ("flapping latency", "× 3, 5 of 15 min, 6 times"),
            Kind::Latency,
            (20.0, 5),
            (3.0, 1.0),
        ),
        6,
        15,
    ),
    row(
        ("error leak", "5 % fail, 12 h"),
        Kind::ErrorRate,
        (20.0, 720),
        (0.05, 1.0),
    ),
];

impl Row {
    /// The simulator's faults, the first one beginning at `at`.
    fn faults(&self, place: usize, function: &Function, at: Minute) -> Vec<Fault> {
        let (times, every) = self.times;
        let of = |time| {
            let from = at.plus(time * every);
            let mut fault = Fault::new(place, self.kind, from, self.minutes, self.amount);
            fault.share = self.share;
            match self.kind {
                Kind::ErrorRate | Kind::DeployErrors | Kind::BadVersion => {
                    fault.size = self.amount / function.error_rate;
                }
                Kind::BadRoute => {
                    fault.size = self.amount / function.error_rate;
                    fault.route = Some(2);
                }
                // By Little's law half of what is needed.
                Kind::ReservedThrottle => {
                    let busy = function.level * function.median_ms / 60_000.0;
                    fault.size = (0.5 * busy).floor().max(1.0);
                }
                _ => {}
            }
            fault
        };
        (0..times).map(of).collect()
    }

    fn minutes(&self) -> i64 {
        (self.times.0 - 1) * self.times.1 + self.minutes
    }
}

/// The place of a working day among all days.
fn working(day: usize) -> i64 {
    (day / 5 * 7 + day % 5) as i64
}

/// A fleet by its seed, with what happens to it. The first minute is that of a Monday.
pub(super) fn fleet(seed: u64, extent: Extent, first: Minute) -> (Fleet, Vec<Injected>) {
    let mut random = ChaCha8Rng::seed_from_u64(seed);
    let scored = first.plus(i64::from(extent.history) * 1_440);
    let days = extent.weeks as usize * 5;
    let (mut functions, mut faults, mut injected) = (Vec::new(), Vec::new(), Vec::new());
    for (place, (level, shape)) in LEVELS.into_iter().take(extent.services).enumerate() {
        let mut function = Function::usual(&format!("service-{place}"), shape, level);
        function.median_ms = [40.0, 120.0, 300.0, 80.0][(place + seed as usize) % 4];
        if place == LEVELS.len() - 1 {
            // The loop of this one needs twice what the account has.
            function.median_ms = 120.0;
        }
        function.error_rate = random.random_range(0.001..0.006);
        let mut taken = Vec::new();
        let mut at_row = place * 7 + seed as usize * 3;
        for fault in 0..extent.faults {
            // 5 and the number of rows have no common factor: one round meets every row once.
            while ROWS[at_row % ROWS.len()].least > level {
                at_row += 5;
            }
            let row = &ROWS[at_row % ROWS.len()];
            at_row += 5;
            let day = fault * (days - 1) / extent.faults;
            taken.push(day);
            let minute = 9 * 60 + random.random_range(0..300);
            let at = scored.plus(working(day) * 1_440 + minute);
            faults.extend(row.faults(place, &function, at));
            injected.push(Injected {
                service: place,
                name: row.name,
                size: row.size,
                from: at,
                to: at.plus(row.minutes()),
                told: row.kind.is_told(),
            });
        }
        let history = extent.history as usize / 7 * 5;
        let free = (0..days - 1).filter(|day| !taken.contains(day));
        let all = (0..history).map(|day| working(day) - i64::from(extent.history));
        function.deploys = all
            .chain(free.map(working))
            .step_by(3)
            .map(|day| Deploy {
                at: scored.plus(day * 1_440 + 15 * 60),
                version: 0,
                factor: random.random_range(0.97..1.03),
            })
            .collect();
        functions.push(function);
    }
    if extent.services == LEVELS.len() {
        let at = scored.plus(working(days - 1) * 1_440 + 11 * 60);
        let own = functions.len() - 1;
        faults.push(Fault::new(own, Kind::AccountThrottle, at, 30, LOOP));
        injected.extend((0..functions.len()).map(|service| Injected {
            service,
            name: "account throttled",
            size: "a loop takes all concurrency, 30 min",
            from: at,
            to: at.plus(30),
            told: true,
        }));
    }
    let minutes = (extent.history + 7 * extent.weeks) * 1_440;
    let span = (first, minutes, extent.history * 1_440);
    let fleet = Fleet::new("received", seed, span, functions, faults, ACCOUNT);
    (fleet, injected)
}
