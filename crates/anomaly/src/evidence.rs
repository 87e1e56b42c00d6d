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
//! A run that alarmed is over when the newest minutes are normal rather than what the run was (Wald's sequential test,
//! Annals of Mathematical Statistics 16, 1945), at the factor that the run itself has: a minute without an error says
//! nothing against half as many errors again, and much against a hundred times as many.
//!
//! Where minutes depend on each other each tells less than it says: its nats are divided by the number of minutes that
//! tell as much as one (see [`crate::dependence`]).

use crate::elementary::{exp, exp_roughly, ln};
use crate::judge::Prediction;
use crate::ratios::{MOST_NATS, one};
use crate::snapshot::{MOST, Reader, put_f32, put_f64};
use crate::{Kind, SnapshotError};

/// Alternatives on each side.
pub(crate) const ALTERNATIVES: usize = 3;
/// No alternative is farther away than this many times: beyond, the first minute says it all.
pub(crate) const MOST_RATIO: f64 = 1e6;
/// Evidence beyond this many times the threshold is not kept: it would take as long to go away.
const CAP: f64 = 10.0;
/// Nats for normal, and against the run going on as it was, after which an alarmed run is over: ln 100.
const OVER: f32 = 4.6;
/// One minute says at most half of that: no run is over for one minute.
const MOST_BACK: f64 = 2.3;

/// Minutes after the last one that said anything for a run, after which a request that says nothing for it ends it: where
/// one comes a minute, normal ones prove little and an incident would outlive its fault by hours. Three times the time
/// that a page takes to resolve; what goes on reopens it.
const QUIET: i64 = 10;

/// What evidence looks for in a count: as many times what is normal.
pub(crate) const MORE: [f64; ALTERNATIVES] = [1.5, 3.0, 10.0];
/// The same below it.
pub(crate) const FEWER: [f64; ALTERNATIVES] = [1.0 / 1.5, 1.0 / 3.0, 0.05];

/// ln of how much more likely the minute is if all goes on as in a run of this factor than if all is normal.
pub(crate) fn lasting(
    kind: Kind,
    value: f64,
    prediction: &Prediction,
    high: bool,
    factor: f64,
) -> f64 {
    let factor = if high {
        factor.clamp(MORE[0], MOST_RATIO)
    } else {
        factor.clamp(FEWER[2], FEWER[0])
    };
    match kind {
        Kind::Latency => {
            let z = if high {
                prediction.deviate
            } else {
                -prediction.deviate
            };
            let away = (ln(factor).abs() / prediction.shape).clamp(NEAR, FAR);
            away * (z - 0.5 * away)
        }
        Kind::Errors | Kind::Throttles | Kind::Traffic | Kind::Gauge => {
            one(value, prediction, high, factor)
        }
    }
}

/// A run's factor counts as this many standard deviations of one minute at least and at most.
const NEAR: f64 = 0.5;
const FAR: f64 = 8.0;

/// Nats of a run from which its minutes are held back from the baseline: ln 100. Chance gets here in one run of a
/// hundred; a fault on its way to a threshold of a million is then a third of its way.
const OPEN: f32 = 4.6;
/// Nats that a run must hold without its best minute: odds of ten to one.
const REST: f32 = 2.3;

/// A run of more minutes than this, of fewer nats than [`OPEN`], is forgotten for a minute that says all it can; a
/// shorter one of fewer than [`REST`], for the minute in which a fault begins is often one of which it is half.
const STRAY: u32 = 2;

/// What happened since an alternative's CUSUM was last zero.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(crate) struct Since {
    /// Nats, and the most that one minute of them said.
    sum: f32,
    best: f32,
    /// Nats with nothing taken off a wild minute: which alternative it was.
    whole: f32,
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

    /// How many times the normal rate, count or latency it is.
    pub(crate) fn factor(&self, kind: Kind) -> f64 {
        match kind {
            Kind::Latency => exp(self.observed / f64::from(self.minutes.max(1))),
            Kind::Errors | Kind::Throttles | Kind::Traffic | Kind::Gauge => {
                self.observed / self.expected.max(1e-12)
            }
        }
    }
}

/// One side of a series.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Evidence {
    ratios: [f64; ALTERNATIVES],
    runs: [Since; ALTERNATIVES],
    /// Nats for normal since an alarm.
    back: f32,
    /// The last minute that said anything for the alarmed run.
    spoke: i64,
    /// The threshold was passed and the run is not over: one more than the alternative whose run it is; 0 if not.
    raised: u8,
}

impl Evidence {
    pub(crate) fn new() -> Self {
        Self {
            ratios: [0.0; ALTERNATIVES],
            runs: [Since::default(); ALTERNATIVES],
            back: 0.0,
            spoke: 0,
            raised: 0,
        }
    }

    /// R: minutes in which chance does as much once.
    pub(crate) fn amount(&self) -> f64 {
        self.ratios.iter().sum::<f64>() * (1.0 / ALTERNATIVES as f64)
    }

