//! A histogram that merges exactly: log-linear, 32 buckets an octave, taken from the bits of the number.
//!
//! Why not `DDSketch` or HDR histogram: a bucket index that is a shift of the f64 bits is deterministic on every
//! machine, needs no range chosen in advance, and merging is addition, so any order of any split of the
//! samples gives the same bytes. The bucket a value falls in is at most 1/32 of its size wide, so the
//! representative (the middle) is off by at most 1/64 = 1.6 %.

use std::collections::BTreeMap;

use crate::DecodeError;
use crate::varint::{Reader, put, put_signed};

/// log2 of the buckets per octave.
const SUB_BITS: u32 = 5;
/// An f64 has 52 bits of fraction: what is left after the shift is the exponent and `SUB_BITS` of fraction.
const SHIFT: u32 = 52 - SUB_BITS;

/// Buckets of one octave: what the window grows by.
const OCTAVE: i32 = 1 << SUB_BITS;
/// Widest window: 16 octaves, a factor of 65,536 between the smallest and the largest. What lies further apart is
/// spilled, so that two values cost no more than two buckets.
const WIDEST: i32 = 16 * OCTAVE;
/// What a bucket outside the window is accounted with, bytes: a B-tree's leaf is at least half full.
const SPILLED: usize = 64;

/// Counts of samples by size. Weights saturate instead of overflowing.
///
/// Most series span a few octaves, so their buckets are a window of counters; zero has a counter of its own, and
/// what lies far away or weighs more than 32 bits is spilled into a tree. A bucket's weight is the sum of the two.
#[derive(Debug, Clone, Default)]
pub struct Histogram {
    total: u64,
    zero: u64,
    /// The bucket that the window begins with: the first of its octave.
    low: i32,
    window: Vec<u32>,
    spill: BTreeMap<i32, u64>,
}

fn bucket_of(value: f64) -> i32 {
    let size = value.abs();
    if size < f64::MIN_POSITIVE {
        return 0;
    }
    // The sign bit is clear, so at most 16 bits remain; normal numbers start at 32, so 0 is free for zero.
    let index = (size.to_bits() >> SHIFT) as i32;
    if value < 0.0 { -index } else { index }
}

fn middle_of(bucket: i32) -> f64 {
    if bucket == 0 {
        return 0.0;
    }
    let low = f64::from_bits(u64::from(bucket.unsigned_abs()) << SHIFT);
    // Half a bucket is one more bit of fraction.
    let size = f64::from_bits(low.to_bits() | (1 << (SHIFT - 1)));
    if bucket < 0 { -size } else { size }
}

impl Histogram {
    /// Adds `weight` samples of one finite value.
    pub fn add(&mut self, value: f64, weight: u64) {
        debug_assert!(
            value.is_finite(),
            "rollups refuse non-finite values before they come here"
        );
        if weight > 0 {
            self.add_to(bucket_of(value), weight);
        }
    }

    /// Adds one sample of a finite value if that takes no memory; `false`, and nothing has changed, if it does.
    #[inline]
    pub(crate) fn add_in_place(&mut self, value: f64) -> bool {
        let bucket = bucket_of(value);
        if bucket == 0 {
            self.zero = self.zero.saturating_add(1);
        } else {
            match self
                .slot(bucket)
                .map(|slot| slot.checked_add(1).map(|sum| (slot, sum)))
            {
                Some(Some((slot, sum))) => *slot = sum,
                _ => return false,
            }
        }
        self.total = self.total.saturating_add(1);
        true
    }

    /// Bytes of memory that adding `weight` samples of a finite value takes beyond the window, which has at most
    /// two kilobytes.
    pub(crate) fn growth(&self, value: f64, weight: u64) -> usize {
        let bucket = bucket_of(value);
        if bucket == 0 || weight == 0 {
            return 0;
        }
        if let Ok(small) = u32::try_from(weight) {
            let at = bucket.wrapping_sub(self.low).cast_unsigned() as usize;
            let fits = match self.window.get(at) {
                // A counter that is about to overflow spills.
                Some(sum) => sum.checked_add(small).is_some(),
                None => self.widened(bucket).is_some(),
            };
            if fits {
                return 0;
            }
        }
        if self.spill.contains_key(&bucket) {
            0
        } else {
            SPILLED
        }
    }

