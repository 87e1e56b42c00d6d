//! One message → what it says. Pure.

use signals::emf::{self, Document, Object, Rejection};

use crate::application::{self, ErrorLine};
use crate::platform_records::{self, PlatformRecord, Report};

/// What a message says.
#[derive(Debug)]
pub(crate) enum Said<'a> {
    /// Metrics in the embedded metric format.
    Metrics(Document<'a>),
    /// The end of an invocation.
    Report(Report),
    /// An error.
    Error(ErrorLine<'a>),
    /// The platform dropped so many log records before they became log events.
    LogsDropped(u64),
    /// Nothing that is counted.
    Nothing,
}

/// Why a message that should have said something does not.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Unreadable {
    /// EMF that makes no metrics, or JSON that is none.
    Emf(Rejection),
    /// A platform report without its documented shape.
    Report,
}

/// Reads one message; `millis` is its log event's timestamp.
pub(crate) fn read(message: &str, millis: i64) -> Result<Said<'_>, Unreadable> {
    let Some(text) = emf::document_in(message) else {
        return match platform_records::read_text(message) {
            Some(record) => record.map(said).map_err(|_| Unreadable::Report),
            None => Ok(text_line(message)),
        };
    };
    let root = match Object::parse(text) {
        Ok(root) => root,
        Err(_) if emf::looks_like_json(text) => return Err(Unreadable::Emf(Rejection::NotJson)),
        Err(_) => return Ok(text_line(message)),
    };
    if let Some(document) = emf::decode_object(&root, millis).map_err(Unreadable::Emf)? {
        return Ok(Said::Metrics(document));
    }
    match platform_records::read_json(&root) {
        Some(record) => record.map(said).map_err(|_| Unreadable::Report),
        None => Ok(match application::class_of_json(&root) {
            Some(class) => Said::Error(ErrorLine::json(class, root)),
            None => Said::Nothing,
        }),
    }
}

fn text_line(line: &str) -> Said<'_> {
    application::class_of_text(line).map_or(Said::Nothing, |class| {
        Said::Error(ErrorLine::text(class, line))
    })
}

fn said<'a>(record: PlatformRecord) -> Said<'a> {
    match record {
        PlatformRecord::Report(report) => Said::Report(report),
        PlatformRecord::InitFailed => Said::Error(ErrorLine::init()),
        PlatformRecord::LogsDropped(records) => Said::LogsDropped(records),
        PlatformRecord::Other => Said::Nothing,
    }
}
