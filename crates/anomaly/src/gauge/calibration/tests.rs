use super::*;

#[test]
fn exponential_strengths_get_nearly_their_own_logarithm() {
    // The share above s is 10^−s: then the surprise is s itself, but for what is known of real tails.
    let mut calibration = Calibration::new();
    for row in 0..300_000_u32 {
        let share = (f64::from(row) * 0.618_033_988_75).fract().max(1e-9);
        calibration.learn(-share.log10() as f32);
    }
    for strength in [0.5_f32, 1.0, 2.0, 3.0, 4.0, 5.0] {
        let found = calibration.surprise(strength);
        assert!(
            (found - strength).abs() < 0.1 + 0.03 * strength,
            "{found} instead of {strength}"
        );
    }
}

#[test]
fn a_stronger_row_is_never_less_surprising_and_none_is_rarer_than_the_least() {
    let mut calibration = Calibration::new();
    for row in 0..5_000_u32 {
        calibration.learn(f64::from(row * 37 % 1_001) as f32 / 250.0);
    }
    let mut last = 0.0;
    for step in 0..2_000 {
        let found = calibration.surprise(step as f32 * 0.05);
        assert!(found >= last - 1e-4 && found <= RAREST, "{step}: {found}");
        last = found;
    }
    assert!(last > 10.0);
}

#[test]
fn the_first_days_are_forgotten() {
    let mut calibration = Calibration::new();
    for row in 0..100_000 {
        let strength = if row < 500 {
            8.0
        } else {
            (row % 100) as f32 / 100.0
        };
        calibration.learn(strength);
    }
    let found = calibration.surprise(7.0);
    assert!(found > 3.5, "{found}");
}
