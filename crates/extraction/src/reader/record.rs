//! What stands around a message: `{"id":"…56 digits…","timestamp":…13 digits…,"message":"`, as CloudWatch Logs writes it.

use super::number::millis;
use super::scan::{Chunk, digits};

const BEFORE: &[u8; 7] = br#"{"id":""#;
const BETWEEN: &[u8; 14] = br#"","timestamp":"#;
const BEHIND: &[u8; 12] = br#","message":""#;
/// Digits of an id, and of a timestamp from 2001 to 2286.
const ID: usize = 56;
const MILLIS: usize = 13;
const LEN: usize = BEFORE.len() + ID + BETWEEN.len() + MILLIS + BEHIND.len();

/// The start of a log event.
#[derive(Debug, Clone, Copy)]
pub(super) struct Record<'t> {
    pub(super) id: &'t [u8; ID],
    /// Milliseconds since 1970.
    pub(super) millis: i64,
    /// Where the message begins.
    pub(super) message: usize,
}

/// Reads the start of the log event at `place`; `None` when it has another form.
#[inline(always)]
pub(super) fn read(text: &[u8], place: usize) -> Option<Record<'_>> {
    let all: &[u8; LEN] = text.get(place..)?.first_chunk()?;
    let (before, rest) = all.split_first_chunk::<7>()?;
    let (id, rest) = rest.split_first_chunk::<ID>()?;
    let (between, rest) = rest.split_first_chunk::<14>()?;
    let (_, behind) = rest.split_first_chunk::<MILLIS>()?;
    if before != BEFORE || between != BETWEEN || behind != BEHIND {
        return None;
    }
    let part = |from: usize| -> Option<&Chunk> { id.get(from..)?.first_chunk() };
    // The last one overlaps the one before it.
    let all_digits = digits(part(0)?) & digits(part(16)?) & digits(part(32)?) & digits(part(40)?);
    if all_digits != 0xffff {
        return None;
    }
    Some(Record {
        id,
        millis: millis(text, place + BEFORE.len() + ID + BETWEEN.len())?,
        message: place + LEN,
    })
}
