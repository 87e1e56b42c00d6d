//! Logarithm and exponential with an answer for every argument, so that what follows stays finite.

/// eˣ; at least e^−708, which is still a normal number, and at most e^708.
#[inline(always)]
pub(crate) fn exp(x: f64) -> f64 {
    x.clamp(-708.0, 708.0).exp()
}

/// ln x for a positive normal number; what is smaller counts as the smallest.
#[inline(always)]
pub(crate) fn ln(x: f64) -> f64 {
    x.max(f64::MIN_POSITIVE).ln()
}

#[cfg(test)]
mod tests {
    use super::*;

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
            ("ln of the largest number", ln(f64::MAX), f64::MAX.ln()),
        ] {
            assert!((found / expected - 1.0).abs() < 1e-12, "{name}: {found}");
        }
    }
}
