//! New environments: why they were needed, and whether they explain what is slow.

use super::Confidence::{Likely, Possible};
use super::facts::{ColdStarts, Facts};
use super::{CauseKind, Found, count, n, percent, share};
use crate::Symptom;

/// Cold starts are a burst from so many in the incident's minutes…
const AT_LEAST: u64 = 3;
/// …that are so many times their former share…
const TIMES: f64 = 2.0;
/// …and so much of the invocations more than before. Datadog warns of cold starts from 1 %; a p90 moves at 10 %.
const POINTS: f64 = 0.05;
/// The part of the slow requests that cold starts must account for.
const EXPLAINS: f64 = 0.7;
/// A deploy replaces the environments within minutes; traffic that comes back later still finds none.
const AFTER_DEPLOY_MINUTES: i64 = 15;
/// Lambda keeps idle environments for some minutes, and says not how many; five is the least that is reported.
const IDLE_MINUTES: u32 = 5;
/// A rise of requests or concurrency that needs new environments.
const SCALED: f64 = 1.3;

/// Many new environments at once, with which of deploy, scale-out and idle fits.
pub(super) fn cold_start_burst(facts: &Facts) -> Found {
    let cold = facts.cold.filter(is_burst)?;
    let share_now = share(cold.count, cold.invocations);
    let mut reason = format!(
        "{} of {} invocations ({}) were cold starts, {} before",
        count(cold.count),
        count(cold.invocations),
        percent(share_now),
        percent(cold.share_before)
    );
    if let Some(init) = cold.init_ms {
        reason.push_str(&format!(", p90 of the init {} ms", n(init)));
    }
    reason.push_str("; ");
    reason.push_str(&why(facts));
    let confidence = match (facts.symptom, facts.slow) {
        (Symptom::ColdStarts, _) => Likely,
        // Errors and throttles do not come from waiting.
        (Symptom::Latency | Symptom::Headroom, Some(slow)) => {
            // As many cold starts as slow requests: they may well be the same ones.
            #[expect(clippy::cast_precision_loss, reason = "counts of some minutes")]
            let explained = cold.count as f64 >= EXPLAINS * slow as f64;
            if !explained {
                return None;
            }
            Likely
        }
        (Symptom::Latency | Symptom::Headroom, None) => Possible,
        _ => return None,
    };
    Some((CauseKind::ColdStartBurst, confidence, reason))
}

fn is_burst(cold: &ColdStarts) -> bool {
    let now = share(cold.count, cold.invocations);
    cold.count >= AT_LEAST && now >= TIMES * cold.share_before && now - cold.share_before >= POINTS
}

/// Which of the three reasons for a new environment fits (AWS Lambda developer guide, "Lambda execution
/// environment"). A deploy replaces all of them, so it comes first; idle needs a pause before.
fn why(facts: &Facts) -> String {
    let deploy = facts
        .deploy
        .as_ref()
        .filter(|it| (0..=AFTER_DEPLOY_MINUTES).contains(&it.minutes_before));
    if let Some(deploy) = deploy {
        return format!("a deploy {} min before fits", deploy.minutes_before);
    }
    if let Some(idle) = facts.idle_before.filter(|it| *it >= IDLE_MINUTES) {
        return format!("{idle} idle minutes before fit");
    }
    let busier = facts.concurrency.peak.zip(facts.concurrency.peak_before);
    if let Some((peak, before)) = busier.filter(|(peak, before)| *peak >= SCALED * before) {
        return format!(
            "scale-out fits: concurrency from {} to {}",
            n(before),
            n(peak)
        );
    }
    let rise = facts.requests.filter(|it| it.rose(SCALED));
    match rise.and_then(|it| it.ratio()) {
        Some(ratio) => format!("scale-out fits: {}x the expected requests", n(ratio)),
        None => "neither deploy, nor idle time, nor scale-out fits".to_owned(),
    }
}
