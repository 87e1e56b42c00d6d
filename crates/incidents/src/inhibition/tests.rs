use super::*;

#[test]
fn a_cause_mutes_its_consequences_and_nothing_else() {
    use Symptom::{
        Capacity, ColdStarts, Errors, FastBurn, Headroom, Latency, Saturation, SlowBurn, Throttles,
        Traffic,
    };
    for (symptom, active, cause) in [
        (Latency, &[Throttles, Errors][..], Some(Throttles)),
        (Latency, &[Errors][..], Some(Errors)),
        (Traffic, &[Throttles][..], Some(Throttles)),
        (Traffic, &[Errors, Latency][..], None),
        (Errors, &[Throttles, Latency, Traffic][..], None),
        (Throttles, Symptom::ALL, None),
        (Capacity, &[Saturation][..], Some(Saturation)),
        (Capacity, &[Throttles, Saturation][..], Some(Throttles)),
        (Saturation, &[Capacity, Latency, Errors][..], None),
        (Saturation, &[Throttles][..], Some(Throttles)),
        (ColdStarts, &[Latency][..], Some(Latency)),
        (ColdStarts, &[Traffic, Capacity, Headroom][..], None),
        (Headroom, &[Errors][..], Some(Errors)),
        (FastBurn, &[Errors, SlowBurn][..], Some(Errors)),
        (FastBurn, &[Traffic, Headroom][..], None),
        (SlowBurn, &[FastBurn][..], Some(FastBurn)),
        (Errors, &[FastBurn][..], None),
        (
            Latency,
            &[ColdStarts, Headroom, Capacity, Saturation][..],
            None,
        ),
        (Latency, &[][..], None),
    ] {
        let heard: Vec<_> = active
            .iter()
            .map(|symptom| Heard {
                symptom: *symptom,
                ended: 0,
                called: true,
            })
            .collect();
        assert_eq!(
            inhibitor(symptom, &heard).map(|row| row.cause),
            cause,
            "{symptom} while {active:?}"
        );
    }
}

#[test]
fn a_consequence_stays_told_as_long_as_it_is_counted() {
    for (symptom, cause, ended, mutes) in [
        (Symptom::FastBurn, Symptom::Errors, 0, true),
        (Symptom::FastBurn, Symptom::Errors, 30, true),
        (Symptom::FastBurn, Symptom::Errors, 31, false),
        (Symptom::SlowBurn, Symptom::FastBurn, 120, true),
        (Symptom::SlowBurn, Symptom::FastBurn, 121, false),
        (Symptom::Saturation, Symptom::Throttles, 5, true),
        (Symptom::Saturation, Symptom::Throttles, 6, false),
        (Symptom::Capacity, Symptom::Throttles, 5, true),
        (Symptom::Capacity, Symptom::Saturation, 1, false),
        (Symptom::Latency, Symptom::Errors, 1, false),
    ] {
        let heard = [Heard {
            symptom: cause,
            ended,
            called: true,
        }];
        assert_eq!(
            inhibitor(symptom, &heard).is_some(),
            mutes,
            "{symptom} {ended} min after {cause}"
        );
    }
}

#[test]
fn whoever_mutes_a_cause_mutes_what_it_muted_so_somebody_always_speaks() {
    for row in TABLE {
        assert_ne!(row.cause, row.muted, "{} mutes itself", row.cause);
        for above in TABLE.iter().filter(|above| above.muted == row.cause) {
            assert!(
                TABLE
                    .iter()
                    .any(|it| it.cause == above.cause && it.muted == row.muted),
                "{} mutes {}, which mutes {}",
                above.cause,
                row.cause,
                row.muted
            );
            // With the rows above, a cycle would be a row that mutes itself.
            assert_ne!(above.cause, row.muted);
        }
    }
}

#[test]
fn a_ticket_never_mutes_a_page() {
    use crate::{Direction::High, Direction::Low, Severity};
    for row in TABLE {
        let silenced = [High, Low].map(|side| row.muted.severity(side));
        assert!(
            row.cause.severity(High) == Severity::Page || !silenced.contains(&Severity::Page),
            "{} mutes {}",
            row.cause,
            row.muted
        );
    }
}

#[test]
fn a_burn_is_told_unless_somebody_was_called_for_its_cause() {
    let heard = [Heard {
        symptom: Symptom::Errors,
        ended: 0,
        called: false,
    }];
    assert_eq!(inhibitor(Symptom::FastBurn, &heard), None);
    assert!(inhibitor(Symptom::Latency, &heard).is_some());
}
