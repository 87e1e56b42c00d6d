//! Load on purpose: when its requests arrive and what each of them asks, planned ahead from a seed.
//!
//! A plan knows nothing of the answers, so a slow service cannot slow it down. `outrider load` sends it in real
//! time, and [`fleet`] plays it against a modelled function in virtual time.

use std::str::FromStr;
use std::time::Duration;

use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

use crate::Operation;
use crate::request::operation_at;

pub mod fleet;
mod shape;

pub use shape::Shape;

/// A schedule is held against this many arrivals at most: about 55 hours at 100 a second.
pub const MOST_ARRIVALS: f64 = 20e6;
/// Where the byte of the key that tells purposes apart stands, and ours; the simulator's own purposes are below 64.
const PURPOSE: (usize, u8) = (16, 64);

/// A load over time, all of it from a seed.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Profile {
    /// How the rate moves.
    pub shape: Shape,
    /// The highest rate of the whole run, requests a second, above 0. Every shape reaches it and none exceeds it.
    pub rate: f64,
    /// How long arrivals go on, seconds, above 0.
    pub seconds: f64,
    /// Where jitter and operations come from.
    pub seed: u64,
}

/// A load that cannot be.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum ProfileError {
    /// A rate or a length that is none.
    #[error("{name} is {value}: write a number above 0")]
    Size {
        /// Which number.
        name: &'static str,
        /// What was given.
        value: f64,
    },
    /// More arrivals than a run may have.
    #[error("{count:.0} requests are more than {MOST_ARRIVALS:.0}: lower the rate or the duration")]
    TooMany {
        /// How many it would be.
        count: f64,
    },
    /// Not even one arrival.
    #[error(
        "{rate} a second for {seconds} s is less than one request: raise the rate or the duration"
    )]
    None {
        /// The rate, requests a second.
        rate: f64,
        /// The length, seconds.
        seconds: f64,
    },
}

impl ProfileError {
    /// The same numbers are refused again.
    #[must_use]
    pub fn is_retryable(&self) -> bool {
        false
    }
}

/// One planned request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Arrival {
    /// Its number in the run, from 0.
    pub index: u64,
    /// When it is due, from the start of the run.
    pub at: Duration,
    /// What it asks.
    pub operation: Operation,
    /// Chooses among what there is when it is sent: which car, for example.
    pub draw: u64,
}

impl Profile {
    /// Checks the numbers.
    ///
    /// # Errors
    /// The first number that cannot be, with the fix.
    pub fn check(&self) -> Result<(), ProfileError> {
        for (name, value) in [("the rate", self.rate), ("the duration", self.seconds)] {
            if !(value.is_finite() && value > 0.0) {
                return Err(ProfileError::Size { name, value });
            }
        }
        let count = self.planned();
        if count > MOST_ARRIVALS {
            return Err(ProfileError::TooMany { count });
        }
        if self.count() == 0 {
            let (rate, seconds) = (self.rate, self.seconds);
            return Err(ProfileError::None { rate, seconds });
        }
        Ok(())
    }

    fn planned(&self) -> f64 {
        self.rate * self.seconds * self.shape.area()
    }

    /// How many requests arrive: the rate summed over the run, rounded down.
    #[must_use]
    pub fn count(&self) -> u64 {
        // A sum of decimals that misses a whole number by rounding alone shall not lose a request.
        (self.planned() * (1.0 + 1e-12) + 1e-9)
            .floor()
            .clamp(0.0, MOST_ARRIVALS) as u64
    }

    /// Requests a second at `seconds` from the start; 0 outside the run.
    #[must_use]
    pub fn rate_at(&self, seconds: f64) -> f64 {
        if (0.0..self.seconds).contains(&seconds) {
            self.rate * self.shape.level(seconds / self.seconds)
        } else {
            0.0
        }
    }

    /// Every arrival in the order in which they are due. The k-th lies at a random place of the stretch in which
    /// the k-th request of an exact rate would fall: counts are exact, and clients do not march in step.
    pub fn arrivals(&self) -> impl Iterator<Item = Arrival> + Send + use<> {
        let profile = *self;
        let mut key = [0; 32];
        key[..8].copy_from_slice(&profile.seed.to_le_bytes());
        key[PURPOSE.0] = PURPOSE.1;
        let mut random = ChaCha8Rng::from_seed(key);
        let whole = profile.planned();
        (0..profile.count()).map(move |index| {
            let within: f64 = random.random();
            let operation = operation_at(random.random());
            let draw = random.random();
            let share = profile.shape.reached((index as f64 + within) / whole);
            let at = Duration::from_secs_f64((share * profile.seconds).max(0.0));
            Arrival {
                index,
                at,
                operation,
                draw,
            }
        })
    }
}

impl FromStr for Shape {
    type Err = UnknownShape;

    fn from_str(text: &str) -> Result<Self, UnknownShape> {
        let known = Self::ALL.into_iter().find(|shape| shape.as_str() == text);
        known.ok_or_else(|| UnknownShape(text.chars().take(40).collect()))
    }
}

/// A word that names no shape.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("there is no scenario {0:?}: write constant, ramp, spike, soak, retry-storm or cold-burst")]
pub struct UnknownShape(String);

impl UnknownShape {
    /// The same word is refused again.
    #[must_use]
    pub fn is_retryable(&self) -> bool {
        false
    }
}

#[cfg(test)]
mod tests;
