//! One document of a payload: its envelope, its log events in their order, and what they come to.
//!
//! A document is a transaction. Nothing of it counts until all of it was read; when anything about its envelope turns out
//! odd on the way, it is taken back and read again by slower means.

use std::borrow::Cow;

use signals::emf::Raw;
use signals::series::function_of_log_group;
use signals::{BatchId, BatchIdentity, EventId, Run};

use super::head::Head;
use super::quick::Quick;
use super::record;
use super::scan::at;
use super::series::Span;
use crate::application::Errors;
use crate::batch::{Rules, Taken, refuse, take};
use crate::counts::{Counts, Reason};
use crate::envelope::{
    self, Document, Envelope, MAX_EVENTS, MAX_LOG_GROUP, MAX_MESSAGE, log_event_at,
};

/// A batch whose rollups are in the reader's memory.
#[derive(Debug)]
pub(super) struct Finished {
    pub(super) owner: String,
    pub(super) log_group: String,
    pub(super) log_stream: String,
    pub(super) id: BatchId,
    pub(super) document: usize,
    pub(super) run: Option<Run>,
    pub(super) span: Span,
    pub(super) errors: Errors,
}

/// Something that only the reference can say: an error, mostly.
pub(super) struct Odd;

/// A document that is read.
pub(super) struct Reading<'r> {
    pub(super) quick: &'r mut Quick,
    pub(super) rules: &'r Rules,
    pub(super) counts: &'r mut Counts,
}

/// Owner, log group and log stream.
type Stream<'t> = (&'t str, &'t str, &'t str);

impl Reading<'_> {
    /// Reads the document at `place`, the `document`-th of its payload: the place behind it, and its batch if it has
    /// one. `text` may go on behind the payload with NUL.
    pub(super) fn document(
        &mut self,
        text: &str,
        len: usize,
        place: usize,
        document: usize,
        skip: &[Run],
    ) -> Result<(usize, Option<Finished>), Odd> {
        if let Some((mut head, events)) = Head::before(text, place)
            && head.is_data() != Some(false)
            && let Some(stream) = head.stream()
            && (1..=MAX_LOG_GROUP).contains(&stream.1.len())
            && !self.rules.own_log_groups.contains(stream.1)
        {
            let (counts, room) = (self.counts.clone(), self.quick.sums.store.room.clone());
            if let Some((end, finished)) = self.events(text, events, stream, document, skip)
                && let Some(end) = head.behind(text, end)
                && head.is_data() == Some(true)
            {
                return Ok((end, Some(finished)));
            }
            *self.counts = counts;
            self.quick.sums.store.room = room;
            self.quick.sums.store.undo_batch();
        }
        self.slowly(text, len, place, document, skip)
    }

    /// The same by the reference's own reading of the envelope.
    #[cold]
    fn slowly(
        &mut self,
        text: &str,
        len: usize,
        place: usize,
        document: usize,
        skip: &[Run],
    ) -> Result<(usize, Option<Finished>), Odd> {
        self.quick.tiers.envelopes += 1;
        let rest = text.get(place..len).ok_or(Odd)?;
        let (envelope, end) = Envelope::at(rest, 0).map_err(|_| Odd)?;
        let end = place + end;
        let finished = match envelope::document(&envelope).map_err(|_| Odd)? {
            Document::Control => {
                self.counts.control_messages += 1;
                None
            }
            Document::Unknown => {
                self.counts.reject(Reason::UnknownMessageType, 1);
                None
            }
            Document::Data(stream) if self.rules.own_log_groups.contains(&*stream.log_group) => {
                refuse(&stream, self.counts).map_err(|_| Odd)?;
                None
            }
            Document::Data(stream) => {
                let names = (&*stream.owner, &*stream.log_group, &*stream.log_stream);
                let (_, finished) = self
                    .events(stream.events.get(), 1, names, document, skip)
                    .ok_or(Odd)?;
                Some(finished)
            }
        };
        Ok((end, finished))
    }

    /// Reads log events from `place` on, which is behind the bracket, to the bracket that ends them.
    fn events(
        &mut self,
        text: &str,
        mut place: usize,
        names: Stream<'_>,
        document: usize,
        skip: &[Run],
    ) -> Option<(usize, Finished)> {
        let (owner, log_group, log_stream) = names;
        let function = function_of_log_group(log_group);
        let bytes = text.as_bytes();
        let mut identity = BatchIdentity::default();
        [owner, log_group, log_stream]
            .iter()
            .for_each(|part| identity.add(part.as_bytes()));
        self.quick.sums.begin_batch(function);
        let mut batch = InHand {
            identity,
            ids: Ids::default(),
            errors: Errors::default(),
            times: None,
            events: 0,
        };
        place = space(bytes, place);
        if at(bytes, place) == b']' {
            return Some((place + 1, self.finish(batch, names, document)));
        }
        loop {
            if batch.events == MAX_EVENTS {
                return None;
            }
            batch.events += 1;
            place = match self.event(bytes, place, function, &mut batch, skip) {
                Some(end) => end,
                None => self.odd_event(text, place, (function, log_group), &mut batch, skip)?,
            };
            if at(bytes, place) == b',' && at(bytes, place + 1) == b'{' {
                place += 1;
                continue;
            }
            place = space(bytes, place);
            match at(bytes, place) {
                b',' => place = space(bytes, place + 1),
                b']' => return Some((place + 1, self.finish(batch, names, document))),
                _ => return None,
            }
        }
    }

    /// Reads a log event of the usual form: the place behind it. `None`, and nothing has changed, for any other.
    #[inline(always)]
    fn event(
        &mut self,
        text: &[u8],
        place: usize,
        function: &str,
        batch: &mut InHand,
        skip: &[Run],
    ) -> Option<usize> {
        let record = record::read(text, place)?;
        if !skip.is_empty() {
            return None;
        }
        let read = self
            .quick
            .message(text, record.message, record.millis, function)?;
        batch.identity.add(record.id);
        batch.ids.take(record.id);
        batch.hear(record.millis);
        if !read.fits {
            self.counts.reject(Reason::SeriesLimit, 1);
        }
        Some(read.end)
    }

    /// Reads a log event as the reference does: the place behind it.
    #[cold]
    fn odd_event(
        &mut self,
        text: &str,
        place: usize,
        names: (&str, &str),
        batch: &mut InHand,
        skip: &[Run],
    ) -> Option<usize> {
        self.quick.tiers.reference += 1;
        if let Some((record, message, end)) = usual(text, place) {
            self.take(record.id, record.millis, &message, names, batch, skip);
            return Some(end);
        }
        let (raw, event, end) = log_event_at(text, place)?;
        match event {
            Err(bad) => {
                batch.ids.broken = true;
                batch.identity.add(raw.as_bytes());
                self.counts.reject(bad.into(), 1);
            }
            Ok(event) => self.take(
                event.id.as_bytes(),
                event.millis,
                &event.message,
                names,
                batch,
                skip,
            ),
        }
        Some(end)
    }

    fn take(
        &mut self,
        id: &[u8],
        millis: i64,
        message: &str,
        (function, log_group): (&str, &str),
        batch: &mut InHand,
        skip: &[Run],
    ) {
        batch.identity.add(id);
        batch.hear(millis);
        match <&[u8; 56]>::try_from(id)
            .ok()
            .filter(|id| id.iter().all(u8::is_ascii_digit))
        {
            Some(id) => batch.ids.take(id),
            None => batch.ids.broken = true,
        }
        if !skip.is_empty()
            && EventId::parse(id).is_some_and(|id| skip.iter().any(|run| run.contains(&id)))
        {
            self.counts.skipped += 1;
            return;
        }
        let mut taken = Taken {
            samples: &mut self.quick.sums.store,
            errors: &mut batch.errors,
            counts: self.counts,
        };
        take(message, millis, function, log_group, &mut taken);
    }

    fn finish(&mut self, batch: InHand, names: Stream<'_>, document: usize) -> Finished {
        let counts = &mut *self.counts;
        counts.events += batch.events as u64;
        if let Some((first, last)) = batch.times {
            counts.hear(first);
            counts.hear(last);
        }
        counts.cap(&self.quick.sums.store.capped);
        Finished {
            owner: names.0.to_owned(),
            log_group: names.1.to_owned(),
            log_stream: names.2.to_owned(),
            id: batch.identity.finish(),
            document,
            run: batch.ids.run(),
            span: self.quick.sums.store.end_batch(),
            errors: batch.errors,
        }
    }
}

