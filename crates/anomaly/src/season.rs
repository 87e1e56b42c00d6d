//! A profile of the week: what each hour is normally like.
//!
//! 168 slots (hour of week), backed by 24 (hour of day), backed by one level. A slot with little data leans on the
//! coarser one behind it, so that the first week already knows the time of day: by the empirical Bayes estimate
//! (Efron and Morris, JASA 70, 1975), whose weight is the noise of one minute against how far slots lie apart.
//! Between the centres of slots runs a cubic (Catmull and Rom 1974) through the slots' means, mended for the mean
//! of a bent hour not being its middle: a step at a full hour, or a chord across a bend, would look like an event.
//! The four slots that an hour needs are read once an hour; what the hour itself teaches is for the next day.

use crate::SnapshotError;
use crate::snapshot::{MOST, Reader, put_f32};

const WEEK: usize = 168;
const DAY: usize = 24;
/// Memory, in minutes of data: six visits of a slot of the week, two weeks of a time of day, a week of the level.
const SLOT_MEMORY: f32 = 360.0;
const HOUR_MEMORY: f32 = 840.0;
const LEVEL_MEMORY: f32 = 10_080.0;

/// Minutes of data in a slot of the week after two visits, and after one, but for the first quarter of an hour of all.
const TWO_VISITS: f32 = 100.0;
const HALF_A_VISIT: f32 = 40.0;
/// Minutes of news after which an hour that was hardly ever seen is taken to be like that, now and when it comes again.
const LASTED: f32 = 25.0;
/// Hours that news of a known hour wait: longer than it takes for a new level to be accepted, which they are part of.
const WAITING: usize = 8;

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

    fn leaning_on(self, coarser: f64, lean: f64) -> f64 {
        let weight = f64::from(self.weight);
        (weight * f64::from(self.mean) + lean * coarser) / (weight + lean)
    }

    fn merge(&mut self, other: Self, memory: f32) {
        self.learn(f64::from(other.mean), f64::from(other.weight), memory);
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

/// What an hour was like that was no normal one, until that can do no harm to the judgement of the hours beside it.
#[derive(Debug, Clone, Copy, PartialEq)]
struct News {
    hour: i64,
    cell: Cell,
}

/// The profile. Its values are whatever its model feeds it: logarithms for latency, counts for traffic.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Season {
    week: [Cell; WEEK],
    day: [Cell; DAY],
    level: Cell,
    news: [News; WAITING],
    /// The hour that `knots` and `known` are for; another one than any at first.
    hour: i64,
    /// Means around the hour: of the one before, its own, and the two after.
    knots: [f32; 4],
    /// Minutes of data behind them.
    known: f32,
    /// What follows from that: one over it, and the root of that.
    margin: [f64; 2],
}

/// Hours since the epoch and the share of the way from that hour's centre to the next one's.
fn place(minute: i64) -> (i64, f64) {
    let shifted = minute.saturating_sub(30);
    (shifted.div_euclid(60), shifted.rem_euclid(60) as f64 / 60.0)
}

fn slot(hour: i64, of: usize) -> usize {
    hour.rem_euclid(of as i64) as usize
}

/// No minute lies in this hour.
const NO_HOUR: i64 = i64::MAX;
const NO_NEWS: News = News {
    hour: NO_HOUR,
    cell: Cell {
        mean: 0.0,
        weight: 0.0,
    },
};

impl Season {
    /// A profile that knows one level, from `weight` minutes.
    pub(crate) fn flat(level: f64, weight: f64) -> Self {
        let mut season = Self {
            week: [Cell::default(); WEEK],
            day: [Cell::default(); DAY],
            level: Cell::default(),
            news: [NO_NEWS; WAITING],
            hour: NO_HOUR,
            knots: [0.0; 4],
            known: 0.0,
            margin: [1.0; 2],
        };
        season.level.learn(level, weight, LEVEL_MEMORY);
        season
    }

    /// Slots lean on the coarser ones as if those were `lean` minutes of data: the variance of a minute's noise
    /// over that between slots.
    fn of_hour(&self, hour: i64, lean: f64) -> f64 {
        let day = self.day[slot(hour, DAY)].leaning_on(f64::from(self.level.mean), lean);
        self.week[slot(hour, WEEK)].leaning_on(day, lean)
    }

    /// Whether the slots around this minute are the ones that were read.
    #[inline]
    pub(crate) fn is_at(&self, minute: i64) -> bool {
        place(minute).0 == self.hour
    }

