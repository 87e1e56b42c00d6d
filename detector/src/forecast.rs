//! Whether a slow creep reaches a limit: from the highest value of each day to the value of a day to come. Pure.
//!
//! The slope is Theil's and Sen's, the median of the slopes of all pairs of days (Sen 1968, "Estimates of the
//! regression coefficient based on Kendall's tau"): a launch day or a quiet Sunday does not bend it. Whether there is
//! a trend at all is asked of Kendall's tau, so that a week of noise is no forecast.

/// Days ahead that are looked at: a quota increase is asked for and granted within days, and a fortnight is time to
/// do it in working hours.
pub const HORIZON_DAYS: u8 = 14;
/// Days that a forecast needs: a week, or its end would be taken for a trend.
pub const FEWEST_DAYS: usize = 7;
/// Days that are kept.
pub const MOST_DAYS: usize = 28;
/// Share of pairs of days that must rise more than fall. Of seven days without a trend this many do in 1 of 70
/// (Kendall 1938, exact distribution for n = 7: P(tau ≥ 0.62) = 0.015).
const LEAST_TAU: f64 = 0.62;

/// The highest value of each day, oldest first, as it will be in `ahead` days. `None` when there are fewer than
/// [`FEWEST_DAYS`], a number that is not finite, or no rise that stands out of the noise.
///
/// ```
/// let growing: Vec<f64> = (0..14).map(|day| 400.0 + 20.0 * f64::from(day)).collect();
/// let expected = detector::forecast::expected(&growing, 14.0);
/// assert_eq!(expected, Some(400.0 + 20.0 * 27.0));
/// ```
#[must_use]
pub fn expected(days: &[f64], ahead: f64) -> Option<f64> {
    let days = &days[days.len().saturating_sub(MOST_DAYS)..];
    if days.len() < FEWEST_DAYS || days.iter().any(|value| !value.is_finite()) {
        return None;
    }
    let mut slopes = Vec::with_capacity(days.len() * (days.len() - 1) / 2);
    let (mut rising, mut falling) = (0_u32, 0_u32);
    for (later, high) in days.iter().enumerate() {
        for (earlier, low) in days[..later].iter().enumerate() {
            let slope = (high - low) / apart(earlier, later);
            rising += u32::from(slope > 0.0);
            falling += u32::from(slope < 0.0);
            slopes.push(slope);
        }
    }
    let pairs = apart(0, slopes.len());
    if (f64::from(rising) - f64::from(falling)) / pairs < LEAST_TAU {
        return None;
    }
    let slope = median(&mut slopes)?;
    let last = days.len() - 1;
    let mut levels: Vec<f64> = days
        .iter()
        .enumerate()
        .map(|(day, value)| value + slope * apart(day, last))
        .collect();
    Some(median(&mut levels)? + slope * ahead)
}

#[expect(clippy::cast_precision_loss, reason = "a month of days, and its pairs")]
fn apart(earlier: usize, later: usize) -> f64 {
    (later - earlier) as f64
}

fn median(values: &mut [f64]) -> Option<f64> {
    values.sort_unstable_by(f64::total_cmp);
    let (low, high) = (
        values.get(values.len().checked_sub(1)? / 2)?,
        values.get(values.len() / 2)?,
    );
    Some(low / 2.0 + high / 2.0)
}

#[cfg(test)]
mod tests;
