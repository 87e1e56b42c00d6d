//! A profile of the week: what each hour is normally like.
//!
//! 168 slots (hour of week), backed by 24 (hour of day), backed by one level. A slot with little data leans on the
//! coarser one behind it, so that the first week already knows the time of day. Values are interpolated between the
//! centres of slots: a step at a full hour would look like an event.

use crate::SnapshotError;
use crate::snapshot::{MOST, Reader, put_f32};

const WEEK: usize = 168;
const DAY: usize = 24;
/// Minutes of data at which a slot weighs as much as the coarser estimate behind it: half an hour.
const LEAN: f64 = 30.0;
/// Memory, in minutes of data: six visits of a slot of the week, two weeks of a time of day, a week of the level.
const SLOT_MEMORY: f32 = 360.0;
const HOUR_MEMORY: f32 = 840.0;
const LEVEL_MEMORY: f32 = 10_080.0;

/// A mean that forgets once it holds its fill. Stored in 32 bits: a state per series must stay small, and a
/// mean of noisy minutes is not known to more than seven digits.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
struct Cell {
    mean: f32,
    weight: f32,
}

impl Cell {
    fn learn(&mut self, value: f64, weight: f64, memory: f32) {
        self.weight = (self.weight + weight as f32).min(memory);
        if self.weight > 0.0 {
            let share = weight / f64::from(self.weight);
            self.mean =
                (f64::from(self.mean) + (value - f64::from(self.mean)) * share.min(1.0)) as f32;
        }
    }

    fn leaning_on(self, coarser: f64) -> f64 {
        let weight = f64::from(self.weight);
        (weight * f64::from(self.mean) + LEAN * coarser) / (weight + LEAN)
    }

    fn encode(self, out: &mut Vec<u8>) {
        put_f32(out, self.mean);
        put_f32(out, self.weight);
    }

    fn decode(reader: &mut Reader<'_>) -> Result<Self, SnapshotError> {
        let cell = Self {
            mean: reader.f32("season mean")?,
            weight: reader.f32("season weight")?,
        };
        if !(0.0..=LEVEL_MEMORY).contains(&cell.weight) || f64::from(cell.mean).abs() > MOST {
            return Err(reader.damaged(format!(
                "a season holds {} from {} minutes",
                cell.mean, cell.weight
            )));
        }
        Ok(cell)
    }
}

/// The profile. Its values are whatever its model feeds it: logarithms for latency, counts for traffic.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Season {
    week: [Cell; WEEK],
    day: [Cell; DAY],
    level: Cell,
}

/// Hours since the epoch and the share of the way from that hour's centre to the next one's.
fn place(minute: i64) -> (i64, f64) {
    let shifted = minute.saturating_sub(30);
    (shifted.div_euclid(60), shifted.rem_euclid(60) as f64 / 60.0)
}

fn slot(hour: i64, of: usize) -> usize {
    hour.rem_euclid(of as i64) as usize
}

impl Season {
    /// A profile that knows one level, from `weight` minutes.
    pub(crate) fn flat(level: f64, weight: f64) -> Self {
        let mut season = Self {
            week: [Cell::default(); WEEK],
            day: [Cell::default(); DAY],
            level: Cell::default(),
        };
        season.level.learn(level, weight, LEVEL_MEMORY);
        season
    }

    fn of_hour(&self, hour: i64) -> f64 {
        let day = self.day[slot(hour, DAY)].leaning_on(f64::from(self.level.mean));
        self.week[slot(hour, WEEK)].leaning_on(day)
    }

    /// What the minute is normally like.
    pub(crate) fn at(&self, minute: i64) -> f64 {
        let (hour, share) = place(minute);
        self.of_hour(hour) * (1.0 - share) + self.of_hour(hour.saturating_add(1)) * share
    }

    /// Minutes of data behind [`Season::at`], by the finest slot that stands on its own.
    pub(crate) fn samples(&self, minute: i64) -> f64 {
        let hour = minute.div_euclid(60);
        let [week, day, level] = [
            self.week[slot(hour, WEEK)],
            self.day[slot(hour, DAY)],
            self.level,
        ]
        .map(|cell| f64::from(cell.weight));
        if week >= LEAN {
            week
        } else if day >= LEAN {
            day
        } else {
            level
        }
    }

