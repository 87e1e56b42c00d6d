use super::*;

#[test]
fn the_logarithm_is_right_to_a_millionth_and_never_falls() {
    let mut last = f32::NEG_INFINITY;
    for exponent in -125..127 {
        for step in 0..64_u32 {
            let value = 2_f32.powi(exponent) * (1.0 + step as f32 / 64.0);
            let found = log2(value);
            let error = (f64::from(found) - f64::from(value).log2()).abs();
            assert!(error < 1e-5, "log2({value}) is off by {error}");
            assert!(found >= last, "log2({value}) falls");
            last = found;
        }
    }
}

#[test]
fn what_has_no_logarithm_gets_that_of_the_least_number() {
    for value in [0.0, -1.0, f32::NAN, f32::MIN_POSITIVE / 2.0] {
        assert!((log2(value) + 126.0).abs() < 1e-3, "{value}");
    }
}

#[test]
fn the_cube_root_is_right_to_a_millionth() {
    for step in 0..2_000 {
        let value = 1.01_f32.powi(step - 1_000);
        let error = cube_root(value) / value.cbrt() - 1.0;
        assert!(error.abs() < 1e-6, "the root of {value} is off by {error}");
    }
    assert!(cube_root(0.0).abs() < f32::MIN_POSITIVE);
}

#[test]
fn powers_of_two_are_right() {
    for step in -900..900 {
        let power = step as f32 / 10.0;
        let error = exp2(power) / power.exp2() - 1.0;
        assert!(error.abs() < 1e-5, "2^{power} is off by {error}");
    }
}

#[test]
fn the_wide_logarithm_and_asinh_are_right() {
    for value in [1e-300, 1e-5, 0.7, 1.0, 3.5, 1e12, 1e300] {
        let error = f64::from(log2_wide(value)) - value.log2();
        assert!(error.abs() < 1e-4, "log2({value}) is off by {error}");
        for signed in [value, -value] {
            let right = signed.clamp(-1e150, 1e150).asinh();
            let error = asinh(signed) - right;
            // Small arguments lose digits in the sum with one; they are near zero all the same.
            assert!(
                error.abs() < 1e-4 + right.abs() * 1e-6,
                "asinh({signed}) is off by {error}"
            );
        }
    }
}

#[test]
fn the_rough_logarithm_rises_and_is_at_most_a_tenth_short() {
    let mut last = f64::NEG_INFINITY;
    for step in 0..20_000 {
        let value = 1.07_f64.powi(step - 10_000);
        let short = value.log2() - rough_log2(value);
        assert!((-1e-9..0.09).contains(&short), "{value}: {short}");
        assert!(rough_log2(value) > last);
        last = rough_log2(value);
    }
    assert!((rough_log2(0.0) + 1_023.0).abs() < 1e-9);
}

#[test]
fn half_an_f64_keeps_six_digits_over_the_whole_range() {
    for value in [0.0, 1.0, -2.5, 1e300, -1e300, 1e-300, 123_456.789, 1e-310] {
        let found = Narrow::new(value).get();
        assert!(
            (found - value).abs() <= value.abs() * 1e-6 + 1e-310,
            "{value} became {found}"
        );
    }
}
