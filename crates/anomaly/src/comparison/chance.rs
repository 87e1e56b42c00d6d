//! How probable it is that the new version gets so many of the bad ones by lot.

use super::{Pair, number};
use crate::input::MAX_COUNT;

/// Above this variance of the total the sum is no longer convolved but bounded: 10^4 is a hundred thousand slow
/// requests of a million, where a few percent of a tail's logarithm decide nothing, and where the work would grow
/// with the square of what somebody wrote into a log.
const CONVOLVED: f64 = 1e4;
/// Probabilities this much smaller than the largest one are left out.
const NEGLIGIBLE: f64 = 1e-25;
/// No chance is told as smaller: what was left out above is.
const SMALLEST: f64 = 1e-20;

/// One minute's draw: of `all` requests `bad` are bad, and the new version gets `drawn` of them.
#[derive(Debug, Clone, Copy)]
struct Draw {
    all: f64,
    bad: f64,
    drawn: f64,
    /// Bad ones among them.
    seen: f64,
}

impl Draw {
    fn of(pair: &Pair) -> Self {
        let count = |count| number(count).min(MAX_COUNT);
        let (old, new) = (count(pair.old.of), count(pair.new.of));
        let (old_bad, new_bad) = (count(pair.old.bad).min(old), count(pair.new.bad).min(new));
        Self {
            all: old + new,
            bad: old_bad + new_bad,
            drawn: new,
            seen: new_bad,
        }
    }

    fn mean(&self) -> f64 {
        if self.all > 0.0 {
            self.drawn * self.bad / self.all
        } else {
            0.0
        }
    }

    fn variance(&self) -> f64 {
        if self.all > 1.0 {
            self.mean() * (1.0 - self.bad / self.all) * (self.all - self.drawn) / (self.all - 1.0)
        } else {
            0.0
        }
    }

    /// The smallest number of bad ones that it can draw, and the probabilities from there on, both without their
    /// negligible ends. From the mode outwards, by the ratio of neighbours: no factorials, nothing overflows.
    fn probabilities(&self) -> (f64, Vec<f64>) {
        let least = (self.drawn + self.bad - self.all).max(0.0);
        let most = self.drawn.min(self.bad);
        let mode = ((self.drawn + 1.0) * (self.bad + 1.0) / (self.all + 2.0))
            .floor()
            .clamp(least, most);
        let good = self.all - self.bad - self.drawn;
        // P(k + 1) / P(k).
        let up = |k: f64| (self.bad - k) * (self.drawn - k) / ((k + 1.0) * (good + k + 1.0));
        let mut below = Vec::new();
        let (mut k, mut weight) = (mode, 1.0);
        while k > least {
            k -= 1.0;
            weight /= up(k);
            if weight < NEGLIGIBLE {
                k += 1.0;
                break;
            }
            below.push(weight);
        }
        let first = k;
        below.reverse();
        let mut weights = below;
        weights.push(1.0);
        (k, weight) = (mode, 1.0);
        while k < most {
            weight *= up(k);
            k += 1.0;
            if weight < NEGLIGIBLE {
                break;
            }
            weights.push(weight);
        }
        let total: f64 = weights.iter().sum();
        weights.iter_mut().for_each(|weight| *weight /= total);
        (first, weights)
    }
}

/// What the new version would have on average of the minute's bad ones.
pub(super) fn expected(pair: &Pair) -> f64 {
    Draw::of(pair).mean()
}

/// The probability that the new version gets at least as many of the bad ones as it got, when the lot alone
/// decides which version gets which request of a minute; 1 when the minutes can tell nothing. Exact up to a
/// variance of ten thousand and never too small beyond.
#[must_use]
pub fn chance(minutes: &[Pair]) -> f64 {
    let draws: Vec<Draw> = minutes.iter().map(Draw::of).collect();
    let seen: f64 = draws.iter().map(|draw| draw.seen).sum();
    let variance: f64 = draws.iter().map(Draw::variance).sum();
    let tail = if variance > CONVOLVED {
        bound(seen - draws.iter().map(Draw::mean).sum::<f64>(), variance)
    } else {
        convolved(&draws, seen)
    };
    tail.clamp(SMALLEST, 1.0)
}

fn convolved(draws: &[Draw], seen: f64) -> f64 {
    let (mut first, mut whole) = (0.0, vec![1.0]);
    for draw in draws {
        let (least, part) = draw.probabilities();
        let mut sum = vec![0.0; whole.len() + part.len() - 1];
        for (i, a) in whole.iter().enumerate() {
            for (j, b) in part.iter().enumerate() {
                sum[i + j] += a * b;
            }
        }
        first += least;
        whole = sum;
    }
    // From the smallest: the tail is what is precise.
    let at_least = |(i, _): &(usize, &f64)| first + number(*i as u64) >= seen;
    let tail = whole.iter().enumerate().rev().take_while(at_least);
    tail.map(|(_, probability)| probability).sum()
}

