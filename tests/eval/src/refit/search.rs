//! A search over all constants at once, with a fixed number of tries.
//!
//! First draws from the whole space, then one constant at a time around the best one found, each with a step of its
//! own: a step that helps grows and goes on in its direction, one that does not shrinks and turns round (Rosenbrock
//! 1960, "An Automatic Method for Finding the Greatest or Least Value of a Function").

use anomaly::gauge::{Constant, Tuning};
use rand::seq::SliceRandom as _;
use rand::{RngExt as _, SeedableRng as _};
use rand_chacha::ChaCha8Rng;

/// How much is tried.
#[derive(Debug, Clone)]
pub(crate) struct Effort {
    /// Sets of constants, of each fold.
    pub(crate) evaluations: usize,
    /// Share of them that is drawn from the whole space.
    pub(crate) drawn: f64,
}

/// A place in the space of all constants: each from 0 (the least that makes sense) to 1.
type Place = Vec<f64>;

/// Constants whose range spans this factor are sought by their logarithm.
const WIDE: f64 = 8.0;

fn wide(constant: &Constant) -> bool {
    constant.low > 0.0 && constant.high / constant.low >= WIDE
}

fn value(constant: &Constant, share: f64) -> f64 {
    let value = if wide(constant) {
        constant.low * (constant.high / constant.low).powf(share)
    } else {
        constant.low + (constant.high - constant.low) * share
    };
    value.clamp(constant.low, constant.high)
}

fn tuning(place: &Place) -> Tuning {
    let mut tuning = Tuning::default();
    for (index, (constant, share)) in Tuning::CONSTANTS.iter().zip(place).enumerate() {
        let set = tuning.set(index, value(constant, *share));
        assert!(
            set.is_ok(),
            "{} refuses a value within its range",
            constant.name
        );
    }
    tuning
}

/// The constants by name.
pub(super) fn named(tuning: &Tuning) -> Vec<(String, f64)> {
    let all = Tuning::CONSTANTS.iter().enumerate();
    all.map(|(index, constant)| {
        let value = tuning.get(index).unwrap_or(f64::NAN);
        (constant.name.to_owned(), value)
    })
    .collect()
}

/// The best constants that so many tries find. Nothing of the frozen set enters but its names and ranges.
pub(super) fn search(effort: &Effort, seed: u64, worth: impl Fn(&Tuning) -> f64) -> Tuning {
    const FIRST_STEP: f64 = 0.15;
    const LEAST_STEP: f64 = 0.01;
    let mut random = ChaCha8Rng::seed_from_u64(seed);
    let mut tries = 0;
    let mut worth = |place: &Place| {
        tries += 1;
        (worth(&tuning(place)), tries)
    };
    let count = Tuning::CONSTANTS.len();
    // Not the middle of the ranges: most of them lie around the frozen value.
    let mut draw = || -> Place { (0..count).map(|_| random.random()).collect() };
    let mut best = draw();
    let (mut reached, mut done) = worth(&best);
    let drawn = (effort.evaluations as f64 * effort.drawn) as usize;
    while done < drawn {
        let place = draw();
        let found;
        (found, done) = worth(&place);
        if found > reached {
            (best, reached) = (place, found);
        }
    }
    let mut steps = vec![FIRST_STEP; count];
    let mut order: Vec<usize> = (0..count).collect();
    while done < effort.evaluations {
        order.shuffle(&mut random);
        for &k in &order {
            if done >= effort.evaluations {
                break;
            }
            let mut place = best.clone();
            place[k] = (place[k] + steps[k]).clamp(0.0, 1.0);
            let stays = (place[k] - best[k]).abs() < LEAST_STEP / 4.0;
            let mut found = f64::NEG_INFINITY;
            if !stays {
                (found, done) = worth(&place);
            }
            if found > reached {
                (best, reached) = (place, found);
                steps[k] = (1.6 * steps[k]).clamp(-0.5, 0.5);
            } else {
                let size = (0.7 * steps[k].abs()).max(LEAST_STEP);
                steps[k] = -steps[k].signum() * size;
            }
        }
    }
    tuning(&best)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_constant_has_a_range_that_its_default_lies_in() {
        for constant in Tuning::CONSTANTS {
            assert!(constant.low < constant.high, "{}", constant.name);
            assert!(
                (constant.low..=constant.high).contains(&constant.default),
                "{}",
                constant.name
            );
            for (share, end) in [(0.0, constant.low), (1.0, constant.high)] {
                assert!(
                    (value(constant, share) - end).abs() <= 1e-12 * constant.high,
                    "{}",
                    constant.name
                );
            }
        }
    }

    #[test]
    fn the_search_finds_a_hill_without_knowing_the_frozen_set() {
        let target = 0.8;
        let hill = |tuning: &Tuning| {
            let place = named(tuning).into_iter().zip(Tuning::CONSTANTS);
            -place
                .map(|((_, found), constant)| {
                    (found - value(constant, target)).abs() / (constant.high - constant.low)
                })
                .sum::<f64>()
        };
        let effort = Effort {
            evaluations: 60 * Tuning::CONSTANTS.len(),
            drawn: 0.1,
        };
        let middle = hill(&tuning(&vec![0.5; Tuning::CONSTANTS.len()]));
        assert!(hill(&search(&effort, 1, hill)) > 0.1 * middle);
    }
}
