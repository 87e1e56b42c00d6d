//! Outrider on one machine: the command line, and the local stack behind `demo` and `up`.

pub mod cli;
pub mod demo;
pub mod detect;
pub mod ingest;
pub mod load;
pub mod local;
pub mod plan;
pub mod replay;
pub mod simulate;

mod check_deploy;
mod drill;
mod explain;
mod incidents_command;
mod place;
#[cfg(test)]
mod recorded;
mod silence_command;
mod state;
mod up;
