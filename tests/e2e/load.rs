//! `outrider load`: the command as a user runs it, a short run against the stack in this process, and what the
//! detector makes of each scenario.

mod against_the_stack;
mod command;
mod scenarios;
mod service;
mod world;
