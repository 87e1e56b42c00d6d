//! What is kept of the samples of one series in one minute.

use crate::varint::{Reader, put};
use crate::{DecodeError, Histogram};

const VERSION: u8 = 1;
const WHAT: &str = "rollup";

/// Count, sum, minimum, maximum and histogram of the samples of one series in one minute.
///
/// Merging is associative and commutative: exact for everything but the sum, which is compensated (Neumaier's
/// variant of Kahan summation) and equal to 1e-12 relative in any order. Only finite numbers enter.
#[derive(Debug, Clone, PartialEq)]
pub struct Rollup {
    count: u64,
    sum: f64,
    compensation: f64,
    min: f64,
    max: f64,
    histogram: Histogram,
}

impl Default for Rollup {
    fn default() -> Self {
        Self {
            count: 0,
            sum: 0.0,
            compensation: 0.0,
            min: f64::INFINITY,
            max: f64::NEG_INFINITY,
            histogram: Histogram::default(),
        }
    }
}

impl Rollup {
    /// A rollup of one sample.
    #[must_use]
    pub fn of(value: f64) -> Self {
        let mut rollup = Self::default();
        rollup.add(value, 1);
        rollup
    }

    /// Adds `weight` samples of one value. A value that is not finite, or a weight of 0, is not a sample and
    /// changes nothing: whoever reads outside input rejects it there, with a reason.
    pub fn add(&mut self, value: f64, weight: u64) {
        if !value.is_finite() || weight == 0 {
            return;
        }
        #[expect(
            clippy::cast_precision_loss,
            reason = "weights above 2^53 are beyond what the sum can hold anyway"
        )]
        self.add_to_sum(value * weight as f64);
        self.count = self.count.saturating_add(weight);
        self.min = self.min.min(value);
        self.max = self.max.max(value);
        self.histogram.add(value, weight);
    }

    /// Adds one sample if that takes no memory. `false`, and nothing has changed, when it does or when the value is
    /// not finite: see [`Rollup::growth`] and [`Rollup::add`].
    #[inline]
    #[must_use]
    pub fn add_in_place(&mut self, value: f64) -> bool {
        if !value.is_finite() || !self.histogram.add_in_place(value) {
            return false;
        }
        self.add_to_sum(value);
        self.count = self.count.saturating_add(1);
        self.min = self.min.min(value);
        self.max = self.max.max(value);
        true
    }

    /// Bytes of memory that adding `weight` samples of one value takes.
    #[must_use]
    pub fn growth(&self, value: f64, weight: u64) -> usize {
        if value.is_finite() {
            self.histogram.growth(value, weight)
        } else {
            0
        }
    }

    /// Back to no samples; what memory there is stays for the next ones.
    pub fn clear(&mut self) {
        // In place: a rollup is two hundred bytes, and moving it costs more than clearing it.
        self.histogram.clear();
        (self.count, self.sum, self.compensation) = (0, 0.0, 0.0);
        (self.min, self.max) = (f64::INFINITY, f64::NEG_INFINITY);
    }

    /// Bytes of memory that are held besides the rollup itself, samples or not.
    #[must_use]
    pub fn held(&self) -> usize {
        self.histogram.held()
    }

    /// Adds a statistic set: it is known how many samples there were and how large, but not where each lay, so
    /// the percentiles never see it. A set without samples changes nothing.
    pub fn add_statistics(&mut self, count: u64, sum: f64, min: f64, max: f64) {
        if count == 0 || !(sum.is_finite() && min.is_finite() && max.is_finite()) {
            return;
        }
        self.add_to_sum(sum);
        self.count = self.count.saturating_add(count);
        self.min = self.min.min(min);
        self.max = self.max.max(max);
    }

    /// Adds everything another rollup holds.
    pub fn merge(&mut self, other: &Self) {
        if other.count == 0 {
            return;
        }
        self.add_to_sum(other.sum);
        self.compensation = (self.compensation + other.compensation).clamp(-f64::MAX, f64::MAX);
        self.count = self.count.saturating_add(other.count);
        self.min = self.min.min(other.min);
        self.max = self.max.max(other.max);
        self.histogram.merge(&other.histogram);
    }

    #[inline]
    fn add_to_sum(&mut self, value: f64) {
        let total = self.sum + value;
        if total.is_finite() {
            self.compensation += if self.sum.abs() >= value.abs() {
                (self.sum - total) + value
            } else {
                (value - total) + self.sum
            };
            self.sum = total;
        } else {
            // Beyond 1.8e308 there is nothing to compensate: stay at the edge rather than become infinite.
            self.sum = f64::MAX.copysign(total);
            self.compensation = 0.0;
        }
    }

    /// How many samples.
    #[must_use]
    pub fn count(&self) -> u64 {
        self.count
    }

    /// Their sum.
    #[must_use]
    pub fn sum(&self) -> f64 {
        (self.sum + self.compensation).clamp(-f64::MAX, f64::MAX)
    }

    /// The smallest sample; `None` without samples.
    #[must_use]
    pub fn min(&self) -> Option<f64> {
        (self.count > 0).then_some(self.min)
    }

    /// The largest sample; `None` without samples.
    #[must_use]
    pub fn max(&self) -> Option<f64> {
        (self.count > 0).then_some(self.max)
    }

    /// The samples whose values are known one by one.
    #[must_use]
    pub fn histogram(&self) -> &Histogram {
        &self.histogram
    }

    /// The value below which a share `q` (0 to 1) of the samples lie; `None` when no single value was seen.
    /// Never outside the exact minimum and maximum.
    #[must_use]
    pub fn quantile(&self, q: f64) -> Option<f64> {
        self.histogram
            .quantile(q)
            .map(|value| value.clamp(self.min, self.max))
    }

    /// Deterministic bytes: equal rollups have equal bytes.
    pub fn encode(&self, out: &mut Vec<u8>) {
        out.push(VERSION);
        put(out, self.count);
        for number in [self.sum, self.compensation, self.min, self.max] {
            out.extend_from_slice(&number.to_le_bytes());
        }
        self.histogram.encode(out);
    }

    /// Reads what [`Rollup::encode`] wrote.
    ///
    /// # Errors
    /// Bytes that are truncated, of another version, or damaged.
    pub fn decode(bytes: &[u8]) -> Result<Self, DecodeError> {
        let mut reader = Reader::new(WHAT, bytes);
        reader.version(VERSION)?;
        let count = reader.varint("count")?;
        let sum = reader.f64("sum")?;
        let compensation = reader.f64("compensation")?;
        let min = reader.f64("minimum")?;
        let max = reader.f64("maximum")?;
        if !sum.is_finite()
            || !compensation.is_finite()
            || min.is_nan()
            || max.is_nan()
            || (count > 0 && min > max)
        {
            return Err(reader.damaged(format!("sum {sum}, minimum {min}, maximum {max}")));
        }
        let histogram = Histogram::decode(&mut reader)?;
        // Both saturate at the same number.
        if histogram.total() > count {
            let total = histogram.total();
            return Err(
                reader.damaged(format!("{count} samples, {total} of them in the histogram"))
            );
        }
        reader.end()?;
        Ok(Self {
            count,
            sum,
            compensation,
            min,
            max,
            histogram,
        })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn samples() -> impl Strategy<Value = Vec<(f64, u64)>> {
        prop::collection::vec((-1e6..1e6_f64, 1_u64..4), 1..80)
    }

    fn rolled<'a>(samples: impl IntoIterator<Item = &'a (f64, u64)>) -> Rollup {
        let mut rollup = Rollup::default();
        for (value, weight) in samples {
            rollup.add(*value, *weight);
        }
        rollup
    }

    proptest! {
        #[test]
        fn order_and_splits_change_nothing_but_the_last_digits_of_the_sum(values in samples(), cut in 0_usize..80) {
            let whole = rolled(&values);
            let (left, right) = values.split_at(cut.min(values.len()));
            let mut parts = rolled(right.iter().rev());
            parts.merge(&rolled(left));
            prop_assert_eq!(whole.count(), parts.count());
            prop_assert_eq!(whole.min().map(f64::to_bits), parts.min().map(f64::to_bits));
            prop_assert_eq!(whole.max().map(f64::to_bits), parts.max().map(f64::to_bits));
            prop_assert_eq!(whole.histogram(), parts.histogram());
            let scale: f64 = values.iter().map(|(value, weight)| value.abs() * *weight as f64).sum();
            prop_assert!((whole.sum() - parts.sum()).abs() <= 1e-12 * scale);
        }

        #[test]
        fn bytes_read_back_to_the_same_rollup(values in samples()) {
            let rollup = rolled(&values);
            let mut bytes = Vec::new();
            rollup.encode(&mut bytes);
            prop_assert_eq!(Rollup::decode(&bytes).unwrap(), rollup);
        }

        #[test]
        fn damaged_bytes_are_an_error_and_never_a_panic(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            let mut versioned = vec![VERSION];
            versioned.extend(&bytes);
            let _ = Rollup::decode(&bytes);
            let _ = Rollup::decode(&versioned);
        }
    }

    #[test]
    fn a_statistic_set_counts_but_has_no_percentile() {
        let mut rollup = Rollup::default();
        rollup.add_statistics(10, 55.0, 1.0, 10.0);
        assert_eq!(
            (rollup.count(), rollup.sum(), rollup.min(), rollup.max()),
            (10, 55.0, Some(1.0), Some(10.0))
        );
        assert_eq!(rollup.quantile(0.5), None);
        rollup.add(4.0, 1);
        assert_eq!(rollup.quantile(0.5).map(f64::round), Some(4.0));
    }

    #[test]
    fn what_is_not_a_finite_number_is_not_a_sample() {
        let mut rollup = Rollup::of(3.0);
        for value in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
            rollup.add(value, 1);
        }
        rollup.add(5.0, 0);
        assert_eq!((rollup.count(), rollup.max()), (1, Some(3.0)));
    }

    #[test]
    fn a_sum_beyond_every_number_stays_at_the_edge() {
        let mut rollup = Rollup::of(f64::MAX);
        rollup.add(f64::MAX, u64::MAX);
        assert_eq!(rollup.sum().to_bits(), f64::MAX.to_bits());
        assert_eq!(rollup.count(), u64::MAX);
        let mut almost = Rollup::of(f64::MAX);
        almost.add(9e291, 50);
        assert!(almost.sum().is_finite(), "{}", almost.sum());
    }

    #[test]
    fn an_empty_rollup_says_unknown_and_not_zero() {
        let rollup = Rollup::default();
        assert_eq!(
            (rollup.min(), rollup.max(), rollup.quantile(0.5)),
            (None, None, None)
        );
    }
}
