//! The demo as a newcomer runs it.

mod contract;
mod killed;
mod messages;
mod people;
