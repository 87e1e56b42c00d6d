//! A reader that keeps its buffers from payload to payload.

use std::marker::PhantomData;

use crate::batch::{Batch, Rules, Skip, read_payload};
use crate::counts::Counts;
use crate::payload::PayloadError;

/// Reads payloads one after the other. What it says of a payload depends on that payload alone.
#[derive(Debug, Default)]
pub struct Reader {}

/// What a payload says, in the reader's own memory until the next one is read.
#[derive(Debug)]
pub struct Reading<'r> {
    batches: Vec<Batch>,
    counts: Counts,
    reader: PhantomData<&'r mut Reader>,
}

impl Reading<'_> {
    /// What was read, what was rejected, and why.
    #[must_use]
    pub fn counts(&self) -> &Counts {
        &self.counts
    }

    /// The batches that have samples, in the payload's order.
    #[must_use]
    pub fn into_batches(self) -> Vec<Batch> {
        self.batches
    }
}

impl Reader {
    /// Reads a payload as [`read_payload`] does, and says the same to the bit.
    ///
    /// # Errors
    /// A payload that cannot be decoded.
    pub fn extract(
        &mut self,
        event: &[u8],
        rules: &Rules,
        skip: &Skip,
    ) -> Result<Reading<'_>, PayloadError> {
        let (batches, counts) = read_payload(event, rules, skip)?;
        Ok(Reading {
            batches,
            counts,
            reader: PhantomData,
        })
    }

    /// The same, as values of their own.
    ///
    /// # Errors
    /// A payload that cannot be decoded.
    pub fn read(
        &mut self,
        event: &[u8],
        rules: &Rules,
        skip: &Skip,
    ) -> Result<(Vec<Batch>, Counts), PayloadError> {
        let reading = self.extract(event, rules, skip)?;
        let counts = reading.counts().clone();
        Ok((reading.into_batches(), counts))
    }
}