    /// Back to no samples; the window stays where it is, for the next ones are likely to be as large.
    pub(crate) fn clear(&mut self) {
        self.total = 0;
        self.zero = 0;
        self.window.fill(0);
        self.spill.clear();
    }

    /// Bytes of memory that are held, samples or not.
    pub(crate) fn held(&self) -> usize {
        self.window.capacity() * size_of::<u32>() + self.spill.len() * SPILLED
    }

    #[inline]
    fn slot(&mut self, bucket: i32) -> Option<&mut u32> {
        // Below the window the difference wraps to a number beyond every window.
        let at = bucket.wrapping_sub(self.low).cast_unsigned() as usize;
        self.window.get_mut(at)
    }

    /// First bucket of the octaves that have samples in the window, and the bucket behind them.
    fn used(&self) -> Option<(i32, i32)> {
        let first = self.window.iter().position(|weight| *weight > 0)?;
        let last = self.window.iter().rposition(|weight| *weight > 0)?;
        let octave = |at: usize| self.low + (i32::try_from(at).unwrap_or_default() & !(OCTAVE - 1));
        Some((octave(first), octave(last) + OCTAVE))
    }

    /// First bucket of the window that holds what is in it and `bucket` too, and the bucket behind it; `None` when that
    /// is too wide. What was in the window before it was cleared does not matter.
    fn widened(&self, bucket: i32) -> Option<(i32, i32)> {
        let first = bucket & !(OCTAVE - 1);
        let (low, end) = self.used().unwrap_or((first, first + OCTAVE));
        let (low, end) = (low.min(first), end.max(first + OCTAVE));
        (end - low <= WIDEST).then_some((low, end))
    }

    /// Makes the window hold the given buckets, and what it held if that is not too wide.
    fn widen(&mut self, low: i32, end: i32) {
        let had = i32::try_from(self.window.len()).unwrap_or_default();
        let all = (low.min(self.low), end.max(self.low + had));
        let (low, end) = if had > 0 && all.1 - all.0 <= WIDEST {
            all
        } else {
            (low, end)
        };
        let mut window = vec![0; usize::try_from(end - low).unwrap_or_default()];
        for (bucket, weight) in (self.low..)
            .zip(&self.window)
            .filter(|(_, weight)| **weight > 0)
        {
            // What is in use is within the new window.
            window[usize::try_from(bucket - low).unwrap_or_default()] = *weight;
        }
        (self.low, self.window) = (low, window);
    }

    fn add_to(&mut self, bucket: i32, weight: u64) {
        self.total = self.total.saturating_add(weight);
        if bucket == 0 {
            self.zero = self.zero.saturating_add(weight);
            return;
        }
        if let Ok(small) = u32::try_from(weight) {
            if self.slot(bucket).is_none()
                && let Some((low, end)) = self.widened(bucket)
            {
                self.widen(low, end);
            }
            if let Some(slot) = self.slot(bucket)
                && let Some(sum) = slot.checked_add(small)
            {
                *slot = sum;
                return;
            }
        }
        let spilled = self.spill.entry(bucket).or_default();
        *spilled = spilled.saturating_add(weight);
    }

