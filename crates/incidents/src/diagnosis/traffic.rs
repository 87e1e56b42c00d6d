//! Too few requests, too many, or none that anybody heard of.

use super::Confidence::{Certain, Likely, Possible};
use super::facts::{Facts, Signal};
use super::{CauseKind, Found, count, n, percent, share};
use crate::Symptom;

/// A rise worth naming: New Relic's and Serverless' "unusual invocations" begin at 125 %; a third leaves room for
/// the noise of a minute.
const MORE: f64 = 1.3;
/// A retry storm at least doubles half of the requests (one retry each).
const STORM: f64 = 1.5;
/// A loss worth calling one: half of the requests are missing.
const LESS: f64 = 0.5;
/// Work that stays within a fifth of the expected is "flat".
const FLAT: f64 = 0.2;
/// Below this share of failed or refused requests nobody has a reason to retry so much.
const REASON_TO_RETRY: f64 = 0.05;
/// Correlation ids looked at before their number means something.
const SAMPLE: u64 = 20;
/// In a storm at least every third request is a repetition.
const REPEATED: f64 = 0.67;

/// No data of any kind. What AWS counted meanwhile tells whether the logs are missing or nothing is known at all;
/// neither is a zero.
pub(super) fn silence(facts: &Facts) -> Found {
    if facts.minutes == 0 || facts.heard > 0 {
        return None;
    }
    let minutes = count(facts.minutes.into());
    let reason = match facts.counted_by_aws {
        Some(ran) if ran > 0.0 => format!(
            "no log data for {minutes} min while AWS counted {} invocations: the logs do not arrive",
            n(ran)
        ),
        _ => format!("no data of any kind for {minutes} min: unknown, which is not zero requests"),
    };
    Some((CauseKind::Silence, Certain, reason))
}

/// Whether this many requests or more are turned away or fail, beyond what was normal.
fn turned_away(facts: &Facts) -> Option<f64> {
    let requests = facts.requests?.observed;
    let sides = [facts.refused, facts.failed];
    let bad = |of: fn(&Signal) -> f64| sides.iter().flatten().map(of).sum::<f64>();
    // Refusals by the platform are not among the requests that ran.
    let asked = requests + facts.refused.map_or(0.0, |it| it.observed);
    let share = bad(|it| it.observed) / asked;
    let grew = bad(|it| it.observed) > 2.0 * bad(|it| it.expected);
    (asked > 0.0 && grew && share >= REASON_TO_RETRY).then_some(share)
}

/// Requests do not arrive, and those that do are answered as ever: the cause lies in front of the function.
pub(super) fn loss(facts: &Facts) -> Found {
    let requests = facts.requests.filter(|it| it.fell(LESS))?;
    if facts.heard == 0 {
        return None;
    }
    let refused = facts
        .refused
        .is_some_and(|it| it.rose(MORE) && it.observed >= 1.0);
    if refused {
        return None;
    }
    let (now, before) = (n(requests.observed), n(requests.expected));
    let fewer = format!("{now} requests/min instead of {before}");
    let hurt = turned_away(facts).is_some() || facts.latency_ms.is_some_and(|it| it.rose(MORE));
    Some(if hurt {
        let reason =
            format!("{fewer}, and those that arrive fail or wait: clients may have given up");
        (CauseKind::TrafficLoss, Possible, reason)
    } else if facts.latency_ms.is_none() && facts.failed.is_none() {
        let reason = format!("{fewer}; how those are answered was not measured");
        (CauseKind::TrafficLoss, Possible, reason)
    } else {
        let reason =
            format!("{fewer}, and those that arrive are answered as ever: look in front of it");
        (CauseKind::TrafficLoss, Likely, reason)
    })
}

/// Requests rise while the work stays the same: distinct correlation ids, or else the requests that succeed, do not
/// rise with them, and there is a reason to retry.
pub(super) fn retry_storm(facts: &Facts) -> Found {
    let asked = attempts(facts)?;
    let bad = turned_away(facts)?;
    if !asked.rose(STORM) {
        return None;
    }
    let rise = asked.ratio().map_or_else(String::new, |it| {
        format!("{}x the expected requests", n(it))
    });
    let because = format!("{} of them refused or failed", percent(bad));
    if let Some(ids) = facts.correlation.filter(|ids| ids.requests >= SAMPLE) {
        let distinct = share(ids.distinct, ids.requests);
        return (distinct <= REPEATED).then(|| {
            let (seen, of) = (count(ids.distinct), count(ids.requests));
            let reason = format!(
                "{rise}, {because}, but only {seen} different correlation ids in {of} requests"
            );
            (CauseKind::RetryStorm, Likely, reason)
        });
    }
    let answered = facts.answered?;
    let flat = answered.ratio().is_some_and(|it| (it - 1.0).abs() <= FLAT);
    flat.then(|| {
        let done = n(answered.observed);
        let reason = format!("{rise}, {because}, while the work done stays at {done}/min");
        (CauseKind::RetryStorm, Possible, reason)
    })
}

/// What was asked for: requests that ran and those that the platform refused.
fn attempts(facts: &Facts) -> Option<Signal> {
    let requests = facts.requests?;
    let Some(refused) = facts.refused else {
        return Some(requests);
    };
    Some(Signal {
        observed: requests.observed + refused.observed,
        expected: requests.expected + refused.expected,
        low: requests.low + refused.low,
        high: requests.high + refused.high,
    })
}

/// More requests than usual, each of them asked for once. Something else may explain the slowness better, so it
/// ranks last.
pub(super) fn load(facts: &Facts) -> Found {
    let asked = attempts(facts).filter(|it| it.rose(MORE))?;
    // More requests that nobody suffers from are no cause of anything.
    let hurts = [facts.latency_ms, facts.refused, facts.failed]
        .iter()
        .flatten()
        .any(|it| it.rose(MORE));
    // Where the load itself is what breaches, it needs nobody who suffers.
    let is_it = matches!(
        facts.symptom,
        Symptom::Traffic | Symptom::Capacity | Symptom::Saturation
    );
    if !(hurts || is_it) {
        return None;
    }
    let times = asked.ratio().map_or_else(
        || "requests where none were expected".to_owned(),
        |it| format!("{}x the expected requests", n(it)),
    );
    let busier = facts.concurrency.peak.zip(facts.concurrency.peak_before);
    Some(match (facts.correlation, busier) {
        (Some(ids), _)
            if ids.requests >= SAMPLE && share(ids.distinct, ids.requests) > REPEATED =>
        {
            (
                CauseKind::Load,
                Likely,
                format!(
                    "{times}, {} different correlation ids in {} requests",
                    count(ids.distinct),
                    count(ids.requests)
                ),
            )
        }
        (_, Some((peak, before))) if peak >= MORE * before => (
            CauseKind::Load,
            Likely,
            format!("{times}, concurrency from {} to {}", n(before), n(peak)),
        ),
        _ => (
            CauseKind::Load,
            Possible,
            format!("{times}; whether they are repetitions was not measured"),
        ),
    })
}
