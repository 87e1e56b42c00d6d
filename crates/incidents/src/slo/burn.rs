//! How fast the budget burns, which windows fire, and what is left.

use std::time::Duration;

use signals::Minute;

use super::{History, Objective, Requests, Window};
use crate::message::number::{count, duration, number};
use crate::message::untrusted::tame;

/// Bad requests that a long window must have counted. The workbook ("Low-Traffic Services and Error Budget
/// Alerting") warns of one failed request that burns at 1,000; it names no number. With 5, a service that just keeps
/// its objective exceeds 14.4 in fewer than one of 31,000 windows whatever its traffic (Poisson); with 3 it could in
/// one of 780.
pub const MIN_BAD: u64 = 5;
/// Requests that a long window must have counted: `IF(total >= 50, …)` in section 4.3 of the project's conventions.
/// One client's retries must not page; an outage of a quiet service is seen by the longer windows.
pub const MIN_REQUESTS: u64 = 50;
/// The window of the present burn rate.
const HOUR: u32 = 60;
const SECONDS_A_DAY: f64 = 86_400.0;

/// A window that fires.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Burning {
    /// Which one.
    pub window: Window,
    /// The burn rate over its long window.
    pub long_burn: f64,
    /// The burn rate over its short window.
    pub short_burn: f64,
}

/// The error budget of the period that ends now.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Budget {
    /// Bad requests that the requests counted so far allow.
    pub allowed: f64,
    /// Bad requests counted.
    pub spent: u64,
    /// What is left of it, 1 or less; negative when more is spent than allowed.
    pub remaining_share: f64,
    /// When it is gone at the burn rate of the last hour; zero when it is gone. `None` when nothing burns, nothing
    /// was counted in that hour, or it lasts longer than the period, by when today's bad requests no longer count.
    pub exhausted_in: Option<Duration>,
}

impl Objective {
    /// How many times faster than allowed the last `window_minutes` spent the budget: 0 to 1 / (1 − target). `None`
    /// when nothing was counted, which is unknown and not good.
    #[must_use]
    pub fn burn(&self, history: &History, at: Minute, window_minutes: u32) -> Option<f64> {
        self.burn_of(history.sum(at, window_minutes))
    }

    fn burn_of(&self, tally: Requests) -> Option<f64> {
        tally.bad_share().map(|share| share / self.allowed_share())
    }

    /// The windows that fire at `at`, fastest first; say only the first. The workbook asks for this suppression
    /// (table 5-7): the fast burn spends what the slow ones watch, too.
    ///
    /// A window fires while both of its burn rates are above its factor and its long window has counted
    /// [`MIN_BAD`] and [`MIN_REQUESTS`]. It ends when the short one is back. An empty list is good news only if
    /// [`Objective::burn`] knows of the fastest short window: without requests nothing is known.
    #[must_use]
    pub fn evaluate(&self, history: &History, at: Minute) -> Vec<Burning> {
        let fires = |window: Window| {
            let long = history.sum(at, window.long_minutes);
            if !is_enough(long) {
                return None;
            }
            let long_burn = self.burn_of(long).filter(|burn| *burn > window.factor)?;
            let short_burn = self
                .burn(history, at, window.short_minutes)
                .filter(|burn| *burn > window.factor)?;
            Some(Burning {
                window,
                long_burn,
                short_burn,
            })
        };
        self.windows().filter_map(fires).collect()
    }

    /// Where the objective stands at `at`.
    #[must_use]
    pub fn standing(&self, history: &History, at: Minute) -> Standing {
        let definition = self.definition();
        Standing {
            name: definition.name.clone(),
            target: definition.target,
            days: definition.days,
            burn: self.burn(history, at, HOUR),
            counts: is_enough(history.sum(at, HOUR)),
            budget: self.budget(history, at),
        }
    }

