//! The tiers of one message: templates, lines of text, and the reference for whatever neither knows.

use std::collections::HashMap;

use super::apply::{Plan, Ready, Sums, report_of};
use super::learn::{self, Meaning};
use super::lines::{self, Line};
use super::plan::Group;
use super::scan::at;
use super::template::{Found, Trie};
use super::walk::{self, Walked, Walker};
use crate::envelope::MAX_MESSAGE;

/// Templates that are kept; one more makes all be forgotten.
const MAX_TEMPLATES: usize = 512;
/// Groups that have a number.
const MAX_GROUPS: usize = 2048;
/// Bytes of the names in what was learned: a template keeps those of its own metrics and dimensions.
const MAX_NAMES: usize = 2 * 1024 * 1024;
/// Documents that are learned from in one payload.
const LESSONS: u32 = 64;
/// Orders of members that are remembered, a power of two.
const ORDERS: usize = 256;

/// How often each tier had the word.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Tiers {
    /// Messages that a template matched.
    pub templates: u64,
    /// Lines of text read as they stand.
    pub lines: u64,
    /// Messages that were walked through.
    pub walked: u64,
    /// Log events that the reference read.
    pub reference: u64,
    /// Documents whose envelope the reference read.
    pub envelopes: u64,
    /// Payloads that the reference read as a whole.
    pub payloads: u64,
}

/// What was learned, and where samples go.
#[derive(Debug, Default)]
pub(super) struct Quick {
    pub(super) sums: Sums,
    pub(super) tiers: Tiers,
    trie: Trie,
    plans: Vec<Plan>,
    groups: HashMap<Group, u32, foldhash::fast::RandomState>,
    walker: Walker,
    /// Orders of members that have been seen.
    orders: Orders,
    found: Found,
    lessons: u32,
    /// Bytes of names that templates, groups and known directives keep.
    names: usize,
}

/// Hashes by their highest bits.
#[derive(Debug)]
struct Orders([u64; ORDERS]);

impl Default for Orders {
    fn default() -> Self {
        Self([0; ORDERS])
    }
}

/// What a message came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Read {
    /// The place behind the log event.
    pub(super) end: usize,
    /// Whether every sample found room.
    pub(super) fits: bool,
}

impl Quick {
    /// Begins a payload.
    pub(super) fn begin(&mut self, room: crate::rollup::Room) {
        self.sums.store.begin(room);
        if self.trie.is_full()
            || self.plans.len() >= MAX_TEMPLATES
            || self.groups.len() >= MAX_GROUPS
            || self.names >= MAX_NAMES
        {
            self.names = 0;
            (self.trie, self.plans) = (Trie::default(), Vec::new());
            self.groups.clear();
            self.walker.known.clear();
            self.sums.blocks = super::blocks::Blocks::default();
        }
        if self.sums.blocks.begin(self.sums.store.generation) {
            self.plans.iter_mut().for_each(Plan::forget);
            self.walker
                .known
                .iter_mut()
                .flat_map(|known| &mut known.groups)
                .for_each(Ready::forget);
        }
        self.lessons = LESSONS;
    }

    /// Reads the message at `place` and adds what it says. `None`, and nothing was added, when the reference must.
    #[inline(always)]
    pub(super) fn message(
        &mut self,
        text: &[u8],
        place: usize,
        millis: i64,
        function: &str,
    ) -> Option<Read> {
        if at(text, place) != b'{' {
            let (line, end) = lines::read(text, place)?;
            if at(text, end + 1) != b'}' || end - place > MAX_MESSAGE {
                return None;
            }
            self.tiers.lines += 1;
            let fits = match line {
                Line::Nothing => true,
                Line::Report(report) => self.sums.report(function, millis, &report),
            };
            return Some(Read { end: end + 2, fits });
        }
        let Some((template, end)) = self.trie.find(text, place, &mut self.found) else {
            return self.unfamiliar(text, place, millis, function);
        };
        self.apply(text, place, millis, function, template, end)
    }

