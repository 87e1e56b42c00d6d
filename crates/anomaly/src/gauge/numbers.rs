//! Arithmetic that is quick, small and the same on every machine: a base-2 logarithm from the bits of a number, and
//! a number of 32 bits with the range of one of 64.
//!
//! `f32::log2` of the standard library calls the system's mathematics library: slower, and its last bit differs from
//! system to system. A snapshot restored on another machine must go on with the same bits.

/// log₂ of a positive, finite, normal number; anything else gives the logarithm of the least normal number.
///
/// The exponent is read off the bits; the mantissa goes through the odd series of the inverse hyperbolic tangent
/// (Abramowitz & Stegun 4.1.27), around √½ … √2, whose error is below 1e-6 after four terms.
#[inline]
pub(crate) fn log2(value: f32) -> f32 {
    const SQRT_HALF_BITS: u32 = 0x3f35_04f3;
    let bits = value.max(f32::MIN_POSITIVE).to_bits();
    let shifted = bits.wrapping_sub(SQRT_HALF_BITS);
    let exponent = (shifted as i32) >> 23;
    let mantissa = f32::from_bits((shifted & 0x007f_ffff).wrapping_add(SQRT_HALF_BITS));
    let ratio = (mantissa - 1.0) / (mantissa + 1.0);
    let square = ratio * ratio;
    // 2/ln 2 · (1, 1/3, 1/5, 1/7)
    let series = 2.885_39 + square * (0.961_796_7 + square * (0.577_078 + square * 0.412_198_6));
    exponent as f32 + ratio * series
}

/// Nearly log₂ of an `f64` of 0 or more: right at the powers of two, straight in between, so at most 0.09 too small.
///
/// The bits of a float are its logarithm, but for the mantissa being linear (Mitchell 1962, "Computer multiplication
/// and division using binary logarithms"). One conversion, strictly increasing, and good enough to find a bucket.
/// Zero gives −1023.
#[inline]
pub(crate) fn rough_log2(value: f64) -> f64 {
    value.to_bits() as i64 as f64 * (1.0 / 4_503_599_627_370_496.0) - 1_023.0
}

/// log₂ of a positive, finite `f64`; zero, and what is smaller than a normal number, gives about −1023.
#[inline]
pub(crate) fn log2_wide(value: f64) -> f32 {
    let bits = value.to_bits();
    let exponent = ((bits >> 52) & 0x7ff) as i32 - 1023;
    let mantissa = f32::from_bits(((bits >> 29) as u32 & 0x007f_ffff) | 0x3f80_0000);
    exponent as f32 + log2(mantissa)
}

/// The inverse hyperbolic sine: a logarithm that goes through zero.
#[inline]
pub(crate) fn asinh(value: f64) -> f64 {
    let size = value.abs().min(1e150);
    let log = f64::from(log2_wide(size + (size * size + 1.0).sqrt())) * std::f64::consts::LN_2;
    if value < 0.0 { -log } else { log }
}

/// 2 to the power of a number within ±100, to a hundred-thousandth.
///
/// The whole part goes into the exponent; the rest through the exponential series.
#[inline]
pub(crate) fn exp2(power: f32) -> f32 {
    let power = power.clamp(-100.0, 100.0);
    // Rounded by way of a whole number: `f32::round` is a call into the mathematics library.
    let whole = (power + 128.5) as i32 - 128;
    let rest = (power - whole as f32) * std::f32::consts::LN_2;
    let series =
        1.0 + rest * (1.0 + rest * (0.5 + rest * (1.0 / 6.0 + rest * (1.0 / 24.0 + rest / 120.0))));
    f32::from_bits(((whole + 127) as u32) << 23) * series
}

/// The cube root of a number of 0 or more, to a millionth.
///
/// A third of the bits is a guess within a few per cent (Kahan 1991, "Computing a real cube root"); each step of
/// Newton's doubles its digits.
#[inline]
pub(crate) fn cube_root(value: f32) -> f32 {
    if value <= 1e-30 {
        return 0.0;
    }
    let mut root = f32::from_bits(value.to_bits() / 3 + 0x2a50_8935);
    for _ in 0..3 {
        root -= (root - value / (root * root)) / 3.0;
    }
    root
}

/// log₁₀ of 2: turns a base-2 logarithm into a decimal one.
pub(crate) const LOG10_OF_2: f32 = std::f32::consts::LOG10_2;

/// The upper half of an `f64`: its whole range, six significant digits.
///
/// A profile of a day holds a hundred of these. An `f32` would end at 3e38, and a series may count anything.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Narrow(pub(crate) u32);

impl Narrow {
    /// Rounded to nearest. `value` must be finite and at most [`crate::gauge::LARGEST`] in size.
    #[inline]
    pub(crate) fn new(value: f64) -> Self {
        Self((value.to_bits().wrapping_add(0x8000_0000) >> 32) as u32)
    }

    #[inline]
    pub(crate) fn get(self) -> f64 {
        f64::from_bits(u64::from(self.0) << 32)
    }
}

#[cfg(test)]
mod tests {
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
}
