//! A load against a function whose concurrency is limited, in virtual time: which requests meet a new environment,
//! which are refused, and what their clients then do.
//!
//! Unlike [`Scenario::requests`] a minute here depends on the one before (environments stay warm, refused requests
//! come back), so the whole run is played at once. It is still a function of its arguments alone.

use std::collections::BTreeMap;

use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use signals::{Minute, Rollup, SeriesKey};

use super::Profile;
use crate::request::normal;
use crate::{Request, Scenario, Service, rollups};

/// How clients take a refusal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Clients {
    /// They wait as long as they are told, then a random part of a pause that doubles; three attempts in all.
    Patient,
    /// They come back after a tenth of a second, twenty attempts in all.
    Impatient,
}

/// An idle environment is kept at least this long: AWS promises no time; minutes are what is seen.
const KEPT_WARM: u64 = 10 * 60 * 1_000_000;
/// The first request of an environment also opens its connections.
const FIRST_CALL_MS: f64 = 60.0;
const INIT_MS: f64 = 45.0;
/// What a throttled gateway asks clients to wait.
const RETRY_AFTER: u64 = 1_000_000;

impl Clients {
    fn attempts(self) -> u32 {
        match self {
            Self::Patient => 3,
            Self::Impatient => 20,
        }
    }

    /// Microseconds until the next attempt after `failed` of them; `random` is 0 to 1.
    fn wait(self, failed: u32, random: f64) -> u64 {
        match self {
            Self::Patient => {
                RETRY_AFTER + (500_000.0 * random * f64::from(1 << failed.min(6))) as u64
            }
            Self::Impatient => 100_000,
        }
    }
}

/// A load on top of a service's normal traffic.
#[derive(Debug, Clone)]
pub struct Play<'a> {
    /// The service and its normal traffic. Its faults act too.
    pub normal: &'a Scenario,
    /// The load.
    pub profile: Profile,
    /// The minute in which the load begins.
    pub from: Minute,
    /// Requests that the function may run at the same time.
    pub concurrency: usize,
    /// Everybody's clients.
    pub clients: Clients,
}

/// What came of it, minute by minute.
#[derive(Debug, Clone)]
pub struct Played {
    seed: u64,
    service: Service,
    minutes: BTreeMap<Minute, Vec<Request>>,
}

#[derive(Debug)]
struct Attempt {
    number: u32,
    request: Request,
}

/// Environments by the time at which each is free again, microseconds.
#[derive(Debug)]
struct Environments {
    free_at: Vec<u64>,
    most: usize,
}

enum Found {
    Warm(usize),
    New,
    None,
}

impl Environments {
    fn find(&mut self, now: u64) -> Found {
        self.free_at
            .retain(|free| now.saturating_sub(*free) <= KEPT_WARM);
        let free = self
            .free_at
            .iter()
            .enumerate()
            .filter(|(_, free)| **free <= now);
        match free.max_by_key(|(_, free)| **free) {
            Some((place, _)) => Found::Warm(place),
            None if self.free_at.len() < self.most => Found::New,
            None => Found::None,
        }
    }
}

fn micros(ms: f64) -> u64 {
    (ms.max(0.0) * 1e3) as u64
}

impl Play<'_> {
    /// Plays the live minutes of the service's scenario.
    #[must_use]
    pub fn run(&self) -> Played {
        let mut key = [0; 32];
        key[..8].copy_from_slice(&self.profile.seed.to_le_bytes());
        key[16] = 65;
        let mut random = ChaCha8Rng::from_seed(key);
        let mut waiting: BTreeMap<(u64, u64), Attempt> = BTreeMap::new();
        let mut sequence = 0_u64;
        let mut enter = |waiting: &mut BTreeMap<_, _>, at: u64, attempt: Attempt| {
            sequence += 1;
            waiting.insert((at, sequence), attempt);
        };
        for index in self.normal.from.index()..self.normal.to().index() {
            for request in self.normal.requests(Minute::from_index(index)) {
                let at = u64::try_from(request.at_millis).unwrap_or(0) * 1_000;
                enter(&mut waiting, at, Attempt { number: 1, request });
            }
        }
        let start = u64::try_from(self.from.start_millis()).unwrap_or(0) * 1_000;
        for arrival in self.profile.arrivals() {
            // Operation and service time belong together, so both are drawn here; the mix is the plan's.
            let request = normal(&mut random, 1.0, self.normal.service.inventory.max(1));
            let at = start + u64::try_from(arrival.at.as_micros()).unwrap_or(0);
            enter(&mut waiting, at, Attempt { number: 1, request });
        }
        let mut environments = Environments {
            free_at: Vec::new(),
            most: self.concurrency,
        };
        let mut minutes: BTreeMap<Minute, Vec<Request>> = BTreeMap::new();
        while let Some((
            (at, _),
            Attempt {
                number,
                mut request,
            },
        )) = waiting.pop_first()
        {
            request.at_millis = i64::try_from(at / 1_000).unwrap_or(i64::MAX);
            request.cold_start = None;
            match environments.find(at) {
                Found::Warm(place) => {
                    environments.free_at[place] = at + micros(request.latency_ms())
                }
                Found::New => {
                    request.service_ms += FIRST_CALL_MS;
                    request.cold_start = Some(INIT_MS);
                    environments
                        .free_at
                        .push(at + micros(request.latency_ms() + INIT_MS));
                }
                Found::None => {
                    if number < self.clients.attempts() {
                        let later = at + self.clients.wait(number, random.random());
                        let again = Attempt {
                            number: number + 1,
                            request: request.clone(),
                        };
                        enter(&mut waiting, later, again);
                    }
                    request.throttled = true;
                    request.injected = None;
                }
            }
            let minute = minutes
                .entry(Minute::from_millis(request.at_millis))
                .or_default();
            request.index = u32::try_from(minute.len()).unwrap_or(u32::MAX);
            minute.push(request);
        }
        Played {
            seed: self.profile.seed,
            service: self.normal.service.clone(),
            minutes,
        }
    }
}

