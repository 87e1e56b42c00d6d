//! Evidence that adds up over minutes, for faults too small for any one of them.
//!
//! Three alternatives a side ("three times the rate", "60 % slower"), each with the Shiryaev–Roberts statistic
//! R ← (1 + R)·Λ, where Λ is how much more likely the minute is under the alternative. Their mean is again one.
//! While all is normal E\[R\] after n minutes is n, so R reaches A at most once in A minutes, whatever A (Pollak,
//! Annals of Statistics 13, 1985; Tartakovsky, Nikiforov and Basseville, *Sequential Analysis*, 2015, §6;
//! Shin, Ramdas and Rinaldo, *E-detectors*, 2023): the threshold IS the expected number of minutes to a false
//! alarm. Beside each runs Page's CUSUM (Biometrika 41, 1954), whose last zero is the maximum likelihood estimate of
//! the minute the change began, with what happened since: floors are asked of that run and not of its minutes.
//!
//! Where minutes depend on each other each tells less than it says: its nats are divided by the number of minutes that
//! tell as much as one (see [`crate::dependence`]).

use crate::SnapshotError;
use crate::elementary::{exp, ln};
use crate::judge::Prediction;
use crate::snapshot::{MOST, Reader, put_f32, put_f64};

/// Alternatives on each side.
pub(crate) const ALTERNATIVES: usize = 3;
/// No alternative is farther away than this many times: beyond, the first minute says it all.
pub(crate) const MOST_RATIO: f64 = 1e6;
/// No minute counts for more (or less) than this many nats: one wild minute is no run, and single minutes have
/// their own tests.
const MOST_NATS: f64 = 6.0;
/// Evidence beyond this many times the threshold is not kept: it would take as long to go away.
const CAP: f64 = 10.0;
/// Nats against the leading alternative after which an alarmed run is over: it is a hundred times less likely than
/// what is normal.
const OVER: f32 = 4.6;

/// What evidence looks for in a count: as many times what is normal.
pub(crate) const MORE: [f64; ALTERNATIVES] = [1.5, 3.0, 10.0];
/// The same below it.
pub(crate) const FEWER: [f64; ALTERNATIVES] = [1.0 / 1.5, 1.0 / 3.0, 0.05];
/// The second alternative is at least this many times as far as the first, as logarithms go: ln 5 / ln 2.5.
const FARTHER: f64 = 1.756;

/// ln of the likelihood ratio of a count against a negative binomial whose mean is `times` as large, nearest first.
///
/// As a function of ln(times) it is concave and 0 at 1: what is against the nearest alternative is against the others
/// at least in proportion, so that most minutes are told by one logarithm.
#[inline]
pub(crate) fn against(
    value: f64,
    prediction: &Prediction,
    high: bool,
    times: [f64; ALTERNATIVES],
) -> [f64; ALTERNATIVES] {
    let margin = 1.0 + prediction.margin;
    let mean = if high {
        prediction.mean * margin
    } else {
        prediction.mean / margin
    };
    let shape = prediction.shape;
    let share = mean / (shape + mean);
    let nats = |times: f64| {
        let growth = 1.0 + (times - 1.0) * share;
        value * ln(times) - (value + shape) * ln(growth)
    };
    let first = nats(times[0]);
    if first * FARTHER <= -MOST_NATS {
        return [first, -MOST_NATS, -MOST_NATS];
    }
    [first, nats(times[1]), nats(times[2])]
}

/// Nats of a run from which its minutes are held back from the baseline: ln 100. Chance gets here in one run of a
/// hundred; a fault on its way to a threshold of a million is then a third of its way.
const OPEN: f32 = 4.6;
/// Nats that a run must hold without its best minute: odds of ten to one.
const REST: f32 = 2.3;

/// What happened since an alternative's CUSUM was last zero.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(crate) struct Since {
    /// Nats, and the most that one minute of them said.
    sum: f32,
    best: f32,
    /// Minutes with a value.
    pub(crate) minutes: u32,
    pub(crate) start: i64,
    pub(crate) observed: f64,
    pub(crate) expected: f64,
    pub(crate) attempts: f64,
}

/// One minute as a run adds it up.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Addend {
    pub(crate) minute: i64,
    pub(crate) observed: f64,
    pub(crate) expected: f64,
    pub(crate) attempts: f64,
}

impl Since {
    /// What is said without the minute that says most: one wild minute is no run.
    fn rest(&self) -> f32 {
        self.sum - self.best
    }
}

/// One side of a series.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Evidence {
    ratios: [f64; ALTERNATIVES],
    runs: [Since; ALTERNATIVES],
    /// Nats for normal since an alarm.
    back: f32,
    /// The threshold was passed and the run is not over.
    raised: bool,
}

