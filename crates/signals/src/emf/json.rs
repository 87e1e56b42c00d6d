//! JSON as it is written: where a value ends, and whether it is one. It accepts exactly what `serde_json` accepts when it
//! skips over a value, which the tests compare.
//!
//! Why not `serde_json` itself: it keeps a byte of memory for each bracket that is open, which a payload of brackets makes
//! as large as itself, and it copies what it buffers. This is one loop with one bit for each open bracket.

use std::borrow::Cow;

/// A JSON value as it is written, without white space around it. It has been checked to be one, but for halves of
/// surrogate pairs in its strings.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Raw<'a>(&'a str);

impl<'a> Raw<'a> {
    /// The value at the start of `text`, behind white space, and the place behind it; `None` when there is none.
    #[must_use]
    pub fn first(text: &'a str) -> Option<(Self, usize)> {
        Self::at(text, 0)
    }

    /// The value from `place` on, behind white space, and the place behind it; `None` when there is none.
    #[must_use]
    pub fn at(text: &'a str, place: usize) -> Option<(Self, usize)> {
        let start = space(text.as_bytes(), place);
        let end = value(text.as_bytes(), start)?;
        Some((Self(text.get(start..end)?), end))
    }

    /// As it is written.
    #[must_use]
    pub fn get(self) -> &'a str {
        self.0
    }

    /// The text that a string stands for, borrowed unless it holds escapes. `None` for what is no string, and for a
    /// string with half of a surrogate pair, which is no text.
    #[must_use]
    pub fn text(self) -> Option<Cow<'a, str>> {
        let inner = self.0.strip_prefix('"')?.strip_suffix('"')?;
        if !inner.as_bytes().contains(&b'\\') {
            return Some(Cow::Borrowed(inner));
        }
        unescaped(inner)
            .or_else(|| serde_json::from_str(self.0).ok())
            .map(Cow::Owned)
    }

    /// The elements of an array; `None` for anything else.
    #[must_use]
    pub fn elements(self) -> Option<Elements<'a>> {
        self.0.starts_with('[').then_some(Elements {
            text: self.0,
            place: 1,
        })
    }

    /// The members of an object; `None` for anything else.
    #[must_use]
    pub fn members(self) -> Option<Members<'a>> {
        Members::of(self.0)
    }
}

/// The elements of an array, one after the other.
#[derive(Debug, Clone)]
pub struct Elements<'a> {
    text: &'a str,
    place: usize,
}

impl<'a> Iterator for Elements<'a> {
    type Item = Raw<'a>;

    fn next(&mut self) -> Option<Raw<'a>> {
        let (found, end) = Raw::at(self.text, self.place)?;
        // Behind it there is a comma, or the bracket.
        self.place = space(self.text.as_bytes(), end) + 1;
        Some(found)
    }
}

/// The members of an object, one after the other, as far as it is one.
#[derive(Debug, Clone)]
pub struct Members<'a> {
    text: &'a str,
    place: usize,
    state: State,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    First,
    Behind,
    Ended,
    Broken,
}

impl<'a> Members<'a> {
    /// The members of the object that begins `text`, behind white space; `None` when none begins there.
    #[must_use]
    pub fn of(text: &'a str) -> Option<Self> {
        Self::at(text, 0)
    }

    /// The members of the object from `place` on, behind white space; `None` when none begins there.
    #[must_use]
    pub fn at(text: &'a str, place: usize) -> Option<Self> {
        let start = space(text.as_bytes(), place);
        (text.as_bytes().get(start) == Some(&b'{')).then_some(Self {
            text,
            place: start + 1,
            state: State::First,
        })
    }

    /// The place behind the object, once all members have been had; `None` when it is no whole object, or one of its
    /// names is no text.
    #[must_use]
    pub fn end(&self) -> Option<usize> {
        (self.state == State::Ended).then_some(self.place)
    }

    /// How far it is an object.
    #[must_use]
    pub fn place(&self) -> usize {
        self.place
    }

