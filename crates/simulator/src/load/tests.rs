//! A plan's arrivals: exact in number, of the promised shape, the same from the same seed.

use super::*;

fn profile(shape: Shape, rate: f64, seconds: f64) -> Profile {
    Profile {
        shape,
        rate,
        seconds,
        seed: 7,
    }
}

fn between(arrivals: &[Arrival], from: f64, to: f64) -> usize {
    arrivals
        .iter()
        .filter(|arrival| (from..to).contains(&arrival.at.as_secs_f64()))
        .count()
}

#[test]
fn every_shape_has_exactly_the_requests_that_its_rate_adds_up_to() {
    for (shape, rate, seconds, count) in [
        (Shape::Constant, 50.0, 60.0, 3_000),
        (Shape::Constant, 0.1, 70.0, 7),
        (Shape::Constant, 0.3, 10.0, 3),
        (Shape::Ramp, 100.0, 60.0, 3_300),
        (Shape::Spike, 100.0, 60.0, 1_680),
        (Shape::Soak, 5.0, 3_600.0, 18_000),
        (Shape::RetryStorm, 100.0, 60.0, 3_750),
        (Shape::ColdBurst, 100.0, 60.0, 3_000),
    ] {
        let profile = profile(shape, rate, seconds);
        profile.check().unwrap();
        let arrivals: Vec<_> = profile.arrivals().collect();
        assert_eq!(arrivals.len(), count, "{shape} at {rate} for {seconds} s");
        assert_eq!(profile.count(), count as u64, "{shape}");
        assert!(
            arrivals.windows(2).all(|pair| pair[0].at <= pair[1].at),
            "{shape} is in order"
        );
        assert!(
            arrivals
                .iter()
                .all(|arrival| arrival.at.as_secs_f64() <= seconds),
            "{shape} stays inside"
        );
    }
}

#[test]
fn a_constant_rate_has_its_share_in_every_second_and_no_two_in_step() {
    let arrivals: Vec<_> = profile(Shape::Constant, 40.0, 30.0).arrivals().collect();
    for second in 0..30 {
        let second = f64::from(second);
        assert_eq!(
            between(&arrivals, second, second + 1.0),
            40,
            "second {second}"
        );
    }
    let gaps: std::collections::BTreeSet<_> = arrivals
        .windows(2)
        .map(|pair| (pair[1].at - pair[0].at).as_micros())
        .collect();
    assert!(gaps.len() > 1_000, "{} different gaps", gaps.len());
}

#[test]
fn shapes_move_as_they_say() {
    let of = |shape| profile(shape, 100.0, 100.0).arrivals().collect::<Vec<_>>();
    // (shape, from, to, requests): the area below the shape's lines.
    for (shape, from, to, expected) in [
        (Shape::Ramp, 0.0, 50.0, 1_625),
        (Shape::Ramp, 50.0, 100.0, 3_875),
        (Shape::Spike, 0.0, 40.0, 400),
        (Shape::Spike, 40.0, 60.0, 2_000),
        (Shape::Spike, 60.0, 101.0, 400),
        (Shape::RetryStorm, 0.0, 25.0, 1_250),
        (Shape::RetryStorm, 25.0, 50.0, 2_500),
        (Shape::RetryStorm, 50.0, 101.0, 2_500),
        (Shape::ColdBurst, 0.0, 50.0, 0),
        (Shape::ColdBurst, 50.0, 101.0, 5_000),
    ] {
        let found = between(&of(shape), from, to);
        // One request may lie on either side of a border.
        assert!(
            found.abs_diff(expected) <= 1,
            "{shape} {from} to {to}: {found}, not {expected}"
        );
    }
}

#[test]
fn a_rate_can_be_asked_for_any_moment() {
    for (shape, at, rate) in [
        (Shape::Constant, 0.0, 100.0),
        (Shape::Ramp, 0.0, 10.0),
        (Shape::Ramp, 50.0, 55.0),
        (Shape::Spike, 45.0, 100.0),
        (Shape::Spike, 61.0, 10.0),
        (Shape::ColdBurst, 49.0, 0.0),
        (Shape::ColdBurst, 51.0, 100.0),
        (Shape::Soak, 100.0, 0.0),
        (Shape::Soak, -1.0, 0.0),
    ] {
        let found = profile(shape, 100.0, 100.0).rate_at(at);
        assert!((found - rate).abs() < 1e-9, "{shape} at {at}: {found}");
    }
}

#[test]
fn the_same_seed_plans_the_same_and_another_seed_does_not() {
    let profile = profile(Shape::Spike, 20.0, 60.0);
    let again: Vec<_> = profile.arrivals().collect();
    assert_eq!(profile.arrivals().collect::<Vec<_>>(), again);
    let other = Profile { seed: 8, ..profile };
    assert_ne!(other.arrivals().collect::<Vec<_>>(), again);
    assert_eq!(other.arrivals().count(), again.len());
}

#[test]
fn the_mix_is_the_simulated_service_s_own() {
    let arrivals: Vec<_> = profile(Shape::Constant, 100.0, 100.0).arrivals().collect();
    for (operation, share) in Operation::ALL
        .into_iter()
        .zip([0.10, 0.42, 0.24, 0.11, 0.09, 0.04])
    {
        let count = arrivals
            .iter()
            .filter(|arrival| arrival.operation == operation)
            .count();
        let found = count as f64 / arrivals.len() as f64;
        assert!((found - share).abs() < 0.02, "{operation:?}: {found}");
    }
}

#[test]
fn a_load_that_cannot_be_is_refused_with_the_fix() {
    for (rule, rate, seconds, says) in [
        (
            "no rate",
            0.0,
            10.0,
            "the rate is 0: write a number above 0",
        ),
        ("a negative rate", -1.0, 10.0, "the rate is -1"),
        (
            "a rate that is no number",
            f64::NAN,
            10.0,
            "the rate is NaN",
        ),
        ("no time", 1.0, 0.0, "the duration is 0"),
        (
            "time without end",
            1.0,
            f64::INFINITY,
            "the duration is inf",
        ),
        (
            "more than can be held",
            1e4,
            1e4,
            "lower the rate or the duration",
        ),
        (
            "less than one request",
            0.1,
            5.0,
            "less than one request: raise",
        ),
    ] {
        let error = profile(Shape::Constant, rate, seconds).check().unwrap_err();
        assert!(
            error.to_string().contains(says) && !error.is_retryable(),
            "{rule}: {error}"
        );
    }
    assert_eq!("cold-burst".parse(), Ok(Shape::ColdBurst));
    let error = "flood".parse::<Shape>().unwrap_err();
    assert!(error.to_string().contains("\"flood\"") && error.to_string().contains("retry-storm"));
}
