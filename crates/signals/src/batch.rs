//! The name of what a writer read at once.

use std::fmt;

use twox_hash::XxHash3_128;

/// The identity of what a writer read: 32 lower-case hexadecimal digits.
///
/// Not cryptographic: parts are ids that CloudWatch Logs gave, and whoever may write both to a log stream and to the
/// subscription's function has simpler ways to lose his own samples.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct BatchId(String);

impl BatchId {
    /// The batch that is identified by these parts in this order: equal parts give the same batch, and no
    /// other cut of the same bytes does.
    pub fn of<'a>(parts: impl IntoIterator<Item = &'a [u8]>) -> Self {
        let mut identity = BatchIdentity::default();
        parts.into_iter().for_each(|part| identity.add(part));
        identity.finish()
    }

    /// Reads an identity back; `None` for anything but 32 lower-case hexadecimal digits.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let digits = text.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'));
        (text.len() == 32 && digits).then(|| Self(text.to_owned()))
    }

    /// The digits.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Bytes that are hashed together: the hash is quicker with many at once.
const PIECE: usize = 1024;

/// A [`BatchId`] in the making, for parts that are seen one by one.
#[derive(Clone)]
pub struct BatchIdentity {
    hash: XxHash3_128,
    piece: [u8; PIECE],
    len: usize,
}

impl Default for BatchIdentity {
    fn default() -> Self {
        Self {
            hash: XxHash3_128::new(),
            piece: [0; PIECE],
            len: 0,
        }
    }
}

impl BatchIdentity {
    /// Adds the next part. It is hashed with its length, so that it matters where parts end.
    #[inline]
    pub fn add(&mut self, part: &[u8]) {
        let length = (part.len() as u64).to_le_bytes();
        let end = self.len + length.len() + part.len();
        if let Some(room) = self.piece.get_mut(self.len..end) {
            let (first, rest) = room.split_at_mut(length.len());
            first.copy_from_slice(&length);
            rest.copy_from_slice(part);
            self.len = end;
        } else {
            self.flush();
            self.hash.write(&length);
            self.hash.write(part);
        }
    }

    fn flush(&mut self) {
        self.hash.write(&self.piece[..self.len]);
        self.len = 0;
    }

    /// XXH3 with 128 bits: 10¹² batches hold two of the same name with a probability of 10⁻¹⁵.
    #[must_use]
    pub fn finish(mut self) -> BatchId {
        self.flush();
        BatchId(hexadecimal(self.hash.finish_128()))
    }
}

impl fmt::Debug for BatchIdentity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("BatchIdentity").finish_non_exhaustive()
    }
}

/// The identity of a log stream: 32 lower-case hexadecimal digits.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct StreamId(String);

impl StreamId {
    /// The stream of this name in this log group of this account.
    #[must_use]
    pub fn of(owner: &str, log_group: &str, log_stream: &str) -> Self {
        Self(BatchId::of([owner, log_group, log_stream].map(str::as_bytes)).0)
    }

    /// The digits.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

fn hexadecimal(hash: u128) -> String {
    format!("{hash:032x}")
}

#[cfg(test)]
mod tests;