    /// Reads the slots for the hour of `minute`, unless they were read.
    pub(crate) fn turn_to(&mut self, minute: i64, lean: impl FnOnce(f64) -> f64) {
        let (hour, _) = place(minute);
        if hour == self.hour {
            return;
        }
        let lean = lean(f64::from(self.level.mean)).clamp(0.5, 30.0);
        self.hour = hour;
        for position in 0..WAITING {
            let of = self.news[position].hour;
            // The slots that are read below are those of the hour before and later ones.
            let waits = if self.is_new(of.saturating_mul(60)) {
                1
            } else {
                WAITING as i64 - 1
            };
            if of < hour.saturating_sub(waits) {
                self.take_in(position);
            }
        }
        let at = |offset: i64| self.of_hour(hour.saturating_add(offset), lean);
        let means = [at(-1), at(0), at(1), at(2)];
        // The mean over an hour of f is f + f''/24 in its middle.
        let bend =
            |middle: usize| (means[middle - 1] - 2.0 * means[middle] + means[middle + 1]) / 24.0;
        self.knots =
            [means[0], means[1] - bend(1), means[2] - bend(2), means[3]].map(|knot| knot as f32);
        let [week, day] = [self.week[slot(hour, WEEK)], self.day[slot(hour, DAY)]]
            .map(|cell| f64::from(cell.weight));
        let behind = lean.min(day + lean.min(f64::from(self.level.weight)));
        self.know((week + behind) as f32);
    }

    /// What the minute is normally like; the season was turned to its hour before.
    pub(crate) fn at(&self, minute: i64) -> f64 {
        let (_, t) = place(minute);
        let [before, from, to, after] = self.knots.map(f64::from);
        let straight = to - before;
        let bent = 2.0 * before - 5.0 * from + 4.0 * to - after;
        let turned = 3.0 * (from - to) + after - before;
        from + 0.5 * t * (straight + t * (bent + t * turned))
    }

    fn know(&mut self, known: f32) {
        let margin = 1.0 / f64::from(known).max(1.0);
        self.known = known;
        self.margin = [margin, margin.sqrt()];
    }

    /// How uncertain [`Season::at`] is, as a share of the variance of a minute, and of its deviation.
    #[inline]
    pub(crate) fn margin(&self) -> [f64; 2] {
        self.margin
    }

    /// Minutes of data behind [`Season::at`].
    pub(crate) fn samples(&self) -> f64 {
        f64::from(self.known)
    }

    /// Whether this hour of the week was seen less than twice: nobody knows yet what it is like.
    pub(crate) fn is_new(&self, minute: i64) -> bool {
        self.week[slot(minute.div_euclid(60), WEEK)].weight < TWO_VISITS
    }

    /// Whether it was not seen at all.
    pub(crate) fn is_unseen(&self, minute: i64) -> bool {
        self.week[slot(minute.div_euclid(60), WEEK)].weight < HALF_A_VISIT
    }

    /// Learns one minute; `weight` is how much it tells, at most 1.
    pub(crate) fn learn(&mut self, minute: i64, value: f64, weight: f64) {
        let hour = minute.div_euclid(60);
        self.week[slot(hour, WEEK)].learn(value, weight, SLOT_MEMORY);
        self.day[slot(hour, DAY)].learn(value, weight, HOUR_MEMORY);
        self.level.learn(value, weight, LEVEL_MEMORY);
    }

    /// Takes notice of a minute that is not to be learned. It counts for its hour of the week and of the day when those
    /// come again, not for the rest of this one: the end of a spike is no drop. At a time of day that was not seen
    /// twice the minute may well be what is normal, and counts at once; so does an hour of the week that was not, once
    /// it has been like that for a while.
    pub(crate) fn take_notice(&mut self, minute: i64, value: f64, weight: f64) {
        let hour = minute.div_euclid(60);
        if self.day[slot(hour, DAY)].weight < TWO_VISITS {
            return self.learn(minute, value, weight);
        }
        let position = slot(hour, WAITING);
        if self.news[position].hour != hour {
            self.take_in(position);
            self.news[position].hour = hour;
        }
        self.news[position].cell.learn(value, weight, SLOT_MEMORY);
        if self.is_new(minute) && self.news[position].cell.weight >= LASTED {
            self.take_in(position);
        }
    }

    fn take_in(&mut self, position: usize) {
        let News { hour, cell } = self.news[position];
        if hour != NO_HOUR {
            self.week[slot(hour, WEEK)].merge(cell, SLOT_MEMORY);
            self.day[slot(hour, DAY)].merge(cell, HOUR_MEMORY);
        }
        self.news[position] = NO_NEWS;
    }

    /// Moves the whole profile to a new level. What was noticed of the hours before is that level already.
    pub(crate) fn rebase(&mut self, moved: impl Fn(f64) -> f64) {
        for cell in self
            .week
            .iter_mut()
            .chain(&mut self.day)
            .chain([&mut self.level])
        {
            cell.mean = moved(f64::from(cell.mean)) as f32;
        }
        self.hour = NO_HOUR;
    }

