//! The multi-window, multi-burn-rate rule (Google, "The Site Reliability Workbook", chapter 5, "Alerting on SLOs"): a
//! page when the error budget burns 14.4 times too fast over an hour and over the last five minutes, or 6 times over
//! six hours and the last thirty minutes.
//!
//! Bad events are errors and throttles, of all attempts. The objective is not one number for all functions: each is
//! given a multiple of its own mean share of bad events before the first fault, the same multiple for all, and that is
//! chosen as low as the false pages of the detector allow. No team sets its objectives so well.

use simulator::fleet::Point;

/// What the rule sees of a minute.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Minute {
    pub(super) at: signals::Minute,
    bad: f64,
    attempts: f64,
}

impl Minute {
    pub(super) fn of(point: &Point) -> Self {
        let now = &point.signals;
        let heard = f64::from(u8::from(!point.silent));
        Self {
            at: point.minute,
            bad: heard * f64::from(now.errors + now.throttles),
            attempts: heard * f64::from(now.invocations + now.throttles),
        }
    }
}

/// Burn rate, long window, short window: in minutes.
const RULES: [(f64, usize, usize); 2] = [(14.4, 60, 5), (6.0, 360, 30)];
/// Attempts in a window below which the rule is silent: the detector's own guard. Without it one failure of a function
/// that is called twice an hour would set everybody's objective.
const ATTEMPTS: f64 = 10.0;
/// The share of bad events before the first fault is never taken for less: an objective of six nines is nobody's.
const LEAST: f64 = 1e-5;

/// The share of attempts that are bad in the history, before the first counted minute.
pub(super) fn usual(minutes: &[Minute], scored_from: signals::Minute) -> f64 {
    let history = minutes.iter().take_while(|minute| minute.at < scored_from);
    let (bad, all) = history.fold((0.0, 0.0), |(bad, all), minute| {
        (bad + minute.bad, all + minute.attempts)
    });
    (bad / f64::max(all, 1.0)).max(LEAST)
}

/// The minutes that fire, for an objective that allows this share of bad events.
pub(super) fn fires(minutes: &[Minute], allowed: f64) -> Vec<signals::Minute> {
    // Running sums: a window is the difference of two.
    let mut sums = vec![(0.0, 0.0)];
    for minute in minutes {
        let (bad, all) = sums[sums.len() - 1];
        sums.push((bad + minute.bad, all + minute.attempts));
    }
    let burns = |end: usize, window: usize, rate: f64| {
        let begin = (end + 1).saturating_sub(window);
        let bad = sums[end + 1].0 - sums[begin].0;
        let all = sums[end + 1].1 - sums[begin].1;
        // All attempts bad is the most there can be, whatever the objective.
        all >= ATTEMPTS && bad > 0.0 && bad >= (rate * allowed).min(1.0) * all
    };
    let fires = |end: usize| {
        RULES
            .iter()
            .any(|&(rate, long, short)| burns(end, long, rate) && burns(end, short, rate))
    };
    let ends = (0..minutes.len()).filter(|&end| fires(end));
    ends.map(|end| minutes[end].at).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A thousand attempts a minute, with this many bad ones in each.
    fn minutes(bad: impl IntoIterator<Item = f64>) -> Vec<Minute> {
        let from = signals::Minute::from_index(0);
        (0..)
            .zip(bad)
            .map(|(at, bad)| Minute {
                at: from.plus(at),
                bad,
                attempts: 1_000.0,
            })
            .collect()
    }

    #[test]
    fn it_fires_when_both_windows_burn_and_stops_with_the_short_one() {
        for (name, quiet, burning, after, first, count) in [
            // An hour at 14.4 is 864 bad of 60,000; 100 a minute need nine minutes.
            ("ten times the fast rate", 400, 100.0, 0, Some(408), 22),
            ("not even the slow rate", 400, 5.0, 0, None, 0),
            ("over at once", 400, 100.0, 40, Some(408), 0),
        ] {
            let bad = std::iter::repeat_n(0.0, quiet)
                .chain(std::iter::repeat_n(burning, 30))
                .chain(std::iter::repeat_n(0.0, after));
            let fired = fires(&minutes(bad), 1e-3);
            assert_eq!(fired.first().map(|minute| minute.index()), first, "{name}");
            if count > 0 {
                assert_eq!(fired.len(), count, "{name}");
            }
            if after > 0 {
                let last = fired.last().unwrap().index();
                // Five minutes without a bad one end the fast rule, thirty the slow one.
                assert!((430..=460).contains(&last), "{name}: {last}");
            }
        }
    }

    #[test]
    fn a_window_of_few_attempts_is_silent() {
        let of = |attempts: f64| {
            let mut minutes = minutes([attempts; 4]);
            minutes
                .iter_mut()
                .for_each(|minute| minute.attempts = attempts);
            fires(&minutes, 1e-3).len()
        };
        assert_eq!((of(2.0), of(3.0)), (0, 1));
    }

    #[test]
    fn an_objective_that_is_never_met_fires_only_when_everything_is_bad() {
        assert_eq!(fires(&minutes([999.0; 10]), 0.5).len(), 0);
        assert_eq!(fires(&minutes([1_000.0; 10]), 0.5).len(), 10);
    }
}
