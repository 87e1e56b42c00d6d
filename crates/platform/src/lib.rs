//! The shell: the only crate that touches AWS or the machine on others' behalf.
//!
//! One port (a narrow trait) for each thing the deciding code needs, one file for each adapter behind it.

pub mod aws;
pub mod clock;
pub mod config;
pub mod emit;
pub mod logging;
