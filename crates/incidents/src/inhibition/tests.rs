use super::*;

#[test]
fn a_cause_mutes_its_consequences_and_nothing_else() {
    use Symptom::{
        Capacity, ColdStarts, Errors, Headroom, Latency, Saturation, Throttles, Traffic,
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
        (
            Latency,
            &[ColdStarts, Headroom, Capacity, Saturation][..],
            None,
        ),
        (Latency, &[][..], None),
    ] {
        assert_eq!(
            inhibitor(symptom, active).map(|row| row.cause),
            cause,
            "{symptom} while {active:?}"
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
