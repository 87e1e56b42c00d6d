//! One stream of random numbers for each purpose and minute.

use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;

/// What a stream is for: streams never share a number.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Purpose {
    /// The requests of a minute.
    Requests = 1,
    /// What faults do to them.
    Faults = 2,
    /// The order, times and sizes of a demo's faults.
    Plan = 3,
    /// Memory used by invocations.
    Memory = 4,
    /// The signals of one minute of one function of a fleet.
    Signals = 5,
    /// The requests behind them.
    Behind = 6,
    /// Which functions a fleet has, and what happens to them.
    Fleet = 7,
    /// The minute before a fleet's first.
    Before = 8,
}

/// The stream of (seed, purpose, minute). The three are the key of `ChaCha8`, which makes streams independent
/// without hashing.
pub(crate) fn stream(seed: u64, purpose: Purpose, minute: i64) -> ChaCha8Rng {
    stream_of(seed, purpose, 0, minute)
}

/// The stream of (seed, purpose, function, minute).
pub(crate) fn stream_of(seed: u64, purpose: Purpose, function: u32, minute: i64) -> ChaCha8Rng {
    let mut key = [0; 32];
    key[..8].copy_from_slice(&seed.to_le_bytes());
    key[8..16].copy_from_slice(&minute.to_le_bytes());
    key[16] = purpose as u8;
    key[20..24].copy_from_slice(&function.to_le_bytes());
    ChaCha8Rng::from_seed(key)
}
