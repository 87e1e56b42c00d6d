//! Samples → rollups by minute and series. Pure.
//!
//! What a payload may cost is one account of memory and one of work (`Room`), charged in the order of the samples
//! where it grows. The plain `Roller` here and the reader's own accumulators charge the same for the same samples, so
//! that they also refuse the same.

use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet};

use signals::emf::{Document, Observation};
use signals::{Minute, Rollup, SeriesKey, SeriesName};

use crate::platform_records::Report;

/// Rollups by minute and by series: what the series store takes.
pub type Rollups = BTreeMap<Minute, BTreeMap<SeriesKey, Rollup>>;
/// How many data were diverted to an overflow series, by namespace and dimension.
pub type Capped = BTreeMap<(String, String), u64>;

/// The value of a dimension in its overflow series.
pub const OTHER: &str = "__other__";

/// What the rollups of one payload may cost. A request id as a dimension makes a series of every request; such a
/// payload loses what exceeds the limit, counted, and nothing else.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Rollups, counted by (series, minute).
    pub rollups: usize,
    /// Bytes of memory that rollups, their names and their buckets take.
    pub memory_bytes: usize,
    /// Bytes of names and values that are looked at, each time they are: a document of two kilobytes can name ten
    /// thousand series, and a payload can hold thirty thousand such documents.
    pub work_bytes: usize,
    /// Distinct values of one dimension in one namespace in one batch. Data with further values go to the overflow
    /// series, in which that dimension is [`OTHER`].
    pub dimension_values: usize,
}

impl Default for Limits {
    /// A hundred thousand rollups: ten for each of the 10,000 events that PutLogEvents takes at once. 32 MiB of memory:
    /// some 5,000 rollups, and real batches have a few hundred. 64 MiB of work: half again what 10,000 documents
    /// of ten series take. 500 values: a dimension with more is an identifier, and each of its series would cost 30 cents
    /// a month (Amazon CloudWatch pricing, custom metrics).
    fn default() -> Self {
        Self {
            rollups: 100_000,
            memory_bytes: 32 * 1024 * 1024,
            work_bytes: 64 * 1024 * 1024,
            dimension_values: 500,
        }
    }
}

/// What finding a series and adding one value cost, in bytes of key that cost as much.
const WORK_PER_DATUM: usize = 128;
const WORK_PER_VALUE: usize = 192;
/// What a rollup takes, bytes, without what its histogram spills: itself with a window of two kilobytes, and its name,
/// which is a tree with a node of 544 bytes when it has dimensions; all of it twice, in the reader's memory and in the
/// batch.
const ROLLUP: usize = 6 * 1024;
/// How often the bytes of a name are there: in the reader's series, in its table of documents, in the batch.
const COPIES: usize = 3;
/// What a value of a dimension takes besides its bytes, and a dimension besides its name.
const VALUE: usize = 128;

/// What is left of the limits after some batches of a payload.
#[derive(Debug, Clone)]
pub(crate) struct Room {
    rollups: usize,
    memory: usize,
    work: usize,
    values: usize,
}

