//! A reader that keeps its buffers, and what it has learned, from payload to payload.
//!
//! Whatever it says of a payload is what [`read_payload`](crate::read_payload) says of it, to the bit: each tier either
//! proves that a log event is of a form it knows, or leaves it, untouched, to the next; the last one is the reference.

use std::collections::HashSet;

use signals::{Minute, Rollup, SeriesKey, StreamId};

use crate::batch::{Batch, Rules, Skip, read_text};
use crate::counts::Counts;
use crate::payload::{Inflater, PayloadError};
use crate::rollup::{Rollups, Room};
use crate::stream;

mod apply;
mod blocks;
mod document;
mod head;
mod learn;
mod lines;
mod names;
mod number;
mod plan;
mod quick;
mod record;
mod scan;
mod series;
mod shape;
mod string;
mod template;
#[cfg(test)]
mod tests;
mod walk;

use document::Finished;
use quick::Quick;
pub use quick::Tiers;

/// Reads payloads one after the other. What it says of a payload depends on that payload alone.
#[derive(Debug, Default)]
pub struct Reader {
    inflater: Inflater,
    quick: Quick,
}

/// What a payload says, in the reader's own memory until the next one is read.
#[derive(Debug)]
pub struct Reading<'r> {
    said: Said,
    counts: Counts,
    quick: &'r Quick,
}

#[derive(Debug)]
enum Said {
    /// By the reader: rollups are in its pool.
    Quickly(Vec<Finished>),
    /// By the reference.
    Plainly(Vec<Batch>),
}

impl Reading<'_> {
    /// What was read, what was rejected, and why.
    #[must_use]
    pub fn counts(&self) -> &Counts {
        &self.counts
    }

    /// Every rollup with its minute and series, batch by batch, in no order within one.
    pub fn rollups(&self) -> impl Iterator<Item = (Minute, &SeriesKey, &Rollup)> {
        let (quickly, plainly) = match &self.said {
            Said::Quickly(batches) => (batches.as_slice(), &[][..]),
            Said::Plainly(batches) => (&[][..], batches.as_slice()),
        };
        let plainly = plainly
            .iter()
            .flat_map(|batch| &batch.rollups)
            .flat_map(|(minute, series)| series.iter().map(|(key, rollup)| (*minute, key, rollup)));
        quickly
            .iter()
            .flat_map(|batch| self.quick.sums.store.rollups(batch.span))
            .chain(plainly)
    }

    /// The batches that say something, in the payload's order.
    #[must_use]
    pub fn into_batches(self) -> Vec<Batch> {
        match self.said {
            Said::Plainly(batches) => batches,
            Said::Quickly(batches) => batches
                .into_iter()
                .map(|batch| batch_of(batch, self.quick))
                .collect(),
        }
    }
}

fn batch_of(batch: Finished, quick: &Quick) -> Batch {
    let mut rollups = Rollups::new();
    for (minute, key, rollup) in quick.sums.store.rollups(batch.span) {
        rollups
            .entry(minute)
            .or_default()
            .insert(key.clone(), rollup.clone());
    }
    Batch {
        id: batch.id,
        version: stream::version(&batch.log_group, &batch.log_stream),
        stream: StreamId::of(&batch.owner, &batch.log_group, &batch.log_stream),
        document: batch.document,
        run: batch.run,
        rollups,
        errors: batch.errors,
        log_group: batch.log_group,
    }
}

impl Reader {
    /// Reads a payload as [`read_payload`](crate::read_payload) does, and says the same to the bit.
    ///
    /// # Errors
    /// A payload that cannot be decoded.
    pub fn extract(
        &mut self,
        event: &[u8],
        rules: &Rules,
        skip: &Skip,
    ) -> Result<Reading<'_>, PayloadError> {
        self.inflater.trim();
        let len = self.inflater.fill(event, rules.inflate_cap)?;
        let text = match simdutf8::basic::from_utf8(self.inflater.bytes(len)) {
            Ok(text) => text,
            Err(_) => {
                self.inflater.mend(len);
                // Nothing is left that is not UTF-8.
                simdutf8::basic::from_utf8(self.inflater.bytes(len)).unwrap_or_default()
            }
        };
        self.quick.begin(Room::new(&rules.limits));
        let (said, counts) = match quickly(&mut self.quick, text, len, rules, skip) {
            Some((batches, counts)) => (Said::Quickly(batches), counts),
            None => {
                self.quick.tiers.payloads += 1;
                let (batches, counts) =
                    read_text(text.get(..len).unwrap_or_default(), rules, skip)?;
                (Said::Plainly(batches), counts)
            }
        };
        Ok(Reading {
            said,
            counts,
            quick: &self.quick,
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

    /// How often each tier had the word so far.
    #[must_use]
    pub fn tiers(&self) -> Tiers {
        self.quick.tiers
    }
}

/// Every batch that says something, and the counts. `None` when only the reference can tell.
fn quickly(
    quick: &mut Quick,
    text: &str,
    len: usize,
    rules: &Rules,
    skip: &Skip,
) -> Option<(Vec<Finished>, Counts)> {
    let mut counts = Counts {
        bytes: len as u64,
        ..Counts::default()
    };
    let mut batches: Vec<Finished> = Vec::new();
    let mut seen = HashSet::new();
    let mut place = 0;
    for document in 0.. {
        // JSON's white space: ASCII has more.
        let rest = text.get(place..len)?;
        place += rest.len() - rest.trim_start_matches([' ', '\n', '\r', '\t']).len();
        if place == len {
            if document == 0 {
                return None;
            }
            break;
        }
        let mut reading = document::Reading {
            quick,
            rules,
            counts: &mut counts,
        };
        let skip = skip.get(&document).map_or(&[][..], Vec::as_slice);
        let (end, finished) = reading.document(text, len, place, document, skip).ok()?;
        place = end;
        let Some(batch) = finished else { continue };
        let says_something = !batch.span.is_empty() || !batch.errors.is_empty();
        if says_something && (batches.is_empty() || seen.insert(batch.id.clone())) {
            if batches.is_empty() {
                seen.insert(batch.id.clone());
            }
            batches.push(batch);
        }
    }
    let store = &quick.sums.store;
    let rollups = batches.iter().flat_map(|batch| store.rollups(batch.span));
    counts.samples = rollups.fold(0, |samples: u64, (.., rollup)| {
        samples.saturating_add(rollup.count())
    });
    Some((batches, counts))
}
