//! What a matched document adds to the samples. Everything that can be wrong with it is found before anything is added.

use signals::emf::{MAX_AGE_MILLIS, MAX_LEAD_MILLIS, Observation};
use signals::{LambdaSignal, Minute, SeriesKey};

use super::blocks::Blocks;
use super::learn::{Meaning, Slots, report};
use super::number::millis;
use super::plan::{Group, MAX_DIMENSIONS};
use super::series::{NONE, Store};
use super::template::Found;
use crate::platform_records::Report;
use crate::rollup::Samples;

/// Characters of a dimension's value, as the reference has them at most. Those with more bytes are for it to count.
const MAX_VALUE: usize = 1024;
/// Values of one array, as the reference has them at most.
const MAX_VALUES: usize = 100;
/// The group of the platform's signals: no other has this number.
const PLATFORM: u32 = u32::MAX;

/// A group of a template, ready.
#[derive(Debug)]
pub(super) struct Ready {
    slots: Slots,
    group: u32,
    /// The block it was last.
    block: u32,
}

impl Ready {
    /// `number` gives equal groups equal numbers.
    pub(super) fn new(slots: Slots, number: &mut impl FnMut(&Group) -> u32) -> Self {
        Self {
            group: number(&slots.group),
            slots,
            block: NONE,
        }
    }

    /// Forgets a block whose number has lost its meaning.
    pub(super) fn forget(&mut self) {
        self.block = NONE;
    }
}

/// What the documents of a template say, ready.
#[derive(Debug)]
pub(super) enum Plan {
    Nothing,
    Reference,
    Metrics {
        timestamp: usize,
        groups: Vec<Ready>,
    },
    Report {
        measures: [Option<usize>; 5],
        status: crate::platform_records::Status,
    },
}

impl Plan {
    /// `number` gives equal groups equal numbers.
    pub(super) fn new(meaning: Meaning, number: &mut impl FnMut(&Group) -> u32) -> Self {
        match meaning {
            Meaning::Nothing => Self::Nothing,
            Meaning::Reference => Self::Reference,
            Meaning::Metrics { timestamp, groups } => Self::Metrics {
                timestamp,
                groups: groups
                    .into_iter()
                    .map(|slots| Ready::new(slots, number))
                    .collect(),
            },
            Meaning::Report { measures, status } => Self::Report { measures, status },
        }
    }

    /// Forgets blocks whose numbers have lost their meaning.
    pub(super) fn forget(&mut self) {
        if let Self::Metrics { groups, .. } = self {
            groups.iter_mut().for_each(Ready::forget);
        }
    }
}

/// Where samples go.
#[derive(Debug, Default)]
pub(super) struct Sums {
    pub(super) store: Store,
    pub(super) blocks: Blocks,
    /// The block of the function at hand.
    function: Option<u32>,
}

impl Sums {
    /// Begins a batch of a function.
    pub(super) fn begin_batch(&mut self, function: &str) {
        self.store.begin_batch();
        self.function = self
            .blocks
            .find(PLATFORM, &[function.as_bytes()], LambdaSignal::ALL.len());
    }

    /// Adds a report, as [`Samples::report`] does.
    #[inline]
    pub(super) fn report(&mut self, function: &str, event_millis: i64, report: &Report) -> bool {
        let minute = Minute::from_millis(event_millis);
        let Some(block) = self.function else {
            return self.store.report(function, minute, report);
        };
        let first = self.blocks.enter(block, self.store.batch(), minute.index());
        let mut fits = true;
        for (signal, value) in report.samples() {
            let at = first + signal as usize;
            let key = || SeriesKey::lambda(function, signal);
            match self
                .blocks
                .datum(at, 1, minute.index(), &mut self.store, key)
            {
                None => return false,
                Some(NONE) => fits = false,
                Some(rollup) => fits &= self.store.add(rollup, value),
            }
        }
        fits
    }

