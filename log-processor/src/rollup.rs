//! Samples → rollups by minute and series. Pure.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

use signals::emf::{Document, Observation};
use signals::{Minute, Rollup, SeriesKey, SeriesName};

use crate::platform_records::Report;

/// Rollups by minute and by series: what the series store takes.
pub type Rollups = BTreeMap<Minute, BTreeMap<SeriesKey, Rollup>>;

/// What the rollups of one payload may cost. A request id as a dimension makes a series of every request; such a
/// payload loses what exceeds the limit, counted, and nothing else.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Rollups, counted by (series, minute).
    pub rollups: usize,
    /// Bytes of the names and values that make their keys.
    pub key_bytes: usize,
}

impl Default for Limits {
    /// A hundred thousand rollups: ten for each of the 10,000 events of a batch that the largest PutLogEvents
    /// makes; 16 MiB of keys: 160 bytes for each.
    fn default() -> Self {
        Self {
            rollups: 100_000,
            key_bytes: 16 * 1024 * 1024,
        }
    }
}

/// What is left of the limits after some batches of a payload.
#[derive(Debug)]
pub(crate) struct Room {
    rollups: usize,
    key_bytes: usize,
}

impl Room {
    pub(crate) fn new(limits: &Limits) -> Self {
        Self {
            rollups: limits.rollups,
            key_bytes: limits.key_bytes,
        }
    }

    /// Takes the room for one more rollup; `false` when there is none left.
    fn take(&mut self, key: &SeriesKey) -> bool {
        let name = match &key.name {
            SeriesName::Emf { namespace, metric } => namespace.len() + metric.len(),
            SeriesName::Lambda { function, .. } => function.len(),
            SeriesName::Aws { function, .. } => function.as_ref().map_or(0, String::len),
        };
        let dimensions: usize = key
            .dimensions
            .iter()
            .map(|(name, value)| name.len() + value.len())
            .sum();
        let (Some(rollups), Some(key_bytes)) = (
            self.rollups.checked_sub(1),
            self.key_bytes.checked_sub(name + dimensions),
        ) else {
            return false;
        };
        *self = Self { rollups, key_bytes };
        true
    }
}

/// The rollups of one batch in the making.
#[derive(Debug)]
pub(crate) struct Roller<'a> {
    rollups: Rollups,
    room: &'a mut Room,
}

impl<'a> Roller<'a> {
    pub(crate) fn new(room: &'a mut Room) -> Self {
        Self {
            rollups: Rollups::new(),
            room,
        }
    }

    /// Adds a document's samples. `false` when some found no room.
    pub(crate) fn document(&mut self, document: &Document<'_>) -> bool {
        let minute = document.minute();
        document.data().fold(true, |all, (key, observations)| {
            self.add(minute, key, observations) && all
        })
    }

    /// Adds a report's samples. `false` when some found no room.
    pub(crate) fn report(&mut self, function: &str, minute: Minute, report: &Report) -> bool {
        report.samples().fold(true, |all, (signal, value)| {
            let observation = Observation::Value { value, weight: 1 };
            self.add(minute, SeriesKey::lambda(function, signal), &[observation]) && all
        })
    }

    fn add(&mut self, minute: Minute, key: SeriesKey, observations: &[Observation]) -> bool {
        let rollup = match self.rollups.entry(minute).or_default().entry(key) {
            Entry::Occupied(entry) => entry.into_mut(),
            Entry::Vacant(entry) if self.room.take(entry.key()) => entry.insert(Rollup::default()),
            Entry::Vacant(_) => return false,
        };
        for observation in observations {
            observation.add_to(rollup);
        }
        true
    }

    pub(crate) fn finish(mut self) -> Rollups {
        // A minute all of whose series found no room.
        self.rollups.retain(|_, series| !series.is_empty());
        self.rollups
    }
}
