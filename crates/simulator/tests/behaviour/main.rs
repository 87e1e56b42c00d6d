//! What the simulator promises, and that the models find what it injects.

#![allow(
    clippy::unwrap_used,
    reason = "a helper of tests that cannot build its data has failed"
)]

mod proof;
mod scenario;
