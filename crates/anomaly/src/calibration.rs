//! The second calibration: how unlikely a tail really is in this series, by the series' own past tails.
//!
//! If the model is right, past tails are uniform (the probability integral transform; Dawid, JRSS A 147, 1984) and
//! their surprises −ln(tail) exponential with mean 1. So the shares of past surprises beyond three marks (tails of
//! 1e-1, 1e-1.5 and 1e-2), and the mean excess beyond the last, say how to read the next one: between the marks by
//! straight lines (above the first one in the tail itself, so that most minutes need no logarithm), beyond them by the
//! exponential, which is a Pareto distribution of the tail itself (Hill 1975;
//! Siffer et al., *Anomaly detection in streams with extreme value theory*, KDD 2017). While there is little
//! history all of it is shrunk to the model. Exceedances come in clusters when something is wrong: in a cluster
//! they weigh a sixteenth, or a long incident would teach that it is normal (declustering; Ferro and Segers, JRSS B
//! 65, 2003). Counts are put in by a randomised integral transform, drawn from the minute and not from chance.

use crate::SnapshotError;
use crate::elementary::{exp, ln};
use crate::snapshot::{Reader, put_f32};

/// ln 10 times 1, 1.5 and 2.
const MARKS: [f64; 3] = [
    std::f64::consts::LN_10,
    3.453_877_639_491_068_6,
    4.605_170_185_988_091,
];
/// The tail at the first mark, below which surprises need no logarithm to be counted.
const FIRST: f64 = 0.1;
/// P(beyond a mark | beyond the one before) by the model: 10^−0.5.
const STEP: f64 = 0.316_227_766_016_837_94;
/// Up to this surprise nothing is changed; a tail of 0.37 is no news, whatever it really is.
const PLAIN: f64 = 1.0;
/// The tail there: 1 / e.
pub(crate) const PLAIN_TAIL: f64 = 0.367_879_441_171_442_33;
/// What is kept of the memory at each reading: 2^(−32/20,160), so that it halves in two weeks.
const KEEP: f32 = 0.998_900_4;
/// Minutes, and exceedances, that the model is believed for.
const BELIEF_MINUTES: f32 = 2_000.0;
const BELIEF: f32 = 200.0;
const BELIEF_TAIL: f32 = 100.0;
/// Exceedances after which half of the caution about a heavier tail is gone.
const CAUTION: f32 = 30.0;
/// An excess counts at most this much, so that one disaster does not say what a tail is like.
const MOST_EXCESS: f64 = 10.0;
/// The burst's memory is half an hour; beyond this many exceedances in it (0.3 are expected) they are a cluster.
const BURST_KEEP: f32 = 0.967;
const CLUSTER: f32 = 3.2;
const CLUSTER_WEIGHT: f32 = 0.06;
/// When a series is wild: twice as many exceedances as the last mark is made for, each e^5 times less likely still,
/// over half a day.
const WILD_AFTER: f32 = 720.0;
const WILD_SHARE: f32 = 0.02;
const WILD_EXCESS: f32 = 5.0;
/// Minutes between two readings of the marks.
const REREAD: u8 = 32;

/// One side of a series.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Calibration {
    minutes: f32,
    beyond: [f32; 3],
    excess: f32,
    burst: f32,
    /// What the surprises at the marks really are, and how far each unit beyond the last one goes.
    read: [f32; 3],
    slope: f32,
    until_read: u8,
    /// How far each unit of a tail above the first mark goes: follows from `read`.
    central: f64,
}

/// A number in (0, 1) that depends on the minute alone: the finaliser of SplitMix64 (Steele, Lea and Flood 2014).
fn drawn(minute: i64) -> f64 {
    let mut bits = (minute as u64).wrapping_add(0x9e37_79b9_7f4a_7c15);
    bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    bits ^= bits >> 31;
    ((bits >> 11) as f64 + 0.5) / (1_u64 << 53) as f64
}

