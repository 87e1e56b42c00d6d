//! The shell: the only crate that touches AWS or the machine on others' behalf.
//!
//! One port (a narrow trait) for each thing the deciding code needs, one file for each adapter behind it.

pub mod aws;
pub mod checkpoints;
pub mod clock;
pub mod config;
pub mod deadline;
pub mod dynamodb;
pub mod emit;
pub mod errors_seen;
pub mod function;
pub mod incident_store;
pub mod ledger;
pub mod log_search;
pub mod logging;
pub mod metric_source;
pub mod notifier;
pub mod series_store;
pub mod state_store;
pub mod telemetry;
#[cfg(any(test, feature = "testing"))]
pub mod testing;
