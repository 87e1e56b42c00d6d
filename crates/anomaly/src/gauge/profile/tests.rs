use super::*;

#[test]
fn a_slot_is_learned_when_it_is_left_and_forgets_by_the_share() {
    let mut profile = Profile::<4>::new();
    for (slot, value) in [(0, 10.0), (0, 20.0), (1, 3.0), (2, 0.0), (3, 0.0)] {
        profile.enter(slot, 0.5);
        profile.learn(value);
    }
    assert!((profile.at(0) - 15.0).abs() < 1e-4);
    assert!(profile.knows(2) && !profile.knows(3));
    for (slot, value) in [(0, 35.0), (1, 0.0)] {
        profile.enter(slot, 0.5);
        profile.learn(value);
    }
    assert!((profile.at(0) - 25.0).abs() < 1e-4);
}

#[test]
fn neighbours_smooth_a_slot_around_the_circle() {
    let mut profile = Profile::<8>::new();
    for slot in 0..8 {
        profile.enter(slot, 0.2);
        profile.learn(f64::from(slot));
    }
    profile.enter(0, 0.2);
    assert!((profile.smooth() - (6.0 + 7.0 + 0.0 + 1.0 + 2.0) / 5.0).abs() < 1e-4);
}

#[test]
fn the_largest_values_stay_finite() {
    let mut profile = Profile::<2>::new();
    for row in 0..1_000 {
        profile.enter(row / 10 % 2, 0.2);
        profile.learn(super::super::LARGEST);
    }
    assert!(profile.at(0).is_finite() && profile.smooth().is_finite());
}