    /// Adds a document's metrics. `None`, and nothing was added, when the reference must look at it; else whether they
    /// found room.
    #[inline(never)]
    pub(super) fn metrics(
        &mut self,
        text: &[u8],
        event_millis: i64,
        (start, end): (usize, usize),
        groups: &mut [Ready],
        found: &Found,
    ) -> Option<bool> {
        let at = millis(text, start).filter(|_| end - start == 13)?;
        // Both are between 1970 and 9999, so no sum overflows.
        if at < event_millis - MAX_AGE_MILLIS || at > event_millis + MAX_LEAD_MILLIS {
            return None;
        }
        for group in &*groups {
            let dimensions = group.slots.dimensions.iter();
            for slot in dimensions {
                let (start, end) = found.spans[*slot];
                if !(1..=MAX_VALUE).contains(&((end - start) as usize))
                    || found.escaped >> slot & 1 == 1
                {
                    return None;
                }
            }
            for (slot, array) in &group.slots.metrics {
                let (first, last) = found.ranges[*slot];
                if *array && !(1..=MAX_VALUES).contains(&usize::from(last - first)) {
                    return None;
                }
            }
        }
        let minute = Minute::from_millis(at);
        let mut fits = true;
        for group in groups {
            match self.group(text, minute, group, found) {
                None => return Some(false),
                Some(fit) => fits &= fit,
            }
        }
        Some(fits)
    }

    /// Adds a group's metrics: whether they found room; `None` when there is no work left.
    #[inline(always)]
    fn group(
        &mut self,
        text: &[u8],
        minute: Minute,
        group: &mut Ready,
        found: &Found,
    ) -> Option<bool> {
        let slots = &group.slots;
        let mut parts: [&[u8]; MAX_DIMENSIONS] = [&[]; MAX_DIMENSIONS];
        for (part, slot) in parts.iter_mut().zip(&slots.dimensions) {
            let (start, end) = found.spans[*slot];
            *part = text.get(start as usize..end as usize).unwrap_or_default();
        }
        let parts = parts.get(..slots.dimensions.len()).unwrap_or_default();
        if !self.blocks.is(group.block, parts) {
            group.block = self
                .blocks
                .find(group.group, parts, slots.metrics.len())
                .unwrap_or(NONE);
            if group.block == NONE {
                return slowly(&mut self.store, minute, slots, parts, found);
            }
        }
        let first = self
            .blocks
            .enter(group.block, self.store.batch(), minute.index());
        let mut fits = true;
        for (metric, (slot, array)) in slots.metrics.iter().enumerate() {
            let one = [found.numbers[*slot]];
            let values = if *array {
                let (first, last) = found.ranges[*slot];
                found
                    .values
                    .get(usize::from(first)..usize::from(last))
                    .unwrap_or_default()
            } else {
                &one
            };
            let key = || slots.group.key(metric, parts);
            match self.blocks.datum(
                first + metric,
                values.len(),
                minute.index(),
                &mut self.store,
                key,
            )? {
                NONE => fits = false,
                rollup => {
                    for value in values {
                        fits &= self.store.add(rollup, *value);
                    }
                }
            }
        }
        Some(fits)
    }
}

/// A group for which there is no block.
#[cold]
fn slowly(
    store: &mut Store,
    minute: Minute,
    slots: &Slots,
    parts: &[&[u8]],
    found: &Found,
) -> Option<bool> {
    let mut fits = true;
    for (metric, (slot, array)) in slots.metrics.iter().enumerate() {
        let (first, last) = found.ranges[*slot];
        let one = [found.numbers[*slot]];
        let values = if *array {
            &found.values[usize::from(first)..usize::from(last)]
        } else {
            &one
        };
        let observations: Vec<_> = values
            .iter()
            .map(|value| Observation::Value {
                value: *value,
                weight: 1,
            })
            .collect();
        fits &= store.datum(minute, slots.group.key(metric, parts), &observations)?;
    }
    Some(fits)
}

/// The report that a document's slots make; `None` for a measure that is none.
#[inline(always)]
pub(super) fn report_of(
    text: &[u8],
    measures: &[Option<usize>; 5],
    status: crate::platform_records::Status,
    found: &Found,
) -> Option<Report> {
    let mut values = [None; 5];
    for (value, slot) in values.iter_mut().zip(measures) {
        if let Some(slot) = slot {
            if super::scan::at(text, found.spans[*slot].0 as usize) == b'-' {
                return None;
            }
            *value = Some(found.numbers[*slot]);
        }
    }
    Some(report(values, status))
}
