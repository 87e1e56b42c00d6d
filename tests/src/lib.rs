//! What the scenarios stand on: functions started as Lambda starts them, stand-ins for the services of AWS that
//! have no emulator in this process, and the demo as a user runs it.
//!
//! Everything here is for tests: what cannot work ends the test with a panic that says why.

pub mod bucket;
pub mod built;
pub mod demo;
pub mod dist;
pub mod emulator;
pub mod event_bus;
pub mod function;
pub mod listener;
pub mod refusal;
pub mod runtime_api;
pub mod subscription;
