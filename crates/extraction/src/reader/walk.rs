//! Documents whose members come in an order that no template has: read member by member, in their escaped form.
//!
//! What makes metrics of them is known by the `CloudWatchMetrics` array alone, which is compared as it stands with those
//! that were learned. What has no metrics says nothing if no member that decides says otherwise. No recursion: open
//! containers are bits of a word.

use super::apply::Ready;
use super::learn::Slots;
use super::names::{Names, first_word};
use super::number::number;
use super::scan::{Chunk, LANES, at, chunk, equal};
use super::string;
use super::template::{Found, Kind, MAX_SLOTS, word};
use crate::application::DECIDING_MEMBERS;

/// Containers inside each other.
const MAX_DEPTH: u32 = 60;
/// Members of one document.
const MAX_MEMBERS: usize = 128;
/// Arrays of directives that are known.
const MAX_KNOWN: usize = 64;
/// Levels of loggers that tell of no error, in whatever language.
const QUIET: [&[u8]; 14] = [
    b"INFO", b"info", b"Info", b"DEBUG", b"debug", b"Debug", b"WARN", b"warn", b"Warn", b"WARNING",
    b"warning", b"TRACE", b"trace", b"Trace",
];

/// An array of directives that is known, and what it makes of a document's members.
#[derive(Debug)]
pub(super) struct Known {
    text: Vec<Chunk>,
    len: usize,
    names: Names,
    /// Slots are numbers of names; every metric is an array.
    pub(super) groups: Vec<Ready>,
}

/// The arrays of directives that are known, the one used last first.
#[derive(Debug)]
pub(super) struct Walker {
    pub(super) known: Vec<Known>,
    deciding: Names,
    members: Vec<Member>,
}

#[derive(Debug, Clone, Copy)]
struct Member {
    name: (u32, u32),
    span: (u32, u32),
    kind: Option<Kind>,
    escaped: bool,
    /// Where its values are.
    values: (u16, u16),
}

impl Default for Walker {
    fn default() -> Self {
        let deciding = DECIDING_MEMBERS.iter().map(|name| name.as_bytes());
        Self {
            known: Vec::new(),
            // They differ, and are a handful.
            deciding: Names::new(deciding.chain([&b"type"[..]])).unwrap_or_default(),
            members: Vec::with_capacity(MAX_MEMBERS),
        }
    }
}

/// What a document is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Walked {
    /// Nothing that is counted.
    Nothing,
    /// Metrics of the known array with this number; the slots are in `Found`. Where the timestamp is.
    Metrics(usize, (usize, usize)),
}

/// What was seen on the way.
#[derive(Debug, Default)]
struct Metadata {
    timestamp: Option<(usize, usize)>,
    known: Option<usize>,
    seen: bool,
}

impl Walker {
    /// Remembers an array of directives.
    pub(super) fn know(&mut self, text: &[u8], names: Names, groups: Vec<Ready>) {
        if self.known.len() >= MAX_KNOWN {
            self.known.pop();
        }
        let chunks = text.chunks(LANES).map(|part| {
            let mut chunk = [0; LANES];
            chunk[..part.len()].copy_from_slice(part);
            chunk
        });
        self.known.insert(
            0,
            Known {
                text: chunks.collect(),
                len: text.len(),
                names,
                groups,
            },
        );
    }

    /// Whether such an array is known.
    pub(super) fn knows(&self, text: &[u8]) -> bool {
        self.known
            .iter()
            .any(|known| known.len == text.len() && known.is_at(text, 0))
    }

    /// Reads the document at `place`: what it is, the place behind the log event, and a number that documents with the
    /// same members in the same order share. `None` when the reference must.
    pub(super) fn walk(
        &mut self,
        text: &[u8],
        place: usize,
        found: &mut Found,
    ) -> Option<(Walked, usize, u64)> {
        self.members.clear();
        found.values.clear();
        found.escaped = 0;
        let mut metadata = Metadata::default();
        let mut order = 0_u64;
        let mut p = spaces(text, place + 1);
        if at(text, p) == b'}' {
            p += 1;
        } else {
            loop {
                let (name, value) = name(text, p)?;
                let start = spaces(text, value);
                let named = text.get(name.0..name.1)?;
                if named == b"_aws" {
                    if std::mem::replace(&mut metadata.seen, true) {
                        return None;
                    }
                    order = order.wrapping_mul(31).wrapping_add(1);
                    p = self.metadata(text, start, &mut metadata)?;
                } else {
                    let word = first_word(text, name.0, named.len());
                    order = (order.rotate_left(5) ^ word).wrapping_mul(0x517c_c1b7_2722_0a95);
                    p = self.member(text, name, start, found)?;
                }
                p = spaces(text, p);
                match at(text, p) {
                    b',' => p = spaces(text, p + 1),
                    b'}' => {
                        p += 1;
                        break;
                    }
                    _ => return None,
                }
            }
        }
        while at(text, p) == b'\\' && at(text, p + 1) == b'n' {
            p += 2;
        }
        if at(text, p) != b'"' || at(text, p + 1) != b'}' {
            return None;
        }
        let walked = if metadata.seen {
            let known = metadata.known?;
            self.slots(text, known, found)?;
            Walked::Metrics(known, metadata.timestamp?)
        } else {
            self.says_nothing(text)?;
            Walked::Nothing
        };
        Some((walked, p + 2, order))
    }

