//! The responder on a version that is a model, on versions that do wrong, and on the real SDKs.

mod answers;
mod faults;
mod repeats;
mod sdk;
mod world;
