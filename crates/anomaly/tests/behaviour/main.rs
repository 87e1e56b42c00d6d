//! What the detector promises, on series that are simulated.

#![allow(
    clippy::unwrap_used,
    reason = "a helper of tests that cannot build its data has failed"
)]

mod bad_input;
mod bad_series;
mod calibration;
mod context;
mod faults;
mod fleet;
mod gauge_bad_input;
mod gauge_detects;
mod gauge_null;
mod gauge_state;
mod general;
mod normal;
mod null;
mod rollouts;
mod runs;
mod snapshot;
