//! How soon a fault can be found at all.
//!
//! Page's CUSUM (Page 1954, "Continuous inspection schemes", Biometrika 41) with the true distributions before and
//! after sums the log-likelihood ratios of the minutes, never below 0, and alarms above a threshold. Among all rules
//! with the same mean time between false alarms it has the least worst-case delay: about ln(that time) ÷ the
//! Kullback–Leibler divergence (Lorden 1971, "Procedures for reacting to a change in distribution", Ann. Math. Stat. 42;
//! exactly so by Moustakides 1986). So its mean delay is the bound: no detector, however clever, is faster at equal
//! false alarms, if all it sees is this signal and it does not know when the fault will come.
//!
//! The distributions are those of the fleet itself: the signal of the minute, drawn anew many times with the fault and
//! without it, at that time of that week, and fitted (negative binomial for counts, log-normal for durations). The
//! season is known to this observer, and so is the fault's size. What he is not told is the slow noise around the
//! season; minutes are treated as independent given that, which makes the bound a little lower than what is possible.

use signals::Minute;

use super::fault::{Fault, Kind, Signal};
use super::point::Point;
use super::regime::Arrival;
use super::{Fleet, Run};

mod chain;
mod distribution;
#[cfg(test)]
mod tests;

use chain::{delay, threshold};
use distribution::{Distribution, Increments, divergence, increments};

/// Draws of each distribution: a standard error of 3 % of its standard deviation. What is rare is drawn until so many
/// of it were seen, and at most so often.
const DRAWS: usize = 1_000;
const SEEN: f64 = 1_000.0;
const MOST_DRAWS: usize = 12_000;
const MINUTES_PER_WEEK: f64 = 10_080.0;
/// Moments at which a fault that grows is looked at.
const PHASES: i64 = 12;

/// The bound of one fault and where it comes from.
#[derive(Debug, Clone, PartialEq)]
pub struct Bound {
    /// The signal that is watched.
    pub signal: Signal,
    /// Mean minutes from [`Fault::shown_from`] to the end of the minute that alarms: at least 1.
    pub minutes: f64,
    /// The threshold of the sum, in nats.
    pub threshold: f64,
    /// What a minute of the fully grown fault tells, in nats: the Kullback–Leibler divergence of after from before.
    pub divergence: f64,
    /// Lorden's first-order approximation, ln(mean minutes between false alarms) ÷ divergence.
    pub first_order: f64,
}

impl Fleet {
    /// The mean number of minutes after which the best detector of a fault's own signal finds it, at so many false
    /// alarms a week: see [`Bound`]. 1 is the end of the first minute.
    ///
    /// # Panics
    /// The fault is of a fleet with more functions.
    #[must_use]
    pub fn bound(&self, fault: &Fault, false_alarms_per_week: f64) -> f64 {
        self.bound_on(fault, fault.kind.signal(), false_alarms_per_week)
            .minutes
    }

    /// The same for any signal, with what it comes from.
    ///
    /// # Panics
    /// The fault is of a fleet with more functions.
    #[must_use]
    pub fn bound_on(&self, fault: &Fault, signal: Signal, false_alarms_per_week: f64) -> Bound {
        let between = MINUTES_PER_WEEK / false_alarms_per_week.max(1e-9);
        let length = fault.to.since(fault.shown_from()).max(1);
        let grows = matches!(fault.kind, Kind::Creep | Kind::MemoryPressure);
        let places: Vec<i64> = if grows {
            (0..PHASES).map(|at| at * length / PHASES).collect()
        } else {
            // The second minute: what a deployment does to its first is over.
            vec![(length - 1).min(1)]
        };
        let from = fault.shown_from();
        let before = self.distribution(fault.function, None, signal, from);
        let after: Vec<Distribution> = places
            .iter()
            .map(|at| self.distribution(fault.function, Some(fault), signal, from.plus(*at)))
            .collect();
        // For a fault that grows, the best of the sums that wait for a part of it.
        let designs = [after.len() - 1, after.len() / 2, after.len() / 4];
        let mut best: Option<Bound> = None;
        for design in designs.into_iter().take(if grows { 3 } else { 1 }) {
            let phases: Vec<Increments> = after
                .iter()
                .map(|now| increments(&before, &after[design], now))
                .collect();
            let Some(last) = phases.last() else {
                continue;
            };
            let threshold = threshold(last, between);
            let minutes = delay(&phases, length as f64 / phases.len() as f64, threshold);
            if best.as_ref().is_none_or(|best| minutes < best.minutes) {
                let divergence = divergence(last);
                best = Some(Bound {
                    signal,
                    minutes,
                    threshold,
                    divergence,
                    first_order: between.ln() / divergence,
                });
            }
        }
        best.unwrap_or(Bound {
            signal,
            minutes: f64::INFINITY,
            threshold: f64::INFINITY,
            divergence: 0.0,
            first_order: f64::INFINITY,
        })
    }

    /// A signal in a minute, drawn anew again and again.
    fn distribution(
        &self,
        place: usize,
        fault: Option<&Fault>,
        signal: Signal,
        minute: Minute,
    ) -> Distribution {
        let mut run = Run::of(self, place, fault.into_iter(), minute, 0);
        let mut draws = Vec::with_capacity(DRAWS);
        let mut seen = 0.0;
        while draws.len() < MOST_DRAWS && (draws.len() < DRAWS || seen < SEEN) {
            let seed = self.noise.wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ (draws.len() as u64 + 1);
            run.restart(minute, seed);
            let point = run.probe();
            let value = heard(&point, signal);
            seen += value.unwrap_or(0.0);
            draws.push(Draw {
                value,
                exposure: point.weight(signal),
            });
        }
        Distribution::fitted(signal, &draws)
    }
}

/// What a draw is to a watcher of one signal.
#[derive(Debug, Clone, Copy)]
struct Draw {
    value: Option<f64>,
    exposure: f64,
}

/// A signal of a point as a watcher has it: a minute of which nothing is heard has no invocations.
fn heard(point: &Point, signal: Signal) -> Option<f64> {
    if point.arrival == Arrival::Lost {
        return (signal == Signal::Invocations).then_some(0.0);
    }
    point.value(signal)
}
