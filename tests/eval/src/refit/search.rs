//! A search over all constants at once, with a fixed number of tries.
//!
//! First a start: draws from the whole space, or the middle of every range. Then one constant at a time around the best
//! place found, each with a step of its own: a step that helps grows and goes on in its direction, one that does not
//! shrinks and turns round (Rosenbrock 1960, "An Automatic Method for Finding the Greatest or Least Value of a
//! Function"). A step helps only if it helps both halves of the files: what one half alone likes is a peculiarity of its
//! files (the idea of stability selection, Meinshausen and Bühlmann 2010).

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

/// Where a search begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Start {
    /// The best of random places: knows nothing but the ranges.
    Anywhere,
    /// The middle of every range. The frozen value is near it, and was chosen with all files in sight, so this start
    /// knows a little of the files that are held out.
    Middle,
}

impl Start {
    pub(crate) const ALL: [Self; 2] = [Self::Middle, Self::Anywhere];

    pub(crate) fn words(self) -> &'static str {
        match self {
            Self::Anywhere => "random places",
            Self::Middle => "the middle of every range",
        }
    }
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

/// The best constants that so many tries find; `worth` says what they are worth on either half of the files. Nothing of
/// the frozen set enters but its names and ranges.
pub(super) fn search(
    effort: &Effort,
    start: Start,
    seed: u64,
    worth: impl Fn(&Tuning) -> [f64; 2],
) -> Tuning {
    const FIRST_STEP: f64 = 0.15;
    const LEAST_STEP: f64 = 0.01;
    let mut random = ChaCha8Rng::seed_from_u64(seed);
    let count = Tuning::CONSTANTS.len();
    let mut draw = || -> Place { (0..count).map(|_| random.random()).collect() };
    let mut best = match start {
        Start::Anywhere => draw(),
        Start::Middle => vec![0.5; count],
    };
    let mut reached = worth(&tuning(&best));
    let mut done = 1;
    let drawn = match start {
        Start::Anywhere => (effort.evaluations as f64 * effort.drawn) as usize,
        Start::Middle => 0,
    };
    while done < drawn {
        let place = draw();
        let found = worth(&tuning(&place));
        done += 1;
        if found[0] + found[1] > reached[0] + reached[1] {
            (best, reached) = (place, found);
        }
    }
    let mut steps = vec![FIRST_STEP; count];
    let mut order: Vec<usize> = (0..count).collect();
    // A round in which no constant could move any further ends the search.
    let mut moved = true;
    while done < effort.evaluations && moved {
        moved = false;
        order.shuffle(&mut random);
        for &k in &order {
            if done >= effort.evaluations {
                break;
            }
            let mut place = best.clone();
            place[k] = (place[k] + steps[k]).clamp(0.0, 1.0);
            let stays = (place[k] - best[k]).abs() < LEAST_STEP / 4.0;
            let mut helps = false;
            if !stays {
                let found = worth(&tuning(&place));
                done += 1;
                moved = true;
                helps = found[0] > reached[0] && found[1] > reached[1];
                if helps {
                    (best, reached) = (place, found);
                }
            }
            steps[k] = if helps {
                (1.6 * steps[k]).clamp(-0.5, 0.5)
            } else {
                -steps[k].signum() * (0.7 * steps[k].abs()).max(LEAST_STEP)
            };
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
        for start in Start::ALL {
            let found = search(&effort, start, 1, |tuning| [hill(tuning); 2]);
            assert!(hill(&found) > 0.1 * middle, "from {}", start.words());
        }
    }

    #[test]
    fn what_only_one_half_of_the_files_likes_is_not_taken() {
        let effort = Effort {
            evaluations: 10 * Tuning::CONSTANTS.len(),
            drawn: 0.1,
        };
        let sum = |tuning: &Tuning| named(tuning).iter().map(|(_, value)| value).sum::<f64>();
        let found = search(&effort, Start::Middle, 1, |tuning| {
            [sum(tuning), -sum(tuning)]
        });
        assert_eq!(
            named(&found),
            named(&tuning(&vec![0.5; Tuning::CONSTANTS.len()]))
        );
    }
}