impl Calibration {
    /// Nothing is known: a unit of surprise beyond the last mark is believed to be 1 / `heavier` units.
    pub(crate) fn new(heavier: f32) -> Self {
        Self {
            minutes: 0.0,
            beyond: [0.0; 3],
            excess: 0.0,
            burst: 0.0,
            read: MARKS.map(|mark| mark as f32),
            slope: 1.0 / heavier,
            until_read: 0,
            central: Self::central(MARKS[0] as f32),
        }
    }

    fn central(first: f32) -> f64 {
        (PLAIN_TAIL - exp(-f64::from(first))) / (PLAIN_TAIL - FIRST)
    }

    /// The calibrated tail of a model's tail.
    #[inline]
    pub(crate) fn tail(&self, tail: f64) -> f64 {
        if tail >= PLAIN_TAIL {
            tail
        } else if tail >= FIRST {
            PLAIN_TAIL - (PLAIN_TAIL - tail) * self.central
        } else {
            exp(-self.surprise(-ln(tail))).min(1.0)
        }
    }

    /// The calibrated surprise of a model's surprise beyond the first mark, both in nats.
    #[inline]
    fn surprise(&self, surprise: f64) -> f64 {
        let [first, second, third] = self.read.map(f64::from);
        if surprise <= MARKS[1] {
            first + (surprise - MARKS[0]) * (second - first) * (1.0 / (MARKS[1] - MARKS[0]))
        } else if surprise <= MARKS[2] {
            second + (surprise - MARKS[1]) * (third - second) * (1.0 / (MARKS[2] - MARKS[1]))
        } else {
            third + (surprise - MARKS[2]) * f64::from(self.slope)
        }
    }

    /// Learns a minute whose model said P(at least this) and P(more than this); `heavier` as in [`Self::new`].
    #[inline]
    pub(crate) fn learn(&mut self, minute: i64, at_least: f64, more: f64, heavier: f32) {
        self.burst *= BURST_KEEP;
        let mut weight = if self.burst > CLUSTER {
            CLUSTER_WEIGHT
        } else {
            1.0
        };
        if more < FIRST {
            let tail = if at_least > more {
                more + drawn(minute) * (at_least - more)
            } else {
                at_least
            };
            if tail < FIRST {
                let surprise = -ln(tail);
                // What counts as one is the calibrated surprise: under a model that cries wolf all would be a cluster.
                if self.surprise(surprise) > MARKS[2] {
                    self.burst += 1.0;
                    if self.burst > CLUSTER {
                        weight = CLUSTER_WEIGHT;
                    }
                }
                if surprise > MARKS[2] {
                    self.beyond[2] += weight;
                    self.excess += weight * (surprise - MARKS[2]).min(MOST_EXCESS) as f32;
                }
                if surprise > MARKS[1] {
                    self.beyond[1] += weight;
                }
                self.beyond[0] += weight;
            }
        }
        self.minutes += weight;
        self.until_read = self.until_read.wrapping_sub(1);
        if self.until_read >= REREAD {
            self.until_read = REREAD - 1;
            self.reread(heavier);
        }
    }

    /// Whether the series does every now and then what its model calls as good as impossible: one minute in fifty or more
    /// is beyond the last mark, alone and not in a cluster, and far beyond it.
    #[inline]
    pub(crate) fn is_wild(&self) -> bool {
        let [_, _, beyond] = self.beyond;
        self.minutes > WILD_AFTER
            && beyond > WILD_SHARE * self.minutes
            && self.excess > WILD_EXCESS * beyond
    }

    fn reread(&mut self, heavier: f32) {
        self.minutes *= KEEP;
        self.beyond = self.beyond.map(|count| count * KEEP);
        self.excess *= KEEP;
        let [first, second, third] = self.beyond;
        let step = STEP as f32;
        let to_first = (first + BELIEF_MINUTES * FIRST as f32) / (self.minutes + BELIEF_MINUTES);
        let to_second = (second + BELIEF * step) / (first + BELIEF);
        let to_third = (third + BELIEF * step) / (second + BELIEF);
        // Each is a share, so each logarithm is at most 0; the first mark stays beyond where nothing is changed.
        let first = (-to_first.min(1.0).ln()).max(PLAIN as f32 + 0.1);
        let second = first - to_second.min(1.0).ln();
        let third = second - to_third.min(1.0).ln();
        self.read = [first, second, third];
        self.central = Self::central(first);
        let caution = 1.0 + (heavier - 1.0) * CAUTION / (CAUTION + self.beyond[2]);
        let mean_excess = (self.excess + BELIEF_TAIL * caution) / (self.beyond[2] + BELIEF_TAIL);
        self.slope = 1.0 / mean_excess;
    }

