//! Series that were seen before, and the rollups of the batches at hand.
//!
//! A series is interned once and keeps its number from payload to payload; its rollups come from a pool and are
//! cleared, not freed. What a batch adds, refuses and charges is what [`crate::rollup::Roller`] does for the same
//! samples in the same order: only looking it up is quicker.

use std::hash::BuildHasher;

use hashbrown::HashTable;
use signals::emf::Observation;
use signals::{Minute, Rollup, SeriesKey, SeriesName};

use crate::rollup::{self, Capped, OTHER, Room, Samples, key_bytes, work_of};

/// Bytes of interned names that stay from payload to payload, as they are accounted: beyond, all are forgotten.
const MAX_KEPT: usize = 4 * 1024 * 1024;
/// Bytes of buckets that stay in the pool, and rollups.
const MAX_POOL: usize = 2 * 1024 * 1024;
const MAX_POOLED: usize = 8 * 1024;
/// What an interned series is accounted with besides its name.
const SERIES: usize = 1024;

/// The number of a batch: rollups and admissions that bear another one are void.
type Batch = u64;
/// No rollup.
pub(super) const NONE: u32 = u32::MAX;

#[derive(Debug)]
struct Series {
    key: SeriesKey,
    key_bytes: usize,
    /// Its dimensions, by number.
    values: Box<[u32]>,
    /// Where its last rollup is, and whose.
    batch: Batch,
    minute: i64,
    rollup: u32,
}

/// A value of a dimension in a namespace.
#[derive(Debug)]
struct Value {
    dimension: u32,
    text: String,
    admitted: Batch,
}

#[derive(Debug)]
struct Dimension {
    namespace: String,
    name: String,
    batch: Batch,
    values: usize,
}

/// A rollup of the batches at hand.
#[derive(Debug)]
struct Pooled {
    rollup: Rollup,
    series: u32,
    minute: i64,
}

/// See the module.
#[derive(Debug)]
pub(super) struct Store {
    hasher: foldhash::fast::RandomState,
    series: Vec<Series>,
    by_key: HashTable<u32>,
    dimensions: Vec<Dimension>,
    values: Vec<Value>,
    by_dimension: HashTable<u32>,
    by_value: HashTable<u32>,
    kept: usize,
    pool: Vec<Pooled>,
    used: usize,
    /// Rollups of series that have several minutes in this batch, by series and minute.
    minutes: HashTable<u32>,
    batch: Batch,
    first: usize,
    pub(super) room: Room,
    pub(super) capped: Capped,
    /// Counts up when numbers of series lose their meaning.
    pub(super) generation: u64,
}

impl Default for Store {
    fn default() -> Self {
        Self {
            hasher: foldhash::fast::RandomState::default(),
            series: Vec::new(),
            by_key: HashTable::new(),
            dimensions: Vec::new(),
            values: Vec::new(),
            by_dimension: HashTable::new(),
            by_value: HashTable::new(),
            kept: 0,
            pool: Vec::new(),
            used: 0,
            minutes: HashTable::new(),
            batch: 0,
            first: 0,
            room: Room::new(&crate::rollup::Limits::default()),
            capped: Capped::new(),
            generation: 0,
        }
    }
}

/// The rollups of one batch, as a part of the pool.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Span {
    first: usize,
    end: usize,
}

impl Span {
    pub(super) fn is_empty(self) -> bool {
        self.first == self.end
    }
}

impl Store {
    /// Begins a payload.
    pub(super) fn begin(&mut self, room: Room) {
        self.room = room;
        self.used = 0;
        self.batch += 1;
        if self.kept > MAX_KEPT {
            *self = Self {
                room: self.room.clone(),
                batch: self.batch,
                generation: self.generation + 1,
                ..Self::default()
            };
        }
        let mut held = 0;
        let within = |pooled: &Pooled| {
            held += pooled.rollup.held();
            held <= MAX_POOL
        };
        if self.pool.len() > 256 {
            let kept = self
                .pool
                .iter()
                .take(MAX_POOLED)
                .take_while(within_mut(within))
                .count();
            self.pool.truncate(kept);
            self.pool.shrink_to(MAX_POOLED);
        }
    }

    /// Begins a batch.
    pub(super) fn begin_batch(&mut self) {
        self.batch += 1;
        self.first = self.used;
        self.minutes.clear();
        self.capped.clear();
    }

    pub(super) fn batch(&self) -> u64 {
        self.batch
    }

    /// Ends a batch and says which rollups are its.
    pub(super) fn end_batch(&mut self) -> Span {
        Span {
            first: self.first,
            end: self.used,
        }
    }

    /// Takes a batch back: its rollups are void.
    pub(super) fn undo_batch(&mut self) {
        self.used = self.first;
        self.batch += 1;
    }

