//! Logarithm and exponential with an answer for every argument, so that what follows stays finite.
//!
//! They are made of additions, multiplications and one division: the same bits on every machine, which a snapshot
//! needs that moves from one to another, and no call, so that those of a minute run beside each other. The
//! mathematics library of the system has neither.

use std::f64::consts::{LN_2, LOG2_E};

/// The bits of √½: mantissas are taken around 1, from there to √2.
const SQRT_HALF: u64 = 0x3fe6_a09e_667f_3bcd;
/// Added and taken off again it rounds to a whole number, which then stands in the lowest bits (1.5 · 2^52).
const ROUND: f64 = 6_755_399_441_055_744.0;

/// eˣ, right to 1e-9 of itself; at least e^−708, which is still a normal number, and at most e^708.
///
/// Whole powers of two go into the exponent, the rest (at most ½ ln 2) through the exponential series.
#[inline(always)]
pub(crate) const fn exp(x: f64) -> f64 {
    let x = x.clamp(-708.0, 708.0);
    let shifted = x * LOG2_E + ROUND;
    let whole = shifted - ROUND;
    let r = x - whole * LN_2;
    let r2 = r * r;
    let r4 = r2 * r2;
    let low = (1.0 + r) + r2 * (0.5 + r * (1.0 / 6.0));
    let high = (1.0 / 24.0 + r * (1.0 / 120.0)) + r2 * (1.0 / 720.0 + r * (1.0 / 5_040.0));
    let series = low + r4 * (high + r4 * (1.0 / 40_320.0));
    f64::from_bits(series.to_bits().wrapping_add(shifted.to_bits() << 52))
}

/// eˣ for x within ±700, right to 4e-6 of itself: enough digits for a weight of evidence.
#[inline(always)]
pub(crate) fn exp_roughly(x: f64) -> f64 {
    let shifted = x * LOG2_E + ROUND;
    let r = x - (shifted - ROUND) * LN_2;
    let r2 = r * r;
    let low = (1.0 + r) + r2 * (0.5 + r * (1.0 / 6.0));
    let series = low + r2 * r2 * (1.0 / 24.0 + r * (1.0 / 120.0));
    f64::from_bits(series.to_bits().wrapping_add(shifted.to_bits() << 52))
}

/// ln x for a positive normal number, right to 2e-12 of itself; what is smaller counts as the smallest.
///
/// The exponent is read off the bits; the mantissa goes through the odd series of the inverse hyperbolic tangent
/// (Abramowitz and Stegun 4.1.27).
#[inline(always)]
pub(crate) const fn ln(x: f64) -> f64 {
    let shifted = x.max(f64::MIN_POSITIVE).to_bits().wrapping_sub(SQRT_HALF);
    let exponent = (shifted as i64) >> 52;
    let mantissa = f64::from_bits((shifted & ((1 << 52) - 1)).wrapping_add(SQRT_HALF));
    let s = (mantissa - 1.0) / (mantissa + 1.0);
    let s2 = s * s;
    let s4 = s2 * s2;
    let low = (1.0 + s2 * (1.0 / 3.0)) + s4 * (1.0 / 5.0 + s2 * (1.0 / 7.0));
    let high = (1.0 / 9.0 + s2 * (1.0 / 11.0)) + s4 * (1.0 / 13.0);
    exponent as f64 * LN_2 + 2.0 * s * (low + s4 * s4 * high)
}

/// ln(1 + x) for x above −1, right to 1e-9 of itself: by its own series near 0, where most are that ask.
#[inline(always)]
pub(crate) fn ln_1p(x: f64) -> f64 {
    if x.abs() > 0.1 {
        return ln(1.0 + x);
    }
    let x2 = x * x;
    let x4 = x2 * x2;
    let low = (1.0 - x * 0.5) + x2 * (1.0 / 3.0 - x * 0.25);
    let high = (1.0 / 5.0 - x * (1.0 / 6.0)) + x2 * (1.0 / 7.0 - x * 0.125);
    x * (low + x4 * (high + x4 * (1.0 / 9.0)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn they_are_those_of_the_mathematics_library() {
        for step in -70_800..=70_800 {
            let x = f64::from(step) / 100.0;
            let ratio = exp(x) / x.exp();
            assert!((ratio - 1.0).abs() < 1e-9, "exp {x}: {ratio}");
            let ratio = exp_roughly(x * 0.98) / (x * 0.98).exp();
            assert!((ratio - 1.0).abs() < 4e-6, "exp {x}, roughly: {ratio}");
        }
        for step in -4_000..4_000 {
            let x = 1.19_f64.powi(step);
            let (found, known) = (ln(x), x.clamp(f64::MIN_POSITIVE, f64::MAX).ln());
            assert!(
                (found - known).abs() <= 2e-12 * known.abs(),
                "ln {x}: {found}"
            );
            let x = f64::from(step) * 1e-4;
            let (found, known) = (ln_1p(x), x.ln_1p());
            assert!(
                (found - known).abs() <= 1e-9 * known.abs(),
                "ln_1p {x}: {found}"
            );
            let near = 1.0 + f64::from(step) * 1e-5;
            let (found, known) = (ln(near), near.ln());
            assert!(
                (found - known).abs() <= 2e-12 * known.abs(),
                "ln {near}: {found}"
            );
        }
    }

    #[test]
    fn what_has_no_answer_gets_the_nearest_one() {
        for (name, found, expected) in [
            (
                "exp of minus infinity",
                exp(f64::NEG_INFINITY),
                (-708.0_f64).exp(),
            ),
            ("exp of infinity", exp(f64::INFINITY), 708.0_f64.exp()),
            ("ln of zero", ln(0.0), f64::MIN_POSITIVE.ln()),
            ("ln of a negative number", ln(-1.0), f64::MIN_POSITIVE.ln()),
            ("ln of no number", ln(f64::NAN), f64::MIN_POSITIVE.ln()),
            ("ln of the largest number", ln(f64::MAX), f64::MAX.ln()),
        ] {
            assert!((found / expected - 1.0).abs() < 1e-9, "{name}: {found}");
        }
    }
}
