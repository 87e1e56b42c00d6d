//! The errors of one batch, by fingerprint.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

use super::{ErrorClass, ErrorLine, Fingerprint};

/// Fingerprints of one batch. Whoever has more of them at once has one problem and not fifty.
const MAX_FINGERPRINTS: usize = 50;
/// Bytes of error lines of one payload that are read for their fingerprints; what is beyond is only counted. A
/// payload at the inflate cap that is errors throughout would otherwise take longer for them than for all the rest.
pub(crate) const MAX_EXAMINED: u64 = 4 * 1024 * 1024;
/// What a line costs beside its bytes.
const LINE: u64 = 256;

/// One error of a batch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Seen {
    /// What kind of error it is.
    pub class: ErrorClass,
    /// Its type: the exception's class where the line names one, otherwise `panic`, `init` or `error`.
    pub kind: String,
    /// The first line of its message without what differs from one time to the next, 160 characters at most. Numbers,
    /// ids, quoted text, addresses and times are `<num>`, `<id>`, `<str>` and the like.
    pub message: String,
    /// Log events that tell of it.
    pub count: u64,
    /// The first of them, milliseconds since 1970.
    pub first: i64,
    /// The last of them, milliseconds since 1970.
    pub last: i64,
    /// The invocation that the earliest of them with a request id tells of, and when it did.
    pub example: Option<(i64, String)>,
}

impl Seen {
    fn merge(&mut self, other: Self) {
        self.count += other.count;
        self.first = self.first.min(other.first);
        self.last = self.last.max(other.last);
        // The same line may look more telling to one reader of a class than to another: the smaller decides.
        self.class = self.class.min(other.class);
        if let Some(theirs) = other.example
            && self.example.as_ref().is_none_or(|ours| theirs < *ours)
        {
            self.example = Some(theirs);
        }
    }
}

/// The errors of one batch, or of several. However log events are split into batches, the merged counts are the same
/// as long as there is room for every fingerprint, and their sum with [`Errors::overflow`] always is.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Errors {
    seen: BTreeMap<Fingerprint, Seen>,
    overflow: u64,
}

impl Errors {
    /// Takes a line; `examined` is what reading lines of this payload has cost so far.
    pub(crate) fn take(
        &mut self,
        line: &ErrorLine<'_>,
        length: usize,
        millis: i64,
        examined: &mut u64,
    ) {
        if *examined >= MAX_EXAMINED {
            self.overflow += 1;
            return;
        }
        *examined += length as u64 + LINE;
        let sighting = line.sighting();
        let fingerprint = Fingerprint::of(&sighting.kind, &sighting.message);
        let seen = Seen {
            class: sighting.class,
            kind: sighting.kind,
            message: sighting.message,
            count: 1,
            first: millis,
            last: millis,
            example: sighting.request_id.map(|id| (millis, id)),
        };
        self.add(fingerprint, seen);
    }

    fn add(&mut self, fingerprint: Fingerprint, seen: Seen) {
        let full = self.seen.len() >= MAX_FINGERPRINTS;
        match self.seen.entry(fingerprint) {
            Entry::Occupied(mut entry) => entry.get_mut().merge(seen),
            Entry::Vacant(_) if full => self.overflow += seen.count,
            Entry::Vacant(entry) => {
                entry.insert(seen);
            }
        }
    }

    /// Adds what another batch says.
    pub fn merge(&mut self, other: &Self) {
        for (fingerprint, seen) in &other.seen {
            self.add(*fingerprint, seen.clone());
        }
        self.overflow += other.overflow;
    }

    /// By fingerprint; 50 at most.
    #[must_use]
    pub fn seen(&self) -> &BTreeMap<Fingerprint, Seen> {
        &self.seen
    }

    /// Log events that tell of errors for which there was no room.
    #[must_use]
    pub fn overflow(&self) -> u64 {
        self.overflow
    }

    /// Log events that tell of errors, with and without room.
    #[must_use]
    pub fn total(&self) -> u64 {
        self.seen.values().map(|seen| seen.count).sum::<u64>() + self.overflow
    }

    /// Whether no log event tells of an error.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.seen.is_empty() && self.overflow == 0
    }
}
