//! How the traffic of a function follows the day and the week.

use std::f64::consts::TAU;

use serde::Serialize;
use signals::Minute;

const DAY: i64 = 24 * 60;
const WEEK: i64 = 7 * DAY;
/// 1970-01-01 was a Thursday: this many minutes later the first Monday began.
const FIRST_MONDAY: i64 = 4 * DAY;

/// A rhythm of traffic.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Shape {
    /// Working days from 8 to 18, with a dent at noon; next to nothing at night and at the weekend.
    Office,
    /// People at home: a small peak in the morning, a large one at 20:00, more at the weekend.
    Evening,
    /// The same at any time: machines.
    Flat,
    /// Runs on a schedule: a batch every so many minutes, and nothing in between.
    Cron,
    /// A queue or a webhook: hardly any rhythm, many bursts.
    Bursty,
}

impl Shape {
    /// Every one of them.
    pub const ALL: [Self; 5] = [
        Self::Office,
        Self::Evening,
        Self::Flat,
        Self::Cron,
        Self::Bursty,
    ];

    /// Relative rate in a minute, `phase` minutes east of UTC; see [`Season`] for the factor with a mean of 1.
    fn relative(self, minute: i64, phase: i64) -> f64 {
        let of_week = (minute - FIRST_MONDAY + phase).rem_euclid(WEEK);
        let hour = of_week.rem_euclid(DAY) as f64 / 60.0;
        // Weekends come and go over two hours around midnight.
        let weekend = step(of_week as f64 / 60.0 - 5.0 * 24.0, 1.0)
            - step(of_week as f64 / 60.0 - 7.0 * 24.0, 1.0);
        match self {
            Self::Office => {
                let open = step(hour - 8.0, 1.0) * (1.0 - step(hour - 18.0, 1.5));
                let lunch = 1.0 - 0.25 * bell(hour - 12.5, 0.8);
                0.06 + open * lunch * (1.0 - 0.92 * weekend)
            }
            Self::Evening => {
                let day = 0.25 + 0.35 * bell(hour - 8.5, 2.0) + 0.30 * bell(hour - 13.0, 3.0);
                (day + bell(hour - 20.0, 2.5)) * (1.0 + 0.25 * weekend)
            }
            Self::Flat | Self::Cron => 1.0,
            Self::Bursty => 1.0 + 0.15 * ((hour - 9.0) / 24.0 * TAU).sin(),
        }
    }
}

/// 0 well before, 1 well after, in about `width` hours.
fn step(hours: f64, width: f64) -> f64 {
    1.0 / (1.0 + (-4.0 * hours / width).exp())
}

/// A hill around 0; the day is a circle.
fn bell(hours: f64, width: f64) -> f64 {
    let hours = (hours + 12.0).rem_euclid(24.0) - 12.0;
    (-0.5 * (hours / width).powi(2)).exp()
}

/// A shape's factor on the rate, with a mean of 1 over a week.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Season {
    /// Every fifth minute of the week; straight lines between them.
    factors: Vec<f32>,
}

const STEP: i64 = 5;

impl Season {
    pub(crate) fn new(shape: Shape, phase: i64) -> Self {
        let relative: Vec<f64> = (0..WEEK / STEP)
            .map(|at| shape.relative(at * STEP, phase))
            .collect();
        let mean = relative.iter().sum::<f64>() / relative.len() as f64;
        Self {
            factors: relative.iter().map(|one| (one / mean) as f32).collect(),
        }
    }

    pub(crate) fn factor(&self, minute: Minute) -> f64 {
        let of_week = minute.index().rem_euclid(WEEK);
        let (at, rest) = ((of_week / STEP) as usize, of_week % STEP);
        let here = f64::from(self.factors[at]);
        let next = f64::from(self.factors[(at + 1) % self.factors.len()]);
        here + (next - here) * rest as f64 / STEP as f64
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(shape: Shape, text: &str) -> f64 {
        Season::new(shape, 0).factor(Minute::parse(text).unwrap())
    }

    #[test]
    fn every_shape_averages_to_one_without_a_step() {
        for shape in Shape::ALL {
            let season = Season::new(shape, 60);
            let factors: Vec<f64> = (0..=WEEK)
                .map(|at| season.factor(Minute::from_index(at)))
                .collect();
            let mean = factors.iter().sum::<f64>() / factors.len() as f64;
            assert!((mean - 1.0).abs() < 1e-3, "{shape:?}: {mean}");
            let steepest = factors.windows(2).map(|two| (two[1] - two[0]).abs());
            assert!(steepest.fold(0.0, f64::max) < 0.08, "{shape:?}");
        }
    }

    #[test]
    fn days_and_weeks_look_as_they_are_called() {
        // 2026-11-20 is a Friday.
        let office = |text| at(Shape::Office, text);
        assert!(office("2026-11-20T10:00:00Z") > 8.0 * office("2026-11-20T03:00:00Z"));
        assert!(office("2026-11-20T10:00:00Z") > 5.0 * office("2026-11-21T10:00:00Z"));
        let evening = |text| at(Shape::Evening, text);
        assert!(evening("2026-11-20T20:00:00Z") > 3.0 * evening("2026-11-20T03:00:00Z"));
        assert!(evening("2026-11-21T15:00:00Z") > 1.1 * evening("2026-11-19T15:00:00Z"));
        assert!((at(Shape::Flat, "2026-11-20T03:00:00Z") - 1.0).abs() < 1e-6);
    }
}
