//! Numbers in, verdicts out: what is normal for a series, and how far from it a minute lies.
//!
//! Pure: no I/O, no clock, no randomness. One [`Model`] per series is stepped minute by minute; its state has a
//! fixed size, stepping allocates nothing, and a snapshot restores to the same bits, on another machine as well:
//! logarithms and exponentials are made of arithmetic and not of the system's library.
//!
//! | kind | what is expected | how unlikely a value is |
//! |---|---|---|
//! | [`Kind::Latency`] | ln(ms): profile of the week and a level that halves in six hours | Gamma in the log (skewed to the right), variance a + b/n for n samples, both learned |
//! | [`Kind::Errors`], [`Kind::Throttles`] | a rate that halves in three days, times the attempts | beta-binomial: what is not known of the rate, and what it varies by |
//! | [`Kind::Traffic`] | profile of the week times a level that halves in six hours | negative binomial, two-sided; told to be irregular where bursts come that nobody can foretell |
//! | [`Kind::Gauge`] | the best of late of seven forecasters ([`gauge`]) | nine statistics by their own history, combined; no distribution is assumed, any finite number is a value |
//!
//! From a value to an alarm it takes three steps:
//!
//! * *Calibration*: what a model says is held against the series' own history, so that [`Verdict::tail`] is a
//!   probability. A gauge calibrates itself.
//! * *Evidence*: the likelihood ratios of three alternatives on each watched side add up over a run of minutes
//!   (Shiryaev and Roberts' statistic, beside Page's CUSUM, which says when it began). Not of a gauge: without a
//!   distribution there is no ratio; its own statistics see drifts.
//! * *Budget*: one extreme minute, two of three, or a run becomes an [`Alarm`]. Their thresholds are what a [`Budget`] of
//!   false pages a week leaves for each test of each series, less what the series' minutes depend on each other.
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
mod rate;
mod ratios;
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

pub use alarm::{Alarm, Run};
pub use budget::{Budget, BudgetError, MINUTES_A_WEEK, Thresholds};
pub use gates::{Gate, Gates};
pub use input::{Input, Kind};
pub use model::Model;
pub use settings::{Missing, Settings, SettingsError, Watch};
pub use snapshot::SnapshotError;
pub use verdict::{Direction, Learning, State, Verdict};
