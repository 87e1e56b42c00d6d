//! How often the series is sampled, learned from its timestamps, and what a step in time means.
//!
//! Most of the detector counts in rows, so that one set of constants serves a row a second and a row a day. Three
//! things need seconds: a late or repeated row, a gap, and a change of the interval. Intervals jitter and rows go
//! missing, so the interval is the step seen most, found by a vote (Boyer & Moore 1981, "A fast majority vote
//! algorithm"), and one odd step changes nothing.

use super::snapshot::{Fields, Walk};
use crate::SnapshotError;

/// What a row's timestamp says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Step {
    /// The row after the last, or the first one.
    Next,
    /// Later than the next row: some are missing.
    Gap,
    /// Not later than the last row.
    Late,
    /// The clock was set back for good, or the gap is so long that what was learned says nothing any more.
    Anew,
    /// From here on rows come at another interval.
    Changed,
}

/// The interval so far and the vote against it.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Interval {
    last: i64,
    /// Seconds; 0 before the second row.
    seconds: i64,
    /// Steps in a row that agree with each other and not with `seconds`, and their length.
    against: u32,
    other: i64,
    late: u32,
    started: u8,
}

/// So many late rows in a row and the clock was set back: nobody repeats a quarter of a day of five-minute rows.
const SET_BACK: u32 = 64;
/// So many steps of another length in a row and the interval has changed.
const CHANGED: u32 = 12;
/// Two lengths differ if one is more than this many times the other.
const FACTOR: i64 = 2;
/// A gap after which everything starts anew, in seconds: two years, or a thousand intervals if that is longer.
const LONGEST: i64 = 2 * 365 * 86_400;
/// The longest interval, in seconds: longer steps are gaps of it.
const SLOWEST: i64 = 366 * 86_400;

impl Interval {
    pub(crate) fn new() -> Self {
        Self {
            last: 0,
            seconds: 0,
            against: 0,
            other: 0,
            late: 0,
            started: 0,
        }
    }

    /// The learned interval in seconds; 60 before the second row.
    pub(crate) fn seconds(&self) -> i64 {
        if self.seconds == 0 { 60 } else { self.seconds }
    }

    /// Takes a timestamp.
    pub(crate) fn step(&mut self, now: i64) -> Step {
        if self.started == 0 {
            self.started = 1;
            self.last = now;
            return Step::Next;
        }
        let step = now.saturating_sub(self.last);
        if step <= 0 {
            self.late = (self.late + 1).min(SET_BACK);
            if self.late < SET_BACK {
                return Step::Late;
            }
            *self = Self::new();
            self.step(now);
            return Step::Anew;
        }
        self.late = 0;
        self.last = now;
        if step > LONGEST.max(self.seconds.saturating_mul(1_000)) {
            *self = Self::new();
            self.step(now);
            return Step::Anew;
        }
        if self.seconds == 0 {
            self.seconds = step.min(SLOWEST);
            return Step::Next;
        }
        if self.agrees(step, self.seconds) {
            self.against = 0;
            return Step::Next;
        }
        if self.against > 0 && self.agrees(step, self.other) {
            self.against += 1;
            if self.against >= CHANGED {
                self.seconds = self.other;
                self.against = 0;
                return Step::Changed;
            }
        } else {
            self.against = 1;
            self.other = step.min(SLOWEST);
        }
        if step > self.seconds {
            Step::Gap
        } else {
            Step::Next
        }
    }

    fn agrees(&self, step: i64, with: i64) -> bool {
        step < with.saturating_mul(FACTOR) && with < step.saturating_mul(FACTOR)
    }
}

impl Fields for Interval {
    fn walk(&mut self, walk: &mut Walk<'_, '_>) -> Result<(), SnapshotError> {
        walk.i64("last timestamp", &mut self.last, i64::MIN..=i64::MAX)?;
        walk.i64("interval", &mut self.seconds, 0..=SLOWEST)?;
        walk.u32("steps against the interval", &mut self.against, CHANGED)?;
        walk.i64("other interval", &mut self.other, 0..=SLOWEST)?;
        walk.u32("late rows", &mut self.late, SET_BACK)?;
        walk.u8("interval started", &mut self.started, 1)
    }
}

#[cfg(test)]
mod tests;
