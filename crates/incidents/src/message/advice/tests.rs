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
            let causes = CauseKind::ALL.iter().copied().map(Some);
            for cause in causes.chain([None]) {
                let action = first_action(*symptom, direction, changed, cause);
                assert!((20..=100).contains(&action.len()), "{symptom}: {action}");
            }
        }
    }
}

#[test]
fn a_change_comes_before_every_cause_and_a_cause_before_the_symptom() {
    let action = |changed, cause| first_action(Symptom::Latency, Direction::High, changed, cause);
    assert_eq!(action(true, Some(CauseKind::Load)), action(true, None));
    assert!(action(false, Some(CauseKind::Load)).contains("who sends more"));
    assert!(action(false, None).contains("slowest requests"));
}
