//! The sum as a Markov chain (Brook and Evans 1972, "An approach to the probability distribution of CUSUM run length",
//! Biometrika 59): its values between 0 and the threshold on a grid, so that run lengths are a linear system.

use super::distribution::Increments;

/// Values of the sum. An increment between two of them is split so that its mean stays.
const STATES: usize = 160;
/// Bisections of the threshold: a thousandth of a nat.
const BISECTIONS: u32 = 14;
/// What is left of the runs when a delay is known well enough, and when it is given up.
const LEFT: f64 = 1e-6;
const MOST_MINUTES: u32 = 20_000;

/// Probabilities of moving by −`STATES` … `STATES` steps.
struct Moves {
    of: Vec<f64>,
}

impl Moves {
    fn new(increments: &Increments, threshold: f64, now: bool) -> Self {
        let step = threshold / STATES as f64;
        let mut of = vec![0.0; 2 * STATES + 1];
        let most = STATES as f64;
        for (nats, old, new) in &increments.all {
            let weight = if now { new } else { old };
            let place = (nats / step).clamp(-most, most) + most;
            let (at, rest) = (place.floor() as usize, place.fract());
            of[at] += weight * (1.0 - rest);
            if rest > 0.0 {
                of[at + 1] += weight * rest;
            }
        }
        Self { of }
    }

    /// From one value to the next: everything below is 0, everything at the threshold and above is an alarm.
    fn step(&self, from: usize) -> impl Iterator<Item = (usize, f64)> {
        self.of.iter().enumerate().filter_map(move |(at, weight)| {
            let to = (from + at).saturating_sub(STATES);
            (to < STATES && *weight > 0.0).then_some((to, *weight))
        })
    }

    /// Mean minutes until an alarm from 0, by Gaussian elimination.
    fn mean_run(&self) -> f64 {
        let mut rows: Vec<Vec<f64>> = (0..STATES)
            .map(|from| {
                let mut row = vec![0.0; STATES + 1];
                row[from] = 1.0;
                row[STATES] = 1.0;
                for (to, weight) in self.step(from) {
                    row[to] -= weight;
                }
                row
            })
            .collect();
        // The matrix is diagonally dominant: no pivoting. From the last value to the first, which is what is asked.
        for pivot in (1..STATES).rev() {
            let (above, below) = rows.split_at_mut(pivot);
            let row = &below[0];
            for other in above.iter_mut() {
                let factor = other[pivot] / row[pivot].max(1e-300);
                if factor.abs() > 0.0 {
                    for (one, own) in other[..pivot].iter_mut().zip(row) {
                        *one -= factor * own;
                    }
                    other[STATES] -= factor * row[STATES];
                }
            }
        }
        rows[0][STATES] / rows[0][0].max(1e-300)
    }
}

/// The least threshold with at least so many minutes between false alarms.
pub(super) fn threshold(increments: &Increments, between: f64) -> f64 {
    // Wald: with the true ratios e^threshold minutes at least lie between false alarms.
    let (mut low, mut high) = (1e-3, between.ln().max(1e-2) + 1.0);
    for _ in 0..BISECTIONS {
        let middle = 0.5 * (low + high);
        if Moves::new(increments, middle, false).mean_run() < between {
            low = middle;
        } else {
            high = middle;
        }
    }
    high
}

/// Mean minutes from 0 to an alarm while the fault goes through its phases, so many minutes each; the last one stays.
pub(super) fn delay(phases: &[Increments], minutes_each: f64, threshold: f64) -> f64 {
    let moves: Vec<Moves> = phases
        .iter()
        .map(|one| Moves::new(one, threshold, true))
        .collect();
    let mut now = vec![0.0; STATES];
    now[0] = 1.0;
    let mut minutes = 0.0;
    for minute in 0..MOST_MINUTES {
        let left: f64 = now.iter().sum();
        if left < LEFT {
            return minutes;
        }
        minutes += left;
        let phase = (f64::from(minute) / minutes_each.max(1.0)) as usize;
        let Some(moves) = moves.get(phase).or(moves.last()) else {
            return f64::INFINITY;
        };
        let mut next = vec![0.0; STATES];
        for (from, share) in now.iter().enumerate().filter(|(_, share)| **share > 1e-15) {
            for (to, weight) in moves.step(from) {
                next[to] += share * weight;
            }
        }
        now = next;
    }
    f64::INFINITY
}