    pub(crate) fn encode(&self, out: &mut Vec<u8>) {
        let [a, b, c] = self.beyond;
        let [d, e, f] = self.read;
        for number in [
            self.minutes,
            a,
            b,
            c,
            self.excess,
            self.burst,
            d,
            e,
            f,
            self.slope,
        ] {
            put_f32(out, number);
        }
        out.push(self.until_read);
    }

    pub(crate) fn decode(reader: &mut Reader<'_>) -> Result<Self, SnapshotError> {
        let mut sum = |name| reader.f32_in(name, 0.0, 1e9);
        let minutes = sum("calibration minutes")?;
        let beyond = [
            sum("exceedances")?,
            sum("exceedances")?,
            sum("exceedances")?,
        ];
        let (excess, burst) = (sum("excess")?, sum("burst")?);
        let read = [sum("mark")?, sum("mark")?, sum("mark")?];
        let slope = reader.f32_in("tail slope", 0.01, 100.0)?;
        let until_read = reader.byte("calibration pace")?;
        if !read.is_sorted() || read[0] < PLAIN as f32 {
            return Err(reader.damaged(format!("calibration marks {read:?} do not rise")));
        }
        Ok(Self {
            minutes,
            beyond,
            excess,
            burst,
            read,
            slope,
            until_read,
            central: Self::central(read[0]),
        })
    }
}

#[cfg(test)]
mod tests {
    use rand::{RngExt, SeedableRng};
    use rand_chacha::ChaCha8Rng;

    use super::*;

    fn after(minutes: i64, tail: impl Fn(f64) -> f64) -> Calibration {
        let mut random = ChaCha8Rng::seed_from_u64(2);
        let mut calibration = Calibration::new(1.0);
        for minute in 0..minutes {
            let said = tail(random.random());
            calibration.learn(minute, said, said, 1.0);
        }
        calibration
    }

    #[test]
    fn a_model_that_is_right_is_left_alone() {
        let calibration = after(40_000, |uniform| uniform);
        for tail in [0.3, 0.05, 1e-3, 1e-6] {
            let ratio = calibration.tail(tail) / tail;
            assert!((0.6..1.7).contains(&ratio), "{tail}: {ratio}");
        }
    }

    #[test]
    fn a_model_that_cries_wolf_is_corrected_far_beyond_what_was_seen() {
        // It says u^1.5 where the truth is u.
        let calibration = after(100_000, |uniform| uniform.powf(1.5));
        for tail in [1e-2_f64, 1e-4, 1e-6] {
            let ratio = calibration.tail(tail.powf(1.5)) / tail;
            assert!((0.5..2.0).contains(&ratio), "{tail}: {ratio}");
        }
    }

    #[test]
    fn a_long_incident_hardly_teaches() {
        let mut calibration = after(20_000, |uniform| uniform);
        for minute in 0..300 {
            calibration.learn(minute, 1e-9, 1e-9, 1.0);
        }
        let tail = calibration.tail(1e-6);
        assert!(tail < 1e-4, "{tail}");
    }

    #[test]
    fn the_calibrated_tail_falls_with_the_models_tail() {
        for calibration in [
            Calibration::new(1.3),
            after(5_000, |uniform| uniform.powi(3)),
            after(5_000, |uniform| uniform.sqrt()),
            after(5_000, |_| 1e-300),
        ] {
            let mut last = 1.0;
            for step in 0..7_000 {
                let tail = calibration.tail((-f64::from(step) / 10.0).exp());
                assert!(tail <= last && tail > 0.0, "{step}: {tail} after {last}");
                last = tail;
            }
        }
    }
}
