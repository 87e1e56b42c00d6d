//! The upper tail of the normal distribution, quick and good far out.
//!
//! The Chebyshev fit of the complementary error function of Press et al., *Numerical Recipes*, 3rd ed., §6.2.2
//! (`erfccheb`'s short form): its *relative* error is below 1.2e-7 everywhere, which is what a tail needs; the
//! usual approximations bound the absolute error and are worth nothing at 1e-9.

use crate::elementary::exp;

/// P(Z ≥ z) for a standard normal Z; never below the smallest positive number.
#[inline]
pub(crate) fn upper(z: f64) -> f64 {
    let x = z.abs() * std::f64::consts::FRAC_1_SQRT_2;
    let t = 1.0 / (1.0 + 0.5 * x);
    let polynomial = -1.265_512_23
        + t * (1.000_023_68
            + t * (0.374_091_96
                + t * (0.096_784_18
                    + t * (-0.186_288_06
                        + t * (0.278_868_07
                            + t * (-1.135_203_98
                                + t * (1.488_515_87 + t * (-0.822_152_23 + t * 0.170_872_77))))))));
    let half = (0.5 * t * exp(polynomial - x * x)).max(f64::MIN_POSITIVE);
    if z >= 0.0 { half } else { 1.0 - half }
}

#[cfg(test)]
mod tests {
    use statrs::distribution::{ContinuousCDF, Normal};

    use super::*;

    #[test]
    fn the_tail_is_right_to_a_millionth_of_itself_far_out() {
        let normal = Normal::new(0.0, 1.0).unwrap();
        for step in -60..=300 {
            let z = f64::from(step) / 10.0;
            let ratio = upper(z) / normal.sf(z);
            assert!((ratio - 1.0).abs() < 1e-6, "{z}: {ratio}");
        }
        for z in [40.0, 1e9, f64::MAX] {
            assert!(upper(z) > 0.0 && upper(-z) <= 1.0, "{z}");
        }
    }
}
