//! Numbers in, verdicts out: what is normal for a series, and how far from it a minute lies.
//!
//! Pure: no I/O, no clock, no randomness. One [`Model`] per series is stepped minute by minute; its state has a
//! fixed size, stepping allocates nothing, and a snapshot restores to the same bits.
//!
//! | kind | statistic |
//! |---|---|
//! | [`Kind::Latency`] | log scale, hour-of-week profile and slow level, skewed tail, spread by sample count |
//! | [`Kind::Errors`], [`Kind::Throttles`] | beta-binomial with the traffic as exposure |
//! | [`Kind::Traffic`] | two-sided negative binomial around an hour-of-week profile times a slow level |
//!
//! What a model says is calibrated by the series' own history, so that [`Verdict::tail`] is a probability. Three tests
//! turn tails into an [`Alarm`]: one extreme minute, two of three, and evidence that adds up over a run. Their
//! thresholds are what a [`Budget`] of false pages leaves for each; `false_discovery_rates` only ranks a storm.
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

mod alarm;
mod budget;
mod calibration;
pub mod comparison;
mod core;
mod counts;
mod dependence;
mod dispersion;
mod elementary;
mod errors;
mod evidence;
mod gates;
pub mod gauge;
mod input;
mod judge;
mod latency;
mod model;
mod normal;
mod proportion;
mod ranking;
mod rate;
mod season;
mod settings;
mod shift;
mod snapshot;
mod spread;
mod start;
mod tails;
mod throttles;
mod traffic;
mod verdict;
mod versions;

pub use alarm::{Alarm, Run};
pub use budget::{Budget, BudgetError, MINUTES_A_WEEK, Thresholds};
pub use gates::{Gate, Gates};
pub use input::{Input, Kind};
pub use model::Model;
pub use ranking::false_discovery_rates;
pub use settings::{Missing, Settings, SettingsError, Watch};
pub use snapshot::SnapshotError;
pub use verdict::{Direction, Learning, State, Verdict};
pub use versions::Versions;
