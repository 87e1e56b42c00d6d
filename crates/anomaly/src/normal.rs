//! The upper tail of the normal distribution, quick in the middle and good far out.
//!
//! Far out it is the Chebyshev fit of the complementary error function of Press et al., *Numerical Recipes*, 3rd ed.,
//! §6.2.2 (`erfccheb`'s short form): its *relative* error is below 1.2e-7 everywhere, which is what a tail needs; the
//! usual approximations bound the absolute error and are worth nothing at 1e-9. In the middle, where most minutes are,
//! it is a table of the same with its slopes and a cubic between (Hermite's), without a division or an exponential.

use crate::elementary::exp;

/// P(Z ≥ z) for a standard normal Z; never below the smallest positive number.
#[inline]
pub(crate) fn upper(z: f64) -> f64 {
    let x = z.abs();
    let half = if x < LAST { middle(x) } else { far(x) };
    if z >= 0.0 { half } else { 1.0 - half }
}

/// For z of 0 or more.
const fn far(z: f64) -> f64 {
    let x = z * std::f64::consts::FRAC_1_SQRT_2;
    let t = 1.0 / (1.0 + 0.5 * x);
    let polynomial = -1.265_512_23
        + t * (1.000_023_68
            + t * (0.374_091_96
                + t * (0.096_784_18
                    + t * (-0.186_288_06
                        + t * (0.278_868_07
                            + t * (-1.135_203_98
                                + t * (1.488_515_87 + t * (-0.822_152_23 + t * 0.170_872_77))))))));
    (0.5 * t * exp(polynomial - x * x)).max(f64::MIN_POSITIVE)
}

/// Steps of the table to a unit, its end, and its length.
const STEPS: f64 = 32.0;
const LAST: f64 = 4.0;
const LENGTH: usize = 129;
/// 1 / √(2π) over the steps.
const SLOPE: f64 = 0.398_942_280_401_432_7 / STEPS;

/// The tail at each step, and how much it falls by to the next one if it goes on like that.
static MIDDLE: [[f64; 2]; LENGTH] = {
    let mut table = [[0.0; 2]; LENGTH];
    let mut at = 0;
    while at < LENGTH {
        let z = at as f64 / STEPS;
        table[at] = [far(z), SLOPE * exp(-0.5 * z * z)];
        at += 1;
    }
    table
};

#[inline]
fn middle(z: f64) -> f64 {
    let place = z * STEPS;
    // Below the last step: there is always a next one.
    let at = place as usize;
    let t = place - at as f64;
    let [[from, falls], [to, fell]] = [MIDDLE[at], MIDDLE[at + 1]];
    let drop = from - to;
    from - t * (falls + t * ((3.0 * drop - 2.0 * falls - fell) + t * (falls + fell - 2.0 * drop)))
}

#[cfg(test)]
mod tests {
    use statrs::distribution::{ContinuousCDF, Normal};

    use super::*;

    #[test]
    fn the_tail_is_right_to_a_millionth_of_itself_far_out() {
        let normal = Normal::new(0.0, 1.0).unwrap();
        let mut last = 1.0;
        for step in -600..=3_000 {
            let z = f64::from(step) / 100.0;
            let ratio = upper(z) / normal.sf(z);
            assert!((ratio - 1.0).abs() < 1e-6, "{z}: {ratio}");
            assert!(upper(z) < last, "{z}");
            last = upper(z);
        }
        for z in [40.0, 1e9, f64::MAX, f64::INFINITY] {
            assert!(upper(z) > 0.0 && upper(-z) <= 1.0, "{z}");
        }
    }
}
