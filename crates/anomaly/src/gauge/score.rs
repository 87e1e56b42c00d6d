//! From the strength of the evidence to a score in 0..1.
//!
//! Scores are compared by thresholds, so no two strengths may give the same score. 1 − 10^(−s) reaches 1 at s = 16,
//! and everything above is alike. s/(s + 4) has a slope of 4/(s + 4)²: at a strength of 1,000, more than any series
//! reaches, neighbouring `f32`s lie 6e-5 apart, their scores 2e-10, and an `f64` below 1 resolves 1e-16. The strength
//! is carried as an `f32` for that reason, and the map is strictly increasing on all of them.

/// The strength at which the score is one half: what one row in ten thousand reaches by chance, about.
const HALF: f64 = 4.0;

/// The score of a strength; 0 for none, below 1 always.
#[inline]
pub(crate) fn score(strength: f32) -> f64 {
    let strength = f64::from(strength);
    strength / (strength + HALF)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_step_of_strength_is_a_step_of_score() {
        let mut strength = 1e-6_f32;
        while strength < 1e4 {
            // Neighbours, at every size.
            let mut here = strength;
            for _ in 0..100 {
                let next = here.next_up();
                assert!(score(here) < score(next), "{here} and {next}");
                here = next;
            }
            strength *= 1.01;
        }
        assert!(score(0.0).abs() < f64::EPSILON && score(1e30) <= 1.0);
    }
}