/// A log event of the usual form, its message unescaped, and the place behind it. `None` for any other, and for a message
/// that the reference would not take.
fn usual(text: &str, place: usize) -> Option<(record::Record<'_>, Cow<'_, str>, usize)> {
    let bytes = text.as_bytes();
    let record = record::read(bytes, place)?;
    let (raw, end) = Raw::at(text, record.message - 1)?;
    if at(bytes, end) != b'}' {
        return None;
    }
    let message = raw.text()?;
    (message.len() <= MAX_MESSAGE).then_some((record, message, end + 1))
}

/// The place of the next byte that is no white space.
fn space(text: &[u8], mut place: usize) -> usize {
    while matches!(at(text, place), b' ' | b'\n' | b'\r' | b'\t') {
        place += 1;
    }
    place
}

/// A batch that is read.
struct InHand {
    identity: BatchIdentity,
    ids: Ids,
    errors: Errors,
    times: Option<(i64, i64)>,
    events: usize,
}

impl InHand {
    #[inline(always)]
    fn hear(&mut self, millis: i64) {
        let (first, last) = self.times.unwrap_or((millis, millis));
        self.times = Some((first.min(millis), last.max(millis)));
    }
}

/// Whether an id is above another, as text and so as a number. Most differ in their last sixteen digits alone, and then
/// a comparison of two words is less than a call.
#[inline(always)]
fn is_above(id: &[u8; 56], other: &[u8; 56]) -> bool {
    let (Some((head, tail)), Some((other_head, other_tail))) =
        (id.split_last_chunk::<16>(), other.split_last_chunk::<16>())
    else {
        return id > other;
    };
    let (head, other_head): (Option<&[u8; 40]>, Option<&[u8; 40]>) =
        (head.first_chunk(), other_head.first_chunk());
    if head == other_head {
        u128::from_be_bytes(*tail) > u128::from_be_bytes(*other_tail)
    } else {
        id > other
    }
}

/// The ids of a batch as they come.
#[derive(Default)]
struct Ids {
    ends: Option<([u8; 56], [u8; 56])>,
    events: u64,
    /// One is no id, or not above the one before it.
    broken: bool,
}

impl Ids {
    #[inline(always)]
    fn take(&mut self, id: &[u8; 56]) {
        self.events += 1;
        match &mut self.ends {
            Some((_, last)) => {
                self.broken |= !is_above(id, last);
                *last = *id;
            }
            None => self.ends = Some((*id, *id)),
        }
    }

    fn run(&self) -> Option<Run> {
        let (first, last) = self.ends.filter(|_| !self.broken)?;
        Some(Run {
            first: EventId::parse(&first)?,
            last: EventId::parse(&last)?,
            events: self.events,
        })
    }
}
