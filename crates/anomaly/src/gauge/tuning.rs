//! Every constant of the detector, with its unit, its range and the reason for its value.
//!
//! There is one set for all series. A test of honesty refits every constant on some corpora and scores the others;
//! for that the constants are also a table, and can be read and set by their place in it.

/// One constant: what `Tuning::CONSTANTS` lists.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Constant {
    /// Its name, as in [`Tuning`].
    pub name: &'static str,
    /// The frozen value.
    pub default: f64,
    /// The least value that makes sense.
    pub low: f64,
    /// The greatest value that makes sense.
    pub high: f64,
}

/// A constant outside its range.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum TuningError {
    /// There are fewer constants.
    #[error("constant {index} does not exist: there are {count}, counted from 0")]
    Index {
        /// What was asked for.
        index: usize,
        /// How many there are.
        count: usize,
    },
    /// The value means nothing.
    #[error("{name} is {value}: write a number from {low} to {high}, for example {default}")]
    Range {
        /// Which constant.
        name: &'static str,
        /// What was given.
        value: f64,
        /// The least accepted.
        low: f64,
        /// The greatest accepted.
        high: f64,
        /// The frozen value.
        default: f64,
    },
}

macro_rules! constants {
    ($($(#[doc = $doc:literal])* $name:ident = $default:literal, $low:literal ..= $high:literal;)*) => {
        /// The constants of the detector. [`Tuning::default`] is the one frozen set.
        #[derive(Debug, Clone, Copy, PartialEq)]
        pub struct Tuning {
            $($(#[doc = $doc])* pub(crate) $name: f64,)*
        }

        impl Tuning {
            /// Every constant with its range, in the order of their declaration.
            pub const CONSTANTS: &'static [Constant] = &[
                $(Constant { name: stringify!($name), default: $default, low: $low, high: $high },)*
            ];

            fn fields(&mut self) -> [&mut f64; Self::CONSTANTS.len()] {
                [$(&mut self.$name,)*]
            }
        }

        impl Default for Tuning {
            fn default() -> Self {
                Self { $($name: $default,)* }
            }
        }
    };
}

constants! {
    /// Half-life of the histograms of statistics, rows: a week and a half of five-minute rows. Shorter and a tail of
    /// one row in two hundred rests on too few rows; longer and an old regime hides a new one.
    memory = 3350.0, 670.0..=16750.0;
    /// Share of rows in the tail of a statistic; the usual choice for peaks over threshold is 0.1 to 2 %.
    tail_share = 0.005, 0.001..=0.025;
    /// The greatest tail index: normal noise has about 10 at this share, and short histories look lighter than they
    /// are.
    tail_index = 16.0, 4.0..=64.0;
    /// Surprise of a statistic from which on a row is an exceedance, −log₁₀: one row in a hundred.
    cluster_from = 2.0, 1.0..=3.0;
    /// Exceedances at most so many rows after another belong to the same incident, rows.
    cluster_rows = 23.0, 5.0..=110.0;
    /// What later exceedances of an incident weigh when they are learned, share of a row: an incident must not teach
    /// the detector that it is normal.
    cluster_weight = 0.24, 0.08..=0.72;
    /// Rows before a row is judged.
    warm_up = 27.0, 9.0..=81.0;
    /// A statistic's surprise counts at most this much: no history tells one row in 10¹² from one in 10²⁰.
    part_cap = 12.0, 6.0..=24.0;
    /// The least quiet time after an event, rows.
    quiet_rows = 30.0, 10.0..=90.0;
    /// The quiet time as a share of the rows seen.
    quiet_share = 0.078, 0.026..=0.234;
    /// The longest quiet time, seconds: under seven hours, an event a shift.
    quiet_seconds = 24000.0, 6000.0..=96000.0;
    /// A row counts in full only if it is so many times as strong as any in the quiet time.
    quiet_margin = 1.036, 1.0..=1.1;
    /// Strength grows with this power of the interval (5 minutes have 1): a row a minute brings sixty times the chance
    /// of a false alarm in an hour that a row an hour brings.
    interval_power = 0.1145, 0.0..=0.229;
    /// A change of this share of the usual size counts half: nobody is woken by one per cent.
    relative = 0.018, 0.006..=0.054;
    /// What magnitude counts beside surprise, as the exponent of a weighted geometric mean.
    magnitude = 0.193, 0.0..=0.386;
    /// On a series whose smallest change is as large as its usual size, a change counts half at this many of them.
    quantum = 0.43, 0.14..=1.3;
    /// Share of a new row in the means over all rows: the last five thousand.
    long_share = 0.00018, 0.00004..=0.0008;
    /// Share of a new row in the usual size.
    size_share = 0.00084, 0.00017..=0.0042;
    /// Least share of a new day in a slot of the day's profile, and of a new week in one of the week's.
    day_share = 0.3, 0.1..=0.9;
    /// Share of a new row in a forecaster's loss: the last three hundred rows.
    loss_share = 0.0036, 0.0012..=0.0108;
}

impl Tuning {
    /// The constant at this place of [`Tuning::CONSTANTS`].
    ///
    /// # Errors
    ///
    /// [`TuningError::Index`] when there are fewer.
    pub fn get(&self, index: usize) -> Result<f64, TuningError> {
        let mut copy = *self;
        let fields = copy.fields();
        let count = fields.len();
        fields
            .get(index)
            .map(|field| **field)
            .ok_or(TuningError::Index { index, count })
    }

    /// Sets the constant at this place of [`Tuning::CONSTANTS`].
    ///
    /// # Errors
    ///
    /// [`TuningError::Index`] when there are fewer, [`TuningError::Range`] when the value is not within the
    /// constant's range.
    pub fn set(&mut self, index: usize, value: f64) -> Result<(), TuningError> {
        let count = Self::CONSTANTS.len();
        let constant = Self::CONSTANTS
            .get(index)
            .ok_or(TuningError::Index { index, count })?;
        if !(constant.low..=constant.high).contains(&value) {
            return Err(TuningError::Range {
                name: constant.name,
                value,
                low: constant.low,
                high: constant.high,
                default: constant.default,
            });
        }
        *self.fields()[index] = value;
        Ok(())
    }
}
