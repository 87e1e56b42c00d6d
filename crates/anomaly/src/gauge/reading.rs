//! What the detector says of one row.

use super::statistics::COUNT;

/// Whether the detector can speak of a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum State {
    /// Too few rows were seen: learned, not judged.
    WarmingUp,
    /// The score counts.
    Ready,
    /// There is no finite value: unknown, never zero, nothing is learned.
    Missing,
    /// The timestamp is not later than the last one: judged by what is known now, not learned.
    OutOfOrder,
}

/// What the detector says of one row. All numbers are finite.
///
/// Two figures say how unusual the row is, and they answer different questions:
///
/// * [`Reading::surprise`] is about the **row**: how rarely a row of this series is at least this unusual. It is
///   calibrated: if all is well, a share of 10^−s of the rows has a surprise of s or more. An incident of an hour has
///   sixty surprising rows.
/// * [`Reading::score`] is about the **event**: the strength of the evidence on a scale that all series share, with
///   one row for each event. A row after a stronger one, within the quiet time, keeps a fiftieth of its strength.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Reading {
    /// −log₁₀ of the share of rows at least this unusual; 0 or more; 0 while warming up or missing.
    pub surprise: f64,
    /// The strength of the evidence after the event rule, from 0 to below 1; strictly increasing in
    /// [`Reading::strength`]. The figure to compare with a threshold.
    pub score: f64,
    /// The strength of the evidence after the event rule; 0 or more, below 100.
    pub strength: f64,
    /// What was expected, in the unit of the series; the value itself on the first row.
    pub expected: f64,
    /// Lower end of the usual range, same unit: five mean errors of this hour of the day below what was expected.
    pub low: f64,
    /// Upper end of the usual range, same unit.
    pub high: f64,
    /// The mean error of forecasts at this hour of the day, same unit; 0 or more.
    pub scale: f64,
    /// Whether the detector can speak.
    pub state: State,
    /// −log₁₀ of the share of past rows at least this large, for each statistic, named by [`super::STATISTICS`].
    pub parts: [f32; COUNT],
}

impl Reading {
    /// A row that cannot be judged.
    pub(crate) fn silent(state: State, expected: f64) -> Self {
        Self {
            surprise: 0.0,
            score: 0.0,
            strength: 0.0,
            expected,
            low: expected,
            high: expected,
            scale: 0.0,
            state,
            parts: [0.0; COUNT],
        }
    }

    /// The statistic that says most, as a place in [`super::STATISTICS`], and its surprise; `None` if none says
    /// anything.
    #[must_use]
    pub fn loudest(&self) -> Option<(usize, f32)> {
        self.parts
            .iter()
            .copied()
            .enumerate()
            .filter(|(_, part)| *part > 0.0)
            .max_by(|left, right| left.1.total_cmp(&right.1))
    }
}