/// Bytes of the names and values that make a key.
pub(crate) fn key_bytes(key: &SeriesKey) -> usize {
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

/// The work of looking at so many values of a series with so long a key.
#[inline]
pub(crate) fn work_of(key_bytes: usize, values: usize) -> usize {
    key_bytes + WORK_PER_DATUM + values * WORK_PER_VALUE
}

impl Room {
    pub(crate) fn new(limits: &Limits) -> Self {
        Self {
            rollups: limits.rollups,
            memory: limits.memory_bytes,
            work: limits.work_bytes,
            values: limits.dimension_values,
        }
    }

    /// Takes work; `false` when there is not so much left.
    #[inline]
    pub(crate) fn work(&mut self, work: usize) -> bool {
        let left = self.work.checked_sub(work);
        self.work = left.unwrap_or(self.work);
        left.is_some()
    }

    /// Takes memory; `false` when there is not so much left.
    #[inline]
    pub(crate) fn grow(&mut self, bytes: usize) -> bool {
        let left = self.memory.checked_sub(bytes);
        self.memory = left.unwrap_or(self.memory);
        left.is_some()
    }

    /// Whether there is what one more rollup needs.
    pub(crate) fn fits_rollup(&self, key_bytes: usize) -> bool {
        self.rollups > 0 && self.memory >= ROLLUP + COPIES * key_bytes
    }

    /// Takes what one more rollup needs; `false` when there is not so much left.
    pub(crate) fn rollup(&mut self, key_bytes: usize) -> bool {
        let fits = self.rollups > 0 && self.grow(ROLLUP + COPIES * key_bytes);
        self.rollups -= usize::from(fits);
        fits
    }

    /// Whether a dimension that has had so many values in this batch may have one more.
    pub(crate) fn admits(&self, values: usize) -> bool {
        values < self.values
    }

    /// Takes what remembering a value of a dimension needs, or the dimension itself.
    pub(crate) fn value(&mut self, bytes: usize) -> bool {
        self.grow(VALUE + bytes)
    }
}

/// Adds observations as far as memory goes. `false` when it did not.
pub(crate) fn add(rollup: &mut Rollup, observations: &[Observation], room: &mut Room) -> bool {
    let mut fits = true;
    for observation in observations {
        let growth = match *observation {
            Observation::Value { value, weight } => rollup.growth(value, weight),
            Observation::Statistics { .. } => 0,
        };
        if growth == 0 || room.grow(growth) {
            observation.add_to(rollup);
        } else {
            fits = false;
        }
    }
    fits
}

/// What the samples of a batch are added to.
pub(crate) trait Samples {
    /// Adds a document's samples. `false` when some found no room; what is beyond the work is not even looked at.
    fn document(&mut self, document: &Document<'_>) -> bool {
        let minute = document.minute();
        let mut fits = true;
        for (key, observations) in document.data() {
            let Some(fit) = self.datum(minute, key, observations) else {
                return false;
            };
            fits &= fit;
        }
        fits
    }

    /// Adds a report's samples. `false` when some found no room.
    fn report(&mut self, function: &str, minute: Minute, report: &Report) -> bool {
        let mut fits = true;
        for (signal, value) in report.samples() {
            let observation = Observation::Value { value, weight: 1 };
            let key = SeriesKey::lambda(function, signal);
            let Some(fit) = self.datum(minute, key, &[observation]) else {
                return false;
            };
            fits &= fit;
        }
        fits
    }

    /// Adds what is said of one series. `false` when it found no room, `None` when there is no work left.
    fn datum(
        &mut self,
        minute: Minute,
        key: SeriesKey,
        observations: &[Observation],
    ) -> Option<bool>;
}

/// The rollups of one batch in the making.
#[derive(Debug)]
pub(crate) struct Roller<'a> {
    rollups: Rollups,
    /// By namespace, dimension and value.
    values: BTreeMap<String, BTreeMap<String, BTreeSet<String>>>,
    capped: Capped,
    room: &'a mut Room,
}

impl<'a> Roller<'a> {
    pub(crate) fn new(room: &'a mut Room) -> Self {
        Self {
            rollups: Rollups::new(),
            values: BTreeMap::new(),
            capped: Capped::new(),
            room,
        }
    }

    /// Diverts values beyond the limit. `false` when there is no memory to remember one within it.
    fn guard(&mut self, key: &mut SeriesKey) -> bool {
        let SeriesName::Emf { namespace, .. } = &key.name else {
            return true;
        };
        for (name, value) in &mut key.dimensions {
            let known = self.values.get(namespace).and_then(|names| names.get(name));
            if known.is_some_and(|values| values.contains(value)) {
                continue;
            }
            if known.is_none() && !self.room.value(namespace.len() + name.len()) {
                return false;
            }
            let values = self.values.entry(namespace.clone()).or_default();
            let values = values.entry(name.clone()).or_default();
            if !self.room.admits(values.len()) {
                *self
                    .capped
                    .entry((namespace.clone(), name.clone()))
                    .or_default() += 1;
                OTHER.clone_into(value);
            } else if self.room.value(value.len()) {
                values.insert(value.clone());
            } else {
                return false;
            }
        }
        true
    }

    pub(crate) fn finish(mut self) -> (Rollups, Capped) {
        // A minute all of whose series found no room.
        self.rollups.retain(|_, series| !series.is_empty());
        (self.rollups, self.capped)
    }
}

impl Samples for Roller<'_> {
    fn datum(
        &mut self,
        minute: Minute,
        mut key: SeriesKey,
        observations: &[Observation],
    ) -> Option<bool> {
        if !self.room.work(work_of(key_bytes(&key), observations.len())) {
            return None;
        }
        if !self.guard(&mut key) {
            return Some(false);
        }
        let rollup = match self.rollups.entry(minute).or_default().entry(key) {
            Entry::Occupied(entry) => entry.into_mut(),
            Entry::Vacant(entry) if self.room.rollup(key_bytes(entry.key())) => {
                entry.insert(Rollup::default())
            }
            Entry::Vacant(_) => return Some(false),
        };
        Some(add(rollup, observations, self.room))
    }
}