    /// Reads a member's value: the place behind it.
    #[inline(always)]
    fn member(
        &mut self,
        text: &[u8],
        name: (usize, usize),
        start: usize,
        found: &mut Found,
    ) -> Option<usize> {
        let mut escaped = false;
        let first = found.values.len();
        let (kind, from, to, end) = match at(text, start) {
            b'\\' if at(text, start + 1) == b'"' => {
                let end = string::end(text, start + 2)?;
                escaped = end.escaped;
                (Some(Kind::Text), start + 2, end.at, end.at + 2)
            }
            b'[' => match numbers(text, start + 1, found) {
                Some(end) => (Some(Kind::Numbers), start + 1, end, end + 1),
                None => (None, start, start, skip(text, start)?),
            },
            b'{' => (None, start, start, skip(text, start)?),
            b't' | b'f' | b'n' => {
                let end = word(text, start)?;
                (Some(Kind::Word), start, end, end)
            }
            _ => {
                let number = number(text, start)?;
                found.values.push(number.value);
                (Some(Kind::Number), start, number.end, number.end)
            }
        };
        if self.members.len() == MAX_MEMBERS || found.values.len() > 1000 {
            return None;
        }
        #[expect(
            clippy::cast_possible_truncation,
            reason = "a payload is below 4 GiB, and values were counted"
        )]
        self.members.push(Member {
            name: (name.0 as u32, name.1 as u32),
            span: (from as u32, to as u32),
            kind,
            escaped,
            values: (first as u16, found.values.len() as u16),
        });
        Some(end)
    }

    /// Reads `_aws`: the place behind it.
    fn metadata(&mut self, text: &[u8], start: usize, metadata: &mut Metadata) -> Option<usize> {
        (at(text, start) == b'{').then_some(())?;
        let mut p = spaces(text, start + 1);
        loop {
            let (name, value) = name(text, p)?;
            let start = spaces(text, value);
            p = match text.get(name.0..name.1)? {
                b"Timestamp" if metadata.timestamp.is_none() => {
                    let end = number(text, start)?.end;
                    metadata.timestamp = Some((start, end));
                    end
                }
                b"CloudWatchMetrics" if metadata.known.is_none() => {
                    let known = self
                        .known
                        .iter()
                        .position(|known| known.is_at(text, start))?;
                    // A swap and not a rotation: two that alternate stay in front.
                    self.known.swap(known, known / 2);
                    metadata.known = Some(known / 2);
                    start + self.known[known / 2].len
                }
                b"Timestamp" | b"CloudWatchMetrics" => return None,
                _ => skip(text, start)?,
            };
            p = spaces(text, p);
            match at(text, p) {
                b',' => p = spaces(text, p + 1),
                b'}' => return Some(p + 1),
                _ => return None,
            }
        }
    }

    /// Puts members into the slots of a known array. `None` when one is missing, is there twice or is of another kind.
    fn slots(&mut self, text: &[u8], known: usize, found: &mut Found) -> Option<()> {
        let known = &self.known[known];
        let mut filled = 0_u64;
        for member in &self.members {
            let name = text.get(member.name.0 as usize..member.name.1 as usize)?;
            let Some(slot) = known
                .names
                .find(first_word(text, member.name.0 as usize, name.len()), name)
            else {
                continue;
            };
            let bit = 1 << slot;
            if filled & bit != 0 {
                return None;
            }
            filled |= bit;
            found.spans[slot] = member.span;
            found.ranges[slot] = member.values;
            found.escaped |= u64::from(member.escaped || member.kind != Some(Kind::Text)) << slot;
        }
        let all = u64::MAX >> (MAX_SLOTS - known.names.len().clamp(1, MAX_SLOTS));
        (filled == all).then_some(())
    }

    /// Whether members without metrics surely say nothing.
    fn says_nothing(&self, text: &[u8]) -> Option<()> {
        let kind_of_line = self.deciding.len().checked_sub(1)?;
        let mut filled = 0_u64;
        for member in &self.members {
            let name = text.get(member.name.0 as usize..member.name.1 as usize)?;
            let Some(number) = self
                .deciding
                .find(first_word(text, member.name.0 as usize, name.len()), name)
            else {
                continue;
            };
            let value = text.get(member.span.0 as usize..member.span.1 as usize)?;
            let quiet = if number == kind_of_line {
                !value.starts_with(b"platform.")
            } else {
                name != b"errorType" && QUIET.contains(&value)
            };
            if filled >> number & 1 == 1
                || member.kind != Some(Kind::Text)
                || member.escaped
                || !quiet
            {
                return None;
            }
            filled |= 1 << number;
        }
        Some(())
    }
}

