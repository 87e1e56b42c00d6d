//! One row per event: while an alarm is fresh, a later row counts in full only if it is stronger.
//!
//! An incident raises the scores of hundreds of rows, and who watches them needs one. A row counts if no row before
//! it, within the quiet time, was as strong. The quiet time grows with the history: who has watched a series for a
//! month does not want the same thing said every hour.
//!
//! The greatest of the last n values in constant memory: a queue of values that only fall (Lemire 2006, "Streaming
//! maximum-minimum filter using no more than three comparisons per element"). Weak rows are not kept, and of rows
//! that fall from one to the next there are only as many as the logarithm of the quiet time, so a short queue is
//! enough; when it is full its weakest row gives way.

use super::snapshot::{Fields, Walk};
use crate::SnapshotError;

/// Rows kept: the expected number of records among 65,000 rows in random order, looking back.
const QUEUE: usize = 12;
/// Rows weaker than this are not kept: half of all rows are.
const LEAST: f32 = 1.0;
/// No row is stronger.
pub(crate) const STRONGEST: f32 = 1e4;

/// The recent rows that a new one must exceed.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Events {
    rows: [u32; QUEUE],
    strengths: [f32; QUEUE],
    len: u32,
}

impl Events {
    pub(crate) fn new() -> Self {
        Self {
            rows: [0; QUEUE],
            strengths: [0.0; QUEUE],
            len: 0,
        }
    }

    /// Whether the row counts in full: whether it is stronger than all of the last `quiet` rows, times `margin`. Row
    /// numbers may wrap around.
    #[inline]
    pub(crate) fn counts(&mut self, row: u32, strength: f32, quiet: u32, margin: f32) -> bool {
        let mut len = (self.len as usize).min(QUEUE);
        let old = self.rows[..len]
            .iter()
            .take_while(|at| row.wrapping_sub(**at) > quiet)
            .count();
        if old > 0 {
            self.rows.copy_within(old..len, 0);
            self.strengths.copy_within(old..len, 0);
            len -= old;
        }
        let counts = len == 0 || self.strengths[0] * margin < strength;
        if strength > LEAST {
            while len > 0 && self.strengths[len - 1] <= strength {
                len -= 1;
            }
            let place = len.min(QUEUE - 1);
            self.rows[place] = row;
            self.strengths[place] = strength;
            len = place + 1;
        }
        self.len = len as u32;
        counts
    }
}

impl Fields for Events {
    fn walk(&mut self, walk: &mut Walk<'_, '_>) -> Result<(), SnapshotError> {
        for row in &mut self.rows {
            walk.u32("event row", row, u32::MAX)?;
        }
        for strength in &mut self.strengths {
            walk.f32("event strength", strength, 0.0..=STRONGEST)?;
        }
        walk.u32("events", &mut self.len, QUEUE as u32)
    }
}

#[cfg(test)]
mod tests;
