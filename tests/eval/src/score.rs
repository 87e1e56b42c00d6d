//! The rules of others, in Rust because refitting scores a corpus hundreds of times. Both are checked against the
//! Python scorers to nine digits: `tests/`.

pub(crate) mod events;
pub(crate) mod nab;

#[cfg(test)]
mod tests;
