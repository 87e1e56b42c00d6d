//! A function minute by minute.
//!
//! What a minute hands to the next is small (three noise levels, a burst, the warm environments) and follows from the
//! seed by stepping from the first minute; the rest of a minute has a stream of random numbers of its own.

use rand::RngExt;
use rand_chacha::ChaCha8Rng;
use signals::Minute;

use super::Fleet;
use super::concurrency::{Environments, busiest, refused};
use super::draw::{binomial, gamma_factor, normal, order_statistic, poisson};
use super::fault::Fault;
use super::function::Function;
use super::latency::{Mixture, normal_quantile};
use super::point::{Anchors, Point, Signals};
use super::regime::{Arrival, Regime};
use super::shape::Season;
use crate::seed::{Purpose, stream_of};

/// The share of a burst that is left after a minute.
const BURST_LEFT: f64 = 0.8;
/// The logarithm of the highest burst that is still harmless: × 4.5.
const HIGHEST_BURST: f64 = 1.5;
/// A schedule's batch is started within so many seconds.
const BATCH_SECONDS: f64 = 20.0;

/// The minutes of one function from the fleet's first, in order.
#[derive(Debug, Clone)]
pub struct Run<'a> {
    fleet: &'a Fleet,
    place: usize,
    function: &'a Function,
    season: Season,
    faults: Vec<&'a Fault>,
    next: Minute,
    seed: u64,
    /// Whether the account's own limit acts.
    shared: bool,
    state: State,
}

/// What a minute hands to the next.
#[derive(Debug, Clone, Copy, PartialEq)]
struct State {
    /// Of level, latency and error rate, in standard deviations.
    noise: [f64; 3],
    burst: f64,
    environments: Environments,
}

impl<'a> Run<'a> {
    pub(super) fn new(fleet: &'a Fleet, place: usize) -> Self {
        Self::of(fleet, place, fleet.faults.iter(), fleet.from, fleet.noise)
    }

    /// A run of other randomness and other faults, from any minute, for [`super::bound`].
    pub(super) fn of(
        fleet: &'a Fleet,
        place: usize,
        faults: impl Iterator<Item = &'a Fault>,
        from: Minute,
        seed: u64,
    ) -> Self {
        let function = &fleet.functions[place];
        let faults: Vec<_> = faults.filter(|fault| fault.function == place).collect();
        let shared = !faults.is_empty() || seed == fleet.noise;
        let season = Season::new(function.shape, function.phase);
        let mut run = Self {
            fleet,
            place,
            function,
            season,
            faults,
            next: from,
            seed,
            shared,
            state: State {
                noise: [0.0; 3],
                burst: 0.0,
                environments: Environments::warm(0.0),
            },
        };
        run.restart(from, seed);
        run
    }

    /// Begins anew from a minute, with the stationary state that a seed gives.
    pub(super) fn restart(&mut self, from: Minute, seed: u64) {
        let place = u32::try_from(self.place).unwrap_or(u32::MAX);
        let mut random = stream_of(seed, Purpose::Before, place, from.index());
        self.state.noise = std::array::from_fn(|_| normal(&mut random));
        self.state.burst = 0.0;
        self.next = from;
        self.seed = seed;
        let rate = self.function.level * self.season.factor(from);
        let load = rate / 60_000.0 * self.usual().mean(self.function.timeout_ms);
        let warm = if rate < 0.2 {
            0.0
        } else {
            (load + 2.3 * load.sqrt() + 0.8).floor()
        };
        self.state.environments = Environments::warm(warm);
    }

    fn usual(&self) -> Mixture {
        Regime::of(self.function, &[], self.next).durations(self.function, 1.0)
    }

