//! From one document to its template. The reference reads the document first, and what it says decides: a template is
//! kept only if applying it to that very document says the same.

use signals::emf::{Object, Observation};

use super::number::millis;
use super::plan::{self, Group};
use super::shape::{self, Scalar};
use super::template::{Kind, MAX_SLOTS, Piece};
use crate::application::DECIDING_MEMBERS;
use crate::extract::{self, Said};
use crate::platform_records::{Report, Status};

/// Longest document that is learned, bytes as they stand.
const MAX_LEN: usize = 8 * 1024;

/// What the documents of a template say.
#[derive(Debug)]
pub(super) enum Meaning {
    /// Nothing that is counted.
    Nothing,
    /// Something that only the reference can read: it is left to it at once.
    Reference,
    /// Metrics: the slot of the timestamp, and groups with the slots of their members.
    Metrics {
        timestamp: usize,
        groups: Vec<Slots>,
    },
    /// The end of an invocation: the slot of each measure.
    Report {
        measures: [Option<usize>; 5],
        status: Status,
    },
}

/// A group and where its members stand.
#[derive(Debug, Clone)]
pub(super) struct Slots {
    pub(super) group: Group,
    pub(super) dimensions: Vec<usize>,
    /// The slot of each metric, and whether it is an array.
    pub(super) metrics: Vec<(usize, bool)>,
}

/// The measures of a report, as its `metrics` call them.
const MEASURES: [&[u8]; 5] = [
    b"durationMs",
    b"billedDurationMs",
    b"initDurationMs",
    b"maxMemoryUsedMB",
    b"memorySizeMB",
];

/// A report that does not tell of a failure: that of memory depends on more than slots.
pub(super) fn report(measures: [Option<f64>; 5], status: Status) -> Report {
    let [
        duration_ms,
        billed_ms,
        init_ms,
        memory_used_mb,
        memory_size_mb,
    ] = measures;
    Report {
        duration_ms,
        billed_ms,
        init_ms,
        memory_used_mb,
        memory_size_mb,
        status,
        out_of_memory: false,
    }
}

/// What was learned of one document.
#[derive(Debug)]
pub(super) struct Lesson {
    pub(super) pieces: Vec<Piece>,
    pub(super) meaning: Meaning,
    /// Its array of directives as it stands.
    pub(super) directives: Option<(usize, usize)>,
}

/// Learns from the message that begins at `place`; its log event has the given timestamp.
pub(super) fn learn(text: &[u8], place: usize, event_millis: i64) -> Option<Lesson> {
    let (scalars, mut end) = shape::of(text.get(..text.len().min(place + MAX_LEN))?, place)?;
    while text.get(end..)?.starts_with(b"\\n") {
        end += 2;
    }
    if !text.get(end..)?.starts_with(b"\"}") {
        return None;
    }
    let message: String = serde_json::from_slice(text.get(place - 1..=end)?).ok()?;
    let said = extract::read(&message, event_millis).ok()?;
    let metrics = matches!(said, Said::Metrics(_));
    let slots: Vec<_> = scalars
        .iter()
        .filter(|scalar| !is_literal(&scalar.path, metrics))
        .collect();
    if slots.len() >= MAX_SLOTS {
        return None;
    }
    if !metrics && !is_known(text, &scalars) {
        return None;
    }
    let meaning = match said {
        Said::Nothing => Meaning::Nothing,
        Said::Metrics(document) => {
            let metadata = Object::parse(message.trim()).ok()?;
            let groups = plan::groups(&metadata.object("_aws")?)?;
            let meaning = metrics_of(&slots, groups)?;
            agrees(text, &slots, &meaning, &document).then_some(meaning)?
        }
        Said::Report(expected) => {
            let measures = MEASURES.map(|name| position(&slots, &[b"record", b"metrics", name]));
            let read = measures.map(|slot| value(text, slots.get(slot?)?));
            // One that is no number is `null`, and in the next document it might be `true`.
            let odd = measures
                .iter()
                .zip(&read)
                .any(|(slot, read)| slot.is_some() && read.is_none());
            if odd || expected != report(read, expected.status) || expected.status == Status::Failed
            {
                return None;
            }
            Meaning::Report {
                measures,
                status: expected.status,
            }
        }
        _ => Meaning::Reference,
    };
    Some(Lesson {
        pieces: pieces(text, place, &slots, end + 2)?,
        meaning,
        directives: directives(text, &scalars),
    })
}

