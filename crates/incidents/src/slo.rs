//! Service level objectives by requests: how fast the error budget burns, and when that is worth an alert.
//!
//! The method is that of the Google SRE Workbook, chapter 5 "Alerting on SLOs"
//! (<https://sre.google/workbook/alerting-on-slos/>): several burn rates, each over a long and a short window.
//! [`Objective`] says what is promised, [`History`] what was counted, [`Objective::evaluate`] which windows fire.

mod burn;
mod objective;

use std::fmt;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use signals::Minute;

pub use burn::{Budget, Burning, MIN_BAD, MIN_REQUESTS, Standing};
pub use objective::{Definition, InvalidObjective, Objective, Window, windows};

/// Minutes that are kept one by one: 6 h, the longest short window.
const MINUTES: usize = 360;
/// Clock hours that are kept: 30 days, and the hour in which a window of 30 days begins.
const HOURS: usize = 721;
/// The longest window: 30 days in minutes.
const LONGEST: u32 = 43_200;

/// Requests counted, and how many of them were bad. Stored as `[bad, total]`; `bad` never exceeds `total`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(try_from = "(u64, u64)", into = "(u64, u64)")]
pub struct Requests {
    bad: u64,
    total: u64,
}

/// More bad requests than requests.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "there are {bad} bad of {total} requests: count every bad request in the total too, and read both in the same minute"
)]
pub struct InvalidRequests {
    bad: u64,
    total: u64,
}

impl Requests {
    /// `bad` of `total` requests.
    ///
    /// # Errors
    /// More bad requests than requests.
    pub fn new(bad: u64, total: u64) -> Result<Self, InvalidRequests> {
        if bad > total {
            return Err(InvalidRequests { bad, total });
        }
        Ok(Self { bad, total })
    }

    /// Requests that broke the objective.
    #[must_use]
    pub fn bad(self) -> u64 {
        self.bad
    }

    /// All requests.
    #[must_use]
    pub fn total(self) -> u64 {
        self.total
    }

    /// Both together. Stops at the greatest number instead of wrapping, in any order of merging.
    #[must_use]
    pub fn merge(self, other: Self) -> Self {
        Self {
            bad: self.bad.saturating_add(other.bad),
            total: self.total.saturating_add(other.total),
        }
    }

    /// Bad requests beyond those that are allowed; negative where there are fewer.
    #[expect(
        clippy::cast_precision_loss,
        reason = "an excess does not need the 54th bit"
    )]
    fn excess(self, allowed: f64) -> f64 {
        self.bad as f64 - allowed * self.total as f64
    }

    /// The bad share, 0 to 1; `None` when nothing was counted.
    #[must_use]
    #[expect(
        clippy::cast_precision_loss,
        reason = "a share does not need the 54th bit"
    )]
    pub fn bad_share(self) -> Option<f64> {
        (self.total > 0).then(|| self.bad as f64 / self.total as f64)
    }
}

impl TryFrom<(u64, u64)> for Requests {
    type Error = InvalidRequests;

    fn try_from((bad, total): (u64, u64)) -> Result<Self, InvalidRequests> {
        Self::new(bad, total)
    }
}

impl From<Requests> for (u64, u64) {
    fn from(tally: Requests) -> Self {
        (tally.bad, tally.total)
    }
}

/// What became of a minute that was pushed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pushed {
    /// It is the newest minute now. Minutes left out before it stay unknown.
    Newest,
    /// It was late or came in parts, and was added to its minute and its hour.
    Merged,
    /// It was later than 6 h: added to its hour only, so windows up to 6 h do not see it.
    HourOnly,
    /// It is older than everything kept, or before 1970: dropped.
    TooOld,
    /// It begins after `now`: dropped, because accepting it would forget every honest minute.
    FromTheFuture,
}

/// The tallies of the last 30 days: the last 360 minutes one by one, the last 721 clock hours as sums. 17 kB.
///
/// Serializes to a snapshot of fixed size, which is checked when it is read. Pushing the same minute twice counts it
/// twice, so the snapshot belongs into the same write as the mark of the last minute that was applied.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Snapshot")]
pub struct History {
    #[serde(with = "crate::wire::minute::option")]
    newest: Option<Minute>,
    /// By minute modulo 360.
    minutes: Vec<Requests>,
    /// By hour modulo 721. Each holds the minutes of its hour that `minutes` still has, too.
    hours: Vec<Requests>,
}

/// A history as it was stored, not checked yet.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Snapshot {
    #[serde(with = "crate::wire::minute::option")]
    newest: Option<Minute>,
    minutes: Vec<Requests>,
    hours: Vec<Requests>,
}

/// A stored history that cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "stored SLO history is damaged: {0}; restore the item from a backup or delete it to count afresh"
)]
pub struct InvalidHistory(String);

impl Default for History {
    fn default() -> Self {
        Self {
            newest: None,
            minutes: vec![Requests::default(); MINUTES],
            hours: vec![Requests::default(); HOURS],
        }
    }
}

impl History {
    /// The newest minute that was counted.
    #[must_use]
    pub fn newest(&self) -> Option<Minute> {
        self.newest
    }