    #[inline(always)]
    fn apply(
        &mut self,
        text: &[u8],
        place: usize,
        millis: i64,
        function: &str,
        template: u32,
        end: usize,
    ) -> Option<Read> {
        // Longer as it stands, it may be shorter in itself: that is for the reference to count.
        if end - place > MAX_MESSAGE {
            return None;
        }
        let fits = match self.plans.get_mut(template as usize)? {
            Plan::Nothing => true,
            Plan::Reference => return None,
            Plan::Metrics { timestamp, groups } => {
                let (start, end) = self.found.spans[*timestamp];
                self.sums.metrics(
                    text,
                    millis,
                    (start as usize, end as usize),
                    groups,
                    &self.found,
                )?
            }
            Plan::Report { measures, status } => {
                let report = report_of(text, measures, *status, &self.found)?;
                self.sums.report(function, millis, &report)
            }
        };
        self.tiers.templates += 1;
        Some(Read { end, fits })
    }

    /// A document that no template matches. Those whose members have come in this order before become templates; the
    /// others are walked through.
    #[inline(never)]
    fn unfamiliar(
        &mut self,
        text: &[u8],
        place: usize,
        millis: i64,
        function: &str,
    ) -> Option<Read> {
        let walked = self
            .walker
            .walk(text, place, &mut self.found)
            .filter(|(_, end, _)| end - place <= MAX_MESSAGE);
        let Some((walked, end, order)) = walked else {
            return self.learn_and_apply(text, place, millis, function);
        };
        let seen = &mut self.orders.0[(order >> 56) as usize & (ORDERS - 1)];
        let mut walked = walked;
        if std::mem::replace(seen, order) == order && self.lessons > 0 {
            if let Some(read) = self.learn_and_apply(text, place, millis, function) {
                return Some(read);
            }
            // What learning left in `found` is of no use.
            walked = self.walker.walk(text, place, &mut self.found)?.0;
        }
        let fits = match walked {
            Walked::Nothing => true,
            Walked::Metrics(known, timestamp) => {
                let known = self.walker.known.get_mut(known)?;
                self.sums
                    .metrics(text, millis, timestamp, &mut known.groups, &self.found)?
            }
        };
        self.tiers.walked += 1;
        Some(Read { end, fits })
    }

    #[cold]
    fn learn_and_apply(
        &mut self,
        text: &[u8],
        place: usize,
        millis: i64,
        function: &str,
    ) -> Option<Read> {
        self.learn(text, place, millis)?;
        let (template, end) = self.trie.find(text, place, &mut self.found)?;
        self.apply(text, place, millis, function, template, end)
    }

    #[cold]
    fn learn(&mut self, text: &[u8], place: usize, millis: i64) -> Option<()> {
        self.lessons = self.lessons.checked_sub(1)?;
        if self.trie.is_full() || self.plans.len() >= MAX_TEMPLATES || self.names >= MAX_NAMES {
            return None;
        }
        let lesson = learn::learn(text, place, millis)?;
        let groups = &mut self.groups;
        let mut number = |group: &Group| {
            if let Some(number) = groups.get(group) {
                return *number;
            }
            // Below MAX_GROUPS and what one document adds.
            let number = u32::try_from(groups.len()).unwrap_or(u32::MAX - 1);
            groups.insert(group.clone(), number);
            number
        };
        if let (Meaning::Metrics { groups, .. }, Some((start, end))) =
            (&lesson.meaning, lesson.directives)
            && let Some(directives) = text.get(start..end)
            && !self.walker.knows(directives)
            && let Some((names, groups)) = walk::by_name(groups)
        {
            let groups = groups
                .into_iter()
                .map(|slots| Ready::new(slots, &mut number))
                .collect();
            self.walker.know(directives, names, groups);
        }
        let template = u32::try_from(self.plans.len()).ok()?;
        if !self.trie.insert(&lesson.pieces, template) {
            return None;
        }
        if let Meaning::Metrics { groups, .. } = &lesson.meaning {
            // Kept by the template, by the table of groups, and by the walker.
            self.names += 3 * groups
                .iter()
                .map(|slots| slots.group.bytes())
                .sum::<usize>();
        }
        self.plans.push(Plan::new(lesson.meaning, &mut number));
        Some(())
    }
}
