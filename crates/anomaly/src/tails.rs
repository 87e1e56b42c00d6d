//! Both tails of a count, with and without the count itself, by sums where counts are small and by a normal
//! deviate where they are not.
//!
//! A count `x` among `n` attempts of a beta-binomial has a 2×2 table: `x` and `n − x` against the pseudo-counts
//! `α` and `β`. Its tail is that of a hypergeometric distribution with these cells: draw the α-th of the older
//! points on a line and ask how many of the newer ones lie before it (Johnson, Kemp, Kotz, *Univariate Discrete
//! Distributions*, 3rd ed., §6.2). For that the deviate of Ling and Pratt (*The accuracy of Peizer approximations
//! to the hypergeometric distribution*, JASA 79, 1984) is good to a few percent of the tail itself at 1e-9. The
//! negative binomial is the case of infinitely many attempts (Peizer and Pratt, JASA 63, 1968).

use crate::elementary::ln;
use crate::normal::upper;

/// Up to here probabilities are added up, which is exact: the deviate is good to percents only above it.
pub(crate) const SMALL: f64 = 24.0;
/// Below this, one minus a sum has too few digits left, and the terms beyond are added up instead.
const FEW_DIGITS: f64 = 1e-5;

/// The whole number at or below a count; no count is above 2^53, nor below 0.
#[inline]
pub(crate) fn whole(count: f64) -> f64 {
    count as u64 as f64
}

/// The four tails of a value: above 0 and at most 1 each.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Tails {
    /// P(X ≥ x).
    pub(crate) at_least: f64,
    /// P(X > x).
    pub(crate) more: f64,
    /// P(X ≤ x).
    pub(crate) at_most: f64,
    /// P(X < x).
    pub(crate) fewer: f64,
}

impl Tails {
    /// Nothing is known.
    pub(crate) const UNKNOWN: Self = Self {
        at_least: 1.0,
        more: 1.0,
        at_most: 1.0,
        fewer: 1.0,
    };

    fn checked(at_least: f64, more: f64, at_most: f64, fewer: f64) -> Self {
        // What is not a number is not greater either.
        let unit = |tail: f64| {
            if tail > f64::MIN_POSITIVE {
                tail.min(1.0)
            } else {
                f64::MIN_POSITIVE
            }
        };
        Self {
            at_least: unit(at_least),
            more: unit(more),
            at_most: unit(at_most),
            fewer: unit(fewer),
        }
    }

    /// From the deviates of `x` and of the next count.
    fn from_deviates(z: f64, next: f64) -> Self {
        let (at_least, fewer) = both(z);
        let (more, at_most) = both(next);
        Self::checked(at_least, more, at_most, fewer)
    }
}

/// The upper and the lower tail of a deviate, each with all its digits.
fn both(z: f64) -> (f64, f64) {
    let far = upper(z.abs());
    if z >= 0.0 {
        (far, 1.0 - far)
    } else {
        (1.0 - far, far)
    }
}

/// Adds up from `first` = P(X = 0); `ratio(k)` is P(X = k + 1) / P(X = k), 0 where there is no such count.
pub(crate) fn summed(count: f64, first: f64, ratio: impl Fn(f64) -> f64) -> Tails {
    let (mut term, mut fewer, mut k) = (first, 0.0, 0.0);
    while k < count {
        fewer += term;
        term *= ratio(k);
        k += 1.0;
    }
    let at_most = fewer + term;
    let mut more = 1.0 - at_most;
    if more < FEW_DIGITS {
        more = beyond(k, term, &ratio);
    }
    Tails::checked(more + term, more, at_most, fewer)
}

/// P(X > k) from P(X = k), term by term; what is left after many terms is bounded by a geometric series.
fn beyond(mut k: f64, mut term: f64, ratio: &impl Fn(f64) -> f64) -> f64 {
    let mut sum = 0.0;
    for _ in 0..64 {
        let next = ratio(k);
        term *= next;
        sum += term;
        k += 1.0;
        if term <= 1e-4 * sum * (1.0 - next) {
            break;
        }
    }
    let next = ratio(k).min(0.999);
    sum + term * next / (1.0 - next)
}

