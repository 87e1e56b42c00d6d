//! The service as a whole: real HTTP requests into the router, the real DynamoDB adapter, an in-process DynamoDB.

mod bus;
mod documents;
mod faults;
pub(crate) mod harness;
mod interface;
mod locking;
mod requests;
mod wire;