    /// The rollups of a batch, in no order.
    pub(super) fn rollups(
        &self,
        span: Span,
    ) -> impl Iterator<Item = (Minute, &SeriesKey, &Rollup)> {
        self.pool
            .get(span.first..span.end)
            .unwrap_or_default()
            .iter()
            .filter_map(|pooled| {
                let series = self.series.get(pooled.series as usize)?;
                Some((
                    Minute::from_index(pooled.minute),
                    &series.key,
                    &pooled.rollup,
                ))
            })
    }

    /// The number of a series that was interned.
    pub(super) fn find(&self, key: &SeriesKey) -> Option<u32> {
        let hash = self.hasher.hash_one(key);
        self.by_key
            .find(hash, |series| self.series[*series as usize].key == *key)
            .copied()
    }

    fn intern(&mut self, key: SeriesKey, values: Box<[u32]>) -> u32 {
        let hash = self.hasher.hash_one(&key);
        let key_bytes = key_bytes(&key);
        self.kept += SERIES + key_bytes;
        let number = number_of(self.series.len());
        self.series.push(Series {
            key,
            key_bytes,
            values,
            batch: 0,
            minute: 0,
            rollup: NONE,
        });
        let (series, hasher) = (&self.series, &self.hasher);
        self.by_key.insert_unique(hash, number, |series_at| {
            hasher.hash_one(&series[*series_at as usize].key)
        });
        number
    }

    fn dimension(&self, namespace: &str, name: &str) -> Option<u32> {
        let hash = self.hasher.hash_one((namespace, name));
        let same = |at: &u32| {
            let dimension = &self.dimensions[*at as usize];
            dimension.namespace == namespace && dimension.name == name
        };
        self.by_dimension.find(hash, same).copied()
    }

    fn new_dimension(&mut self, namespace: &str, name: &str) -> u32 {
        let hash = self.hasher.hash_one((namespace, name));
        self.kept += SERIES / 4 + namespace.len() + name.len();
        let number = number_of(self.dimensions.len());
        self.dimensions.push(Dimension {
            namespace: namespace.to_owned(),
            name: name.to_owned(),
            batch: 0,
            values: 0,
        });
        let (all, hasher) = (&self.dimensions, &self.hasher);
        self.by_dimension.insert_unique(hash, number, |at| {
            let dimension = &all[*at as usize];
            hasher.hash_one((dimension.namespace.as_str(), dimension.name.as_str()))
        });
        number
    }

    fn value(&mut self, dimension: u32, text: &str) -> Option<u32> {
        let hash = self.hasher.hash_one((dimension, text));
        let same = |at: &u32| {
            let value = &self.values[*at as usize];
            value.dimension == dimension && value.text == text
        };
        self.by_value.find(hash, same).copied()
    }

    fn new_value(&mut self, dimension: u32, text: &str) -> u32 {
        self.kept += SERIES / 4 + text.len();
        let hash = self.hasher.hash_one((dimension, text));
        let number = number_of(self.values.len());
        self.values.push(Value {
            dimension,
            text: text.to_owned(),
            admitted: 0,
        });
        let (all, hasher) = (&self.values, &self.hasher);
        self.by_value.insert_unique(hash, number, |at| {
            let value = &all[*at as usize];
            hasher.hash_one((value.dimension, value.text.as_str()))
        });
        number
    }

    /// Whether every value of a series was admitted, now or earlier in this batch. Unless, nothing has changed but
    /// what [`Store::guard`] then finds done.
    #[inline]
    pub(super) fn admitted(&mut self, series: u32) -> bool {
        let series = &self.series[series as usize];
        series.values.iter().all(|value| {
            let value = &mut self.values[*value as usize];
            value.admitted == self.batch || {
                let dimension = &mut self.dimensions[value.dimension as usize];
                let new = dimension.batch != self.batch;
                // What the reference charges, or not at all: then it goes the long way.
                let charge = if new {
                    dimension.namespace.len() + dimension.name.len()
                } else {
                    0
                };
                let count = if new { 0 } else { dimension.values };
                if !self.room.admits(count) || (new && !self.room.value(charge)) {
                    return false;
                }
                dimension.batch = self.batch;
                dimension.values = count;
                if !self.room.value(value.text.len()) {
                    return false;
                }
                dimension.values += 1;
                value.admitted = self.batch;
                true
            }
        })
    }

