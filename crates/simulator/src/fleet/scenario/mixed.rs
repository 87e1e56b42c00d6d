//! A fleet as one finds it: functions of every rhythm and size, and every fault.

use rand::RngExt;
use rand_chacha::ChaCha8Rng;
use signals::Minute;

use super::super::deploys;
use super::super::fault::{Fault, Kind};
use super::super::function::Function;
use super::super::place;
use super::super::shape::Shape;

/// Names of functions; numbers follow.
const NAMES: [&str; 12] = [
    "orders", "search", "payments", "mailer", "images", "auth", "export", "webhook", "stock",
    "pricing", "profile", "audit",
];
/// Invocations a minute, least and most.
const LEVELS: (f64, f64) = (0.05, 10_000.0);
const TRIES: u32 = 200;

/// So many functions: levels log-uniform, rhythms in turn.
pub(super) fn functions(
    random: &mut ChaCha8Rng,
    count: usize,
    from: Minute,
    minutes: u32,
) -> Vec<Function> {
    (0..count)
        .map(|at| {
            let share = (at as f64 + random.random::<f64>()) / count as f64;
            let level = LEVELS.0 * (LEVELS.1 / LEVELS.0).powf(share);
            // 7 and the number of rhythms have no common factor: every rhythm has every size.
            let shape = Shape::ALL[at * 7 % Shape::ALL.len()];
            let name = format!("{}-{}", NAMES[at % NAMES.len()], at / NAMES.len() + 1);
            let mut one = Function::drawn(&name, shape, level, random);
            if level > 500.0 {
                // Nobody runs ten thousand slow calls a minute.
                one.median_ms = one.median_ms.min(200.0);
            }
            one.deploys = deploys(random, from, minutes, 3.0);
            one
        })
        .collect()
}

/// Which faults a fleet has: kind, least invocations a minute, minutes, size, share.
const FAULTS: [(Kind, f64, i64, f64, f64); 18] = [
    (Kind::ErrorRate, 5.0, 60, 10.0, 1.0),
    (Kind::TailLatency, 50.0, 60, 2.0, 0.05),
    (Kind::Latency, 5.0, 45, 2.0, 1.0),
    (Kind::TimeoutWall, 5.0, 30, 1.0, 0.2),
    (Kind::ReservedThrottle, 50.0, 30, 1.0, 1.0),
    (Kind::ColdStorm, 20.0, 30, 1.0, 0.3),
    (Kind::DeployLatency, 5.0, 60, 1.8, 1.0),
    (Kind::DeployErrors, 5.0, 60, 15.0, 1.0),
    (Kind::TrafficUp, 5.0, 30, 10.0, 1.0),
    (Kind::TrafficStop, 5.0, 60, 0.0, 1.0),
    (Kind::Silence, 5.0, 60, 0.0, 1.0),
    (Kind::MissingData, 1.0, 20, 0.0, 1.0),
    (Kind::LateData, 1.0, 60, 15.0, 1.0),
    (Kind::RetryStorm, 10.0, 30, 2.5, 0.5),
    (Kind::MemoryPressure, 10.0, 90, 1.0, 0.1),
    (Kind::SlowDependency, 20.0, 30, 4.0, 0.3),
    (Kind::BadRoute, 20.0, 45, 40.0, 1.0),
    (Kind::BadVersion, 50.0, 30, 30.0, 0.2),
];

/// Every kind once for each two weeks after the history, on functions that are busy enough to show it.
pub(super) fn faults(
    random: &mut ChaCha8Rng,
    functions: &[Function],
    from: Minute,
    minutes: u32,
) -> Vec<Fault> {
    let first = i64::from(place::history(minutes));
    let room = i64::from(minutes) - first;
    let rounds = (room / (14 * 1_440)).max(1);
    let mut faults: Vec<Fault> = Vec::new();
    for (kind, least, length, size, share) in
        (0..rounds)
            .flat_map(|_| FAULTS)
            .chain([(Kind::Creep, 20.0, 360, 2.0, 1.0)])
    {
        let busy: Vec<usize> = (0..functions.len())
            .filter(|at| functions[*at].level >= least)
            .filter(|at| kind != Kind::BadRoute || functions[*at].routes.len() > 1)
            .collect();
        for _ in 0..TRIES {
            let Some(place) = busy.get(random.random_range(0..busy.len().max(1))) else {
                break;
            };
            let function = &functions[*place];
            let latest = room - length - 60;
            if latest <= 0 {
                break;
            }
            let at = from.plus(first + random.random_range(0..latest));
            let season = super::super::shape::Season::new(function.shape, function.phase);
            // An office at night is a function without traffic.
            if function.level * season.factor(at) < least || season.factor(at) < 0.5 {
                continue;
            }
            let mut fault = Fault::new(*place, kind, at, length, size);
            fault.share = share;
            match kind {
                Kind::ReservedThrottle => fault.size = super::needed(function).floor().max(1.0),
                Kind::BadRoute => fault.route = Some(function.routes.len() - 1),
                Kind::ErrorRate | Kind::DeployErrors | Kind::BadVersion => {
                    // At least 5 % of what is hit.
                    fault.size = fault.size.max(0.05 / function.error_rate);
                }
                _ => {}
            }
            if kind == Kind::BadRoute {
                fault.size = fault.size.max(0.3 / function.error_rate);
            }
            if !place::is_taken(&faults, &fault) {
                faults.push(fault);
                break;
            }
        }
    }
    faults
}
