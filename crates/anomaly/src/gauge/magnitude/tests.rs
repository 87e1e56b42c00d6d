use super::*;

/// The strength 5 of a last value, weighed after a past.
fn weighed(past: impl Iterator<Item = f64>, last: f64) -> f32 {
    let tuning = Tuning::default();
    let mut magnitude = Magnitude::new();
    let mut before = 0.0;
    let mut found = 0.0;
    for (row, value) in past.chain([last]).enumerate() {
        let step = f64::abs(value - before);
        let change = Change {
            far: step,
            step,
            size: 10.0,
        };
        found = magnitude.weigh(5.0, value, change, 1.0 / (row as f64 + 1.0), &tuning);
        before = value;
    }
    found
}

fn noise() -> impl Iterator<Item = f64> {
    (0..500).map(|row| 10.0 + f64::from(row * 37 % 101) * 0.01)
}

#[test]
fn the_larger_of_two_equally_surprising_values_is_stronger() {
    let found = [11.2, 12.0, 13.0, 15.0, 20.0].map(|value| weighed(noise(), value));
    assert!(found.is_sorted(), "{found:?}");
    assert!(found[4] > found[0] * 1.1 && found[4] < 6.0, "{found:?}");
}

#[test]
fn a_change_after_a_flat_line_is_as_large_as_can_be() {
    let flat = weighed((0..5_000).map(|_| 0.0), 1.0);
    assert!(flat > 3.0 && flat.is_finite(), "{flat}");
}

#[test]
fn one_more_than_nothing_is_weak_where_values_are_whole_and_rare() {
    let sparse = || (0..2_000).map(|row| if row % 40 == 0 { 10.0 } else { 0.0 });
    let [one, many] = [10.0, 200.0].map(|value| weighed(sparse(), value));
    assert!(one < 0.9 * many, "{one} {many}");
}

#[test]
fn nothing_stays_nothing() {
    let mut magnitude = Magnitude::new();
    let change = Change {
        far: 5.0,
        step: 5.0,
        size: 1.0,
    };
    for row in 1..100 {
        let found = magnitude.weigh(0.0, f64::from(row), change, 0.01, &Tuning::default());
        assert!(found.abs() < f32::MIN_POSITIVE);
    }
}
