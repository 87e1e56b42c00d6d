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
    /// Bytes of keys and values that are looked at, each time they are: a document of two kilobytes can name ten
    /// thousand series, and a payload can hold thirty thousand such documents.
    pub work_bytes: usize,
}

impl Default for Limits {
    /// A hundred thousand rollups: ten for each of the 10,000 events that PutLogEvents takes at once; 16 MiB of
    /// keys: 160 bytes for each. 512 MiB of work: a payload at the inflate cap that is EMF throughout, with ten
    /// series a document, takes half of it, and a second or two.
    fn default() -> Self {
        Self {
            rollups: 100_000,
            key_bytes: 16 * 1024 * 1024,
            work_bytes: 512 * 1024 * 1024,
        }
    }
}

/// What finding a series and adding one value cost, in bytes of key that cost as much. A value may need a bucket of
/// its own, about 30 bytes of memory: at this price all values of a payload together take less than 100 MiB.
const WORK_PER_DATUM: usize = 128;
const WORK_PER_VALUE: usize = 192;

/// What is left of the limits after some batches of a payload.
#[derive(Debug)]
pub(crate) struct Room(Limits);

fn bytes(key: &SeriesKey) -> usize {
    let name = match &key.name {
        SeriesName::Emf { namespace, metric } => namespace.len() + metric.len(),
        SeriesName::Lambda { function, .. } => function.len(),
        SeriesName::Aws { function, .. } => function.as_ref().map_or(0, String::len),
    };
    let dimensions = key.dimensions.iter();
    name + dimensions
        .map(|(name, value)| name.len() + value.len())
        .sum::<usize>()
}

impl Room {
    pub(crate) fn new(limits: &Limits) -> Self {
        Self(*limits)
    }

    /// Takes the room for one more rollup; `false` when there is none left.
    fn take(&mut self, key: &SeriesKey) -> bool {
        let rollups = self.0.rollups.checked_sub(1);
        let key_bytes = self.0.key_bytes.checked_sub(bytes(key));
        let (Some(rollups), Some(key_bytes)) = (rollups, key_bytes) else {
            return false;
        };
        self.0 = Limits {
            rollups,
            key_bytes,
            ..self.0
        };
        true
    }

    /// Takes the work of looking at `values` of a series; `false` when there is none left.
    fn work(&mut self, key: &SeriesKey, values: usize) -> bool {
        let work = bytes(key) + WORK_PER_DATUM + values * WORK_PER_VALUE;
        let Some(left) = self.0.work_bytes.checked_sub(work) else {
            return false;
        };
        self.0.work_bytes = left;
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

    /// Adds a document's samples. `false` when some found no room; what is beyond the work is not even looked at.
    pub(crate) fn document(&mut self, document: &Document<'_>) -> bool {
        let minute = document.minute();
        let mut fits = true;
        for (key, observations) in document.data() {
            if !self.room.work(&key, observations.len()) {
                return false;
            }
            fits &= self.add(minute, key, observations);
        }
        fits
    }

    /// Adds a report's samples. `false` when some found no room.
    pub(crate) fn report(&mut self, function: &str, minute: Minute, report: &Report) -> bool {
        let mut fits = true;
        for (signal, value) in report.samples() {
            let observation = Observation::Value { value, weight: 1 };
            fits &= self.add(minute, SeriesKey::lambda(function, signal), &[observation]);
        }
        fits
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