    pub(crate) fn encode(&self, out: &mut Vec<u8>) {
        for cell in self.week.iter().chain(&self.day).chain([&self.level]) {
            cell.encode(out);
        }
        for news in self.news {
            out.extend_from_slice(&news.hour.to_le_bytes());
            news.cell.encode(out);
        }
        out.extend_from_slice(&self.hour.to_le_bytes());
        for knot in self.knots.into_iter().chain([self.known]) {
            put_f32(out, knot);
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
        for news in &mut season.news {
            *news = News {
                hour: reader.i64("hour with news")?,
                cell: Cell::decode(reader)?,
            };
        }
        season.hour = reader.i64("season hour")?;
        for knot in &mut season.knots {
            *knot = reader.f32("season knot")?;
            if f64::from(*knot).abs() > 8.0 * MOST {
                return Err(reader.damaged(format!("a season expects {knot}")));
            }
        }
        season.know(reader.f32("season minutes")?);
        if !(0.0..=LEVEL_MEMORY).contains(&season.known) {
            return Err(reader.damaged(format!("a season knows {} minutes", season.known)));
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

    fn at(season: &mut Season, minute: i64) -> f64 {
        season.turn_to(minute, |_| 1.0);
        season.at(minute)
    }

    #[test]
    fn two_weeks_teach_the_hour_of_the_week() {
        let mut season = learned(2);
        for minute in (0..MINUTES_OF_A_WEEK).step_by(7) {
            // Within three hours of the weekend's edges a profile of hours cannot follow a step.
            let from_edge = (minute - 2 * 1440)
                .abs()
                .min(minute)
                .min(MINUTES_OF_A_WEEK - minute);
            let error = (at(&mut season, minute) - shape(minute)).abs();
            assert!(
                error < 0.01 || from_edge < 180,
                "minute {minute}: off by {error}"
            );
        }
        season.turn_to(0, |_| 1.0);
        assert!(
            (season.samples() - 121.0).abs() < 1e-3,
            "{}",
            season.samples()
        );
    }

    #[test]
    fn there_is_no_step_at_the_edge_of_an_hour() {
        let mut season = learned(2);
        for minute in 0..MINUTES_OF_A_WEEK {
            let step = (at(&mut season, minute + 1) - at(&mut season, minute)).abs();
            assert!(step < 0.03, "minute {minute}: {step}");
        }
    }

    #[test]
    fn an_hour_never_seen_leans_on_the_time_of_day_then_on_the_level() {
        let mut season = Season::flat(5.0, 15.0);
        assert!((at(&mut season, 12_345) - 5.0).abs() < 1e-6);
        for minute in 0..1440 {
            season.learn(minute, if minute < 720 { 4.0 } else { 8.0 }, 1.0);
        }
        let [morning, evening] = [1440 + 300, 1440 + 1000].map(|minute| at(&mut season, minute));
        assert!(morning < 5.0 && evening > 7.0, "{morning} {evening}");
    }

    #[test]
    fn what_was_not_normal_counts_when_its_hour_comes_again_and_not_before() {
        let mut season = learned(1);
        let noon = MINUTES_OF_A_WEEK + 3 * 1_440;
        let before: Vec<f64> = (0..150)
            .map(|later| at(&mut season, noon + later))
            .collect();
        for (later, before) in (0..).zip(before) {
            if later < 20 {
                season.take_notice(noon + later, 50.0, 1.0);
            }
            let now = at(&mut season, noon + later);
            assert!((now - before).abs() < 1e-12, "{later} minutes later");
        }
        at(&mut season, noon + 600);
        let [next_week, next_day] =
            [MINUTES_OF_A_WEEK, 1_440].map(|later| at(&mut season, noon + 30 + later));
        assert!(next_week > 10.0 && next_day < 7.0, "{next_week} {next_day}");
    }

    #[test]
    fn what_is_not_normal_for_most_of_its_hour_counts_at_once() {
        let mut season = learned(1);
        let noon = MINUTES_OF_A_WEEK + 3 * 1_440;
        let before = at(&mut season, noon);
        for later in 0..30 {
            season.take_notice(noon + later, 50.0, 1.0);
        }
        assert!(at(&mut season, noon + 30) > before + 10.0);
    }

    #[test]
    fn minutes_at_the_ends_of_time_have_a_place() {
        let mut season = learned(1);
        for minute in [i64::MIN, -1, 0, i64::MAX] {
            season.learn(minute, 5.0, 1.0);
            assert!(
                at(&mut season, minute).is_finite() && season.samples() > 0.0,
                "{minute}"
            );
        }
    }

    #[test]
    fn a_rebased_profile_keeps_its_shape() {
        let mut season = learned(2);
        let before = at(&mut season, 5_000);
        season.rebase(|value| value + 2.0);
        assert!((at(&mut season, 5_000) - before - 2.0).abs() < 1e-4);
    }
}