/// Bernstein's inequality. It holds for sums of independent yes-or-no draws, and a hypergeometric variable is
/// distributed like one (Vatutin, Mikhailov, *Theory of Probability and Its Applications* 27, 1982).
fn bound(above: f64, variance: f64) -> f64 {
    if above <= 0.0 {
        return 1.0;
    }
    (-above * above / (2.0 * (variance + above / 3.0))).exp()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use statrs::distribution::{Discrete, DiscreteCDF, Hypergeometric};

    use super::super::Tally;
    use super::*;

    fn pair((old_bad, old): (u64, u64), (new_bad, new): (u64, u64)) -> Pair {
        Pair {
            old: Tally {
                bad: old_bad,
                of: old,
            },
            new: Tally {
                bad: new_bad,
                of: new,
            },
        }
    }

    /// Fisher's test by a library.
    fn fisher(pair: &Pair) -> f64 {
        let (all, bad) = (pair.old.of + pair.new.of, pair.old.bad + pair.new.bad);
        let draw = Hypergeometric::new(all, bad, pair.new.of).unwrap();
        match pair.new.bad.checked_sub(1) {
            Some(below) => draw.sf(below),
            None => 1.0,
        }
    }

    #[test]
    fn one_minute_is_fishers_exact_test() {
        for (name, pair, expected) in [
            // Lady tasting tea: Fisher, *The Design of Experiments*, 1935, chapter II.
            ("all four cups", pair((0, 4), (4, 4)), 1.0 / 70.0),
            ("three of four", pair((1, 4), (3, 4)), 17.0 / 70.0),
            (
                "3 of 12 against 0 of 108",
                pair((0, 108), (3, 12)),
                220.0 / 280_840.0,
            ),
            ("nothing bad", pair((0, 9), (0, 9)), 1.0),
            ("everything bad", pair((9, 9), (9, 9)), 1.0),
            ("no requests", pair((0, 0), (0, 0)), 1.0),
        ] {
            let found = chance(&[pair]);
            assert!(
                (found / expected - 1.0).abs() < 1e-12,
                "{name}: {found} {expected}"
            );
        }
    }

    proptest! {
        #[test]
        fn any_minute_agrees_with_the_library(
            old in 1_u64..300, new in 1_u64..60, old_bad in 0.0..1.0_f64, new_bad in 0.0..1.0_f64,
        ) {
            let share = |of: u64, share: f64| ((of as f64 * share) as u64, of);
            let pair = pair(share(old, old_bad), share(new, new_bad));
            let (found, expected) = (chance(&[pair]), fisher(&pair).clamp(SMALLEST, 1.0));
            // The library sums from the other end: below its own precision it says nothing.
            prop_assert!((found - expected).abs() <= 1e-9 + 1e-6 * expected, "{found} {expected}");
        }

        #[test]
        fn two_minutes_are_every_pair_of_draws(
            a in (1_u64..20, 1_u64..8, 0_u64..20, 0_u64..8), b in (1_u64..20, 1_u64..8, 0_u64..20, 0_u64..8),
        ) {
            let pairs = [a, b].map(|(old, new, old_bad, new_bad)| {
                pair((old_bad.min(old), old), (new_bad.min(new), new))
            });
            let [x, y] = pairs.map(|pair| {
                Hypergeometric::new(pair.old.of + pair.new.of, pair.old.bad + pair.new.bad, pair.new.of).unwrap()
            });
            let seen = pairs[0].new.bad + pairs[1].new.bad;
            let mut expected = 0.0;
            for i in 0..=pairs[0].new.of {
                for j in 0..=pairs[1].new.of {
                    if i + j >= seen {
                        expected += x.pmf(i) * y.pmf(j);
                    }
                }
            }
            prop_assert!((chance(&pairs) / expected.min(1.0) - 1.0).abs() < 1e-9);
        }

        #[test]
        fn one_more_bad_request_counts_against_whoever_served_it(
            minutes in prop::collection::vec((1_u64..40, 1_u64..9, 0_u64..40, 0_u64..9), 1..6),
        ) {
            let pairs: Vec<_> = minutes
                .into_iter()
                .map(|(old, new, old_bad, new_bad)| pair((old_bad.min(old), old), (new_bad.min(new), new)))
                .collect();
            let before = chance(&pairs);
            let with = |change: fn(&mut Pair) -> &mut Tally| {
                let mut pairs = pairs.clone();
                let tally = change(pairs.last_mut().unwrap());
                tally.bad = (tally.bad + 1).min(tally.of);
                chance(&pairs)
            };
            prop_assert!(with(|pair| &mut pair.new) <= before + 1e-12);
            prop_assert!(with(|pair| &mut pair.old) >= before - 1e-12);
        }
    }

    #[test]
    fn beyond_the_exact_sum_the_answer_is_never_too_small() {
        // The same shares at a size that is convolved and at one that is bounded.
        for (bad, of) in [
            (1_100, 10_000),
            (1_200, 10_000),
            (1_000, 10_000),
            (900, 10_000),
        ] {
            let minutes = vec![pair((9_000, 90_000), (bad, of)); 8];
            let draws: Vec<_> = minutes.iter().map(Draw::of).collect();
            let variance: f64 = draws.iter().map(Draw::variance).sum();
            let seen: f64 = draws.iter().map(|draw| draw.seen).sum();
            let above = seen - draws.iter().map(Draw::mean).sum::<f64>();
            assert!(variance < CONVOLVED);
            let (exact, bounded) = (convolved(&draws, seen), bound(above, variance));
            assert!(exact <= bounded.max(NEGLIGIBLE), "{bad}: {exact} {bounded}");
        }
    }

    #[test]
    fn no_number_takes_long_or_has_no_answer() {
        for of in [0, 1, 1_000, 1_000_000, u64::MAX] {
            for bad in [0, 1, 500, 1_000_000, u64::MAX] {
                let found = chance(&vec![pair((bad, of), (bad / 2, of / 9)); 20]);
                assert!((SMALLEST..=1.0).contains(&found), "{bad} of {of}: {found}");
            }
        }
    }
}
