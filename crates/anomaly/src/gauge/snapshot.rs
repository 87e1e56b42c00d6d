//! One walk over the fields of a state, for both directions: what is written cannot differ from what is read.
//!
//! A field says its name and the range in which it means something. Reading refuses anything else, so that no
//! damaged byte can lead to a state that divides by zero or runs out of a table.

use super::LARGEST;
use super::numbers::Narrow;
use crate::SnapshotError;
use crate::snapshot::Reader;

/// Either end of a snapshot.
pub(crate) enum Walk<'a, 'b> {
    /// Fields are appended.
    Write(&'a mut Vec<u8>),
    /// Fields are replaced by what the bytes say.
    Read(&'a mut Reader<'b>),
}

/// Something that can be walked.
pub(crate) trait Fields {
    /// Visits every field, always in the same order.
    fn walk(&mut self, walk: &mut Walk<'_, '_>) -> Result<(), SnapshotError>;
}

impl Walk<'_, '_> {
    /// A value of the series, or a difference or a mean of values.
    pub(crate) fn value(
        &mut self,
        name: &'static str,
        field: &mut f64,
    ) -> Result<(), SnapshotError> {
        self.f64(name, field, -LARGEST..=LARGEST)
    }

    /// A value of the series in 32 bits.
    pub(crate) fn narrow(
        &mut self,
        name: &'static str,
        field: &mut Narrow,
    ) -> Result<(), SnapshotError> {
        self.u32(name, &mut field.0, u32::MAX)?;
        let value = field.get();
        if value.abs() <= LARGEST {
            return Ok(());
        }
        match self {
            Self::Write(_) => Ok(()),
            Self::Read(reader) => Err(reader.damaged(format!("{name} is {value}"))),
        }
    }

    pub(crate) fn f64(
        &mut self,
        name: &'static str,
        field: &mut f64,
        range: std::ops::RangeInclusive<f64>,
    ) -> Result<(), SnapshotError> {
        match self {
            Self::Write(out) => out.extend_from_slice(&field.to_le_bytes()),
            Self::Read(reader) => *field = reader.f64_in(name, *range.start(), *range.end())?,
        }
        Ok(())
    }

    pub(crate) fn f32(
        &mut self,
        name: &'static str,
        field: &mut f32,
        range: std::ops::RangeInclusive<f32>,
    ) -> Result<(), SnapshotError> {
        match self {
            Self::Write(out) => out.extend_from_slice(&field.to_le_bytes()),
            Self::Read(reader) => {
                let value = reader.f32(name)?;
                if !range.contains(&value) {
                    return Err(reader.damaged(format!("{name} is {value}")));
                }
                *field = value;
            }
        }
        Ok(())
    }

    pub(crate) fn u32(
        &mut self,
        name: &'static str,
        field: &mut u32,
        most: u32,
    ) -> Result<(), SnapshotError> {
        match self {
            Self::Write(out) => out.extend_from_slice(&field.to_le_bytes()),
            Self::Read(reader) => {
                let value = reader.u32(name)?;
                if value > most {
                    return Err(reader.damaged(format!("{name} is {value}")));
                }
                *field = value;
            }
        }
        Ok(())
    }

    pub(crate) fn u8(
        &mut self,
        name: &'static str,
        field: &mut u8,
        most: u8,
    ) -> Result<(), SnapshotError> {
        match self {
            Self::Write(out) => out.push(*field),
            Self::Read(reader) => {
                let value = reader.byte(name)?;
                if value > most {
                    return Err(reader.damaged(format!("{name} is {value}")));
                }
                *field = value;
            }
        }
        Ok(())
    }

    pub(crate) fn i64(
        &mut self,
        name: &'static str,
        field: &mut i64,
        range: std::ops::RangeInclusive<i64>,
    ) -> Result<(), SnapshotError> {
        match self {
            Self::Write(out) => out.extend_from_slice(&field.to_le_bytes()),
            Self::Read(reader) => {
                let value = reader.i64(name)?;
                if !range.contains(&value) {
                    return Err(reader.damaged(format!("{name} is {value}")));
                }
                *field = value;
            }
        }
        Ok(())
    }
}
