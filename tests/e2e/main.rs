//! Scenarios on the whole system, and the rules that its source keeps.

mod architecture;
mod demo;
mod runtime;
