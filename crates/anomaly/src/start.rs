//! The first minutes of a series: their median, so that a first value that is wild does no harm.

use crate::SnapshotError;
use crate::snapshot::{MOST, Reader, put_f64};

/// How many values make a beginning: a quarter of an hour, of which seven may be wild.
const ENOUGH: usize = 15;

/// Values waiting for their median. Once it was taken, the beginning is over.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Start {
    values: [f64; ENOUGH],
    len: u8,
}

impl Start {
    /// How many minutes the median stands for.
    pub(crate) const MINUTES: f64 = ENOUGH as f64;

    pub(crate) fn new() -> Self {
        Self {
            values: [0.0; ENOUGH],
            len: 0,
        }
    }

    /// Whether the median was taken.
    pub(crate) fn is_done(&self) -> bool {
        usize::from(self.len) >= ENOUGH
    }

    /// Adds a value; the median once there are enough.
    pub(crate) fn add(&mut self, value: f64) -> Option<f64> {
        if let Some(place) = self.values.get_mut(usize::from(self.len)) {
            *place = value;
            self.len += 1;
        }
        if usize::from(self.len) < ENOUGH {
            return None;
        }
        self.values.sort_unstable_by(f64::total_cmp);
        let median = self.values[ENOUGH / 2];
        self.values = [0.0; ENOUGH];
        Some(median)
    }

    pub(crate) fn encode(&self, out: &mut Vec<u8>) {
        out.push(self.len);
        for value in self.values {
            put_f64(out, value);
        }
    }

    pub(crate) fn decode(reader: &mut Reader<'_>) -> Result<Self, SnapshotError> {
        let len = reader.byte("first values")?;
        if usize::from(len) > ENOUGH {
            return Err(reader.damaged(format!("{len} first values")));
        }
        let mut start = Self { len, ..Self::new() };
        for value in &mut start.values {
            *value = reader.f64_in("first value", -MOST, MOST)?;
        }
        Ok(start)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn seven_wild_values_of_fifteen_do_no_harm() {
        let mut start = Start::new();
        let mut median = None;
        for value in [
            1e15, 1e15, 0.0, 1e15, 7.0, 7.0, 7.0, 1e15, 1e15, 7.0, 7.0, 7.0, 7.0, 8.0,
        ] {
            assert_eq!(median, None);
            median = start.add(value);
        }
        assert_eq!((median, start.add(7.0)), (None, Some(7.0)));
        assert!(start.is_done());
    }
}