    /// Every bucket that has samples, in rising order, with its weight.
    fn buckets(&self) -> impl Iterator<Item = (i32, u64)> + '_ {
        let mut window = (self.low..)
            .zip(&self.window)
            .filter(|(_, weight)| **weight > 0)
            .map(|(bucket, weight)| (bucket, u64::from(*weight)))
            .peekable();
        let mut spill = self
            .spill
            .iter()
            .map(|(bucket, weight)| (*bucket, *weight))
            .peekable();
        let mut zero = Some((0, self.zero))
            .filter(|(_, weight)| *weight > 0)
            .into_iter()
            .peekable();
        std::iter::from_fn(move || {
            let next = [window.peek(), spill.peek(), zero.peek()]
                .into_iter()
                .flatten()
                .map(|(bucket, _)| *bucket)
                .min()?;
            let here = |found: &(i32, u64)| found.0 == next;
            let weights = [
                window.next_if(here),
                spill.next_if(here),
                zero.next_if(here),
            ];
            Some((
                next,
                weights
                    .into_iter()
                    .flatten()
                    .fold(0, |sum: u64, (_, weight)| sum.saturating_add(weight)),
            ))
        })
    }

    /// Adds every sample of another histogram. Exact, associative and commutative.
    pub fn merge(&mut self, other: &Self) {
        for (bucket, weight) in other.buckets() {
            self.add_to(bucket, weight);
        }
    }

    /// How many samples were added one by one (statistic sets are not here).
    #[must_use]
    pub fn total(&self) -> u64 {
        self.total
    }

    /// The value below which a share `q` (0 to 1) of the samples lie, by nearest rank; `None` without samples.
    /// The relative error is at most 1/64.
    #[must_use]
    pub fn quantile(&self, q: f64) -> Option<f64> {
        if self.total == 0 {
            return None;
        }
        #[expect(
            clippy::cast_precision_loss,
            reason = "a rank off by one in 2^53 is below the bucket's width"
        )]
        let wanted = (q.clamp(0.0, 1.0) * self.total as f64).ceil();
        let mut seen = 0_u64;
        let mut last = 0;
        for (bucket, weight) in self.buckets() {
            seen = seen.saturating_add(weight);
            last = bucket;
            #[expect(clippy::cast_precision_loss, reason = "as above")]
            if seen as f64 >= wanted {
                break;
            }
        }
        Some(middle_of(last))
    }

    /// Buckets in rising order as (representative value, weight).
    pub fn iter(&self) -> impl Iterator<Item = (f64, u64)> + '_ {
        self.buckets()
            .map(|(bucket, weight)| (middle_of(bucket), weight))
    }

    pub(crate) fn encode(&self, out: &mut Vec<u8>) {
        put(out, self.buckets().count() as u64);
        let mut before = 0;
        for (bucket, weight) in self.buckets() {
            put_signed(out, i64::from(bucket) - before);
            put(out, weight);
            before = i64::from(bucket);
        }
    }

    pub(crate) fn decode(reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let mut histogram = Self::default();
        let mut bucket = 0_i64;
        for position in 0..reader.length("bucket count")? {
            let gap = reader.signed("bucket gap")?;
            if position > 0 && gap <= 0 {
                return Err(reader.damaged("buckets are not in rising order".to_owned()));
            }
            bucket = bucket.saturating_add(gap);
            let weight = reader.varint("bucket weight")?;
            let index = i32::try_from(bucket)
                .ok()
                .filter(|index| index.unsigned_abs() < (0x7ff << SUB_BITS))
                .ok_or_else(|| reader.damaged(format!("bucket {bucket} is beyond every number")))?;
            if weight == 0 {
                return Err(reader.damaged(format!("bucket {bucket} is empty")));
            }
            histogram.add_to(index, weight);
        }
        Ok(histogram)
    }
}

impl PartialEq for Histogram {
    fn eq(&self, other: &Self) -> bool {
        self.total == other.total && self.buckets().eq(other.buckets())
    }
}

