//! One row for each event.

use std::collections::VecDeque;

/// Keeps the scores that exceed all scores in the last max(30, 3 % of the rows so far), and sets the others to 0.
///
/// The rule of the benchmark charges every flagged row outside a window, so a detector that stays silent after it has
/// fired earns 5 to 17 points by that alone. Given to all, it says nothing about any of them.
pub(crate) fn refractory(scores: &[f64]) -> Vec<f64> {
    // Falling scores with their rows: the first is the greatest within reach.
    let mut greatest: VecDeque<(usize, f64)> = VecDeque::new();
    let mut kept = Vec::with_capacity(scores.len());
    for (row, &score) in scores.iter().enumerate() {
        let reach = (row * 3 / 100).max(30);
        while greatest.front().is_some_and(|first| first.0 + reach < row) {
            greatest.pop_front();
        }
        let fires = greatest.front().is_none_or(|first| score > first.1);
        kept.push(if fires { score } else { 0.0 });
        while greatest.back().is_some_and(|last| last.1 <= score) {
            greatest.pop_back();
        }
        greatest.push_back((row, score));
    }
    kept
}
