//! JSON lines: the members under which loggers write an error's type, message and trace.

use std::borrow::Cow;

use std::ops::Range;

use signals::emf::{Object, Raw};

use super::named::Names;
use super::{ErrorClass, Sighting, normal, trace};

/// Members of the line that are the error's type: of Lambda's runtimes, Powertools, structlog, the Elastic and the
/// OpenTelemetry conventions.
const TYPES: [&str; 12] = [
    "errorType",
    "exception_name",
    "error_class",
    "exception_type",
    "exception_class",
    "exceptionClass",
    "error_type",
    "errorName",
    "error.type",
    "exception.type",
    "err.type",
    "error.kind",
];
/// Members of the line that are its message.
const MESSAGES: [&str; 6] = [
    "errorMessage",
    "error_message",
    "exception_message",
    "error.message",
    "exception.message",
    "err.message",
];
/// Members of the line that are a trace, or the error as text.
const TRACES: [&str; 9] = [
    "exception",
    "exc_info",
    "stack_trace",
    "stackTrace",
    "stack",
    "error.stack_trace",
    "error.stack",
    "traceback",
    "error",
];
/// Members that hold the error as an object: Powertools for TypeScript and .NET, Pino, log4j, tracing, and `message`
/// of Node's JSON format.
const OBJECTS: [&str; 7] = [
    "error",
    "err",
    "exception",
    "thrown",
    "fields",
    "message",
    "record",
];
/// Members of such an object.
const INNER_TYPES: [&str; 8] = [
    "errorType",
    "type",
    "name",
    "class",
    "className",
    "kind",
    "exception.type",
    "error.type",
];
const INNER_MESSAGES: [&str; 5] = [
    "errorMessage",
    "message",
    "localizedMessage",
    "exception.message",
    "error.message",
];
const INNER_TRACES: [&str; 5] = ["stack", "stackTrace", "stack_trace", "stacktrace", "error"];
/// Members of the line that say what happened in the developer's own words.
const WORDS: [&str; 7] = ["message", "msg", "event", "@mt", "@m", "Message", "body"];
/// Members of the line that are the invocation's id.
const REQUESTS: [&str; 7] = [
    "requestId",
    "request_id",
    "function_request_id",
    "lambda_request_id",
    "awsRequestId",
    "AWSRequestId",
    "aws_request_id",
];

/// All members of the line that are looked for, and where each list is among them.
static LINE: Names<48> = Names::new(&[&TYPES, &MESSAGES, &TRACES, &OBJECTS, &WORDS, &REQUESTS]);
const OF_TYPES: Range<usize> = 0..12;
const OF_MESSAGES: Range<usize> = 12..18;
const OF_TRACES: Range<usize> = 18..27;
const OF_OBJECTS: Range<usize> = 27..34;
const OF_WORDS: Range<usize> = 34..41;
const OF_REQUESTS: Range<usize> = 41..48;
/// The same of an object that holds the error.
static INNER: Names<18> = Names::new(&[&INNER_TYPES, &INNER_MESSAGES, &INNER_TRACES]);
const OF_INNER_TYPES: Range<usize> = 0..8;
const OF_INNER_MESSAGES: Range<usize> = 8..13;
const OF_INNER_TRACES: Range<usize> = 13..18;

/// The members of a line.
type Line<'a> = [Option<Raw<'a>>; 48];

/// The first of some members that is a text with something in it.
fn first<'a>(members: &[Option<Raw<'a>>], list: Range<usize>) -> Option<Cow<'a, str>> {
    let texts = members.get(list)?.iter().flatten();
    texts
        .filter_map(|raw| raw.text())
        .find(|text| !text.trim().is_empty())
}

/// A type as it may be stored: a name as it is, anything else normalised.
fn kind(text: &str) -> String {
    if trace::is_name(text) {
        text.to_owned()
    } else {
        normal::message(text)
    }
}

/// Type and message of an object that names its error.
pub(super) fn named(line: &Object<'_>) -> Option<(String, String)> {
    named_in(&LINE.find(line))
}

fn named_in(line: &Line<'_>) -> Option<(String, String)> {
    let trace = first(line, OF_TRACES);
    let told = trace.as_deref().and_then(trace::exception);
    if let Some(found) = first(line, OF_TYPES) {
        let message = first(line, OF_MESSAGES).or_else(|| first(line, OF_WORDS));
        let message = message.as_deref().or(told.map(|(_, message)| message));
        return Some((kind(&found), normal::message(message.unwrap_or_default())));
    }
    let objects = line[OF_OBJECTS].iter().flatten();
    for inner in objects.filter_map(|raw| Object::of(*raw)) {
        let inner = INNER.find(&inner);
        let trace = first(&inner, OF_INNER_TRACES);
        let told = trace.as_deref().and_then(trace::exception);
        let found = first(&inner, OF_INNER_TYPES)
            .filter(|name| trace::is_name(name))
            .or_else(|| told.map(|(kind, _)| Cow::Owned(kind.to_owned())));
        if let Some(found) = found {
            let message = first(&inner, OF_INNER_MESSAGES).or_else(|| first(line, OF_WORDS));
            let message = message.as_deref().or(told.map(|(_, message)| message));
            return Some((
                found.into_owned(),
                normal::message(message.unwrap_or_default()),
            ));
        }
    }
    let (kind, message) = told?;
    let message = first(line, OF_MESSAGES)
        .or_else(|| first(line, OF_WORDS))
        .unwrap_or(Cow::Borrowed(message));
    Some((kind.to_owned(), normal::message(&message)))
}

/// Reads type and message of a line of this class.
pub(super) fn sighting(class: ErrorClass, line: &Object<'_>) -> Sighting {
    let line = &LINE.find(line);
    let (kind, message) = named_in(line).unwrap_or_else(|| words(class, line));
    Sighting {
        class,
        kind,
        message,
        request_id: first(line, OF_REQUESTS)
            .filter(|id| normal::is_uuid(id))
            .map(Cow::into_owned),
    }
}

/// A line that names no error: what it says.
fn words(class: ErrorClass, line: &Line<'_>) -> (String, String) {
    let inside = |name: &str| {
        let at = OBJECTS.iter().position(|known| *known == name)?;
        let object = Object::of(line[OF_OBJECTS.start + at]?)?;
        first(&LINE.find(&object), OF_WORDS)
    };
    let said = first(line, OF_MESSAGES)
        .or_else(|| first(line, OF_WORDS))
        .or_else(|| inside("fields"))
        .or_else(|| inside("message"))
        .or_else(|| first(line, OF_TRACES))
        .unwrap_or_default();
    if class == ErrorClass::Logged {
        return match trace::exception(&said) {
            Some((kind, message)) if said.starts_with(kind) => {
                (kind.to_owned(), normal::message(message))
            }
            Some((kind, _)) => (kind.to_owned(), normal::message(&said)),
            None => ("error".to_owned(), normal::message(&said)),
        };
    }
    let text = super::text::sighting(class, &said);
    (text.kind, text.message)
}