    fn step(&mut self) -> Point {
        let minute = self.next;
        self.next = minute.plus(1);
        let function = self.function;
        let place = u32::try_from(self.place).unwrap_or(u32::MAX);
        let mut random = stream_of(self.seed, Purpose::Signals, place, minute.index());
        let regime = Regime::of(function, &self.faults, minute);
        self.advance(&mut random);

        // Attempts.
        let season = self.season.factor(minute);
        let (level_sigma, _) = function.level_noise;
        let level = (level_sigma * self.state.noise[0] - 0.5 * level_sigma * level_sigma
            + self.state.burst)
            .exp();
        let rate = function.level * season * level * regime.traffic;
        let batch = function.scheduled(minute) * regime.traffic;
        let own = gamma_factor(&mut random, function.dispersion);
        let first = poisson(&mut random, rate * own) + poisson(&mut random, batch);
        let (error_sigma, _) = function.error_noise;
        let usual_rate = function.error_rate
            * (error_sigma * self.state.noise[2] - 0.5 * error_sigma * error_sigma).exp();
        let error_rate = regime.error_rate(function, usual_rate);
        let again = regime.attempts - 1.0 + function.retried * error_rate;
        let repeats = poisson(&mut random, f64::from(first) * again);
        let attempts = first + repeats;

        // Durations, and by Little's law who is refused.
        let (latency_sigma, _) = function.latency_noise;
        let busy = if function.level > 0.0 {
            (rate * regime.attempts / function.level).max(0.02)
        } else {
            1.0
        };
        let slower = (latency_sigma * self.state.noise[1]).exp() * busy.powf(function.load);
        let mixture = regime.durations(function, slower);
        let mean_ms = mixture.mean(function.timeout_ms);
        let steady = f64::from(first + repeats) - batch.min(f64::from(first));
        let mut load = steady.max(0.0) * mean_ms / 60_000.0;
        if batch > 0.0 {
            load += batch * mean_ms / 1e3 / (mean_ms / 1e3).max(BATCH_SECONDS);
        }
        let limit = regime.reserved.unwrap_or(self.fleet.account_limit);
        let share = match regime.reserved {
            Some(limit) => refused(load, limit),
            None if self.shared => self
                .fleet
                .refused_by_account(minute)
                .max(refused(load, limit)),
            None => refused(load, limit),
        };
        let throttles = binomial(&mut random, attempts, share);
        let invocations = attempts - throttles;

        // How they end.
        let hang = mixture.share_above(function.timeout_ms);
        let timeouts = binomial(&mut random, invocations, hang);
        let ordinary = invocations - timeouts;
        let out_of_memory = binomial(&mut random, ordinary, regime.out_of_memory);
        let failed = binomial(&mut random, ordinary - out_of_memory, error_rate);
        let anchors = draw_anchors(&mut random, invocations, ordinary, 1.0 - hang);
        let of_rank = |rank: u32| match anchors.ranks[..anchors.len]
            .iter()
            .find(|(known, _)| *known == rank)
        {
            Some((_, u)) => mixture.quantile(*u).min(function.timeout_ms),
            None => function.timeout_ms,
        };
        let percentile = |q: f64| (invocations > 0).then(|| of_rank(rank_of(q, invocations)));

        // Environments.
        let peak = if invocations == 0 {
            0
        } else {
            busiest(&mut random, load * (1.0 - share), invocations, limit)
        };
        let cold_starts = self.state.environments.start(
            &mut random,
            peak,
            invocations,
            regime.replaced,
            regime.cold,
        );
        let init_p95 = (cold_starts > 0).then(|| {
            let u = order_statistic(&mut random, rank_of(0.95, cold_starts), cold_starts);
            function.init.0 * (function.init.1 * normal_quantile(u)).exp()
        });
        let memory_max = if invocations == 0 {
            0.0
        } else {
            self.memory(&mut random, &regime, invocations, out_of_memory)
        };
        Point {
            function: self.place,
            minute,
            signals: Signals {
                invocations,
                errors: failed + timeouts + out_of_memory,
                throttles,
                timeouts,
                out_of_memory,
                cold_starts,
                correlations: first,
                p50: percentile(0.5),
                p90: percentile(0.9),
                p99: percentile(0.99),
                init_p95,
                memory_max,
                concurrency_max: peak,
                concurrency_estimated: f64::from(invocations) * mean_ms / 60_000.0,
            },
            arrival: regime.arrival,
            silent: regime.silent,
            expected: (rate + batch) * (1.0 + again) * (1.0 - share),
            regime,
            mixture,
            anchors,
        }
    }

    /// Noise and bursts of the next minute.
    fn advance(&mut self, random: &mut ChaCha8Rng) {
        let function = self.function;
        for (noise, correlation) in self.state.noise.iter_mut().zip([
            function.level_noise.1,
            function.latency_noise.1,
            function.error_noise.1,
        ]) {
            *noise =
                correlation * *noise + (1.0 - correlation * correlation).sqrt() * normal(random);
        }
        self.state.burst *= BURST_LEFT;
        if random.random::<f64>() < function.bursts.0 / 1_440.0 {
            // Exponential heights: most bursts are small.
            let height = -function.bursts.1 * (1.0 - random.random::<f64>()).ln();
            self.state.burst = (self.state.burst + height).min(HIGHEST_BURST);
        }
    }

    fn memory(
        &self,
        random: &mut ChaCha8Rng,
        regime: &Regime,
        invocations: u32,
        out_of_memory: u32,
    ) -> f64 {
        let size = f64::from(self.function.memory_size_mb);
        if out_of_memory > 0 {
            return size;
        }
        let used = self.function.memory_used_mb;
        // The largest of so many peaks that each differ by some percent.
        let largest = 0.02 * (f64::from(invocations).ln() + 0.6 * normal(random).abs());
        let peak = used * (1.0 + largest.min(0.2));
        // Not all of it: a peak at the limit would be out of memory.
        (peak + 0.98 * regime.filled * (size - peak).max(0.0))
            .min(size - 1.0)
            .round()
    }
}

impl Iterator for Run<'_> {
    type Item = Point;

    fn next(&mut self) -> Option<Point> {
        (self.next < self.fleet.to()).then(|| self.step())
    }
}

impl Run<'_> {
    /// One minute, also beyond the fleet's last.
    pub(super) fn probe(&mut self) -> Point {
        self.step()
    }
}

/// Nearest rank: the smallest with at least a share `q` of the samples at or below it.
pub(crate) fn rank_of(q: f64, count: u32) -> u32 {
    ((q * f64::from(count)).ceil() as u32).clamp(1, count.max(1))
}

/// Order statistics of the ordinary invocations, one after the other: what lies above a known one is uniform again.
fn draw_anchors(random: &mut ChaCha8Rng, invocations: u32, ordinary: u32, below: f64) -> Anchors {
    let mut anchors = Anchors {
        below,
        ..Anchors::default()
    };
    if ordinary == 0 {
        return anchors;
    }
    let (mut known, mut u) = (0, 0.0);
    for rank in [
        rank_of(0.5, invocations),
        rank_of(0.9, invocations),
        rank_of(0.99, invocations),
        ordinary,
    ] {
        if rank <= known || rank > ordinary {
            continue;
        }
        u += (1.0 - u) * order_statistic(random, rank - known, ordinary - known);
        known = rank;
        anchors.ranks[anchors.len] = (rank, u * below);
        anchors.len += 1;
    }
    anchors
}

/// Whether the logs of a minute come at all.
pub(super) fn comes(arrival: Arrival) -> bool {
    arrival != Arrival::Lost
}