    /// The run that explains most, and of those within odds of ten to one the one that began last: the nearest
    /// alternative looks back over hours of which nothing speaks for it or against it. Of an alarmed run never a nearer
    /// one than before, for the farther ones forget it first.
    fn leading(&self) -> usize {
        let least = usize::from(self.raised.saturating_sub(1));
        let on = || (least..ALTERNATIVES).filter(|index| self.runs[*index].minutes > 0);
        let most = on().fold(0.0_f32, |most, index| most.max(self.runs[index].whole));
        on().filter(|index| self.runs[*index].whole >= most - REST)
            .max_by_key(|index| self.runs[*index].start)
            .unwrap_or(least)
    }

    /// Whether a run is on that may become an alarm: a change explains what happened a hundred times better than
    /// chance, and not by one minute alone. Unlike R this does not grow while nothing happens.
    #[inline]
    pub(crate) fn is_open(&self) -> bool {
        self.runs
            .iter()
            .any(|run| run.sum >= OPEN && run.rest() >= REST)
    }

    /// The run that leads; `None` while there is none.
    pub(crate) fn run(&self) -> Option<Since> {
        Some(self.runs[self.leading()]).filter(|run| run.minutes > 0)
    }

    /// Whether R passed the threshold and has not come back since.
    pub(crate) fn is_raised(&self) -> bool {
        self.raised > 0
    }

    /// Adds a minute; true when an alarmed run ended with it. `lasting` says what the minute has for a run like this
    /// going on, in nats.
    #[inline]
    pub(crate) fn add(
        &mut self,
        nats: [f64; ALTERNATIVES],
        temper: f64,
        threshold: f64,
        addend: Addend,
        lasting: impl FnOnce(&Since) -> f64,
    ) -> bool {
        let on = if self.is_raised() { self.run() } else { None };
        let spoke = nats.iter().any(|nats| *nats > 0.0);
        for (index, (ratio, run)) in self.ratios.iter_mut().zip(&mut self.runs).enumerate() {
            let whole = nats[index] * temper;
            let nats = whole.clamp(-MOST_NATS, MOST_NATS);
            // What is against an alternative that nothing speaks for need not be computed to the digit.
            *ratio = if nats <= -MOST_NATS && *ratio < 1.0 {
                0.0
            } else {
                ((1.0 + *ratio) * exp_roughly(nats)).min(CAP * threshold)
            };
            run.sum += nats as f32;
            if run.sum <= 0.0 {
                run.sum = 0.0;
                if run.minutes > 0 {
                    *run = Since::default();
                }
                continue;
            }
            // A stray failure half an hour ago is no part of what begins with a bang.
            let stray = if run.minutes > STRAY { OPEN } else { REST };
            if run.minutes > 0 && nats >= MOST_NATS && run.sum - (nats as f32) < stray {
                *run = Since {
                    sum: nats as f32,
                    ..Since::default()
                };
            }
            if run.minutes == 0 {
                run.start = addend.minute;
            }
            run.best = run.best.max(nats as f32);
            run.whole += whole.max(nats) as f32;
            run.minutes = run.minutes.saturating_add(1);
            run.observed += addend.observed;
            run.expected += addend.expected;
            run.attempts += addend.attempts;
        }
        if let Some(on) = on {
            let nats = (lasting(&on) * temper).clamp(-MOST_BACK, MOST_BACK);
            self.back = (self.back - nats as f32).max(0.0);
            if spoke {
                self.spoke = addend.minute;
            }
            let silent = addend.expected > 0.0 && addend.minute.saturating_sub(self.spoke) > QUIET;
            let over = self.back >= OVER || silent;
            if over || self.amount() < 1.0 || self.run().is_none() {
                *self = Self::new();
                return true;
            }
        } else if self.amount() >= threshold && self.runs[self.leading()].rest() >= REST {
            (self.back, self.spoke) = (0.0, addend.minute);
        } else {
            return false;
        }
        // At most ALTERNATIVES.
        self.raised = self.leading() as u8 + 1;
        false
    }

    pub(crate) fn encode(&self, out: &mut Vec<u8>) {
        for ratio in self.ratios {
            put_f64(out, ratio);
        }
        for run in &self.runs {
            put_f32(out, run.sum);
            put_f32(out, run.best);
            put_f32(out, run.whole);
            out.extend_from_slice(&run.minutes.to_le_bytes());
            out.extend_from_slice(&run.start.to_le_bytes());
            for sum in [run.observed, run.expected, run.attempts] {
                put_f64(out, sum);
            }
        }
        put_f32(out, self.back);
        out.extend_from_slice(&self.spoke.to_le_bytes());
        out.push(self.raised);
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
                whole: reader.f32_in("all nats of a run", -1e30, 1e30)?,
                minutes: reader.u32("minutes of a run")?,
                start: reader.i64("start of a run")?,
                observed: reader.f64_in("observed in a run", -MOST, MOST)?,
                expected: reader.f64_in("expected in a run", -MOST, MOST)?,
                attempts: reader.f64_in("attempts in a run", 0.0, MOST)?,
            };
        }
        evidence.back = reader.f32_in("evidence for normal", 0.0, OVER)?;
        evidence.spoke = reader.i64("last minute that spoke for a run")?;
        evidence.raised = reader.byte("raised evidence")?;
        if usize::from(evidence.raised) > ALTERNATIVES {
            return Err(reader.damaged(format!(
                "the alternative that alarmed is the {}th of {ALTERNATIVES}",
                evidence.raised
            )));
        }
        Ok(evidence)
    }
}

#[cfg(test)]
mod tests;
