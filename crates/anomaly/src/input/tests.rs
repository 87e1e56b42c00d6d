use super::*;

#[test]
fn missing_is_zero_only_for_counts_that_say_so_in_minutes_that_were_alive() {
    use Missing::{Unknown, Zero};
    for (name, kind, missing, weight, expected) in [
        ("not declared", Kind::Traffic, Unknown, 1.0, None),
        ("declared", Kind::Traffic, Zero, 1.0, Some(0.0)),
        (
            "declared, and not seen alive",
            Kind::Traffic,
            Zero,
            0.0,
            None,
        ),
        (
            "errors of forty attempts",
            Kind::Errors,
            Zero,
            40.0,
            Some(0.0),
        ),
        ("alive is no number", Kind::Errors, Zero, f64::NAN, None),
        ("latency has no zero", Kind::Latency, Zero, 40.0, None),
    ] {
        let input = Input {
            minute: 0,
            value: None,
            weight,
        };
        let point = Point::checked(kind, missing, &input);
        assert_eq!(
            (point.value, point.assumed_zero),
            (expected, expected.is_some()),
            "{name}"
        );
    }
}

#[test]
fn every_number_has_a_defined_meaning() {
    for (name, kind, value, weight, expected) in [
        ("not a number", Kind::Traffic, f64::NAN, 1.0, (None, 1.0)),
        ("infinity", Kind::Latency, f64::INFINITY, 9.0, (None, 9.0)),
        ("a negative count", Kind::Errors, -1.0, 9.0, (None, 9.0)),
        (
            "weight that is no number",
            Kind::Latency,
            1.0,
            f64::NAN,
            (Some(0.0), 0.0),
        ),
        (
            "infinite weight",
            Kind::Latency,
            1.0,
            f64::INFINITY,
            (Some(0.0), 0.0),
        ),
        (
            "negative weight",
            Kind::Latency,
            1.0,
            -3.0,
            (Some(0.0), 0.0),
        ),
        (
            "a latency of zero",
            Kind::Latency,
            0.0,
            9.0,
            (Some(ln(MIN_LATENCY_MS)), 9.0),
        ),
        (
            "a count beyond counting",
            Kind::Traffic,
            1e300,
            1.0,
            (Some(MAX_COUNT), 1.0),
        ),
        (
            "more errors than requests",
            Kind::Errors,
            12.0,
            9.0,
            (Some(12.0), 12.0),
        ),
    ] {
        let point = Point::checked(
            kind,
            Missing::Zero,
            &Input {
                minute: 0,
                value: Some(value),
                weight,
            },
        );
        assert_eq!((point.value, point.weight), expected, "{name}");
    }
}
