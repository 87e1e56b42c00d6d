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

/// Counts of samples by size. Weights saturate instead of overflowing.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Histogram {
    /// Signed bucket → weight: 0 holds zero and subnormals, negative numbers mirror positive ones.
    buckets: BTreeMap<i32, u64>,
    total: u64,
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
        if weight == 0 {
            return;
        }
        let bucket = self.buckets.entry(bucket_of(value)).or_default();
        *bucket = bucket.saturating_add(weight);
        self.total = self.total.saturating_add(weight);
    }

    /// Adds every sample of another histogram. Exact, associative and commutative.
    pub fn merge(&mut self, other: &Self) {
        for (bucket, weight) in &other.buckets {
            let mine = self.buckets.entry(*bucket).or_default();
            *mine = mine.saturating_add(*weight);
        }
        self.total = self.total.saturating_add(other.total);
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
        for (bucket, weight) in &self.buckets {
            seen = seen.saturating_add(*weight);
            last = *bucket;
            #[expect(clippy::cast_precision_loss, reason = "as above")]
            if seen as f64 >= wanted {
                break;
            }
        }
        Some(middle_of(last))
    }

    /// Buckets in rising order as (representative value, weight).
    pub fn iter(&self) -> impl Iterator<Item = (f64, u64)> + '_ {
        self.buckets
            .iter()
            .map(|(bucket, weight)| (middle_of(*bucket), *weight))
    }

    pub(crate) fn encode(&self, out: &mut Vec<u8>) {
        put(out, self.buckets.len() as u64);
        let mut before = 0;
        for (bucket, weight) in &self.buckets {
            put_signed(out, i64::from(*bucket) - before);
            put(out, *weight);
            before = i64::from(*bucket);
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
            histogram.buckets.insert(index, weight);
            histogram.total = histogram.total.saturating_add(weight);
        }
        Ok(histogram)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
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
