//! The general detector: one series of unknown meaning, one row at a time.
//!
//! What a queue's age, a memory figure or a stranger's CSV should look like is not known beforehand, so nothing is
//! assumed but that the past resembles the present. A row passes five stages, each a file of its own:
//!
//! 1. `forecast` and `scale`: seven simple forecasters; the best of late says what was expected, and how far off it
//!    usually is at this hour.
//! 2. `statistics`: nine distances between present and past, for spikes, shifts, drifts, broken rhythms and changes of
//!    noise.
//! 3. `tail`: how unusual each of them is by its own history.
//! 4. The combination: the root of the sum of cubes, which one loud statistic or several half-loud ones can raise.
//! 5. `events` and `calibration`: one row per event, and how often a row is this unusual.
//!
//! A score depends on the rows up to it and on nothing later. The state has a fixed size, a row allocates nothing and
//! costs the same whatever the length of the history.
//!
//! ```
//! use anomaly::gauge::{Gauge, State, Tuning};
//!
//! let mut gauge = Gauge::new(&Tuning::default());
//! for minute in 0..2_000 {
//!     let wave = (minute % 7) as f64;
//!     let reading = gauge.step(minute * 60, Some(20.0 + wave));
//!     assert!(reading.score < 0.6);
//! }
//! let reading = gauge.step(2_000 * 60, Some(95.0));
//! assert!(reading.state == State::Ready && reading.score > 0.6);
//! assert!(reading.high < 95.0);
//! ```

mod calibration;
mod events;
mod forecast;
mod interval;
mod magnitude;
mod numbers;
mod profile;
mod reading;
mod scale;
mod score;
mod snapshot;
mod statistics;
mod tail;
mod tuning;

pub use reading::{Reading, State};
pub use statistics::STATISTICS;
pub use tuning::{Constant, Tuning, TuningError};

use calibration::Calibration;
use events::Events;
use forecast::{Forecast, Place};
use interval::{Interval, Step};
use magnitude::Magnitude;
use scale::Scale;
use snapshot::{Fields, Walk};
use statistics::{COUNT, Statistics};
use tail::{Clock, Shape, Tail};

use crate::SnapshotError;
use crate::snapshot::Reader;

const VERSION: u8 = 1;
/// No value of a state is larger in size: sums of a few of them still have a place in an `f64`.
pub(crate) const LARGEST: f64 = 1e305;
/// Values of the series count as at most this.
const LARGEST_VALUE: f64 = 1e300;
/// The usual range: so many mean errors on either side of what was expected.
const BAND: f64 = 5.0;
/// What is left of the strength of a row within the quiet time of a stronger one.
const QUIET: f32 = 0.02;
/// The interval, in seconds, at which strengths are taken as they are.
const FIVE_MINUTES: f64 = 300.0;
/// The longest quiet time, rows.
const MOST_QUIET: f64 = 1e9;

/// One row as the statistics see it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Row {
    /// As given.
    pub(crate) given: f64,
    /// From the origin of the series.
    pub(crate) value: f64,
    /// What this time of day is usually like, from the origin.
    pub(crate) usual: Option<f64>,
    /// Value less forecast.
    pub(crate) error: f64,
    /// The mean error at this hour.
    pub(crate) scale: f64,
}

/// The detector of one series. Its size is fixed: 4 KB at most.
#[derive(Debug, Clone, PartialEq)]
pub struct Gauge {
    tuning: Tuning,
    shape: Shape,
    interval: Interval,
    /// Rows learned since the start or the last change of the interval.
    rows: u32,
    /// The first value: everything else is kept relative to it.
    origin: f64,
    forecast: Forecast,
    scale: Scale,
    statistics: Statistics,
    clock: Clock,
    tails: [Tail; COUNT],
    calibration: Calibration,
    magnitude: Magnitude,
    events: Events,
}

impl Gauge {
    /// A detector that has seen nothing.
    #[must_use]
    pub fn new(tuning: &Tuning) -> Self {
        Self {
            tuning: *tuning,
            shape: Shape::new(tuning),
            interval: Interval::new(),
            rows: 0,
            origin: 0.0,
            forecast: Forecast::new(),
            scale: Scale::new(),
            statistics: Statistics::new(),
            clock: Clock::new(),
            tails: [Tail::new(); COUNT],
            calibration: Calibration::new(),
            magnitude: Magnitude::new(),
            events: Events::new(),
        }
    }

    /// Judges a row by everything before it, then learns it.
    ///
    /// `seconds` is the row's timestamp since the Unix epoch. What is defined for unusual input:
    ///
    /// | input | answer |
    /// |---|---|
    /// | `None`, NaN, infinite | [`State::Missing`]; nothing is learned |
    /// | a timestamp not later than the last one | [`State::OutOfOrder`]: judged, not learned; 64 in a row mean that the clock was set back, and everything starts anew |
    /// | a gap | nothing happens; after two years (or a thousand intervals) everything starts anew |
    /// | another interval, twelve steps in a row | warm-up begins again; the forecasters keep what they know |
    /// | values beyond ±1e300 | count as ±1e300 |
    pub fn step(&mut self, seconds: i64, value: Option<f64>) -> Reading {
        let Some(given) = value.filter(|value| value.is_finite()) else {
            return Reading::silent(State::Missing, self.origin + self.forecast.level());
        };
        let given = given.clamp(-LARGEST_VALUE, LARGEST_VALUE);
        match self.interval.step(seconds) {
            Step::Next | Step::Gap => {}
            Step::Late => {
                let mut reading = self.clone().take(seconds, given);
                reading.state = State::OutOfOrder;
                return reading;
            }
            Step::Anew => self.restart(Forecast::new()),
            Step::Changed => {
                let forecast = self.forecast.clone();
                self.restart(forecast);
            }
        }
        self.take(seconds, given)
    }

