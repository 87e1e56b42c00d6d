//! The service as a whole: real HTTP requests into the router, the real DynamoDB adapter, an in-process DynamoDB.

mod accepted;
mod annotations;
mod bus;
mod callers;
mod connections;
mod documents;
mod faults;
pub(crate) mod harness;
mod interface;
mod locking;
mod lost_answers;
mod lost_events;
mod poison;
mod refusals;
mod requests;
mod retention;
mod sqs;
mod synthetic;
mod wire;
