//! Templates: JSON documents as literals between scalar slots.
//!
//! When every literal stands where it must and every slot holds a well-formed value, the document has exactly the
//! structure of the one that was learned: that is a proof, not a guess. Templates that begin alike share nodes, so that
//! what tells them apart is looked at once, where it stands.

use super::number::{integer, number};
use super::scan::{Chunk, LANES, at, chunk, equal};
use super::string;

/// Slots of one document. More, and the walker reads it.
pub(super) const MAX_SLOTS: usize = 64;
/// Values of all arrays of one document: a metric has at most 100.
const MAX_VALUES: usize = 400;
/// Nodes and chunks of literals; what exceeds them makes everything be forgotten.
const MAX_NODES: usize = 4096;
const MAX_CHUNKS: usize = 16 * 1024;
/// Alternatives at one place. More, and the walker reads it.
const MAX_ALTERNATIVES: usize = 12;
/// First members that are told apart, a power of two.
const ROOTS: usize = 256;

/// What stands in a slot.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// The characters of a string.
    Text,
    /// A number.
    Number,
    /// The numbers of an array, one at least.
    Numbers,
    /// `true`, `false` or `null`.
    Word,
    /// Nothing: the literal was the last one.
    End,
}

/// A literal and the slot behind it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Piece {
    pub(super) literal: Vec<u8>,
    pub(super) kind: Kind,
}

#[derive(Debug, Clone, Copy)]
struct Node {
    first_chunk: u32,
    len: u32,
    kind: Kind,
    /// What else may stand in this place; 0 for nothing.
    other: u32,
    /// What may follow, or the template's number at the end.
    next: u32,
    /// How long the slot's value is likely to be; [`ANY`] when that differs.
    len_of_value: u32,
    /// When it last was not, and how often in short succession.
    missed: u32,
    misses: u32,
}

/// No length in particular.
const ANY: u32 = u32::MAX;
/// Longest value that is likely to be as long as the one before: a longer one is looked through anyway.
const MAX_LIKELY: usize = 256;
/// Documents within which two misses are in short succession, and how many misses are too many.
const SUCCESSION: u32 = 64;
const MAX_MISSES: u32 = 4;

/// What stands in the slots of a document that matched.
#[derive(Debug)]
pub(super) struct Found {
    /// Where each slot begins and ends.
    pub(super) spans: [(u32, u32); MAX_SLOTS],
    /// The value of a number.
    pub(super) numbers: [f64; MAX_SLOTS],
    /// Slots that are strings with escapes.
    pub(super) escaped: u64,
    /// The values of arrays, and where each slot's begin and end.
    pub(super) values: Vec<f64>,
    pub(super) ranges: [(u16, u16); MAX_SLOTS],
}

impl Default for Found {
    fn default() -> Self {
        Self {
            spans: [(0, 0); MAX_SLOTS],
            numbers: [0.0; MAX_SLOTS],
            escaped: 0,
            values: Vec::with_capacity(MAX_VALUES),
            ranges: [(0, 0); MAX_SLOTS],
        }
    }
}

/// See the module.
#[derive(Debug)]
pub(super) struct Trie {
    nodes: Vec<Node>,
    chunks: Vec<Chunk>,
    roots: Vec<(u64, u32)>,
    /// Documents that were looked for.
    finds: u32,
}

impl Default for Trie {
    fn default() -> Self {
        // Node 0 is none.
        let none = Node {
            first_chunk: 0,
            len: 0,
            kind: Kind::End,
            other: 0,
            next: 0,
            len_of_value: ANY,
            missed: 0,
            misses: 0,
        };
        Self {
            nodes: vec![none],
            chunks: Vec::new(),
            roots: vec![(0, 0); ROOTS],
            finds: 0,
        }
    }
}

/// The first eight bytes of the first member's name, or all of a shorter one.
#[inline(always)]
fn head(text: &[u8], place: usize) -> Option<u64> {
    let word = u64::from_le_bytes(*text.get(place + 3..)?.first_chunk()?);
    // The lowest byte that is a backslash, which ends the name: those above it do not count.
    let others = word ^ 0x5c5c_5c5c_5c5c_5c5c;
    let ends = others.wrapping_sub(0x0101_0101_0101_0101) & !others & 0x8080_8080_8080_8080;
    let below = (ends & ends.wrapping_neg()).wrapping_sub(1) >> 7;
    Some(if ends == 0 { word } else { word & below })
}

