//! How long invocations take: a mixture in the logarithm of milliseconds.
//!
//! The body is one log-normal for each route (and, while something is wrong, for each version and for what is slow):
//! service times multiply small effects. The tail is a Pareto law, which is what retries, queues and pauses leave
//! behind (Dean and Barroso 2013, "The tail at scale"); in the logarithm it is an exponential from a start.
//! The quantiles of a minute are drawn without its samples: an order statistic of `n` uniform numbers has a Beta
//! distribution (David and Nagaraja 2003, "Order statistics", 2.1), and the mixture turns it into milliseconds.

/// Routes × versions × (as usual, slow), and those that hang.
const MOST: usize = 17;

/// What the requests of a component have in common.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub(crate) struct Class {
    pub(crate) route: u8,
    /// Served by the newest version while two of them share the traffic.
    pub(crate) newer: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Default)]
struct Component {
    class: Class,
    weight: f64,
    mu: f64,
    sigma: f64,
}

/// A distribution of durations.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Mixture {
    components: [Component; MOST],
    len: usize,
    /// Share of the Pareto tail, the logarithm of its start, and its exponent.
    tail: f64,
    tail_from: f64,
    tail_power: f64,
}

/// Density, distribution function and survival function of the standard normal distribution; the last two by
/// Abramowitz and Stegun 26.2.17, to 7.5e-8.
fn normal(z: f64) -> (f64, f64, f64) {
    let density = 0.398_942_280_401_432_7 * (-0.5 * z * z).exp();
    let t = 1.0 / 0.231_641_9f64.mul_add(z.abs(), 1.0);
    let poly = t
        * (0.319_381_53
            + t * (-0.356_563_782
                + t * (1.781_477_937 + t * (-1.821_255_978 + t * 1.330_274_429))));
    let above = density * poly;
    if z >= 0.0 {
        (density, 1.0 - above, above)
    } else {
        (density, above, 1.0 - above)
    }
}

impl Mixture {
    /// A mixture of a Pareto tail alone; components follow with [`Mixture::add`].
    pub(crate) fn with_tail(share: f64, from_ms: f64, power: f64) -> Self {
        Self {
            components: [Component::default(); MOST],
            len: 0,
            tail: share,
            tail_from: from_ms.ln(),
            tail_power: power,
        }
    }

    /// Adds a component. The weights of all and the tail's share add up to 1. What does not fit is left out: no
    /// function has more than four routes.
    pub(crate) fn add(&mut self, class: Class, weight: f64, mu: f64, sigma: f64) {
        if weight > 0.0
            && let Some(free) = self.components.get_mut(self.len)
        {
            *free = Component {
                class,
                weight: weight * (1.0 - self.tail),
                mu,
                sigma,
            };
            self.len += 1;
        }
    }

    fn components(&self) -> &[Component] {
        &self.components[..self.len]
    }

    /// Density, distribution function and survival function at a logarithm of milliseconds.
    fn at(&self, x: f64) -> (f64, f64, f64) {
        let (mut density, mut below, mut above) = (0.0, 0.0, 0.0);
        for one in self.components() {
            let (d, b, a) = normal((x - one.mu) / one.sigma);
            density += one.weight * d / one.sigma;
            below += one.weight * b;
            above += one.weight * a;
        }
        if x > self.tail_from {
            let left = (-self.tail_power * (x - self.tail_from)).exp();
            density += self.tail * self.tail_power * left;
            below += self.tail * (1.0 - left);
            above += self.tail * left;
        } else {
            above += self.tail;
        }
        (density, below, above)
    }

    /// Share of the invocations that take at least so many milliseconds.
    pub(crate) fn share_above(&self, ms: f64) -> f64 {
        self.at(ms.ln()).2.clamp(0.0, 1.0)
    }

    /// The milliseconds below which a share `u` of the invocations lies: Newton's method on the logarithm of the
    /// nearer tail, inside a bracket, to 1e-9.
    pub(crate) fn quantile(&self, u: f64) -> f64 {
        let u = u.clamp(1e-300, 1.0 - 1e-16);
        let (mut low, mut high) = self.bracket();
        let (mut x, mut weight) = (0.0, 0.0);
        for one in self.components() {
            x += one.weight * one.mu;
            weight += one.weight;
        }
        x = (x / weight).clamp(low, high);
        for _ in 0..80 {
            let (density, below, above) = self.at(x);
            let step = if u < 0.5 {
                (below / u).ln() * below / density
            } else {
                (above / (1.0 - u)).ln() * -above / density
            };
            if below < u {
                low = x;
            } else {
                high = x;
            }
            let next = x - step;
            let next = if next > low && next < high {
                next
            } else {
                0.5 * (low + high)
            };
            if (next - x).abs() < 1e-9 {
                return next.exp();
            }
            x = next;
        }
        x.exp()
    }

    fn bracket(&self) -> (f64, f64) {
        let mut low = f64::INFINITY;
        let mut high = self.tail_from + 37.0 / self.tail_power;
        for one in self.components() {
            low = low.min(one.mu - 9.0 * one.sigma);
            high = high.max(one.mu + 9.0 * one.sigma);
        }
        (low, high)
    }

