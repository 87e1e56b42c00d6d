//! Reads payloads one after the other, each log event once.

use std::collections::BTreeSet;

use extraction::{Batch, Counts, PayloadError, Reader, Rules, Skip};

use super::owned::Owned;

/// What was read so far, and how.
#[derive(Debug, Default)]
pub(crate) struct Once {
    rules: Rules,
    reader: Reader,
    owned: Owned,
}

/// What a payload says that no earlier one said.
#[derive(Debug)]
pub(crate) struct Fresh {
    /// Its batches without those that were there before.
    pub(crate) batches: Vec<Batch>,
    pub(crate) counts: Counts,
    /// Batches that were there before.
    pub(crate) batches_again: u64,
}

impl Once {
    /// # Errors
    /// A payload that cannot be decoded.
    pub(crate) fn read(&mut self, event: &[u8]) -> Result<Fresh, PayloadError> {
        let (mut batches, mut counts) = self.reader.read(event, &self.rules, &Skip::new())?;
        let skip = self.owned.claim(&batches);
        // All of them are known from now on, also those of which nothing is left.
        let known: BTreeSet<_> = batches
            .iter()
            .filter(|batch| self.owned.knows(&batch.log_group, &batch.id))
            .map(|batch| batch.document)
            .collect();
        if !skip.is_empty() {
            (batches, counts) = self.reader.read(event, &self.rules, &skip)?;
        }
        batches.retain(|batch| !known.contains(&batch.document));
        Ok(Fresh {
            batches,
            counts,
            batches_again: known.len() as u64,
        })
    }
}
