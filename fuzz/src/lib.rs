//! What the targets share: how bytes become payloads, and what must hold of everything that is read.

pub mod agree;
pub mod messages;
pub mod shape;
pub mod wrap;
