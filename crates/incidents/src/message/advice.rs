//! What to do first, in plain words. The runbook says the rest.

use crate::{CauseKind, Direction, Symptom};

/// The first action for a symptom. `changed` (somebody changed something before the onset) comes before every
/// other suspicion: most incidents are changes.
///
/// `cause` is one that is at least likely: it knows better what to do than the symptom alone.
pub(crate) fn first_action(
    symptom: Symptom,
    direction: Direction,
    changed: bool,
    cause: Option<CauseKind>,
) -> &'static str {
    let is_a_change = changed
        && direction == Direction::High
        && matches!(
            symptom,
            Symptom::Latency | Symptom::Errors | Symptom::FastBurn
        );
    match cause {
        Some(cause) if !is_a_change => against(cause),
        _ => by_symptom(symptom, direction, changed),
    }
}

/// What to do first against a cause.
fn against(cause: CauseKind) -> &'static str {
    match cause {
        CauseKind::Silence => {
            "send one request yourself; if it is answered, check the log subscription and log-processor"
        }
        CauseKind::BadVersion => {
            "roll back to the version before; then compare the two in the logs"
        }
        CauseKind::RecentChange => {
            "compare the start with the change that is named here; if they fit, undo it"
        }
        CauseKind::OutOfMemory => {
            "raise the function's memory by one step, then look for what grew"
        }
        CauseKind::ReservedConcurrency => {
            "raise the reservation, unless it protects something behind it: then slow the callers down"
        }
        CauseKind::AccountConcurrency => {
            "cap the neighbour that uses most with a reservation of its own; then raise the quota"
        }
        CauseKind::ThrottledBelowLimits => {
            "read the limits (runbook, step 2); if none is reached, spread the burst or queue it"
        }
        CauseKind::RetryStorm => {
            "limit the callers at the gateway; then fix what fails, so that nobody has to retry"
        }
        CauseKind::SlowDependency => {
            "look at the dependency that is named here: its throttles, its errors, its own status"
        }
        CauseKind::BadRoute => {
            "open the requests of the route that is named here; the other routes are as ever"
        }
        CauseKind::TimeoutWall => {
            "see what the timed-out requests waited for; a longer timeout only hides it"
        }
        CauseKind::ColdStartBurst => {
            "wait five minutes if a deploy or a pause fits; else follow the runbook on cold starts"
        }
        CauseKind::MemoryPressure => {
            "raise the memory by one step before invocations end at the limit"
        }
        CauseKind::MixShift => {
            "find out who asks for the slower routes; nothing got worse by itself"
        }
        CauseKind::TrafficLoss => {
            "send one request yourself; if it fails, check DNS, gateway and authentication"
        }
        CauseKind::Load => "find out who sends more, and compare concurrency with its limit",
    }
}

fn by_symptom(symptom: Symptom, direction: Direction, changed: bool) -> &'static str {
    match (symptom, direction, changed) {
        (Symptom::Latency | Symptom::Errors, Direction::High, true) => {
            "compare the start with what changed (listed here); if they fit, roll that change back"
        }
        (Symptom::Latency, Direction::High, false) => {
            "open the slowest requests in the logs and see which dependency they waited for"
        }
        (Symptom::Errors, Direction::High, false) => {
            "open the failing requests in the logs and read the most frequent error"
        }
        (Symptom::Throttles, Direction::High, _) => {
            "compare concurrency with its limit in the Lambda console; raise the limit or slow the caller down"
        }
        (Symptom::Traffic, Direction::Low, true) => {
            "send one request yourself; if it fails, roll back the change that is listed here"
        }
        (Symptom::Traffic, Direction::Low, false) => {
            "send one request yourself; if it fails, check DNS, gateway and authentication"
        }
        (Symptom::Traffic, Direction::High, _) => {
            "find out from the logs who sends more: customers, a retry loop or a crawler"
        }
        (Symptom::ColdStarts, Direction::High, true) => {
            "nothing, if a deploy listed here explains them: they end when its environments are warm"
        }
        (Symptom::ColdStarts, Direction::High, false) => {
            "see in the reports whether an init became slower or environments are lost to crashes"
        }
        (Symptom::Capacity | Symptom::Saturation, Direction::High, _) => {
            "find who uses the concurrency and cap it, or raise the reservation or the quota now"
        }
        (Symptom::Headroom, Direction::High, _) => {
            "see which limit is near; raise it only after you know what grew"
        }
        (Symptom::FastBurn, Direction::High, true) => {
            "compare the start with what changed (listed here); if they fit, roll that change back"
        }
        (Symptom::FastBurn, Direction::High, false) => {
            "open the requests that missed the objective and read what they have in common"
        }
        (Symptom::SlowBurn, Direction::High, _) => {
            "find the most frequent error or slowest route of these days, and plan its repair"
        }
        (_, Direction::Low, _) => {
            "nothing is urgent; check that the service still does its work, and that this is not missing data"
        }
    }
}

#[cfg(test)]
mod tests;
