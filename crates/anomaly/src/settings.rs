//! The guards of one series, validated, with a documented default for each kind.

use crate::snapshot::{Reader, put_f64};
use crate::{Budget, Kind, SnapshotError};

/// The sides of the normal range on which a value can breach.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Watch {
    /// Above only.
    High,
    /// Below only.
    Low,
    /// Both.
    Both,
}

impl Watch {
    pub(crate) fn high(self) -> bool {
        self != Self::Low
    }

    pub(crate) fn low(self) -> bool {
        self != Self::High
    }
}

/// What a minute without a value means.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub enum Missing {
    /// Nothing is known of it: neither normal nor not. The default.
    #[default]
    Unknown,
    /// Nothing happened: the count is 0. Declared, never guessed, and only where silence is known to mean it: counts
    /// alone may say so, and a minute only when its weight is above 0, by which the caller says that the service,
    /// or what reports for it, was seen alive in this minute. Latency has no zero; there it means `Unknown`.
    Zero,
}

/// A setting that means nothing.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum SettingsError {
    /// A probability outside its range.
    #[error(
        "{name} is {value}: write a probability above 0 and below {below}, for example {example}"
    )]
    Probability {
        /// Which setting.
        name: &'static str,
        /// What was given.
        value: f64,
        /// The exclusive upper bound.
        below: f64,
        /// A value that works.
        example: f64,
    },
    /// A floor or a minimum that is negative or not a number.
    #[error("{name} is {value}: write a finite number of 0 or more; 0 switches the guard off")]
    Negative {
        /// Which setting.
        name: &'static str,
        /// What was given.
        value: f64,
    },
    /// A warm-up too long to end.
    #[error("warm_up is {value} minutes: write at most {most}, four weeks")]
    WarmUp {
        /// What was given.
        value: u32,
        /// The longest accepted.
        most: u32,
    },
}

/// Four weeks: longer and a series would be unwatched for longer than its minutes are kept.
const LONGEST_WARM_UP: u32 = 28 * 24 * 60;

/// Thresholds and guards. Build from [`Settings::for_kind`] and change what differs.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Settings {
    tail: f64,
    clear_tail: f64,
    min_weight: f64,
    absolute_floor: f64,
    relative_floor: f64,
    watch: Watch,
    warm_up: u32,
    missing: Missing,
    budget: Budget,
}

impl Settings {
    /// The default of a kind.
    ///
    /// | kind | tail | clear | min weight | absolute floor | relative floor | watch | warm-up |
    /// |---|---|---|---|---|---|---|---|
    /// | latency | 1e-5 | 0.01 | 10 samples | 20 ms above | 30 % above | high | 1 day |
    /// | errors | 1e-5 | 0.01 | 10 attempts | 3 above | 1 % of attempts above | high | 1 hour |
    /// | throttles | 1e-5 | 0.01 | 10 attempts | 3 above | 1 % of attempts above | high | 1 hour |
    /// | traffic | 1e-6 | 0.01 | 5 requests (seen or expected) | 10 off | 30 % off | both | 1 day |
    /// | gauge | 1e-5 | 0.01 | none | none | 20 % off | both | 1 day |
    ///
    /// Why these: at 1e-5 a minute, two minutes of three breach by chance once in about 10^4 years of one series;
    /// traffic gets 1e-6 because its profile is a model of people, not of sampling noise, and because a drop to
    /// zero is far beyond either. The floors are what an on-call would get up for, not statistics. Latency and
    /// traffic must have seen a whole day; rates have a prior and need an hour. A gauge may be a count of anything in
    /// any unit: only a share of what was expected means something for all of them.
    #[must_use]
    pub fn for_kind(kind: Kind) -> Self {
        let base = Self {
            tail: 1e-5,
            clear_tail: 0.01,
            min_weight: 10.0,
            absolute_floor: 3.0,
            relative_floor: 0.01,
            watch: Watch::High,
            warm_up: 60,
            missing: Missing::Unknown,
            budget: Budget::default(),
        };
        match kind {
            Kind::Errors | Kind::Throttles => base,
            Kind::Latency => Self {
                absolute_floor: 20.0,
                relative_floor: 0.3,
                warm_up: 24 * 60,
                ..base
            },
            Kind::Gauge => Self {
                min_weight: 0.0,
                absolute_floor: 0.0,
                relative_floor: 0.2,
                watch: Watch::Both,
                warm_up: 24 * 60,
                ..base
            },
            Kind::Traffic => Self {
                tail: 1e-6,
                min_weight: 5.0,
                absolute_floor: 10.0,
                relative_floor: 0.3,
                watch: Watch::Both,
                warm_up: 24 * 60,
                ..base
            },
        }
    }

