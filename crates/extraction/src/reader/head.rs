//! The members of a document around its log events, as CloudWatch Logs writes them: no white space, no escapes, the five
//! that matter once each, in any order; others are strings, or arrays of strings.

use super::scan::{at, next_special};

/// What stands around the log events.
#[derive(Debug, Default, Clone, Copy)]
pub(super) struct Head<'t> {
    message_type: Option<&'t str>,
    owner: Option<&'t str>,
    log_group: Option<&'t str>,
    log_stream: Option<&'t str>,
    events: bool,
}

impl<'t> Head<'t> {
    /// Reads from a document's first byte to the first byte of its first log event. `None` for anything odd.
    pub(super) fn before(text: &'t str, place: usize) -> Option<(Self, usize)> {
        let mut head = Self::default();
        (at(text.as_bytes(), place) == b'{').then_some(())?;
        let end = head.members(text, place + 1)?;
        head.events.then_some((head, end))
    }

    /// Reads on behind the bracket that ends the log events: the place behind the document. `None` for anything odd.
    pub(super) fn behind(&mut self, text: &'t str, place: usize) -> Option<usize> {
        match at(text.as_bytes(), place) {
            b'}' => Some(place + 1),
            b',' => self.members(text, place + 1),
            _ => None,
        }
    }

    /// Owner, log group and stream of a document that holds log events.
    pub(super) fn stream(&self) -> Option<(&'t str, &'t str, &'t str)> {
        Some((self.owner?, self.log_group?, self.log_stream?))
    }

    /// Whether it is said to hold log events; `None` when that is not said yet.
    pub(super) fn is_data(&self) -> Option<bool> {
        self.message_type.map(|kind| kind == "DATA_MESSAGE")
    }

    fn members(&mut self, text: &'t str, mut place: usize) -> Option<usize> {
        let bytes = text.as_bytes();
        loop {
            let (name, colon) = string(text, place)?;
            (at(bytes, colon) == b':').then_some(())?;
            if name == "logEvents" {
                (!self.events && at(bytes, colon + 1) == b'[').then_some(())?;
                self.events = true;
                return Some(colon + 2);
            }
            let (value, end) = match at(bytes, colon + 1) {
                b'[' => (None, strings(text, colon + 2)?),
                _ => {
                    let (value, end) = string(text, colon + 1)?;
                    (Some(value), end)
                }
            };
            let member = match name {
                "messageType" => &mut self.message_type,
                "owner" => &mut self.owner,
                "logGroup" => &mut self.log_group,
                "logStream" => &mut self.log_stream,
                _ => &mut None,
            };
            if member.is_some() {
                return None;
            }
            if !matches!(name, "subscriptionFilters" | "policyLevel") {
                *member = Some(value?);
            }
            match at(bytes, end) {
                b',' => place = end + 1,
                b'}' => return self.events.then_some(end + 1),
                _ => return None,
            }
        }
    }
}

/// A string without escapes, and the place behind it.
fn string(text: &str, place: usize) -> Option<(&str, usize)> {
    let bytes = text.as_bytes();
    (at(bytes, place) == b'"').then_some(())?;
    let end = next_special(bytes, place + 1);
    (at(bytes, end) == b'"').then_some(())?;
    Some((text.get(place + 1..end)?, end + 1))
}

/// The place behind an array of such strings.
fn strings(text: &str, mut place: usize) -> Option<usize> {
    let bytes = text.as_bytes();
    if at(bytes, place) == b']' {
        return Some(place + 1);
    }
    loop {
        let (_, end) = string(text, place)?;
        match at(bytes, end) {
            b',' => place = end + 1,
            b']' => return Some(end + 1),
            _ => return None,
        }
    }
}
