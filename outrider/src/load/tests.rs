//! The tool against stand-ins, in virtual time: no assertion depends on how fast this machine is.

mod bad_use;
mod endings;
mod results;
mod stall;
mod virtual_time;
