//! A Lambda service with seasons, noise and known faults, from a seed.
//!
//! Pure: no I/O, no clock, no randomness but the seed. Everything about a minute follows from (seed, minute) alone,
//! so a process that was killed and restarted in the middle regenerates exactly what it had before.
//!
//! ```
//! use signals::Minute;
//! use simulator::Scenario;
//!
//! let from = Minute::parse("2026-11-20T22:00:00Z").unwrap();
//! let scenario = Scenario::demo(7, from);
//! let requests = scenario.requests(from.plus(3));
//! assert_eq!(requests, Scenario::demo(7, from).requests(from.plus(3)));
//! assert_eq!(scenario.faults.len(), 3);
//! ```

mod fault;
pub mod fleet;
pub mod load;
mod plan;
mod request;
mod rollups;
mod scenario;
mod season;
mod seed;
mod service;

pub use fault::{Fault, FaultKind};
pub use request::{Injected, Operation, Request};
pub use scenario::{Scenario, ScenarioError, Truth};
pub use service::Service;