    /// Forgets everything but the interval and the given forecasters.
    fn restart(&mut self, forecast: Forecast) {
        let origin = self.origin;
        *self = Self {
            interval: self.interval.clone(),
            forecast,
            ..Self::new(&self.tuning)
        };
        self.origin = if self.forecast.knows() { origin } else { 0.0 };
    }

    fn take(&mut self, seconds: i64, given: f64) -> Reading {
        if !self.forecast.knows() {
            self.origin = given;
        }
        let tuning = self.tuning;
        let value = given - self.origin;
        let place = Place::new(seconds);
        let hour = place.hour_of_day();

        let said = self.forecast.say(place, &tuning);
        let error = value - said.expected;
        let scale = self.scale.at(hour);
        let cap = self.scale.loss_cap();
        let row = Row {
            given,
            value,
            usual: said.slot,
            error,
            scale,
        };
        let (statistics, change) = self.statistics.step(&row, &tuning);
        let (parts, strength) = self.judge(&statistics);
        let young = 1.0 / (f64::from(self.rows) + 1.0);
        let strength = self
            .magnitude
            .weigh(strength, value, change, young, &tuning);
        let ready = f64::from(self.rows) >= tuning.warm_up;
        let surprise = if ready {
            let surprise = self.calibration.surprise(strength);
            self.calibration.learn(strength);
            surprise
        } else {
            0.0
        };
        let strength = self.settle(strength);

        if self.rows > 0 {
            self.scale.learn(hour, error);
        }
        self.forecast.learn(value, &said, cap, &tuning);
        self.rows = self.rows.saturating_add(1);

        let expected = said.expected + self.origin;
        Reading {
            surprise: f64::from(surprise),
            score: score::score(strength),
            strength: f64::from(strength),
            expected,
            low: expected - BAND * scale,
            high: expected + BAND * scale,
            scale,
            state: if ready {
                State::Ready
            } else {
                State::WarmingUp
            },
            parts,
        }
    }

    /// The surprise of each statistic and what they come to together.
    #[inline]
    fn judge(&mut self, statistics: &[f64; COUNT]) -> ([f32; COUNT], f32) {
        let mut parts = [0.0; COUNT];
        let mut sum = 0.0;
        for ((tail, statistic), part) in self.tails.iter_mut().zip(statistics).zip(&mut parts) {
            if statistic.is_nan() {
                continue;
            }
            let surprise = tail.step(*statistic, self.rows, &self.clock, &self.shape);
            *part = surprise;
            sum += surprise * surprise * surprise;
        }
        if let Some(by) = self.clock.tick(&self.shape) {
            for tail in &mut self.tails {
                tail.renew(by);
            }
        }
        (parts, numbers::cube_root(sum))
    }

    /// Equal false alarms per time, and one row per event.
    #[inline]
    fn settle(&mut self, strength: f32) -> f32 {
        if strength <= 0.0 {
            return 0.0;
        }
        let seconds = self.interval.seconds() as f64;
        let power =
            (self.tuning.interval_power as f32) * numbers::log2((seconds / FIVE_MINUTES) as f32);
        let strength = strength * numbers::exp2(power);
        let quiet = (self.tuning.quiet_share * f64::from(self.rows))
            .max(self.tuning.quiet_rows)
            .min(self.tuning.quiet_seconds / seconds)
            .min(MOST_QUIET);
        if self.events.counts(
            self.rows,
            strength,
            quiet as u32,
            self.tuning.quiet_margin as f32,
        ) {
            strength
        } else {
            QUIET * strength
        }
    }

    /// Appends the state to `out`: a version byte, then the same number of bytes for every state, at most 4,096.
    pub fn encode(&self, out: &mut Vec<u8>) {
        out.push(VERSION);
        // Writing cannot fail: only reading checks.
        let _ = self.clone().walk(&mut Walk::Write(out));
    }

    /// Restores a state, which goes on with the same bits if the tuning is the one it was made with.
    ///
    /// # Errors
    ///
    /// [`SnapshotError`] when the bytes are cut off, of another version, left over, or hold a number that no state
    /// has.
    pub fn decode(bytes: &[u8], tuning: &Tuning) -> Result<Self, SnapshotError> {
        let mut reader = Reader::new(bytes);
        let found = reader.byte("version")?;
        if found != VERSION {
            return Err(SnapshotError::Version {
                found,
                expected: VERSION,
            });
        }
        let mut gauge = Self::new(tuning);
        gauge.walk(&mut Walk::Read(&mut reader))?;
        reader.end()?;
        Ok(gauge)
    }
}

impl Fields for Gauge {
    fn walk(&mut self, walk: &mut Walk<'_, '_>) -> Result<(), SnapshotError> {
        self.interval.walk(walk)?;
        walk.u32("rows", &mut self.rows, u32::MAX)?;
        walk.value("origin", &mut self.origin)?;
        self.forecast.walk(walk)?;
        self.scale.walk(walk)?;
        self.statistics.walk(walk)?;
        self.clock.walk(walk)?;
        for tail in &mut self.tails {
            tail.walk(walk)?;
        }
        self.magnitude.walk(walk)?;
        self.calibration.walk(walk)?;
        self.events.walk(walk)
    }
}
