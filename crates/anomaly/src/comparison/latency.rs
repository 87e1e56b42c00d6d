//! Latencies reduced to counts: how many requests were among the slowest tenth of both versions together.
//!
//! The limit of "slow" is taken from both versions' requests, without regard to which is whose, so the lot decides
//! under it too and the test stays exact. A limit from the old version's requests alone would not be: it varies.

use super::{Comparison, Floors, Pair, Tally, judged, number};

/// The share of all requests that counts as slow.
const SLOW: f64 = 0.1;
/// What the floors are held against: the quantile that stands for latency everywhere in Outrider.
const LEVEL: f64 = 0.9;
/// Twenty milliseconds, and three tenths more: what the detector pages for, see `Settings::for_kind`.
const LATENCY: Floors = Floors {
    absolute: 20.0,
    relative: 0.3,
    excess: 3.0,
};

/// The latencies of one version in one minute.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Latencies {
    /// Milliseconds and how many requests took as long, in any order. What is no finite number is left out.
    pub values: Vec<(f64, u64)>,
    /// How many of these requests met a new environment, or may have. Such a request is slower whatever the
    /// version, and a new version's first ones all are.
    pub cold: u64,
}

impl Latencies {
    fn tally(&self, is_slow: impl Fn(f64) -> bool) -> Tally {
        let sum = |count: u64, (_, weight): &(f64, u64)| count.saturating_add(*weight);
        let finite = || self.values.iter().filter(|(ms, _)| ms.is_finite());
        Tally {
            bad: finite().filter(|(ms, _)| is_slow(*ms)).fold(0, sum),
            of: finite().fold(0, sum),
        }
    }
}

/// One minute of two versions.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct LatencyPair {
    /// What is compared with.
    pub old: Latencies,
    /// What is judged.
    pub new: Latencies,
}

/// Whether the new version is slower, cold starts apart. Each pair is one minute, in any order; those in which not
/// both served are left out.
///
/// Which requests were cold is not known, only how many. So the doubt goes to the new version: as many as were cold
/// are taken from its slow requests, and of the old version's none. The numbers that remain accuse less than those
/// of the warm requests alone would, and the promise holds for those.
#[must_use]
pub fn latencies(minutes: &[LatencyPair]) -> Comparison {
    let both =
        |pair: &&LatencyPair| pair.old.tally(|_| false).of > 0 && pair.new.tally(|_| false).of > 0;
    let common: Vec<&LatencyPair> = minutes.iter().filter(both).collect();
    let is_slow = slow(sorted(
        common.iter().flat_map(|pair| [&pair.old, &pair.new]),
    ));
    let pairs: Vec<Pair> = common
        .iter()
        .map(|pair| {
            let (old, new) = (pair.old.tally(&is_slow), pair.new.tally(&is_slow));
            let warm = old.of.saturating_sub(pair.old.cold);
            Pair {
                old: Tally {
                    bad: old.bad.min(warm),
                    of: warm,
                },
                new: Tally {
                    bad: new.bad.saturating_sub(pair.new.cold),
                    of: new.of.saturating_sub(pair.new.cold),
                },
            }
        })
        .collect();
    judged(&pairs, LATENCY, |of| {
        let kept = || {
            let all = common.iter().enumerate();
            all.filter(|(at, _)| Some(*at) != of.without)
                .map(|(_, pair)| *pair)
        };
        let old = sorted(kept().map(|pair| &pair.old));
        let new = sorted(kept().map(|pair| &pair.new));
        let cold = kept().fold(0_u64, |count, pair| count.saturating_add(pair.new.cold));
        (quantile(&old, 0), quantile(&new, cold))
    })
}

/// All values of some minutes, ascending.
fn sorted<'a>(minutes: impl Iterator<Item = &'a Latencies>) -> Vec<(f64, u64)> {
    let mut values: Vec<(f64, u64)> = minutes
        .flat_map(|minute| &minute.values)
        .filter(|(ms, weight)| ms.is_finite() && *weight > 0)
        .copied()
        .collect();
    values.sort_unstable_by(|a, b| a.0.total_cmp(&b.0));
    values
}

fn total(values: &[(f64, u64)]) -> u64 {
    values
        .iter()
        .fold(0, |count, (_, weight)| count.saturating_add(*weight))
}

/// Which latencies are slow: the largest ones that make a tenth of all, and never all of them.
fn slow(values: Vec<(f64, u64)>) -> impl Fn(f64) -> bool {
    let wanted = SLOW * number(total(&values));
    let lowest = values.first().map_or(f64::INFINITY, |(ms, _)| *ms);
    let mut above = 0_u64;
    let limit = values.iter().rev().find(|(_, weight)| {
        above = above.saturating_add(*weight);
        number(above) >= wanted
    });
    let limit = limit.map_or(f64::INFINITY, |(ms, _)| *ms);
    move |ms| ms >= limit && ms > lowest
}

/// The p90 by nearest rank, without the `cold` slowest; 0 when there is nothing else.
fn quantile(ascending: &[(f64, u64)], cold: u64) -> f64 {
    let wanted = LEVEL * number(total(ascending).saturating_sub(cold));
    let mut seen = 0_u64;
    let found = ascending.iter().find(|(_, weight)| {
        seen = seen.saturating_add(*weight);
        number(seen) >= wanted
    });
    found.map_or(0.0, |(ms, _)| *ms)
}

#[cfg(test)]
mod tests;
