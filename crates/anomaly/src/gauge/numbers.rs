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
mod tests;
