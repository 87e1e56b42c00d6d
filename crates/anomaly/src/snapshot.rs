//! The bytes of a model at rest: little-endian numbers in a fixed order behind a version byte.

/// The bytes are not a model.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SnapshotError {
    /// The bytes end before the model does.
    #[error("stored model ends after {len} bytes, before its {field}")]
    Truncated {
        /// The field that is missing.
        field: &'static str,
        /// How many bytes there were.
        len: usize,
    },
    /// A version this build does not know.
    #[error(
        "stored model has version {found}, this build reads version {expected}: an older one is learned anew from the history, for a newer one deploy the newer build here too"
    )]
    Version {
        /// The version found.
        found: u8,
        /// The version this build writes.
        expected: u8,
    },
    /// The bytes are there but mean nothing.
    #[error("stored model is damaged: {reason}")]
    Damaged {
        /// What is wrong with it.
        reason: String,
    },
}

pub(crate) fn put_f64(out: &mut Vec<u8>, value: f64) {
    out.extend_from_slice(&value.to_le_bytes());
}

pub(crate) fn put_f32(out: &mut Vec<u8>, value: f32) {
    out.extend_from_slice(&value.to_le_bytes());
}

/// Sums of minutes stay far below this; a stored one above it is damage, and squares of it are still finite.
pub(crate) const MOST: f64 = 1e20;

/// Reads fields off the front and says which one was missing or senseless.
pub(crate) struct Reader<'a> {
    rest: &'a [u8],
    len: usize,
}

impl<'a> Reader<'a> {
    pub(crate) fn new(bytes: &'a [u8]) -> Self {
        Self {
            rest: bytes,
            len: bytes.len(),
        }
    }

    fn array<const N: usize>(&mut self, field: &'static str) -> Result<[u8; N], SnapshotError> {
        let (head, tail) = self
            .rest
            .split_first_chunk()
            .ok_or(SnapshotError::Truncated {
                field,
                len: self.len,
            })?;
        self.rest = tail;
        Ok(*head)
    }

    pub(crate) fn byte(&mut self, field: &'static str) -> Result<u8, SnapshotError> {
        self.array::<1>(field).map(|[byte]| byte)
    }

    pub(crate) fn u16(&mut self, field: &'static str) -> Result<u16, SnapshotError> {
        self.array(field).map(u16::from_le_bytes)
    }

    pub(crate) fn u32(&mut self, field: &'static str) -> Result<u32, SnapshotError> {
        self.array(field).map(u32::from_le_bytes)
    }

    pub(crate) fn i64(&mut self, field: &'static str) -> Result<i64, SnapshotError> {
        self.array(field).map(i64::from_le_bytes)
    }

    /// A finite number.
    pub(crate) fn f64(&mut self, field: &'static str) -> Result<f64, SnapshotError> {
        let value = self.array(field).map(f64::from_le_bytes)?;
        if value.is_finite() {
            Ok(value)
        } else {
            Err(self.damaged(format!("{field} is {value}")))
        }
    }

    /// A finite number within `least..=most`.
    pub(crate) fn f64_in(
        &mut self,
        field: &'static str,
        least: f64,
        most: f64,
    ) -> Result<f64, SnapshotError> {
        let value = self.f64(field)?;
        if (least..=most).contains(&value) {
            Ok(value)
        } else {
            Err(self.damaged(format!("{field} is {value}")))
        }
    }

    /// A finite number.
    pub(crate) fn f32(&mut self, field: &'static str) -> Result<f32, SnapshotError> {
        let value = self.array(field).map(f32::from_le_bytes)?;
        if value.is_finite() {
            Ok(value)
        } else {
            Err(self.damaged(format!("{field} is {value}")))
        }
    }

    /// A finite number within `least..=most`.
    pub(crate) fn f32_in(
        &mut self,
        field: &'static str,
        least: f32,
        most: f32,
    ) -> Result<f32, SnapshotError> {
        let value = self.f32(field)?;
        if (least..=most).contains(&value) {
            Ok(value)
        } else {
            Err(self.damaged(format!("{field} is {value}")))
        }
    }

    /// Yes or no.
    pub(crate) fn flag(&mut self, field: &'static str) -> Result<bool, SnapshotError> {
        match self.byte(field)? {
            0 => Ok(false),
            1 => Ok(true),
            other => Err(self.damaged(format!("{field} is {other}, neither yes nor no"))),
        }
    }

    /// All that is left, which is then read.
    pub(crate) fn rest(&mut self) -> &'a [u8] {
        std::mem::take(&mut self.rest)
    }

    pub(crate) fn end(&self) -> Result<(), SnapshotError> {
        if self.rest.is_empty() {
            Ok(())
        } else {
            Err(self.damaged(format!("{} bytes are left over", self.rest.len())))
        }
    }

    pub(crate) fn damaged(&self, reason: String) -> SnapshotError {
        SnapshotError::Damaged { reason }
    }
}
