//! Blocks: the series that one group of metrics makes with certain dimension values, found by the values as they stand
//! in the text.
//!
//! A block only remembers where things are. Whatever it does not know goes through [`Store::place`], which decides.

use std::hash::{BuildHasher, Hasher};

use hashbrown::HashTable;
use signals::SeriesKey;

use super::series::{NONE, Store};
use crate::rollup::{key_bytes, work_of};

/// Blocks and the bytes of their dimension values that are kept; beyond, all are forgotten.
const MAX_BLOCKS: usize = 8 * 1024;
const MAX_BYTES: usize = 1024 * 1024;
/// Series of all blocks.
const MAX_SLOTS: usize = 128 * 1024;
/// Not looked up yet in this batch and minute.
const UNKNOWN: u32 = NONE - 1;

/// One series of a block.
#[derive(Debug, Clone, Copy)]
struct Slot {
    rollup: u32,
    series: u32,
    /// Bytes of its name; 0 until it is known.
    key_bytes: u32,
}

#[derive(Debug)]
struct Block {
    hash: u64,
    group: u32,
    values: Box<[u8]>,
    batch: u64,
    minute: i64,
    first: u32,
    len: u32,
}

/// See the module.
#[derive(Debug, Default)]
pub(super) struct Blocks {
    hasher: foldhash::fast::RandomState,
    table: HashTable<u32>,
    blocks: Vec<Block>,
    slots: Vec<Slot>,
    bytes: usize,
    generation: u64,
}

/// Parts of the text.
pub(super) type Parts<'a> = &'a [&'a [u8]];

/// Whether `values`, which hold NUL behind each part, are these parts. No string has NUL in it.
#[inline(always)]
fn is(values: &[u8], parts: Parts<'_>) -> bool {
    let mut place = 0;
    for part in parts {
        let end = place + part.len();
        if values.get(end) != Some(&0) || !same(&values[place..end], part) {
            return false;
        }
        place = end + 1;
    }
    place == values.len()
}

/// Whether two slices of the same length are equal. Most are short, and a call would cost more than the comparison.
#[inline(always)]
fn same(one: &[u8], other: &[u8]) -> bool {
    let len = one.len();
    let word = |text: &[u8], from: usize| {
        text.get(from..)
            .and_then(|rest| rest.first_chunk())
            .map_or(0, |word| u64::from_le_bytes(*word))
    };
    match len {
        8..=16 => word(one, 0) == word(other, 0) && word(one, len - 8) == word(other, len - 8),
        _ => one == other,
    }
}

impl Blocks {
    /// Begins a payload: numbers of series may have lost their meaning, and what is too much is forgotten.
    /// Whether the numbers of blocks have, too.
    pub(super) fn begin(&mut self, generation: u64) -> bool {
        let void = self.generation != generation
            || self.blocks.len() >= MAX_BLOCKS
            || self.bytes >= MAX_BYTES
            || self.slots.len() >= MAX_SLOTS;
        if void {
            *self = Self {
                generation,
                ..Self::default()
            };
        }
        void
    }

    /// Whether a block is the one of these values.
    #[inline]
    pub(super) fn is(&self, block: u32, parts: Parts<'_>) -> bool {
        self.blocks
            .get(block as usize)
            .is_some_and(|block| is(&block.values, parts))
    }

    /// The block of a group with these values; `None` when it is new and there is no place for it.
    pub(super) fn find(&mut self, group: u32, parts: Parts<'_>, len: usize) -> Option<u32> {
        let mut hasher = self.hasher.build_hasher();
        hasher.write_u32(group);
        parts.iter().for_each(|part| hasher.write(part));
        let hash = hasher.finish();
        let same = |at: &u32| {
            let block = &self.blocks[*at as usize];
            block.group == group && is(&block.values, parts)
        };
        if let Some(found) = self.table.find(hash, same) {
            return Some(*found);
        }
        let bytes: usize = parts.iter().map(|part| part.len() + 1).sum();
        if self.blocks.len() >= MAX_BLOCKS
            || self.bytes + bytes > MAX_BYTES
            || self.slots.len() + len > MAX_SLOTS
        {
            return None;
        }
        let number = u32::try_from(self.blocks.len()).ok()?;
        let first = u32::try_from(self.slots.len()).ok()?;
        self.slots.resize(
            self.slots.len() + len,
            Slot {
                rollup: UNKNOWN,
                series: NONE,
                key_bytes: 0,
            },
        );
        self.bytes += bytes;
        let values = parts
            .iter()
            .flat_map(|part| part.iter().chain(&[0]))
            .copied()
            .collect();
        let len = u32::try_from(len).ok()?;
        self.blocks.push(Block {
            hash,
            group,
            values,
            batch: 0,
            minute: 0,
            first,
            len,
        });
        let blocks = &self.blocks;
        self.table
            .insert_unique(hash, number, |at| blocks[*at as usize].hash);
        Some(number)
    }

    /// Sets a block to a batch and a minute, and says where its slots are.
    #[inline]
    pub(super) fn enter(&mut self, block: u32, batch: u64, minute: i64) -> usize {
        let block = &mut self.blocks[block as usize];
        let first = block.first as usize;
        if (block.batch, block.minute) != (batch, minute) {
            (block.batch, block.minute) = (batch, minute);
            let end = first + block.len as usize;
            self.slots[first..end]
                .iter_mut()
                .for_each(|slot| slot.rollup = UNKNOWN);
        }
        first
    }

    /// Charges the work of a datum and finds its rollup ([`NONE`] without room for it). `None` when there is no work
    /// left.
    #[inline(always)]
    pub(super) fn datum(
        &mut self,
        at: usize,
        values: usize,
        minute: i64,
        store: &mut Store,
        key: impl FnOnce() -> SeriesKey,
    ) -> Option<u32> {
        let slot = &mut self.slots[at];
        if slot.rollup == UNKNOWN {
            return unknown(slot, values, minute, store, key);
        }
        if !store.room.work(work_of(slot.key_bytes as usize, values)) {
            return None;
        }
        Some(slot.rollup)
    }
}

/// A datum whose rollup is not known in this batch and minute.
#[cold]
fn unknown(
    slot: &mut Slot,
    values: usize,
    minute: i64,
    store: &mut Store,
    key: impl FnOnce() -> SeriesKey,
) -> Option<u32> {
    if slot.series != NONE {
        if !store.room.work(work_of(slot.key_bytes as usize, values)) {
            return None;
        }
        if store.admitted(slot.series) {
            slot.rollup = store.rollup(slot.series, minute);
            return Some(slot.rollup);
        }
        // Diverted or refused: it is asked again the next time.
        return Some(store.place(&mut key(), minute));
    }
    let mut key = key();
    let bytes = key_bytes(&key);
    if !store.room.work(work_of(bytes, values)) {
        return None;
    }
    let known = key.clone();
    let rollup = store.place(&mut key, minute);
    if key == known {
        slot.series = store.find(&known).unwrap_or(NONE);
        slot.key_bytes = u32::try_from(bytes).unwrap_or(u32::MAX);
    }
    Some(rollup)
}
