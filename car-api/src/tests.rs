//! The service as a whole: real HTTP requests into the router, the real DynamoDB adapter, an in-process DynamoDB.

mod bus;
mod connections;
mod documents;
mod faults;
pub(crate) mod harness;
mod interface;
mod locking;
mod refusals;
mod requests;
mod wire;