    /// Mean milliseconds. The tail's mean is infinite below a power of 1, so it is cut at a timeout.
    pub(crate) fn mean(&self, timeout_ms: f64) -> f64 {
        let body: f64 = self
            .components()
            .iter()
            .map(|one| one.weight * (one.mu + 0.5 * one.sigma * one.sigma).exp().min(timeout_ms))
            .sum();
        let (start, power) = (self.tail_from.exp(), self.tail_power);
        let tail = if start < timeout_ms {
            let cut = (timeout_ms / start).powf(1.0 - power);
            start + start * (1.0 - cut) / (power - 1.0)
        } else {
            timeout_ms
        };
        body + self.tail * tail
    }

    /// Which class a request of this duration belongs to, from a number between 0 and 1: each with the share that
    /// it has of the density there. The tail is everybody's.
    pub(crate) fn class_of(&self, ms: f64, random: f64) -> Class {
        let x = ms.ln();
        let tail = if x > self.tail_from {
            self.tail * self.tail_power * (-self.tail_power * (x - self.tail_from)).exp()
        } else {
            0.0
        };
        let share = |one: &Component| {
            one.weight * (normal((x - one.mu) / one.sigma).0 / one.sigma + tail / (1.0 - self.tail))
        };
        let total: f64 = self.components().iter().map(share).sum();
        let mut left = random * total;
        let mut last = Class::default();
        for one in self.components() {
            last = one.class;
            left -= share(one);
            if left < 0.0 {
                break;
            }
        }
        last
    }
}

/// Share of a standard normal distribution below `z`.
pub(crate) fn normal_share(z: f64) -> f64 {
    normal(z).1
}

/// The standard normal quantile (Acklam's rational approximation, relative error 1.2e-9).
pub(crate) fn normal_quantile(u: f64) -> f64 {
    const A: [f64; 6] = [
        -3.969_683_028_665_376e1,
        2.209_460_984_245_205e2,
        -2.759_285_104_469_687e2,
        1.383_577_518_672_69e2,
        -3.066_479_806_614_716e1,
        2.506_628_277_459_239,
    ];
    const B: [f64; 5] = [
        -5.447_609_879_822_406e1,
        1.615_858_368_580_409e2,
        -1.556_989_798_598_866e2,
        6.680_131_188_771_972e1,
        -1.328_068_155_288_572e1,
    ];
    const C: [f64; 6] = [
        -7.784_894_002_430_293e-3,
        -3.223_964_580_411_365e-1,
        -2.400_758_277_161_838,
        -2.549_732_539_343_734,
        4.374_664_141_464_968,
        2.938_163_982_698_783,
    ];
    const D: [f64; 4] = [
        7.784_695_709_041_462e-3,
        3.224_671_290_700_398e-1,
        2.445_134_137_142_996,
        3.754_408_661_907_416,
    ];
    let poly = |of: &[f64], x: f64| of.iter().fold(0.0, |sum, c| sum * x + c);
    let u = u.clamp(1e-300, 1.0 - 1e-16);
    if u < 0.024_25 {
        let q = (-2.0 * u.ln()).sqrt();
        poly(&C, q) / (poly(&D, q) * q + 1.0)
    } else if u > 1.0 - 0.024_25 {
        let q = (-2.0 * (1.0 - u).ln()).sqrt();
        -poly(&C, q) / (poly(&D, q) * q + 1.0)
    } else {
        let q = u - 0.5;
        let r = q * q;
        poly(&A, r) * q / (poly(&B, r) * r + 1.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mixture() -> Mixture {
        let mut mixture = Mixture::with_tail(0.004, 200.0, 3.0);
        for (route, weight, median) in [(0, 0.6, 40.0_f64), (1, 0.3, 80.0), (2, 0.1, 120.0)] {
            let class = Class {
                route,
                newer: false,
            };
            mixture.add(class, weight, median.ln(), 0.3);
        }
        mixture
    }

    #[test]
    fn quantiles_invert_the_distribution() {
        let mixture = mixture();
        for u in [1e-6, 0.01, 0.5, 0.9, 0.99, 0.9999, 1.0 - 1e-9] {
            let (_, below, above) = mixture.at(mixture.quantile(u).ln());
            let off = if u < 0.5 {
                below / u
            } else {
                above / (1.0 - u)
            };
            assert!((off - 1.0).abs() < 1e-6, "{u}: {off}");
        }
        assert!((mixture.share_above(2_000.0) - 0.004 * 1e-3).abs() < 1e-7);
    }

    #[test]
    fn the_mean_is_that_of_the_quantiles() {
        let mixture = mixture();
        let steps = 100_000;
        let mean = (0..steps)
            .map(|i| {
                mixture
                    .quantile((f64::from(i) + 0.5) / f64::from(steps))
                    .min(3_000.0)
            })
            .sum::<f64>()
            / f64::from(steps);
        assert!((mixture.mean(3_000.0) / mean - 1.0).abs() < 1e-3, "{mean}");
    }

    #[test]
    fn classes_have_their_share_where_they_are() {
        let mixture = mixture();
        let share = |ms: f64, route: u8| {
            let of = (0..1_000)
                .filter(|i| mixture.class_of(ms, (f64::from(*i) + 0.5) / 1_000.0).route == route);
            of.count()
        };
        assert!(share(20.0, 0) > 990 && share(120.0, 1) > share(120.0, 0));
        assert!((share(5_000.0, 2)).abs_diff(100) < 3);
    }

    #[test]
    fn the_normal_quantile_is_the_inverse() {
        for u in [1e-9, 0.01, 0.3, 0.5, 0.9, 0.999_999] {
            let (_, below, _) = normal(normal_quantile(u));
            assert!((below - u).abs() < 1e-7, "{u}: {below}");
        }
    }
}
