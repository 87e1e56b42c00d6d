use super::*;

/// Three services in a week with a fault on most days: small enough for every run of the tests.
const TINY: weeks::Extent = weeks::Extent {
    services: 3,
    history: 14,
    weeks: 1,
    faults: 3,
};

#[test]
fn nobody_is_paged_twice_and_no_fault_goes_unnoticed_in_a_tiny_fleet() {
    let mut received = Received::default();
    received.add(&one(1, TINY).unwrap());
    assert_eq!(received.services, 3);
    let told = received.messages();
    assert!(told.len() >= 6, "{received:?}");
    assert_eq!(received.unnoticed, Vec::<String>::new());
    assert_eq!(received.paged_twice(), 0, "{received:?}");
    assert!(told.iter().all(|count| *count > 0), "{received:?}");
}

#[test]
fn every_service_has_its_faults_on_days_of_their_own() {
    for seed in 1..=4 {
        let (fleet, faults) = weeks::fleet(seed, weeks::WHOLE, super::super::from());
        let of_day = |fault: &Injected| (fault.service, fault.from.index().div_euclid(1_440));
        let days: std::collections::BTreeSet<_> = faults.iter().map(of_day).collect();
        assert_eq!(
            days.len(),
            faults.len(),
            "two faults of a service share a day"
        );
        for place in 0..fleet.functions.len() {
            let own = faults.iter().filter(|fault| fault.service == place);
            let kinds: std::collections::BTreeSet<_> = own.map(|fault| fault.name).collect();
            assert_eq!(kinds.len(), weeks::WHOLE.faults + 1, "a kind comes again");
        }
        for fault in &faults {
            assert!(fleet.scored_from < fault.from && fault.to < fleet.to());
        }
    }
}

#[test]
fn percentiles_are_by_nearest_rank() {
    for (values, percent, expected) in [
        (&[][..], 50, 0),
        (&[7][..], 95, 7),
        (&[1, 2, 3, 4][..], 50, 2),
        (&[1, 2, 3, 4][..], 95, 4),
        (&[1, 2, 3, 4][..], 100, 4),
    ] {
        assert_eq!(
            percentile(values, percent),
            expected,
            "{values:?} at {percent}"
        );
    }
}

#[test]
fn a_course_is_told_group_by_group() {
    use Action::{Open, Resolve};
    let transitions = [
        (Symptom::Headroom, Open),
        (Symptom::Errors, Open),
        (Symptom::Headroom, Resolve),
        (Symptom::Errors, Resolve),
    ];
    assert_eq!(
        course(&transitions),
        "headroom: open, resolve; errors: open, resolve"
    );
}
