//! Whether a group comes and goes: the share of changes among its last results, newer ones weighing more.
//!
//! The rule is that of Nagios Core (Nagios Core documentation, "Detection and Handling of State Flapping"): of 21 results
//! the 20 changes weigh 0.8 (oldest) to 1.2 (newest), and their sum over 20 is the share of change.

/// Results that are remembered, one bit each, the newest lowest.
const RESULTS: u32 = 21;
const OLDEST: f64 = 0.8;
const NEWEST: f64 = 1.2;

/// The history with another result. `gap` is the number of windows since the last one, at least 1: a window of which
/// nothing was stored was a quiet one.
pub(super) fn push(history: u32, gap: i64, breaching: bool) -> u32 {
    let shifted = u32::try_from(gap.max(1)).map_or(0, |gap| history.checked_shl(gap).unwrap_or(0));
    shifted | u32::from(breaching)
}

/// The share of change in percent, 0 to 100.
pub(super) fn percent(history: u32) -> f64 {
    let transitions = RESULTS - 1;
    let changes = history ^ (history >> 1);
    let weight =
        |age: u32| NEWEST - (NEWEST - OLDEST) * f64::from(age) / f64::from(transitions - 1);
    let sum: f64 = (0..transitions)
        .filter(|age| changes >> age & 1 == 1)
        .map(weight)
        .sum();
    sum / f64::from(transitions) * 100.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_shares_are_those_that_were_computed_for_the_rule() {
        // conventions: one to four changes among the newest.
        for (history, share) in [
            (0b1_u32, 6.0),
            (0b10, 11.9),
            (0b101, 17.7),
            (0b1010, 23.4),
            (0, 0.0),
            (0x1f_ffff, 0.0),
            (0x15_5555, 100.0),
        ] {
            assert!(
                (percent(history) - share).abs() < 0.06,
                "{history:b}: {}",
                percent(history)
            );
        }
    }

    #[test]
    fn windows_that_were_not_stored_were_quiet() {
        for (history, gap, breaching, expected) in [
            (0b1, 1, true, 0b11),
            (0b1, 3, true, 0b1001),
            (0b1, 3, false, 0b1000),
            (0b1, 0, true, 0b11),
            (0b1, 40, true, 0b1),
            (0b1, i64::MAX, false, 0),
        ] {
            assert_eq!(push(history, gap, breaching), expected, "{gap}");
        }
    }
}
