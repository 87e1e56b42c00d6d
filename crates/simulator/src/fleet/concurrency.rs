//! Environments: how many are needed, how many are warm, and who is refused.
//!
//! By Little's law the mean number of busy environments is the rate × the mean duration (Little 1961). Above a limit
//! calls are lost and not queued, which is Erlang's loss system (Erlang 1917): the share that is refused depends on
//! the offered load and the limit alone, whatever the distribution of the durations.

use super::draw::{binomial, normal};
use rand_chacha::ChaCha8Rng;

/// Share of the environments that are reclaimed in a minute in which they are not needed.
const RECLAIMED: f64 = 0.1;
/// Share that ends in a minute whether needed or not: environments live for hours.
const ENDED: f64 = 1.0 / 180.0;

/// The share of calls that is refused when `load` environments would be busy on average and there are `limit`.
pub(crate) fn refused(load: f64, limit: u32) -> f64 {
    if load <= 0.0 {
        return 0.0;
    }
    let limit = f64::from(limit);
    // Seven standard deviations above the mean nobody is refused.
    if load + 7.0 * load.sqrt() + 7.0 < limit {
        return 0.0;
    }
    let (mut share, mut servers) = (1.0, 0.0);
    while servers < limit {
        servers += 1.0;
        share = load * share / (servers + load * share);
    }
    share
}

/// The most environments that were busy at the same time in a minute with this load.
pub(crate) fn busiest(random: &mut ChaCha8Rng, load: f64, invocations: u32, limit: u32) -> u32 {
    // The largest of some dozens of nearly independent moments: two to three standard deviations above the mean.
    let peak = load + load.sqrt() * (2.3 + 0.4 * normal(random)) + 0.8;
    (peak.max(1.0) as u32).min(invocations).min(limit.max(1))
}

/// Environments that are warm.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Environments {
    warm: f64,
}

impl Environments {
    pub(crate) fn warm(count: f64) -> Self {
        Self { warm: count }
    }

    /// Environments that a minute starts: for more than are warm, for those that ended, for those that a deployment
    /// replaced, and for the share `cold` that does not live.
    pub(crate) fn start(
        &mut self,
        random: &mut ChaCha8Rng,
        busy: u32,
        invocations: u32,
        replaced: f64,
        cold: f64,
    ) -> u32 {
        self.warm *= 1.0 - replaced;
        let warm = self.warm.round() as u32;
        let used = warm.min(busy);
        let ended = binomial(random, used, ENDED);
        let storm = binomial(random, invocations, cold);
        let started = (busy.saturating_sub(warm) + ended + storm).min(invocations);
        self.warm = (self.warm * (1.0 - RECLAIMED)).max(f64::from(busy));
        started
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand::SeedableRng;

    #[test]
    fn refusals_are_erlangs() {
        // Erlang's table: 10 offered to 10 lines lose 21.46 %.
        for (load, limit, expected) in [
            (10.0, 10, 0.2146),
            (1.0, 1, 0.5),
            (2.0, 5, 0.0367),
            (100.0, 1_000, 0.0),
            (0.0, 1, 0.0),
            (5.0, 0, 1.0),
        ] {
            let found = refused(load, limit);
            assert!(
                (found - expected).abs() < 1e-4,
                "{load} on {limit}: {found}"
            );
        }
    }

    #[test]
    fn environments_go_cold_after_some_idle_minutes_and_stay_warm_in_use() {
        let mut random = ChaCha8Rng::from_seed([1; 32]);
        let mut one = Environments::warm(0.0);
        assert_eq!(one.start(&mut random, 1, 1, 0.0, 0.0), 1);
        assert_eq!(one.start(&mut random, 1, 1, 0.0, 0.0), 0);
        for _ in 0..10 {
            one.start(&mut random, 0, 0, 0.0, 0.0);
        }
        assert_eq!(one.start(&mut random, 1, 1, 0.0, 0.0), 1);
        // A deployment replaces all of them.
        let mut many = Environments::warm(20.0);
        assert!(many.start(&mut random, 20, 400, 0.0, 0.0) < 3);
        assert!(many.start(&mut random, 20, 400, 1.0, 0.0) >= 20);
    }
}
