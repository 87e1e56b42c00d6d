use super::*;

#[test]
fn numbers_have_three_digits_and_separators() {
    for (value, text) in [
        (1_943.7, "1,940"),
        (999.6, "1,000"),
        (380.0, "380"),
        (4.1234, "4.12"),
        (3.0, "3"),
        (0.5, "0.5"),
        (0.012_34, "0.0123"),
        (0.0, "0"),
        (-0.0, "0"),
        (-1_234_567.0, "-1,230,000"),
        (1.234e-9, "1.23e-9"),
        (1e-9, "1e-9"),
        (f64::MAX, "1.8e308"),
        (f64::NAN, "not a number"),
    ] {
        assert_eq!(number(value), text, "{value}");
    }
    assert_eq!(
        (count(412), count(1_330), count(123_456)),
        ("412".into(), "1,330".into(), "123,000".into())
    );
}

#[test]
fn every_number_has_a_unit() {
    assert_eq!(unit(Unit::Milliseconds, Symptom::Latency), " ms");
    assert_eq!(unit(Unit::Count, Symptom::Throttles), " throttles/min");
    assert_eq!(
        unit(Unit::BytesPerSecond, Symptom::Traffic),
        " Bytes/Second"
    );
    for known in Unit::ALL {
        assert!(!unit(*known, Symptom::Errors).is_empty());
    }
}

#[test]
fn durations_are_as_people_say_them() {
    for (minutes, text) in [
        (0, "0 min"),
        (6, "6 min"),
        (60, "1 h"),
        (200, "3 h 20 min"),
        (1_440, "1 d"),
        (3_130, "2 d 4 h"),
    ] {
        assert_eq!(duration(minutes), text);
    }
}

#[test]
fn a_share_of_nothing_is_not_a_number() {
    assert_eq!(share(412, 1_330).as_deref(), Some("31%"));
    assert_eq!(share(1, 0), None);
}