    /// Breach below this tail probability.
    ///
    /// # Errors
    /// Anything but a number above 0 and below the clear threshold.
    pub fn with_tail(self, tail: f64) -> Result<Self, SettingsError> {
        probability("tail", tail, self.clear_tail, 1e-5)?;
        Ok(Self { tail, ..self })
    }

    /// Clear above this tail probability.
    ///
    /// # Errors
    /// Anything but a number above the breach threshold and below 1.
    pub fn with_clear_tail(self, clear_tail: f64) -> Result<Self, SettingsError> {
        probability("clear_tail", clear_tail, 1.0, 0.01)?;
        probability("tail", self.tail, clear_tail, 1e-5)?;
        Ok(Self { clear_tail, ..self })
    }

    /// Judge only with at least this many samples or attempts; for traffic, requests seen or expected.
    ///
    /// # Errors
    /// A number that is negative or not finite.
    pub fn with_min_weight(self, min_weight: f64) -> Result<Self, SettingsError> {
        not_negative("min_weight", min_weight)?;
        Ok(Self { min_weight, ..self })
    }

    /// Breach only when at least this far from what was expected, in the value's unit.
    ///
    /// # Errors
    /// A number that is negative or not finite.
    pub fn with_absolute_floor(self, absolute_floor: f64) -> Result<Self, SettingsError> {
        not_negative("absolute_floor", absolute_floor)?;
        Ok(Self {
            absolute_floor,
            ..self
        })
    }

    /// Breach only when at least this share away: of what was expected for latency and traffic, of the attempts
    /// for errors and throttles. 0.3 is 30 %.
    ///
    /// # Errors
    /// A number that is negative or not finite.
    pub fn with_relative_floor(self, relative_floor: f64) -> Result<Self, SettingsError> {
        not_negative("relative_floor", relative_floor)?;
        Ok(Self {
            relative_floor,
            ..self
        })
    }

    /// Which sides breach.
    #[must_use]
    pub fn with_watch(self, watch: Watch) -> Self {
        Self { watch, ..self }
    }

    /// Speak only after this many minutes with a value.
    ///
    /// # Errors
    /// More than four weeks.
    pub fn with_warm_up(self, warm_up: u32) -> Result<Self, SettingsError> {
        if warm_up > LONGEST_WARM_UP {
            return Err(SettingsError::WarmUp {
                value: warm_up,
                most: LONGEST_WARM_UP,
            });
        }
        Ok(Self { warm_up, ..self })
    }

    /// What a minute without a value means.
    #[must_use]
    pub fn with_missing(self, missing: Missing) -> Self {
        Self { missing, ..self }
    }

    /// What the series may cost in false pages.
    #[must_use]
    pub fn with_budget(self, budget: Budget) -> Self {
        Self { budget, ..self }
    }

    /// What a minute without a value means.
    #[must_use]
    pub fn missing(&self) -> Missing {
        self.missing
    }

    /// What the series may cost in false pages.
    #[must_use]
    pub fn budget(&self) -> &Budget {
        &self.budget
    }

    /// The tail probability below which a minute breaches.
    #[must_use]
    pub fn tail(&self) -> f64 {
        self.tail
    }

    /// The tail probability above which a minute is clear.
    #[must_use]
    pub fn clear_tail(&self) -> f64 {
        self.clear_tail
    }

    /// The least samples, attempts or requests to judge.
    #[must_use]
    pub fn min_weight(&self) -> f64 {
        self.min_weight
    }

    /// The least deviation in the value's unit.
    #[must_use]
    pub fn absolute_floor(&self) -> f64 {
        self.absolute_floor
    }

    /// The least deviation as a share.
    #[must_use]
    pub fn relative_floor(&self) -> f64 {
        self.relative_floor
    }

    /// The sides that breach.
    #[must_use]
    pub fn watch(&self) -> Watch {
        self.watch
    }

