//! Refused for lack of concurrency: by which limit, and who used it.

use super::Confidence::{Certain, Likely, Possible};
use super::facts::{Concurrency, Facts};
use super::{CauseKind, Found, n, name};

/// A peak this near to the limit has reached it: concurrency is a maximum over a minute of samples, and refusals
/// begin before the sample does.
const REACHED: f64 = 0.95;
/// Neighbours named at most.
const NEIGHBOURS: usize = 3;

/// Which limit refused the invocations. The reservation comes first, since it holds whatever the account has left.
pub(super) fn throttled(facts: &Facts) -> Found {
    // Refusals of the platform: where AWS was asked they come with a concurrency, and a service's own 429 does not.
    let refused = facts
        .refused
        .filter(|it| it.observed > it.high && it.observed >= 1.0)?;
    let limits = &facts.concurrency;
    let many = format!("{}/min refused", n(refused.observed));
    if limits.reserved.is_some_and(|it| it <= 0.0) {
        let reason = format!("{many}: the reservation is 0, so the function is switched off");
        return Some((CauseKind::ReservedConcurrency, Certain, reason));
    }
    if let (Some(reserved), Some(peak)) = (limits.reserved, limits.peak)
        && peak >= REACHED * reserved
    {
        let reason = format!("{many}; peak {} of {} reserved", n(peak), n(reserved));
        return Some((CauseKind::ReservedConcurrency, Certain, reason));
    }
    if let (Some(limit), Some(peak)) = (limits.account_limit, limits.account_peak)
        && peak >= REACHED * limit
        && limits.reserved.is_none()
    {
        let reason = format!(
            "{many}; the account's peak is {} of {}{}",
            n(peak),
            n(limit),
            neighbours(limits)
        );
        return Some((CauseKind::AccountConcurrency, Certain, reason));
    }
    below(limits, &many)
}

/// No limit that is known was reached.
fn below(limits: &Concurrency, many: &str) -> Found {
    let peak = limits.peak?;
    let known = match (limits.reserved, limits.account_limit, limits.account_peak) {
        (Some(reserved), _, _) => format!("peak {} of {} reserved", n(peak), n(reserved)),
        (None, Some(limit), Some(of_account)) => {
            format!("the account's peak is {} of {}", n(of_account), n(limit))
        }
        _ => {
            let reason = format!("{many} at a peak of {}; the limits were not read", n(peak));
            return Some((CauseKind::ThrottledBelowLimits, Possible, reason));
        }
    };
    let grew = limits
        .peak_before
        .is_some_and(|before| peak >= 2.0 * before);
    let reason = format!("{many} although {known}: the rate at which Lambda adds environments");
    let confidence = if grew { Likely } else { Possible };
    Some((CauseKind::ThrottledBelowLimits, confidence, reason))
}

/// `; most used by other-function (700), …`: largest first, of equals by name.
pub(crate) fn neighbours(limits: &Concurrency) -> String {
    let mut others: Vec<&(String, f64)> = limits
        .neighbours
        .iter()
        .filter(|(_, peak)| peak.is_finite() && *peak > 0.0)
        .collect();
    others.sort_by(|a, b| b.1.total_cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
    let named: Vec<String> = others
        .iter()
        .take(NEIGHBOURS)
        .map(|(function, peak)| format!("{} ({})", name(function), n(*peak)))
        .collect();
    if named.is_empty() {
        String::new()
    } else {
        format!("; most used by {}", named.join(", "))
    }
}
