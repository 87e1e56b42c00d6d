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
mod tests {
    use super::super::Finding;
    use super::*;

    fn version(values: &[(f64, u64)], cold: u64) -> Latencies {
        Latencies {
            values: values.to_vec(),
            cold,
        }
    }

    /// The same minute several times.
    fn minutes(count: usize, old: &Latencies, new: &Latencies) -> Vec<LatencyPair> {
        let pair = LatencyPair {
            old: old.clone(),
            new: new.clone(),
        };
        vec![pair; count]
    }

    #[test]
    fn findings_follow_the_slowest_tenth() {
        use Finding::{NotWorse, TooFew, Worse};
        let steady = version(&[(20.0, 18), (30.0, 14), (60.0, 4)], 0);
        let like_it = version(&[(20.0, 2), (30.0, 1), (60.0, 1)], 0);
        for (name, old, new, expected) in [
            ("alike", &steady, &like_it, NotWorse),
            ("all slower", &steady, &version(&[(200.0, 4)], 0), Worse),
            (
                "half slower",
                &steady,
                &version(&[(20.0, 2), (200.0, 2)], 0),
                Worse,
            ),
            ("faster", &steady, &version(&[(5.0, 4)], 0), NotWorse),
            (
                "slower by less than 20 ms",
                &steady,
                &version(&[(75.0, 4)], 0),
                NotWorse,
            ),
            (
                "slower by less than three tenths",
                &version(&[(900.0, 32), (1000.0, 4)], 0),
                &version(&[(1200.0, 4)], 0),
                NotWorse,
            ),
            (
                "all slower, all cold",
                &steady,
                &version(&[(200.0, 4)], 4),
                TooFew,
            ),
            (
                "constant",
                &version(&[(50.0, 36)], 0),
                &version(&[(50.0, 4)], 0),
                NotWorse,
            ),
            (
                "constant and twice that",
                &version(&[(50.0, 36)], 0),
                &version(&[(100.0, 4)], 0),
                Worse,
            ),
            (
                "and a little less than a tenth",
                &version(&[(50.0, 40)], 0),
                &version(&[(100.0, 4)], 0),
                Worse,
            ),
            (
                "and half of all",
                &version(&[(50.0, 20)], 0),
                &version(&[(100.0, 20)], 0),
                Worse,
            ),
            (
                "no numbers",
                &version(&[(f64::NAN, 36)], 0),
                &version(&[(f64::INFINITY, 4)], 0),
                TooFew,
            ),
            ("nothing of the new one", &steady, &version(&[], 0), TooFew),
        ] {
            let found = latencies(&minutes(10, old, new));
            assert_eq!(found.finding, expected, "{name}: {found:?}");
        }
    }

    #[test]
    fn cold_starts_are_taken_from_the_slow_ones_of_the_new_version_alone() {
        let old = version(&[(20.0, 30), (200.0, 6)], 3);
        let new = version(&[(20.0, 3), (200.0, 5)], 4);
        let found = latencies(&minutes(10, &old, &new));
        // Limit 200 ms. The old version's six stay, of 33 warm ones; one of the new version's five, of four.
        assert_eq!(
            (found.old, found.new),
            (Tally { bad: 60, of: 330 }, Tally { bad: 10, of: 40 })
        );
        assert_eq!((found.old_level, found.new_level), (200.0, 200.0));
    }

    #[test]
    fn a_storm_of_cold_starts_accuses_nobody_and_slow_warm_requests_behind_it_do() {
        let old = version(&[(20.0, 320), (60.0, 40)], 0);
        let storm = version(&[(20.0, 10), (1_500.0, 30)], 30);
        let calm = version(&[(20.0, 36), (60.0, 4)], 0);
        let slow = version(&[(20.0, 20), (150.0, 20)], 0);
        for (after, expected) in [(&calm, Finding::NotWorse), (&slow, Finding::Worse)] {
            let mut all = minutes(2, &old, &storm);
            assert_eq!(latencies(&all).finding, Finding::NotWorse);
            all.extend(minutes(3, &old, after));
            let found = latencies(&all);
            assert_eq!(found.finding, expected, "{found:?}");
        }
    }

    #[test]
    fn one_slow_minute_accuses_nobody_though_every_minute_has_a_slowest_tenth() {
        let old = version(&[(20.0, 324), (60.0, 36)], 0);
        let calm = version(&[(20.0, 36), (60.0, 4)], 0);
        let bad_host = version(&[(900.0, 40)], 0);
        for (name, calm_minutes, bad_minutes, expected) in [
            ("one of two", 1, 1, Finding::NotWorse),
            ("one of fifteen", 14, 1, Finding::NotWorse),
            ("two of three", 1, 2, Finding::Worse),
        ] {
            let mut all = minutes(calm_minutes, &old, &calm);
            all.extend(minutes(bad_minutes, &old, &bad_host));
            let found = latencies(&all);
            assert_eq!(found.finding, expected, "{name}: {found:?}");
        }
    }

    #[test]
    fn more_cold_starts_than_requests_leave_nothing() {
        let found = latencies(&minutes(
            5,
            &version(&[(20.0, 40)], 99),
            &version(&[(90.0, 40)], u64::MAX),
        ));
        assert_eq!(
            (found.finding, found.new.of, found.old.of),
            (Finding::TooFew, 0, 0)
        );
    }
}
