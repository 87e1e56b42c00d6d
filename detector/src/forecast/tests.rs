use super::*;

/// Deterministic noise of up to ±`size`.
fn noise(day: u32, size: f64) -> f64 {
    let mixed = day.wrapping_mul(2_654_435_761) >> 16;
    (f64::from(mixed % 1_000) / 500.0 - 1.0) * size
}

fn days(count: u32, of: impl Fn(u32) -> f64) -> Vec<f64> {
    (0..count).map(of).collect()
}

/// Days until `limit` is reached; `None` when it is not within the horizon.
fn days_left(days: &[f64], limit: f64) -> Option<u16> {
    (0..=u16::from(HORIZON_DAYS))
        .find(|ahead| expected(days, f64::from(*ahead)).is_some_and(|value| value >= limit))
}

#[test]
fn a_limit_is_seen_coming_and_nothing_else_is() {
    for (name, peaks, limit, left) in [
        (
            "a creep of 2 a day",
            days(14, |d| 60.0 + 2.0 * f64::from(d)),
            100.0,
            Some(7),
        ),
        (
            "the same with noise",
            days(14, |d| 60.0 + 2.0 * f64::from(d) + noise(d, 3.0)),
            100.0,
            Some(7),
        ),
        (
            "one wild day does not bend it",
            days(14, |d| {
                if d == 9 {
                    99.0
                } else {
                    60.0 + 2.0 * f64::from(d)
                }
            }),
            100.0,
            Some(7),
        ),
        (
            "a slow one is not there in time",
            days(14, |d| 60.0 + 0.1 * f64::from(d)),
            100.0,
            None,
        ),
        (
            "already there",
            days(14, |d| 90.0 + 2.0 * f64::from(d)),
            100.0,
            Some(0),
        ),
        ("flat", days(28, |_| 60.0), 100.0, None),
        ("noise", days(28, |d| 60.0 + noise(d, 20.0)), 100.0, None),
        (
            "a fall",
            days(14, |d| 90.0 - 2.0 * f64::from(d)),
            100.0,
            None,
        ),
        (
            "six days are too few",
            days(6, |d| 60.0 + 5.0 * f64::from(d)),
            100.0,
            None,
        ),
        (
            "a number that is none",
            days(14, |d| if d == 3 { f64::NAN } else { 60.0 }),
            100.0,
            None,
        ),
    ] {
        let found = days_left(&peaks, limit);
        let near = match (found, left) {
            (Some(found), Some(left)) => found.abs_diff(left) <= 2,
            (found, left) => found == left,
        };
        assert!(near, "{name}: {found:?} instead of {left:?}");
    }
    assert_eq!(expected(&[], 3.0), None);
}