    /// Adds what was counted in `minute`; `now` is the time the run was due. Constant work in order, at most 1,081
    /// cleared tallies after a gap. A minute that is never pushed is unknown: neither good nor bad.
    pub fn push(&mut self, minute: Minute, tally: Requests, now: Timestamp) -> Pushed {
        if minute > Minute::containing(now) {
            return Pushed::FromTheFuture;
        }
        if minute.index() < 0 {
            return Pushed::TooOld;
        }
        let newest = self.newest.unwrap_or(minute);
        if minute > newest {
            forget(&mut self.minutes, newest.index(), minute.index());
            forget(&mut self.hours, hour(newest), hour(minute));
        }
        let (late, late_hours) = (newest.since(minute), hour(newest) - hour(minute));
        if late_hours >= HOURS as i64 {
            return Pushed::TooOld;
        }
        add(&mut self.hours, hour(minute), tally);
        if late >= MINUTES as i64 {
            return Pushed::HourOnly;
        }
        add(&mut self.minutes, minute.index(), tally);
        if late < 0 || self.newest.is_none() {
            self.newest = Some(minute);
            return Pushed::Newest;
        }
        Pushed::Merged
    }

    /// What was counted in the last `minutes` minutes up to and with `at`.
    ///
    /// Exact up to 360 minutes. A longer window counts whole clock hours at its old end, so it reaches back up to
    /// 59 minutes too far: up to 4.1 % of a day, 1.4 % of three days, 0.14 % of 30 days. It never forgets too early.
    /// At most 721 additions. `at` before the newest minute counts as the newest; above 30 days counts as 30 days.
    #[must_use]
    pub fn sum(&self, at: Minute, minutes: u32) -> Requests {
        let Some(newest) = self.newest else {
            return Requests::default();
        };
        let first = at.max(newest).plus(1 - i64::from(minutes.min(LONGEST)));
        if minutes as usize <= MINUTES {
            total(&self.minutes, first.index(), newest.index())
        } else {
            total(&self.hours, hour(first), hour(newest))
        }
    }

    /// When what was counted in the last `minutes` minutes began to be bad: the beginning of the stretch up to `at` that
    /// exceeds the `allowed` share (0 to 1) by the most bad requests. To the minute up to 360 minutes, to the clock hour beyond.
    /// `None` where no stretch up to `at` exceeds it.
    #[must_use]
    pub fn onset(&self, at: Minute, minutes: u32, allowed: f64) -> Option<Minute> {
        let newest = self.newest?.index();
        let first = at.index().max(newest) - i64::from(minutes.min(LONGEST)) + 1;
        let (ring, unit) = if minutes as usize <= MINUTES {
            (&self.minutes, 1)
        } else {
            (&self.hours, 60)
        };
        let (mut excess, mut most, mut onset) = (0.0, 0.0, None);
        for index in (first.div_euclid(unit)..=newest.div_euclid(unit)).rev() {
            excess += ring[slot(index, ring.len())].excess(allowed);
            if excess > most {
                (most, onset) = (excess, Some(Minute::from_index(index * unit)));
            }
        }
        onset
    }
}

impl TryFrom<Snapshot> for History {
    type Error = InvalidHistory;

    fn try_from(snapshot: Snapshot) -> Result<Self, InvalidHistory> {
        let Snapshot {
            newest,
            minutes,
            hours,
        } = snapshot;
        for (name, found, expected) in [
            ("minutes", minutes.len(), MINUTES),
            ("hours", hours.len(), HOURS),
        ] {
            if found != expected {
                let text = format!("it has {found} {name}, this build reads {expected}");
                return Err(InvalidHistory(text));
            }
        }
        let Some(last) = newest else {
            let empty = |ring: &[Requests]| ring.iter().all(|tally| *tally == Requests::default());
            if empty(&minutes) && empty(&hours) {
                return Ok(Self::default());
            }
            return Err(InvalidHistory("it counts, but has no newest minute".into()));
        };
        if last.index() < 0 {
            return Err(InvalidHistory(format!("its newest minute is {last}")));
        }
        // Every minute is in its hour; an hour whose minutes are all kept has nothing else.
        let oldest = last.index() - (MINUTES as i64 - 1);
        for index in oldest.div_euclid(60)..=hour(last) {
            let kept = total(
                &minutes,
                (index * 60).max(oldest),
                (index * 60 + 59).min(last.index()),
            );
            let whole = hours[slot(index, HOURS)];
            let good = |tally: Requests| tally.total - tally.bad;
            let fits = kept.bad <= whole.bad && kept.total <= whole.total;
            let fits = fits && (whole.total == u64::MAX || good(kept) <= good(whole));
            if !fits || (index * 60 >= oldest && kept != whole) {
                let start = Minute::from_index(index * 60);
                let text = format!(
                    "the hour of {start} has {whole}, which its minutes with {kept} contradict"
                );
                return Err(InvalidHistory(text));
            }
        }
        Ok(Self {
            newest,
            minutes,
            hours,
        })
    }
}

impl fmt::Display for Requests {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} bad of {}", self.bad, self.total)
    }
}

fn hour(minute: Minute) -> i64 {
    minute.index().div_euclid(60)
}

/// Where a ring of `len` keeps the unit of time `index`.
fn slot(index: i64, len: usize) -> usize {
    index.rem_euclid(len as i64) as usize
}

fn add(ring: &mut [Requests], index: i64, tally: Requests) {
    let place = &mut ring[slot(index, ring.len())];
    *place = place.merge(tally);
}

/// Makes room for the units after `newest` up to `next`.
fn forget(ring: &mut [Requests], newest: i64, next: i64) {
    let len = ring.len() as i64;
    for index in (newest + 1).max(next - len + 1)..=next {
        ring[slot(index, ring.len())] = Requests::default();
    }
}

/// The sum of the units from `first` to `last`, both included. The caller keeps within what the ring holds.
fn total(ring: &[Requests], first: i64, last: i64) -> Requests {
    (first..=last).fold(Requests::default(), |sum, index| {
        sum.merge(ring[slot(index, ring.len())])
    })
}

#[cfg(test)]
mod tests;
