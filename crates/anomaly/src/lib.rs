//! Numbers in, verdicts out: what is normal for a series, and how far from it a minute lies.
//!
//! Pure: no I/O, no clock, no randomness. One [`Model`] per series is stepped minute by minute; its state has a
//! fixed size, stepping allocates nothing, and a snapshot restores to the same bits.
//!
//! | kind | statistic |
//! |---|---|
//! | [`Kind::Latency`] | log scale, hour-of-week profile and slow level, Student-t tail, spread by sample count |
//! | [`Kind::Errors`], [`Kind::Throttles`] | Gamma–Poisson count test with the traffic as exposure |
//! | [`Kind::Traffic`] | two-sided negative binomial around an hour-of-week profile times a slow level |
//!
//! Beside the models, [`comparison`] judges two versions of a function against each other, over the same minutes.
//!
//! ```
//! use anomaly::{Input, Kind, Model, Settings};
//!
//! let mut model = Model::new(Kind::Errors, Settings::for_kind(Kind::Errors));
//! for minute in 0..120 {
//!     assert!(!model.step(&Input { minute, value: Some(0.0), weight: 40.0 }).breaching);
//! }
//! let verdict = model.step(&Input { minute: 120, value: Some(20.0), weight: 40.0 });
//! assert!(verdict.breaching && verdict.tail < 1e-5);
//! ```

pub mod comparison;
mod counts;
mod dispersion;
mod errors;
mod gates;
mod input;
mod judge;
mod latency;
mod model;
mod rate;
mod season;
mod settings;
mod shift;
mod snapshot;
mod start;
mod throttles;
mod traffic;
mod verdict;

pub use gates::{Gate, Gates};
pub use input::{Input, Kind};
pub use model::Model;
pub use settings::{Settings, SettingsError, Watch};
pub use snapshot::SnapshotError;
pub use verdict::{Direction, State, Verdict};
