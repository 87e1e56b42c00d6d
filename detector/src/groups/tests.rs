use super::*;

fn track(symptom: Symptom, route: &str) -> Track {
    let mut track = Track::new(Subject {
        symptom,
        series: SeriesKey::emf("N", "M", [("service", "C"), ("route", route)]),
        measure: Measure::Count,
        label: route.to_owned(),
    })
    .unwrap();
    track.judged = 1;
    track
}

fn alarming(mut track: Track, bits: u32, above: bool) -> Track {
    track.alarmed = bits;
    track.onset = Some(1);
    track.breach = Some(Evidence {
        minute: 2,
        value: 1.0,
        weight: 1.0,
        expected: 100.0,
        low: 80.0,
        high: 120.0,
        tail: 1e-9,
        above,
        samples: 2_000.0,
        test: Some(Test::Extreme),
        run: None,
    });
    track
}

#[test]
fn a_drop_is_believed_when_the_minute_before_was_remarkable_too() {
    let policy = Policy::default();
    for (name, symptom, direction, bits, expected) in [
        (
            "the newest alone",
            Symptom::Traffic,
            Direction::Low,
            0b001,
            false,
        ),
        (
            "the one before too",
            Symptom::Traffic,
            Direction::Low,
            0b011,
            true,
        ),
        (
            "not the one before",
            Symptom::Traffic,
            Direction::Low,
            0b101,
            false,
        ),
        ("no longer", Symptom::Traffic, Direction::Low, 0b110, false),
        (
            "more cannot come of less",
            Symptom::Traffic,
            Direction::High,
            0b001,
            true,
        ),
        (
            "nor can errors",
            Symptom::Errors,
            Direction::High,
            0b001,
            true,
        ),
    ] {
        let group = Group::new("t", "cars", symptom, direction).unwrap();
        let track = alarming(track(symptom, "/"), bits, direction == Direction::High);
        assert_eq!(satisfied(&track, &group, &policy), expected, "{name}");
    }
}

#[test]
fn an_incident_ends_with_those_that_took_part_in_it() {
    let plain = || track(Symptom::Errors, "/");
    let cleared = |mut track: Track| {
        track.clear = 1;
        track
    };
    let breaching = |mut track: Track| {
        track.breaching = 1;
        track
    };
    for (name, track, over) in [
        ("never took part, a little off", plain(), true),
        ("never took part, breaching", breaching(plain()), false),
        (
            "took part, a little off",
            alarming(plain(), 0b1000, true),
            false,
        ),
        (
            "took part, clearly normal",
            cleared(alarming(plain(), 0b1000, true)),
            true,
        ),
    ] {
        assert_eq!(track.is_over(), over, "{name}");
    }
}

#[test]
fn evidence_that_no_minute_confirms_grows_old_after_ten() {
    for (name, alarmed, judged, breaching, expected) in [
        (
            "ten alarmed, the last judged eleven ago",
            0x7ff,
            1 << 10,
            0,
            true,
        ),
        ("one of the ten was judged", 0x7ff, 1 << 9, 0, false),
        ("one of the ten breached", 0x7ff, 0, 1, false),
        ("nine alarmed", 0x1ff, 0, 0, false),
    ] {
        let mut track = alarming(track(Symptom::Errors, "/"), alarmed, true);
        (track.judged, track.breaching) = (judged, breaching);
        assert_eq!(track.is_stale(), expected, "{name}");
    }
}
