//! What a model says of one minute.

use crate::{Alarm, Gates, Run, Thresholds};

/// On which side of the normal range a value lies.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Direction {
    /// Above it.
    High,
    /// Below it.
    Low,
    /// Inside it, or unknown.
    None,
}

/// Whether the model can speak.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum State {
    /// Too few minutes were learned: judged, never breaching, never clear.
    WarmingUp,
    /// The verdict counts.
    Ready,
    /// There is no usable value: unknown, never zero, neither breaching nor clear.
    Missing,
}

/// What became of a minute in the baseline.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Learning {
    /// Learned, winsorised to the normal range.
    Learned,
    /// Held back while the evidence is open: learned when the run dies out, forgotten when it alarms.
    Held,
    /// Kept out: it breaches, or is of an alarmed run.
    KeptOut,
    /// Nothing to learn: no value, or out of order.
    Nothing,
}

/// What a model says of one minute. All numbers are finite.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Verdict {
    /// Minutes since the Unix epoch, as given.
    pub minute: i64,
    /// The value as given; `None` when missing, not finite or negative.
    pub value: Option<f64>,
    /// The weight it was judged with (samples, attempts or 1).
    pub weight: f64,
    /// What was expected, in the value's unit; for errors and throttles the count at this weight.
    pub expected: f64,
    /// Lower end of the normal range, same unit: about one normal minute in a thousand lies below.
    pub low: f64,
    /// Upper end of the normal range, same unit: about one normal minute in a thousand lies above. `f64::MAX`
    /// while there is no baseline at all.
    pub high: f64,
    /// Calibrated probability, if all is normal, of a value at least this extreme on the watched side (twice the
    /// smaller side's when both are watched); above 0 and at most 1; 1 when unknown.
    pub tail: f64,
    /// The same of a value more extreme than this: what the value itself weighs lies between the two, and a
    /// uniform number between them is uniform over normal minutes. Equal to `tail` for latency.
    pub beyond: f64,
    /// What the model alone says, before it is held against the series' own history (see `tail`).
    pub model_tail: f64,
    /// On which side of the normal range the value lies, watched or not.
    pub direction: Direction,
    /// Whether the model can speak.
    pub state: State,
    /// The guards that spoke.
    pub gates: Gates,
    /// Ready, `tail` below the settings' threshold, and no guard spoke.
    pub breaching: bool,
    /// Clearly normal: ready, judged with enough traffic, and `tail` above the milder threshold or the deviation
    /// below half a floor. The band between breaching and clear is the hysteresis.
    pub clear: bool,
    /// In this minute a deviation that had lasted six hours was accepted as the new normal.
    pub level_shift: bool,
    /// Minutes of baseline behind the expectation, discounted.
    pub samples: f64,
    /// Which test alarms in this minute, if any; its floors passed and no other guard spoke.
    pub alarm: Option<Alarm>,
    /// The minute at which what alarms began.
    pub since: Option<i64>,
    /// The thresholds of the three tests, and what each may cost.
    pub thresholds: Thresholds,
    /// The evidence of the stronger watched side, in minutes in which chance does as much once.
    pub evidence: f64,
    /// The run that this evidence is from, alarmed or not; `None` while chance does as much every
    /// hundred minutes.
    pub run: Option<Run>,
    /// What became of the minute in the baseline.
    pub learning: Learning,
    /// There was no value, and the series is declared to mean zero by that.
    pub assumed_zero: bool,
    /// Minutes since the deploy that the model was told of last, within a day after it.
    pub after_deploy: Option<u32>,
    /// A guard of its own: the traffic comes in bursts that no profile of hours foretells and varies by more than itself
    /// (a schedule, say). It is judged, and neither breaches nor alarms.
    pub irregular: bool,
}
