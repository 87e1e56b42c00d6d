//! The responder on a version that is a model, on versions that do wrong, and on the real SDKs; and its links on a
//! store that fails.

mod acknowledge;
mod answers;
mod faults;
mod repeats;
mod sdk;
mod store;
mod world;
