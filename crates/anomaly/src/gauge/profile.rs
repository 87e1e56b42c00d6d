//! What each part of a day or of a week is like: means of the values seen there, that forget.
//!
//! Services follow people, and people follow the day and the week. A slot collects the mean of its rows while the
//! clock is inside it and learns it once, when the clock leaves: a slot of fifteen rows weighs no more than a slot
//! of one, so that the same constants serve every interval. Seasonal averages with exponential forgetting are the
//! seasonal part of Holt and Winters (Winters 1960, "Forecasting sales by exponentially weighted moving averages").

use super::numbers::Narrow;
use super::snapshot::{Fields, Walk};
use crate::SnapshotError;

/// A circle of `N` slots, each with the mean of the visits so far and their number.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Profile<const N: usize> {
    means: [Narrow; N],
    visits: [u8; N],
    /// The visit under way.
    sum: f64,
    rows: u32,
    slot: u32,
    /// The mean around this slot, when it was entered.
    around: f64,
}

/// Visits are counted up to this.
const MOST_VISITS: u8 = 200;
/// Rows of one visit: a slot of an hour at one row a second has 3,600.
const MOST_ROWS: u32 = 1 << 20;

impl<const N: usize> Profile<N> {
    pub(crate) fn new() -> Self {
        Self {
            means: [Narrow::default(); N],
            visits: [0; N],
            sum: 0.0,
            rows: 0,
            slot: 0,
            around: 0.0,
        }
    }

    /// Whether the slot was ever left.
    #[inline]
    pub(crate) fn knows(&self, slot: u32) -> bool {
        self.visits[slot as usize % N] > 0
    }

    /// The slot's mean.
    #[inline]
    pub(crate) fn at(&self, slot: u32) -> f64 {
        self.means[slot as usize % N].get()
    }

    /// The mean over the known slots among the present one and its two neighbours on either side, as it was when the
    /// slot was entered. The slot must be known.
    #[inline]
    pub(crate) fn smooth(&self) -> f64 {
        self.around
    }

    fn around(&self, slot: u32) -> f64 {
        let mut sum = 0.0;
        let mut known = 0.0;
        for near in 0..5 {
            let near = (slot as usize + N + near - 2) % N;
            if self.visits[near] > 0 {
                sum += self.means[near].get();
                known += 1.0;
            }
        }
        sum / f64::max(known, 1.0)
    }

    /// Says which slot the clock is in; a visit that has ended is learned, at a share of at least `least`.
    #[inline]
    pub(crate) fn enter(&mut self, slot: u32, least: f64) {
        if slot == self.slot {
            return;
        }
        if self.rows > 0 {
            let ended = self.slot as usize % N;
            let visits = self.visits[ended];
            let share = f64::max(least, 1.0 / (f64::from(visits) + 1.0));
            let mean = self.means[ended].get();
            let visit = self.sum / f64::from(self.rows);
            self.means[ended] = Narrow::new(mean + share * (visit - mean));
            self.visits[ended] = (visits + 1).min(MOST_VISITS);
        }
        self.slot = slot;
        self.sum = 0.0;
        self.rows = 0;
        self.around = self.around(slot);
    }

    /// A value of the visit under way.
    #[inline]
    pub(crate) fn learn(&mut self, value: f64) {
        if self.rows < MOST_ROWS {
            // At the largest value and the most rows the sum would leave the range of an f64.
            self.sum = (self.sum + value).clamp(-super::LARGEST, super::LARGEST);
            self.rows += 1;
        }
    }
}

impl<const N: usize> Fields for Profile<N> {
    fn walk(&mut self, walk: &mut Walk<'_, '_>) -> Result<(), SnapshotError> {
        for mean in &mut self.means {
            walk.narrow("profile mean", mean)?;
        }
        for visits in &mut self.visits {
            walk.u8("profile visits", visits, MOST_VISITS)?;
        }
        walk.value("profile sum", &mut self.sum)?;
        walk.value("profile around", &mut self.around)?;
        walk.u32("profile rows", &mut self.rows, MOST_ROWS)?;
        walk.u32("profile slot", &mut self.slot, N as u32 - 1)
    }
}

#[cfg(test)]
mod tests;