impl Known {
    #[inline(always)]
    fn is_at(&self, text: &[u8], mut place: usize) -> bool {
        let mut left = self.len;
        for known in &self.text {
            let here = super::scan::padded(text, place);
            let same = equal(chunk(text, place).unwrap_or(&here), known);
            let wanted = if left >= LANES {
                0xffff
            } else {
                0xffff >> (LANES - left)
            };
            if same & wanted != wanted {
                return false;
            }
            left = left.saturating_sub(LANES);
            place += LANES;
        }
        true
    }
}

#[inline(always)]
fn spaces(text: &[u8], mut place: usize) -> usize {
    while at(text, place) == b' ' {
        place += 1;
    }
    place
}

/// A member's name and the place behind the colon.
#[inline(always)]
fn name(text: &[u8], place: usize) -> Option<((usize, usize), usize)> {
    (at(text, place) == b'\\' && at(text, place + 1) == b'"').then_some(())?;
    let end = string::end(text, place + 2)?;
    let colon = spaces(text, end.at + 2);
    (!end.escaped && at(text, colon) == b':').then_some(((place + 2, end.at), colon + 1))
}

/// The place of the bracket behind an array of numbers; its values are in `found`.
#[inline(always)]
fn numbers(text: &[u8], mut place: usize, found: &mut Found) -> Option<usize> {
    let before = found.values.len();
    if !at(text, place).is_ascii_digit() && at(text, place) != b'-' {
        return None;
    }
    while let Some(number) = number(text, place) {
        found.values.push(number.value);
        match at(text, number.end) {
            b',' if found.values.len() - before <= 100 => place = number.end + 1,
            b']' => return Some(number.end),
            _ => break,
        }
    }
    found.values.truncate(before);
    None
}

/// The place behind the value at `place`.
pub(super) fn skip(text: &[u8], place: usize) -> Option<usize> {
    let (mut p, mut objects, mut depth) = (place, 0_u64, 0_u32);
    loop {
        p = spaces(text, p);
        match at(text, p) {
            open @ (b'{' | b'[') => {
                let object = open == b'{';
                let first = spaces(text, p + 1);
                if at(text, first) == if object { b'}' } else { b']' } {
                    p = first + 1;
                } else {
                    if depth == MAX_DEPTH {
                        return None;
                    }
                    depth += 1;
                    objects = objects << 1 | u64::from(object);
                    p = if object { name(text, first)?.1 } else { first };
                    continue;
                }
            }
            b'\\' if at(text, p + 1) == b'"' => p = string::end(text, p + 2)?.at + 2,
            b't' | b'f' | b'n' => p = word(text, p)?,
            _ => p = number(text, p)?.end,
        }
        loop {
            if depth == 0 {
                return Some(p);
            }
            p = spaces(text, p);
            match (at(text, p), objects & 1) {
                (b',', 1) => {
                    p = name(text, spaces(text, p + 1))?.1;
                    break;
                }
                (b',', _) => {
                    p += 1;
                    break;
                }
                (b'}', 1) | (b']', 0) => {
                    depth -= 1;
                    objects >>= 1;
                    p += 1;
                }
                _ => return None,
            }
        }
    }
}

/// The names of a document's targets, and groups whose slots are their numbers.
pub(super) fn by_name(groups: &[Slots]) -> Option<(Names, Vec<Slots>)> {
    let mut names: Vec<&str> = Vec::new();
    let mut of = Vec::with_capacity(groups.len());
    for group in groups {
        let mut find = |name| {
            names
                .iter()
                .position(|known| *known == name)
                .unwrap_or_else(|| {
                    names.push(name);
                    names.len() - 1
                })
        };
        of.push(Slots {
            dimensions: group
                .group
                .dimensions
                .iter()
                .map(|name| find(name))
                .collect(),
            metrics: group
                .group
                .metrics
                .iter()
                .map(|name| (find(name), true))
                .collect(),
            group: group.group.clone(),
        });
    }
    Some((Names::new(names.iter().map(|name| name.as_bytes()))?, of))
}
