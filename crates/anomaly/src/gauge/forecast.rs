//! What the next value should be: seven simple forecasters run side by side, and the one with the least recent
//! error speaks.
//!
//! No single forecaster fits a series of unknown meaning. A counter that walks is best told by its last value, noise
//! around a level by a slow mean, traffic by the same time yesterday or last week. Following the leader with a
//! discounted loss is within a constant of the best of them, whichever it turns out to be (Herbster & Warmuth 1998,
//! "Tracking the best expert"). A loss is capped, so that one incident does not choose the forecaster.

use super::LARGEST;
use super::profile::Profile;
use super::snapshot::{Fields, Walk};
use super::tuning::Tuning;
use crate::SnapshotError;

/// How many forecasters there are.
pub(crate) const EXPERTS: usize = 7;
/// Slots of a day: a quarter of an hour each.
const DAY: usize = 96;
/// Slots of a week: an hour each.
const WEEK: usize = 168;
/// Shares of a new row in the three means.
const MEANS: [f64; 3] = [0.3, 0.05, 0.01];
/// Share of a new row in how far the present lies above a profile.
const OFFSET: f64 = 0.05;

/// Where in the day and the week a second lies.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Place {
    /// Quarter of an hour of the day, 0..96.
    quarter: u32,
    /// Hour of the week, 0..168 (from a Thursday, as the epoch does).
    hour: u32,
}

impl Place {
    #[inline]
    pub(crate) fn new(seconds: i64) -> Self {
        let of_week = seconds.rem_euclid(7 * 86_400) as u32;
        Self {
            quarter: of_week % 86_400 / 900,
            hour: of_week / 3_600,
        }
    }

    /// Hour of the day, 0..24.
    #[inline]
    pub(crate) fn hour_of_day(self) -> usize {
        (self.quarter / 4) as usize
    }
}

/// The forecasters, their losses and what they remember.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Forecast {
    losses: [f64; EXPERTS],
    last: f64,
    means: [f64; 3],
    day: Profile<DAY>,
    day_offset: f64,
    week: Profile<WEEK>,
    week_offset: f64,
    /// Whether there was a first value.
    started: u8,
}

/// What the forecasters say of one moment.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Said {
    by: [f64; EXPERTS],
    day: Option<f64>,
    /// The slot of the day alone.
    pub(crate) slot: Option<f64>,
    week: Option<f64>,
    /// The one that is believed.
    pub(crate) expected: f64,
}

impl Forecast {
    /// Begins at the origin, where the first value is.
    pub(crate) fn new() -> Self {
        Self {
            losses: [0.0; EXPERTS],
            last: 0.0,
            means: [0.0; 3],
            day: Profile::new(),
            day_offset: 0.0,
            week: Profile::new(),
            week_offset: 0.0,
            started: 0,
        }
    }

    /// Whether there was a value.
    pub(crate) fn knows(&self) -> bool {
        self.started == 1
    }

    /// The slow mean.
    pub(crate) fn level(&self) -> f64 {
        self.means[2]
    }

    /// What each forecaster says of this place, before the value is known.
    #[inline]
    pub(crate) fn say(&mut self, place: Place, tuning: &Tuning) -> Said {
        self.day.enter(place.quarter, tuning.day_share);
        self.week.enter(place.hour, tuning.day_share);
        let day = self.day.knows(place.quarter).then(|| self.day.smooth());
        let week = self
            .week
            .knows(place.hour)
            .then(|| self.week.at(place.hour));
        let [quick, middle, slow] = self.means;
        let of_day = day.map_or(middle, |day| day + self.day_offset);
        let by = [
            self.last,
            quick,
            middle,
            slow,
            of_day,
            day.unwrap_or(slow),
            week.map_or(of_day, |week| week + self.week_offset),
        ];
        let mut best = 0;
        for expert in 1..EXPERTS {
            if self.losses[expert] < self.losses[best] {
                best = expert;
            }
        }
        Said {
            by,
            day,
            slot: self
                .day
                .knows(place.quarter)
                .then(|| self.day.at(place.quarter)),
            week,
            expected: by[best],
        }
    }

    /// Learns the value; a loss counts at most `cap`.
    #[inline]
    pub(crate) fn learn(&mut self, value: f64, said: &Said, cap: f64, tuning: &Tuning) {
        for (loss, by) in self.losses.iter_mut().zip(said.by) {
            *loss = (*loss * (1.0 - tuning.loss_share) + (value - by).abs().min(cap)).min(LARGEST);
        }
        for (mean, share) in self.means.iter_mut().zip(MEANS) {
            *mean += share * (value - *mean);
        }
        self.last = value;
        self.started = 1;
        if let Some(day) = said.day {
            self.day_offset += OFFSET * (value - day - self.day_offset);
        }
        if let Some(week) = said.week {
            self.week_offset += OFFSET * (value - week - self.week_offset);
        }
        self.day.learn(value);
        self.week.learn(value);
    }
}

impl Fields for Forecast {
    fn walk(&mut self, walk: &mut Walk<'_, '_>) -> Result<(), SnapshotError> {
        for loss in &mut self.losses {
            walk.f64("forecast loss", loss, 0.0..=LARGEST)?;
        }
        walk.value("forecast last", &mut self.last)?;
        for mean in &mut self.means {
            walk.value("forecast mean", mean)?;
        }
        self.day.walk(walk)?;
        walk.value("forecast day offset", &mut self.day_offset)?;
        self.week.walk(walk)?;
        walk.value("forecast week offset", &mut self.week_offset)?;
        walk.u8("forecast started", &mut self.started, 1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The mean error of the last day of nine, five-minute rows.
    fn error(series: &dyn Fn(i64) -> f64) -> f64 {
        let tuning = Tuning::default();
        let mut forecast = Forecast::new();
        let mut sum = 0.0;
        for row in 0..9 * 288 {
            let said = forecast.say(Place::new(row * 300), &tuning);
            let value = series(row);
            if row >= 8 * 288 {
                sum += (value - said.expected).abs() / 288.0;
            }
            forecast.learn(value, &said, 100.0, &tuning);
        }
        sum
    }

    fn noise(row: i64) -> f64 {
        ((row * 7_919) % 1_009) as f64 / 1_009.0 - 0.5
    }

    fn wave(row: i64) -> f64 {
        20.0 * (row as f64 / 288.0 * std::f64::consts::TAU).sin() + noise(row)
    }

    #[test]
    fn whichever_forecaster_fits_is_followed() {
        let square = |row: i64| if row.rem_euclid(288) < 144 { 0.0 } else { 20.0 };
        type Named<'a> = (&'a str, &'a dyn Fn(i64) -> f64, f64);
        let table: [Named<'_>; 4] = [
            ("a level with noise", &noise, 0.4),
            ("a counter", &|row| row as f64, 1.1),
            ("a daily wave with noise", &wave, 0.6),
            ("a square wave", &square, 0.7),
        ];
        for (name, series, most) in table {
            let found = error(series);
            assert!(found < most, "{name}: {found}");
        }
    }

    #[test]
    fn every_second_has_a_place() {
        for seconds in [i64::MIN, -1, 0, 1, 86_399, 604_800, i64::MAX] {
            let place = Place::new(seconds);
            assert!(place.hour_of_day() < 24 && place.hour < 168 && place.quarter < 96);
        }
        assert_eq!(Place::new(3_600 * 25).hour_of_day(), 1);
        assert_eq!(Place::new(-1).hour_of_day(), 23);
    }
}