    /// What is left of the budget at `at`; `None` when nothing was counted in the period.
    #[must_use]
    pub fn budget(&self, history: &History, at: Minute) -> Option<Budget> {
        let days = self.definition().days;
        let period = history.sum(at, days * 24 * HOUR);
        let remaining_share = 1.0 - self.burn_of(period)?;
        #[expect(
            clippy::cast_precision_loss,
            reason = "an allowance does not need the 54th bit"
        )]
        let allowed = self.allowed_share() * period.total() as f64;
        let present = self.burn(history, at, HOUR).filter(|burn| *burn > 0.0);
        let exhausted_in = if remaining_share <= 0.0 {
            Some(Duration::ZERO)
        } else {
            present
                .map(|burn| remaining_share * f64::from(days) / burn)
                .filter(|left| *left <= f64::from(days))
                .and_then(|left| Duration::try_from_secs_f64(left * SECONDS_A_DAY).ok())
        };
        Some(Budget {
            allowed,
            spent: period.bad(),
            remaining_share,
            exhausted_in,
        })
    }
}

/// Where an objective stands: what messages, metrics and reports say of it.
#[derive(Debug, Clone, PartialEq)]
pub struct Standing {
    /// What people call it.
    pub name: String,
    /// The share of good requests that is promised.
    pub target: f64,
    /// The period of its budget.
    pub days: u32,
    /// How many times faster than allowed the last hour spent the budget; `None`: nothing was counted in it.
    pub burn: Option<f64>,
    /// Whether that hour counted [`MIN_BAD`] and [`MIN_REQUESTS`], so that its burn says something.
    pub counts: bool,
    /// What is left; `None`: nothing was counted in the period.
    pub budget: Option<Budget>,
}

impl Standing {
    /// `SLO burn 11x on cars answer (budget gone in 2.7 d)`; `None` while too little was counted in the last hour, or no more
    /// than is allowed was bad.
    #[must_use]
    pub fn alarming(&self) -> Option<String> {
        let burn = self.burn.filter(|burn| *burn > 1.0 && self.counts)?;
        let gone = lasts(self.budget.and_then(|budget| budget.exhausted_in));
        Some(format!(
            "SLO burn {}x on {} ({gone})",
            number(burn),
            tame(&self.name)
        ))
    }
}

impl Standing {
    /// What is left when an incident is over: `99.9% in 30 d: 41% of the budget left (412 bad, 1,000 allowed so far)`.
    #[must_use]
    pub fn left(&self) -> String {
        // Not by three digits: 99.99 % is not 100 %.
        let target = (self.target * 1e7).round() / 1e5;
        let left = self
            .budget
            .map_or_else(|| "budget unknown".to_owned(), |budget| budget.left());
        format!("{target}% in {} d: {left}", self.days)
    }
}

impl Budget {
    fn left(&self) -> String {
        let left = (self.remaining_share * 100.0).floor();
        let left = if left <= 0.0 {
            "no budget left".to_owned()
        } else {
            format!("{}% of the budget left", number(left))
        };
        let (spent, allowed) = (count(self.spent), number(self.allowed));
        format!("{left} ({spent} bad, {allowed} allowed so far)")
    }
}

/// `99.9% in 30 d: burns 11x over 1 h, 41% of the budget left (412 bad, 1,000 allowed so far), budget gone in 2.7 d`.
impl std::fmt::Display for Standing {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let burn = match self.burn {
            Some(burn) => format!("burns {}x over 1 h", number(burn)),
            None => "nothing counted within 1 h".to_owned(),
        };
        write!(f, "{}, {burn}", self.left())?;
        match self.budget {
            Some(budget) if budget.remaining_share > 0.0 => {
                write!(f, ", {}", lasts(budget.exhausted_in))
            }
            _ => Ok(()),
        }
    }
}

fn is_enough(counted: Requests) -> bool {
    counted.bad() >= MIN_BAD && counted.total() >= MIN_REQUESTS
}

fn lasts(exhausted_in: Option<Duration>) -> String {
    let Some(left) = exhausted_in else {
        return "budget lasts".to_owned();
    };
    if left.is_zero() {
        return "budget gone".to_owned();
    }
    // An extrapolation: a third digit would promise what it cannot keep.
    let minutes = (left.as_secs_f64() / 60.0).round().max(1.0);
    let left = if minutes < 60.0 {
        #[expect(clippy::cast_possible_truncation, reason = "a whole number below 60")]
        duration(minutes as i64)
    } else if minutes < 1_440.0 {
        format!("{} h", tenth(minutes / 60.0))
    } else {
        format!("{} d", tenth(minutes / 1_440.0))
    };
    format!("budget gone in {left}")
}

fn tenth(value: f64) -> String {
    number((value * 10.0).round() / 10.0)
}
