//! The detector on its real adapters: rollups in DynamoDB, state in a folder, a simulated service with known
//! faults.

mod canary;
mod faulty;
mod lifecycle;
mod unreadable;
mod world;
