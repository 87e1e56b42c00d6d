//! The name of what a writer read at once.

use std::fmt::Write as _;

use sha2::{Digest, Sha256};

/// The identity of what a writer read: 32 lower-case hexadecimal digits.
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

    /// The digits.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// A [`BatchId`] in the making, for parts that are seen one by one.
#[derive(Debug, Clone, Default)]
pub struct BatchIdentity(Sha256);

impl BatchIdentity {
    /// Adds the next part. It is hashed with its length, so that it matters where parts end.
    pub fn add(&mut self, part: &[u8]) {
        self.0.update((part.len() as u64).to_le_bytes());
        self.0.update(part);
    }

    /// The first half of the SHA-256: with 128 bits, 10¹² batches hold two of the same name with a probability
    /// of 10⁻¹⁵.
    #[must_use]
    pub fn finish(self) -> BatchId {
        BatchId(hexadecimal(&self.0.finalize()[..16]))
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

fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        // Writing to a String cannot fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}
