//! Scenarios on the whole system