fn root_of(head: u64) -> usize {
    (head.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 56) as usize & (ROOTS - 1)
}

impl Trie {
    /// Matches the document that begins at `place`: the number of its template, and the place behind the literal that
    /// ends it.
    #[inline(never)]
    pub(super) fn find(
        &mut self,
        text: &[u8],
        place: usize,
        found: &mut Found,
    ) -> Option<(u32, usize)> {
        let head = head(text, place)?;
        let root = self.roots[root_of(head)];
        if root.0 != head || root.1 == 0 {
            return None;
        }
        found.escaped = 0;
        found.values.clear();
        self.finds = self.finds.wrapping_add(1);
        let mut place = place;
        let mut number = root.1;
        for slot in 0..MAX_SLOTS {
            // Of several alternatives the first that fits is the only one: literals differ, or slots do.
            loop {
                let node = &self.nodes[number as usize];
                if self.literal(text, place, node) {
                    let start = place + node.len as usize;
                    if node.kind == Kind::End {
                        return Some((node.next, start));
                    }
                    let (likely, next) = (node.len_of_value as usize, node.next);
                    // The processor goes on with the likely length at once, while what was there is still compared.
                    let kind = node.kind;
                    let end = if likely <= MAX_LIKELY
                        && is_likely(text, start, kind, likely, slot, found)
                    {
                        Some(start + likely)
                    } else {
                        let end = value(text, start, kind, slot, found);
                        if likely != ANY as usize
                            && let Some(end) = end
                        {
                            self.missed(number, end - start);
                        }
                        end
                    };
                    if let Some(end) = end {
                        #[expect(
                            clippy::cast_possible_truncation,
                            reason = "a payload is below 4 GiB"
                        )]
                        {
                            found.spans[slot] = (start as u32, end as u32);
                        }
                        place = end;
                        number = next;
                        break;
                    }
                }
                number = self.nodes[number as usize].other;
                if number == 0 {
                    return None;
                }
            }
        }
        None
    }

    /// A value was not as long as it was likely to be.
    #[cold]
    fn missed(&mut self, node: u32, len: usize) {
        let node = &mut self.nodes[node as usize];
        let soon = self.finds.wrapping_sub(node.missed) < SUCCESSION;
        node.misses = if soon { node.misses + 1 } else { 0 };
        node.missed = self.finds;
        let likely = matches!(node.kind, Kind::Text | Kind::Number) && node.misses < MAX_MISSES;
        node.len_of_value = if likely && len <= MAX_LIKELY {
            u32::try_from(len).unwrap_or(ANY)
        } else {
            ANY
        };
    }

    #[inline(always)]
    fn literal(&self, text: &[u8], place: usize, node: &Node) -> bool {
        let mut left = node.len;
        let mut place = place;
        let chunks = self
            .chunks
            .get(node.first_chunk as usize..)
            .unwrap_or_default();
        for literal in chunks {
            let Some(here) = chunk(text, place) else {
                return false;
            };
            let same = equal(here, literal);
            if left <= LANES as u32 {
                let wanted = 0xffff_u32 >> (LANES as u32 - left);
                return same & wanted == wanted;
            }
            if same != 0xffff {
                return false;
            }
            left -= LANES as u32;
            place += LANES;
        }
        false
    }

    /// Adds a template. `false` when there is no place for it, or a document like it is known.
    pub(super) fn insert(&mut self, pieces: &[Piece], template: u32) -> bool {
        let Some(head) = pieces.first().and_then(|piece| {
            let mut literal = piece.literal.clone();
            literal.resize(literal.len() + LANES, 0);
            head(&literal, 0)
        }) else {
            return false;
        };
        let slot = root_of(head);
        if self.roots[slot].1 != 0 && self.roots[slot].0 != head {
            return false;
        }
        let mut parent = None;
        let mut node = self.roots[slot].1;
        for piece in pieces {
            let mut alternatives = 0;
            let mut last = 0;
            while node != 0 && !self.is(node, piece) {
                last = node;
                node = self.nodes[node as usize].other;
                alternatives += 1;
            }
            if node == 0 {
                if alternatives >= MAX_ALTERNATIVES {
                    return false;
                }
                node = self.add(piece, template);
                match (last, parent) {
                    (0, None) => self.roots[slot] = (head, node),
                    (0, Some(parent)) => self.nodes[parent as usize].next = node,
                    (last, _) => self.nodes[last as usize].other = node,
                }
            } else if piece.kind == Kind::End {
                return false;
            }
            parent = Some(node);
            node = if piece.kind == Kind::End {
                0
            } else {
                self.nodes[node as usize].next
            };
        }
        true
    }

    /// Whether another template fits in.
    pub(super) fn is_full(&self) -> bool {
        self.nodes.len() + MAX_SLOTS > MAX_NODES || self.chunks.len() > MAX_CHUNKS
    }

    fn is(&self, node: u32, piece: &Piece) -> bool {
        let node = &self.nodes[node as usize];
        let chunks = self.chunks[node.first_chunk as usize..].iter().flatten();
        node.kind == piece.kind
            && node.len as usize == piece.literal.len()
            && chunks.zip(&piece.literal).all(|(one, other)| one == other)
    }

    fn add(&mut self, piece: &Piece, template: u32) -> u32 {
        #[expect(
            clippy::cast_possible_truncation,
            reason = "bounded by MAX_NODES, MAX_CHUNKS and the message"
        )]
        let (number, first_chunk, len) = (
            self.nodes.len() as u32,
            self.chunks.len() as u32,
            piece.literal.len() as u32,
        );
        for part in piece.literal.chunks(LANES) {
            let mut chunk = [0; LANES];
            chunk[..part.len()].copy_from_slice(part);
            self.chunks.push(chunk);
        }
        let next = if piece.kind == Kind::End { template } else { 0 };
        self.nodes.push(Node {
            first_chunk,
            len,
            kind: piece.kind,
            other: 0,
            next,
            len_of_value: ANY - 1,
            missed: 0,
            misses: 0,
        });
        number
    }
}

