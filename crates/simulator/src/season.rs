//! How traffic and latency follow the day and the week.

use std::f64::consts::TAU;

use signals::Minute;

const DAY: i64 = 24 * 60;
const WEEK: i64 = 7 * DAY;
/// 1970-01-01 was a Thursday: this many minutes later the first Saturday began.
const FIRST_SATURDAY: i64 = 2 * DAY;
/// Weekend traffic falls to this share of a working day's.
const WEEKEND: f64 = 0.75;
/// Minutes over which the week turns into the weekend and back: people do not leave at once.
const TURN: f64 = 360.0;
/// The mean of the weekly factor before scaling: two days of seven at `WEEKEND`.
const WEEK_MEAN: f64 = (5.0 + 2.0 * WEEKEND) / 7.0;

/// A wave with a mean of 1 that peaks at 15:00 UTC.
fn daily(minute: i64, depth: f64) -> f64 {
    let share = (minute - (15 - 6) * 60).rem_euclid(DAY) as f64 / DAY as f64;
    1.0 + depth * (share * TAU).sin()
}

/// 0 within the working week, 1 at the weekend, a smooth turn centred on each midnight between them.
fn weekend(minute: i64) -> f64 {
    let of_week = (minute - FIRST_SATURDAY).rem_euclid(WEEK) as f64;
    // Signed distance into the weekend: positive inside, measured from the nearer edge.
    let inside = of_week.min(2.0 * DAY as f64 - of_week);
    let before_next = of_week - WEEK as f64;
    let share = (inside.max(before_next) / TURN + 0.5).clamp(0.0, 1.0);
    share * share * (3.0 - 2.0 * share)
}

/// The factor on the mean request rate: 0.54 to 1.43, with a mean of 1 over a week.
pub(crate) fn traffic(minute: Minute) -> f64 {
    let minute = minute.index();
    daily(minute, 0.33) * (1.0 + (WEEKEND - 1.0) * weekend(minute)) / WEEK_MEAN
}

/// The factor on service time: 8 % slower at the busiest hour.
pub(crate) fn latency(minute: Minute) -> f64 {
    daily(minute.index(), 0.08)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn traffic_at(text: &str) -> f64 {
        traffic(Minute::parse(text).unwrap())
    }

    #[test]
    fn days_peak_in_the_afternoon_and_weekends_are_quiet() {
        let friday = traffic_at("2026-11-20T15:00:00Z");
        let night = traffic_at("2026-11-20T03:00:00Z");
        let saturday = traffic_at("2026-11-21T15:00:00Z");
        let monday = traffic_at("2026-11-23T15:00:00Z");
        assert!(friday > 1.9 * night, "{friday} {night}");
        assert!(
            (saturday / friday - WEEKEND).abs() < 1e-9,
            "{saturday} {friday}"
        );
        assert!((monday / friday - 1.0).abs() < 1e-9, "{monday} {friday}");
    }

    #[test]
    fn a_week_averages_to_one_without_a_step() {
        let start = Minute::parse("2026-11-16T00:00:00Z").unwrap();
        let factors: Vec<f64> = (0..=WEEK)
            .map(|minute| traffic(start.plus(minute)))
            .collect();
        let mean = factors.iter().sum::<f64>() / factors.len() as f64;
        assert!((mean - 1.0).abs() < 0.01, "{mean}");
        assert!(
            factors
                .windows(2)
                .all(|pair| (pair[1] - pair[0]).abs() < 0.004)
        );
        assert!(factors.iter().all(|factor| (0.5..1.5).contains(factor)));
    }
}
