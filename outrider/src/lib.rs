//! Outrider on one machine: the command line, and the local stack behind `demo` and `up`.

pub mod cli;
pub mod demo;
pub mod ingest;
pub mod load;
pub mod local;
pub mod plan;

mod incidents_command;
mod up;