    /// Minutes with a value before the model speaks.
    #[must_use]
    pub fn warm_up(&self) -> u32 {
        self.warm_up
    }

    pub(crate) fn encode(&self, out: &mut Vec<u8>) {
        for number in [
            self.tail,
            self.clear_tail,
            self.min_weight,
            self.absolute_floor,
            self.relative_floor,
        ] {
            put_f64(out, number);
        }
        out.push(match self.watch {
            Watch::High => 0,
            Watch::Low => 1,
            Watch::Both => 2,
        });
        out.extend_from_slice(&self.warm_up.to_le_bytes());
        out.push(u8::from(self.missing == Missing::Zero));
        self.budget.encode(out);
    }

    pub(crate) fn decode(reader: &mut Reader<'_>) -> Result<Self, SnapshotError> {
        let [tail, clear_tail] = [reader.f64("tail")?, reader.f64("clear tail")?];
        let [min_weight, absolute, relative] = [
            reader.f64("minimum weight")?,
            reader.f64("absolute floor")?,
            reader.f64("relative floor")?,
        ];
        let watch = match reader.byte("watched sides")? {
            0 => Watch::High,
            1 => Watch::Low,
            2 => Watch::Both,
            other => return Err(reader.damaged(format!("{other} is no side to watch"))),
        };
        let warm_up = reader.u32("warm-up")?;
        let missing = if reader.flag("missing is zero")? {
            Missing::Zero
        } else {
            Missing::Unknown
        };
        let budget = Budget::decode(reader)?;
        // The widest start, so that each number is held against the others it is stored with.
        let start = Self {
            tail: f64::MIN_POSITIVE,
            watch,
            missing,
            budget,
            ..Self::for_kind(Kind::Errors)
        };
        start
            .with_clear_tail(clear_tail)
            .and_then(|settings| settings.with_tail(tail))
            .and_then(|settings| settings.with_min_weight(min_weight))
            .and_then(|settings| settings.with_absolute_floor(absolute))
            .and_then(|settings| settings.with_relative_floor(relative))
            .and_then(|settings| settings.with_warm_up(warm_up))
            .map_err(|error| reader.damaged(error.to_string()))
    }
}

fn probability(
    name: &'static str,
    value: f64,
    below: f64,
    example: f64,
) -> Result<(), SettingsError> {
    if value > 0.0 && value < below {
        Ok(())
    } else {
        Err(SettingsError::Probability {
            name,
            value,
            below,
            example,
        })
    }
}

fn not_negative(name: &'static str, value: f64) -> Result<(), SettingsError> {
    if value.is_finite() && value >= 0.0 {
        Ok(())
    } else {
        Err(SettingsError::Negative { name, value })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn invalid_numbers_are_refused_by_name_and_with_the_fix() {
        let base = Settings::for_kind(Kind::Latency);
        for (name, result, words) in [
            (
                "tail of zero",
                base.with_tail(0.0),
                "tail is 0: write a probability above 0 and below 0.01",
            ),
            ("tail above clear", base.with_tail(0.02), "tail is 0.02"),
            (
                "tail that is no number",
                base.with_tail(f64::NAN),
                "tail is NaN",
            ),
            ("clear of one", base.with_clear_tail(1.0), "clear_tail is 1"),
            (
                "clear below tail",
                base.with_clear_tail(1e-9),
                "tail is 0.00001",
            ),
            (
                "negative weight",
                base.with_min_weight(-1.0),
                "min_weight is -1: write a finite number of 0 or more",
            ),
            (
                "infinite floor",
                base.with_absolute_floor(f64::INFINITY),
                "absolute_floor is inf",
            ),
            (
                "floor that is no number",
                base.with_relative_floor(f64::NAN),
                "relative_floor is NaN",
            ),
            (
                "warm-up for ever",
                base.with_warm_up(u32::MAX),
                "write at most 40320",
            ),
        ] {
            let message = result.expect_err(name).to_string();
            assert!(message.contains(words), "{name}: {message}");
        }
    }

    #[test]
    fn defaults_are_valid_and_read_back() {
        for kind in Kind::ALL {
            let settings = Settings::for_kind(kind);
            let mut bytes = Vec::new();
            settings.encode(&mut bytes);
            assert_eq!(
                Settings::decode(&mut Reader::new(&bytes)),
                Ok(settings),
                "{kind:?}"
            );
        }
    }
}