impl Evidence {
    pub(crate) fn new() -> Self {
        Self {
            ratios: [0.0; ALTERNATIVES],
            runs: [Since::default(); ALTERNATIVES],
            back: 0.0,
            raised: false,
        }
    }

    /// R: minutes in which chance does as much once.
    pub(crate) fn amount(&self) -> f64 {
        self.ratios.iter().sum::<f64>() * (1.0 / ALTERNATIVES as f64)
    }

    fn leading(&self) -> usize {
        let [a, b, c] = self.ratios;
        if a >= b && a >= c {
            0
        } else if b >= c {
            1
        } else {
            2
        }
    }

    /// Whether a run is on that may become an alarm: a change explains what happened a hundred times better than
    /// chance, and not by one minute alone. Unlike R this does not grow while nothing happens.
    #[inline]
    pub(crate) fn is_open(&self) -> bool {
        self.runs
            .iter()
            .any(|run| run.sum >= OPEN && run.rest() >= REST)
    }

    /// The run of the leading alternative; `None` while its evidence is nothing.
    pub(crate) fn run(&self) -> Option<Since> {
        Some(self.runs[self.leading()]).filter(|run| run.minutes > 0)
    }

    /// Whether R passed the threshold and has not come back since.
    pub(crate) fn is_raised(&self) -> bool {
        self.raised
    }

    /// Adds a minute; true when an alarmed run ended with it.
    #[inline]
    pub(crate) fn add(
        &mut self,
        nats: [f64; ALTERNATIVES],
        temper: f64,
        threshold: f64,
        addend: Addend,
    ) -> bool {
        let leading = self.leading();
        for (index, (ratio, run)) in self.ratios.iter_mut().zip(&mut self.runs).enumerate() {
            let nats = (nats[index] * temper).clamp(-MOST_NATS, MOST_NATS);
            // What is against an alternative that nothing speaks for need not be computed to the digit.
            *ratio = if nats <= -MOST_NATS && *ratio < 1.0 {
                0.0
            } else {
                ((1.0 + *ratio) * exp(nats)).min(CAP * threshold)
            };
            run.sum += nats as f32;
            if run.sum <= 0.0 {
                *run = Since::default();
                continue;
            }
            if run.minutes == 0 {
                run.start = addend.minute;
            }
            run.best = run.best.max(nats as f32);
            run.minutes = run.minutes.saturating_add(1);
            run.observed += addend.observed;
            run.expected += addend.expected;
            run.attempts += addend.attempts;
        }
        if self.raised {
            self.back =
                (self.back - (nats[leading] * temper).clamp(-MOST_NATS, MOST_NATS) as f32).max(0.0);
            if self.back >= OVER || self.amount() < 1.0 {
                *self = Self::new();
                return true;
            }
        } else if self.amount() >= threshold && self.runs[self.leading()].rest() >= REST {
            self.raised = true;
            self.back = 0.0;
        }
        false
    }

    pub(crate) fn encode(&self, out: &mut Vec<u8>) {
        for ratio in self.ratios {
            put_f64(out, ratio);
        }
        for run in &self.runs {
            put_f32(out, run.sum);
            put_f32(out, run.best);
            out.extend_from_slice(&run.minutes.to_le_bytes());
            out.extend_from_slice(&run.start.to_le_bytes());
            for sum in [run.observed, run.expected, run.attempts] {
                put_f64(out, sum);
            }
        }
        put_f32(out, self.back);
        out.push(u8::from(self.raised));
    }

    pub(crate) fn decode(reader: &mut Reader<'_>) -> Result<Self, SnapshotError> {
        let mut evidence = Self::new();
        for ratio in &mut evidence.ratios {
            *ratio = reader.f64_in("evidence", 0.0, MOST)?;
        }
        for run in &mut evidence.runs {
            *run = Since {
                sum: reader.f32_in("evidence in nats", 0.0, 1e12)?,
                best: reader.f32_in("best minute in nats", 0.0, 1e3)?,
                minutes: reader.u32("minutes of a run")?,
                start: reader.i64("start of a run")?,
                observed: reader.f64_in("observed in a run", -MOST, MOST)?,
                expected: reader.f64_in("expected in a run", -MOST, MOST)?,
                attempts: reader.f64_in("attempts in a run", 0.0, MOST)?,
            };
        }
        evidence.back = reader.f32_in("evidence for normal", 0.0, OVER)?;
        evidence.raised = reader.flag("raised evidence")?;
        Ok(evidence)
    }
}
