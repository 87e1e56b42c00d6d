//! The alert budget: how many false pages a service may cost, and what each test of each series may spend of it.
//!
//! Severity is said in false alarms and not in sigmas. The budget is split evenly over the series of a service and in
//! fixed shares over the three tests of a series (Bonferroni: expected false pages add up, however the tests depend
//! on each other). Expected pages are expected alarm minutes at most, which are linear in the minutes whatever
//! their dependence, so the first test needs no correction for it; the other two say how they account for it.

use crate::SnapshotError;
use crate::snapshot::{Reader, put_f64};

/// Minutes, and so verdicts of a series, in a week.
pub const MINUTES_A_WEEK: f64 = 10_080.0;
/// What each test may spend. The last one finds what is small and needs every nat of its threshold; what the other
/// two are for lies far beyond theirs.
const EXTREME: f64 = 0.1;
const REPEATED: f64 = 0.2;
const SUSTAINED: f64 = 0.7;
/// A page in a thousand years, and one an hour.
const LEAST: f64 = 2e-5;
const MOST: f64 = 168.0;
/// More series than any service has.
const MOST_SERIES: u32 = 100_000;

/// A budget that means nothing.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum BudgetError {
    /// Not a number of pages.
    #[error(
        "the alert budget is {value} false pages per service-week: write a number from {LEAST} to {MOST}, for example 0.1"
    )]
    Pages {
        /// What was given.
        value: f64,
    },
    /// Nothing to spend it on, or too much.
    #[error("the alert budget is for {value} series: a service has 1 to {MOST_SERIES}")]
    Series {
        /// What was given.
        value: u32,
    },
}

/// What a service may cost and how many series share it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Budget {
    pages: f64,
    series: u32,
}

impl Default for Budget {
    /// At most one false page in ten service-weeks, for a service of ten series: two kinds for each of three routes, and four for
    /// the function.
    fn default() -> Self {
        Self {
            pages: 0.1,
            series: 10,
        }
    }
}

/// What is spent on each test of one series.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Thresholds {
    /// One minute alarms with a tail below this.
    pub extreme: f64,
    /// Two of three minutes alarm with tails below this, on one side.
    pub repeated: f64,
    /// A run alarms when chance does as much once in this many minutes.
    pub sustained: f64,
    /// Expected false pages a week from each of the three, in this order.
    pub pages_a_week: [f64; 3],
}

impl Budget {
    /// At most `pages` false pages a week for a service of `series` series.
    ///
    /// # Errors
    /// Pages that are not between one in a thousand years and one an hour; no series, or more than 100,000.
    pub fn new(pages: f64, series: u32) -> Result<Self, BudgetError> {
        if !(LEAST..=MOST).contains(&pages) {
            return Err(BudgetError::Pages { value: pages });
        }
        if !(1..=MOST_SERIES).contains(&series) {
            return Err(BudgetError::Series { value: series });
        }
        Ok(Self { pages, series })
    }

    /// False pages a week, for the service.
    #[must_use]
    pub fn pages(&self) -> f64 {
        self.pages
    }

    /// The series that share it.
    #[must_use]
    pub fn series(&self) -> u32 {
        self.series
    }

    /// False pages a week that each test of one series may cost: extreme, repeated, sustained.
    #[must_use]
    pub fn pages_a_week(&self) -> [f64; 3] {
        [EXTREME, REPEATED, SUSTAINED].map(|share| self.pages * share / f64::from(self.series))
    }

    /// The thresholds of one series watched on `sides` sides, whose exceedances are followed by another with
    /// probability `follows` more than chance (see [`crate::dependence`]).
    ///
    /// Two of three minutes: a minute below the threshold p completes a pair when one of the two before it was below
    /// as well, so at most 2·p·(p + follows) a minute, solved for p.
    pub(crate) fn thresholds(&self, sides: f64, follows: f64) -> Thresholds {
        let pages_a_week = self.pages_a_week();
        let [extreme, repeated, sustained] = pages_a_week.map(|pages| pages / MINUTES_A_WEEK);
        Thresholds {
            extreme,
            repeated: 0.5 * ((follows * follows + 2.0 * repeated).sqrt() - follows),
            sustained: sides / sustained,
            pages_a_week,
        }
    }

    pub(crate) fn encode(&self, out: &mut Vec<u8>) {
        put_f64(out, self.pages);
        out.extend_from_slice(&self.series.to_le_bytes());
    }

    pub(crate) fn decode(reader: &mut Reader<'_>) -> Result<Self, SnapshotError> {
        let (pages, series) = (reader.f64("budget")?, reader.u32("series of the budget")?);
        Self::new(pages, series).map_err(|error| reader.damaged(error.to_string()))
    }
}

#[cfg(test)]
mod tests;
