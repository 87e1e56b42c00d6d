//! Which of many extreme series to look at first.

/// The false discovery rate at which each tail would be the last one reported (Benjamini and Hochberg, JRSS B 57,
/// 1995), in the order given; 0 to 1. For ranking a storm of series that alarm together, and for nothing else:
/// whether a series alarms is decided by its budget alone. What is no probability counts as 1.
#[must_use]
pub fn false_discovery_rates(tails: &[f64]) -> Vec<f64> {
    let tail = |index: usize| {
        let tail = tails[index];
        if (0.0..=1.0).contains(&tail) {
            tail
        } else {
            1.0
        }
    };
    let mut order: Vec<usize> = (0..tails.len()).collect();
    order.sort_by(|a, b| tail(*a).total_cmp(&tail(*b)));
    let mut rates = vec![1.0; tails.len()];
    let mut least = 1.0_f64;
    for (rank, index) in order.iter().enumerate().rev() {
        least = least.min(tail(*index) * tails.len() as f64 / (rank + 1) as f64);
        rates[*index] = least;
    }
    rates
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rates_follow_benjamini_and_hochberg_and_keep_the_order() {
        let rates = false_discovery_rates(&[0.04, 0.005, 0.9, 0.02, f64::NAN]);
        for (found, expected) in rates.iter().zip([0.2 / 3.0, 0.025, 1.0, 0.05, 1.0]) {
            assert!((found - expected).abs() < 1e-12, "{rates:?}");
        }
        assert!(false_discovery_rates(&[]).is_empty());
    }
}