/// Where the array of directives stands.
fn directives(text: &[u8], scalars: &[Scalar<'_>]) -> Option<(usize, usize)> {
    let inside =
        |scalar: &&Scalar<'_>| matches!(&scalar.path[..], [b"_aws", b"CloudWatchMetrics", ..]);
    let first = scalars.iter().find(inside)?.start;
    let name = b"\\\"CloudWatchMetrics\\\":";
    // The last one before its first scalar: that is a name, in a valid document.
    let start = memchr::memmem::rfind(text.get(..first)?, name)? + name.len();
    Some((start, super::walk::skip(text, start)?))
}

/// Records of the platform whose members are known to decide nothing but those that [`is_literal`] names.
const KNOWN: [&[u8]; 8] = [
    b"platform.start",
    b"platform.report",
    b"platform.runtimeDone",
    b"platform.initStart",
    b"platform.initRuntimeDone",
    b"platform.initReport",
    b"platform.extension",
    b"platform.telemetrySubscription",
];

/// Whether a document is no record of the platform, or a known one.
fn is_known(text: &[u8], scalars: &[Scalar<'_>]) -> bool {
    scalars
        .iter()
        .filter(|scalar| scalar.path == [b"type"])
        .all(|scalar| {
            let kind = text.get(scalar.start..scalar.end).unwrap_or_default();
            !kind.starts_with(b"platform.") || KNOWN.contains(&kind)
        })
}

/// Whether a member decides what a document says, so that its value is part of the template.
fn is_literal(path: &[&[u8]], metrics: bool) -> bool {
    match path {
        [b"_aws", b"CloudWatchMetrics", ..] => true,
        _ if metrics => false,
        [b"record", b"status" | b"errorType"] | [b"type", ..] | [b"_aws", ..] => true,
        [name, ..] => DECIDING_MEMBERS
            .iter()
            .any(|deciding| deciding.as_bytes() == *name),
        [] => true,
    }
}

fn position(slots: &[&Scalar<'_>], path: &[&[u8]]) -> Option<usize> {
    slots.iter().position(|slot| slot.path == path)
}

fn value(text: &[u8], slot: &Scalar<'_>) -> Option<f64> {
    super::number::number(text, slot.start)
        .filter(|_| slot.kind == Kind::Number)
        .map(|number| number.value)
}

fn metrics_of(slots: &[&Scalar<'_>], groups: Vec<Group>) -> Option<Meaning> {
    let root = |name: &String| position(slots, &[name.as_bytes()]);
    let timestamp = position(slots, &[b"_aws", b"Timestamp"])?;
    let mut found = Vec::with_capacity(groups.len());
    for group in groups {
        let dimensions: Vec<_> = group.dimensions.iter().map(root).collect::<Option<_>>()?;
        if dimensions
            .iter()
            .any(|slot| slots[*slot].kind != Kind::Text)
        {
            return None;
        }
        let metrics = group.metrics.iter().map(|name| {
            let slot = root(name)?;
            match slots[slot].kind {
                Kind::Number => Some((slot, false)),
                Kind::Numbers => Some((slot, true)),
                _ => None,
            }
        });
        let metrics = metrics.collect::<Option<_>>()?;
        found.push(Slots {
            group,
            dimensions,
            metrics,
        });
    }
    (slots[timestamp].kind == Kind::Number).then_some(Meaning::Metrics {
        timestamp,
        groups: found,
    })
}

/// Whether the slots of this very document say what the reference says of it.
fn agrees(
    text: &[u8],
    slots: &[&Scalar<'_>],
    meaning: &Meaning,
    document: &signals::emf::Document<'_>,
) -> bool {
    let Meaning::Metrics { timestamp, groups } = meaning else {
        return false;
    };
    let at = millis(text, slots[*timestamp].start);
    if at.map(signals::Minute::from_millis) != Some(document.minute()) {
        return false;
    }
    let mut expected = document.data();
    for group in groups {
        let values: Vec<_> = group
            .dimensions
            .iter()
            .map(|slot| &text[slots[*slot].start..slots[*slot].end])
            .collect();
        for (metric, (slot, array)) in group.metrics.iter().enumerate() {
            let Some((key, observations)) = expected.next() else {
                return false;
            };
            let mut read = Vec::new();
            let mut place = slots[*slot].start;
            while let Some(number) = super::number::number(text, place) {
                read.push(Observation::Value {
                    value: number.value,
                    weight: 1,
                });
                place = number.end + 1;
                if !*array || number.end == slots[*slot].end {
                    break;
                }
            }
            if key != group.group.key(metric, &values) || read != observations {
                return false;
            }
        }
    }
    expected.next().is_none()
}

/// Literals and slots; the last literal ends at `end`.
fn pieces(text: &[u8], place: usize, slots: &[&Scalar<'_>], end: usize) -> Option<Vec<Piece>> {
    let mut from = place;
    let mut pieces = Vec::with_capacity(slots.len() + 1);
    for slot in slots {
        pieces.push(Piece {
            literal: text.get(from..slot.start)?.to_vec(),
            kind: slot.kind,
        });
        from = slot.end;
    }
    pieces.push(Piece {
        literal: text.get(from..end)?.to_vec(),
        kind: Kind::End,
    });
    Some(pieces)
}