/// Whether a value of a kind begins at `start` and is so long. For a string it is left to the literal behind it, which
/// begins with `\\"`, to see that it ends there.
#[inline(always)]
fn is_likely(
    text: &[u8],
    start: usize,
    kind: Kind,
    len: usize,
    slot: usize,
    found: &mut Found,
) -> bool {
    match kind {
        Kind::Text => string::is_plain(text, start, len),
        Kind::Number => match integer(text, start, len) {
            Some(value) => {
                found.numbers[slot] = value;
                true
            }
            None => false,
        },
        _ => false,
    }
}

/// The end of the value of a kind that begins at `start`.
#[inline(always)]
fn value(text: &[u8], start: usize, kind: Kind, slot: usize, found: &mut Found) -> Option<usize> {
    match kind {
        Kind::Text => {
            let end = string::end(text, start)?;
            found.escaped |= u64::from(end.escaped) << slot;
            Some(end.at)
        }
        Kind::Number => {
            let number = number(text, start)?;
            found.numbers[slot] = number.value;
            Some(number.end)
        }
        Kind::Numbers => numbers(text, start, slot, found),
        Kind::Word => word(text, start),
        Kind::End => None,
    }
}

#[inline(always)]
fn numbers(text: &[u8], mut place: usize, slot: usize, found: &mut Found) -> Option<usize> {
    let first = found.values.len();
    loop {
        let number = number(text, place)?;
        if found.values.len() == MAX_VALUES {
            return None;
        }
        found.values.push(number.value);
        place = number.end;
        match at(text, place) {
            b',' => place += 1,
            b']' => {
                #[expect(clippy::cast_possible_truncation, reason = "bounded by MAX_VALUES")]
                {
                    found.ranges[slot] = (first as u16, found.values.len() as u16);
                }
                return Some(place);
            }
            _ => return None,
        }
    }
}

/// The end of `true`, `false` or `null`.
#[inline(always)]
pub(super) fn word(text: &[u8], start: usize) -> Option<usize> {
    let rest = text.get(start..)?;
    [&b"false"[..], b"true", b"null"]
        .iter()
        .find(|word| rest.starts_with(word))
        .map(|word| start + word.len())
}
