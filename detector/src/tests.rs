//! The detector on its real adapters: rollups in DynamoDB, state in a folder, a simulated service with known
//! faults.

mod backfill;
mod canary;
mod changes;
mod diagnosis;
mod faulty;
mod late;
mod lifecycle;
mod objectives;
mod people;
mod shaky;
mod storm;
mod unreadable;
mod world;