/// The four tails of a count in a table of `x`, `α`, `n − x`, `β`, for counts above [`SMALL`].
#[inline]
pub(crate) fn of_table(count: f64, alpha: f64, left: f64, beta: f64) -> Tails {
    let [a, b, c, d] = [
        count - 0.5,
        (alpha - 0.5).max(0.1),
        left + 0.5,
        (beta - 0.5).max(0.1),
    ];
    let [n, m, r, s] = [a + b, c + d, a + c, b + d];
    let all = n + m;
    let [in_n, in_m, in_r, in_s] = [
        0.01 / (n + 1.0),
        0.01 / (m + 1.0),
        0.01 / (r + 1.0),
        0.01 / (s + 1.0),
    ];
    let cell =
        |cell: f64, row: f64, column: f64| cell + 1.0 / 6.0 + 0.02 / (cell + 0.5) + row + column;
    let cross =
        cell(a, in_n, in_r) * cell(d, in_m, in_s) - cell(b, in_n, in_s) * cell(c, in_m, in_r);
    let plain = a * d - b * c;
    let [log_a, log_c] = [ln(a * all / (n * r)), ln(c * all / (m * r))];
    let deviance = a * log_a + b * ln(b * all / (n * s)) + c * log_c + d * ln(d * all / (m * s));
    let sixth = 1.0 / 6.0;
    let margins = (m / (m + sixth)) * (n / (n + sixth)) * (r / (r + sixth)) * (s / (s + sixth));
    let scale = margins * (1.0 - sixth / all);
    let z = if plain.abs() < 1e-4 * (a * d) {
        cross * (scale * (all / n / m) / r / s).sqrt()
    } else {
        cross / plain.abs() * (2.0 * deviance.max(0.0) * scale).sqrt()
    };
    let bend = 1.0 / a - 1.0 / n + 1.0 / c - 1.0 / m;
    Tails::from_deviates(z, next(z, log_a - log_c, bend))
}

/// The same with attempts without end: a count of mean `mean` and shape `shape`, whose inverses are given.
#[inline]
pub(crate) fn of_count(count: f64, shape: f64, [per_mean, varies]: [f64; 2], mean: f64) -> Tails {
    // 1 / p and 1 / q.
    let [over_p, over_q] = [1.0 + shape * per_mean, 1.0 + mean * varies];
    let [a, b] = [count - 0.5, (shape - 0.5).max(0.1)];
    let n = a + b;
    let per_n = 1.0 / n;
    let in_n = 0.01 / (n + 1.0);
    let cell = |cell: f64| cell + 1.0 / 6.0 + 0.02 / (cell + 0.5) + in_n;
    // Both times (1 / p)(1 / q), which only their ratio and sign do not notice.
    let cross = cell(a) * over_p - cell(b) * over_q;
    let plain = a * over_p - b * over_q;
    let log_a = ln(a * per_n * over_p);
    let deviance = a * log_a + b * ln(b * per_n * over_q);
    let scale = 1.0 / (1.0 + per_n * (1.0 / 6.0));
    let z = if plain.abs() < 1e-4 * (a * over_p) {
        // √(p·q / n) of what both were multiplied by.
        cross * (scale * per_n / (over_p * over_q)).sqrt()
    } else {
        cross / plain.abs() * (2.0 * deviance.max(0.0) * scale).sqrt()
    };
    Tails::from_deviates(z, next(z, log_a, 1.0 / a - per_n))
}

/// The deviate of the next count: half its square is the deviance, whose first and second differences are known.
#[inline]
fn next(z: f64, slope: f64, bend: f64) -> f64 {
    if z.abs() > 1.0 {
        (z * z + 2.0 * slope + bend).max(0.0).sqrt().copysign(z)
    } else {
        z + bend.max(0.0).sqrt()
    }
}
