//! Lines of text in their escaped form. A line is read here when it surely says nothing, or is a REPORT of the usual
//! form; every other one is for the last tier.

use super::number::number;
use super::scan::{at, next_special};
use crate::application::text_may_tell;
use crate::platform_records::{Report, Status};

/// What a line says.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Line {
    Nothing,
    Report(Report),
}

/// Reads the line that begins at `place`; with it, the place of the quotation mark behind it.
#[inline(never)]
pub(super) fn read(text: &[u8], place: usize) -> Option<(Line, usize)> {
    if at(text, place) == b'R' && text.get(place..)?.starts_with(b"REPORT RequestId: ") {
        let (report, end) = report(text, place + 18)?;
        return Some((Line::Report(report), end));
    }
    // White space in front would have to be looked through, and so would what only an escape can write.
    if !at(text, place).is_ascii_graphic() || at(text, place) == b'\\' {
        return None;
    }
    let end = end(text, place)?;
    let line = text.get(place..end)?;
    // Behind a tab there might be a document.
    if memchr::memchr(b'{', line).is_some() {
        return None;
    }
    (says_nothing(line) || !(may_have_failed(line) || text_may_tell(line)))
        .then_some((Line::Nothing, end))
}

/// Whether a line begins like a platform record that tells of a failure now and then.
#[inline(always)]
fn may_have_failed(line: &[u8]) -> bool {
    line.starts_with(b"INIT_REPORT ") || line.starts_with(b"RESTORE_REPORT ")
}

/// Whether a line begins like a platform record that says nothing.
#[inline(always)]
fn says_nothing(line: &[u8]) -> bool {
    match line.first() {
        Some(b'S') => line.starts_with(b"START RequestId: "),
        Some(b'E') => line.starts_with(b"END RequestId: "),
        Some(b'I') => line.starts_with(b"INIT_START "),
        Some(b'R') => line.starts_with(b"RESTORE_START "),
        Some(b'X') => line.starts_with(b"XRAY TraceId: "),
        _ => false,
    }
}

/// The end of a string with only those escapes that stand for one character of ASCII each, or for a control character.
#[inline(always)]
fn end(text: &[u8], mut place: usize) -> Option<usize> {
    loop {
        place = next_special(text, place);
        match at(text, place) {
            b'"' => return Some(place),
            b'\\' => match at(text, place + 1) {
                b'n' | b't' | b'r' | b'"' | b'\\' | b'/' | b'b' | b'f' => place += 2,
                _ => return None,
            },
            _ => return None,
        }
    }
}

/// Whatever stands behind `literal`.
#[inline(always)]
fn behind(text: &[u8], place: usize, literal: &[u8]) -> Option<usize> {
    text.get(place..)?
        .starts_with(literal)
        .then_some(place + literal.len())
}

/// A number that is not negative, and what must stand behind it.
#[inline(always)]
fn measure(text: &[u8], place: usize, unit: &[u8]) -> Option<(f64, usize)> {
    let number = number(text, place).filter(|_| at(text, place) != b'-')?;
    Some((number.value, behind(text, number.end, unit)?))
}

/// The end of a word of letters, digits and hyphens: it cannot hold a label, nor anything else that counts.
#[inline(always)]
fn word(text: &[u8], place: usize) -> Option<usize> {
    let mut end = next_special(text, place);
    while end > place && at(text, end - 1) == b' ' {
        end -= 1;
    }
    let word = text.get(place..end)?;
    let odd = word.iter().fold(false, |odd, byte| {
        odd | !(byte.is_ascii_alphanumeric() | (*byte == b'-'))
    });
    (!odd && !word.is_empty()).then_some(end)
}

/// A report of the form that Lambda writes; `place` is behind `REPORT RequestId: `.
#[inline(always)]
fn report(text: &[u8], place: usize) -> Option<(Report, usize)> {
    let p = behind(text, word(text, place)?, b"\\tDuration: ")?;
    let (duration, p) = measure(text, p, b" ms\\tBilled Duration: ")?;
    let (billed, p) = measure(text, p, b" ms\\tMemory Size: ")?;
    let (size, p) = measure(text, p, b" MB\\tMax Memory Used: ")?;
    let (used, mut p) = measure(text, p, b" MB\\t")?;
    let mut report = Report {
        duration_ms: Some(duration),
        billed_ms: Some(billed),
        init_ms: None,
        memory_used_mb: Some(used),
        memory_size_mb: Some(size),
        status: Status::Unknown,
        out_of_memory: false,
    };
    if let Some(init) = behind(text, p, b"Init Duration: ") {
        let (init, end) = measure(text, init, b" ms\\t")?;
        (report.init_ms, p) = (Some(init), end);
    }
    if let Some(end) = behind(text, p, b"Status: timeout") {
        (report.status, p) = (Status::Timeout, end);
    }
    p = behind(text, p, b"\\n")?;
    if let Some(trace) = behind(text, p, b"XRAY TraceId: ") {
        let segment = behind(text, word(text, trace)?, b"\\tSegmentId: ")?;
        p = behind(text, word(text, segment)?, b"\\tSampled: true\\t\\n")?;
    }
    (at(text, p) == b'"').then_some((report, p))
}
