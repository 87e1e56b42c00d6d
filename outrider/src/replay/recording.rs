//! What the files hold, in the order of its minutes.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use anyhow::Context;
use platform::series_store::{BatchId, SeriesRollups, Version};
use signals::{Minute, SeriesKey};

use super::line::{Held, Line, Numbers};
use crate::ingest::input::Input;
use crate::ingest::once::Once;

/// What a batch says of one minute.
#[derive(Debug, Clone)]
pub(super) struct BatchMinute {
    pub(super) log_group: String,
    pub(super) batch: BatchId,
    pub(super) version: Option<Version>,
    pub(super) series: SeriesRollups,
}

/// Everything that was recorded.
#[derive(Debug, Default)]
pub(super) struct Recording {
    /// From payloads, which know their log groups.
    batches: BTreeMap<Minute, Vec<BatchMinute>>,
    /// From lines. A key is shared by all its minutes: there are many of them.
    lines: BTreeMap<Minute, Vec<(Arc<SeriesKey>, Numbers)>>,
    names: BTreeSet<Arc<SeriesKey>>,
    /// Where each series of a line is stored; see [`Recording::place`].
    places: BTreeMap<Arc<SeriesKey>, String>,
}

impl Recording {
    /// Reads every input.
    ///
    /// # Errors
    /// The first one that is neither a rollup nor a payload that can be read, by name.
    pub(super) fn read(inputs: &[Input]) -> anyhow::Result<Self> {
        let mut recording = Self::default();
        let mut once = Once::default();
        for input in inputs {
            let held = Line::read(input.bytes()).with_context(|| input.name())?;
            match held {
                Held::Payload => {
                    let fresh = once.read(input.bytes()).with_context(|| input.name())?;
                    for batch in fresh.batches {
                        for (minute, series) in batch.rollups {
                            let of = recording.batches.entry(minute).or_default();
                            of.push(BatchMinute {
                                log_group: batch.log_group.clone(),
                                batch: batch.id.clone(),
                                version: batch.version,
                                series: series.into_iter().collect(),
                            });
                        }
                    }
                }
                Held::Rollup(recorded) => {
                    let key = recording.named(recorded.series);
                    let of = recording.lines.entry(recorded.minute).or_default();
                    of.push((key, recorded.numbers));
                }
            }
        }
        for lines in recording.lines.values_mut() {
            // The same line in two files is one line; another one about the same series and minute is more samples.
            let mut distinct: Vec<(Arc<SeriesKey>, Numbers)> = Vec::with_capacity(lines.len());
            lines.sort_by(|(a, _), (b, _)| a.cmp(b));
            for line in lines.drain(..) {
                let same = distinct.iter().rev().take_while(|(key, _)| *key == line.0);
                if !same.into_iter().any(|(_, numbers)| *numbers == line.1) {
                    distinct.push(line);
                }
            }
            *lines = distinct;
        }
        Ok(recording)
    }

    fn named(&mut self, key: SeriesKey) -> Arc<SeriesKey> {
        if let Some(known) = self.names.get(&key) {
            return known.clone();
        }
        let key = Arc::new(key);
        self.names.insert(key.clone());
        key
    }

    /// The first and the last minute; `None` when there is none.
    pub(super) fn span(&self) -> Option<(Minute, Minute)> {
        let first = [self.batches.keys().next(), self.lines.keys().next()];
        let last = [
            self.batches.keys().next_back(),
            self.lines.keys().next_back(),
        ];
        Some((
            *first.into_iter().flatten().min()?,
            *last.into_iter().flatten().max()?,
        ))
    }

    /// The series of lines, which do not say which log group they are from.
    pub(super) fn without_log_group(&self) -> impl Iterator<Item = &SeriesKey> {
        self.names.iter().map(AsRef::as_ref)
    }

    /// The series of payloads, by log group.
    pub(super) fn by_log_group(&self) -> BTreeMap<&str, BTreeSet<&SeriesKey>> {
        let mut found: BTreeMap<&str, BTreeSet<&SeriesKey>> = BTreeMap::new();
        for batch in self.batches.values().flatten() {
            found
                .entry(&batch.log_group)
                .or_default()
                .extend(batch.series.keys());
        }
        found
    }

    /// How many series there are.
    pub(super) fn series(&self) -> usize {
        let mut all: BTreeSet<&SeriesKey> = self.without_log_group().collect();
        all.extend(self.by_log_group().into_values().flatten());
        all.len()
    }

    /// Says which log group each series of a line is stored under.
    pub(super) fn place(&mut self, log_group_of: impl Fn(&SeriesKey) -> String) {
        self.places = self
            .names
            .iter()
            .map(|key| (key.clone(), log_group_of(key)))
            .collect();
    }

    /// One minute after the other.
    pub(super) fn into_minutes(self) -> Minutes {
        Minutes(self)
    }
}

/// The minutes that were not taken yet.
#[derive(Debug)]
pub(super) struct Minutes(Recording);

impl Minutes {
    /// The next minute with what was recorded of it, unless it is after `last`.
    pub(super) fn next_until(&mut self, last: Minute) -> Option<(Minute, Vec<BatchMinute>)> {
        let Self(recording) = self;
        let (minute, _) = recording.span()?;
        if minute > last {
            return None;
        }
        let mut batches = recording.batches.remove(&minute).unwrap_or_default();
        let mut by_log_group: BTreeMap<&String, SeriesRollups> = BTreeMap::new();
        let lines = recording.lines.remove(&minute).unwrap_or_default();
        for (key, numbers) in &lines {
            let Some(log_group) = recording.places.get(key) else {
                continue; // every name has a place
            };
            by_log_group
                .entry(log_group)
                .or_default()
                .entry(key.as_ref().clone())
                .or_default()
                .merge(&numbers.rollup());
        }
        batches.extend(
            by_log_group
                .into_iter()
                .map(|(log_group, series)| BatchMinute {
                    log_group: log_group.clone(),
                    batch: BatchId::of([b"recorded".as_slice(), log_group.as_bytes()]),
                    version: None,
                    series,
                }),
        );
        Some((minute, batches))
    }
}