    fn step(&mut self) -> Option<Option<(Cow<'a, str>, Raw<'a>)>> {
        let bytes = self.text.as_bytes();
        self.place = space(bytes, self.place);
        let mut place = self.place;
        match (bytes.get(place)?, self.state) {
            (b'}', State::First | State::Behind) => {
                self.place += 1;
                self.state = State::Ended;
                return Some(None);
            }
            (b',', State::Behind) => place = space(bytes, place + 1),
            (_, State::First) => {}
            _ => return None,
        }
        if bytes.get(place) != Some(&b'"') {
            return None;
        }
        let end = string(bytes, place + 1)?;
        let name = Raw(self.text.get(place..end)?).text()?;
        let colon = space(bytes, end);
        if bytes.get(colon) != Some(&b':') {
            return None;
        }
        let (value, end) = Raw::at(self.text, colon + 1)?;
        self.place = end;
        self.state = State::Behind;
        Some(Some((name, value)))
    }
}

impl<'a> Iterator for Members<'a> {
    type Item = (Cow<'a, str>, Raw<'a>);

    #[inline]
    fn next(&mut self) -> Option<Self::Item> {
        if matches!(self.state, State::Ended | State::Broken) {
            return None;
        }
        let step = self.step();
        if step.is_none() {
            self.state = State::Broken;
        }
        step.flatten()
    }
}

/// The place of the next byte that is no white space.
#[must_use]
#[inline]
pub fn space(text: &[u8], mut place: usize) -> usize {
    while let Some(b' ' | b'\n' | b'\r' | b'\t') = text.get(place) {
        place += 1;
    }
    place
}

/// The place behind the string whose first character is at `place`; `None` when it is none.
#[must_use]
#[inline]
pub fn string(text: &[u8], mut place: usize) -> Option<usize> {
    loop {
        place = special(text, place);
        match text.get(place)? {
            b'"' => return Some(place + 1),
            b'\\' => {
                // Where there is one there are often more.
                while let Some(b'\\') = text.get(place) {
                    place = escape(text, place + 1)?;
                }
            }
            _ => return None,
        }
    }
}

/// What a string without its quotation marks stands for, if it has no escapes but those of one character.
fn unescaped(inner: &str) -> Option<String> {
    let bytes = inner.as_bytes();
    let mut out = String::with_capacity(inner.len());
    let mut place = 0;
    while let Some(byte) = bytes.get(place) {
        if *byte == b'\\' {
            out.push(match bytes.get(place + 1)? {
                b'n' => '\n',
                b't' => '\t',
                b'r' => '\r',
                b'b' => '\u{8}',
                b'f' => '\u{c}',
                same @ (b'"' | b'\\' | b'/') => char::from(*same),
                _ => return None,
            });
            place += 2;
        } else {
            let end = special(bytes, place);
            out.push_str(inner.get(place..end).filter(|piece| !piece.is_empty())?);
            place = end;
        }
    }
    Some(out)
}

#[inline]
fn escape(text: &[u8], place: usize) -> Option<usize> {
    match text.get(place)? {
        b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't' => Some(place + 1),
        b'u' => {
            let digits = text.get(place + 1..place + 5)?;
            digits
                .iter()
                .all(u8::is_ascii_hexdigit)
                .then_some(place + 5)
        }
        _ => None,
    }
}

const EACH: u64 = 0x0101_0101_0101_0101;

/// The first quotation mark, backslash or control character from `place` on, or the end.
#[inline]
fn special(text: &[u8], mut place: usize) -> usize {
    while let Some(chunk) = text.get(place..).and_then(|rest| rest.first_chunk()) {
        let word = u64::from_le_bytes(*chunk);
        let zero = |word: u64| word.wrapping_sub(EACH) & !word;
        let found = zero(word ^ (EACH * b'"' as u64))
            | zero(word ^ (EACH * b'\\' as u64))
            | word.wrapping_sub(EACH * 0x20) & !word;
        // The lowest bit is right, whatever a borrow does to those above it.
        let found = found & (EACH << 7);
        if found != 0 {
            return place + (found.trailing_zeros() / 8) as usize;
        }
        place += 8;
    }
    let rest = text.get(place..).unwrap_or_default();
    let ends = |byte: &u8| *byte < 0x20 || matches!(byte, b'"' | b'\\');
    rest.iter()
        .position(ends)
        .map_or(text.len(), |at| place + at)
}

