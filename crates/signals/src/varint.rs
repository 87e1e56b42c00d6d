//! LEB128 integers: small numbers take one byte, which is what bucket gaps and counts mostly are.

use crate::DecodeError;

pub(crate) fn put(out: &mut Vec<u8>, mut value: u64) {
    loop {
        // Masked to seven bits, so nothing is cut.
        let low = (value & 0x7f) as u8;
        value >>= 7;
        if value == 0 {
            out.push(low);
            return;
        }
        out.push(low | 0x80);
    }
}

/// Folds the sign into the lowest bit, so that small negative numbers stay small.
pub(crate) fn put_signed(out: &mut Vec<u8>, value: i64) {
    put(out, ((value << 1) ^ (value >> 63)).cast_unsigned());
}

/// Reads fields off the front of a byte slice and says which one was missing.
pub(crate) struct Reader<'a> {
    what: &'static str,
    rest: &'a [u8],
    len: usize,
}

impl<'a> Reader<'a> {
    pub(crate) fn new(what: &'static str, bytes: &'a [u8]) -> Self {
        Self {
            what,
            rest: bytes,
            len: bytes.len(),
        }
    }

    pub(crate) fn bytes(
        &mut self,
        field: &'static str,
        count: usize,
    ) -> Result<&'a [u8], DecodeError> {
        if count > self.rest.len() {
            return Err(DecodeError::Truncated {
                what: self.what,
                field,
                len: self.len,
            });
        }
        let (head, tail) = self.rest.split_at(count);
        self.rest = tail;
        Ok(head)
    }

    pub(crate) fn byte(&mut self, field: &'static str) -> Result<u8, DecodeError> {
        self.bytes(field, 1).map(|b| b[0])
    }

    pub(crate) fn f64(&mut self, field: &'static str) -> Result<f64, DecodeError> {
        let mut raw = [0; 8];
        raw.copy_from_slice(self.bytes(field, 8)?);
        Ok(f64::from_le_bytes(raw))
    }

    pub(crate) fn varint(&mut self, field: &'static str) -> Result<u64, DecodeError> {
        let mut value = 0_u64;
        for shift in (0..64).step_by(7) {
            let byte = self.byte(field)?;
            let bits = u64::from(byte & 0x7f);
            if shift == 63 && bits > 1 {
                break;
            }
            value |= bits << shift;
            if byte & 0x80 == 0 {
                return Ok(value);
            }
        }
        Err(self.damaged(format!("{field} is not a 64-bit integer")))
    }

    pub(crate) fn signed(&mut self, field: &'static str) -> Result<i64, DecodeError> {
        let raw = self.varint(field)?;
        Ok((raw >> 1).cast_signed() ^ -((raw & 1).cast_signed()))
    }

    /// A length that cannot promise more than the bytes that are left.
    pub(crate) fn length(&mut self, field: &'static str) -> Result<usize, DecodeError> {
        let value = self.varint(field)?;
        match usize::try_from(value) {
            Ok(len) if len <= self.rest.len() => Ok(len),
            _ => Err(self.damaged(format!(
                "{field} says {value}, {} bytes are left",
                self.rest.len()
            ))),
        }
    }

    pub(crate) fn version(&mut self, expected: u8) -> Result<(), DecodeError> {
        let found = self.byte("version")?;
        if found == expected {
            Ok(())
        } else {
            Err(DecodeError::Version {
                what: self.what,
                found,
                expected,
            })
        }
    }

    pub(crate) fn end(&self) -> Result<(), DecodeError> {
        if self.rest.is_empty() {
            Ok(())
        } else {
            Err(self.damaged(format!("{} bytes are left over", self.rest.len())))
        }
    }

    pub(crate) fn damaged(&self, reason: String) -> DecodeError {
        DecodeError::Damaged {
            what: self.what,
            reason,
        }
    }
}