impl Played {
    /// The requests of a minute, refused attempts and repetitions included, in order.
    #[must_use]
    pub fn requests(&self, minute: Minute) -> &[Request] {
        self.minutes.get(&minute).map_or(&[], Vec::as_slice)
    }

    /// What log-processor and the metric poller would store of a minute.
    #[must_use]
    pub fn rollups(&self, minute: Minute) -> BTreeMap<SeriesKey, Rollup> {
        rollups::of_requests(self.seed, &self.service, minute, self.requests(minute))
    }

    /// What AWS/Lambda alone would say of a minute.
    #[must_use]
    pub fn platform_metrics(&self, minute: Minute) -> BTreeMap<SeriesKey, Rollup> {
        rollups::of_platform(&self.service, self.requests(minute))
    }
}

#[cfg(test)]
mod tests {
    use super::super::Shape;
    use super::*;

    fn played(shape: Shape, rate: f64, concurrency: usize, clients: Clients) -> Played {
        let from = Minute::parse("2026-11-18T10:00:00Z").unwrap();
        let mut scenario = Scenario::demo(7, from);
        scenario.faults = Vec::new();
        scenario.minutes = 12;
        let profile = Profile {
            shape,
            rate,
            seconds: 480.0,
            seed: 7,
        };
        Play {
            normal: &scenario,
            profile,
            from: from.plus(2),
            concurrency,
            clients,
        }
        .run()
    }

    fn count(played: &Played, that: impl Fn(&Request) -> bool) -> usize {
        played
            .minutes
            .values()
            .flatten()
            .filter(|request| that(request))
            .count()
    }

    #[test]
    fn enough_environments_refuse_nobody_and_start_cold_once() {
        let played = played(Shape::Constant, 20.0, 50, Clients::Patient);
        assert_eq!(count(&played, |request| request.throttled), 0);
        let cold = count(&played, |request| request.cold_start.is_some());
        assert!((2..=20).contains(&cold), "{cold} environments");
        let minute = played.minutes.keys().nth(4).copied().unwrap();
        assert!(
            (1_200..1_300).contains(&played.requests(minute).len()),
            "its traffic and the load's"
        );
    }

    #[test]
    fn impatient_clients_turn_the_same_overload_into_a_storm() {
        let refusals = [Clients::Patient, Clients::Impatient].map(|clients| {
            let played = played(Shape::RetryStorm, 100.0, 2, clients);
            count(&played, |request| request.throttled)
        });
        assert!(refusals[0] > 100, "{refusals:?}");
        assert!(refusals[1] > 4 * refusals[0], "{refusals:?}");
    }

    #[test]
    fn a_burst_after_idle_time_starts_many_environments() {
        let played = played(Shape::ColdBurst, 200.0, 500, Clients::Patient);
        let cold = |range: std::ops::Range<usize>| -> usize {
            let minutes = played.minutes.values().skip(range.start).take(range.len());
            minutes
                .flatten()
                .filter(|request| request.cold_start.is_some())
                .count()
        };
        assert!(cold(6..7) > 8, "{} in the burst's first minute", cold(6..7));
        assert!(cold(8..10) < 4, "{} after it", cold(8..10));
    }

    #[test]
    fn the_same_play_ends_the_same() {
        let play = || played(Shape::Spike, 100.0, 2, Clients::Impatient).minutes;
        assert_eq!(play(), play());
    }
}