fn digits(text: &[u8], mut place: usize) -> usize {
    while text.get(place).is_some_and(u8::is_ascii_digit) {
        place += 1;
    }
    place
}

#[inline]
fn number(text: &[u8], mut place: usize) -> Option<usize> {
    place += usize::from(text.get(place) == Some(&b'-'));
    let whole = digits(text, place);
    if whole == place || text[place] == b'0' && whole > place + 1 {
        return None;
    }
    place = whole;
    if text.get(place) == Some(&b'.') {
        let end = digits(text, place + 1);
        if end == place + 1 {
            return None;
        }
        place = end;
    }
    if let Some(b'e' | b'E') = text.get(place) {
        place += 1;
        place += usize::from(matches!(text.get(place), Some(b'+' | b'-')));
        let end = digits(text, place);
        if end == place {
            return None;
        }
        place = end;
    }
    Some(place)
}

/// The place behind the value at `place`, where there is no white space before it; `None` when it is none.
#[must_use]
#[inline]
pub fn value(text: &[u8], place: usize) -> Option<usize> {
    match text.get(place)? {
        b'{' | b'[' => nested(text, place),
        _ => scalar(text, place),
    }
}

#[inline]
fn scalar(text: &[u8], place: usize) -> Option<usize> {
    let literal = |literal: &[u8]| {
        text.get(place..)?
            .starts_with(literal)
            .then_some(place + literal.len())
    };
    match text.get(place)? {
        b'"' => string(text, place + 1),
        b'-' | b'0'..=b'9' => number(text, place),
        b't' => literal(b"true"),
        b'f' => literal(b"false"),
        b'n' => literal(b"null"),
        _ => None,
    }
}

/// The brackets that are open, one bit each: whether it is an object's.
#[derive(Default)]
struct Open {
    last: u64,
    lasts: u32,
    before: Vec<u64>,
}

impl Open {
    #[inline]
    fn push(&mut self, object: bool) {
        if self.lasts == u64::BITS {
            self.before.push(self.last);
            self.lasts = 0;
        }
        self.last = self.last << 1 | u64::from(object);
        self.lasts += 1;
    }

    #[inline]
    fn pop(&mut self) {
        self.last >>= 1;
        self.lasts -= 1;
        if self.lasts == 0
            && let Some(before) = self.before.pop()
        {
            self.last = before;
            self.lasts = u64::BITS;
        }
    }
}

/// The place behind the object or array at `place`.
fn nested(text: &[u8], mut place: usize) -> Option<usize> {
    let mut open = Open::default();
    loop {
        // Before a value.
        match text.get(place)? {
            b'[' => {
                open.push(false);
                place = space(text, place + 1);
                if text.get(place)? != &b']' {
                    continue;
                }
                open.pop();
                place += 1;
            }
            b'{' => {
                open.push(true);
                place = space(text, place + 1);
                if text.get(place)? != &b'}' {
                    place = name(text, place)?;
                    continue;
                }
                open.pop();
                place += 1;
            }
            _ => place = scalar(text, place)?,
        }
        // Behind a value.
        loop {
            if open.lasts == 0 {
                return Some(place);
            }
            place = space(text, place);
            match (text.get(place)?, open.last & 1) {
                (b',', 0) => {
                    place = space(text, place + 1);
                    break;
                }
                (b',', _) => {
                    place = name(text, space(text, place + 1))?;
                    break;
                }
                (b']', 0) | (b'}', 1) => {
                    open.pop();
                    place += 1;
                }
                _ => return None,
            }
        }
    }
}

/// The place of the value behind the name at `place`.
#[inline]
fn name(text: &[u8], place: usize) -> Option<usize> {
    if text.get(place)? != &b'"' {
        return None;
    }
    let place = space(text, string(text, place + 1)?);
    (text.get(place)? == &b':').then(|| space(text, place + 1))
}

#[cfg(test)]
mod tests;
