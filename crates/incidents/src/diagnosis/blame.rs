//! One part that drags the whole: a dependency, a route, a version, or the mix of requests.

use super::Confidence::{Likely, Possible};
use super::facts::{Facts, Rival};
use super::{CauseKind, Found, count, n, name, percent, share};
use crate::Symptom;
use crate::contribution::Dimension;
use crate::message::untrusted::tame;

/// A part that explains so much of the change explains it.
const MOST: f64 = 60.0;
/// From here on it is worth a second look.
const SOME: f64 = 30.0;
/// A route is to blame when its part of the change is at least so many times its part of the requests: a route that
/// has most requests has most of everything.
const ABOVE_ITS_SHARE: f64 = 1.5;
/// Requests of each version before they are compared.
const ENOUGH: u64 = 20;
/// Hits of a version before it is accused.
const HITS: u64 = 3;
/// How many times worse than the others.
const WORSE: f64 = 2.0;
/// Standard errors between two versions' shares (two-proportion test; 3.09: one in a thousand by chance).
const ERRORS_APART: f64 = 3.09;
/// A deploy this long before the onset may have caused it, when nothing serves beside it; and so may a setting.
const AFTER_DEPLOY_MINUTES: i64 = 30;

/// The rise of the mean latency is a rise of the time in calls to one dependency. Means, because they add up.
pub(super) fn slow_dependency(facts: &Facts) -> Found {
    let whole = facts.mean_latency_ms?;
    let rise = whole.observed - whole.expected;
    // Whoever waits longer holds its environment longer, so concurrency and its limits suffer too.
    if rise <= 0.0 || matches!(facts.symptom, Symptom::Traffic | Symptom::ColdStarts) {
        return None;
    }
    let part = |rise_of: f64| 100.0 * rise_of / rise;
    let slowest = facts
        .dependencies
        .iter()
        .map(|it| (it, it.per_request_ms.observed - it.per_request_ms.expected))
        .filter(|(it, by)| by.is_finite() && it.per_request_ms.rose(1.2))
        .max_by(|a, b| a.1.total_cmp(&b.1).then_with(|| b.0.name.cmp(&a.0.name)))?;
    let (dependency, by) = slowest;
    let explained = part(by);
    if explained < SOME {
        return None;
    }
    let confidence = if explained >= MOST { Likely } else { Possible };
    let time = dependency.per_request_ms;
    let reason = format!(
        "{} takes {} ms a request instead of {}: {}% of the rise",
        name(&dependency.name),
        n(time.observed),
        n(time.expected),
        n(explained.min(100.0))
    );
    Some((CauseKind::SlowDependency, confidence, reason))
}

/// One route explains most of the change, and more than its part of the requests.
pub(super) fn bad_route(facts: &Facts) -> Found {
    let found = facts
        .contributions
        .iter()
        .find(|it| it.dimension == Dimension::Route)?;
    let top = found.parts.first()?;
    let alike = 100.0 * top.exposure;
    (facts.symptom != Symptom::Traffic
        && top.percent >= MOST
        && top.percent >= ABOVE_ITS_SHARE * alike)
        .then(|| {
            let reason = format!(
                "{} explains {}% of the change with {} of the requests",
                name(&top.label),
                n(top.percent),
                percent(top.exposure)
            );
            (CauseKind::BadRoute, Likely, reason)
        })
}

/// No part got worse; more of the requests go to the bad ones.
pub(super) fn mix_shift(facts: &Facts) -> Found {
    let found = facts
        .contributions
        .iter()
        .find(|it| it.dimension == Dimension::Route)?;
    (found.mix >= MOST).then(|| {
        let reason = format!(
            "{}% of the change is requests that moved between routes, which themselves are as before",
            n(found.mix.min(100.0))
        );
        (CauseKind::MixShift, Likely, reason)
    })
}

/// One version is worse than those beside it in the same minutes; or it serves alone, and came shortly before.
pub(super) fn bad_version(facts: &Facts) -> Found {
    if !matches!(
        facts.symptom,
        Symptom::Latency
            | Symptom::Errors
            | Symptom::Headroom
            | Symptom::FastBurn
            | Symptom::SlowBurn
    ) {
        return None;
    }
    let beside: Vec<&Rival> = facts
        .versions
        .iter()
        .filter(|it| it.requests >= ENOUGH)
        .collect();
    if let [_, _, ..] = beside.as_slice() {
        let suffered = match facts.symptom {
            Symptom::Latency | Symptom::Headroom => "were slow",
            _ => "failed",
        };
        return worse(&beside, suffered);
    }
    let deploy = facts
        .deploy
        .as_ref()
        .filter(|it| (0..=AFTER_DEPLOY_MINUTES).contains(&it.minutes_before))?;
    let version = deploy.version.as_ref().map_or_else(
        || "a deploy".to_owned(),
        |it| format!("version {}", name(it)),
    );
    let reason = format!(
        "{version} came {} min before the start; no other version serves beside it to compare",
        deploy.minutes_before
    );
    Some((CauseKind::BadVersion, Possible, reason))
}

/// Settings were changed shortly before, which is a coincidence or the cause: nothing that is measured tells them apart.
/// Other requests than usual are nobody's setting.
pub(super) fn recent_change(facts: &Facts) -> Found {
    let changed = facts.changed.as_ref().filter(|it| {
        facts.symptom != Symptom::Traffic && (0..=AFTER_DEPLOY_MINUTES).contains(&it.minutes_before)
    })?;
    let reason = format!(
        "{} came {} min before the start",
        tame(&changed.what),
        changed.minutes_before
    );
    Some((CauseKind::RecentChange, Possible, reason))
}

/// The version with the largest share of hits against all others together.
fn worse(beside: &[&Rival], suffered: &str) -> Found {
    let hit_share = |it: &Rival| share(it.hit, it.requests);
    let bad = beside.iter().max_by(|a, b| {
        hit_share(a)
            .total_cmp(&hit_share(b))
            .then_with(|| b.version.cmp(&a.version))
    })?;
    let others = beside.iter().filter(|it| it.version != bad.version);
    let (hit, requests) = others.fold((0_u64, 0_u64), |(hit, requests), it| {
        (
            hit.saturating_add(it.hit),
            requests.saturating_add(it.requests),
        )
    });
    let (mine, theirs) = (hit_share(bad), share(hit, requests));
    let pooled = share(
        bad.hit.saturating_add(hit),
        bad.requests.saturating_add(requests),
    );
    #[expect(clippy::cast_precision_loss, reason = "counts of some minutes")]
    let spread = (1.0 / bad.requests as f64 + 1.0 / requests as f64) * pooled * (1.0 - pooled);
    let apart = (mine - theirs) / spread.sqrt();
    if bad.hit < HITS || mine < WORSE * theirs || apart.is_nan() || apart < ERRORS_APART {
        return None;
    }
    let reason = format!(
        "version {}: {} of {} requests {suffered} ({}), beside it {} of {} ({})",
        name(&bad.version),
        count(bad.hit),
        count(bad.requests),
        percent(mine),
        count(hit),
        count(requests),
        percent(theirs)
    );
    Some((CauseKind::BadVersion, Likely, reason))
}
