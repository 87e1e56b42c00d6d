//! What to do first, in plain words. The runbook says the rest.

use crate::{Direction, Symptom};

/// The first action for a symptom. `changed` (somebody changed something before the onset) comes before every
/// other suspicion: most incidents are changes.
pub(crate) fn first_action(symptom: Symptom, direction: Direction, changed: bool) -> &'static str {
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
        (Symptom::Latency | Symptom::Errors | Symptom::Throttles, Direction::Low, _) => {
            "nothing is urgent; check that the service still does its work, and that this is not missing data"
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_alert_has_a_first_action_that_fits_a_lock_screen() {
        for symptom in Symptom::ALL {
            for (direction, changed) in [
                (Direction::High, true),
                (Direction::High, false),
                (Direction::Low, true),
                (Direction::Low, false),
            ] {
                let action = first_action(*symptom, direction, changed);
                assert!((20..=100).contains(&action.len()), "{symptom}: {action}");
            }
        }
    }
}