    /// As the reference's guard; the numbers of the values, or `None` without memory.
    fn guard(&mut self, key: &mut SeriesKey) -> Option<Box<[u32]>> {
        let SeriesName::Emf { namespace, .. } = &key.name else {
            return Some(Box::default());
        };
        let mut numbers = Vec::with_capacity(key.dimensions.len());
        for (name, text) in &mut key.dimensions {
            let found = self.dimension(namespace, name);
            let known = found.and_then(|at| self.value(at, text));
            if let Some(value) = known
                && self.values[value as usize].admitted == self.batch
            {
                numbers.push(value);
                continue;
            }
            let at = match found {
                Some(at) if self.dimensions[at as usize].batch == self.batch => at,
                // What nobody is charged for is not interned.
                _ if !self.room.value(namespace.len() + name.len()) => return None,
                _ => {
                    let at = found.unwrap_or_else(|| self.new_dimension(namespace, name));
                    let dimension = &mut self.dimensions[at as usize];
                    (dimension.batch, dimension.values) = (self.batch, 0);
                    at
                }
            };
            if !self.room.admits(self.dimensions[at as usize].values) {
                *self
                    .capped
                    .entry((namespace.clone(), name.clone()))
                    .or_default() += 1;
                OTHER.clone_into(text);
                let value = self
                    .value(at, OTHER)
                    .unwrap_or_else(|| self.new_value(at, OTHER));
                numbers.push(value);
                continue;
            }
            if !self.room.value(text.len()) {
                return None;
            }
            let value = known.unwrap_or_else(|| self.new_value(at, text));
            self.values[value as usize].admitted = self.batch;
            self.dimensions[at as usize].values += 1;
            numbers.push(value);
        }
        Some(numbers.into())
    }

    /// The rollup of a series in a minute of this batch; [`NONE`] when there is no room for it.
    pub(super) fn rollup(&mut self, number: u32, minute: i64) -> u32 {
        let series = &self.series[number as usize];
        if series.batch == self.batch {
            if series.minute == minute {
                return series.rollup;
            }
            let hash = self.hasher.hash_one((number, minute));
            let same = |at: &u32| {
                let pooled = &self.pool[*at as usize];
                pooled.series == number && pooled.minute == minute
            };
            if let Some(found) = self.minutes.find(hash, same) {
                let found = *found;
                let series = &mut self.series[number as usize];
                (series.minute, series.rollup) = (minute, found);
                return found;
            }
        }
        if !self.room.rollup(series.key_bytes) {
            return NONE;
        }
        let at = number_of(self.used);
        match self.pool.get_mut(self.used) {
            Some(pooled) => {
                pooled.rollup.clear();
                (pooled.series, pooled.minute) = (number, minute);
            }
            None => self.pool.push(Pooled {
                rollup: Rollup::default(),
                series: number,
                minute,
            }),
        }
        self.used += 1;
        let series = &mut self.series[number as usize];
        if series.batch == self.batch {
            // Its second minute: from now on they are looked up.
            let first = series.rollup;
            self.remember(first);
            self.remember(at);
        }
        let series = &mut self.series[number as usize];
        (series.batch, series.minute, series.rollup) = (self.batch, minute, at);
        at
    }

    /// The rollup of a series by its name, which is changed when it is diverted; [`NONE`] when there is no room.
    pub(super) fn place(&mut self, key: &mut SeriesKey, minute: i64) -> u32 {
        let Some(values) = self.guard(key) else {
            return NONE;
        };
        let series = match self.find(key) {
            Some(series) => series,
            // An interned name that got no rollup would cost memory that nobody is charged for.
            None if self.room.fits_rollup(key_bytes(key)) => self.intern(key.clone(), values),
            None => return NONE,
        };
        self.rollup(series, minute)
    }

    fn remember(&mut self, at: u32) {
        let (pool, hasher) = (&self.pool, &self.hasher);
        let hash = |at: &u32| {
            let pooled = &pool[*at as usize];
            hasher.hash_one((pooled.series, pooled.minute))
        };
        if self.minutes.find(hash(&at), |other| *other == at).is_none() {
            self.minutes.insert_unique(hash(&at), at, hash);
        }
    }

    /// Adds one value to a rollup; `false` when there is no memory for it.
    #[inline(always)]
    pub(super) fn add(&mut self, rollup: u32, value: f64) -> bool {
        let rollup = &mut self.pool[rollup as usize].rollup;
        rollup.add_in_place(value) || grow(rollup, value, &mut self.room)
    }
}

#[cold]
fn grow(rollup: &mut Rollup, value: f64, room: &mut Room) -> bool {
    rollup::add(rollup, &[Observation::Value { value, weight: 1 }], room)
}

fn number_of(len: usize) -> u32 {
    // Memory ends long before: each costs a kilobyte.
    u32::try_from(len).unwrap_or(NONE)
}

fn within_mut<T>(mut within: impl FnMut(&T) -> bool) -> impl FnMut(&&T) -> bool {
    move |item| within(item)
}

impl Samples for Store {
    fn datum(
        &mut self,
        minute: Minute,
        mut key: SeriesKey,
        observations: &[Observation],
    ) -> Option<bool> {
        if !self.room.work(work_of(key_bytes(&key), observations.len())) {
            return None;
        }
        let rollup = self.place(&mut key, minute.index());
        if rollup == NONE {
            return Some(false);
        }
        Some(rollup::add(
            &mut self.pool[rollup as usize].rollup,
            observations,
            &mut self.room,
        ))
    }
}