    /// Learns one minute; `weight` is how much it tells, at most 1.
    pub(crate) fn learn(&mut self, minute: i64, value: f64, weight: f64) {
        let hour = minute.div_euclid(60);
        self.week[slot(hour, WEEK)].learn(value, weight, SLOT_MEMORY);
        self.day[slot(hour, DAY)].learn(value, weight, HOUR_MEMORY);
        self.level.learn(value, weight, LEVEL_MEMORY);
    }

    /// Moves the whole profile to a new level.
    pub(crate) fn rebase(&mut self, moved: impl Fn(f64) -> f64) {
        for cell in self
            .week
            .iter_mut()
            .chain(&mut self.day)
            .chain([&mut self.level])
        {
            cell.mean = moved(f64::from(cell.mean)) as f32;
        }
    }

    pub(crate) fn encode(&self, out: &mut Vec<u8>) {
        for cell in self.week.iter().chain(&self.day).chain([&self.level]) {
            cell.encode(out);
        }
    }

    pub(crate) fn decode(reader: &mut Reader<'_>) -> Result<Self, SnapshotError> {
        let mut season = Self::flat(0.0, 0.0);
        for cell in season
            .week
            .iter_mut()
            .chain(&mut season.day)
            .chain([&mut season.level])
        {
            *cell = Cell::decode(reader)?;
        }
        Ok(season)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MINUTES_OF_A_WEEK: i64 = 168 * 60;

    fn shape(minute: i64) -> f64 {
        let weekend = if minute.rem_euclid(MINUTES_OF_A_WEEK) < 2 * 1440 {
            -1.0
        } else {
            0.0
        };
        5.0 + (minute as f64 / 1440.0 * std::f64::consts::TAU).sin() + weekend
    }

    fn learned(weeks: i64) -> Season {
        let mut season = Season::flat(5.0, 15.0);
        for minute in 0..weeks * MINUTES_OF_A_WEEK {
            season.learn(minute, shape(minute), 1.0);
        }
        season
    }

    #[test]
    fn two_weeks_teach_the_hour_of_the_week() {
        let season = learned(2);
        for minute in (0..MINUTES_OF_A_WEEK).step_by(7) {
            // Within two hours of the weekend's edges a profile of hours cannot follow a step.
            let from_edge = (minute - 2 * 1440)
                .abs()
                .min(minute)
                .min(MINUTES_OF_A_WEEK - minute);
            let error = (season.at(minute) - shape(minute)).abs();
            assert!(
                error < 0.3 || from_edge < 120,
                "minute {minute}: off by {error}"
            );
        }
        assert!((season.samples(0) - 120.0).abs() < 1e-3);
    }

    #[test]
    fn there_is_no_step_at_the_edge_of_an_hour() {
        let season = learned(2);
        for minute in 0..MINUTES_OF_A_WEEK {
            let step = (season.at(minute + 1) - season.at(minute)).abs();
            assert!(step < 0.03, "minute {minute}: {step}");
        }
    }

    #[test]
    fn an_hour_never_seen_leans_on_the_time_of_day_then_on_the_level() {
        let mut season = Season::flat(5.0, 15.0);
        assert!((season.at(12_345) - 5.0).abs() < 1e-6);
        for minute in 0..1440 {
            season.learn(minute, if minute < 720 { 4.0 } else { 8.0 }, 1.0);
        }
        let [morning, evening] = [season.at(1440 + 300), season.at(1440 + 1000)];
        assert!(morning < 5.0 && evening > 7.0, "{morning} {evening}");
    }

    #[test]
    fn minutes_at_the_ends_of_time_have_a_place() {
        let mut season = learned(1);
        for minute in [i64::MIN, -1, 0, i64::MAX] {
            season.learn(minute, 5.0, 1.0);
            assert!(
                season.at(minute).is_finite() && season.samples(minute) > 0.0,
                "{minute}"
            );
        }
    }

    #[test]
    fn a_rebased_profile_keeps_its_shape() {
        let mut season = learned(2);
        let before = season.at(5_000);
        season.rebase(|value| value + 2.0);
        assert!((season.at(5_000) - before - 2.0).abs() < 1e-4);
    }
}
