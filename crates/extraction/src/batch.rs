//! One batch: what one document of a payload says, by minute and series, under a name of its own.

use std::collections::{BTreeMap, BTreeSet};

use signals::series::function_of_log_group;
use signals::{BatchId, BatchIdentity, EventId, Minute, Run, StreamId, Version};

use crate::application::Errors;
use crate::counts::{Counts, Reason};
use crate::envelope::{self, Document, Stream};
use crate::extract::{self, Said, Unreadable};
use crate::payload::{self, PayloadError};
use crate::rollup::{Limits, Roller, Rollups, Room, Samples};
use crate::stream;

/// The rollups of one batch.
#[derive(Debug, Clone, PartialEq)]
pub struct Batch {
    /// Where its log events come from.
    pub log_group: String,
    /// Its name: owner, log group, stream and all event ids. A batch that is delivered again has the same name and
    /// the same rollups, so it overwrites itself.
    pub id: BatchId,
    /// The published version of the function that wrote its log events, when their stream says so.
    pub version: Option<Version>,
    /// Its log stream.
    pub stream: StreamId,
    /// Which document of the payload it is, counted from 0.
    pub document: usize,
    /// From its first log event to its last; `None` unless each has an id of 56 digits, above the one before it.
    pub run: Option<Run>,
    /// What its log events say.
    pub rollups: Rollups,
    /// The errors its log events tell of. No series is made of them.
    pub errors: Errors,
}

impl Batch {
    /// Whether it has samples or errors.
    pub(crate) fn says_something(&self) -> bool {
        !self.rollups.is_empty() || !self.errors.is_empty()
    }
}

/// Log events that other batches own, by the document of the payload they are in: they are not counted again.
pub type Skip = BTreeMap<usize, Vec<Run>>;

/// How payloads are read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rules {
    /// Bytes a payload may inflate to.
    pub inflate_cap: usize,
    /// What its rollups may cost.
    pub limits: Limits,
    /// Log groups that Outrider's own functions write to. Reading one would have every line make another.
    pub own_log_groups: BTreeSet<String>,
}

impl Default for Rules {
    fn default() -> Self {
        Self {
            inflate_cap: payload::DEFAULT_CAP,
            limits: Limits::default(),
            own_log_groups: BTreeSet::new(),
        }
    }
}

/// Everything one payload says, but for what is in `skip`. Pure: the same arguments give the same answer.
///
/// # Errors
/// A payload that cannot be decoded. Nothing of it is returned: it is delivered whole or not at all.
pub fn read_payload(
    event: &[u8],
    rules: &Rules,
    skip: &Skip,
) -> Result<(Vec<Batch>, Counts), PayloadError> {
    read_text(&payload::text(event, rules.inflate_cap)?, rules, skip)
}

/// The same, of the text inside a payload.
pub(crate) fn read_text(
    text: &str,
    rules: &Rules,
    skip: &Skip,
) -> Result<(Vec<Batch>, Counts), PayloadError> {
    let mut counts = Counts {
        bytes: text.len() as u64,
        ..Counts::default()
    };
    let mut batches = Vec::new();
    let mut seen = BTreeSet::new();
    let mut room = Room::new(&rules.limits);
    let mut position = 0;
    envelope::documents(text, |document| {
        let at = position;
        position += 1;
        match document {
            Document::Control => counts.control_messages += 1,
            Document::Unknown => counts.reject(Reason::UnknownMessageType, 1),
            Document::Data(stream) if rules.own_log_groups.contains(&*stream.log_group) => {
                refuse(&stream, &mut counts)?;
            }
            Document::Data(stream) => {
                let skip = skip.get(&at).map_or(&[][..], Vec::as_slice);
                let batch = read_stream(&stream, at, skip, &mut room, &mut counts)?;
                // The same batch twice in one payload: it overwrites itself, as it would in the store.
                if batch.says_something() && seen.insert(batch.id.clone()) {
                    batches.push(batch);
                }
            }
        }
        Ok(())
    })?;
    let rollups = batches
        .iter()
        .flat_map(|batch: &Batch| batch.rollups.values())
        .flat_map(|series| series.values());
    counts.samples = rollups.fold(0, |samples: u64, rollup| {
        samples.saturating_add(rollup.count())
    });
    Ok((batches, counts))
}

