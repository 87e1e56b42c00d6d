//! A third-party emulator of AWS (MiniStack), the template and the shipped binaries on it, and ways to ask it.
//!
//! `tests/emulator` holds its Python: what is installed, what starts and ends it, what deploys, and the one table of
//! what differs from AWS (`deploy.py`).

pub mod account;
pub mod api;
pub mod server;
pub mod stack;
pub mod venv;
pub mod wait;

/// Where everything lies.
pub const REGION: &str = "eu-west-1";
/// The account, the emulator's own.
pub const ACCOUNT: &str = "000000000000";
/// The credentials of the account's owner: the key and its secret.
pub const OWNER: (&str, &str) = ("test", "test");