impl Eq for Histogram {}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// What a histogram is: weights by bucket.
    #[derive(Default)]
    struct Plain(BTreeMap<i32, u64>);

    fn weights() -> impl Strategy<Value = u64> {
        prop_oneof![4 => 1_u64..4, 1 => any::<u64>(), 1 => Just(u64::from(u32::MAX))]
    }

    fn values() -> impl Strategy<Value = f64> {
        prop_oneof![
            3 => 0.0..1e4_f64,
            1 => Just(0.0),
            1 => -10.0..10.0_f64,
            1 => 0.0..1e12_f64,
            1 => prop::num::f64::NORMAL,
            1 => prop::num::f64::SUBNORMAL,
        ]
    }

    proptest! {
        #[test]
        fn window_and_spill_together_are_weights_by_bucket(
            samples in prop::collection::vec((values(), weights()), 0..80),
            again in any::<bool>(),
        ) {
            let mut histogram = Histogram::default();
            if again {
                for (value, weight) in samples.iter().rev() { histogram.add(*value * 1e-3, *weight); }
                histogram.clear();
                prop_assert_eq!(&histogram, &Histogram::default());
            }
            let mut fresh = Histogram::default();
            let mut plain = Plain::default();
            let mut total = 0_u64;
            for (value, weight) in &samples {
                let before = histogram.spill.len() * SPILLED;
                let growth = histogram.growth(*value, *weight);
                prop_assert_eq!(growth, fresh.growth(*value, *weight), "what was there before matters");
                fresh.add(*value, *weight);
                if *weight > 1 || !histogram.add_in_place(*value) {
                    histogram.add(*value, *weight);
                    let after = histogram.spill.len() * SPILLED;
                    prop_assert_eq!(after - before, growth);
                    prop_assert!(histogram.window.len() <= 512);
                } else {
                    prop_assert_eq!(growth, 0);
                }
                let bucket = plain.0.entry(bucket_of(*value)).or_default();
                *bucket = bucket.saturating_add(*weight);
                total = total.saturating_add(*weight);
            }
            prop_assert_eq!(histogram.buckets().collect::<Vec<_>>(), plain.0.into_iter().collect::<Vec<_>>());
            prop_assert_eq!(histogram.total(), total);
            let mut bytes = Vec::new();
            histogram.encode(&mut bytes);
            prop_assert_eq!(Histogram::decode(&mut Reader::new("histogram", &bytes)).unwrap(), histogram);
        }

        #[test]
        fn a_lone_value_is_found_within_one_sixty_fourth(value in prop::num::f64::NORMAL) {
            let mut histogram = Histogram::default();
            histogram.add(value, 1);
            let found = histogram.quantile(0.5).unwrap();
            prop_assert!((found - value).abs() <= value.abs() / 64.0, "{value} came back as {found}");
        }

        #[test]
        fn any_split_in_any_order_merges_to_the_same_bytes(
            values in prop::collection::vec((-1e9..1e9_f64, 1_u64..5), 1..60),
            cut in 0_usize..60,
        ) {
            let mut whole = Histogram::default();
            for (value, weight) in &values { whole.add(*value, *weight); }
            let (left, right) = values.split_at(cut.min(values.len()));
            let (mut a, mut b) = (Histogram::default(), Histogram::default());
            for (value, weight) in left.iter().rev() { a.add(*value, *weight); }
            for (value, weight) in right { b.add(*value, *weight); }
            b.merge(&a);
            prop_assert_eq!(&whole, &b);
        }
    }

    #[test]
    fn quantiles_follow_the_nearest_rank() {
        let mut histogram = Histogram::default();
        for value in 1..=100 {
            histogram.add(f64::from(value), 1);
        }
        for (q, expected) in [
            (0.0, 1.0),
            (0.5, 50.0),
            (0.9, 90.0),
            (0.99, 99.0),
            (1.0, 100.0),
        ] {
            let found = histogram.quantile(q).unwrap();
            assert!(
                (found - expected).abs() <= expected / 64.0,
                "p{q}: {found} instead of {expected}"
            );
        }
        assert_eq!(Histogram::default().quantile(0.5), None);
    }

    #[test]
    fn zero_and_negative_values_have_their_place() {
        let mut histogram = Histogram::default();
        for value in [-8.0, -1.0, 0.0, -0.0, 1.0] {
            histogram.add(value, 1);
        }
        let order: Vec<i64> = histogram
            .iter()
            .map(|(value, _)| value.round() as i64)
            .collect();
        assert_eq!(order, [-8, -1, 0, 1]);
        assert_eq!(histogram.quantile(0.6), Some(0.0));
    }
}