pub(crate) fn refuse(stream: &Stream<'_>, counts: &mut Counts) -> Result<(), PayloadError> {
    let mut events = 0;
    stream.events(|_, _| events += 1)?;
    counts.events += events;
    counts.reject(Reason::OwnLogGroup, events);
    Ok(())
}

fn read_stream(
    stream: &Stream<'_>,
    document: usize,
    skip: &[Run],
    room: &mut Room,
    counts: &mut Counts,
) -> Result<Batch, PayloadError> {
    let function = function_of_log_group(&stream.log_group);
    let mut identity = BatchIdentity::default();
    for part in [&stream.owner, &stream.log_group, &stream.log_stream] {
        identity.add(part.as_bytes());
    }
    let mut roller = Roller::new(room);
    let mut errors = Errors::default();
    let mut ids = Ids::default();
    stream.events(|raw, event| {
        counts.events += 1;
        let event = match event {
            Ok(event) => event,
            Err(bad) => {
                // It has no id to tell it by, so all of it does.
                ids.broken = true;
                identity.add(raw.as_bytes());
                counts.reject(bad.into(), 1);
                return;
            }
        };
        identity.add(event.id.as_bytes());
        counts.hear(event.millis);
        if ids.skips(event.id.as_bytes(), skip) {
            counts.skipped += 1;
            return;
        }
        take(
            &event.message,
            event.millis,
            function,
            &stream.log_group,
            &mut Taken {
                samples: &mut roller,
                errors: &mut errors,
                counts,
            },
        );
    })?;
    let (rollups, capped) = roller.finish();
    counts.cap(&capped);
    Ok(Batch {
        log_group: stream.log_group.clone().into_owned(),
        id: identity.finish(),
        version: stream::version(&stream.log_group, &stream.log_stream),
        stream: StreamId::of(&stream.owner, &stream.log_group, &stream.log_stream),
        document,
        run: ids.run(),
        rollups,
        errors,
    })
}

/// What the log events of one batch add to.
pub(crate) struct Taken<'t, S> {
    pub(crate) samples: &'t mut S,
    pub(crate) errors: &'t mut Errors,
    pub(crate) counts: &'t mut Counts,
}

/// Reads one message and adds what it says. Everything that a log event can add but its own count goes through here,
/// or must do exactly the same.
pub(crate) fn take(
    message: &str,
    millis: i64,
    function: &str,
    log_group: &str,
    to: &mut Taken<'_, impl Samples>,
) {
    let counts = &mut *to.counts;
    let fits = match extract::read(message, millis) {
        Ok(Said::Metrics(document)) => to.samples.document(&document),
        Ok(Said::Report(report)) => {
            to.samples
                .report(function, Minute::from_millis(millis), &report)
        }
        Ok(Said::Error(line)) => {
            *counts.application_errors.entry(line.class).or_default() += 1;
            to.errors
                .take(&line, message.len(), millis, &mut counts.examined);
            true
        }
        Ok(Said::LogsDropped(records)) => {
            counts.logs_dropped = counts.logs_dropped.saturating_add(records);
            true
        }
        Ok(Said::Nothing) => true,
        Err(unreadable) => {
            if let Unreadable::Emf(rejection) = unreadable {
                counts
                    .violations
                    .take(log_group, rejection, message, &mut counts.examined);
            }
            counts.reject(unreadable.into(), 1);
            true
        }
    };
    if !fits {
        counts.reject(Reason::SeriesLimit, 1);
    }
}

/// The ids of a batch as they come.
#[derive(Debug, Default)]
struct Ids {
    run: Option<Run>,
    /// One is no id, or not above the one before it.
    broken: bool,
}

impl Ids {
    /// Takes the next id and says whether its log event is to be skipped.
    fn skips(&mut self, id: &[u8], skip: &[Run]) -> bool {
        let Some(id) = EventId::parse(id) else {
            self.broken = true;
            return false;
        };
        self.run = Some(match self.run {
            Some(run) => {
                self.broken |= id <= run.last;
                Run {
                    last: id,
                    events: run.events + 1,
                    ..run
                }
            }
            None => Run {
                first: id,
                last: id,
                events: 1,
            },
        });
        skip.iter().any(|run| run.contains(&id))
    }

    fn run(self) -> Option<Run> {
        self.run.filter(|_| !self.broken)
    }
}
